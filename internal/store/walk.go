package store

import (
	"bytes"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"
)

// Pair is a pair that a walk meets.
type Pair struct{ Key, Val []byte }

// WalkOptions describe a range read within one collection that does not wait for a drain.
type WalkOptions struct {
	Lower, Upper []byte
	Reverse      bool
	// Own are pairs that only the caller sees, within the range and in the order of the
	// walk; Hidden says which other pairs the caller has changed.
	Own    []Pair
	Hidden func(key []byte) bool
}

// maxMerge is how many new pairs of a collection a walk puts in order itself.
const maxMerge = 512

// Walk visits the pairs of a range in order, pending changes included, until visit says no. What
// visit is given is good until it returns.
//
// It is for few pairs: commits wait meanwhile. Deletions that are pending are found pair by pair, so
// a run of pops costs a run of look-ups and no drain.
func (s *Store) Walk(o WalkOptions, visit func(key, val []byte) (bool, error)) error {
	f := &s.front
	f.mu.RLock()
	defer f.mu.RUnlock()
	w := walk{WalkOptions: o, front: f}
	w.gather()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: o.Lower, UpperBound: o.Upper})
	if err != nil {
		return err
	}
	defer it.Close()
	if err := w.run(it, visit); err != nil {
		return err
	}
	return it.Error()
}

// walk merges Pebble's pairs with those of the caller and of the write buffer.
type walk struct {
	WalkOptions
	front   *front
	pending []cursor // with a pair each
	tables  []*table // those with changes of the collection
}

// cursor goes through pairs that are in order.
type cursor struct {
	pairs []Pair // those that remain, the current one first; or
	t     *table // what remains of its entries
	order []uint32
	cur   Pair
}

// gather finds the pairs of the collection that were written and not yet drained.
func (w *walk) gather() {
	f := w.front
	hash := xxhash.Sum64(f.active.keys.CollectionPrefix(w.Lower))
	w.add(cursor{pairs: w.Own})
	for _, t := range []*table{f.active, f.draining} {
		if t == nil {
			continue
		}
		at, ok := t.touched[hash]
		if !ok {
			continue
		}
		c := &t.chains[at-1]
		if c.entries > 0 {
			w.tables = append(w.tables, t)
		}
		order, newest := t.ordered(c)
		w.add(cursor{t: t, order: w.within(t, order)})
		w.add(cursor{pairs: w.newest(t, c.head, newest)})
	}
}

// newest returns the pairs within the range of the n entries that were linked last.
func (w *walk) newest(t *table, head, n uint32) (list []Pair) {
	for i := head; n > 0; n-- {
		e := &t.entries[i-1]
		if key := t.keyOf(e); bytes.Compare(key, w.Lower) >= 0 && bytes.Compare(key, w.Upper) < 0 && w.shows(t, e) {
			list = append(list, Pair{key, t.valOf(e)})
		}
		i = e.next
	}
	slices.SortFunc(list, func(a, b Pair) int { return w.compare(a.Key, b.Key) })
	return list
}

// within cuts an order to the range.
func (w *walk) within(t *table, order []uint32) []uint32 {
	search := func(key []byte) int {
		n, _ := slices.BinarySearchFunc(order, key, func(i uint32, key []byte) int { return bytes.Compare(t.keyOf(&t.entries[i]), key) })
		return n
	}
	if len(order) == 0 {
		return nil
	}
	return order[search(w.Lower):search(w.Upper)]
}

// shows says whether an entry is what a reader should see of its pair.
func (w *walk) shows(t *table, e *entry) bool {
	key := t.keyOf(e)
	return !e.deleted && !w.Hidden(key) && (t == w.front.active || w.front.active.find(e.hash, key) == nil)
}

// add moves a cursor to its first pair and keeps it if there is one.
func (w *walk) add(c cursor) {
	if w.next(&c) {
		w.pending = append(w.pending, c)
	}
}

// next moves a cursor to its next pair.
func (w *walk) next(c *cursor) bool {
	if c.t == nil {
		if len(c.pairs) == 0 {
			return false
		}
		c.cur, c.pairs = c.pairs[0], c.pairs[1:]
		return true
	}
	for len(c.order) > 0 {
		at, rest := c.order[0], c.order[1:]
		if w.Reverse {
			last := len(c.order) - 1
			at, rest = c.order[last], c.order[:last]
		}
		c.order = rest
		if e := &c.t.entries[at]; w.shows(c.t, e) {
			c.cur = Pair{c.t.keyOf(e), c.t.valOf(e)}
			return true
		}
	}
	return false
}

func (w *walk) compare(a, b []byte) int {
	if w.Reverse {
		a, b = b, a
	}
	return bytes.Compare(a, b)
}

// first returns the index of the pending cursor whose pair comes first, or -1.
func (w *walk) first() int {
	best := -1
	for i := range w.pending {
		if best < 0 || w.compare(w.pending[i].cur.Key, w.pending[best].cur.Key) < 0 {
			best = i
		}
	}
	return best
}

func (w *walk) run(it *pebble.Iterator, visit func(key, val []byte) (bool, error)) error {
	ok, step := false, it.Next
	if w.Reverse {
		ok, step = it.Last(), it.Prev
	} else {
		ok = it.First()
	}
	for first := w.first(); ok || first >= 0; {
		if ok && w.changed(it.Key()) {
			ok = step()
			continue
		}
		if ok && (first < 0 || w.compare(it.Key(), w.pending[first].cur.Key) < 0) {
			if more, err := visit(it.Key(), it.Value()); err != nil || !more {
				return err
			}
			ok = step()
			continue
		}
		c := &w.pending[first]
		if more, err := visit(c.cur.Key, c.cur.Val); err != nil || !more {
			return err
		}
		if !w.next(c) {
			w.pending = slices.Delete(w.pending, first, first+1)
		}
		first = w.first()
	}
	return nil
}

// changed says that a pair of Pebble's has a later change elsewhere: it is deleted, or among
// the pending.
func (w *walk) changed(key []byte) bool {
	if w.Hidden(key) {
		return true
	}
	if len(w.tables) == 0 {
		return false
	}
	hash := xxhash.Sum64(key)
	return slices.ContainsFunc(w.tables, func(t *table) bool { return t.find(hash, key) != nil })
}
