package listpack

import (
	"bytes"
	"encoding/binary"

	"github.com/haypile/haypile/internal/algo/numeric"
)

// Encoding bytes. The first three carry payload or length bits in their low
// part; the rest stand alone.
const (
	enc6BitString = 0x80 // 10xxxxxx
	enc13BitInt   = 0xC0 // 110xxxxx + 1 byte
	enc12BitStr   = 0xE0 // 1110xxxx + 1 byte
	enc32BitStr   = 0xF0
	enc16BitInt   = 0xF1
	enc24BitInt   = 0xF2
	enc32BitInt   = 0xF3
	enc64BitInt   = 0xF4
)

// Value is one entry: an integer when IsInt, otherwise the bytes Str, which
// point into the listpack and live only until its next edit.
type Value struct {
	Str   []byte
	Int   int64
	IsInt bool
}

// Append appends the value's text to dst: the string itself or the decimal
// form of the integer.
func (v Value) Append(dst []byte) []byte {
	if v.IsInt {
		return numeric.AppendInt(dst, v.Int)
	}
	return append(dst, v.Str...)
}

// Equal reports whether the value's text is b.
func (v Value) Equal(b []byte) bool {
	if !v.IsInt {
		return bytes.Equal(v.Str, b)
	}
	n, ok := numeric.ParseInt64(b)
	return ok && n == v.Int
}

// Len returns the length in bytes of the value's text.
func (v Value) Len() int {
	if v.IsInt {
		return numeric.IntLen(v.Int)
	}
	return len(v.Str)
}

// Get returns the entry at off.
func Get(lp []byte, off int) Value {
	p := lp[off:]
	c := p[0]
	switch {
	case c < 0x80:
		return Value{Int: int64(c), IsInt: true}
	case c < 0xC0:
		return Value{Str: str(p, 1, int(c&0x3F))}
	case c < 0xE0:
		u := int64(c&0x1F)<<8 | int64(p[1])
		return Value{Int: u << 51 >> 51, IsInt: true}
	case c < 0xF0:
		return Value{Str: str(p, 2, int(c&0x0F)<<8|int(p[1]))}
	case c == enc32BitStr:
		return Value{Str: str(p, 5, int(binary.LittleEndian.Uint32(p[1:])))}
	case c == enc16BitInt:
		return Value{Int: int64(int16(binary.LittleEndian.Uint16(p[1:]))), IsInt: true}
	case c == enc24BitInt:
		u := uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
		return Value{Int: int64(int32(u) >> 8), IsInt: true}
	case c == enc32BitInt:
		return Value{Int: int64(int32(binary.LittleEndian.Uint32(p[1:]))), IsInt: true}
	case c == enc64BitInt:
		return Value{Int: int64(binary.LittleEndian.Uint64(p[1:])), IsInt: true}
	}
	return Value{}
}

// str cuts a string payload so that appending to it cannot touch the listpack.
func str(p []byte, head, n int) []byte { return p[head : head+n : head+n] }

// dataLen returns the size in bytes of the entry at off without its backward
// length, or 0 for a byte that starts no entry. The header of the entry must
// lie within lp, see lenHeader.
func dataLen(lp []byte, off int) int {
	p := lp[off:]
	c := p[0]
	switch {
	case c < 0x80:
		return 1
	case c < 0xC0:
		return 1 + int(c&0x3F)
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 2 + int(c&0x0F)<<8 + int(p[1])
	case c == enc32BitStr:
		return 5 + int(binary.LittleEndian.Uint32(p[1:]))
	case c == enc16BitInt:
		return 3
	case c == enc24BitInt:
		return 4
	case c == enc32BitInt:
		return 5
	case c == enc64BitInt:
		return 9
	}
	return 0
}

// entryLen returns the size in bytes of the whole entry at off.
func entryLen(lp []byte, off int) int {
	n := dataLen(lp, off)
	return n + backlenSize(n)
}

// backlenSize returns how many bytes the backward length of an n-byte entry
// takes. Redis compares with < from the second step on, so 16383 takes three.
func backlenSize(n int) int {
	switch {
	case n <= 127:
		return 1
	case n < 16383:
		return 2
	case n < 2097151:
		return 3
	case n < 268435455:
		return 4
	}
	return 5
}

// putBacklen writes the backward length of an n-byte entry: base-128 digits,
// most significant first, every byte but the first flagged, so that it can be
// read from its end.
func putBacklen(p []byte, n int) {
	size := backlenSize(n)
	for i := size - 1; i > 0; i-- {
		p[i] = byte(n&127) | 128
		n >>= 7
	}
	p[0] = byte(n)
}

// decodeBacklen reads the backward length whose last byte is at end, or
// returns -1 for one longer than five bytes or running out of lp.
func decodeBacklen(lp []byte, end int) int {
	n := 0
	for shift := 0; shift <= 28 && end >= 0; shift += 7 {
		c := lp[end]
		n |= int(c&127) << shift
		if c < 128 {
			return n
		}
		end--
	}
	return -1
}

// form is how a value will be stored.
type form struct {
	str   []byte
	num   int64
	isInt bool
	size  int // bytes without the backward length
}

func formOf(v []byte) form {
	if n, ok := numeric.ParseInt64(v); ok {
		return formOfInt(n)
	}
	size := len(v)
	switch {
	case size < 64:
		size++
	case size < 4096:
		size += 2
	default:
		size += 5
	}
	return form{str: v, size: size}
}

func formOfInt(n int64) form {
	size := 9
	switch {
	case n >= 0 && n <= 127:
		size = 1
	case n >= -1<<12 && n < 1<<12:
		size = 2
	case n >= -1<<15 && n < 1<<15:
		size = 3
	case n >= -1<<23 && n < 1<<23:
		size = 4
	case n >= -1<<31 && n < 1<<31:
		size = 5
	}
	return form{num: n, isInt: true, size: size}
}

// total returns the size in bytes with the backward length.
func (f form) total() int { return f.size + backlenSize(f.size) }

// put writes the whole entry at the start of p.
func (f form) put(p []byte) {
	switch {
	case f.isInt:
		f.putInt(p)
	case len(f.str) < 64:
		p[0] = enc6BitString | byte(len(f.str))
		copy(p[1:], f.str)
	case len(f.str) < 4096:
		p[0] = enc12BitStr | byte(len(f.str)>>8)
		p[1] = byte(len(f.str))
		copy(p[2:], f.str)
	default:
		p[0] = enc32BitStr
		binary.LittleEndian.PutUint32(p[1:], uint32(len(f.str)))
		copy(p[5:], f.str)
	}
	putBacklen(p[f.size:], f.size)
}

func (f form) putInt(p []byte) {
	u := uint64(f.num)
	switch f.size {
	case 1:
		p[0] = byte(u)
	case 2:
		p[0] = enc13BitInt | byte(u>>8)&0x1F
		p[1] = byte(u)
	case 3:
		p[0] = enc16BitInt
		binary.LittleEndian.PutUint16(p[1:], uint16(u))
	case 4:
		p[0] = enc24BitInt
		p[1], p[2], p[3] = byte(u), byte(u>>8), byte(u>>16)
	case 5:
		p[0] = enc32BitInt
		binary.LittleEndian.PutUint32(p[1:], uint32(u))
	default:
		p[0] = enc64BitInt
		binary.LittleEndian.PutUint64(p[1:], u)
	}
}

// EntryBytes returns the size in bytes an entry holding v takes.
func EntryBytes(v []byte) int { return formOf(v).total() }

// IntBytes returns the size in bytes an entry holding n takes.
func IntBytes(n int64) int { return formOfInt(n).total() }
