package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// setOperation visits the members of the union, intersection or difference of sets.
type setOperation func(sets []datatype.Set, visit func(member []byte)) error

func interAll(sets []datatype.Set, visit func(member []byte)) error {
	return datatype.InterSets(sets, func(member []byte) bool { visit(member); return true })
}

func sinter(c *Ctx) error { return replySets(c, interAll) }

func sunion(c *Ctx) error { return replySets(c, datatype.UnionSets) }

func sdiff(c *Ctx) error { return replySets(c, datatype.DiffSets) }

func replySets(c *Ctx, operation setOperation) error {
	sets, err := datatype.LoadSets(c.T, c.Args[1:])
	if err != nil {
		return err
	}
	n, header := 0, c.late()
	if err := operation(sets, func(member []byte) { c.W.Bulk(member); n++ }); err != nil {
		return err
	}
	return header.finish(c.W.Set, n)
}

func sinterstore(c *Ctx) error { return storeSets(c, interAll, "sinterstore") }

func sunionstore(c *Ctx) error { return storeSets(c, datatype.UnionSets, "sunionstore") }

func sdiffstore(c *Ctx) error { return storeSets(c, datatype.DiffSets, "sdiffstore") }

// storeSets gathers the result before it writes it: the destination may be among
// the sources.
func storeSets(c *Ctx, operation setOperation, event string) error {
	sets, err := datatype.LoadSets(c.T, c.Args[2:])
	if err != nil {
		return err
	}
	var members [][]byte
	var arena []byte
	err = operation(sets, func(member []byte) {
		from := len(arena)
		arena = append(arena, member...)
		members = append(members, arena[from:len(arena):len(arena)])
	})
	if err != nil {
		return err
	}
	existed, err := datatype.StoreSet(c.T, c.Args[1], members)
	if err != nil {
		return err
	}
	switch {
	case len(members) > 0:
		c.T.Event(datatype.ClassSet, event, c.Args[1])
	case existed:
		c.T.Event(datatype.ClassGeneric, "del", c.Args[1])
	}
	return c.int(int64(len(members)))
}

func sintercard(c *Ctx) error {
	count, ok := numeric.ParseInt64(c.Args[1])
	if !ok || count < 1 {
		return resp.Err("ERR numkeys should be greater than 0")
	}
	if count > int64(len(c.Args)-2) {
		return resp.Err("ERR Number of keys can't be greater than number of args")
	}
	keysEnd := 2 + int(count)
	limit, err := parseCardLimit(c.Args[keysEnd:])
	if err != nil {
		return err
	}
	sets, err := datatype.LoadSets(c.T, c.Args[2:keysEnd])
	if err != nil {
		return err
	}
	n := int64(0)
	if err := datatype.InterSets(sets, func([]byte) bool { n++; return n < limit }); err != nil {
		return err
	}
	return c.int(n)
}

// parseCardLimit reads [LIMIT n] of SINTERCARD and ZINTERCARD; 0 is no limit.
func parseCardLimit(args [][]byte) (int64, error) {
	limit := int64(0)
	for ; len(args) > 0; args = args[2:] {
		if len(args) < 2 || !equalFold(args[0], "limit") {
			return 0, resp.ErrSyntax
		}
		var ok bool
		if limit, ok = numeric.ParseInt64(args[1]); !ok || limit < 0 {
			return 0, resp.Err("ERR LIMIT can't be negative")
		}
	}
	if limit == 0 {
		limit = math.MaxInt64
	}
	return limit, nil
}
