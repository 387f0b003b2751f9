package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// fieldOp is one operation of BITFIELD.
type fieldOp struct {
	kind     fieldKind
	signed   bool
	width    int
	pos      int64
	val      int64 // of SET and INCRBY
	overflow datatype.Overflow
}

type fieldKind uint8

const (
	fieldGet fieldKind = iota
	fieldSet
	fieldIncr
)

func bitField(c *Ctx) error {
	ops, size, err := parseFieldOps(c)
	if err != nil {
		return err
	}
	if size == 0 {
		return getFields(c, ops)
	}
	return changeFields(c, ops, size)
}

func bitFieldRO(c *Ctx) error {
	ops, size, err := parseFieldOps(c)
	if err != nil {
		return err
	}
	if size != 0 {
		return resp.Err("ERR BITFIELD_RO only supports the GET subcommand")
	}
	return getFields(c, ops)
}

// parseFieldOps reads the operations. size is how long the string must be for those
// that write, 0 if none does.
func parseFieldOps(c *Ctx) (ops []fieldOp, size int64, err error) {
	overflow := datatype.OverflowWrap
	for args := c.Args[2:]; len(args) > 0; {
		if equalFold(args[0], "overflow") && len(args) > 1 {
			if overflow, err = parseOverflow(args[1]); err != nil {
				return nil, 0, err
			}
			args = args[2:]
			continue
		}
		op := fieldOp{overflow: overflow}
		n, err := op.parse(c, args)
		if err != nil {
			return nil, 0, err
		}
		if op.kind != fieldGet {
			size = max(size, (op.pos+int64(op.width)-1)>>3+1)
		}
		ops, args = append(ops, op), args[n:]
	}
	return ops, size, nil
}

func parseOverflow(arg []byte) (datatype.Overflow, error) {
	switch {
	case equalFold(arg, "wrap"):
		return datatype.OverflowWrap, nil
	case equalFold(arg, "sat"):
		return datatype.OverflowSat, nil
	case equalFold(arg, "fail"):
		return datatype.OverflowFail, nil
	}
	return 0, resp.Err("ERR Invalid OVERFLOW type specified")
}

// parse reads one operation and returns how many arguments it has.
func (op *fieldOp) parse(c *Ctx, args [][]byte) (n int, err error) {
	switch {
	case equalFold(args[0], "get") && len(args) >= 3:
		op.kind, n = fieldGet, 3
	case equalFold(args[0], "set") && len(args) >= 4:
		op.kind, n = fieldSet, 4
	case equalFold(args[0], "incrby") && len(args) >= 4:
		op.kind, n = fieldIncr, 4
	default:
		return 0, resp.ErrSyntax
	}
	if err := op.parseType(args[1]); err != nil {
		return 0, err
	}
	if op.pos, err = bitOffset(c, args[2], op.width); err != nil {
		return 0, err
	}
	if op.kind == fieldGet {
		return n, nil
	}
	var ok bool
	if op.val, ok = numeric.ParseInt64(args[3]); !ok {
		return 0, resp.ErrNotInt
	}
	return n, nil
}

// parseType reads a type such as i16 or u8.
func (op *fieldOp) parseType(arg []byte) error {
	const invalid resp.Err = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	if len(arg) == 0 || arg[0] != 'i' && arg[0] != 'u' {
		return invalid
	}
	op.signed = arg[0] == 'i'
	widest := int64(63)
	if op.signed {
		widest = 64
	}
	n, ok := numeric.ParseInt64(arg[1:])
	if !ok || n < 1 || n > widest {
		return invalid
	}
	op.width = int(n)
	return nil
}

func getFields(c *Ctx, ops []fieldOp) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Array(len(ops))
	for i := range ops {
		n, err := ops[i].get(&s)
		if err != nil {
			return err
		}
		c.W.Int(n)
	}
	return nil
}

func changeFields(c *Ctx, ops []fieldOp, size int64) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	grown, changed := !s.Exists || size > s.Len(), false
	if grown {
		if err := s.Grow(size); err != nil {
			return err
		}
	}
	c.W.Array(len(ops))
	for i := range ops {
		op := &ops[i]
		old, err := op.get(&s)
		if err != nil {
			return err
		}
		reply, now, over := op.apply(old)
		if over && op.overflow == datatype.OverflowFail {
			c.W.Null()
			continue
		}
		c.W.Int(reply)
		if op.kind == fieldGet {
			continue
		}
		changed = changed || grown || old != now
		if old != now {
			if err := s.SetField(op.pos, op.width, uint64(now)); err != nil {
				return err
			}
		}
	}
	if !changed && !grown { // like Redis, what only failed still makes the string longer
		return nil
	}
	s.Save()
	if changed {
		c.T.Event(datatype.ClassString, "setbit", s.Name)
	}
	return nil
}

// get reads the field. Unsigned ones have at most 63 bits.
func (op *fieldOp) get(s *datatype.String) (int64, error) {
	if op.signed {
		return s.SignedField(op.pos, op.width)
	}
	n, err := s.Field(op.pos, op.width)
	return int64(n), err
}

// apply returns the reply of an operation on a field that holds old, what the field becomes, and whether that
// had to be changed to fit.
func (op *fieldOp) apply(old int64) (reply, now int64, over bool) {
	switch op.kind {
	case fieldGet:
		return old, old, false
	case fieldSet:
		now, over = op.add(op.val, 0)
		return old, now, over
	}
	now, over = op.add(old, op.val)
	return now, now, over
}

func (op *fieldOp) add(val, by int64) (sum int64, over bool) {
	if op.signed {
		return datatype.AddSigned(val, by, op.width, op.overflow)
	}
	u, over := datatype.AddUnsigned(uint64(val), by, op.width, op.overflow)
	return int64(u), over
}
