package command

import (
	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// Pika's own commands on data.
var pikaRows = []Row{
	{Name: "delvx", Arity: 3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: delVX, Group: "string", Since: "1.0.0", Summary: "Deletes a string if it has a value (Pika).",
		Syntax: "key value", Complexity: "O(N) for N bytes of the value"},
	{Name: "hscanx", Arity: -3, Flags: ReadOnly, Keys: OneKey, Handler: hscanX, Group: "hash", Tips: "nondeterministic_output", Since: "1.0.0", Summary: "Iterates over fields and values of a hash with a field as the cursor (Pika).",
		Syntax: "key start [MATCH pattern] [COUNT count]", Complexity: "O(N) for a count of N"},
	{Name: "pkhrscanrange", Arity: -4, Flags: ReadOnly | Worker, Keys: OneKey, Handler: pkhrscanRange, Group: "hash", Since: "1.0.0", Summary: "Returns fields and values of a range of fields, backwards (Pika).",
		Syntax: "key start end [MATCH pattern] [LIMIT limit]", Complexity: "O(N) for N fields of the hash, which are not kept in byte order"},
	{Name: "pkhscanrange", Arity: -4, Flags: ReadOnly | Worker, Keys: OneKey, Handler: pkhscanRange, Group: "hash", Since: "1.0.0", Summary: "Returns fields and values of a range of fields in byte order (Pika).",
		Syntax: "key start end [MATCH pattern] [LIMIT limit]", Complexity: "O(N) for N fields of the hash, which are not kept in byte order"},
	{Name: "pkpatternmatchdel", Arity: -2, Flags: Write | Frees | Exclusive | Worker | AnyKey, Handler: pkPatternMatchDel, Group: "generic", Cats: "dangerous", Since: "1.0.0", Summary: "Deletes the keys that match a pattern (Pika).",
		Syntax: "pattern [max-count:integer]", Complexity: "O(N) for N keys that begin as the pattern does"},
	{Name: "pkrscanrange", Arity: -4, Flags: ReadOnly | Worker | AnyKey, Handler: pkrscanRange, Group: "generic", Cats: "dangerous", Since: "1.0.0", Summary: "Returns keys of a range, backwards (Pika).",
		Syntax: "type start end [MATCH pattern] [LIMIT limit]", Complexity: "O(N) for N keys looked at"},
	{Name: "pkscanrange", Arity: -4, Flags: ReadOnly | Worker | AnyKey, Handler: pkscanRange, Group: "generic", Cats: "dangerous", Since: "1.0.0", Summary: "Returns keys of a range in byte order (Pika).",
		Syntax: "type start end [MATCH pattern] [LIMIT limit]", Complexity: "O(N) for N keys looked at"},
	{Name: "pksetexat", Arity: 4, Flags: Write | DenyOOM, Keys: OneKey, Handler: pkSetExAt, Group: "string", Since: "1.0.0", Summary: "Sets a string and its expiration as a Unix timestamp in seconds (Pika).",
		Syntax: "key unix-time-seconds value", Complexity: "O(N) for N bytes of the value"},
	{Name: "scanx", Arity: -3, Flags: ReadOnly | AnyKey, Handler: scanX, Group: "generic", Tips: "nondeterministic_output", Since: "1.0.0", Summary: "Iterates over the keys of a type with a key as the cursor (Pika).",
		Syntax: "type start [MATCH pattern] [COUNT count]", Complexity: "O(N) for a count of N"},
}

// pageOptions are those of Pika's scans.
type pageOptions struct {
	pattern []byte
	n       int
}

// parsePage reads [MATCH p] and [COUNT n] or [LIMIT n].
func parsePage(args [][]byte, countWord string) (o pageOptions, err error) {
	o.n = 10
	for i := 0; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return o, resp.ErrSyntax
		case equalFold(args[i], "match"):
			o.pattern = args[i+1]
		case equalFold(args[i], countWord):
			n, ok := numeric.ParseInt64(args[i+1])
			if !ok {
				return o, resp.ErrNotInt
			}
			if n < 1 {
				return o, resp.ErrSyntax
			}
			o.n = int(min(n, 1<<30))
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func (o *pageOptions) matches(b []byte) bool { return o.pattern == nil || glob.Match(o.pattern, b) }

// finishAt is finish with a key or field as the cursor.
func (r *scanReply) finishAt(next []byte) error {
	r.c.W.Array(2)
	r.c.W.Bulk(next)
	r.c.W.Array(r.n)
	r.c.W.Raw(r.items.Buf)
	return nil
}

// pikaType reads a type as Pika names them.
func pikaType(arg []byte) (typ layout.Type, values bool, err error) {
	if equalFold(arg, "string_with_value") {
		return layout.TypeString, true, nil
	}
	if typ = typeNamed(arg); typ == layout.TypeNone {
		err = resp.ErrSyntax
	}
	return typ, false, err
}

func pkscanRange(c *Ctx) error { return scanKeyRange(c, false) }

func pkrscanRange(c *Ctx) error { return scanKeyRange(c, true) }

// scanKeyRange replies keys of a range, and the one to go on from. A key that its client may
// not read is left out when values are asked for.
func scanKeyRange(c *Ctx, reverse bool) error {
	typ, values, err := pikaType(c.Args[1])
	if err != nil {
		return err
	}
	within, o, err := rangeArgs(c, reverse)
	if err != nil {
		return err
	}
	if c.T.Keys().Order != layout.Ordered {
		return resp.ErrNeedsOrder
	}
	r, next := newScanReply(c, scanOptions{}), []byte(nil)
	left := o.n
	var inner error
	err = datatype.WalkKeyRange(c.T, within, func(name []byte, h *layout.Head) bool {
		if left == 0 && len(name) > 0 { // an empty cursor is the end
			next = append(c.T.Scratch(len(name)), name...)
			return false
		}
		if h.Type != typ || !o.matches(name) || values && !c.mayUse(name, acl.Read) {
			return true
		}
		if values {
			val, found, err := c.unnamed(name)
			if inner = err; err == resp.ErrWrongType {
				inner = nil
			}
			if err != nil || !found { // it may be another key by now
				return inner == nil
			}
			defer r.add(val)
		}
		r.add(name)
		left = max(0, left-1)
		return true
	})
	if err == nil {
		err = inner
	}
	if err != nil {
		return err
	}
	return r.finishAt(next)
}

// rangeArgs reads start end [MATCH p] [LIMIT n].
func rangeArgs(c *Ctx, reverse bool) (r datatype.KeyRange, o pageOptions, err error) {
	if o, err = parsePage(c.Args[4:], "limit"); err != nil {
		return r, o, err
	}
	r = datatype.KeyRange{Start: c.Args[2], End: c.Args[3], Reverse: reverse}
	if r.Empty() {
		err = resp.Err("ERR error in given range")
	}
	return r, o, err
}

func pkhscanRange(c *Ctx) error { return scanFieldRange(c, false) }

func pkhrscanRange(c *Ctx) error { return scanFieldRange(c, true) }

func scanFieldRange(c *Ctx, reverse bool) error {
	within, o, err := rangeArgs(c, reverse)
	if err != nil {
		return err
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	fields, next, err := h.FieldRange(within, o.n, o.matches)
	if err != nil {
		return err
	}
	c.W.Array(2)
	c.W.Bulk(next)
	c.W.Array(2 * len(fields))
	for _, f := range fields {
		c.W.Bulk(f.Name)
		c.W.Bulk(f.Val)
	}
	return nil
}

// Scans with a name as the cursor begin at "0" or at nothing, and end with nothing. So a key or
// field that is called that is never a cursor.

func scanStart(arg []byte) []byte {
	if len(arg) == 1 && arg[0] == '0' {
		return nil
	}
	return arg
}

func mayStopAt(name []byte) bool { return len(scanStart(name)) > 0 }

func scanX(c *Ctx) error {
	typ, values, err := pikaType(c.Args[1])
	if err != nil || values {
		return resp.ErrSyntax
	}
	o, err := parsePage(c.Args[3:], "count")
	if err != nil {
		return err
	}
	if err := c.T.Heavy(o.n); err != nil {
		return err
	}
	r, next, seen := newScanReply(c, scanOptions{}), []byte(nil), 0
	err = datatype.WalkKeyRange(c.T, datatype.KeyRange{Start: scanStart(c.Args[2])}, func(name []byte, h *layout.Head) bool {
		if seen >= o.n && mayStopAt(name) {
			next = append(c.T.Scratch(len(name)), name...)
			return false
		}
		seen++
		if h.Type == typ && o.matches(name) {
			r.add(name)
		}
		return true
	})
	if err != nil {
		return err
	}
	return r.finishAt(next)
}

func hscanX(c *Ctx) error {
	o, err := parsePage(c.Args[3:], "count")
	if err != nil {
		return err
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	r := newScanReply(c, scanOptions{})
	next, err := h.ScanFrom(scanStart(c.Args[2]), o.n, mayStopAt, func(field, val []byte) {
		if o.matches(field) {
			r.add(field)
			r.add(val)
		}
	})
	if err != nil {
		return err
	}
	return r.finishAt(next)
}

// pkPatternMatchDel deletes in one change what matches and what its client may write.
func pkPatternMatchDel(c *Ctx) error {
	left := int64(1) << 62
	if len(c.Args) > 2 {
		n, ok := numeric.ParseInt64(c.Args[2])
		if !ok || n < 1 {
			return resp.ErrNotInt
		}
		if left = n; len(c.Args) > 3 {
			return resp.ErrSyntax
		}
	}
	var names [][]byte
	err := datatype.WalkKeys(c.T, glob.Prefix(c.Args[1]), func(name []byte, _ *layout.Head) bool {
		if glob.Match(c.Args[1], name) && c.mayUse(name, acl.Write) {
			names = append(names, append([]byte(nil), name...))
		}
		return int64(len(names)) < left
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		k, err := datatype.Peek(c.T, name)
		if err != nil {
			return err
		}
		k.Remove()
		c.T.Event(datatype.ClassGeneric, "del", name)
	}
	return c.int(int64(len(names)))
}

func pkSetExAt(c *Ctx) error {
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	at, err := absoluteMS(c, n, true, true, false)
	if err != nil {
		return err
	}
	return setWith(c, c.Args[1], c.Args[3], setOptions{expireMS: at, hasTTL: true})
}

// What SET … VX and DELVX reply.
const (
	vxAbsent = 0
	vxDone   = 1
	vxOther  = -1
)

// compareVX loads a string and compares its value.
func compareVX(c *Ctx, want []byte) (k datatype.Key, verdict int64, err error) {
	s, err := datatype.LoadString(c.T, c.Args[1])
	switch {
	case err != nil || !s.Exists:
		return s.Key, vxAbsent, err
	case s.Len() != int64(len(want)):
		return s.Key, vxOther, nil
	}
	val, err := s.Bytes()
	if err != nil || string(val) != string(want) {
		return s.Key, vxOther, err
	}
	return s.Key, vxDone, nil
}

func delVX(c *Ctx) error {
	k, verdict, err := compareVX(c, c.Args[2])
	if err != nil {
		return err
	}
	if verdict == vxDone {
		k.Remove()
		c.T.Event(datatype.ClassGeneric, "del", k.Name)
	}
	return c.int(verdict)
}

// setVX is SET key value VX old: the key is set if it holds the old value.
func setVX(c *Ctx, o setOptions) error {
	k, verdict, err := compareVX(c, o.vx)
	if err != nil {
		return err
	}
	if verdict == vxDone {
		putString(c, &k, c.Args[2], o)
	}
	return c.int(verdict)
}
