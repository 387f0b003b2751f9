package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// parseTimeout turns the seconds that a blocking command may wait into a
// deadline, Unix ms; 0 stands for none.
func parseTimeout(c *Ctx, arg []byte) (deadlineMS int64, err error) {
	if _, ok := numeric.ParseLongDouble(arg); !ok {
		return 0, resp.ErrTimeoutNotNum
	}
	const outOfRange resp.Err = "ERR timeout is out of range"
	seconds, ok := numeric.ParseFloat(arg)
	ms := math.Ceil(seconds * 1000)
	switch {
	case ms < 0:
		return 0, resp.ErrTimeoutNeg
	case !ok || ms >= math.MaxInt64 || int64(ms) > math.MaxInt64-c.T.NowMS():
		return 0, outOfRange
	case ms == 0:
		return 0, nil
	}
	return c.T.NowMS() + int64(ms), nil
}

func nullArray(w *resp.Writer) { w.NullArray() }

func blpop(c *Ctx) error { return blockingPop(c, datatype.Left) }

func brpop(c *Ctx) error { return blockingPop(c, datatype.Right) }

func blockingPop(c *Ctx, side datatype.Side) error {
	last := len(c.Args) - 1
	deadline, err := parseTimeout(c, c.Args[last])
	if err != nil {
		return err
	}
	keys := c.Args[1:last]
	l, err := firstList(c, keys)
	if err != nil {
		return err
	}
	if !l.Exists {
		return c.Block(Wait{Keys: keys, DeadlineMS: deadline, OnTimeout: nullArray})
	}
	val, err := l.Pop(side)
	if err != nil {
		return err
	}
	c.W.Array(2)
	c.W.Bulk(l.Name)
	c.W.Bulk(val)
	return removed(c, &l, popEvents[side])
}

func blmpop(c *Ctx) error {
	o, err := parseListMPop(c.Args[2:])
	if err != nil {
		return err
	}
	deadline, err := parseTimeout(c, c.Args[1])
	if err != nil {
		return err
	}
	l, err := firstList(c, o.keys)
	if err != nil {
		return err
	}
	if !l.Exists {
		return c.Block(Wait{Keys: o.keys, DeadlineMS: deadline, OnTimeout: nullArray})
	}
	return popNamed(c, &l, o)
}

func blmove(c *Ctx) error {
	from, to, err := parseSides(c.Args[3], c.Args[4])
	if err != nil {
		return err
	}
	return blockingMove(c, from, to, c.Args[5])
}

func brpoplpush(c *Ctx) error {
	return blockingMove(c, datatype.Right, datatype.Left, c.Args[3])
}

func blockingMove(c *Ctx, from, to datatype.Side, timeout []byte) error {
	deadline, err := parseTimeout(c, timeout)
	if err != nil {
		return err
	}
	source := c.Args[1:2]
	l, err := firstList(c, source)
	switch {
	case err != nil:
		return err
	case l.Exists:
		return moveElement(c, &l, from, to)
	case c.NoWait:
		return c.null() // not the array that a time-out gives
	}
	return c.Block(Wait{Keys: source, DeadlineMS: deadline, OnTimeout: nullArray})
}
