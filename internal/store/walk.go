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

// maxMerge is how many pending pairs of a collection a walk puts in order itself.
const maxMerge = 512

// Walk visits the pairs of a range in order, pending changes included, until visit says no. It
// reports false, and has visited nothing, when so much is pending that a drain and an iterator
// are the better way. What visit is given is good until it returns.
//
// It is for few pairs: commits wait meanwhile. Deletions that are pending are found pair by pair, so
// a run of pops costs a run of look-ups and no drain.
func (s *Store) Walk(o WalkOptions, visit func(key, val []byte) (bool, error)) (bool, error) {
	f := &s.front
	f.mu.RLock()
	defer f.mu.RUnlock()
	w := walk{WalkOptions: o, front: f, pending: o.Own}
	if !w.gather() {
		return false, nil
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: o.Lower, UpperBound: o.Upper})
	if err != nil {
		return true, err
	}
	defer it.Close()
	if err := w.run(it, visit); err != nil {
		return true, err
	}
	return true, it.Error()
}

type walk struct {
	WalkOptions
	front   *front
	pending []Pair // in the order of the walk
}

// gather finds the pairs of the collection that were written and not yet drained.
func (w *walk) gather() bool {
	f := w.front
	hash := xxhash.Sum64(f.active.keys.CollectionPrefix(w.Lower))
	total := len(w.Own)
	for _, t := range []*table{f.active, f.draining} {
		if t == nil {
			continue
		}
		at, ok := t.touched[hash]
		if !ok {
			continue
		}
		c := t.chains[at]
		if total += int(c.count); total > maxMerge {
			return false
		}
		for i := c.head; i != 0; i = t.entries[i-1].next {
			e := &t.entries[i-1]
			key := t.keyOf(e)
			if e.deleted || bytes.Compare(key, w.Lower) < 0 || bytes.Compare(key, w.Upper) >= 0 || w.Hidden(key) {
				continue
			}
			if t == f.draining && f.active.find(e.hash, key) != nil {
				continue // changed since
			}
			w.pending = append(w.pending, Pair{key, t.valOf(e)})
		}
	}
	if len(w.pending) > len(w.Own) {
		slices.SortFunc(w.pending, func(a, b Pair) int { return w.compare(a.Key, b.Key) })
	}
	return true
}

func (w *walk) compare(a, b []byte) int {
	if w.Reverse {
		a, b = b, a
	}
	return bytes.Compare(a, b)
}

func (w *walk) run(it *pebble.Iterator, visit func(key, val []byte) (bool, error)) error {
	ok, step := false, it.Next
	if w.Reverse {
		ok, step = it.Last(), it.Prev
	} else {
		ok = it.First()
	}
	for ok || len(w.pending) > 0 {
		var p Pair
		switch {
		case ok && w.changed(it.Key()):
			ok = step()
			continue
		case ok && (len(w.pending) == 0 || w.compare(it.Key(), w.pending[0].Key) < 0):
			p = Pair{it.Key(), it.Value()}
		default:
			p = w.pending[0]
		}
		more, err := visit(p.Key, p.Val)
		if err != nil || !more {
			return err
		}
		if len(w.pending) > 0 && &p.Key[0] == &w.pending[0].Key[0] {
			w.pending = w.pending[1:]
		} else {
			ok = step()
		}
	}
	return nil
}

// changed says that a pair of Pebble's has a later change elsewhere: it is deleted, or among
// the pending.
func (w *walk) changed(key []byte) bool {
	if w.Hidden(key) {
		return true
	}
	hash := xxhash.Sum64(key)
	return w.front.active.find(hash, key) != nil || w.front.draining != nil && w.front.draining.find(hash, key) != nil
}
