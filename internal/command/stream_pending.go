package command

import (
	"bytes"
	"math"
	"strings"

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

// claimOptions are the arguments of XCLAIM from the idle time on.
type claimOptions struct {
	idle   int64
	ids    []layout.StreamID
	timeMS int64
	retry  int64 // -1: as it is, or one more
	force  bool
	justID bool
	last   layout.StreamID
}

func parseClaim(c *Ctx) (o claimOptions, err error) {
	var ok bool
	if o.idle, ok = numeric.ParseInt64(c.Args[4]); !ok {
		return o, resp.Err("ERR Invalid min-idle-time argument for XCLAIM")
	}
	i := 5
	for ; i < len(c.Args); i++ {
		id, err := parseStreamID(c.Args[i], 0)
		if err != nil {
			break // here the options begin
		}
		o.ids = append(o.ids, id)
	}
	o.timeMS, o.retry = -1, -1
	for ; i < len(c.Args); i++ {
		arg, more := c.Args[i], i+1 < len(c.Args)
		switch {
		case equalFold(arg, "force"):
			o.force = true
			continue
		case equalFold(arg, "justid"):
			o.justID = true
			continue
		case more && equalFold(arg, "idle"):
			o.timeMS, ok = numeric.ParseInt64(c.Args[i+1])
			o.timeMS = c.T.NowMS() - o.timeMS
		case more && equalFold(arg, "time"):
			o.timeMS, ok = numeric.ParseInt64(c.Args[i+1])
		case more && equalFold(arg, "retrycount"):
			o.retry, ok = numeric.ParseInt64(c.Args[i+1])
		case more && equalFold(arg, "lastid"):
			if o.last, err = parseStreamID(c.Args[i+1], 0); err != nil {
				return o, err
			}
		default:
			return o, resp.Err("ERR Unrecognized XCLAIM option " + quoted(arg))
		}
		if !ok {
			return o, resp.Err("ERR Invalid " + strings.ToUpper(string(arg)) + " option argument for XCLAIM")
		}
		i++
	}
	if o.timeMS < 0 || o.timeMS > c.T.NowMS() {
		o.timeMS = c.T.NowMS() // a client's clock may be ahead
	}
	return o, nil
}

func xclaim(c *Ctx) error {
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	g, err := claimedGroup(&s, c.Args[2])
	if err != nil {
		return err
	}
	o, err := parseClaim(c)
	if err != nil {
		return err
	}
	if g.Last.Less(o.last) {
		g.Last = o.last
	}
	consumer, err := g.Arrive(c.Args[3])
	if err != nil {
		return err
	}
	at, n := len(c.W.Buf), 0
	for _, id := range o.ids {
		e, claimed, err := claimOne(c, &s, &g, &consumer, &o, id)
		if err != nil {
			return err
		}
		if !claimed {
			continue
		}
		n++
		writeClaimed(c, id, e, o.justID)
	}
	c.W.InsertArray(at, n)
	g.SaveConsumer(&consumer)
	g.Save()
	return nil
}

func writeClaimed(c *Ctx, id layout.StreamID, e layout.StreamEntry, justID bool) {
	if justID {
		writeID(c.W, id)
	} else {
		writeEntry(c.W, id, e)
	}
}

// claimOne makes an entry the consumer's. What is no longer in the stream is not
// pending any more.
func claimOne(c *Ctx, s *datatype.Stream, g *datatype.Group, consumer *datatype.Consumer, o *claimOptions, id layout.StreamID) (e layout.StreamEntry, claimed bool, err error) {
	p, pending, err := g.PendingOf(id)
	if err != nil {
		return e, false, err
	}
	e, found, err := s.Entry(id)
	switch {
	case err != nil:
		return e, false, err
	case !found && pending:
		return e, false, g.Drop(&p, consumer)
	case !found || !pending && !o.force:
		return e, false, nil
	case pending && o.idle > 0 && c.T.NowMS()-p.TimeMS < o.idle:
		return e, false, nil
	case !pending:
		p.Deliveries = 1
	}
	p.TimeMS = o.timeMS
	if o.retry >= 0 {
		p.Deliveries = o.retry
	} else if !o.justID {
		p.Deliveries++
	}
	return e, true, g.Claim(consumer, &p, pending)
}

// autoClaimOptions are the arguments of XAUTOCLAIM from the idle time on.
type autoClaimOptions struct {
	idle   int64
	from   layout.StreamID
	count  int
	justID bool
}

// claimTries is how many pending entries XAUTOCLAIM looks at, for each that it may
// return.
const claimTries = 10

func parseAutoClaim(c *Ctx) (o autoClaimOptions, err error) {
	var ok bool
	if o.idle, ok = numeric.ParseInt64(c.Args[4]); !ok {
		return o, resp.Err("ERR Invalid min-idle-time argument for XAUTOCLAIM")
	}
	if o.from, err = parseFromID(c.Args[5]); err != nil {
		return o, err
	}
	o.count = 100
	for i := 6; i < len(c.Args); i++ {
		switch {
		case i+1 < len(c.Args) && equalFold(c.Args[i], "count"):
			i++
			n, ok := numeric.ParseInt64(c.Args[i])
			if !ok || n < 1 || n > math.MaxInt64/layout.StreamIDLen {
				return o, resp.Err("ERR COUNT must be > 0")
			}
			o.count = int(n)
		case equalFold(c.Args[i], "justid"):
			o.justID = true
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func xautoclaim(c *Ctx) error {
	o, err := parseAutoClaim(c)
	if err != nil {
		return err
	}
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	g, err := claimedGroup(&s, c.Args[2])
	if err != nil {
		return err
	}
	list, cursor, err := findClaims(c, &s, &g, &o)
	if err != nil {
		return err
	}
	consumer, err := g.Arrive(c.Args[3])
	if err != nil {
		return err
	}
	c.W.Array(3)
	writeID(c.W, cursor)
	at, n := len(c.W.Buf), 0
	for i := range list {
		f := &list[i]
		if f.gone {
			err = g.Drop(&f.p, &consumer)
		} else {
			f.p.TimeMS = c.T.NowMS()
			if !o.justID {
				f.p.Deliveries++
			}
			err = g.Claim(&consumer, &f.p, true)
			writeClaimed(c, f.p.ID, f.entry, o.justID)
			n++
		}
		if err != nil {
			return err
		}
	}
	c.W.InsertArray(at, n)
	c.W.Array(len(list) - n)
	for i := range list {
		if list[i].gone {
			writeID(c.W, list[i].p.ID)
		}
	}
	g.SaveConsumer(&consumer)
	g.Save()
	return nil
}

// found is a pending entry that XAUTOCLAIM takes, or drops, because it is not in the
// stream any more.
type found struct {
	p     datatype.Pending
	entry layout.StreamEntry
	gone  bool
}

// findClaims looks for entries to claim, and returns where the next XAUTOCLAIM goes
// on.
func findClaims(c *Ctx, s *datatype.Stream, g *datatype.Group, o *autoClaimOptions) (list []found, cursor layout.StreamID, err error) {
	tries := min(uint64(o.count)*claimTries, g.Pending)
	if err := c.T.Heavy(int(tries)); err != nil {
		return nil, cursor, err
	}
	tries = uint64(o.count) * claimTries
	var inner error
	lowest := !g.Floor.Less(o.from)
	err = g.EachPending(o.from, layout.MaxStreamID, func(p *datatype.Pending) bool {
		if tries == 0 || len(list) == o.count {
			cursor = p.ID
			return false
		}
		if tries--; lowest {
			g.Floor, lowest = p.ID, false
		}
		f := found{p: *p}
		var exists bool
		f.entry, exists, inner = s.Entry(p.ID)
		f.gone = !exists
		if inner == nil && (f.gone || o.idle <= 0 || c.T.NowMS()-p.TimeMS >= o.idle) {
			f.p.Consumer = bytes.Clone(p.Consumer) // the walk goes on
			list = append(list, f)
		}
		return inner == nil
	})
	if inner != nil {
		err = inner
	}
	return list, cursor, err
}
