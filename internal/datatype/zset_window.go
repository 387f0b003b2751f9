package datatype

import (
	"bytes"
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// zsetEnd remembers, in memory, the members at one end of a large sorted set: whatever happens, items are the first ones of
// the order, seen from there, with none left out. So a queue, a rate limiter or a board that is trimmed all the time reads
// and removes there without a range read, and does not step over the tombstones of what it has removed before.
//
// When the last item goes, bound keeps its place in the order: nothing lies before it.
type zsetEnd struct {
	high  bool // the highest members, else the lowest
	known bool
	items []ZItem
	bound []byte // as place spells it
	reads int    // that began here while it was not known
}

// endPatience is how many reads at an end go to the store before its members are remembered: a sorted set that is looked at
// once is not worth it.
const endPatience = 2

func (z *ZSet) window() *Window {
	w := z.t.Window(z.Name, z.Head.Version)
	w.high.high = true
	return w
}

func (w *Window) end(high bool) *zsetEnd {
	if high {
		return &w.high
	}
	return &w.low
}

// Pop removes the n lowest members, or the highest, or all that there are, and visits
// them. Save must follow.
func (z *ZSet) Pop(n int, highest bool, visit func(member []byte, score float64)) error {
	n = min(n, z.Len())
	if z.Packed() {
		return z.popPacked(n, highest, visit)
	}
	w := z.window()
	e, other := w.end(highest), w.end(!highest)
	if !e.known || len(e.items) < n {
		if err := z.fillEnd(e, n); err != nil {
			return err
		}
	}
	all := n == z.Len()
	for _, item := range e.items[:n] {
		visit(item.Member, item.Score)
		if !all {
			z.t.Delete(z.Member(item.Member))
			z.t.Delete(z.Key.Score(item.Score, item.Member))
			z.leaveEnd(other, item)
		}
	}
	if all {
		w.Drop()
		z.Key.Remove()
		z.changed = false
		return nil
	}
	if n > 0 {
		z.dropItems(e, 0, n)
		z.Head.Count -= uint64(n)
		z.changed = true
	}
	return nil
}

func (z *ZSet) popPacked(n int, highest bool, visit func(member []byte, score float64)) error {
	if n == 0 {
		return nil
	}
	left := n
	z.walkPacked(0, highest, func(member []byte, score float64) bool {
		visit(member, score)
		left--
		return left > 0
	})
	if highest {
		z.cutRanks(z.Len()-n, n)
	} else {
		z.cutRanks(0, n)
	}
	return nil
}

// place is where a member stands among the score pairs, without their prefix.
func (z *ZSet) place(item ZItem) []byte {
	return append(layout.AppendScore(z.t.Scratch(8+len(item.Member)), item.Score), item.Member...)
}

// fillEnd reads at least need members of an end, of which there are so many.
func (z *ZSet) fillEnd(e *zsetEnd, need int) error {
	if err := z.t.Heavy(need); err != nil {
		return err
	}
	cut, all := len(z.Scores()), z.places()
	f := newWindowFiller(need)
	err := z.t.Walk(all.from, all.to, e.high, func(key, val []byte) (bool, error) {
		score, member, err := splitPlace(key[cut:], val)
		if err != nil {
			return false, err
		}
		f.Add(member, score)
		return !f.full(), nil
	})
	if err != nil {
		return err
	}
	if len(f.List) < need {
		return layout.ErrCorrupt // fewer members than the head says
	}
	e.known, e.items = true, f.List
	return nil
}

// recallEnd returns at least need items of an end, or none where the store has to be asked: the end is not known, or more is
// wanted than it remembers.
func (z *ZSet) recallEnd(e *zsetEnd, need int) ([]ZItem, error) {
	if need > windowSize {
		return nil, nil
	}
	if !e.known {
		if e.reads++; e.reads <= endPatience {
			return nil, nil
		}
	}
	if len(e.items) < need {
		if err := z.fillEnd(e, need); err != nil {
			return nil, err
		}
	}
	return e.items, nil
}

// splitPlace reads a score pair; suffix is the key without the prefix.
func splitPlace(suffix, val []byte) (score float64, member []byte, err error) {
	score, member, err = layout.SplitScore(suffix)
	if score == 0 && len(val) > 0 {
		score = -score
	}
	return score, member, err
}

// seek returns the index of the first item that does not come before the given one.
func (e *zsetEnd) seek(item ZItem) (int, bool) {
	return slices.BinarySearchFunc(e.items, item, func(a, b ZItem) int {
		if e.high {
			return compareItems(b, a)
		}
		return compareItems(a, b)
	})
}

// joinWindow follows a member that is new or has a new score, beside others.
func (z *ZSet) joinWindow(member []byte, score float64, others int) {
	w := z.window()
	for _, e := range [...]*zsetEnd{&w.low, &w.high} {
		if e.known {
			z.joinEnd(e, ZItem{member, score}, others)
		}
	}
}

// joinEnd keeps a member out that comes after the last item if some of the others may lie between.
func (z *ZSet) joinEnd(e *zsetEnd, item ZItem, others int) {
	i, n := 0, len(e.items)
	if n == 0 {
		if c := bytes.Compare(z.place(item), e.bound); c > 0 && !e.high || c < 0 && e.high {
			return
		}
	} else if i, _ = e.seek(item); i == n && n < others {
		return
	}
	if len(item.Member) > windowMember { // too long to keep: the items end before it
		e.items = e.items[:i]
		if i == 0 {
			e.bound = append(e.bound[:0], z.place(item)...)
		}
		return
	}
	item.Member = bytes.Clone(item.Member)
	e.items = slices.Insert(e.items, i, item)
	if n >= 2*windowSize {
		e.items = slices.Delete(e.items, windowSize, n+1)
	}
}

// leaveWindow follows the removal of a member, or of its old score.
func (z *ZSet) leaveWindow(member []byte, score float64) {
	w := z.window()
	z.leaveEnd(&w.low, ZItem{member, score})
	z.leaveEnd(&w.high, ZItem{member, score})
}

func (z *ZSet) leaveEnd(e *zsetEnd, item ZItem) {
	if len(e.items) == 0 {
		return
	}
	if i, found := e.seek(item); found {
		z.dropItems(e, i, i+1)
	}
}

func (z *ZSet) dropItems(e *zsetEnd, from, to int) {
	last := e.items[to-1]
	if from == 0 {
		e.items = e.items[to:]
	} else {
		e.items = slices.Delete(e.items, from, to)
	}
	if len(e.items) == 0 {
		e.bound = append(e.bound[:0], z.place(last)...)
	}
}
