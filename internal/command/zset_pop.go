package command

import (
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

func zpopmin(c *Ctx) error { return popScored(c, false) }

func zpopmax(c *Ctx) error { return popScored(c, true) }

func popScored(c *Ctx, highest bool) error {
	count, many, err := optionalCount(c)
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := int(min(count, int64(z.Len())))
	if n == 0 {
		c.W.Array(0)
		return nil
	}
	if many && c.W.Proto >= 3 {
		c.W.Array(n)
		return popEnd(c, &z, n, highest, scoredEmitter(c, true))
	}
	c.W.Array(2 * n)
	return popEnd(c, &z, n, highest, func(member []byte, score float64) {
		c.W.Bulk(member)
		c.W.Double(score)
	})
}

// popEnd removes members from an end and tells of it.
func popEnd(c *Ctx, z *datatype.ZSet, n int, highest bool, emit func(member []byte, score float64)) error {
	if err := z.Pop(n, highest, emit); err != nil {
		return err
	}
	event := "zpopmin"
	if highest {
		event = "zpopmax"
	}
	saveSmallerZSet(c, z, event)
	return nil
}

// firstZSet returns the first sorted set among the keys, or one that does not
// exist. A client that has waited is not told that a key holds something else by now.
func firstZSet(c *Ctx, keys [][]byte) (z datatype.ZSet, err error) {
	for _, name := range keys {
		z, err = datatype.LoadZSet(c.T, name)
		if c.Again && err == resp.ErrWrongType {
			z, err = datatype.ZSet{}, nil
			continue
		}
		if err != nil || z.Exists {
			return z, err
		}
	}
	return z, err
}

func bzpopmin(c *Ctx) error { return blockingPopScored(c, false) }

func bzpopmax(c *Ctx) error { return blockingPopScored(c, true) }

func blockingPopScored(c *Ctx, highest bool) error {
	last := len(c.Args) - 1
	deadline, err := parseTimeout(c, c.Args[last])
	if err != nil {
		return err
	}
	keys := c.Args[1:last]
	z, err := firstZSet(c, keys)
	if err != nil {
		return err
	}
	if !z.Exists {
		return c.Block(Wait{Keys: keys, DeadlineMS: deadline, OnTimeout: nullArray})
	}
	return popEnd(c, &z, 1, highest, func(member []byte, score float64) {
		c.W.Array(3)
		c.W.Bulk(z.Name)
		c.W.Bulk(member)
		c.W.Double(score)
	})
}

// zmpopOptions are the arguments of ZMPOP and BZMPOP from numkeys on.
type zmpopOptions struct {
	keys    [][]byte
	highest bool
	count   int64
}

func parseZMPop(args [][]byte) (o zmpopOptions, err error) {
	o.keys, o.count, err = parseMPop(args, func(end []byte) error {
		o.highest = equalFold(end, "max")
		if !o.highest && !equalFold(end, "min") {
			return resp.ErrSyntax
		}
		return nil
	})
	return o, err
}

func zmpop(c *Ctx) error {
	o, err := parseZMPop(c.Args[1:])
	if err != nil {
		return err
	}
	z, err := firstZSet(c, o.keys)
	if err != nil {
		return err
	}
	if !z.Exists {
		c.W.NullArray()
		return nil
	}
	return popNamedScored(c, &z, &o)
}

func bzmpop(c *Ctx) error {
	o, err := parseZMPop(c.Args[2:])
	if err != nil {
		return err
	}
	deadline, err := parseTimeout(c, c.Args[1])
	if err != nil {
		return err
	}
	z, err := firstZSet(c, o.keys)
	if err != nil {
		return err
	}
	if !z.Exists {
		return c.Block(Wait{Keys: o.keys, DeadlineMS: deadline, OnTimeout: nullArray})
	}
	return popNamedScored(c, &z, &o)
}

// popNamedScored replies the key and its popped members, in pairs.
func popNamedScored(c *Ctx, z *datatype.ZSet, o *zmpopOptions) error {
	n := int(min(o.count, int64(z.Len())))
	c.W.Array(2)
	c.W.Bulk(z.Name)
	c.W.Array(n)
	return popEnd(c, z, n, o.highest, func(member []byte, score float64) {
		c.W.Array(2)
		c.W.Bulk(member)
		c.W.Double(score)
	})
}
