package numeric

import (
	"errors"
	"math/big"
)

// Errors of AddLongDouble.
var (
	// ErrNotFloat means that an operand is not a number Redis accepts.
	ErrNotFloat = errors.New("value is not a valid float")
	// ErrNaNOrInf means that the sum is not finite.
	ErrNaNOrInf = errors.New("increment would produce NaN or Infinity")
)

// Limits of the x87 80-bit format, as exponents of the form 0.5 <= m < 1.
const (
	ldMantBits = 64
	ldMaxExp   = 16384
	ldMinExp   = -16444 // the least denormal, 2^-16445

	// ldMaxText is the least length in bytes that Redis refuses unread.
	ldMaxText = 5 * 1024

	// Decimal exponents outside these bounds overflow or vanish for certain.
	ldDecMax = 4940
	ldDecMin = -4960
)

// LongDouble is a number of x86's 80-bit extended precision: 64 bits of
// mantissa, rounded to nearest even, or an infinity. The zero value is 0.
type LongDouble struct {
	f big.Float
}

// ParseLongDouble parses b as Redis's string2ld does. It accepts the grammar of
// ParseFloat within the range of a long double and below 5120 bytes of text.
func ParseLongDouble(b []byte) (LongDouble, bool) {
	var d LongDouble
	d.f.SetPrec(ldMantBits)
	if len(b) >= ldMaxText {
		return d, false
	}
	s, ok := scanFloat(b)
	if !ok {
		return d, false
	}
	if s.inf {
		d.f.SetInf(s.neg)
		return d, true
	}
	if s.nonzero && !setDigits(&d.f, b, s) {
		return d, false
	}
	if s.neg {
		d.f.Neg(&d.f)
	}
	return d, true
}

// setDigits sets f to the correctly rounded magnitude of b, whose mantissa is
// not zero, and reports whether it is in range. big.Float's own parser is not
// used because it does not promise correct rounding and takes time exponential
// in the length of the exponent.
func setDigits(f *big.Float, b []byte, s shape) bool {
	digits := make([]byte, 0, s.mantEnd-s.mantFrom)
	frac, seenDot := 0, false
	for _, c := range b[s.mantFrom:s.mantEnd] {
		if c == '.' {
			seenDot = true
			continue
		}
		if seenDot {
			frac++
		}
		if c != '0' || len(digits) > 0 {
			digits = append(digits, c)
		}
	}
	exp := 0
	if s.hasExp {
		exp = clampedExp(b[s.mantEnd+1:])
	}
	base := 10
	if s.hex {
		base = 16
	}
	m, _ := new(big.Int).SetString(string(digits), base)
	if s.hex {
		f.SetInt(m)
		f.SetMantExp(f, exp-4*frac)
		return inRange(f)
	}
	exp -= frac
	if mag := exp + len(digits); mag > ldDecMax || mag < ldDecMin {
		return false
	}
	if exp >= 0 {
		f.SetInt(m.Mul(m, pow10(exp)))
	} else {
		f.SetRat(new(big.Rat).SetFrac(m, pow10(-exp)))
	}
	return inRange(f)
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// clampedExp reads a checked exponent; the clamp is far beyond what any mantissa
// that fits ldMaxText could bring back into range.
func clampedExp(b []byte) int {
	const limit = 1 << 20
	neg := b[0] == '-'
	n := 0
	for _, c := range b {
		if c-'0' <= 9 {
			n = min(n*10+int(c-'0'), limit)
		}
	}
	if neg {
		return -n
	}
	return n
}

// inRange reports whether strtold returns the finite nonzero number f without
// a range error that Redis refuses. Half the least denormal rounds to zero.
func inRange(f *big.Float) bool {
	exp := f.MantExp(nil)
	if exp == ldMinExp-1 {
		return f.MinPrec() > 1
	}
	return exp >= ldMinExp && exp <= ldMaxExp
}

// IsInf reports whether d is an infinity.
func (d *LongDouble) IsInf() bool { return d.f.IsInf() }

// Add returns d+e, or false when the sum is not a finite long double.
func (d *LongDouble) Add(e *LongDouble) (sum LongDouble, ok bool) {
	if d.f.IsInf() || e.f.IsInf() {
		return sum, false
	}
	sum.f.SetPrec(ldMantBits).Add(&d.f, &e.f)
	return sum, sum.f.MantExp(nil) <= ldMaxExp
}

// Append appends d as Redis stores it: C's "%.17Lf" without trailing zeros.
func (d *LongDouble) Append(dst []byte) []byte {
	if d.f.IsInf() {
		if d.f.Signbit() {
			return append(dst, "-inf"...)
		}
		return append(dst, "inf"...)
	}
	from := len(dst)
	return trimHuman(d.f.Append(dst, 'f', humanDigits), from)
}

// AddLongDouble returns the text that INCRBYFLOAT and HINCRBYFLOAT store for
// the value a incremented by b. The error is ErrNotFloat or ErrNaNOrInf.
func AddLongDouble(a, b []byte) (out []byte, err error) {
	x, ok := ParseLongDouble(a)
	if !ok {
		return nil, ErrNotFloat
	}
	y, ok := ParseLongDouble(b)
	if !ok {
		return nil, ErrNotFloat
	}
	sum, ok := x.Add(&y)
	if !ok {
		return nil, ErrNaNOrInf
	}
	return sum.Append(nil), nil
}
