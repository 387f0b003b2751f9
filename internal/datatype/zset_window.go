package datatype

import (
	"bytes"
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// The window of a sorted set shows the members at one end: whatever happens, the
// items are the first ones of the order, seen from there, with none left out. When
// the last item goes, Bound keeps its place in the order: nothing lies before it.

// Pop removes the n lowest members, or the highest, or all that there are, and visits
// them. Save must follow.
func (z *ZSet) Pop(n int, highest bool, visit func(member []byte, score float64)) error {
	n = min(n, z.Len())
	if z.Packed() {
		return z.popPacked(n, highest, visit)
	}
	kind := WindowMin
	if highest {
		kind = WindowMax
	}
	w := z.t.Window(z.Name, z.Head.Version)
	if w.Kind != kind || len(w.Items) < n {
		if err := z.fillWindow(w, kind, n); err != nil {
			return err
		}
	}
	all := n == z.Len()
	for _, item := range w.Items[:n] {
		visit(item.Member, item.Score)
		if !all {
			z.t.Delete(z.Member(item.Member))
			z.t.Delete(z.Key.Score(item.Score, item.Member))
		}
	}
	if all {
		w.Drop()
		z.Key.Remove()
		z.changed = false
		return nil
	}
	if n > 0 {
		z.dropItems(w, 0, n)
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
func (z *ZSet) place(member []byte, score float64) []byte {
	return append(layout.AppendScore(z.t.Scratch(8+len(member)), score), member...)
}

// fillWindow puts at least need members of an end, of which there are so many, into
// the window.
func (z *ZSet) fillWindow(w *Window, kind WindowKind, need int) error {
	if err := z.t.Heavy(need); err != nil {
		return err
	}
	cut, all := len(z.Scores()), z.places()
	f := newWindowFiller(need)
	err := z.t.Walk(all.from, all.to, kind == WindowMax, func(key, val []byte) (bool, error) {
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
	w.Kind, w.Items = kind, f.List
	return nil
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
func (w *Window) seek(item ZItem) (int, bool) {
	return slices.BinarySearchFunc(w.Items, item, func(a, b ZItem) int {
		if w.Kind == WindowMax {
			return compareItems(b, a)
		}
		return compareItems(a, b)
	})
}

// joinWindow follows a member that is new or has a new score, beside others. One
// that comes after the last item stays out if some of the others may lie between.
func (z *ZSet) joinWindow(member []byte, score float64, others int) {
	w := z.t.Window(z.Name, z.Head.Version)
	if w.Kind == WindowNone {
		return
	}
	i, n := 0, len(w.Items)
	if n == 0 {
		c := bytes.Compare(z.place(member, score), w.Bound)
		if c > 0 && w.Kind == WindowMin || c < 0 && w.Kind == WindowMax {
			return
		}
	} else if i, _ = w.seek(ZItem{member, score}); i == n && n < others {
		return
	}
	if len(member) > windowMember { // too long to keep: the window ends before it
		w.Items = w.Items[:i]
		if i == 0 {
			w.Bound = append(w.Bound[:0], z.place(member, score)...)
		}
		return
	}
	w.Items = slices.Insert(w.Items, i, ZItem{bytes.Clone(member), score})
	if n >= 2*windowSize {
		w.Items = slices.Delete(w.Items, windowSize, n+1)
	}
}

// leaveWindow follows the removal of a member, or of its old score.
func (z *ZSet) leaveWindow(member []byte, score float64) {
	w := z.t.Window(z.Name, z.Head.Version)
	if len(w.Items) == 0 {
		return
	}
	if i, found := w.seek(ZItem{member, score}); found {
		z.dropItems(w, i, i+1)
	}
}

func (z *ZSet) dropItems(w *Window, from, to int) {
	last := w.Items[to-1]
	if from == 0 {
		w.Items = w.Items[to:]
	} else {
		w.Items = slices.Delete(w.Items, from, to)
	}
	if len(w.Items) == 0 {
		w.Bound = append(w.Bound[:0], z.place(last.Member, last.Score)...)
	}
}
