package datatype

import "github.com/haypile/haypile/internal/layout"

// KeyRange is a range of user keys in their order on disk, both ends included; an empty
// end is open. Backwards, Start is the upper end.
type KeyRange struct {
	Start, End []byte
	Reverse    bool
}

// Empty says that the ends are the wrong way round.
func (r *KeyRange) Empty() bool {
	if len(r.Start) == 0 || len(r.End) == 0 {
		return false
	}
	if r.Reverse {
		return string(r.Start) < string(r.End)
	}
	return string(r.Start) > string(r.End)
}

// WalkKeyRange visits the keys of a range that have not expired until visit returns false.
// Where slots stand before keys, only the start of a range has a meaning.
func WalkKeyRange(t Txn, r KeyRange, visit func(name []byte, h *layout.Head) bool) error {
	lo, hi := r.Start, r.End
	if r.Reverse {
		lo, hi = hi, lo
	}
	lower, upper := append(t.Scratch(1), layout.SpaceHead), append(t.Scratch(1), layout.SpaceHead+1)
	if len(lo) > 0 {
		lower = t.Keys().Head(t.Scratch(len(lo)+keyRoom), lo)
	}
	if len(hi) > 0 {
		upper = append(t.Keys().Head(t.Scratch(len(hi)+keyRoom), hi), 0)
	}
	it, err := t.Iter(lower, upper)
	if err != nil {
		return err
	}
	defer it.Close()
	first, step := it.First, it.Next
	if r.Reverse {
		first, step = it.Last, it.Prev
	}
	var h layout.Head
	for ok := first(); ok; ok = step() {
		if err := h.Decode(it.Value()); err != nil {
			return err
		}
		if !h.Expired(t.NowMS()) && !visit(it.Key()[1+t.Keys().SlotBytes():], &h) {
			break
		}
	}
	return it.Error()
}
