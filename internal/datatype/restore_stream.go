package datatype

import (
	"bytes"
	"fmt"
	"math"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/rdb"
)

// StreamEntry implements rdb.Visitor.
func (r *restorer) StreamEntry(id rdb.StreamID, fields [][]byte) error {
	_, err := r.stream.Add(NewID{ID: layout.StreamID(id)}, fields)
	return err
}

// StreamMeta implements rdb.Visitor. The first ID and the number of entries are known from the entries.
func (r *restorer) StreamMeta(m rdb.StreamMeta) error {
	meta := &r.stream.Meta
	meta.Last, meta.MaxDeleted, meta.Added = layout.StreamID(m.Last), layout.StreamID(m.MaxDeleted), m.Added
	return nil
}

// StreamGroup implements rdb.Visitor.
func (r *restorer) StreamGroup(name []byte, last rdb.StreamID, read int64) error {
	r.saveGroup()
	g, err := r.stream.Group(bytes.Clone(name))
	if err := distinct(!g.Exists, err); err != nil {
		return err
	}
	if r.noRead {
		read = r.stream.readAt(layout.StreamID(last))
	}
	r.group = g
	r.group.Create(layout.StreamID(last), read)
	return nil
}

// saveGroup writes the group that is complete now, if there is one.
func (r *restorer) saveGroup() {
	r.saveConsumer()
	if r.group.Exists {
		r.group.Save()
		r.group = Group{}
	}
}

// StreamConsumer implements rdb.Visitor.
func (r *restorer) StreamConsumer(name []byte, seenMS, activeMS int64) error {
	r.saveConsumer()
	c, err := r.group.Consumer(bytes.Clone(name))
	if err := distinct(!c.Exists, err); err != nil {
		return err
	}
	c.Exists, c.StreamConsumer = true, layout.StreamConsumer{SeenMS: seenMS, ActiveMS: activeMS}
	r.group.Consumers++
	r.consumer = c
	return nil
}

func (r *restorer) saveConsumer() {
	if r.consumer.Exists {
		r.group.SaveConsumer(&r.consumer)
		r.consumer = Consumer{}
	}
}

// StreamPending implements rdb.Visitor.
func (r *restorer) StreamPending(p rdb.StreamPending) error {
	if p.Deliveries > math.MaxInt64 {
		return fmt.Errorf("%w: %d deliveries", rdb.ErrCorrupt, p.Deliveries)
	}
	id := layout.StreamID(p.ID)
	_, owned, err := r.group.PendingOf(id)
	if err := distinct(!owned, err); err != nil {
		return err
	}
	mine := Pending{layout.StreamPending{TimeMS: p.DeliveredMS, Deliveries: int64(p.Deliveries)}, id}
	return r.group.give(&r.consumer, &mine, nil, false)
}
