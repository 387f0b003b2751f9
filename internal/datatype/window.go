package datatype

// Window remembers, in memory, a few elements at an end (or at a random place)
// of one large collection, so that a run of pops or of trims (SPOP, ZPOPMIN,
// ZREMRANGEBYSCORE) costs one range read for many of them and does not step over the
// tombstones of the earlier ones each time. That of a sorted set remembers both ends
// (see zsetEnd), that of a stream the IDs of some of its entries (see IDRun).
//
// It is only read and written under the key's lock. Whoever changes the collection
// in a way the window does not follow calls Drop; the engine drops it when a command
// that touched it is undone. What changes a database other than through a Txn (records
// from a master, an installed copy) makes the engine forget all its windows: reads
// trust them too.
type Window struct {
	Version uint64
	Items   []WindowItem // next one to pop first
	Kind    WindowKind
	At      int64 // of a list: the position of the first item
	Runs    []IDRun

	low, high zsetEnd // of a sorted set, instead of Items
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

// windowSize is how many elements a window is filled with, unless one command asks
// for more. Tests make it smaller.
var windowSize = 256

const (
	windowBytes  = 16 << 10 // so many bytes of members are enough, too
	windowMember = 256      // a longer member does not join a window
)

// windowFiller gathers the elements of a window.
type windowFiller struct {
	Items
	need int // at least so many
}

func newWindowFiller(need int) windowFiller {
	return windowFiller{Items{List: make([]WindowItem, 0, max(need, windowSize))}, need}
}

func (f *windowFiller) full() bool {
	return len(f.List) >= f.need && (len(f.List) >= windowSize || len(f.arena) >= windowBytes)
}
