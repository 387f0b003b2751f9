package datatype

import (
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// EntryID is an entry's ID, and whether Redis would begin a node with it.
type EntryID struct {
	ID         layout.StreamID
	StartsNode bool

	stored []byte // the entry, if it was read along and is small; what was added never changes
}

// IDRun is a part of a stream whose IDs are known: those of all entries behind Low up
// to the last of IDs, or up to the end of the stream. The window of a stream holds one
// for the end, which grows with XADD, and a few where readers and trimming are. So a
// reader that follows the stream, and a trim that follows the writer, need a range
// read once in many commands; the entries themselves are point reads, but for those that were read along.
type IDRun struct {
	Low  layout.StreamID
	IDs  []EntryID
	Tail bool // there is nothing behind the last one
}

const (
	maxRuns   = 4    // of one stream
	runLength = 1280 // of the run at the end; those that were read have windowSize
)

func (s *Stream) window() *Window { return s.t.Window(s.Name, s.Head.Version) }

// runFrom returns the run that knows what follows id, and from which index on.
func (w *Window) runFrom(id layout.StreamID) (*IDRun, int) {
	for i := range w.Runs {
		r := &w.Runs[i]
		if id.Less(r.Low) || !r.Tail && !id.Less(r.IDs[len(r.IDs)-1].ID) {
			continue
		}
		return r, r.after(id)
	}
	return nil, 0
}

// after returns the index of the first ID above id.
func (r *IDRun) after(id layout.StreamID) int {
	at, found := r.search(id)
	if found {
		at++
	}
	return at
}

func (r *IDRun) search(id layout.StreamID) (int, bool) {
	if n := len(r.IDs); n == 0 || r.IDs[n-1].ID.Less(id) {
		return n, false
	}
	return slices.BinarySearchFunc(r.IDs, id, func(e EntryID, id layout.StreamID) int { return e.ID.Compare(id) })
}

// tail returns the run at the end, or nil.
func (w *Window) tail() *IDRun {
	for i := range w.Runs {
		if w.Runs[i].Tail {
			return &w.Runs[i]
		}
	}
	return nil
}

// push follows a new entry; last is the stream's last ID before it.
func (w *Window) push(last layout.StreamID, e EntryID) {
	r := w.tail()
	if r == nil {
		w.addRun(IDRun{Low: last, Tail: true})
		r = w.tail()
	}
	if len(r.IDs) >= runLength {
		r.Low = r.IDs[runLength/2-1].ID
		r.IDs = append(r.IDs[:0], r.IDs[runLength/2:]...)
	}
	r.IDs = append(r.IDs, e)
}

// addRun takes up what was read. There is one tail; of the others the oldest goes. Entries are kept of the newest only.
func (w *Window) addRun(r IDRun) {
	for _, o := range w.Runs {
		for i := range o.IDs {
			o.IDs[i].stored = nil
		}
	}
	w.Runs = slices.DeleteFunc(w.Runs, func(o IDRun) bool { return o.Tail && r.Tail })
	if len(w.Runs) >= maxRuns {
		oldest := slices.IndexFunc(w.Runs, func(o IDRun) bool { return !o.Tail })
		w.Runs = slices.Delete(w.Runs, oldest, oldest+1)
	}
	w.Runs = append(w.Runs, r)
}

// remove follows the removal of entries.
func (w *Window) remove(ids []layout.StreamID) {
	for i := range w.Runs {
		r := &w.Runs[i]
		for _, id := range ids {
			if at, found := r.search(id); found {
				r.cut(at, at+1)
			}
		}
	}
	w.dropEmpty()
}

// removeTo follows the removal of all entries up to id.
func (w *Window) removeTo(id layout.StreamID) {
	for i := range w.Runs {
		w.Runs[i].cut(0, w.Runs[i].after(id))
	}
	w.dropEmpty()
}

func (r *IDRun) cut(from, to int) {
	if from == 0 {
		r.IDs = r.IDs[to:]
	} else {
		r.IDs = slices.Delete(r.IDs, from, to)
	}
}

// dropEmpty drops runs that say nothing any more.
func (w *Window) dropEmpty() {
	w.Runs = slices.DeleteFunc(w.Runs, func(r IDRun) bool { return !r.Tail && len(r.IDs) == 0 })
}

// eachID visits the IDs of the entries behind one, in order, until visit returns
// false.
func (s *Stream) eachID(from layout.StreamID, visit func(EntryID) bool) error {
	if s.Len() == 0 {
		return nil
	}
	if from.Less(s.Meta.First) {
		from = s.beforeFirst()
	}
	w := s.window()
	for from.Less(s.Meta.Last) {
		r, at := w.runFrom(from)
		if r == nil {
			if err := s.readRun(w, from); err != nil {
				return err
			}
			continue
		}
		for _, e := range r.IDs[at:] {
			if !visit(e) {
				return nil
			}
			from = e.ID
		}
		if r.Tail {
			return nil
		}
	}
	return nil
}

// ReadFirst makes the first IDs known before the stream is written to, for a Trim
// that follows an Add.
func (s *Stream) ReadFirst() error {
	return s.eachID(s.beforeFirst(), func(EntryID) bool { return false })
}

// readRun puts the entries behind one into the window.
func (s *Stream) readRun(w *Window, from layout.StreamID) error {
	next, _ := from.Next() // it is less than the last one
	cut := len(layout.AppendStreamEntries(s.pairs()))
	r := IDRun{Low: from, Tail: true, IDs: make([]EntryID, 0, windowSize)}
	entries := make([]byte, 0, 2*windowBytes)
	var e layout.StreamEntry
	// What consumers have pending is in the write buffer beside the entries: this does not wait until it is drained.
	err := s.t.Walk(s.entryBound(next), s.entriesEnd(), false, func(key, val []byte) (bool, error) {
		if len(r.IDs) >= windowSize {
			r.Tail = false
			return false, nil
		}
		id, err := layout.DecodeStreamID(key[cut:])
		if err == nil {
			err = e.Decode(val)
		}
		known := EntryID{ID: id, StartsNode: e.StartsNode}
		if from := len(entries); len(val) <= windowMember && from+len(val) <= cap(entries) {
			entries = append(entries, val...)
			known.stored = entries[from:len(entries):len(entries)]
		}
		r.IDs = append(r.IDs, known)
		return true, err
	})
	if err != nil {
		return err
	}
	w.addRun(r)
	return nil
}
