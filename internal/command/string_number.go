package command

import (
	"errors"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
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
	k, err := datatype.LoadType(c.T, c.Args[1], layout.TypeString)
	if err != nil {
		return err
	}
	var n int64
	var expire int64
	if k.Exists {
		var ok bool
		if n, ok = numeric.ParseInt64(k.Head.Value); !ok {
			return resp.ErrNotInt
		}
		expire = k.Head.ExpireMS
	}
	sum := n + by
	if by > 0 && sum < n || by < 0 && sum > n {
		return resp.ErrOverflow
	}
	datatype.SetString(&k, numeric.AppendInt(c.T.Scratch(20), sum), expire)
	c.T.Event(datatype.ClassString, "incrby", k.Name)
	return c.int(sum)
}

func incrByFloat(c *Ctx) error {
	k, err := datatype.LoadType(c.T, c.Args[1], layout.TypeString)
	if err != nil {
		return err
	}
	old, expire := []byte("0"), int64(0)
	if k.Exists {
		old, expire = k.Head.Value, k.Head.ExpireMS
	}
	sum, err := numeric.AddLongDouble(old, c.Args[2])
	switch {
	case errors.Is(err, numeric.ErrNotFloat):
		return resp.ErrNotFloat
	case err != nil:
		return resp.ErrNaNOrInf
	}
	datatype.SetString(&k, sum, expire)
	c.T.Event(datatype.ClassString, "incrbyfloat", k.Name)
	return c.bulk(sum)
}
