package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// infoStream loads the stream of an XINFO subcommand, which must exist.
func infoStream(c *Ctx) (datatype.Stream, error) {
	s, err := datatype.LoadStream(c.T, c.Args[2])
	if err == nil && !s.Exists {
		err = resp.ErrNoSuchKey
	}
	return s, err
}

func xinfoStream(c *Ctx) error {
	full, count := len(c.Args) > 3, int64(10)
	s, err := infoStream(c)
	if err != nil {
		return err
	}
	if full {
		if n := len(c.Args); n != 4 && n != 6 || !equalFold(c.Args[3], "full") || n == 6 && !equalFold(c.Args[4], "count") {
			return unknownSubcommand(c)
		}
		if len(c.Args) == 6 {
			n, ok := numeric.ParseInt64(c.Args[5])
			if !ok {
				return resp.ErrNotInt
			}
			if n >= 0 {
				count = n
			}
		}
		c.W.Map(9)
		writeStreamInfo(c, &s)
		return streamContent(c, &s, int(count))
	}
	c.W.Map(10)
	writeStreamInfo(c, &s)
	c.W.BulkString("groups")
	c.W.Int(int64(s.Meta.Groups))
	for _, end := range [...]struct {
		name    string
		reverse bool
	}{{"first-entry", false}, {"last-entry", true}} {
		c.W.BulkString(end.name)
		if err := writeEndEntry(c, &s, end.reverse); err != nil {
			return err
		}
	}
	return nil
}

// writeStreamInfo writes the seven pairs that both forms of XINFO STREAM have. The
// tree of nodes is Redis's; its size here is what it would be about.
func writeStreamInfo(c *Ctx, s *datatype.Stream) {
	nodes := int64(s.Len())
	if n := c.T.Limits().StreamNodeMaxEntries; n > 0 {
		nodes = (nodes + n - 1) / n
	}
	c.W.BulkString("length")
	c.W.Int(int64(s.Len()))
	c.W.BulkString("radix-tree-keys")
	c.W.Int(nodes)
	c.W.BulkString("radix-tree-nodes")
	c.W.Int(nodes + 1)
	c.W.BulkString("last-generated-id")
	writeID(c.W, s.Meta.Last)
	c.W.BulkString("max-deleted-entry-id")
	writeID(c.W, s.Meta.MaxDeleted)
	c.W.BulkString("entries-added")
	c.W.Int(int64(s.Meta.Added))
	c.W.BulkString("recorded-first-entry-id")
	writeID(c.W, s.Meta.First)
}

func writeEndEntry(c *Ctx, s *datatype.Stream, reverse bool) error {
	if s.Len() == 0 {
		return c.null()
	}
	r := datatype.EntryRange{From: s.Meta.First, To: s.Meta.Last, Reverse: reverse, Count: 1}
	return s.Each(r, func(id layout.StreamID, e layout.StreamEntry) bool {
		writeEntry(c.W, id, e)
		return true
	})
}

// streamContent writes entries and groups, of each list at most count; 0: all.
func streamContent(c *Ctx, s *datatype.Stream, count int) error {
	c.W.BulkString("entries")
	all := datatype.EntryRange{To: layout.MaxStreamID, Count: count}
	if err := writeEntries(c, s, all, nil); err != nil {
		return err
	}
	c.W.BulkString("groups")
	c.W.Array(int(s.Meta.Groups))
	return s.EachGroup(func(g *datatype.Group) error {
		c.W.Map(7)
		c.W.BulkString("name")
		c.W.Bulk(g.Name)
		c.W.BulkString("last-delivered-id")
		writeID(c.W, g.Last)
		writeProgress(c, g)
		c.W.BulkString("pel-count")
		c.W.Int(int64(g.Pending))
		c.W.BulkString("pending")
		if err := groupPending(c, g, count); err != nil {
			return err
		}
		c.W.BulkString("consumers")
		c.W.Array(int(g.Consumers))
		return g.EachConsumer(func(consumer *datatype.Consumer) error { return consumerContent(c, g, consumer, count) })
	})
}

// writeProgress writes what is known of how far a group has read.
func writeProgress(c *Ctx, g *datatype.Group) {
	writeKnown := func(name string, n int64, known bool) {
		c.W.BulkString(name)
		if known {
			c.W.Int(n)
		} else {
			c.W.Null()
		}
	}
	read := g.EntriesRead()
	writeKnown("entries-read", read, read != layout.UnknownRead)
	lag, known := g.Lag()
	writeKnown("lag", lag, known)
}

// atMost is count, where 0 stands for no limit, of so many.
func atMost(count int, of uint64) int {
	if count == 0 || uint64(count) > of {
		return int(of)
	}
	return count
}

func groupPending(c *Ctx, g *datatype.Group, count int) error {
	n := atMost(count, g.Pending)
	c.W.Array(n)
	if err := c.T.Heavy(n); err != nil {
		return err
	}
	return g.EachPending(layout.StreamID{}, layout.MaxStreamID, func(p *datatype.Pending) bool {
		c.W.Array(4)
		writeID(c.W, p.ID)
		c.W.Bulk(p.Consumer)
		c.W.Int(p.TimeMS)
		c.W.Int(p.Deliveries)
		n--
		return n > 0
	})
}

func consumerContent(c *Ctx, g *datatype.Group, consumer *datatype.Consumer, count int) error {
	c.W.Map(5)
	c.W.BulkString("name")
	c.W.Bulk(consumer.Name)
	c.W.BulkString("seen-time")
	c.W.Int(consumer.SeenMS)
	c.W.BulkString("active-time")
	c.W.Int(consumer.ActiveMS)
	c.W.BulkString("pel-count")
	c.W.Int(int64(consumer.Pending))
	c.W.BulkString("pending")
	n := atMost(count, consumer.Pending)
	c.W.Array(n)
	var inner error
	err := g.EachOwned(consumer, layout.StreamID{}, n, func(id layout.StreamID) bool {
		var p datatype.Pending
		if p, _, inner = g.PendingOf(id); inner != nil {
			return false
		}
		c.W.Array(3)
		writeID(c.W, id)
		c.W.Int(p.TimeMS)
		c.W.Int(p.Deliveries)
		return true
	})
	if inner != nil {
		return inner
	}
	return err
}

func xinfoGroups(c *Ctx) error {
	s, err := infoStream(c)
	if err != nil {
		return err
	}
	c.W.Array(int(s.Meta.Groups))
	return s.EachGroup(func(g *datatype.Group) error {
		c.W.Map(6)
		c.W.BulkString("name")
		c.W.Bulk(g.Name)
		c.W.BulkString("consumers")
		c.W.Int(int64(g.Consumers))
		c.W.BulkString("pending")
		c.W.Int(int64(g.Pending))
		c.W.BulkString("last-delivered-id")
		writeID(c.W, g.Last)
		writeProgress(c, g)
		return nil
	})
}

func xinfoConsumers(c *Ctx) error {
	s, err := infoStream(c)
	if err != nil {
		return err
	}
	g, err := existingGroup(&s, c.Args[3])
	if err != nil {
		return err
	}
	c.W.Array(int(g.Consumers))
	now := c.T.NowMS()
	return g.EachConsumer(func(consumer *datatype.Consumer) error {
		inactive := int64(-1)
		if consumer.ActiveMS >= 0 {
			inactive = now - consumer.ActiveMS
		}
		c.W.Map(4)
		c.W.BulkString("name")
		c.W.Bulk(consumer.Name)
		c.W.BulkString("pending")
		c.W.Int(int64(consumer.Pending))
		c.W.BulkString("idle")
		c.W.Int(max(now-consumer.SeenMS, 0))
		c.W.BulkString("inactive")
		c.W.Int(inactive)
		return nil
	})
}

func xinfoHelp(c *Ctx) error {
	return help(c, "XINFO",
		"CONSUMERS <key> <groupname>", "    Show consumers of <groupname>.",
		"GROUPS <key>", "    Show the stream consumer groups.",
		"STREAM <key> [FULL [COUNT <count>]", "    Show information about the stream.")
}
