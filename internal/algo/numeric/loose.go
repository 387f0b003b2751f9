package numeric

import (
	"bytes"
	"math"
	"strconv"
)

// ParseFloatLoose parses b as Redis parses the bounds of ZRANGEBYSCORE: with
// strtod alone. Beyond what ParseFloat accepts that is no text at all, which is 0,
// blanks before the number, overflow to an infinity, and underflow to 0; a zero
// byte ends the text.
func ParseFloatLoose(b []byte) (float64, bool) {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	if len(b) == 0 {
		return 0, true
	}
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	if f, ok := ParseFloat(b); ok {
		return f, true
	}
	s, ok := scanFloat(b)
	if !ok {
		return 0, false
	}
	text := string(b)
	if s.hex && !s.hasExp {
		text += "p0"
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range it is infinite or next to 0
	return f, !math.IsNaN(f)
}
