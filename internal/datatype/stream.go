package datatype

import (
	"math"
	"slices"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// Stream is a stream as one command sees it: a head, one pair per entry in the order
// of their IDs, and what its consumer groups keep. It is never packed, and unlike
// other collections it may be empty (D3).
//
// What can be known without a range read is in the head (first and last ID) and in
// the window (see IDRun): adding, and reading what was just added, are point reads
// and writes.
//
// Changes of the head gather in memory: call Save when all are made.
type Stream struct {
	Key
	Meta    layout.StreamMeta
	changed bool
	prefix  []byte // of all its pairs, with room for what follows
}

// LoadStream reads the head of a stream; one that does not exist is empty.
func LoadStream(t Txn, name []byte) (Stream, error) {
	k, err := LoadType(t, name, layout.TypeStream)
	s := Stream{Key: k}
	if err == nil && k.Exists {
		err = s.Meta.Decode(k.Head.Value)
	}
	return s, err
}

// Create makes the key a stream without entries.
func (s *Stream) Create() {
	s.Reset(layout.TypeStream, layout.EncExpanded)
	s.Expand()
	s.Meta, s.prefix, s.changed = layout.StreamMeta{}, nil, true
	s.window().Runs = []IDRun{{Tail: true}}
}

// Len is the number of entries.
func (s *Stream) Len() int {
	if !s.Exists {
		return 0
	}
	return int(s.Head.Count)
}

// Save writes the head, if it has changed.
func (s *Stream) Save() {
	if !s.changed {
		return
	}
	s.changed = false
	s.Head.Value = s.Meta.Append(s.t.Scratch(layout.StreamMetaLen))
	s.Key.Save()
}

// pairs returns the prefix of all pairs of the stream; what is appended to it is good
// until the next call.
func (s *Stream) pairs() []byte {
	if s.prefix == nil {
		name := s.home()
		dst := s.t.Scratch(len(name) + keyRoom + layout.StreamKeyRoom)
		s.prefix = s.t.Keys().Elements(dst, name, s.Head.Version)
	}
	return s.prefix
}

func (s *Stream) entryKey(id layout.StreamID) []byte { return layout.AppendStreamEntry(s.pairs(), id) }

// entryBound is entryKey in memory of its own, as the bound of a range.
func (s *Stream) entryBound(id layout.StreamID) []byte {
	return layout.AppendStreamEntry(append(s.t.Scratch(len(s.pairs())+layout.StreamKeyRoom), s.pairs()...), id)
}

// entriesEnd is above the keys of all entries.
func (s *Stream) entriesEnd() []byte {
	return prefixEnd(s.t, layout.AppendStreamEntries(s.pairs()))
}

// NewID is the ID that XADD asks for.
type NewID struct {
	ID      layout.StreamID
	AutoSeq bool // only the milliseconds are given
	Auto    bool // nothing is given
}

// Errors of Add.
const (
	errIDExhausted resp.Err = "ERR The stream has exhausted the last possible ID, unable to add more items"
	errIDTooSmall  resp.Err = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	errEntrySize   resp.Err = "ERR Elements are too large to be stored"
)

// maxEntryBytes is Redis's bound of an entry's strings.
const maxEntryBytes = 1 << 30

// next gives the ID of the next entry.
func (s *Stream) next(want NewID) (layout.StreamID, error) {
	last := s.Meta.Last
	if last == layout.MaxStreamID {
		return last, errIDExhausted
	}
	id := want.ID
	switch {
	case want.Auto:
		if id = (layout.StreamID{MS: uint64(s.t.NowMS())}); id.MS <= last.MS {
			id, _ = last.Next()
		}
	case want.AutoSeq && id.MS == last.MS:
		if last.Seq == math.MaxUint64 {
			return id, errIDTooSmall
		}
		id.Seq = last.Seq + 1
	}
	if !last.Less(id) {
		return id, errIDTooSmall
	}
	return id, nil
}

// Add appends an entry of fields and values and returns its ID. Save must follow.
func (s *Stream) Add(want NewID, fields [][]byte) (layout.StreamID, error) {
	id, err := s.next(want)
	if err != nil {
		return id, err
	}
	size := textBytes(fields)
	if size > maxEntryBytes {
		return id, errEntrySize
	}
	starts := joinNode(&s.Meta.Node, s.t.Limits(), id, fields, size)
	s.t.Put(s.entryKey(id), layout.AppendStreamFields(s.t.Scratch(layout.StreamEntryBytes(fields)), starts, fields))
	s.window().push(s.Meta.Last, EntryID{ID: id, StartsNode: starts})
	if s.Head.Count == 0 {
		s.Meta.First = id
	}
	s.Head.Count++
	s.Meta.Added++
	s.Meta.Last = id
	s.changed = true
	return id, nil
}

// Entry reads one entry. What was trimmed may still have a pair (see cutRange), so
// the bounds come first.
func (s *Stream) Entry(id layout.StreamID) (e layout.StreamEntry, found bool, err error) {
	if s.Len() == 0 || id.Less(s.Meta.First) || s.Meta.Last.Less(id) {
		return e, false, nil
	}
	raw, found, err := s.t.Get(s.entryKey(id))
	if err == nil && found {
		err = e.Decode(raw)
	}
	return e, found, err
}

// Delete removes entries and returns how many there were. Save must follow.
func (s *Stream) Delete(ids []layout.StreamID) (int, error) {
	gone := make([]layout.StreamID, 0, len(ids))
	for _, id := range ids {
		_, found, err := s.Entry(id)
		if err != nil {
			return 0, err
		}
		if found {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return 0, nil
	}
	slices.SortFunc(gone, layout.StreamID.Compare)
	gone = slices.Compact(gone)
	first, err := s.firstBut(gone)
	if err != nil {
		return 0, err
	}
	for _, id := range gone {
		s.t.Delete(s.entryKey(id))
	}
	s.window().remove(gone)
	if top := gone[len(gone)-1]; s.Meta.MaxDeleted.Less(top) {
		s.Meta.MaxDeleted = top
	}
	s.removed(len(gone), first)
	return len(gone), nil
}

// firstBut is the first entry that is none of gone, which are in order.
func (s *Stream) firstBut(gone []layout.StreamID) (first layout.StreamID, err error) {
	if gone[0] != s.Meta.First {
		return s.Meta.First, nil
	}
	err = s.eachID(s.beforeFirst(), func(e EntryID) bool {
		if len(gone) > 0 && gone[0] == e.ID {
			gone = gone[1:]
			return true
		}
		first = e.ID
		return false
	})
	return first, err
}

// removed notes in the head that n entries are gone and which is the first now.
func (s *Stream) removed(n int, first layout.StreamID) {
	s.changed = true
	s.Head.Count -= uint64(n)
	s.Meta.First = first
	if s.Head.Count == 0 {
		s.Meta.First, s.Meta.Node = layout.StreamID{}, layout.StreamNode{}
	}
}

// beforeFirst is the ID below the first entry's.
func (s *Stream) beforeFirst() layout.StreamID {
	id, _ := s.Meta.First.Prev() // an entry is never 0-0
	return id
}

// SetLast changes the last ID as XSETID does. Save must follow. IDs that were in use
// may come again if it is lowered; then everything gets a new version, because what
// was deleted by range must not be written again.
func (s *Stream) SetLast(id layout.StreamID) error {
	s.changed = true
	lowered := id.Less(s.Meta.Last)
	s.Meta.Last = id
	if !lowered {
		return nil
	}
	if err := s.t.Heavy(s.Len() + shortRange); err != nil {
		return err
	}
	old := s.Key
	s.Head.Version = s.t.NewVersion()
	s.prefix = nil
	if err := copyElements(&old, &s.Key); err != nil {
		return err
	}
	old.dropElements()
	return nil
}
