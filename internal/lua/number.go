package lua

import (
	"math"
	"strconv"
	"strings"
)

// isSpace is C's isspace in the plain locale.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// ParseNumber reads what C's strtod reads, all of it, between optional white space.
func ParseNumber(s string) (float64, bool) {
	s = trimSpace(s)
	n, used := ParseFloatPrefix(s)
	return n, used > 0 && used == len(s)
}

// ParseFloatPrefix is C's strtod: the number at the start of s and its length, 0 if there is none.
func ParseFloatPrefix(s string) (n float64, used int) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	from := i
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	negative := i > from && s[from] == '-'
	rest := s[i:]
	switch {
	case len(rest) >= 2 && rest[0] == '0' && rest[1]|0x20 == 'x':
		if n, w := parseHexPrefix(rest[2:]); w > 0 {
			return signed(n, negative), i + 2 + w
		}
		return signed(0, negative), i + 1
	case len(rest) >= 3 && strings.EqualFold(rest[:3], "inf"):
		w := 3
		if len(rest) >= 8 && strings.EqualFold(rest[:8], "infinity") {
			w = 8
		}
		return signed(math.Inf(1), negative), i + w
	case len(rest) >= 3 && strings.EqualFold(rest[:3], "nan"):
		return signed(math.Copysign(math.NaN(), 1), negative), i + 3
	}
	w := decimalPrefix(rest)
	if w == 0 {
		return 0, 0
	}
	n, _ = strconv.ParseFloat(rest[:w], 64) // out of range: infinity, or 0, as strtod
	return signed(n, negative), i + w
}

func signed(n float64, negative bool) float64 {
	if negative {
		return math.Copysign(n, -1)
	}
	return n
}

// decimalPrefix is the length of digits, point and exponent.
func decimalPrefix(s string) int {
	i, digits := 0, 0
	for i < len(s) && isDigit(s[i]) {
		i, digits = i+1, digits+1
	}
	if i < len(s) && s[i] == '.' {
		i++
		for i < len(s) && isDigit(s[i]) {
			i, digits = i+1, digits+1
		}
	}
	if digits == 0 {
		return 0
	}
	return i + exponentPrefix(s[i:], 'e')
}

// exponentPrefix is the length of an exponent, 0 if there is none.
func exponentPrefix(s string, mark byte) int {
	if len(s) < 2 || s[0]|0x20 != mark {
		return 0
	}
	i := 1
	if s[i] == '+' || s[i] == '-' {
		i++
	}
	from := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

// parseHexPrefix reads hexadecimal digits with optional point and binary exponent.
func parseHexPrefix(s string) (n float64, used int) {
	i, digits, scale := 0, 0, 0
	for ; i < len(s) && hexDigit(s[i]) >= 0; i++ {
		n = n*16 + float64(hexDigit(s[i]))
		digits++
	}
	if i < len(s) && s[i] == '.' {
		at := i + 1
		for ; at < len(s) && hexDigit(s[at]) >= 0; at++ {
			n = n*16 + float64(hexDigit(s[at]))
			digits++
			scale -= 4
		}
		if digits > 0 {
			i = at
		}
	}
	if digits == 0 {
		return 0, 0
	}
	if w := exponentPrefix(s[i:], 'p'); w > 0 {
		exp, _ := strconv.Atoi(s[i+1 : i+w])
		scale += max(-1<<20, min(1<<20, exp))
		i += w
	}
	return math.Ldexp(n, scale), i
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
