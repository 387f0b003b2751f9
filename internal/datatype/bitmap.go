package datatype

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Bits of a string are numbered from the most significant bit of its first byte on,
// as in Redis. What is beyond the end reads as 0.

// Bit returns the bit at a position.
func Bit(val []byte, pos int64) int {
	if i := pos >> 3; i < int64(len(val)) {
		return int(val[i]>>(7-pos&7)) & 1
	}
	return 0
}

// PutBit changes the bit at a position within val.
func PutBit(val []byte, pos int64, bit int) {
	shift := 7 - pos&7
	val[pos>>3] = val[pos>>3]&^(1<<shift) | byte(bit)<<shift
}

// Bit returns the bit at a position of a string.
func (s *String) Bit(pos int64) (int, error) {
	var b [1]byte
	err := s.peek(b[:], pos>>3)
	return Bit(b[:], pos&7), err
}

// SetBit changes the bit at a position; the string becomes long enough for it. Save must follow.
func (s *String) SetBit(pos int64, bit int) error {
	var b [1]byte
	if err := s.peek(b[:], pos>>3); err != nil {
		return err
	}
	was := b[0]
	if PutBit(b[:], pos&7, bit); b[0] == was {
		return s.Grow(pos>>3 + 1)
	}
	return s.Write(pos>>3, b[:])
}

// fieldBytes is how many bytes a bit field may reach into.
const fieldBytes = 9

// Field reads width bits at a position as an unsigned number.
func (s *String) Field(pos int64, width int) (uint64, error) {
	var b [fieldBytes]byte
	err := s.peek(b[:], pos>>3)
	return BitField(b[:], pos&7, width), err
}

// SignedField reads width bits at a position as a number in two's complement.
func (s *String) SignedField(pos int64, width int) (int64, error) {
	var b [fieldBytes]byte
	err := s.peek(b[:], pos>>3)
	return SignedBitField(b[:], pos&7, width), err
}

// SetField writes the low width bits of n at a position; the string becomes long enough for them. Save must follow.
func (s *String) SetField(pos int64, width int, n uint64) error {
	var b [fieldBytes]byte
	if err := s.peek(b[:], pos>>3); err != nil {
		return err
	}
	PutBitField(b[:], pos&7, width, n)
	return s.Write(pos>>3, b[:(pos&7+int64(width)+7)>>3])
}

// CountBits counts the bits that are set from lo through hi, which are within the string.
func (s *String) CountBits(lo, hi int64) (n int64, err error) {
	err = s.Each(lo>>3, hi>>3+1, func(at int64, part []byte) bool {
		from, to := withinPart(lo, hi, at, part)
		n += CountBits(part, from, to)
		return true
	})
	return n, err
}

// FindBit returns the position of the first bit of that value from lo through hi, which are within the string, or -1.
func (s *String) FindBit(lo, hi int64, bit int) (pos int64, err error) {
	pos = -1
	err = s.Each(lo>>3, hi>>3+1, func(at int64, part []byte) bool {
		from, to := withinPart(lo, hi, at, part)
		if i := FindBit(part, from, to, bit); i >= 0 {
			pos = at<<3 + i
		}
		return pos < 0
	})
	return pos, err
}

// withinPart are the positions from lo through hi that lie in a part of a string, in that part.
func withinPart(lo, hi, at int64, part []byte) (from, to int64) {
	return max(lo-at<<3, 0), min(hi-at<<3, int64(len(part))<<3-1)
}

// CountBits counts the bits that are set from lo through hi, which are within val.
func CountBits(val []byte, lo, hi int64) (n int64) {
	first, last := lo>>3, hi>>3
	n -= int64(bits.OnesCount8(val[first] &^ (0xff >> (lo & 7)))) // before lo
	n -= int64(bits.OnesCount8(val[last] & (0x7f >> (hi & 7))))   // after hi
	part := val[first : last+1]
	for ; len(part) >= 8; part = part[8:] {
		n += int64(bits.OnesCount64(binary.LittleEndian.Uint64(part)))
	}
	for _, b := range part {
		n += int64(bits.OnesCount8(b))
	}
	return n
}

// FindBit returns the position of the first bit of that value from lo through hi,
// which are within val, or -1.
func FindBit(val []byte, lo, hi int64, bit int) int64 {
	flip := uint64(0) // turns the bits that are searched for into ones
	if bit == 0 {
		flip = math.MaxUint64
	}
	mask := byte(0xff >> (lo & 7))
	for i := lo >> 3; i <= hi>>3; i++ {
		if mask == 0xff && i+8 <= int64(len(val)) && binary.LittleEndian.Uint64(val[i:])^flip == 0 {
			i += 7
			continue
		}
		if b := (val[i] ^ byte(flip)) & mask; b != 0 {
			pos := i<<3 + int64(bits.LeadingZeros8(b))
			if pos > hi {
				return -1
			}
			return pos
		}
		mask = 0xff
	}
	return -1
}

// BitOp is an operation of BITOP.
type BitOp uint8

const (
	BitAnd BitOp = iota
	BitOr
	BitXor
	BitNot
)

// Apply combines strings into one as long as the longest of them; shorter ones are
// padded with zeros.
func (op BitOp) Apply(vals [][]byte) []byte {
	size := 0
	for _, v := range vals {
		size = max(size, len(v))
	}
	out := make([]byte, size)
	copy(out, vals[0])
	if op == BitNot {
		for i := range out {
			out[i] = ^out[i]
		}
	}
	for _, v := range vals[1:] {
		op.combine(out, v)
	}
	return out
}

// combine changes out, which is at least as long as v.
func (op BitOp) combine(out, v []byte) {
	i := 0
	for ; i+8 <= len(v); i += 8 {
		a, b := binary.LittleEndian.Uint64(out[i:]), binary.LittleEndian.Uint64(v[i:])
		binary.LittleEndian.PutUint64(out[i:], op.word(a, b))
	}
	for ; i < len(v); i++ {
		out[i] = byte(op.word(uint64(out[i]), uint64(v[i])))
	}
	if op == BitAnd {
		clear(out[len(v):])
	}
}

func (op BitOp) word(a, b uint64) uint64 {
	switch op {
	case BitAnd:
		return a & b
	case BitOr:
		return a | b
	}
	return a ^ b
}

// BitField reads width bits at a position as an unsigned number.
func BitField(val []byte, pos int64, width int) (n uint64) {
	for i := range int64(width) {
		n = n<<1 | uint64(Bit(val, pos+i))
	}
	return n
}

// SignedBitField reads width bits at a position as a number in two's complement.
func SignedBitField(val []byte, pos int64, width int) int64 {
	unused := 64 - width
	return int64(BitField(val, pos, width)<<unused) >> unused
}

// PutBitField writes the low width bits of n at a position within val.
func PutBitField(val []byte, pos int64, width int, n uint64) {
	for i := int64(width) - 1; i >= 0; i-- {
		PutBit(val, pos+i, int(n&1))
		n >>= 1
	}
}

// Overflow says what becomes of a number that does not fit a bit field.
type Overflow uint8

const (
	OverflowWrap Overflow = iota
	OverflowSat
	OverflowFail // the field stays as it is
)

// AddUnsigned adds to a number of width bits, and says whether the sum had to be
// changed to fit. The arithmetic is Redis's, which wraps on the way.
func AddUnsigned(val uint64, by int64, width int, o Overflow) (sum uint64, over bool) {
	limit := uint64(1)<<width - 1
	up := val > limit || by > 0 && by > int64(limit-val)
	down := !up && by < 0 && by < int64(-val)
	sum = val + uint64(by)
	switch {
	case !up && !down:
		return sum, false
	case o == OverflowSat && up:
		return limit, true
	case o == OverflowSat:
		return 0, true
	}
	return sum & limit, true
}

// AddSigned is AddUnsigned in two's complement.
func AddSigned(val, by int64, width int, o Overflow) (sum int64, over bool) {
	high := int64(math.MaxInt64) >> (64 - width)
	low := -high - 1
	most, least := high-val, low-val
	up := val > high || width != 64 && by > most || val >= 0 && by > 0 && by > most
	down := !up && (val < low || width != 64 && by < least || val < 0 && by < 0 && by < least)
	sum = val + by
	switch {
	case !up && !down:
		return sum, false
	case o == OverflowSat && up:
		return high, true
	case o == OverflowSat:
		return low, true
	}
	unused := 64 - width
	return sum << unused >> unused, true
}
