package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var setRows = []Row{
	{Name: "sadd", Arity: -3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: sadd, Group: "set", Since: "1.0.0", Summary: "Puts members into a set and tells how many of them are new.",
		Syntax: "key member...", Complexity: "O(N) for N members"},
	{Name: "scard", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: scard, Group: "set", Since: "1.0.0", Summary: "Counts the members of a set.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "sdiff", Arity: -2, Flags: ReadOnly, Keys: AllKeys, Handler: sdiff, Group: "set", Tips: "nondeterministic_output_order", Since: "1.0.0", Summary: "Lists the members of the first set that none of the others has.",
		Syntax: "key...", Complexity: "O(N) for N members in all sets"},
	{Name: "sdiffstore", Arity: -3, Flags: Write | DenyOOM, Keys: AllKeys, Handler: sdiffstore, Group: "set", Since: "1.0.0", Summary: "Replaces the destination key with the result of SDIFF.",
		Syntax: "destination key...", Complexity: "O(N) for N members in all sets"},
	{Name: "sinter", Arity: -2, Flags: ReadOnly, Keys: AllKeys, Handler: sinter, Group: "set", Tips: "nondeterministic_output_order", Since: "1.0.0", Summary: "Lists the members that all the given sets share.",
		Syntax: "key...", Complexity: "O(N*M) for N members of the smallest of M sets"},
	{Name: "sintercard", Arity: -3, Flags: ReadOnly | MovableKeys, GetKeys: func(args [][]byte) ([]int, bool) { return numKeys(args, 1) }, Handler: sintercard, Group: "set", Since: "7.0.0", Summary: "Counts the members that all the given sets share, up to a limit.",
		Syntax: "numkeys key... [LIMIT limit]", Complexity: "O(N*M) for N members of the smallest of M sets"},
	{Name: "sinterstore", Arity: -3, Flags: Write | DenyOOM, Keys: AllKeys, Handler: sinterstore, Group: "set", Since: "1.0.0", Summary: "Replaces the destination key with the result of SINTER.",
		Syntax: "destination key...", Complexity: "O(N*M) for N members of the smallest of M sets"},
	{Name: "sismember", Arity: 3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: sismember, Group: "set", Since: "1.0.0", Summary: "Tells whether a set has the given member.",
		Syntax: "key member", Complexity: "O(1)"},
	{Name: "smembers", Arity: 2, Flags: ReadOnly, Keys: OneKey, Handler: smembers, Group: "set", Tips: "nondeterministic_output_order", Since: "1.0.0", Summary: "Lists every member of a set.",
		Syntax: "key", Complexity: "O(N) for N members"},
	{Name: "smismember", Arity: -3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: smismember, Group: "set", Since: "6.2.0", Summary: "Tells for each given member whether a set has it.",
		Syntax: "key member...", Complexity: "O(N) for N members asked for"},
	{Name: "smove", Arity: 4, Flags: Write | Fast, Keys: TwoKeys, Handler: smove, Group: "set", Since: "1.0.0", Summary: "Takes a member out of one set and puts it into another.",
		Syntax: "source destination member", Complexity: "O(1)"},
	{Name: "spop", Arity: -2, Flags: Write | Frees | Fast | Random, Keys: OneKey, Handler: spop, Group: "set", Tips: "nondeterministic_output", Since: "1.0.0", Summary: "Takes one or more members out of a set at random.",
		Syntax: "key [count]@3.2.0", Complexity: "O(N) for N members popped"},
	{Name: "srandmember", Arity: -2, Flags: ReadOnly | Random, Keys: OneKey, Handler: srandmember, Group: "set", Tips: "nondeterministic_output", Since: "1.0.0", Summary: "Picks members of a set at random and leaves them there.",
		Syntax: "key [count]@2.6.0", Complexity: "O(N) for N members returned"},
	{Name: "srem", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: srem, Group: "set", Since: "1.0.0", Summary: "Takes members out of a set and tells how many there were.",
		Syntax: "key member...", Complexity: "O(N) for N members"},
	{Name: "sscan", Arity: -3, Flags: ReadOnly | Random, Keys: OneKey, Handler: sscan, Group: "set", Tips: "nondeterministic_output", Since: "2.8.0", Summary: "Walks through the members of a set, some at each call.",
		Syntax: "key cursor [MATCH pattern] [COUNT count]", Complexity: "O(N) for a count of N"},
	{Name: "sunion", Arity: -2, Flags: ReadOnly, Keys: AllKeys, Handler: sunion, Group: "set", Tips: "nondeterministic_output_order", Since: "1.0.0", Summary: "Lists the members that any of the given sets has.",
		Syntax: "key...", Complexity: "O(N) for N members in all sets"},
	{Name: "sunionstore", Arity: -3, Flags: Write | DenyOOM, Keys: AllKeys, Handler: sunionstore, Group: "set", Since: "1.0.0", Summary: "Replaces the destination key with the result of SUNION.",
		Syntax: "destination key...", Complexity: "O(N) for N members in all sets"},
}

func sadd(c *Ctx) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := int64(0)
	for _, member := range c.Args[2:] {
		created, err := s.Add(member)
		if err != nil {
			return err
		}
		if created {
			n++
		}
	}
	if n > 0 {
		s.Save()
		c.T.Event(datatype.ClassSet, "sadd", s.Name)
	}
	return c.int(n)
}

func srem(c *Ctx) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := int64(0)
	for _, member := range c.Args[2:] {
		gone, err := s.Remove(member)
		if err != nil {
			return err
		}
		if gone {
			n++
		}
	}
	if n > 0 {
		saveSmaller(c, &s, "srem")
	}
	return c.int(n)
}

// saveSmaller saves a set that has lost members, and tells of it.
func saveSmaller(c *Ctx, s *datatype.Set, event string) {
	s.Save()
	c.T.Event(datatype.ClassSet, event, s.Name)
	if !s.Exists {
		c.T.Event(datatype.ClassGeneric, "del", s.Name)
	}
}

func smove(c *Ctx) error {
	src, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !src.Exists {
		return c.int(0)
	}
	dst, err := datatype.LoadSet(c.T, c.Args[2])
	if err != nil {
		return err
	}
	member := c.Args[3]
	if string(src.Name) == string(dst.Name) {
		found, err := src.Has(member)
		if err != nil {
			return err
		}
		return c.boolInt(found)
	}
	if gone, err := src.Remove(member); err != nil || !gone {
		c.W.Int(0)
		return err
	}
	saveSmaller(c, &src, "srem")
	created, err := dst.Add(member)
	if err != nil {
		return err
	}
	dst.Save()
	if created {
		c.T.Event(datatype.ClassSet, "sadd", dst.Name)
	}
	return c.int(1)
}

func scard(c *Ctx) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.int(int64(s.Len()))
}

func sismember(c *Ctx) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	found, err := s.Has(c.Args[2])
	if err != nil {
		return err
	}
	return c.boolInt(found)
}

func smismember(c *Ctx) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		found, err := s.Has(member)
		if err != nil {
			return err
		}
		_ = c.boolInt(found)
	}
	return nil
}

func smembers(c *Ctx) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Set(s.Len())
	return s.Each(func(member []byte) bool { c.W.Bulk(member); return true })
}

func sscan(c *Ctx) error {
	o, err := parseElementScan(c, layout.TypeSet)
	if err != nil {
		return err
	}
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	reply := newScanReply(c, o)
	next, err := s.Scan(o.cursor, o.count, func(member []byte) {
		if o.matches(member) {
			reply.add(member)
		}
	})
	if err != nil {
		return err
	}
	return reply.finish(next)
}

// optionalCount reads the count that SPOP, ZPOPMIN and ZPOPMAX may have; many says that it is there, which
// makes the reply an array.
func optionalCount(c *Ctx) (count int64, many bool, err error) {
	if len(c.Args) > 3 {
		return 0, false, resp.ErrSyntax
	}
	if len(c.Args) < 3 {
		return 1, false, nil
	}
	count, ok := numeric.ParseInt64(c.Args[2])
	if !ok || count < 0 {
		return 0, false, resp.ErrNotPositive
	}
	return count, true, nil
}

func spop(c *Ctx) error {
	count, many, err := optionalCount(c)
	if err != nil {
		return err
	}
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := int(min(count, int64(s.Len())))
	switch {
	case many:
		c.W.Set(n)
	case n == 0:
		c.W.Null()
	}
	if n == 0 {
		return nil
	}
	if err := s.Pop(n, func(member []byte) { c.W.Bulk(member) }); err != nil {
		return err
	}
	saveSmaller(c, &s, "spop")
	return nil
}

func srandmember(c *Ctx) error {
	if len(c.Args) > 3 {
		return resp.ErrSyntax
	}
	count, many := int64(1), len(c.Args) == 3
	if many {
		var ok bool
		if count, ok = numeric.ParseInt64(c.Args[2]); !ok {
			return resp.ErrNotInt
		}
		if count == math.MinInt64 {
			return errCountRange
		}
	}
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	emit := func(member []byte) { c.W.Bulk(member) }
	switch size := int64(s.Len()); {
	case !many && size == 0:
		return c.null()
	case !many:
		return s.Random(1, emit)
	case size == 0 || count == 0:
		c.W.Array(0)
		return nil
	case count < 0:
		c.W.Array(int(-count))
		return s.Random(int(-count), emit)
	case count >= size:
		c.W.Array(int(size))
		return s.Each(func(member []byte) bool { emit(member); return true })
	}
	c.W.Array(int(count))
	return s.Sample(int(count), emit)
}
