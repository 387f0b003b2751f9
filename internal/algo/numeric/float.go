package numeric

import (
	"math"
	"strconv"
)

// shape is what one scan of a number's text tells about it.
type shape struct {
	neg      bool
	inf      bool
	hex      bool
	hasExp   bool
	nonzero  bool // some mantissa digit is not zero
	mantEnd  int  // index just past the mantissa
	mantFrom int  // index of the first mantissa byte, after sign and 0x
}

// scanFloat checks b against the grammar strtod and strtold accept in full: an
// optional sign, then inf, infinity, or a decimal or hexadecimal mantissa with
// an optional exponent. Words for NaN are refused, as Redis refuses them.
func scanFloat(b []byte) (s shape, ok bool) {
	i := 0
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		s.neg = b[i] == '-'
		i++
	}
	if word := b[i:]; equalFold(word, "inf") || equalFold(word, "infinity") {
		s.inf = true
		return s, true
	}
	if len(b)-i > 2 && b[i] == '0' && b[i+1]|0x20 == 'x' {
		s.hex = true
		i += 2
	}
	s.mantFrom = i
	digits, dot := 0, false
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !dot {
			dot = true
			continue
		}
		if c-'0' > 9 && !(s.hex && isHexLetter(c)) {
			break
		}
		digits++
		s.nonzero = s.nonzero || c != '0'
	}
	s.mantEnd = i
	if digits == 0 {
		return s, false
	}
	if i == len(b) {
		return s, true
	}
	mark := byte('e')
	if s.hex {
		mark = 'p'
	}
	if b[i]|0x20 != mark {
		return s, false
	}
	s.hasExp = true
	i++
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	if i == len(b) {
		return s, false
	}
	for ; i < len(b); i++ {
		if b[i]-'0' > 9 {
			return s, false
		}
	}
	return s, true
}

func isHexLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'f' }

func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if c|0x20 != word[i] {
			return false
		}
	}
	return true
}

// ParseFloat parses b as Redis's string2d does. It accepts what strtod accepts
// when that consumes all of b: decimal and hexadecimal numbers, and inf or
// infinity with any sign and in any case. NaN, surrounding spaces, overflow,
// and underflow of a nonzero number to zero are refused.
func ParseFloat(b []byte) (float64, bool) {
	s, ok := scanFloat(b)
	if !ok {
		return 0, false
	}
	if s.inf {
		if s.neg {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	var f float64
	var err error
	if s.hex && !s.hasExp { // Go's grammar wants the exponent
		f, err = strconv.ParseFloat(string(b)+"p0", 64)
	} else {
		f, err = strconv.ParseFloat(string(b), 64)
	}
	if err != nil || f == 0 && s.nonzero {
		return 0, false
	}
	return f, true
}

// AppendFloat appends f as Redis 7.0 writes doubles in RESP2 replies: "inf",
// "-inf", or C's "%.17g". Redis never replies NaN; it is written as "nan".
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}

// ScoreInt returns f as an integer if Redis's double2ll converts it, which is
// when a sorted set's listpack stores the score as an integer entry: f is whole
// and its magnitude at most 2^62. Negative zero converts, to 0.
func ScoreInt(f float64) (int64, bool) {
	const limit = 1 << 62
	if !(f >= -limit && f <= limit) || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// AppendScore appends f as Redis's d2string does, which is how a listpack
// stores the scores that ScoreInt refuses: integers of magnitude below 2^52 as integers, the rest as
// AppendFloat, and negative zero as "-0".
func AppendScore(dst []byte, f float64) []byte {
	const limit = 1 << 52
	if f == 0 && math.Signbit(f) {
		return append(dst, "-0"...)
	}
	if f > -limit+1 && f < limit && f == math.Trunc(f) {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return AppendFloat(dst, f)
}

// AppendHuman appends f as C's "%.17Lf" with trailing zeros and a bare point
// removed, as GEOPOS writes coordinates. Negative zero becomes "0".
func AppendHuman(dst []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return AppendFloat(dst, f)
	}
	from := len(dst)
	return trimHuman(strconv.AppendFloat(dst, f, 'f', humanDigits, 64), from)
}

const humanDigits = 17

// trimHuman removes trailing zeros of the number at dst[from:], which has a
// fraction.
func trimHuman(dst []byte, from int) []byte {
	n := len(dst)
	for dst[n-1] == '0' {
		n--
	}
	if dst[n-1] == '.' {
		n--
	}
	if n-from == 2 && dst[from] == '-' && dst[from+1] == '0' {
		dst[from] = '0'
		n--
	}
	return dst[:n]
}
