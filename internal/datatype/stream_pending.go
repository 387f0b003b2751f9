package datatype

import (
	"bytes"

	"github.com/haypile/haypile/internal/layout"
)

// What is pending in a group is kept in two orders: by ID, with who has it since when,
// and by consumer and ID, without a value.

// Pending is an entry that was delivered and not acknowledged.
type Pending struct {
	layout.StreamPending
	ID layout.StreamID
}

func (g *Group) pendingKey(id layout.StreamID) []byte {
	return id.Append(layout.AppendStreamPending(g.s.pairs(), g.Number))
}

func (g *Group) ownedKey(consumer []byte, id layout.StreamID) []byte {
	dst := append(g.s.t.Scratch(len(g.s.pairs())+layout.StreamKeyRoom+len(consumer)), g.s.pairs()...)
	return id.Append(layout.AppendStreamOwned(dst, g.Number, consumer))
}

// PendingOf reads one pending entry.
func (g *Group) PendingOf(id layout.StreamID) (p Pending, found bool, err error) {
	p.ID = id
	if g.Pending == 0 || id.Less(g.Floor) {
		return p, false, nil
	}
	raw, found, err := g.s.t.Get(g.pendingKey(id))
	if err == nil && found {
		err = p.Decode(raw)
	}
	return p, found, err
}

// put writes a pending entry.
func (g *Group) put(p *Pending) {
	g.s.t.Put(g.pendingKey(p.ID), p.Append(g.s.t.Scratch(24+len(p.Consumer))))
}

// Deliver hands entries that a consumer has been given into its care, unless it
// acknowledges them beforehand. Both must be saved.
func (g *Group) Deliver(c *Consumer, ids []layout.StreamID, noAck bool) error {
	for _, id := range ids {
		if g.advance(id); noAck {
			continue
		}
		old, found, err := g.PendingOf(id)
		if err != nil {
			return err
		}
		p := Pending{layout.StreamPending{TimeMS: g.s.t.NowMS(), Deliveries: 1, Consumer: c.Name}, id}
		if err := g.give(c, &p, old.Consumer, found); err != nil {
			return err
		}
	}
	if len(ids) > 0 && !noAck {
		c.ActiveMS = g.s.t.NowMS()
	}
	return nil
}

// give writes a pending entry, which is then the consumer's, whoever had it before.
func (g *Group) give(c *Consumer, p *Pending, owner []byte, owned bool) error {
	p.Consumer = c.Name
	g.put(p)
	if owned && bytes.Equal(owner, c.Name) {
		return nil
	}
	if owned {
		if err := g.disown(owner, p.ID); err != nil {
			return err
		}
	} else {
		if g.Pending == 0 || p.ID.Less(g.Floor) {
			g.Floor = p.ID
		}
		g.Pending++
	}
	g.s.t.Put(g.ownedKey(c.Name, p.ID), nil)
	c.Pending++
	return nil
}

// disown takes a pending entry from a consumer that no one else has at hand.
func (g *Group) disown(owner []byte, id layout.StreamID) error {
	c, err := g.Consumer(owner)
	if err != nil {
		return err
	}
	g.s.t.Delete(g.ownedKey(owner, id))
	c.Pending--
	g.SaveConsumer(&c)
	return nil
}

// Claim writes a pending entry that is now the consumer's; owned says that it was
// pending before, for p's Consumer. Both must be saved.
func (g *Group) Claim(c *Consumer, p *Pending, owned bool) error {
	c.ActiveMS = g.s.t.NowMS()
	return g.give(c, p, p.Consumer, owned)
}

// Drop removes a pending entry. c, if it is not nil, is a consumer that will be saved.
func (g *Group) Drop(p *Pending, c *Consumer) error {
	g.s.t.Delete(g.pendingKey(p.ID))
	g.Pending--
	if p.ID == g.Floor {
		g.Floor, _ = p.ID.Next()
	}
	if c != nil && bytes.Equal(c.Name, p.Consumer) {
		g.s.t.Delete(g.ownedKey(c.Name, p.ID))
		c.Pending--
		return nil
	}
	return g.disown(p.Consumer, p.ID)
}

// Ack removes what is acknowledged and returns how much there was. Save must follow.
func (g *Group) Ack(ids []layout.StreamID) (n int, err error) {
	for _, id := range ids {
		p, found, err := g.PendingOf(id)
		if err != nil {
			return 0, err
		}
		if !found {
			continue
		}
		if err := g.Drop(&p, nil); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// EachPending visits what is pending in an interval, both ends included.
func (g *Group) EachPending(from, to layout.StreamID, visit func(p *Pending) bool) error {
	if g.Pending == 0 {
		return nil
	}
	var inner error
	var p Pending
	prefix := g.s.bound(layout.AppendStreamPending(g.s.pairs(), g.Number))
	err := g.walkIDs(prefix, from, to, func(id layout.StreamID, val []byte) bool {
		p.ID = id
		if inner = p.Decode(val); inner != nil {
			return false
		}
		return visit(&p)
	})
	if inner != nil {
		return inner
	}
	return err
}

// EachOwned visits what is pending for a consumer from an ID on, at most n.
func (g *Group) EachOwned(c *Consumer, from layout.StreamID, n int, visit func(id layout.StreamID) bool) error {
	n = min(n, int(c.Pending))
	if n == 0 {
		return nil
	}
	if err := g.s.t.Heavy(n); err != nil {
		return err
	}
	dst := append(g.s.t.Scratch(len(g.s.pairs())+layout.StreamKeyRoom+len(c.Name)), g.s.pairs()...)
	prefix := layout.AppendStreamOwned(dst, g.Number, c.Name)
	return g.walkIDs(prefix, from, layout.MaxStreamID, func(id layout.StreamID, _ []byte) bool {
		n--
		return visit(id) && n > 0
	})
}

// walkIDs visits the pairs of an interval of IDs behind a prefix.
func (g *Group) walkIDs(prefix []byte, from, to layout.StreamID, visit func(id layout.StreamID, val []byte) bool) error {
	if from.Less(g.Floor) {
		from = g.Floor // below are the tombstones of what was acknowledged
	}
	if to.Less(from) {
		return nil
	}
	cut := len(prefix)
	end := prefixEnd(g.s.t, prefix)
	if next, ok := to.Next(); ok {
		end = next.Append(g.s.bound(prefix))
	}
	it, err := g.s.t.Iter(from.Append(prefix), end)
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		id, err := layout.DecodeStreamID(it.Key()[cut:])
		if err != nil {
			return err
		}
		if !visit(id, it.Value()) {
			return nil
		}
	}
	return it.Error()
}

// LastPending is the greatest ID that is pending; something is.
func (g *Group) LastPending() (layout.StreamID, error) {
	prefix := g.s.bound(layout.AppendStreamPending(g.s.pairs(), g.Number))
	it, err := g.s.t.Iter(prefix, prefixEnd(g.s.t, prefix))
	if err != nil {
		return layout.StreamID{}, err
	}
	defer it.Close()
	if !it.Last() {
		return layout.StreamID{}, missing(it)
	}
	return layout.DecodeStreamID(it.Key()[len(prefix):])
}

// Redeliver notes that a pending entry was given to its consumer once more.
func (g *Group) Redeliver(id layout.StreamID) error {
	p, found, err := g.PendingOf(id)
	if err != nil || !found {
		return err
	}
	p.TimeMS = g.s.t.NowMS()
	p.Deliveries++
	g.put(&p)
	return nil
}
