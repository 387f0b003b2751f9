package datatype

import "github.com/haypile/haypile/internal/layout"

// Trim says what XTRIM removes from the beginning of a stream.
type Trim struct {
	By     TrimBy
	MaxLen int64           // keep so many
	MinID  layout.StreamID // keep those from here on
	Approx bool            // only whole nodes
	Limit  int64           // with Approx: at most so many; 0 is no limit
}

// TrimBy is what a trim looks at.
type TrimBy uint8

const (
	TrimNone TrimBy = iota
	TrimByLength
	TrimByID
)

// Trim removes entries from the beginning and returns how many. Save must follow.
func (s *Stream) Trim(how Trim) (int, error) {
	size := int64(s.Len())
	if size == 0 || how.By == TrimNone || how.By == TrimByLength && size <= how.MaxLen || how.By == TrimByID && !s.Meta.First.Less(how.MinID) {
		return 0, nil
	}
	t := trimming{Trim: how, s: s}
	if size > shortRange && !how.Approx && (how.By == TrimByLength && how.MaxLen == 0 || how.By == TrimByID && s.Meta.Last.Less(how.MinID)) {
		t.n, t.last = size, s.Meta.Last // nothing needs to be looked at
		t.cutRange()
		return int(t.n), nil
	}
	if err := t.look(); err != nil || t.n == 0 {
		return 0, err
	}
	if t.n > shortRange {
		t.cutRange()
		return int(t.n), nil
	}
	return int(t.n), t.cutEach()
}

// trimming finds out what a trim removes: it looks at the entries from the first on.
type trimming struct {
	Trim
	s    *Stream
	n    int64           // how many go
	last layout.StreamID // the last of them
	next layout.StreamID // the first that stays
	open int64           // entries seen of a node that may go
	seen layout.StreamID // the last of them
}

// heavyStep is after how many entries a trim asks whether it may go on.
const heavyStep = 256

func (t *trimming) look() error {
	var heavy error
	err := t.s.eachID(t.s.beforeFirst(), func(e EntryID) bool {
		if n := t.n + t.open; n > 0 && n%heavyStep == 0 {
			heavy = t.s.t.Heavy(int(n))
		}
		return heavy == nil && t.visit(e)
	})
	if heavy != nil {
		return heavy
	}
	if t.open > 0 {
		t.closeNode()
	}
	return err
}

// visit looks at the next entry and says whether to go on. To an exact trim each
// entry is a node.
func (t *trimming) visit(e EntryID) bool {
	if t.open > 0 && (e.StartsNode || !t.Approx) {
		t.closeNode()
	}
	if t.open == 0 {
		t.next = e.ID
	}
	if !t.goes(e.ID) {
		t.open = 0
		return false
	}
	t.open++
	t.seen = e.ID
	return true
}

// goes says whether the next entry may go, and with it those of its node so far.
func (t *trimming) goes(id layout.StreamID) bool {
	n := t.n + t.open + 1
	if t.Limit > 0 && n > t.Limit {
		return false
	}
	if t.By == TrimByLength {
		return int64(t.s.Len())-n >= t.MaxLen
	}
	return id.Less(t.MinID)
}

func (t *trimming) closeNode() {
	t.n += t.open
	t.last, t.open = t.seen, 0
}

// cutEach deletes a few entries one by one.
func (t *trimming) cutEach() error {
	ids := make([]layout.StreamID, 0, t.n)
	err := t.s.eachID(t.s.beforeFirst(), func(e EntryID) bool {
		ids = append(ids, e.ID)
		return e.ID != t.last
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		t.s.t.Delete(t.s.entryKey(id))
	}
	t.done()
	return nil
}

// cutRange deletes many entries with one range delete. Their IDs are not used again
// within this version (see SetLast), and who reads looks at the first ID before: a
// pair that a range delete has yet to reach is not seen.
func (t *trimming) cutRange() {
	end := t.s.entriesEnd()
	if t.n < int64(t.s.Len()) {
		end = t.s.entryBound(t.next)
	}
	t.s.t.DeleteRange(t.s.entryBound(t.s.Meta.First), end)
	t.done()
}

func (t *trimming) done() {
	t.s.window().removeTo(t.last)
	t.s.removed(int(t.n), t.next)
}
