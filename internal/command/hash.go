package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var hashRows = []Row{
	{Name: "hdel", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: hdel, Group: "hash", Since: "2.0.0", Summary: "Removes fields from a hash and tells how many there were.",
		Syntax: "key field...", Complexity: "O(N) for N fields"},
	{Name: "hexists", Arity: 3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hexists, Group: "hash", Since: "2.0.0", Summary: "Tells whether a hash has the given field.",
		Syntax: "key field", Complexity: "O(1)"},
	{Name: "hget", Arity: 3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hget, Group: "hash", Since: "2.0.0", Summary: "Reads one field of a hash, giving nil when it is missing.",
		Syntax: "key field", Complexity: "O(1)"},
	{Name: "hgetall", Arity: 2, Flags: ReadOnly, Keys: OneKey, Handler: hgetall, Group: "hash", Tips: "nondeterministic_output_order", Since: "2.0.0", Summary: "Reads a whole hash, each field with its value.",
		Syntax: "key", Complexity: "O(N) for N fields of the hash"},
	{Name: "hincrby", Arity: 4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: hincrby, Group: "hash", Since: "2.0.0", Summary: "Adds an integer to a field of a hash, taking a missing one as 0.",
		Syntax: "key field increment:integer", Complexity: "O(1)"},
	{Name: "hincrbyfloat", Arity: 4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: hincrbyfloat, Group: "hash", Since: "2.6.0", Summary: "Adds a floating-point amount to a field of a hash, taking a missing one as 0.",
		Syntax: "key field increment:double", Complexity: "O(1)"},
	{Name: "hkeys", Arity: 2, Flags: ReadOnly, Keys: OneKey, Handler: hkeys, Group: "hash", Tips: "nondeterministic_output_order", Since: "2.0.0", Summary: "Lists the fields of a hash without their values.",
		Syntax: "key", Complexity: "O(N) for N fields of the hash"},
	{Name: "hlen", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hlen, Group: "hash", Since: "2.0.0", Summary: "Counts the fields of a hash.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "hmget", Arity: -3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hmget, Group: "hash", Since: "2.0.0", Summary: "Reads several fields of a hash, giving nil for those that are missing.",
		Syntax: "key field...", Complexity: "O(N) for N fields"},
	{Name: "hmset", Arity: -4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: hmset, Group: "hash", Since: "2.0.0", Summary: "Writes fields of a hash; the older form of HSET.",
		Syntax: "key (field value)...", Complexity: "O(N) for N fields", DeprecatedSince: "4.0.0", ReplacedBy: "`HSET` with multiple fields"},
	{Name: "hrandfield", Arity: -2, Flags: ReadOnly | Random, Keys: OneKey, Handler: hrandfield, Group: "hash", Tips: "nondeterministic_output", Since: "6.2.0", Summary: "Picks fields of a hash at random, with their values on request.",
		Syntax: "key [options: count [WITHVALUES]]", Complexity: "O(N) for N fields returned"},
	{Name: "hscan", Arity: -3, Flags: ReadOnly | Random, Keys: OneKey, Handler: hscan, Group: "hash", Tips: "nondeterministic_output", Since: "2.8.0", Summary: "Walks through the fields and values of a hash, some at each call.",
		Syntax: "key cursor [MATCH pattern] [COUNT count]", Complexity: "O(N) for a count of N"},
	{Name: "hset", Arity: -4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: hset, Group: "hash", Since: "2.0.0", Summary: "Writes fields of a hash and tells how many of them are new.",
		Syntax: "key (field value)...", Complexity: "O(N) for N fields"},
	{Name: "hsetnx", Arity: 4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: hsetnx, Group: "hash", Since: "2.0.0", Summary: "Writes a field of a hash unless it is already there.",
		Syntax: "key field value", Complexity: "O(1)"},
	{Name: "hstrlen", Arity: 3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: hstrlen, Group: "hash", Since: "3.2.0", Summary: "Tells how many bytes the value of a field has.",
		Syntax: "key field", Complexity: "O(1)"},
	{Name: "hvals", Arity: 2, Flags: ReadOnly, Keys: OneKey, Handler: hvals, Group: "hash", Tips: "nondeterministic_output_order", Since: "2.0.0", Summary: "Lists the values of a hash without their fields.",
		Syntax: "key", Complexity: "O(N) for N fields of the hash"},
}

func hget(c *Ctx) error {
	val, found, err := hashField(c)
	if err != nil {
		return err
	}
	if !found {
		return c.null()
	}
	return c.bulk(val)
}

func hashField(c *Ctx) (val []byte, found bool, err error) {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return nil, false, err
	}
	return h.Get(c.Args[2])
}

func hexists(c *Ctx) error {
	_, found, err := hashField(c)
	if err != nil {
		return err
	}
	return c.boolInt(found)
}

func hstrlen(c *Ctx) error {
	val, _, err := hashField(c)
	if err != nil {
		return err
	}
	return c.int(int64(len(val)))
}

func hlen(c *Ctx) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.int(int64(h.Len()))
}

func hmget(c *Ctx) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Array(len(c.Args) - 2)
	for _, field := range c.Args[2:] {
		val, found, err := h.Get(field)
		if err != nil {
			return err
		}
		if found {
			c.W.Bulk(val)
		} else {
			c.W.Null()
		}
	}
	return nil
}

func hset(c *Ctx) error {
	n, err := hashSetPairs(c)
	if err != nil {
		return err
	}
	return c.int(n)
}

func hmset(c *Ctx) error {
	if _, err := hashSetPairs(c); err != nil {
		return err
	}
	return c.ok()
}

func hashSetPairs(c *Ctx) (created int64, err error) {
	if len(c.Args)%2 != 0 {
		return 0, resp.WrongArity(c.Row.Name)
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return 0, err
	}
	for i := 2; i < len(c.Args); i += 2 {
		isNew, err := h.Set(c.Args[i], c.Args[i+1])
		if err != nil {
			return 0, err
		}
		if isNew {
			created++
		}
	}
	h.Save()
	c.T.Event(datatype.ClassHash, "hset", h.Name)
	return created, nil
}

func hsetnx(c *Ctx) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if _, found, err := h.Get(c.Args[2]); err != nil || found {
		c.W.Int(0)
		return err
	}
	if _, err := h.Set(c.Args[2], c.Args[3]); err != nil {
		return err
	}
	h.Save()
	c.T.Event(datatype.ClassHash, "hset", h.Name)
	return c.int(1)
}

func hdel(c *Ctx) error {
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := int64(0)
	for _, field := range c.Args[2:] {
		gone, err := h.Delete(field)
		if err != nil {
			return err
		}
		if gone {
			n++
		}
	}
	if n > 0 {
		h.Save()
		c.T.Event(datatype.ClassHash, "hdel", h.Name)
		if !h.Exists {
			c.T.Event(datatype.ClassGeneric, "del", h.Name)
		}
	}
	return c.int(n)
}

func hincrby(c *Ctx) error {
	by, ok := numeric.ParseInt64(c.Args[3])
	if !ok {
		return resp.ErrNotInt
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	old, found, err := h.Get(c.Args[2])
	if err != nil {
		return err
	}
	n := int64(0)
	if found {
		if n, ok = numeric.ParseInt64(old); !ok {
			return resp.ErrHashNotInt
		}
	}
	sum := n + by
	if by > 0 && sum < n || by < 0 && sum > n {
		return resp.ErrOverflow
	}
	if _, err := h.Update(c.Args[2], numeric.AppendInt(c.T.Scratch(20), sum)); err != nil {
		return err
	}
	h.Save()
	c.T.Event(datatype.ClassHash, "hincrby", h.Name)
	return c.int(sum)
}

func hincrbyfloat(c *Ctx) error {
	by, ok := numeric.ParseLongDouble(c.Args[3])
	if !ok {
		return resp.ErrNotFloat
	}
	if by.IsInf() {
		return resp.Err("ERR value is NaN or Infinity")
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	old, found, err := h.Get(c.Args[2])
	if err != nil {
		return err
	}
	if found {
		n, ok := numeric.ParseLongDouble(old)
		if !ok {
			return resp.ErrHashNotFloat
		}
		if by, ok = n.Add(&by); !ok || by.IsInf() {
			return resp.ErrNaNOrInf
		}
	}
	text := by.Append(nil)
	if _, err := h.Update(c.Args[2], text); err != nil {
		return err
	}
	h.Save()
	c.T.Event(datatype.ClassHash, "hincrbyfloat", h.Name)
	return c.bulk(text)
}

// loadLive is LoadHash with the number of fields that are not past their time.
func loadLive(c *Ctx) (h datatype.Hash, n int, err error) {
	if h, err = datatype.LoadHash(c.T, c.Args[1]); err == nil {
		n, err = h.Live()
	}
	return h, n, err
}

func hgetall(c *Ctx) error {
	h, n, err := loadLive(c)
	if err != nil {
		return err
	}
	c.W.Map(n)
	return h.Each(func(field, val []byte) bool {
		c.W.Bulk(field)
		c.W.Bulk(val)
		return true
	})
}

func hkeys(c *Ctx) error {
	h, n, err := loadLive(c)
	if err != nil {
		return err
	}
	c.W.Array(n)
	return h.Each(func(field, _ []byte) bool { c.W.Bulk(field); return true })
}

func hvals(c *Ctx) error {
	h, n, err := loadLive(c)
	if err != nil {
		return err
	}
	c.W.Array(n)
	return h.Each(func(_, val []byte) bool { c.W.Bulk(val); return true })
}

func hscan(c *Ctx) error {
	o, err := parseElementScan(c, layout.TypeHash)
	if err != nil {
		return err
	}
	h, err := datatype.LoadHash(c.T, c.Args[1])
	if err != nil {
		return err
	}
	reply := newScanReply(c, o)
	next, err := h.Scan(o.cursor, o.count, func(field, val []byte) {
		if o.matches(field) {
			reply.add(field)
			reply.add(val)
		}
	})
	if err != nil {
		return err
	}
	return reply.finish(next)
}

func hrandfield(c *Ctx) error {
	h, live, err := loadLive(c)
	if err != nil {
		return err
	}
	if len(c.Args) == 2 {
		if live == 0 {
			return c.null()
		}
		return h.Random(1, func(field, _ []byte) { c.W.Bulk(field) })
	}
	r, err := parseRandom(c, "withvalues")
	if err != nil {
		return err
	}
	if live == 0 || r.count == 0 {
		c.W.Array(0)
		return nil
	}
	emit := func(field, val []byte) {
		if r.with && c.W.Proto >= 3 {
			c.W.Array(2)
		}
		c.W.Bulk(field)
		if r.with {
			c.W.Bulk(val)
		}
	}
	if r.repeat {
		r.header(c, r.count)
		return h.Random(r.count, emit)
	}
	n := min(r.count, live)
	r.header(c, n)
	pick := newPicker(n, live)
	return h.Each(func(field, val []byte) bool {
		if pick.next() {
			emit(field, val)
		}
		return !pick.done()
	})
}
