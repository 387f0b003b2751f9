package datatype

import (
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/rdb"
)

// dumpStream writes entries in the nodes that they would get if they were added now: those that
// Redis began may have grown together where entries were removed.
func dumpStream(dst []byte, k *Key) ([]byte, error) {
	s, err := LoadStream(k.t, k.Name)
	if err != nil {
		return nil, err
	}
	entries, nodes, err := dumpEntries(&s)
	if err != nil {
		return nil, err
	}
	dst = append(rdb.AppendStream(dst, nodes), entries...)
	m := rdb.StreamMeta{
		Length: uint64(s.Len()), Last: rdb.StreamID(s.Meta.Last), MaxDeleted: rdb.StreamID(s.Meta.MaxDeleted), Added: s.Meta.Added,
	}
	dst, n := rdb.AppendStreamMeta(dst, m, rdb.StreamID(s.Meta.First), int(s.Meta.Groups)), 0
	err = s.EachGroup(func(g *Group) error {
		n++
		dst, err = dumpGroup(dst, g)
		return err
	})
	return dst, whole(err, n, int(s.Meta.Groups))
}

// dumpEntries returns all nodes and their number.
func dumpEntries(s *Stream) (b []byte, nodes int, err error) {
	var (
		node   rdb.StreamNode
		at     layout.StreamNode
		fields [][]byte
		n      int
	)
	all := EntryRange{From: s.Meta.First, To: s.Meta.Last}
	err = s.Each(all, func(id layout.StreamID, e layout.StreamEntry) bool {
		fields = fields[:0]
		for e.Strings > 0 {
			fields = append(fields, e.Next())
		}
		if joinNode(&at, s.t.Limits(), id, fields, textBytes(fields)) {
			if node.Len() > 0 {
				b = node.Append(b)
			}
			nodes++
		}
		node.Add(rdb.StreamID(id), fields)
		n++
		return true
	})
	if node.Len() > 0 {
		b = node.Append(b)
	}
	return b, nodes, whole(err, n, s.Len())
}

// dumpGroup writes a group: what is pending, and then whose it is.
func dumpGroup(dst []byte, g *Group) ([]byte, error) {
	if err := g.s.t.Heavy(int(g.Pending)); err != nil {
		return nil, err
	}
	dst, n := rdb.AppendStreamGroup(dst, g.Name, rdb.StreamID(g.Last), g.EntriesRead(), g.Pending), 0
	err := g.EachPending(layout.StreamID{}, layout.MaxStreamID, func(p *Pending) bool {
		dst = rdb.AppendStreamPending(dst, rdb.StreamPending{ID: rdb.StreamID(p.ID), DeliveredMS: p.TimeMS, Deliveries: uint64(p.Deliveries)})
		n++
		return true
	})
	if err := whole(err, n, int(g.Pending)); err != nil {
		return nil, err
	}
	dst, n = rdb.AppendLength(dst, g.Consumers), 0
	err = g.EachConsumer(func(c *Consumer) error {
		n++
		dst, err = dumpConsumer(dst, g, c)
		return err
	})
	return dst, whole(err, n, int(g.Consumers))
}

func dumpConsumer(dst []byte, g *Group, c *Consumer) ([]byte, error) {
	dst, n := rdb.AppendStreamConsumer(dst, c.Name, c.SeenMS, c.Pending), 0
	err := g.EachOwned(c, layout.StreamID{}, int(c.Pending), func(id layout.StreamID) bool {
		dst = rdb.AppendStreamOwned(dst, rdb.StreamID(id))
		n++
		return true
	})
	return dst, whole(err, n, int(c.Pending))
}
