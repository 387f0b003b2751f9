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
