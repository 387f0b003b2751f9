package command

import (
	"bytes"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// positions finds what LPOS asks for.
func positions(l *datatype.List, val []byte, o *posOptions) (found []int, err error) {
	n := l.Len()
	if n == 0 {
		return nil, nil
	}
	look := n
	if o.maxLen > 0 {
		look = int(min(o.maxLen, int64(n)))
	}
	from, to := 0, look-1
	if o.back {
		from, to = n-1, n-look
	}
	want := o.count
	if !o.hasCount {
		want = 1
	}
	matches := int64(0)
	err = l.Each(from, to, func(i int, v []byte) bool {
		if !bytes.Equal(v, val) {
			return true
		}
		if matches++; matches < o.rank {
			return true
		}
		found = append(found, i)
		return want == 0 || int64(len(found)) < want
	})
	return found, err
}

// parseSide reads LEFT or RIGHT.
func parseSide(arg []byte) (datatype.Side, error) {
	switch {
	case equalFold(arg, "left"):
		return datatype.Left, nil
	case equalFold(arg, "right"):
		return datatype.Right, nil
	}
	return 0, resp.ErrSyntax
}

func lmove(c *Ctx) error {
	from, to, err := parseSides(c.Args[3], c.Args[4])
	if err != nil {
		return err
	}
	return moveOrNull(c, from, to)
}

func rpoplpush(c *Ctx) error { return moveOrNull(c, datatype.Right, datatype.Left) }

func parseSides(a, b []byte) (from, to datatype.Side, err error) {
	if from, err = parseSide(a); err == nil {
		to, err = parseSide(b)
	}
	return from, to, err
}

func moveOrNull(c *Ctx, from, to datatype.Side) error {
	src, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !src.Exists {
		return c.null()
	}
	return moveElement(c, &src, from, to)
}

// moveElement moves one element from an end of src, which is not empty, to an end of
// the list that the second key names.
func moveElement(c *Ctx, src *datatype.List, from, to datatype.Side) error {
	name := c.Args[2]
	if bytes.Equal(src.Name, name) {
		return rotate(c, src, from, to)
	}
	dst, err := datatype.LoadList(c.T, name)
	if err != nil {
		return err
	}
	val, err := src.Pop(from)
	if err != nil {
		return err
	}
	dst.Push(to, val)
	if err := dst.Save(); err != nil {
		return err
	}
	c.T.Event(datatype.ClassList, pushEvents[to], name)
	c.W.Bulk(val)
	return removed(c, src, popEvents[from])
}

func rotate(c *Ctx, l *datatype.List, from, to datatype.Side) error {
	val, err := l.Pop(from)
	if err != nil {
		return err
	}
	l.Push(to, val)
	c.T.Event(datatype.ClassList, pushEvents[to], l.Name)
	c.W.Bulk(val)
	return removed(c, l, popEvents[from])
}

// numKeys finds the keys of a command whose argument at says how many follow it.
func numKeys(args [][]byte, at int) (keys []int, ok bool) {
	if at >= len(args) {
		return nil, false
	}
	n, ok := numeric.ParseInt64(args[at])
	if !ok || n < 1 || n > int64(len(args)-at-1) {
		return nil, false
	}
	for i := range int(n) {
		keys = append(keys, at+1+i)
	}
	return keys, true
}

// mpopOptions are the arguments of LMPOP and BLMPOP from numkeys on.
type mpopOptions struct {
	keys  [][]byte
	side  datatype.Side
	count int64
}

func parseListMPop(args [][]byte) (o mpopOptions, err error) {
	o.keys, o.count, err = parseMPop(args, func(end []byte) error {
		o.side, err = parseSide(end)
		return err
	})
	return o, err
}

// parseMPop reads numkeys, keys, the end to pop from, and COUNT: what LMPOP, ZMPOP and their
// blocking forms have in common. An error of the end comes before one of COUNT.
func parseMPop(args [][]byte, end func([]byte) error) (keys [][]byte, count int64, err error) {
	n, ok := numeric.ParseInt64(args[0])
	if !ok || n < 1 {
		return nil, 0, resp.Err("ERR numkeys should be greater than 0")
	}
	if n >= int64(len(args)-1) {
		return nil, 0, resp.ErrSyntax
	}
	keys, args = args[1:n+1], args[n+1:]
	if err := end(args[0]); err != nil {
		return nil, 0, err
	}
	if args = args[1:]; len(args) == 0 {
		return keys, 1, nil
	}
	if len(args) < 2 || !equalFold(args[0], "count") {
		return nil, 0, resp.ErrSyntax
	}
	if count, ok = numeric.ParseInt64(args[1]); !ok || count < 1 {
		return nil, 0, resp.Err("ERR count should be greater than 0")
	}
	if len(args) > 2 {
		return nil, 0, resp.ErrSyntax
	}
	return keys, count, nil
}

func lmpop(c *Ctx) error {
	o, err := parseListMPop(c.Args[1:])
	if err != nil {
		return err
	}
	l, err := firstList(c, o.keys)
	if err != nil {
		return err
	}
	if !l.Exists {
		c.W.NullArray()
		return nil
	}
	return popNamed(c, &l, o)
}

// popNamed replies with the list's name and the elements that it takes from it.
func popNamed(c *Ctx, l *datatype.List, o mpopOptions) error {
	c.W.Array(2)
	c.W.Bulk(l.Name)
	return popMany(c, l, o.side, o.count)
}

// firstList returns the first list among the keys, or one that does not exist. A
// client that has waited is not told that a key holds something else by now.
func firstList(c *Ctx, keys [][]byte) (l datatype.List, err error) {
	for _, name := range keys {
		l, err = datatype.LoadList(c.T, name)
		if c.Again && err == resp.ErrWrongType {
			l, err = datatype.List{}, nil
			continue
		}
		if err != nil || l.Exists {
			return l, err
		}
	}
	return l, err
}
