// Package datatypetest has a datatype.Txn in memory, for tests of the data types
// and of command handlers.
//
// It is stricter than the engine: when a command ends, and when an iterator
// moves, it spoils every slice that it has handed out, so that what outlives
// its time is found by the tests (D4).
package datatypetest

import (
	"bytes"
	"slices"
	"sort"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
)

// Txn is one database with one command running at a time. End, or Undo, must
// follow each command.
type Txn struct {
	Now    int64
	Lim    datatype.Limits
	Pairs  map[string]string
	Events []Event // of the command that runs
	// HeavyLimit is the most that Heavy allows without ErrWouldBlock; 0: any.
	HeavyLimit int

	NKeys, NExpires int64
	Iters           int // iterators opened since the last End
	Steps           int // pairs that iterators have stood on since then
	Looked          int // pairs asked for by their keys, or stood on, since it was set to 0

	keys    layout.Keys
	version uint64
	sorted  []string // the keys of Pairs; nil when it must be made again
	saved   snapshot
	handed  [][]byte
	open    int
	recalls int
	windows map[string]*datatype.Window
	used    []*datatype.Window
}

// Event is one keyspace event.
type Event struct {
	Class datatype.Class
	Name  string
	Key   string
}

type snapshot struct {
	pairs           map[string]string // what changed pairs held; absent ones are in gone
	gone            map[string]bool
	nKeys, nExpires int64
}

// New returns an empty database with Redis's limits.
func New() *Txn {
	return &Txn{
		Now: 1_700_000_000_000,
		Lim: datatype.Limits{
			HashMaxListpackEntries: 128, HashMaxListpackValue: 64, ListMaxListpackSize: -2,
			SetMaxIntsetEntries: 512, SetMaxListpackEntries: 128, SetMaxListpackValue: 64,
			ZSetMaxListpackEntries: 128, ZSetMaxListpackValue: 64, HLLSparseMaxBytes: 3000, MaxStringBytes: 512 << 20,
			StreamNodeMaxBytes: 4096, StreamNodeMaxEntries: 100,
		},
		Pairs:   map[string]string{},
		saved:   newSnapshot(),
		version: 100,
		windows: map[string]*datatype.Window{},
	}
}

func newSnapshot() snapshot { return snapshot{pairs: map[string]string{}, gone: map[string]bool{}} }

// End ends a command that has succeeded.
func (x *Txn) End() {
	x.spoil()
	x.saved = newSnapshot()
	x.saved.nKeys, x.saved.nExpires = x.NKeys, x.NExpires
}

// Undo ends a command that has failed: what it did is taken back, and the
// windows that it touched are dropped, as by the engine.
func (x *Txn) Undo() {
	for k := range x.saved.gone {
		delete(x.Pairs, k)
	}
	for k, v := range x.saved.pairs {
		x.Pairs[k] = v
	}
	x.sorted = nil
	x.NKeys, x.NExpires = x.saved.nKeys, x.saved.nExpires
	for _, w := range x.used {
		w.Drop()
	}
	x.End()
}

func (x *Txn) spoil() {
	if x.open != 0 {
		panic("datatypetest: an iterator was not closed")
	}
	for _, b := range x.handed {
		b = b[:cap(b)]
		for i := range b {
			b[i] = 0xdb
		}
	}
	x.handed, x.used, x.Events = nil, nil, nil
	x.Iters, x.Steps = 0, 0
}

// hand returns bytes that are good until the command ends.
func (x *Txn) hand(s string) []byte {
	b := append(make([]byte, 0, len(s)), s...)
	x.handed = append(x.handed, b)
	return b
}

// NowMS implements datatype.Txn.
func (x *Txn) NowMS() int64 { return x.Now }

// Keys implements datatype.Txn.
func (x *Txn) Keys() *layout.Keys { return &x.keys }

// Limits implements datatype.Txn.
func (x *Txn) Limits() *datatype.Limits { return &x.Lim }

// Get implements datatype.Txn.
func (x *Txn) Get(key []byte) ([]byte, bool, error) {
	x.Looked++
	v, found := x.Pairs[string(key)]
	if !found {
		return nil, false, nil
	}
	return x.hand(v), true, nil
}

// AppendValue implements datatype.Txn.
func (x *Txn) AppendValue(dst, key []byte, _ bool) ([]byte, bool, error) {
	x.Looked++
	v, found := x.Pairs[string(key)]
	return append(dst, v...), found, nil
}

// LockHome implements datatype.Txn.
func (x *Txn) LockHome([]byte) error { return nil }

// IdleSeconds implements datatype.Txn.
func (x *Txn) IdleSeconds([]byte) int64 { return 0 }

// Recall implements datatype.Txn: every other pair is in memory.
func (x *Txn) Recall(key []byte) ([]byte, bool) {
	if x.recalls++; x.recalls%2 == 0 {
		return nil, false
	}
	val, found, _ := x.Get(key)
	return val, found
}

// remember keeps what a pair held before the command's first change of it.
func (x *Txn) remember(key string) {
	if _, known := x.saved.pairs[key]; known || x.saved.gone[key] {
		return
	}
	if v, found := x.Pairs[key]; found {
		x.saved.pairs[key] = v
	} else {
		x.saved.gone[key] = true
	}
}

// Put implements datatype.Txn.
func (x *Txn) Put(key, val []byte) { x.PutParts(key, val, nil) }

// PutParts implements datatype.Txn.
func (x *Txn) PutParts(key, val, rest []byte) {
	k := string(key)
	x.remember(k)
	if _, found := x.Pairs[k]; !found && x.sorted != nil {
		i := sort.SearchStrings(x.sorted, k)
		x.sorted = slices.Insert(x.sorted, i, k)
	}
	x.Pairs[k] = string(val) + string(rest)
}

// Delete implements datatype.Txn.
func (x *Txn) Delete(key []byte) {
	k := string(key)
	if _, found := x.Pairs[k]; !found {
		return
	}
	x.remember(k)
	delete(x.Pairs, k)
	if x.sorted != nil {
		i := sort.SearchStrings(x.sorted, k)
		x.sorted = slices.Delete(x.sorted, i, i+1)
	}
}

// DeleteRange implements datatype.Txn.
func (x *Txn) DeleteRange(from, to []byte) {
	for _, k := range x.between(from, to) {
		x.Delete([]byte(k))
	}
}

// between returns a copy of the keys of a range, in order.
func (x *Txn) between(from, to []byte) []string {
	if x.sorted == nil {
		x.sorted = make([]string, 0, len(x.Pairs))
		for k := range x.Pairs {
			x.sorted = append(x.sorted, k)
		}
		sort.Strings(x.sorted)
	}
	i, j := sort.SearchStrings(x.sorted, string(from)), sort.SearchStrings(x.sorted, string(to))
	return slices.Clone(x.sorted[i:max(i, j)])
}

// Scratch implements datatype.Txn.
func (x *Txn) Scratch(n int) []byte {
	b := make([]byte, 0, n)
	x.handed = append(x.handed, b)
	return b
}

// Heavy implements datatype.Txn.
func (x *Txn) Heavy(n int) error {
	if x.HeavyLimit > 0 && n > x.HeavyLimit {
		return datatype.ErrWouldBlock
	}
	return nil
}

// NewVersion implements datatype.Txn.
func (x *Txn) NewVersion() uint64 { x.version++; return x.version }

// Count implements datatype.Txn.
func (x *Txn) Count(keys, expires int64) {
	x.NKeys += keys
	x.NExpires += expires
}

// KeyCounts implements datatype.Txn.
func (x *Txn) KeyCounts() (keys, expires int64) { return x.NKeys, x.NExpires }

// Event implements datatype.Txn.
func (x *Txn) Event(class datatype.Class, event string, key []byte) {
	x.Events = append(x.Events, Event{class, event, string(key)})
}

// Notice implements datatype.Txn.
func (x *Txn) Notice(class datatype.Class, event string, key []byte) { x.Event(class, event, key) }

// Window implements datatype.Txn.
func (x *Txn) Window(key []byte, version uint64) *datatype.Window {
	w := x.windows[string(key)]
	if w == nil || w.Version != version {
		w = &datatype.Window{Version: version}
		x.windows[string(key)] = w
	}
	x.used = append(x.used, w)
	return w
}

// Forget drops all windows, as a restart does.
func (x *Txn) Forget() { x.windows = map[string]*datatype.Window{} }

// Iter implements datatype.Txn. The iterator sees what is there now.
func (x *Txn) Iter(lower, upper []byte) (datatype.Iter, error) {
	it := &iter{x: x, keys: x.between(lower, upper), at: -1}
	it.vals = make([]string, len(it.keys))
	for i, k := range it.keys {
		it.vals[i] = x.Pairs[k]
	}
	x.open++
	x.Iters++
	return it, nil
}

// Walk implements datatype.Txn.
func (x *Txn) Walk(lower, upper []byte, reverse bool, visit func(key, val []byte) (bool, error)) error {
	it, err := x.Iter(lower, upper)
	if err != nil {
		return err
	}
	return datatype.WalkIter(it, reverse, visit)
}

type iter struct {
	x          *Txn
	keys, vals []string
	at         int
	key, val   []byte
}

// move goes to a place and spoils what the last one gave.
func (it *iter) move(to int) bool {
	for _, b := range [][]byte{it.key, it.val} {
		for i := range b {
			b[i] = 0xdb
		}
	}
	it.at = min(max(to, -1), len(it.keys))
	if !it.Valid() {
		it.key, it.val = nil, nil
		return false
	}
	it.x.Steps++
	it.x.Looked++
	it.key, it.val = []byte(it.keys[it.at]), []byte(it.vals[it.at])
	return true
}

func (it *iter) First() bool            { return it.move(0) }
func (it *iter) Last() bool             { return it.move(len(it.keys) - 1) }
func (it *iter) SeekGE(key []byte) bool { return it.move(sort.SearchStrings(it.keys, string(key))) }
func (it *iter) SeekLT(key []byte) bool {
	return it.move(sort.SearchStrings(it.keys, string(key)) - 1)
}
func (it *iter) Next() bool    { return it.move(it.at + 1) }
func (it *iter) Prev() bool    { return it.move(it.at - 1) }
func (it *iter) Valid() bool   { return it.at >= 0 && it.at < len(it.keys) }
func (it *iter) Key() []byte   { return it.key }
func (it *iter) Value() []byte { return it.val }
func (it *iter) Error() error  { return nil }
func (it *iter) Close() error {
	it.move(-1)
	it.x.open--
	return nil
}

// CountPrefix is how many pairs have keys that begin with prefix.
func (x *Txn) CountPrefix(prefix []byte) (n int) {
	for k := range x.Pairs {
		if bytes.HasPrefix([]byte(k), prefix) {
			n++
		}
	}
	return n
}

var _ datatype.Txn = (*Txn)(nil)
