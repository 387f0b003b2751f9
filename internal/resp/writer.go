// Package resp reads commands and writes replies of the Redis protocol, in its
// versions 2 and 3, and holds the error texts that both share with Redis.
//
// Promises:
//   - R1. Parsing never panics, never allocates a size that the wire names
//     before the bytes have arrived, and never reads past what it is given.
//   - R2. Writing appends to the Writer's buffer and does nothing else; a
//     reply begun can be cut off again by truncating the buffer.
//   - R3. What differs between RESP2 and RESP3 is decided here and only here.
//
// The protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
package resp

import (
	"math"
	"slices"
	"strconv"
)

// Writer appends replies to Buf in protocol version Proto (2 or 3).
type Writer struct {
	Buf   []byte
	Proto int
}

// Simple appends a simple string such as OK. s must not hold CR or LF.
func (w *Writer) Simple(s string) {
	w.Buf = append(w.Buf, '+')
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

var ok = []byte("+OK\r\n")

// OK appends +OK.
func (w *Writer) OK() { w.Buf = append(w.Buf, ok...) }

// Error appends an error. msg begins with its code ("ERR …"); CR and LF inside
// it become blanks, as Redis does.
func (w *Writer) Error(msg string) {
	w.Buf = append(w.Buf, '-')
	for i := 0; i < len(msg); i++ {
		c := msg[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		w.Buf = append(w.Buf, c)
	}
	w.Buf = append(w.Buf, '\r', '\n')
}

// Int appends an integer.
func (w *Writer) Int(n int64) {
	w.Buf = append(w.Buf, ':')
	w.Buf = strconv.AppendInt(w.Buf, n, 10)
	w.Buf = append(w.Buf, '\r', '\n')
}

func (w *Writer) header(kind byte, n int64) {
	switch { // nearly all are short: this is much of what a long array costs
	case n < 0 || n >= 1000:
		w.Buf = append(w.Buf, kind)
		w.Buf = strconv.AppendInt(w.Buf, n, 10)
		w.Buf = append(w.Buf, '\r', '\n')
	case n < 10:
		w.Buf = append(w.Buf, kind, byte('0'+n), '\r', '\n')
	case n < 100:
		w.Buf = append(w.Buf, kind, byte('0'+n/10), byte('0'+n%10), '\r', '\n')
	default:
		w.Buf = append(w.Buf, kind, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10), '\r', '\n')
	}
}

// Bulk appends a bulk string.
func (w *Writer) Bulk(b []byte) {
	w.header('$', int64(len(b)))
	w.Buf = append(w.Buf, b...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkFrom appends a bulk string of n bytes, which fill appends.
func (w *Writer) BulkFrom(n int, fill func(dst []byte) ([]byte, error)) error {
	w.header('$', int64(n))
	w.Buf = slices.Grow(w.Buf, n+2)
	buf, err := fill(w.Buf)
	if err != nil {
		return err
	}
	w.Buf = append(buf, '\r', '\n')
	return nil
}

// BulkString is Bulk for a string.
func (w *Writer) BulkString(s string) {
	w.header('$', int64(len(s)))
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkInt appends n as a bulk string.
func (w *Writer) BulkInt(n int64) {
	var tmp [20]byte
	w.Bulk(strconv.AppendInt(tmp[:0], n, 10))
}

// Null appends the null of the protocol version ($-1 or _).
func (w *Writer) Null() {
	if w.Proto >= 3 {
		w.Buf = append(w.Buf, '_', '\r', '\n')
		return
	}
	w.Buf = append(w.Buf, '$', '-', '1', '\r', '\n')
}

// NullArray appends the null that stands for an array (*-1 or _).
func (w *Writer) NullArray() {
	if w.Proto >= 3 {
		w.Buf = append(w.Buf, '_', '\r', '\n')
		return
	}
	w.Buf = append(w.Buf, '*', '-', '1', '\r', '\n')
}

// Array appends the header of an array of n elements.
func (w *Writer) Array(n int) { w.header('*', int64(n)) }

// Map appends the header of a map of n pairs; RESP2 sees an array of 2n.
func (w *Writer) Map(n int) {
	if w.Proto >= 3 {
		w.header('%', int64(n))
		return
	}
	w.header('*', int64(n)*2)
}

// InsertArray puts the header of an array of n elements before what was appended
// since Buf was at bytes long, for those who count while they write.
func (w *Writer) InsertArray(at, n int) { w.insert(at, func() { w.Array(n) }) }

// InsertMap is InsertArray for a map of n pairs.
func (w *Writer) InsertMap(at, n int) { w.insert(at, func() { w.Map(n) }) }

func (w *Writer) insert(at int, header func()) {
	end := len(w.Buf)
	header()
	var tmp [24]byte
	n := copy(tmp[:], w.Buf[end:])
	copy(w.Buf[at+n:], w.Buf[at:end])
	copy(w.Buf[at:], tmp[:n])
}

// Set appends the header of a set of n elements; RESP2 sees an array.
func (w *Writer) Set(n int) {
	if w.Proto >= 3 {
		w.header('~', int64(n))
		return
	}
	w.header('*', int64(n))
}

// Push appends the header of an out-of-band message of n elements; RESP2 sees
// an array.
func (w *Writer) Push(n int) {
	if w.Proto >= 3 {
		w.header('>', int64(n))
		return
	}
	w.header('*', int64(n))
}

// Bool appends a boolean; RESP2 sees 1 or 0.
func (w *Writer) Bool(b bool) {
	switch {
	case w.Proto >= 3 && b:
		w.Buf = append(w.Buf, "#t\r\n"...)
	case w.Proto >= 3:
		w.Buf = append(w.Buf, "#f\r\n"...)
	case b:
		w.Int(1)
	default:
		w.Int(0)
	}
}

// Double appends a floating point number; RESP2 sees a bulk string.
func (w *Writer) Double(f float64) {
	var tmp [32]byte
	text := AppendDouble(tmp[:0], f)
	if w.Proto >= 3 {
		w.Buf = append(w.Buf, ',')
		w.Buf = append(w.Buf, text...)
		w.Buf = append(w.Buf, '\r', '\n')
		return
	}
	w.Bulk(text)
}

// BigNumber appends a number of any size, given as its digits; RESP2 sees a bulk string.
func (w *Writer) BigNumber(digits string) {
	if w.Proto < 3 {
		w.BulkString(digits)
		return
	}
	w.Buf = append(w.Buf, '(')
	w.Buf = append(w.Buf, digits...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Verbatim appends text with its three-letter format; RESP2 sees a bulk string.
func (w *Writer) Verbatim(format, text string) {
	if w.Proto < 3 {
		w.BulkString(text)
		return
	}
	w.header('=', int64(len(text)+4))
	w.Buf = append(w.Buf, format...)
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Raw appends bytes that are already a reply.
func (w *Writer) Raw(b []byte) { w.Buf = append(w.Buf, b...) }

// AppendDouble appends the text Redis 7.0 prints for a double in a reply: 17
// significant digits (%.17g), integers without a point, inf and -inf.
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	}
	if f == math.Trunc(f) && f > -1e15 && f < 1e15 {
		if f == 0 && math.Signbit(f) {
			return append(dst, '-', '0')
		}
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return appendG17(dst, f)
}

// appendG17 is C's %.17g: Go's 'g' drops no trailing zeros with a precision,
// and writes exponents of two digits like C.
func appendG17(dst []byte, f float64) []byte {
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', 17, 64)
	mant, exp := dst[from:], []byte(nil)
	for i, c := range mant {
		if c == 'e' {
			exp = append(exp, mant[i:]...)
			mant = mant[:i]
			break
		}
	}
	point := false
	for _, c := range mant {
		point = point || c == '.'
	}
	if point {
		for mant[len(mant)-1] == '0' {
			mant = mant[:len(mant)-1]
		}
		if mant[len(mant)-1] == '.' {
			mant = mant[:len(mant)-1]
		}
	}
	return append(dst[:from+len(mant)], exp...)
}
