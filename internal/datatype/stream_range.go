package datatype

import "github.com/haypile/haypile/internal/layout"

// EntryRange is a part of a stream. Both ends belong to it.
type EntryRange struct {
	From, To layout.StreamID
	Reverse  bool
	Count    int  // at most so many; 0: all
	Follow   bool // what comes after will be read soon: look ahead
}

// Each visits the entries of a range until visit returns false.
func (s *Stream) Each(r EntryRange, visit func(id layout.StreamID, e layout.StreamEntry) bool) error {
	if s.Len() == 0 {
		return nil
	}
	if r.From.Less(s.Meta.First) {
		r.From = s.Meta.First
	}
	if s.Meta.Last.Less(r.To) {
		r.To = s.Meta.Last
	}
	switch {
	case r.To.Less(r.From):
		return nil
	case r.From == r.To:
		e, found, err := s.Entry(r.From)
		if found && err == nil {
			visit(r.From, e)
		}
		return err
	case r.Reverse:
		if ids, ok := s.knownBefore(r); ok {
			return s.eachOf(ids, visit)
		}
	case s.known(r) || r.Follow && r.Count > 0 && r.Count <= windowSize:
		return s.eachAhead(r, visit)
	}
	return s.eachStored(r, visit)
}

// known says whether the window has all IDs of a range.
func (s *Stream) known(r EntryRange) bool {
	before, _ := r.From.Prev() // an entry is never 0-0
	run, at := s.window().runFrom(before)
	if run == nil {
		return false
	}
	return run.Tail || r.Count > 0 && len(run.IDs)-at >= r.Count || !run.IDs[len(run.IDs)-1].ID.Less(r.To)
}

// eachAhead reads the entries of a range one by one; the window knows their IDs, or
// will know them and more.
func (s *Stream) eachAhead(r EntryRange, visit func(layout.StreamID, layout.StreamEntry) bool) error {
	before, _ := r.From.Prev()
	var inner error
	left := r.Count
	err := s.eachID(before, func(id EntryID) bool {
		if r.To.Less(id.ID) {
			return false
		}
		var more bool
		more, inner = s.visit(id, visit)
		left--
		return more && left != 0
	})
	if inner != nil {
		return inner
	}
	return err
}

// visit reads an entry that must be there.
func (s *Stream) visit(id EntryID, visit func(layout.StreamID, layout.StreamEntry) bool) (more bool, err error) {
	var e layout.StreamEntry
	if id.stored != nil {
		err = e.Decode(id.stored)
	} else {
		var found bool
		if e, found, err = s.Entry(id.ID); err == nil && !found {
			err = layout.ErrCorrupt
		}
	}
	return err == nil && visit(id.ID, e), err
}

// knownBefore returns the IDs of a range in reverse, if the run at the end has them
// all.
func (s *Stream) knownBefore(r EntryRange) ([]EntryID, bool) {
	run := s.window().tail()
	if run == nil || !run.Low.Less(r.To) {
		return nil, false
	}
	ids := run.IDs[:run.after(r.To)]
	if r.Count > 0 && len(ids) >= r.Count && !ids[len(ids)-r.Count].ID.Less(r.From) {
		return ids[len(ids)-r.Count:], true
	}
	before, _ := r.From.Prev()
	if before.Less(run.Low) {
		return nil, false
	}
	ids = ids[run.after(before):]
	if r.Count > 0 && len(ids) > r.Count {
		ids = ids[len(ids)-r.Count:]
	}
	return ids, true
}

// eachOf reads entries one by one, from the last to the first.
func (s *Stream) eachOf(ids []EntryID, visit func(layout.StreamID, layout.StreamEntry) bool) error {
	for i := len(ids) - 1; i >= 0; i-- {
		if more, err := s.visit(ids[i], visit); err != nil || !more {
			return err
		}
	}
	return nil
}

// eachStored reads a range with an iterator.
func (s *Stream) eachStored(r EntryRange, visit func(layout.StreamID, layout.StreamEntry) bool) error {
	n := s.Len()
	if r.Count > 0 {
		n = min(n, r.Count)
	}
	if err := s.t.Heavy(n); err != nil {
		return err
	}
	end := s.entriesEnd()
	if next, ok := r.To.Next(); ok {
		end = s.entryBound(next)
	}
	it, err := s.t.Iter(s.entryBound(r.From), end)
	if err != nil {
		return err
	}
	defer it.Close()
	cut := len(layout.AppendStreamEntries(s.pairs()))
	ok, step := false, it.Next
	if r.Reverse {
		ok, step = it.Last(), it.Prev
	} else {
		ok = it.First()
	}
	var e layout.StreamEntry
	for ; ok && n > 0; ok, n = step(), n-1 {
		id, err := layout.DecodeStreamID(it.Key()[cut:])
		if err == nil {
			err = e.Decode(it.Value())
		}
		if err != nil {
			return err
		}
		if !visit(id, e) {
			return nil
		}
	}
	return it.Error()
}

// Top is the ID of the last entry, of which there is at least one.
func (s *Stream) Top() (top layout.StreamID, err error) {
	r := EntryRange{From: s.Meta.First, To: s.Meta.Last, Reverse: true, Count: 1}
	err = s.Each(r, func(id layout.StreamID, _ layout.StreamEntry) bool {
		top = id
		return false
	})
	return top, err
}
