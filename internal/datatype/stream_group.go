package datatype

import (
	"github.com/haypile/haypile/internal/layout"
)

// Group is a consumer group of a stream as one command sees it. Changes gather in
// memory: call Save when all are made.
type Group struct {
	layout.StreamGroup
	Name   []byte
	Exists bool
	s      *Stream
}

// Consumer is a consumer of a group. Changes gather in memory: call SaveConsumer.
type Consumer struct {
	layout.StreamConsumer
	Name   []byte
	Exists bool
}

func (s *Stream) groupKey(name []byte) []byte {
	return append(layout.AppendStreamGroups(s.pairs()), name...)
}

// Group reads a consumer group.
func (s *Stream) Group(name []byte) (Group, error) {
	g := Group{Name: name, s: s}
	if !s.Exists {
		return g, nil
	}
	raw, found, err := s.t.Get(s.groupKey(name))
	if err == nil && found {
		g.Exists, err = true, g.Decode(raw)
	}
	return g, err
}

// CreateGroup makes a group that begins behind an ID, as its one that does not exist
// is given. Both must be saved.
func (g *Group) Create(last layout.StreamID, read int64) {
	g.Exists = true
	g.StreamGroup = layout.StreamGroup{Number: g.s.t.NewVersion(), Last: last, Read: read}
	g.s.Meta.Groups++
	g.s.changed = true
}

// Save writes the group.
func (g *Group) Save() {
	g.s.t.Put(g.s.groupKey(g.Name), g.Append(g.s.t.Scratch(64)))
}

// Remove deletes the group with everything it has. The stream must be saved.
func (g *Group) Remove() {
	s := g.s
	prefix := append(s.t.Scratch(len(s.pairs())+layout.StreamKeyRoom), layout.AppendStreamNumber(s.pairs(), g.Number)...)
	s.t.DeleteRange(prefix, prefixEnd(s.t, prefix))
	s.t.Delete(s.groupKey(g.Name))
	s.Meta.Groups--
	s.changed, g.Exists = true, false
}

// EachGroup visits the groups in the order of their names.
func (s *Stream) EachGroup(visit func(g *Group) error) error {
	if s.Meta.Groups == 0 {
		return nil
	}
	if err := s.t.Heavy(int(s.Meta.Groups)); err != nil {
		return err
	}
	var list []Group // walked first: a visit may walk, too
	var inner error
	prefix := s.bound(layout.AppendStreamGroups(s.pairs()))
	err := Walk(s.t, prefix, func(name, val []byte) bool {
		g := Group{Name: append(s.t.Scratch(len(name)), name...), Exists: true, s: s}
		inner = g.Decode(val)
		list = append(list, g)
		return inner == nil
	})
	for i := range list {
		if err != nil || inner != nil {
			break
		}
		err = visit(&list[i])
	}
	if inner != nil {
		return inner
	}
	return err
}

// bound copies a key into memory of its own.
func (s *Stream) bound(key []byte) []byte {
	return append(s.t.Scratch(len(key)+layout.StreamKeyRoom), key...)
}

func (g *Group) consumerKey(name []byte) []byte {
	return append(layout.AppendStreamConsumers(g.s.pairs(), g.Number), name...)
}

// Consumer reads a consumer.
func (g *Group) Consumer(name []byte) (Consumer, error) {
	c := Consumer{Name: name}
	raw, found, err := g.s.t.Get(g.consumerKey(name))
	if err == nil && found {
		c.Exists, err = true, c.Decode(raw)
	}
	return c, err
}

// Arrive is Consumer for someone who asks for entries: the consumer is created if it
// is not there, and was seen now. Both must be saved.
func (g *Group) Arrive(name []byte) (Consumer, error) {
	c, err := g.Consumer(name)
	if err == nil && !c.Exists {
		g.createConsumer(&c)
	}
	c.SeenMS = g.s.t.NowMS()
	return c, err
}

// CreateConsumer makes a consumer unless there is one, and says whether it did. Save
// must follow.
func (g *Group) CreateConsumer(name []byte) (bool, error) {
	c, err := g.Consumer(name)
	if err != nil || c.Exists {
		return false, err
	}
	g.createConsumer(&c)
	g.SaveConsumer(&c)
	return true, nil
}

func (g *Group) createConsumer(c *Consumer) {
	c.Exists = true
	c.StreamConsumer = layout.StreamConsumer{SeenMS: g.s.t.NowMS(), ActiveMS: -1}
	g.Consumers++
	g.s.t.Notice(ClassStream, "xgroup-createconsumer", g.s.Name)
}

// SaveConsumer writes a consumer.
func (g *Group) SaveConsumer(c *Consumer) {
	g.s.t.Put(g.consumerKey(c.Name), c.Append(g.s.t.Scratch(32)))
}

// RemoveConsumer deletes a consumer with what is pending for it. Save must follow.
func (g *Group) RemoveConsumer(c *Consumer) error {
	var ids []layout.StreamID
	err := g.EachOwned(c, layout.StreamID{}, int(c.Pending), func(id layout.StreamID) bool {
		ids = append(ids, id)
		return true
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		g.s.t.Delete(g.pendingKey(id))
		g.s.t.Delete(g.ownedKey(c.Name, id))
	}
	g.s.t.Delete(g.consumerKey(c.Name))
	g.Pending -= uint64(len(ids))
	g.Consumers--
	return nil
}

// EachConsumer visits the consumers in the order of their names.
func (g *Group) EachConsumer(visit func(c *Consumer) error) error {
	if g.Consumers == 0 {
		return nil
	}
	if err := g.s.t.Heavy(int(g.Consumers)); err != nil {
		return err
	}
	var list []Consumer // walked first: a visit may walk, too
	var inner error
	prefix := g.s.bound(layout.AppendStreamConsumers(g.s.pairs(), g.Number))
	err := Walk(g.s.t, prefix, func(name, val []byte) bool {
		c := Consumer{Name: append(g.s.t.Scratch(len(name)), name...), Exists: true}
		inner = c.Decode(val)
		list = append(list, c)
		return inner == nil
	})
	for i := range list {
		if err != nil || inner != nil {
			break
		}
		err = visit(&list[i])
	}
	if inner != nil {
		return inner
	}
	return err
}
