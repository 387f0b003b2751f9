package rdb

import (
	"encoding/binary"
	"strconv"

	"github.com/haypile/haypile/internal/algo/lzf"
)

// Lengths begin with two bits that say how they go on.
const (
	len6Bit  = 0
	len14Bit = 1
	len32Bit = 0x80
	len64Bit = 0x81

	encInt8  = 0
	encInt16 = 1
	encInt32 = 2
	encLZF   = 3
)

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

// readLength reads a length; encoded says that it is the number of an encoding instead.
func readLength(b []byte) (n uint64, encoded bool, rest []byte, err error) {
	if len(b) == 0 {
		return 0, false, nil, ErrCorrupt
	}
	first := b[0]
	switch {
	case first>>6 == len6Bit:
		return uint64(first & 63), false, b[1:], nil
	case first>>6 == len14Bit && len(b) >= 2:
		return uint64(first&63)<<8 | uint64(b[1]), false, b[2:], nil
	case first>>6 == 3:
		return uint64(first & 63), true, b[1:], nil
	case first == len32Bit && len(b) >= 5:
		return uint64(binary.BigEndian.Uint32(b[1:])), false, b[5:], nil
	case first == len64Bit && len(b) >= 9:
		return binary.BigEndian.Uint64(b[1:]), false, b[9:], nil
	}
	return 0, false, nil, ErrCorrupt
}

// ReadString reads a string in any encoding.
func ReadString(b []byte) (s, rest []byte, err error) {
	n, encoded, b, err := readLength(b)
	if err != nil {
		return nil, nil, err
	}
	if encoded {
		return readEncoded(n, b)
	}
	if n > uint64(len(b)) {
		return nil, nil, ErrCorrupt
	}
	return b[:n], b[n:], nil
}

func readEncoded(enc uint64, b []byte) (s, rest []byte, err error) {
	switch {
	case enc == encInt8 && len(b) >= 1:
		return strconv.AppendInt(nil, int64(int8(b[0])), 10), b[1:], nil
	case enc == encInt16 && len(b) >= 2:
		return strconv.AppendInt(nil, int64(int16(binary.LittleEndian.Uint16(b))), 10), b[2:], nil
	case enc == encInt32 && len(b) >= 4:
		return strconv.AppendInt(nil, int64(int32(binary.LittleEndian.Uint32(b))), 10), b[4:], nil
	case enc == encLZF:
		return readLZF(b)
	}
	return nil, nil, ErrCorrupt
}

func readLZF(b []byte) (s, rest []byte, err error) {
	packed, enc1, b, err1 := readLength(b)
	size, enc2, b, err2 := readLength(b)
	if err1 != nil || err2 != nil || enc1 || enc2 || packed > uint64(len(b)) || size > 1<<40 {
		return nil, nil, ErrCorrupt
	}
	if s, err = lzf.Decompress(b[:packed], int(size)); err != nil {
		return nil, nil, ErrCorrupt
	}
	return s, b[packed:], nil
}
