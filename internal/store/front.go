package store

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/algo/prefetch"
	"github.com/haypile/haypile/internal/layout"
)

// front is the write buffer before Pebble: a hash table of the last change of
// each pair. Commits end here; a goroutine drains it into Pebble in large sorted
// batches. That keeps the search through Pebble's memtable (a skip list: a
// microsecond for a random key) out of the event loop, makes the inserts
// sequential, and lets overwrites of hot pairs meet before they cost anything.
//
// The log is what makes changes durable, so nothing is lost with the buffer;
// the state pair drained with a batch names the position the batch reaches (S1).
//
// While one table is drained the other takes new changes. Point reads look into
// both before they look further. Range reads need what concerns them drained.
type front struct {
	mu       sync.RWMutex
	active   *table
	draining *table // nil when no drain runs
	spare    *table
	idle     sync.Cond // a drain has ended; uses mu
	err      error     // a drain failed for good
	drain    int64     // bytes at which a drain begins
	full     int64     // bytes at which commits wait for it

	// filled is 0 while both tables are empty, so that point reads of a quiet
	// database need no lock. A change is seen by whoever takes its key's lock later.
	filled atomic.Int32
}

// table holds the last change of each pair, its bytes in one arena.
type table struct {
	keys    *layout.Keys
	slots   []uint32 // entry index + 1; open addressing, power of two
	entries []entry
	arena   []byte
	ranges  []keyRange
	touched map[uint64]uint32 // hashes of the collection prefixes changed → chains + 1
	chains  []chain
	orderMu sync.Mutex // guards chain.order: walks make it
	last    uint64     // the prefix hash noted last
	lastAt  uint32     // and its chain + 1
	spaces  [256]bool
	state   layout.State // after the last batch
	bytes   int64        // live and overwritten
}

type entry struct {
	hash             uint64
	key, val         uint32 // offsets in arena
	keyLen           uint32
	valLen, valRoom  uint32
	next             uint32 // entry index + 1 of the chain's next
	deleted, present bool
	linked           bool   // in its collection's chain
	ranges           uint32 // how many of the table's ranges came before the last change
	chain            uint32 // its collection's index in chains + 1, or 0
}

// chain links those pairs of a collection's elements that have been written, not only
// deleted: a range read can find the others by point look-ups.
type chain struct {
	head, count uint32
	entries     uint32   // these, and those only deleted
	prefix      uint32   // the length of what its keys have in common
	order       []uint32 // see table.ordered
}

type keyRange struct{ from, to []byte }

const (
	// drainBytes is when a drain begins by itself, unless Options.WriteBuffer says less.
	drainBytes = 8 << 20
	// fullBytes is when commits wait for the drain: it bounds memory when the
	// disk cannot follow.
	fullBytes = 64 << 20
	// smallDrain is how many changes a caller that must not wait may drain.
	smallDrain = 2048
)

func newTable(keys *layout.Keys) *table {
	return &table{keys: keys, slots: make([]uint32, 1024), touched: map[uint64]uint32{}}
}

// reset empties the table. What it has allocated stays, because under a steady load the next round takes as much;
// after one that has taken little of much it goes.
func (t *table) reset() {
	t.shrink(len(t.arena))
	clear(t.slots)
	clear(t.touched)
	clear(t.chains) // their orders
	t.entries, t.arena, t.ranges = t.entries[:0], t.arena[:0], nil
	t.chains, t.spaces, t.bytes, t.last = t.chains[:0], [256]bool{}, 0, 0
}

// oversized says that a buffer is held for nothing.
func oversized(has, used int) bool { return has > 2*drainBytes && used < has/4 }

func (t *table) shrink(used int) {
	if oversized(cap(t.arena), used) {
		t.slots, t.entries, t.arena, t.touched, t.chains = make([]uint32, 1024), nil, nil, map[uint64]uint32{}, nil
	}
}

func (f *front) init(keys *layout.Keys, most int64) {
	f.full = fullBytes
	if most > 0 {
		f.full = most
	}
	f.drain = min(drainBytes, f.full/4)
	f.active, f.spare = newTable(keys), newTable(keys)
	f.idle.L = &f.mu
}

func (t *table) empty() bool { return len(t.entries) == 0 && len(t.ranges) == 0 }

func (t *table) keyOf(e *entry) []byte { return t.arena[e.key : e.key+e.keyLen] }

func (t *table) valOf(e *entry) []byte { return t.arena[e.val : e.val+e.valLen] }

func (t *table) find(hash uint64, key []byte) *entry {
	if at := t.place(hash, key); at != 0 {
		return &t.entries[at-1]
	}
	return nil
}

// place returns the index of a pair's entry + 1, or 0.
func (t *table) place(hash uint64, key []byte) uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if e := &t.entries[t.slots[i]-1]; e.hash == hash && bytes.Equal(t.keyOf(e), key) {
			return t.slots[i]
		}
	}
	return 0
}

func (t *table) put(key, val []byte, deleted bool) {
	hash := xxhash.Sum64(key)
	at := t.place(hash, key)
	if at == 0 {
		at = t.add(hash, key)
	}
	e := &t.entries[at-1]
	e.deleted, e.ranges = deleted, uint32(len(t.ranges))
	if !deleted && !e.linked && e.chain != 0 {
		c := &t.chains[e.chain-1]
		e.next, e.linked = c.head, true
		c.head = at
		c.count++
	}
	if uint32(len(val)) > e.valRoom || !e.present {
		e.val, e.valRoom, e.present = uint32(len(t.arena)), uint32(len(val)), true
		t.arena = append(doubled(t.arena, len(val)), val...)
		t.bytes += int64(len(val))
	} else {
		copy(t.arena[e.val:], val)
	}
	e.valLen = uint32(len(val))
}

// add makes an entry and returns its index + 1.
func (t *table) add(hash uint64, key []byte) uint32 {
	if len(t.entries)*2 >= len(t.slots) {
		t.slots = make([]uint32, 4*len(t.slots))
		for i := range t.entries {
			t.link(t.entries[i].hash, i)
		}
	}
	chain := t.note(key)
	if chain != 0 {
		t.chains[chain-1].entries++
	}
	t.entries = append(doubled(t.entries, 1), entry{hash: hash, key: uint32(len(t.arena)), keyLen: uint32(len(key)), chain: chain})
	t.arena = append(doubled(t.arena, len(key)), key...)
	t.bytes += int64(len(key)) + 48
	t.link(hash, len(t.entries)-1)
	return uint32(len(t.entries))
}

// doubled makes room for more. append alone would grow a large slice by a quarter, and so copy each byte four times over.
func doubled[T any](s []T, more int) []T {
	if len(s)+more <= cap(s) {
		return s
	}
	return slices.Grow(s, max(cap(s), more))
}

func (t *table) link(hash uint64, i int) {
	mask := uint64(len(t.slots) - 1)
	at := hash & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = uint32(i) + 1
}

// note remembers which range reads must wait for this change. It returns the index of the collection's
// chain + 1, which is made if there is none, or 0 for a pair of no collection.
func (t *table) note(key []byte) uint32 {
	t.spaces[key[0]] = true
	if key[0] != layout.SpaceElement && key[0] != layout.SpaceScore {
		return 0
	}
	prefix := t.keys.CollectionPrefix(key)
	h := xxhash.Sum64(prefix)
	if h == t.last && len(t.chains) > 0 {
		return t.lastAt
	}
	at, ok := t.touched[h]
	if !ok {
		t.chains = append(t.chains, chain{prefix: uint32(len(prefix))})
		at = uint32(len(t.chains))
		t.touched[h] = at
	}
	t.last, t.lastAt = h, at
	return at
}

// concerns says whether a range read from lower on may miss something without a
// drain.
func (t *table) concerns(lower []byte) bool {
	if t == nil || !t.spaces[lower[0]] {
		return false
	}
	if lower[0] != layout.SpaceElement && lower[0] != layout.SpaceScore {
		return true
	}
	prefix := t.keys.CollectionPrefix(lower)
	if prefix == nil { // a range over many collections
		return true
	}
	_, ok := t.touched[xxhash.Sum64(prefix)]
	return ok
}

// addBatch takes over the operations of a batch representation.
func (t *table) addBatch(repr []byte) error {
	for r := repr[batchHeaderBytes:]; len(r) > 0; {
		op, rest, ok := parseOp(r)
		if !ok {
			return layout.ErrCorrupt
		}
		r = rest
		switch op.kind {
		case opSet:
			if string(op.key) == string(layout.StateKey) {
				if err := t.state.Decode(op.val); err != nil {
					return err
				}
				continue
			}
			t.put(op.key, op.val, false)
		case opDelete:
			t.put(op.key, nil, true)
		case opDeleteRange:
			t.ranges = append(t.ranges, keyRange{bytes.Clone(op.key), bytes.Clone(op.val)})
			t.bytes += int64(len(op.key) + len(op.val))
			t.note(op.key)
		case opNote:
		default:
			return layout.ErrCorrupt
		}
	}
	return nil
}

// get looks a pair up. known says that the buffer holds its last change.
func (f *front) get(dst, key []byte, hash uint64) (val []byte, exists, known bool) {
	if f.filled.Load() == 0 {
		return dst, false, false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	t := f.active
	e := t.find(hash, key)
	if e == nil && f.draining != nil {
		t = f.draining
		e = t.find(hash, key)
	}
	if e == nil {
		return dst, false, false
	}
	if e.deleted {
		return dst, false, true
	}
	return append(dst, t.valOf(e)...), true, true
}

// warm asks for the places where get will look first.
func (f *front) warm(hashes []uint64) {
	if f.filled.Load() == 0 {
		return
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, t := range [...]*table{f.active, f.draining} {
		if t == nil || len(t.entries) == 0 {
			continue
		}
		mask := uint64(len(t.slots) - 1)
		for _, h := range hashes {
			prefetch.Line(unsafe.Pointer(&t.slots[h&mask]))
		}
		for _, h := range hashes {
			if at := t.slots[h&mask]; at != 0 {
				prefetch.Line(unsafe.Pointer(&t.entries[at-1]))
			}
		}
	}
}
