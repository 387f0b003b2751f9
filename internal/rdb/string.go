package rdb

import (
	"encoding/binary"
	"strconv"

	"github.com/haypile/haypile/internal/algo/lzf"
	"github.com/haypile/haypile/internal/algo/numeric"
)

// Lengths begin with two bits that say how they go on.
const (
	len6Bit  = 0
	len14Bit = 1
	len32Bit = 0x80
	len64Bit = 0x81
	lenOther = 3 // no length: the number of an encoding

	encInt8  = 0
	encInt16 = 1
	encInt32 = 2
	encLZF   = 3
)

// maxUnpacked bounds what a compressed string may become.
const maxUnpacked = 1 << 30

// AppendLength appends a length.
func AppendLength(dst []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(dst, byte(n))
	case n < 1<<14:
		return append(dst, len14Bit<<6|byte(n>>8), byte(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, len32Bit), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, len64Bit), n)
}

// AppendString appends a string as it is.
func AppendString(dst, s []byte) []byte {
	return append(AppendLength(dst, uint64(len(s))), s...)
}

// maxIntDigits is the length of the longest text of 32 bits.
const maxIntDigits = 11

// AppendText appends a string, as a number where it is the text of one of up to 32 bits.
func AppendText(dst, s []byte) []byte {
	if len(s) <= maxIntDigits {
		if n, ok := numeric.ParseInt64(s); ok && n == int64(int32(n)) {
			return appendInt(dst, int32(n))
		}
	}
	return AppendString(dst, s)
}

func appendInt(dst []byte, n int32) []byte {
	switch {
	case n == int32(int8(n)):
		return append(dst, lenOther<<6|encInt8, byte(n))
	case n == int32(int16(n)):
		return binary.LittleEndian.AppendUint16(append(dst, lenOther<<6|encInt16), uint16(n))
	}
	return binary.LittleEndian.AppendUint32(append(dst, lenOther<<6|encInt32), uint32(n))
}

// length reads a length; encoded says that it is the number of an encoding instead.
func (r *Reader) length() (n uint64, encoded bool, err error) {
	first, err := r.byte()
	if err != nil {
		return 0, false, err
	}
	var b []byte
	switch {
	case first>>6 == len6Bit:
		return uint64(first & 63), false, nil
	case first>>6 == lenOther:
		return uint64(first & 63), true, nil
	case first>>6 == len14Bit:
		b, err = r.next(1)
	case first == len32Bit:
		b, err = r.next(4)
	case first == len64Bit:
		b, err = r.next(8)
	default:
		return 0, false, ErrCorrupt
	}
	switch {
	case err != nil:
		return 0, false, err
	case len(b) == 1:
		return uint64(first&63)<<8 | uint64(b[0]), false, nil
	case len(b) == 4:
		return uint64(binary.BigEndian.Uint32(b)), false, nil
	}
	return binary.BigEndian.Uint64(b), false, nil
}

// count reads a length that is nothing else.
func (r *Reader) count() (uint64, error) {
	n, encoded, err := r.length()
	if err == nil && encoded {
		err = ErrCorrupt
	}
	return n, err
}

// String reads a string in any encoding.
func (r *Reader) String() ([]byte, error) {
	n, encoded, err := r.length()
	if err != nil {
		return nil, err
	}
	if encoded {
		return r.encoded(n)
	}
	return r.next(n)
}

func (r *Reader) encoded(enc uint64) ([]byte, error) {
	if enc == encLZF {
		return r.lzf()
	}
	if enc > encInt32 {
		return nil, ErrCorrupt
	}
	b, err := r.next(1 << enc)
	if err != nil {
		return nil, err
	}
	var n int64
	switch enc {
	case encInt8:
		n = int64(int8(b[0]))
	case encInt16:
		n = int64(int16(binary.LittleEndian.Uint16(b)))
	default:
		n = int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return strconv.AppendInt(nil, n, 10), nil
}

func (r *Reader) lzf() ([]byte, error) {
	packed, err := r.count()
	if err != nil {
		return nil, err
	}
	size, err := r.count()
	if err != nil {
		return nil, err
	}
	if size > maxUnpacked {
		return nil, ErrCorrupt
	}
	b, err := r.next(packed)
	if err != nil {
		return nil, err
	}
	s, err := lzf.Decompress(b, int(size))
	if err != nil {
		return nil, ErrCorrupt
	}
	return s, nil
}

// pair reads two strings.
func (r *Reader) pair() (a, b []byte, err error) {
	if a, err = r.String(); err != nil {
		return nil, nil, err
	}
	if r.src != nil { // reading on may move it
		r.key = append(r.key[:0], a...)
		a = r.key
	}
	b, err = r.String()
	return a, b, err
}
