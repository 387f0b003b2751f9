package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

func ttl(c *Ctx) error { return replyExpiry(c, true, false) }

func pttl(c *Ctx) error { return replyExpiry(c, false, false) }

func expireTime(c *Ctx) error { return replyExpiry(c, true, true) }

func pexpireTime(c *Ctx) error { return replyExpiry(c, false, true) }

// replyExpiry replies when a key expires: -2 without a key, -1 without an expiry.
func replyExpiry(c *Ctx, seconds, absolute bool) error {
	k, err := datatype.Load(c.T, c.Args[1])
	switch {
	case err != nil:
		return err
	case !k.Exists:
		return c.int(-2)
	case k.Head.ExpireMS == 0:
		return c.int(-1)
	}
	ms := k.Head.ExpireMS
	if !absolute {
		ms = max(0, ms-c.T.NowMS())
	}
	if seconds {
		ms = ms/1000 + (ms%1000+500)/1000
	}
	return c.int(ms)
}

func expire(c *Ctx) error { return setExpiry(c, true, false) }

func pexpire(c *Ctx) error { return setExpiry(c, false, false) }

func expireAt(c *Ctx) error { return setExpiry(c, true, true) }

func pexpireAt(c *Ctx) error { return setExpiry(c, false, true) }

// expireOptions are the conditions of EXPIRE and its kin.
type expireOptions struct{ nx, xx, gt, lt bool }

func parseExpireOptions(args [][]byte) (o expireOptions, err error) {
	for _, arg := range args {
		switch {
		case equalFold(arg, "nx"):
			o.nx = true
		case equalFold(arg, "xx"):
			o.xx = true
		case equalFold(arg, "gt"):
			o.gt = true
		case equalFold(arg, "lt"):
			o.lt = true
		default:
			return o, resp.Err("ERR Unsupported option " + string(arg))
		}
	}
	if o.nx && (o.xx || o.gt || o.lt) {
		return o, resp.Err("ERR NX and XX, GT or LT options at the same time are not compatible")
	}
	if o.gt && o.lt {
		return o, resp.Err("ERR GT and LT options at the same time are not compatible")
	}
	return o, nil
}

// allows compares with the expiry that the key has; none is later than any.
func (o expireOptions) allows(old, at int64) bool {
	switch {
	case o.nx && old != 0, o.xx && old == 0:
		return false
	case o.gt && (old == 0 || at <= old):
		return false
	}
	return !o.lt || old == 0 || at < old
}

func setExpiry(c *Ctx, seconds, absolute bool) error {
	o, err := parseExpireOptions(c.Args[3:])
	if err != nil {
		return err
	}
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	at, err := absoluteMS(c, n, seconds, absolute, false)
	if err != nil {
		return err
	}
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !k.Exists || !o.allows(k.Head.ExpireMS, at) {
		return c.int(0)
	}
	if at <= c.T.NowMS() { // also keeps 0 and negative times out of the head
		k.Remove()
		c.T.Event(datatype.ClassGeneric, "del", k.Name)
		return c.int(1)
	}
	if err := c.Txns.Refused(); err != nil { // see Frees
		return err
	}
	k.Head.ExpireMS = at
	k.Save()
	c.T.Event(datatype.ClassGeneric, "expire", k.Name)
	return c.int(1)
}

func persist(c *Ctx) error {
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !k.Exists || k.Head.ExpireMS == 0 {
		return c.int(0)
	}
	k.Head.ExpireMS = 0
	k.Save()
	c.T.Event(datatype.ClassGeneric, "persist", k.Name)
	return c.int(1)
}
