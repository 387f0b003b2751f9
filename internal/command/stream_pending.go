package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// claimedGroup reads the group of XPENDING, XCLAIM and XAUTOCLAIM, which must exist.
func claimedGroup(s *datatype.Stream, name []byte) (datatype.Group, error) {
	g, err := s.Group(name)
	if err == nil && !g.Exists {
		err = resp.Err("NOGROUP No such key " + quoted(s.Name) + " or consumer group " + quoted(name))
	}
	return g, err
}

// pendingOptions are the arguments of XPENDING behind the group.
type pendingOptions struct {
	idle     int64
	from, to layout.StreamID
	count    int64
	consumer []byte
}

func parsePending(args [][]byte) (o pendingOptions, err error) {
	if len(args) < 3 || len(args) > 6 {
		return o, resp.ErrSyntax
	}
	var ok bool
	if equalFold(args[0], "idle") {
		if o.idle, ok = numeric.ParseInt64(args[1]); !ok {
			return o, resp.ErrNotInt
		}
		if args = args[2:]; len(args) < 3 {
			return o, resp.ErrSyntax
		}
	}
	if o.count, ok = numeric.ParseInt64(args[2]); !ok {
		return o, resp.ErrNotInt
	}
	if o.from, err = parseFromID(args[0]); err != nil {
		return o, err
	}
	if o.to, err = parseToID(args[1]); err != nil {
		return o, err
	}
	if len(args) > 3 {
		o.consumer = args[3]
	}
	return o, nil
}

func xpending(c *Ctx) error {
	var o pendingOptions
	var err error
	if len(c.Args) > 3 {
		if o, err = parsePending(c.Args[3:]); err != nil {
			return err
		}
	}
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	g, err := claimedGroup(&s, c.Args[2])
	if err != nil {
		return err
	}
	if len(c.Args) == 3 {
		return pendingSummary(c, &g)
	}
	if o.consumer != nil {
		return pendingOfConsumer(c, &g, &o)
	}
	at, n := len(c.W.Buf), int64(0)
	if o.count > 0 {
		if err := c.T.Heavy(int(min(o.count, int64(g.Pending)))); err != nil {
			return err
		}
		err = g.EachPending(o.from, o.to, func(p *datatype.Pending) bool {
			if writePending(c, p, o.idle) {
				n++
			}
			return n < o.count
		})
	}
	c.W.InsertArray(at, int(n))
	return err
}

// pendingSummary replies with number, smallest and greatest ID, and the consumers that
// have something pending.
func pendingSummary(c *Ctx, g *datatype.Group) error {
	c.W.Array(4)
	c.W.Int(int64(g.Pending))
	if g.Pending == 0 {
		c.W.Null()
		c.W.Null()
		c.W.NullArray()
		return nil
	}
	err := g.EachPending(layout.StreamID{}, layout.MaxStreamID, func(p *datatype.Pending) bool {
		writeID(c.W, p.ID)
		return false
	})
	if err != nil {
		return err
	}
	last, err := g.LastPending()
	if err != nil {
		return err
	}
	writeID(c.W, last)
	at, n := len(c.W.Buf), 0
	err = g.EachConsumer(func(consumer *datatype.Consumer) error {
		if consumer.Pending > 0 {
			c.W.Array(2)
			c.W.Bulk(consumer.Name)
			c.W.BulkInt(int64(consumer.Pending))
			n++
		}
		return nil
	})
	c.W.InsertArray(at, n)
	return err
}

func pendingOfConsumer(c *Ctx, g *datatype.Group, o *pendingOptions) error {
	consumer, err := g.Consumer(o.consumer)
	if err != nil {
		return err
	}
	at, n := len(c.W.Buf), int64(0)
	var inner error
	if consumer.Exists && o.count > 0 {
		err = g.EachOwned(&consumer, o.from, math.MaxInt, func(id layout.StreamID) bool {
			if o.to.Less(id) {
				return false
			}
			var p datatype.Pending
			if p, _, inner = g.PendingOf(id); inner == nil && writePending(c, &p, o.idle) {
				n++
			}
			return inner == nil && n < o.count
		})
	}
	if inner != nil {
		return inner
	}
	c.W.InsertArray(at, int(n))
	return err
}

// writePending writes what is known of a pending entry, if it has been idle for so
// long.
func writePending(c *Ctx, p *datatype.Pending, idle int64) bool {
	since := c.T.NowMS() - p.TimeMS
	if idle != 0 && since < idle {
		return false
	}
	c.W.Array(4)
	writeID(c.W, p.ID)
	c.W.Bulk(p.Consumer)
	c.W.Int(max(since, 0))
	c.W.Int(p.Deliveries)
	return true
}
