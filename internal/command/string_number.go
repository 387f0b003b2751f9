package command

import (
	"errors"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

func incr(c *Ctx) error { return addInt(c, 1) }

func decr(c *Ctx) error { return addInt(c, -1) }

func incrBy(c *Ctx) error {
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	return addInt(c, n)
}

func decrBy(c *Ctx) error {
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	if n == -n && n != 0 {
		return resp.Err("ERR decrement would overflow")
	}
	return addInt(c, -n)
}

func addInt(c *Ctx, by int64) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	var n int64
	if s.Exists {
		var ok bool
		if n, ok = numeric.ParseInt64(s.Short()); !ok {
			return resp.ErrNotInt
		}
	}
	sum := n + by
	if by > 0 && sum < n || by < 0 && sum > n {
		return resp.ErrOverflow
	}
	datatype.SetString(&s.Key, numeric.AppendInt(c.T.Scratch(20), sum), s.Head.ExpireMS)
	c.T.Event(datatype.ClassString, "incrby", s.Name)
	return c.int(sum)
}

func incrByFloat(c *Ctx) error {
	s, err := datatype.LoadString(c.T, c.Args[1])
	if err != nil {
		return err
	}
	old := []byte("0")
	if s.Exists {
		old = s.Short()
	}
	sum, err := numeric.AddLongDouble(old, c.Args[2])
	switch {
	case errors.Is(err, numeric.ErrNotFloat):
		return resp.ErrNotFloat
	case err != nil:
		return resp.ErrNaNOrInf
	}
	datatype.SetString(&s.Key, sum, s.Head.ExpireMS)
	c.T.Event(datatype.ClassString, "incrbyfloat", s.Name)
	return c.bulk(sum)
}
