package rdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/algo/numeric"
)

// StreamID is the ID of an entry.
type StreamID struct{ MS, Seq uint64 }

// Compare is negative if id comes before o.
func (id StreamID) Compare(o StreamID) int {
	switch {
	case id == o:
		return 0
	case id.MS < o.MS || id.MS == o.MS && id.Seq < o.Seq:
		return -1
	}
	return 1
}

// String spells the ID as commands do.
func (id StreamID) String() string { return fmt.Sprintf("%d-%d", id.MS, id.Seq) }

// StreamMeta is what a stream knows beside its entries.
type StreamMeta struct {
	Length           uint64
	Last, MaxDeleted StreamID
	Added            uint64
}

// StreamPending is an entry that a consumer has got and not acknowledged.
type StreamPending struct {
	ID          StreamID
	DeliveredMS int64
	Deliveries  uint64
}

// StreamVisitor is the part of a Visitor that takes streams. After Start come the
// entries in order, then Meta, then each group with its consumers, each with what it has not acknowledged.
type StreamVisitor interface {
	StreamEntry(id StreamID, fields [][]byte) error
	StreamMeta(m StreamMeta) error
	// StreamGroup: read is the number of entries read, -1 if unknown; see HasEntriesRead.
	StreamGroup(name []byte, last StreamID, read int64) error
	StreamConsumer(name []byte, seenMS, activeMS int64) error
	StreamPending(p StreamPending) error
}

// HasEntriesRead says whether values of a code say how far groups have read. Streams of Redis before 7.0
// do not; it is worked out when they are loaded.
func HasEntriesRead(code byte) bool { return code >= codeStream2 }

var errStreamBytes = fmt.Errorf("%w: not a stream", ErrCorrupt)

// streamReader reads one stream. The pending entries of one group are held in memory: each consumer
// only names its own.
type streamReader struct {
	*Reader
	code    byte
	v       StreamVisitor
	last    StreamID // of the entries so far
	n       uint64   // entries so far
	pending []StreamPending
	owned   int
	fields  [][]byte
	names   [][]byte // fields of the node's first entry
}

func (r *Reader) stream(code byte, s *counter) error {
	nodes, err := r.start(Stream, s)
	if err != nil {
		return err
	}
	sr := streamReader{Reader: r, code: code, v: s}
	for ; nodes > 0; nodes-- {
		if err := sr.node(); err != nil {
			return err
		}
	}
	if err := sr.meta(); err != nil {
		return err
	}
	groups, err := r.count()
	for ; groups > 0 && err == nil; groups-- {
		err = sr.group()
	}
	return err
}

// rawID reads an ID of 16 bytes.
func rawID(b []byte) StreamID {
	return StreamID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// id reads an ID that is two lengths.
func (r *streamReader) id() (id StreamID, err error) {
	if id.MS, err = r.count(); err == nil {
		id.Seq, err = r.count()
	}
	return id, err
}

func (r *streamReader) node() error {
	key, lp, err := r.pair()
	if err != nil {
		return err
	}
	if len(key) != 16 || listpack.Validate(lp) != nil {
		return errStreamBytes
	}
	master := rawID(key)
	if r.src != nil {
		lp = bytes.Clone(lp)
	}
	return r.entries(master, &entryWalk{lp: lp, off: listpack.First(lp)})
}

// entryWalk goes through the listpack of a node.
type entryWalk struct {
	lp  []byte
	off int
	bad bool
}

func (w *entryWalk) text() []byte {
	if w.off < 0 {
		w.bad = true
		return nil
	}
	v := listpack.Get(w.lp, w.off)
	w.off = listpack.Next(w.lp, w.off)
	if v.IsInt {
		return numeric.AppendInt(nil, v.Int)
	}
	return v.Str
}

func (w *entryWalk) int() int64 {
	if w.off < 0 || !listpack.Get(w.lp, w.off).IsInt {
		w.bad = true
		return 0
	}
	v := listpack.Get(w.lp, w.off)
	w.off = listpack.Next(w.lp, w.off)
	return v.Int
}

// size reads how many strings follow; more than there are bytes are wrong.
func (w *entryWalk) size() int {
	n := w.int()
	if n < 0 || n > int64(len(w.lp)) {
		w.bad = true
		return 0
	}
	return int(n)
}

// entries reads a node: entries there, entries deleted, the names of fields that entries may share, 0; then each
// entry.
func (r *streamReader) entries(master StreamID, w *entryWalk) error {
	n, deleted := w.size(), w.size()
	r.names = r.names[:0]
	for range w.size() {
		r.names = append(r.names, w.text())
	}
	if w.int() != 0 || w.bad {
		return errStreamBytes
	}
	for range n + deleted {
		if err := r.entry(master, w); err != nil {
			return err
		}
	}
	if w.off >= 0 {
		return errStreamBytes
	}
	return nil
}

const (
	entryDeleted = 1
	entryShares  = 2 // its fields are the node's
)

func (r *streamReader) entry(master StreamID, w *entryWalk) error {
	flags := w.int()
	id := StreamID{master.MS + uint64(w.int()), master.Seq + uint64(w.int())}
	r.fields = r.fields[:0]
	parts := 3
	if flags&entryShares != 0 {
		for _, name := range r.names {
			r.fields = append(r.fields, name, w.text())
		}
		parts += len(r.names)
	} else {
		n := w.size()
		for range 2 * n {
			r.fields = append(r.fields, w.text())
		}
		parts += 1 + 2*n
	}
	if w.int() != int64(parts) || w.bad {
		return errStreamBytes
	}
	if flags&entryDeleted != 0 {
		return nil
	}
	if r.last.Compare(id) >= 0 {
		return errStreamBytes
	}
	r.last = id
	r.n++
	return r.v.StreamEntry(id, r.fields)
}

func (r *streamReader) meta() (err error) {
	m := StreamMeta{}
	if m.Length, err = r.count(); err != nil {
		return err
	}
	if m.Last, err = r.id(); err != nil {
		return err
	}
	m.Added = m.Length
	if r.code >= codeStream2 {
		if _, err = r.id(); err != nil { // the first, which is known
			return err
		}
		if m.MaxDeleted, err = r.id(); err != nil {
			return err
		}
		if m.Added, err = r.count(); err != nil {
			return err
		}
	}
	if m.Length != r.n || m.Last.Compare(r.last) < 0 || m.Added < m.Length {
		return errStreamBytes
	}
	return r.v.StreamMeta(m)
}

func (r *streamReader) group() error {
	name, err := r.String()
	if err != nil {
		return err
	}
	name = bytes.Clone(name)
	last, err := r.id()
	if err != nil {
		return err
	}
	read := uint64(math.MaxUint64) // unknown, which is -1
	if r.code >= codeStream2 {
		if read, err = r.count(); err != nil {
			return err
		}
	}
	if err := r.v.StreamGroup(name, last, int64(read)); err != nil {
		return err
	}
	if err := r.allPending(); err != nil {
		return err
	}
	consumers, err := r.count()
	for ; consumers > 0 && err == nil; consumers-- {
		err = r.consumer()
	}
	if err == nil && r.owned != len(r.pending) {
		err = errStreamBytes
	}
	return err
}

func (r *streamReader) allPending() error {
	n, err := r.count()
	r.pending, r.owned = r.pending[:0], 0
	for ; n > 0 && err == nil; n-- {
		err = r.onePending()
	}
	return err
}

func (r *streamReader) onePending() error {
	b, err := r.next(16 + 8)
	if err != nil {
		return err
	}
	p := StreamPending{ID: rawID(b), DeliveredMS: int64(binary.LittleEndian.Uint64(b[16:]))}
	if p.Deliveries, err = r.count(); err != nil {
		return err
	}
	if k := len(r.pending); k > 0 && r.pending[k-1].ID.Compare(p.ID) >= 0 {
		return errStreamBytes
	}
	r.pending = append(r.pending, p)
	return nil
}

func (r *streamReader) consumer() error {
	name, err := r.String()
	if err != nil {
		return err
	}
	name = bytes.Clone(name)
	seen, err := r.uint64()
	if err != nil {
		return err
	}
	active := seen
	if r.code >= codeStream3 {
		if active, err = r.uint64(); err != nil {
			return err
		}
	}
	if err := r.v.StreamConsumer(name, int64(seen), int64(active)); err != nil {
		return err
	}
	n, err := r.count()
	for ; n > 0 && err == nil; n-- {
		var b []byte
		if b, err = r.next(16); err == nil {
			err = r.own(rawID(b))
		}
	}
	return err
}

// own gives a pending entry to its consumer.
func (r *streamReader) own(id StreamID) error {
	at, found := slices.BinarySearchFunc(r.pending, id, func(p StreamPending, id StreamID) int { return p.ID.Compare(id) })
	if !found {
		return errStreamBytes
	}
	r.owned++
	return r.v.StreamPending(r.pending[at])
}
