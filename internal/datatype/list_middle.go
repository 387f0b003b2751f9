package datatype

import (
	"bytes"
	"slices"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/layout"
)

// shortRange is up to how many elements of an expanded list are read one by one,
// which finds recent ones in memory; more are read with an iterator.
const shortRange = 128

// At returns the element at an index from 0 on that is below Len.
func (l *List) At(i int) ([]byte, error) {
	if l.Packed() {
		return entryText(l.t, l.lp, listpack.Seek(l.lp, i)), nil
	}
	return l.get(l.Head.First + int64(i))
}

// Each visits the elements at the indexes from through to, backwards if to is the
// smaller one, until visit returns false. Values are good until visit returns.
func (l *List) Each(from, to int, visit func(i int, val []byte) bool) error {
	step, n := 1, to-from+1
	if to < from {
		step, n = -1, from-to+1
	}
	if l.Packed() {
		l.eachPacked(from, n, step, visit)
		return nil
	}
	if err := l.t.Heavy(n); err != nil {
		return err
	}
	if n > shortRange {
		return l.eachIter(from, n, step, visit)
	}
	for i := from; n > 0; i, n = i+step, n-1 {
		val, err := l.get(l.Head.First + int64(i))
		if err != nil || !visit(i, val) {
			return err
		}
	}
	return nil
}

func (l *List) eachPacked(from, n, step int, visit func(i int, val []byte) bool) {
	digits := l.t.Scratch(20)
	off := listpack.Seek(l.lp, from)
	for i := from; n > 0 && off >= 0; i, n = i+step, n-1 {
		v := listpack.Get(l.lp, off)
		if v.IsInt {
			v.Str = v.Append(digits)
		}
		if !visit(i, v.Str) {
			return
		}
		if step > 0 {
			off = listpack.Next(l.lp, off)
		} else {
			off = listpack.Prev(l.lp, off)
		}
	}
}

func (l *List) eachIter(from, n, step int, visit func(i int, val []byte) bool) error {
	low := from
	if step < 0 {
		low = from - n + 1
	}
	first := l.Head.First + int64(low)
	it, err := l.t.Iter(l.Index(first), l.Index(first+int64(n)))
	if err != nil {
		return err
	}
	defer it.Close()
	ok := step > 0 && it.First() || step < 0 && it.Last()
	for i := from; n > 0; i, n = i+step, n-1 {
		if !ok {
			if err := it.Error(); err != nil {
				return err
			}
			return layout.ErrCorrupt // a position in use without an element
		}
		if !visit(i, it.Value()) {
			return nil
		}
		ok = step > 0 && it.Next() || step < 0 && it.Prev()
	}
	return it.Error()
}

// Set replaces the element at an index.
func (l *List) Set(i int, val []byte) {
	l.changed = true
	if !l.Packed() {
		l.dropWindow()
		l.t.Put(l.pair(l.Head.First+int64(i)), val)
		l.shrunk = l.Len() <= smallSet
		return
	}
	fits := l.fits(val)
	l.own(len(val) + entryRoom)
	l.lp = listpack.Replace(l.lp, listpack.Seek(l.lp, i), val)
	if !fits {
		l.unpack()
	}
}

// smallSet is how short a list is when replacing a long element by a short one is
// thought of as shrinking.
const smallSet = 8

// Insert puts val before or after the first element that equals pivot, and says
// whether there is one.
func (l *List) Insert(pivot, val []byte, before bool) (bool, error) {
	if l.Packed() {
		return l.insertPacked(pivot, val, before), nil
	}
	at, n := -1, l.Len()
	err := l.Each(0, n-1, func(i int, v []byte) bool {
		if bytes.Equal(v, pivot) {
			at = i
		}
		return at < 0
	})
	if err != nil || at < 0 {
		return false, err
	}
	if !before {
		at++
	}
	if err := l.open(at, n); err != nil {
		return false, err
	}
	l.t.Put(l.pair(l.Head.First+int64(at)), val)
	l.changed = true
	return true, nil
}

func (l *List) insertPacked(pivot, val []byte, before bool) bool {
	off := listpack.Find(l.lp, listpack.First(l.lp), pivot, 0)
	if off < 0 {
		return false
	}
	fits := l.fits(val)
	l.own(len(val) + entryRoom)
	l.lp, l.changed = listpack.Insert(l.lp, off, before, val), true
	if !fits {
		l.unpack()
	}
	return true
}

// open makes room for one element at an index of an expanded list of n by moving
// the shorter side.
func (l *List) open(at, n int) error {
	l.dropWindow()
	from, to, step := at, n, 1
	if at <= n/2 {
		from, to, step = 0, at, -1
	}
	moves, err := l.gather(nil, from, to, func(i int) (int, bool) { return i + step, true })
	if err != nil {
		return err
	}
	l.put(moves)
	if step < 0 {
		l.Head.First--
	} else {
		l.Head.Next++
	}
	return nil
}

// move is an element on its way to another position.
type move struct {
	to  int64
	val []byte
}

// gather reads the elements at the indexes [from, to) that are to move. where
// returns an element's new index, or false when the element is to go.
func (l *List) gather(moves []move, from, to int, where func(i int) (int, bool)) ([]move, error) {
	if from >= to {
		return moves, nil
	}
	err := l.Each(from, to-1, func(i int, val []byte) bool {
		if at, stays := where(i); stays {
			moves = append(moves, move{l.Head.First + int64(at), append(l.t.Scratch(len(val)), val...)})
		}
		return true
	})
	return moves, err
}

func (l *List) put(moves []move) {
	for _, m := range moves {
		l.t.Put(l.pair(m.to), m.val)
	}
}

// DeleteEqual removes the first count elements that equal val, the last ones if
// count is negative, all if it is 0, and returns how many.
func (l *List) DeleteEqual(val []byte, count int) (int, error) {
	n := l.Len()
	if n == 0 {
		return 0, nil
	}
	from, to := 0, n-1
	if count < 0 {
		from, to, count = n-1, 0, -count
	}
	if count == 0 {
		count = n
	}
	var gone []int
	err := l.Each(from, to, func(i int, v []byte) bool {
		if bytes.Equal(v, val) {
			gone = append(gone, i)
		}
		return len(gone) < count
	})
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	slices.Sort(gone)
	l.changed = true
	if l.Packed() {
		l.deletePacked(gone)
		return len(gone), nil
	}
	return len(gone), l.close(gone, n)
}

// deletePacked removes the elements at ascending indexes.
func (l *List) deletePacked(gone []int) {
	l.own(0)
	off, at := listpack.First(l.lp), 0
	for done, i := range gone {
		for ; at < i-done; at++ {
			off = listpack.Next(l.lp, off)
		}
		l.lp = listpack.Delete(l.lp, off, 1)
	}
}

// close takes the elements at ascending indexes out of an expanded list of n. The
// longest run of those that stay does not move; what is on either side of it moves up
// to it.
func (l *List) close(gone []int, n int) error {
	l.dropWindow()
	lo, hi, left := longestRun(gone, n)
	ahead := left
	moves, err := l.gather(nil, 0, lo, func(i int) (int, bool) {
		if gone[left-ahead] == i {
			ahead--
			return 0, false
		}
		return i + ahead, true
	})
	if err != nil {
		return err
	}
	behind := 0
	moves, err = l.gather(moves, hi, n, func(i int) (int, bool) {
		if left+behind < len(gone) && gone[left+behind] == i {
			behind++
			return 0, false
		}
		return i - behind, true
	})
	if err != nil {
		return err
	}
	l.put(moves)
	if err := l.Cut(Left, left); err != nil {
		return err
	}
	return l.Cut(Right, len(gone)-left)
}

// longestRun returns the longest run [lo, hi) of 0…n-1 without any of the indexes in
// gone, and how many of these are to its left.
func longestRun(gone []int, n int) (lo, hi, left int) {
	start := 0
	for k := 0; k <= len(gone); k++ {
		end := n
		if k < len(gone) {
			end = gone[k]
		}
		if end-start > hi-lo || k == 0 {
			lo, hi, left = start, end, k
		}
		start = end + 1
	}
	return lo, hi, left
}
