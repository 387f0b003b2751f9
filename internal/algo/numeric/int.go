package numeric

import (
	"math"
	"strconv"
)

// maxIntLen is the longest text ParseInt64 looks at: "-9223372036854775808".
const maxIntLen = 20

// ParseInt64 parses b as Redis's string2ll does: only the canonical decimal
// form of an int64 is accepted, so that formatting the result gives back b.
// A plus sign, a leading zero, "-0", spaces and empty input are refused.
func ParseInt64(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > maxIntLen {
		return 0, false
	}
	if len(b) == 1 {
		c := b[0] - '0'
		return int64(c), c <= 9
	}
	neg := b[0] == '-'
	if neg {
		b = b[1:]
	}
	if b[0] < '1' || b[0] > '9' {
		return 0, false
	}
	var u uint64
	for _, c := range b {
		d := c - '0'
		if d > 9 || u > math.MaxUint64/10 {
			return 0, false
		}
		u *= 10
		if u > math.MaxUint64-uint64(d) {
			return 0, false
		}
		u += uint64(d)
	}
	if neg {
		if u > 1<<63 {
			return 0, false
		}
		return -int64(u), true
	}
	return int64(u), u <= math.MaxInt64
}

// AppendInt appends the decimal form of v to dst.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// IntLen returns the number of bytes AppendInt would append, in bytes.
func IntLen(v int64) int {
	n, u := 1, uint64(v)
	if v < 0 {
		n, u = 2, -u
	}
	for u >= 10 {
		u /= 10
		n++
	}
	return n
}
