package datatype

import (
	"math"
	"math/bits"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/layout"
)

// List is a list as one command sees it. While small it is one listpack in the
// head; when it outgrows the limit it becomes one element pair per position, and the
// head names the positions in use: [First, Next). Both ends move freely, so that
// pushing and popping touch one element and the head. A pop does not even delete its
// element: the pairs of [Low, First) and [Next, High) are spent, and a range delete takes
// many of them at a time.
//
// Changes of the head gather in memory: call Save when all are made.
type List struct {
	Key
	lp      []byte // packed: the current bytes; owned when owned is set
	owned   bool
	changed bool   // the head must be written
	shrunk  bool   // expanded: it may be small enough to be packed
	prefix  []byte // of the element pairs, with room for a position
}

// Side is an end of a list.
type Side uint8

const (
	Left Side = iota
	Right
)

// LoadList reads the head of a list; one that does not exist is empty.
func LoadList(t Txn, name []byte) (List, error) {
	k, err := LoadType(t, name, layout.TypeList)
	l := List{Key: k}
	if err == nil && k.Exists && k.Head.Encoding == layout.EncListpack {
		l.lp = k.Head.Value
	}
	return l, err
}

// StoreList makes a key the list of vals, of which there is at least one, whatever
// the key held before.
func StoreList(t Txn, name []byte, vals [][]byte) error {
	k, err := Load(t, name)
	if err != nil {
		return err
	}
	l := List{Key: k}
	l.start()
	l.Push(Right, vals...)
	return l.Save()
}

// Packed says whether the list is one pair.
func (l *List) Packed() bool { return !l.Exists || l.Head.Encoding == layout.EncListpack }

// Len is the number of elements.
func (l *List) Len() int {
	switch {
	case !l.Exists:
		return 0
	case l.Packed():
		return listpack.Len(l.lp)
	}
	return int(l.Head.Next - l.Head.First)
}

// Redis's bounds of a listpack of a list (see quicklistNodeLimit).
const (
	listSafetyBytes = 8192 // where list-max-listpack-size counts entries
	listSizeLevels  = 5    // -1 to -5: 4 to 64 KiB
)

// listLimits turns list-max-listpack-size into the most bytes and entries of a
// listpack.
func listLimits(size int64) (maxBytes, maxCount int) {
	if size < 0 {
		return 2048 << min(-size, listSizeLevels), math.MaxInt
	}
	return listSafetyBytes, int(max(size, 1))
}

// fits says whether the list stays packed with vals added.
func (l *List) fits(vals ...[]byte) bool {
	maxBytes, maxCount := listLimits(l.t.Limits().ListMaxListpackSize)
	return len(l.lp)+textBytes(vals) <= maxBytes && listpack.Len(l.lp)+len(vals) <= maxCount
}

func textBytes(vals [][]byte) (n int) {
	for _, v := range vals {
		n += len(v)
	}
	return n
}

// entryRoom is what an entry needs beyond its text.
const entryRoom = 10

var emptyListpack = listpack.New()

// start makes the key an empty list.
func (l *List) start() {
	l.Reset(layout.TypeList, layout.EncListpack)
	l.lp, l.owned = emptyListpack, false
}

// own makes lp a copy that may be changed, with so much room to grow.
func (l *List) own(room int) {
	if !l.owned {
		l.lp, l.owned = append(l.t.Scratch(len(l.lp)+room), l.lp...), true
	}
}

// Push adds values at an end, one after the other.
func (l *List) Push(side Side, vals ...[]byte) {
	if !l.Exists {
		l.start()
	}
	l.changed = true
	if l.Packed() {
		if l.fits(vals...) {
			l.pushPacked(side, vals)
			return
		}
		l.unpack()
	}
	l.shrunk = false
	for _, v := range vals {
		if side == Left {
			l.Head.First--
			l.t.Put(l.pair(l.Head.First), v)
		} else {
			l.t.Put(l.pair(l.Head.Next), v)
			l.Head.Next++
		}
	}
}

func (l *List) pushPacked(side Side, vals [][]byte) {
	l.own(textBytes(vals) + entryRoom*len(vals))
	for _, v := range vals {
		if side == Left {
			l.lp = listpack.Prepend(l.lp, v)
		} else {
			l.lp = listpack.Append(l.lp, v)
		}
	}
}

// unpack gives each element a pair of its own.
func (l *List) unpack() {
	lp := l.lp
	l.Expand()
	l.lp, l.owned, l.changed, l.prefix = nil, false, true, nil
	l.Head.First, l.Head.Next, l.Head.Low, l.Head.High = 0, 0, 0, 0
	for off := listpack.First(lp); off >= 0; off = listpack.Next(lp, off) {
		l.t.Put(l.pair(l.Head.Next), entryText(l.t, lp, off))
		l.Head.Next++
	}
}

// Pop removes the element at an end of a list that is not empty, and returns it.
func (l *List) Pop(side Side) (val []byte, err error) {
	if l.Packed() {
		return l.popPacked(side), nil
	}
	pos := l.Head.First
	if side == Right {
		pos = l.Head.Next - 1
	}
	if val, err = l.take(side, pos); err != nil {
		return nil, err
	}
	l.drop(side)
	return val, nil
}

func (l *List) popPacked(side Side) []byte {
	off := listpack.First(l.lp)
	if side == Right {
		off = listpack.Last(l.lp)
	}
	val := entryText(l.t, l.lp, off)
	if l.owned {
		val = append(l.t.Scratch(len(val)), val...) // the bytes are about to move
	}
	l.own(0)
	l.lp, l.changed = listpack.Delete(l.lp, off, 1), true
	return val
}

// pair returns the key of the element pair at a position; it is good until the next
// call.
func (l *List) pair(pos int64) []byte {
	if l.prefix == nil {
		l.prefix = l.Elements()
	}
	return layout.AppendIndex(l.prefix, pos)
}

// get reads the element at a position in use.
func (l *List) get(pos int64) ([]byte, error) {
	val, found, err := l.t.Get(l.pair(pos))
	if err == nil && !found {
		err = layout.ErrCorrupt
	}
	return val, err
}

// drop removes the element at an end.
func (l *List) drop(side Side) {
	before := l.Len()
	if side == Left {
		l.forget(side, l.Head.First)
		l.Head.First++
	} else {
		l.Head.Next--
		l.forget(side, l.Head.Next)
	}
	l.noteShrink(before)
	l.changed = true
}

// Cut removes n elements from an end.
func (l *List) Cut(side Side, n int) error {
	if n <= 0 {
		return nil
	}
	l.changed = true
	switch size := l.Len(); {
	case l.Packed():
		from := 0
		if side == Right {
			from = size - n
		}
		l.own(0)
		l.lp = listpack.Delete(l.lp, listpack.Seek(l.lp, from), n)
	default:
		l.dropWindow()
		if side == Left {
			l.Head.First += int64(n)
		} else {
			l.Head.Next -= int64(n)
		}
		l.noteShrink(size)
	}
	return nil
}

// Save writes what has changed; an empty list is removed (D3), and one that has
// become much smaller is packed again.
func (l *List) Save() error {
	if !l.changed {
		return nil
	}
	l.changed = false
	if l.Len() == 0 {
		l.Remove()
		return nil
	}
	l.Head.Low, l.Head.High = min(l.Head.Low, l.Head.First), max(l.Head.High, l.Head.Next)
	if l.shrunk && !l.Packed() {
		if err := l.pack(); err != nil {
			return err
		}
	}
	if l.Packed() {
		l.Head.Value = l.lp
	} else {
		l.Head.Count = uint64(l.Len())
		l.deleteSpent()
	}
	l.Key.Save()
	return nil
}

// A quarter of the length, within these bounds, is how many pairs may be spent at an end before they
// are deleted: enough for pops to cost little more than the head, and little space.
const (
	leastSpent = 16
	mostSpent  = 1024
)

// deleteSpent deletes the spent pairs of an end where there are many.
func (l *List) deleteSpent() {
	h := &l.Head
	limit := int64(min(max(l.Len()/4, leastSpent), mostSpent))
	if h.First-h.Low >= limit {
		l.t.DeleteRange(l.Index(h.Low), l.Index(h.First))
		h.Low = h.First
	}
	if h.High-h.Next >= limit {
		l.t.DeleteRange(l.Index(h.Next), l.Index(h.High))
		h.High = h.Next
	}
}

// Like Redis, a list becomes packed again when it is at most half of what a
// listpack may hold. How long its elements are is not known before they are
// read: that is tried where the number of elements passes half the limit or a power
// of two, and only for short lists, so that it costs next to nothing on average.
func (l *List) noteShrink(before int) {
	n := l.Len()
	_, maxCount := listLimits(l.t.Limits().ListMaxListpackSize)
	half := min(maxCount/2, shortRange)
	if n <= half && (before > half || bits.Len(uint(n)) < bits.Len(uint(before))) {
		l.shrunk = true
	}
}

// pack makes an expanded list one listpack, if it is small enough.
func (l *List) pack() error {
	l.shrunk = false
	size := l.t.Limits().ListMaxListpackSize
	maxBytes, maxCount := listLimits(size)
	if size < 0 {
		maxBytes /= 2
	}
	n := l.Len()
	if n > maxCount/2 || n > shortRange {
		return nil
	}
	lp, fits := append(l.t.Scratch(maxBytes), emptyListpack...), true
	err := l.Each(0, n-1, func(_ int, val []byte) bool {
		if fits = len(lp)+listpack.EntryBytes(val) <= maxBytes; fits {
			lp = listpack.Append(lp, val)
		}
		return fits
	})
	if err != nil || !fits {
		return err
	}
	l.t.DeleteRange(l.Index(l.Head.Low), l.Index(l.Head.High))
	l.Head.Encoding, l.lp, l.owned = layout.EncListpack, lp, true
	return nil
}
