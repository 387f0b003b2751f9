package datatype

// Window remembers, in memory, a few elements at an end (or at a random place)
// of one large collection, so that a run of pops (SPOP, ZPOPMIN, ZPOPMAX) costs
// one range read for many of them and does not step over the tombstones of the
// earlier ones each time.
//
// It is only read and written under the key's lock. Whoever changes the
// collection in a way the window does not follow calls Drop; the engine drops it when
// a command that touched it is undone.
type Window struct {
	Version uint64
	Items   []WindowItem // next one to pop first
	Kind    WindowKind
	Bound   []byte // low end: no live score pair is below (WindowMin) or above (WindowMax)
}

// WindowKind says which end of the collection a window shows.
type WindowKind uint8

const (
	WindowNone WindowKind = iota
	WindowRandom
	WindowMin
	WindowMax
)

// WindowItem is one element; Score is used by sorted sets.
type WindowItem struct {
	Member []byte
	Score  float64
}

// Drop forgets everything.
func (w *Window) Drop() { *w = Window{Version: w.Version} }
