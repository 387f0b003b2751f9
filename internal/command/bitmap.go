package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

var bitmapRows = []Row{
	{Name: "bitcount", Arity: -2, Flags: ReadOnly, Keys: OneKey, Handler: bitCount, Group: "bitmap", Since: "2.6.0", Summary: "Counts the one bits of a string or of part of it.",
		Syntax: "key [range: start:integer end:integer [unit: BYTE | BIT]@7.0.0]", Complexity: "O(N) for N bytes looked at"},
	{Name: "bitfield", Arity: -2, Flags: Write | DenyOOM, Keys: OneKey, Handler: bitField, Group: "bitmap", Since: "3.2.0", Summary: "Reads, writes and increments integers of any width within a string.",
		Syntax: "key [operation: (get-block: GET (encoding offset)) | (write: [overflow-block: OVERFLOW (WRAP | SAT | FAIL)] (write-operation: (set-block: SET (encoding offset value:integer)) | (incrby-block: INCRBY (encoding offset increment:integer))))]...", Complexity: "O(1) for each operation"},
	{Name: "bitfield_ro", Arity: -2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: bitFieldRO, Group: "bitmap", Since: "6.0.0", Summary: "Reads integers of any width within a string, never writing.",
		Syntax: "key [get-block: GET (encoding offset)]...", Complexity: "O(1) for each operation"},
	{Name: "bitop", Arity: -4, Flags: Write | DenyOOM, Keys: KeySpec{2, -1, 1}, Handler: bitOp, Group: "bitmap", Since: "2.6.0", Summary: "Combines strings bit by bit and stores the result in a destination key.",
		Syntax: "(operation: AND | OR | XOR | NOT) destkey key...", Complexity: "O(N) for N bytes in all keys"},
	{Name: "bitpos", Arity: -3, Flags: ReadOnly, Keys: OneKey, Handler: bitPos, Group: "bitmap", Since: "2.8.7", Summary: "Tells where the first 0 or 1 bit of a string stands.",
		Syntax: "key bit:integer [range: start:integer [end-unit-block: end:integer [unit: BYTE | BIT]@7.0.0]]", Complexity: "O(N) for N bytes looked at"},
	{Name: "getbit", Arity: 3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: getBit, Group: "bitmap", Since: "2.2.0", Summary: "Reads the bit at an offset, 0 beyond the end of the string.",
		Syntax: "key offset", Complexity: "O(1)"},
	{Name: "setbit", Arity: 4, Flags: Write | DenyOOM, Keys: OneKey, Handler: setBit, Group: "bitmap", Since: "2.2.0", Summary: "Writes the bit at an offset, lengthening the string if necessary.",
		Syntax: "key offset value:integer", Complexity: "O(1)"},
}

// bytesPerElement is how many bytes of a string take about as long as one element of
// a collection.
const bytesPerElement = 1024

// bitOffset reads a position; width is that of a bit field, in which #n counts, or 0.
func bitOffset(c *Ctx, arg []byte, width int) (int64, error) {
	fields := width > 0 && len(arg) > 0 && arg[0] == '#'
	if fields {
		arg = arg[1:]
	}
	n, ok := numeric.ParseInt64(arg)
	if fields {
		n *= int64(width)
	}
	if !ok || n < 0 || n>>3 >= c.T.Limits().MaxStringBytes {
		return 0, resp.ErrBitOffset
	}
	return n, nil
}

func setBit(c *Ctx) error {
	pos, err := bitOffset(c, c.Args[2], 0)
	if err != nil {
		return err
	}
	bit, ok := numeric.ParseInt64(c.Args[3])
	if !ok || bit&^1 != 0 {
		return resp.ErrBitValue
	}
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	old, err := s.Bit(pos)
	if err != nil {
		return err
	}
	if s.Exists && old == int(bit) && s.Len() > pos>>3 {
		return c.int(bit)
	}
	if err := s.SetBit(pos, int(bit)); err != nil {
		return err
	}
	s.Save()
	c.T.Event(datatype.ClassString, "setbit", s.Name)
	return c.int(int64(old))
}

func getBit(c *Ctx) error {
	pos, err := bitOffset(c, c.Args[2], 0)
	if err != nil {
		return err
	}
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	bit, err := s.Bit(pos)
	if err != nil {
		return err
	}
	return c.int(int64(bit))
}

// bitUnit reads BYTE or BIT.
func bitUnit(arg []byte) (bit bool, err error) {
	switch {
	case equalFold(arg, "bit"):
		return true, nil
	case equalFold(arg, "byte"):
		return false, nil
	}
	return false, resp.ErrSyntax
}

// bitRange is the part of a string that BITCOUNT and BITPOS look at.
type bitRange struct {
	first, last int64 // in units; negative from the end
	hasLast     bool
	bit         bool // the unit
}

// clamp turns the range into bit positions within a string of size bytes; lo is above
// hi if nothing is left.
func (r *bitRange) clamp(size int64) (lo, hi int64) {
	if r.bit {
		size *= 8
	}
	last := size - 1
	if r.hasLast {
		last = min(clampIndex(r.last, size), last)
	}
	first := clampIndex(r.first, size)
	switch {
	case first > last:
		return 1, 0
	case r.bit:
		return first, last
	}
	return first * 8, last*8 + 7
}

// Like Redis up to 7.2, BITCOUNT and BITPOS look for the key before they look at
// where in it to search.

func bitCount(c *Ctx) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !s.Exists {
		return c.int(0)
	}
	var r bitRange
	switch n := len(c.Args); {
	case n == 3 || n > 5:
		return resp.ErrSyntax
	case n > 3:
		if r.first, r.last, err = parseRange(c); err != nil {
			return err
		}
		r.hasLast = true
		if r.first < 0 && r.last < 0 && r.first > r.last {
			return c.int(0)
		}
		if n == 5 {
			if r.bit, err = bitUnit(c.Args[4]); err != nil {
				return err
			}
		}
	}
	lo, hi := r.clamp(s.Len())
	if lo > hi {
		return c.int(0)
	}
	n, err := s.CountBits(lo, hi)
	if err != nil {
		return err
	}
	return c.int(n)
}

func bitPos(c *Ctx) error {
	bit, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	if bit&^1 != 0 {
		return resp.Err("ERR The bit argument must be 1 or 0.")
	}
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !s.Exists {
		return c.int(-bit)
	}
	r, err := bitPosRange(c.Args[3:])
	if err != nil {
		return err
	}
	lo, hi := r.clamp(s.Len())
	if lo > hi {
		return c.int(-1)
	}
	pos, err := s.FindBit(lo, hi, int(bit))
	if err != nil {
		return err
	}
	if pos < 0 && bit == 0 && !r.hasLast {
		pos = hi + 1 // the string is followed by zeros
	}
	return c.int(pos)
}

func bitPosRange(args [][]byte) (r bitRange, err error) {
	if len(args) > 3 {
		return r, resp.ErrSyntax
	}
	var ok bool
	if len(args) > 0 {
		if r.first, ok = numeric.ParseInt64(args[0]); !ok {
			return r, resp.ErrNotInt
		}
	}
	if len(args) > 2 {
		if r.bit, err = bitUnit(args[2]); err != nil {
			return r, err
		}
	}
	if len(args) > 1 {
		r.hasLast = true
		if r.last, ok = numeric.ParseInt64(args[1]); !ok {
			return r, resp.ErrNotInt
		}
	}
	return r, nil
}

func parseBitOp(arg []byte) (datatype.BitOp, error) {
	switch {
	case equalFold(arg, "and"):
		return datatype.BitAnd, nil
	case equalFold(arg, "or"):
		return datatype.BitOr, nil
	case equalFold(arg, "xor"):
		return datatype.BitXor, nil
	case equalFold(arg, "not"):
		return datatype.BitNot, nil
	}
	return 0, resp.ErrSyntax
}

func bitOp(c *Ctx) error {
	op, err := parseBitOp(c.Args[1])
	if err != nil {
		return err
	}
	if op == datatype.BitNot && len(c.Args) != 4 {
		return resp.Err("ERR BITOP NOT must be called with a single source key.")
	}
	vals, total := make([][]byte, 0, len(c.Args)-3), 0
	for _, name := range c.Args[3:] {
		val, _, err := datatype.GetString(c.T, name)
		if err != nil {
			return err
		}
		vals, total = append(vals, val), total+len(val)
	}
	if err := c.T.Heavy(total / bytesPerElement); err != nil {
		return err
	}
	k, err := datatype.Load(c.T, c.Args[2])
	if err != nil {
		return err
	}
	if total > 0 {
		out := op.Apply(vals)
		datatype.SetRaw(&k, out)
		c.T.Event(datatype.ClassString, "set", k.Name)
		return c.int(int64(len(out)))
	}
	existed := k.Exists
	k.Remove()
	if existed {
		c.T.Event(datatype.ClassGeneric, "del", k.Name)
	}
	return c.int(0)
}
