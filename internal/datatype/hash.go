package datatype

import (
	"math/rand/v2"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/layout"
)

// Hash is a hash as one command sees it. While small it is one listpack of
// field, value, field, value … in the head; when it outgrows the limits it
// becomes one element pair per field.
//
// Packed changes gather in memory: call Save when all are made.
type Hash struct {
	Key
	lp      []byte // packed: the current bytes; owned when owned is set
	owned   bool
	changed bool // the head must be written
}

// LoadHash reads the head of a hash; one that does not exist is empty.
func LoadHash(t Txn, name []byte) (Hash, error) {
	k, err := LoadType(t, name, layout.TypeHash)
	h := Hash{Key: k}
	if err == nil && k.Exists && k.Head.Encoding == layout.EncListpack {
		h.lp = k.Head.Value
	}
	return h, err
}

// Packed says whether the hash is one pair.
func (h *Hash) Packed() bool { return !h.Exists || h.Head.Encoding == layout.EncListpack }

// Len is the number of fields, those past their time included until they are deleted.
func (h *Hash) Len() int {
	switch {
	case !h.Exists:
		return 0
	case h.Packed():
		return listpack.Len(h.lp) / 2
	}
	return int(h.Head.Count)
}

// find returns the offset of a field's value in the listpack, or -1.
func (h *Hash) find(field []byte) int {
	if len(h.lp) == 0 {
		return -1
	}
	first := listpack.First(h.lp)
	if first < 0 {
		return -1
	}
	off := listpack.Find(h.lp, first, field, 1)
	if off < 0 {
		return -1
	}
	return listpack.Next(h.lp, off)
}

// text returns the bytes of a listpack entry.
func (h *Hash) text(off int) []byte { return entryText(h.t, h.lp, off) }

// entryText returns the bytes of a listpack entry; integers are printed into
// scratch memory.
func entryText(t Txn, lp []byte, off int) []byte {
	v := listpack.Get(lp, off)
	if v.IsInt {
		return v.Append(t.Scratch(20))
	}
	return v.Str
}

// Get returns a field's value.
func (h *Hash) Get(field []byte) (val []byte, found bool, err error) {
	if !h.Exists {
		return nil, false, nil
	}
	if h.Packed() {
		off := h.find(field)
		if off < 0 {
			return nil, false, nil
		}
		return h.text(off), true, nil
	}
	raw, found, err := h.t.Get(h.Member(field))
	if err != nil || !found {
		return nil, false, err
	}
	val, at, err := splitField(raw)
	if err != nil || h.past(at) {
		return nil, false, err
	}
	return val, true, nil
}

// Set stores a field, which has no time from now on, and says whether it is new. Save
// must follow.
func (h *Hash) Set(field, val []byte) (created bool, err error) { return h.set(field, val, false) }

// Update is Set for a field that keeps its time.
func (h *Hash) Update(field, val []byte) (created bool, err error) { return h.set(field, val, true) }

func (h *Hash) set(field, val []byte, keepTime bool) (created bool, err error) {
	if !h.Exists {
		h.Reset(layout.TypeHash, layout.EncListpack)
		h.lp, h.owned = listpack.New(), true
	}
	if h.Packed() {
		lim := h.t.Limits()
		if int64(len(field)) <= lim.HashMaxListpackValue && int64(len(val)) <= lim.HashMaxListpackValue &&
			listpack.SafeToAdd(h.lp, len(field)+len(val)) {
			return h.setPacked(field, val, lim), nil
		}
		h.unpack()
	}
	raw, stored, err := h.t.Get(h.Member(field))
	if err != nil {
		return false, err
	}
	if !stored {
		h.putField(field, val, 0)
		h.Head.Count++
		h.changed = true
		return true, nil
	}
	_, at, err := splitField(raw)
	if err != nil {
		return false, err
	}
	lapsed := h.past(at)
	if at != 0 && (lapsed || !keepTime) {
		h.t.Delete(h.timeKey(at, field))
		at = 0
	}
	h.putField(field, val, at)
	return lapsed, nil
}

func (h *Hash) own() {
	if !h.owned {
		h.lp, h.owned = append(h.t.Scratch(len(h.lp)+256), h.lp...), true
	}
}

func (h *Hash) setPacked(field, val []byte, lim *Limits) (created bool) {
	h.own()
	h.changed = true
	if off := h.find(field); off >= 0 {
		h.lp = listpack.Replace(h.lp, off, val)
		return false
	}
	h.lp = listpack.Append(listpack.Append(h.lp, field), val)
	if int64(listpack.Len(h.lp)/2) > lim.HashMaxListpackEntries {
		h.unpack()
	}
	return true
}

// unpack gives each field a pair of its own.
func (h *Hash) unpack() {
	lp := h.lp
	h.Expand()
	h.lp, h.owned, h.changed = nil, false, true
	for off := listpack.First(lp); off >= 0; {
		field := entryText(h.t, lp, off)
		off = listpack.Next(lp, off)
		h.putField(field, entryText(h.t, lp, off), 0)
		off = listpack.Next(lp, off)
		h.Head.Count++
	}
}

// Delete removes a field and says whether it was there. Save must follow.
func (h *Hash) Delete(field []byte) (bool, error) {
	if !h.Exists {
		return false, nil
	}
	if h.Packed() {
		off := h.find(field)
		if off < 0 {
			return false, nil
		}
		h.own()
		h.lp = listpack.Delete(h.lp, listpack.Prev(h.lp, off), 2)
		h.changed = true
		return true, nil
	}
	raw, found, err := h.t.Get(h.Member(field))
	if err != nil || !found {
		return false, err
	}
	_, at, err := splitField(raw)
	if err != nil || h.past(at) {
		return false, err
	}
	if at != 0 {
		h.t.Delete(h.timeKey(at, field))
	}
	h.t.Delete(h.Member(field))
	h.Head.Count--
	h.changed = true
	return true, nil
}

// Save writes what Set and Delete have changed; an empty hash is removed (D3).
func (h *Hash) Save() {
	if !h.changed && h.Head.Home == nil {
		return
	}
	h.changed = false
	if h.Len() == 0 {
		h.Remove()
		return
	}
	if h.Packed() {
		h.Head.Value = h.lp
	}
	h.Key.Save()
}

// Each visits all fields until visit returns false.
func (h *Hash) Each(visit func(field, val []byte) bool) error {
	return h.EachTimed(func(field, val []byte, _ int64) bool { return visit(field, val) })
}

// EachTimed is Each with the fields' times (0: none).
func (h *Hash) EachTimed(visit func(field, val []byte, atMS int64) bool) error {
	if !h.Exists {
		return nil
	}
	if h.Packed() {
		for off := listpack.First(h.lp); off >= 0; {
			field := h.text(off)
			off = listpack.Next(h.lp, off)
			if !visit(field, h.text(off), 0) {
				return nil
			}
			off = listpack.Next(h.lp, off)
		}
		return nil
	}
	if err := h.t.Heavy(h.Len()); err != nil {
		return err
	}
	return walkMembers(h.t, h.Elements(), func(field, raw []byte) (bool, error) {
		val, at, err := splitField(raw)
		return err == nil && (h.past(at) || visit(field, val, at)), err
	})
}

// walkMembers visits the members behind prefix in hash order.
func walkMembers(t Txn, prefix []byte, visit func(member, raw []byte) (bool, error)) error {
	var inner error
	err := Walk(t, prefix, func(suffix, raw []byte) bool {
		_, member, err := layout.SplitMember(suffix)
		if err != nil {
			inner = err
			return false
		}
		more, err := visit(member, raw)
		inner = err
		return more
	})
	if inner != nil {
		return inner
	}
	return err
}

// Scan visits at least count fields from a cursor on and returns the next one, 0 at
// the end. The cursor is a position in hash order: it stays good over changes
// and restarts. A packed hash is visited whole.
func (h *Hash) Scan(cursor uint64, count int, visit func(field, val []byte)) (next uint64, err error) {
	if !h.Exists {
		return 0, nil
	}
	if h.Packed() {
		return 0, h.Each(func(f, v []byte) bool { visit(f, v); return true })
	}
	if err := h.t.Heavy(count); err != nil {
		return 0, err
	}
	return scanMembers(h.t, h.Elements(), cursor, count, func(field, raw []byte) error {
		val, at, err := splitField(raw)
		if err == nil && !h.past(at) {
			visit(field, val)
		}
		return err
	})
}

// scanMembers visits members from position cursor-1 on (0 is the beginning) and
// stops between two positions, so that members which share one are not parted.
func scanMembers(t Txn, prefix []byte, cursor uint64, count int, visit func(member, raw []byte) error) (next uint64, err error) {
	if cursor > layout.MemberHashMax+1 {
		return 0, nil
	}
	it, err := t.Iter(prefix, prefixEnd(t, prefix))
	if err != nil {
		return 0, err
	}
	defer it.Close()
	from := append(t.Scratch(len(prefix)+8), prefix...)
	if cursor > 0 {
		from = layout.AppendMemberHash(from, cursor-1)
	}
	last := uint64(0)
	for ok := it.SeekGE(from); ok; ok = it.Next() {
		pos, member, err := layout.SplitMember(it.Key()[len(prefix):])
		if err != nil {
			return 0, err
		}
		if count <= 0 && pos != last {
			return pos + 1, nil
		}
		if err := visit(member, it.Value()); err != nil {
			return 0, err
		}
		last = pos
		count--
	}
	return 0, it.Error()
}

// Random visits n random fields, which may repeat.
func (h *Hash) Random(n int, visit func(field, val []byte)) error {
	if h.Packed() {
		size := h.Len()
		for range n {
			off := listpack.Seek(h.lp, 2*rand.IntN(size))
			visit(h.text(off), h.text(listpack.Next(h.lp, off)))
		}
		return nil
	}
	if err := h.t.Heavy(n * seekCost); err != nil {
		return err
	}
	if live, err := h.Live(); err != nil || live < h.Len() {
		return h.randomLive(n, visit)
	}
	return randomMembers(h.t, h.Elements(), h.Len(), n, func(field, raw []byte) error {
		val, _, err := splitField(raw)
		if err == nil {
			visit(field, val)
		}
		return err
	})
}

// randomMembers visits n members of so many. In a large collection each is some steps
// behind a random position, as random as the hash of the members is; in a small
// one, where that would be seen, it is counted off.
func randomMembers(t Txn, prefix []byte, size, n int, visit func(member, raw []byte) error) error {
	it, err := t.Iter(prefix, prefixEnd(t, prefix))
	if err != nil {
		return err
	}
	defer it.Close()
	from := append(t.Scratch(len(prefix)+8), prefix...)
	for range n {
		ok := false
		if size <= countedOff {
			i := rand.IntN(size)
			ok = seekRank(it, i, size-1-i, false)
		} else {
			ok = seekRandom(it, layout.AppendMemberHash(from[:len(prefix)], rand.Uint64N(layout.MemberHashMax+1)))
		}
		if !ok {
			return missing(it)
		}
		_, member, err := layout.SplitMember(it.Key()[len(prefix):])
		if err != nil {
			return err
		}
		if err := visit(member, it.Value()); err != nil {
			return err
		}
	}
	return it.Error()
}

// missing is the error when there are fewer elements than the head says.
func missing(it Iter) error {
	if err := it.Error(); err != nil {
		return err
	}
	return layout.ErrCorrupt
}

const (
	countedOff  = 128
	randomSteps = 32 // evens out the gaps between hashes
	seekCost    = 40 // what going to a random member costs, in members walked over
)

// seekRandom goes some steps on from a random position, and round the end.
func seekRandom(it Iter, at []byte) bool {
	ok := it.SeekGE(at) || it.First()
	for range rand.IntN(randomSteps) {
		ok = ok && (it.Next() || it.First())
	}
	return ok
}
