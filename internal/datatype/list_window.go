package datatype

import "github.com/haypile/haypile/internal/layout"

// The window of a list shows the elements at one end, from position At inward. A run of pops reads
// them by one walk; a single pop reads its element alone, so that who pushes and pops at the same end
// pays for no walk.

// take returns the element at an end, at position pos, by way of the window.
func (l *List) take(side Side, pos int64) ([]byte, error) {
	w := l.t.Window(l.Name, l.Head.Version)
	kind, step := WindowMin, int64(1)
	if side == Right {
		kind, step = WindowMax, -1
	}
	if w.Kind != kind || w.At != pos { // the first of a run, or none
		w.Drop()
		w.Kind, w.At = kind, pos+step
		return l.get(pos)
	}
	if len(w.Items) == 0 {
		if err := l.fillWindow(w, side, pos); err != nil {
			return nil, err
		}
	}
	val := w.Items[0].Member
	w.Items, w.At = w.Items[1:], pos+step
	return val, nil
}

// fillWindow reads elements from position pos inward: those that are in memory, or by a walk.
func (l *List) fillWindow(w *Window, side Side, pos int64) error {
	from, to := l.Head.First, l.Head.Next
	if w.Items = l.recall(side, pos); len(w.Items) > 0 {
		return nil
	}
	if side == Left {
		from = pos
		to = min(to, pos+int64(windowSize))
	} else {
		to = pos + 1
		from = max(from, to-int64(windowSize))
	}
	lower := append(l.t.Scratch(len(l.pair(from))), l.pair(from)...)
	upper := append(l.t.Scratch(len(lower)), l.pair(to)...)
	f := newWindowFiller(1)
	err := l.t.Walk(lower, upper, side == Right, func(_, val []byte) (bool, error) {
		f.Add(val, 0)
		return !f.full(), nil
	})
	if err != nil {
		return err
	}
	if len(f.List) == 0 {
		return layout.ErrCorrupt // an element that the head promises
	}
	w.Items = f.List
	return nil
}

// recall returns the elements from position pos inward up to the first that is not in memory.
func (l *List) recall(side Side, pos int64) []WindowItem {
	f, step := newWindowFiller(1), int64(1)
	if side == Right {
		step = -1
	}
	for ; pos >= l.Head.First && pos < l.Head.Next && !f.full(); pos += step {
		val, found := l.t.Recall(l.pair(pos))
		if !found {
			break
		}
		f.Add(val, 0)
	}
	return f.List
}

// forget follows the removal of the element at a position other than by take. From the end that the
// window does not show it takes the last items with it; from the other, the whole window: what is
// pushed in its place has the same position.
func (l *List) forget(side Side, pos int64) {
	w := l.t.Window(l.Name, l.Head.Version)
	at := pos - w.At
	if w.Kind == WindowMax {
		at = w.At - pos
	}
	switch {
	case w.Kind == WindowNone || at < 0 || at >= int64(len(w.Items)):
	case (w.Kind == WindowMin) != (side == Left):
		w.Items = w.Items[:at]
	default:
		w.Drop()
	}
}

// dropWindow forgets the window: elements have changed or moved.
func (l *List) dropWindow() { l.t.Window(l.Name, l.Head.Version).Drop() }
