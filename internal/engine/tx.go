package engine

import (
	"bytes"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/script"
	"github.com/haypile/haypile/internal/store"
)

// tx is one turn's view of one database: committed state plus an overlay of what
// the turn's commands have changed and not yet committed. It implements
// datatype.Txn.
//
// The overlay keeps the last change of each pair only: a thousand pushes on one
// list in one turn write its head once. Point reads go overlay → value cache →
// store. Range reads over a space that the turn has changed go through a Pebble
// indexed batch, made when it is first needed and kept in step from then on.
//
// Every change can be undone back to a savepoint: a command that fails, or
// that must move to a worker, leaves nothing behind.
type tx struct {
	db   *DB
	turn *Turn

	ops      []op
	ranged   int      // ops before this one may be covered by a range delete behind them
	arena    []byte   // the current piece of what holds keys and values of ops; see room
	gathered int      // bytes of all pieces
	borrowed [][]byte // the pieces that go back to the engine's buffers
	table    []tableSlot
	gen      uint32
	undo     []undoEntry

	indexed *pebble.Batch // nil until a range read met pending changes
	spaces  [256]bool     // spaces that ops touch

	keys, expires int64              // changes of the counters
	dirtied       int64              // changes to keys, as INFO counts them
	flush         bool               // everything before is deleted; set by FLUSHDB only
	prefixes      *datatype.Prefixes // the SCAN dictionary, if this turn changes it
	libraries     *script.Libraries  // of functions, if this turn changes them; in database 0 only
	events        []event
	placed        int      // events before this one have their places
	ready         [][]byte // keys that may serve a blocked client
	windows       []*datatype.Window
	scratch       []byte

	held    []uint32 // lock stripes held
	heldGen []uint32 // stripe → turn generation that holds it
	lockGen uint32
	gated   bool // db.gate is held for reading
	gateX   bool // db.gate is held for writing

	mode
}

type op struct {
	kind     opKind
	hash     uint64
	key, val []byte
}

type opKind uint8

const (
	opPut opKind = iota
	opDelete
	opDeleteRange // key = from, val = to
	opMoved       // the pair was changed again behind a range delete
)

type tableSlot struct {
	gen uint32
	idx int32
}

type undoEntry struct {
	idx int32
	op  op
}

// event is something to tell after the commit: a keyspace event, what a command left for
// then, or a change that may concern clients that keep copies.
type event struct {
	class   datatype.Class
	name    string
	key     []byte
	call    func(at client.Place)
	changed bool
	by      *client.Client
	at      int64
	place   client.Place // where it is told to the client whose command has caused it
	behind  bool         // which is the end of that command's reply; see placed
}

type savepoint struct {
	ops, undo, events, ready, ranged int

	keys, expires, dirtied int64
	prefixes               *datatype.Prefixes
	libraries              *script.Libraries
}

const (
	minTable = 256
	minArena = 4 << 10
)

func newTx(db *DB, t *Turn) *tx {
	return &tx{db: db, turn: t, gen: 1, lockGen: 1, table: make([]tableSlot, minTable), heldGen: make([]uint32, lockStripes)}
}

// reset forgets everything; locks must have been released.
func (x *tx) reset() {
	x.ops, x.undo, x.events, x.ready = emptied(x.ops), emptied(x.undo), emptied(x.events), emptied(x.ready)
	x.windows, x.ranged, x.placed = emptied(x.windows), 0, 0
	x.keys, x.expires, x.dirtied, x.flush, x.prefixes, x.libraries = 0, 0, 0, false, nil, nil
	x.arena, x.gathered = trimBuffer(x.arena), 0
	for _, b := range x.borrowed { // nothing points into them any more: ops and undo are emptied
		x.turn.eng.buffers.Put(b)
	}
	x.borrowed = emptied(x.borrowed)
	x.scratch = trimBuffer(x.scratch)
	x.gen++
	if x.gen == 0 || len(x.table) > 1<<16 {
		x.table, x.gen = make([]tableSlot, minTable), 1
	}
	if x.indexed != nil {
		x.indexed.Close()
		x.indexed = nil
	}
	x.spaces = [256]bool{}
}

// keepBuffer is the largest buffer kept from one turn to the next.
const keepBuffer = 1 << 20

// keepItems is how long a slice of structs may become and be kept.
const keepItems = 1 << 14

// emptied returns a slice for the next turn that points at nothing of this one: what one command has gathered must not stay
// in memory because a later, smaller one does not overwrite it.
func emptied[T any](s []T) []T {
	if cap(s) > keepItems {
		return nil
	}
	clear(s)
	return s[:0]
}

// cut shortens a slice and forgets what was behind.
func cut[T any](s []T, n int) []T {
	clear(s[n:])
	return s[:n]
}

func trimBuffer(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}

func (x *tx) save() savepoint {
	return savepoint{len(x.ops), len(x.undo), len(x.events), len(x.ready), x.ranged, x.keys, x.expires, x.dirtied, x.prefixes, x.libraries}
}

func (x *tx) rollback(sp savepoint) {
	x.dirtied = sp.dirtied
	if len(x.ops) == sp.ops && len(x.undo) == sp.undo {
		x.events, x.ready = cut(x.events, sp.events), cut(x.ready, sp.ready)
		return
	}
	for i := len(x.undo) - 1; i >= sp.undo; i-- {
		x.ops[x.undo[i].idx] = x.undo[i].op
	}
	// Table slots of the ops cut off stay: a lookup compares keys, and an index
	// out of range counts as no match.
	x.ops, x.undo, x.ranged = cut(x.ops, sp.ops), cut(x.undo, sp.undo), sp.ranged
	x.events, x.ready = cut(x.events, sp.events), cut(x.ready, sp.ready)
	x.keys, x.expires, x.prefixes, x.libraries = sp.keys, sp.expires, sp.prefixes, sp.libraries
	for _, w := range x.windows {
		w.Drop()
	}
	if x.indexed != nil {
		x.indexed.Close()
		x.indexed = nil
	}
}

// NowMS implements datatype.Txn.
func (x *tx) NowMS() int64 { return x.turn.nowMS }

// Keys implements datatype.Txn.
func (x *tx) Keys() *layout.Keys { return &x.db.keys }

// Limits implements datatype.Txn.
func (x *tx) Limits() *datatype.Limits { return x.turn.eng.limits.Load() }

// Scratch implements datatype.Txn.
func (x *tx) Scratch(n int) []byte {
	if len(x.scratch)+n > cap(x.scratch) {
		x.scratch = make([]byte, 0, max(4096, 2*cap(x.scratch), n)) // older slices keep the old one
	}
	from := len(x.scratch)
	x.scratch = x.scratch[:from+n]
	return x.scratch[from : from : from+n]
}

func (x *tx) endCommand() {
	x.scratch = trimBuffer(x.scratch)
	if x.turn.depth == 0 { // a transaction may yet be undone as a whole
		x.windows = x.windows[:0]
	}
}

// find returns the index of a pending change of a pair, or -1.
func (x *tx) find(hash uint64, key []byte) int {
	mask := uint64(len(x.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := x.table[i]
		if s.gen != x.gen {
			return -1
		}
		if int(s.idx) < len(x.ops) {
			if o := &x.ops[s.idx]; o.hash == hash && o.kind <= opDelete && bytes.Equal(o.key, key) {
				return int(s.idx)
			}
		}
	}
}

// room makes the arena take n more bytes. A new piece leaves the older ones where they are, for the ops that point into
// them: a large command is not copied each time the arena grows.
func (x *tx) room(n int) {
	x.gathered += n
	if len(x.arena)+n > cap(x.arena) {
		if size := max(n, minArena, min(2*cap(x.arena), keepBuffer)); size <= keepBuffer {
			x.arena = make([]byte, 0, size)
		} else {
			x.arena = x.turn.eng.buffers.Get(size)
			x.borrowed = append(x.borrowed, x.arena)
		}
	}
}

func (x *tx) keep(b []byte) []byte { return x.keepParts(b, nil) }

func (x *tx) keepParts(a, b []byte) []byte {
	x.room(len(a) + len(b))
	from := len(x.arena)
	x.arena = append(append(x.arena, a...), b...)
	return x.arena[from:len(x.arena):len(x.arena)]
}

// Put implements datatype.Txn.
func (x *tx) Put(key, val []byte) { x.change(opPut, key, val, nil) }

// PutParts implements datatype.Txn.
func (x *tx) PutParts(key, val, rest []byte) { x.change(opPut, key, val, rest) }

// Delete implements datatype.Txn.
func (x *tx) Delete(key []byte) { x.change(opDelete, key, nil, nil) }

func (x *tx) change(kind opKind, key, val, rest []byte) {
	hash := xxhash.Sum64(key)
	kept := x.keepParts(val, rest)
	i := x.find(hash, key)
	if i >= 0 && i < x.ranged {
		x.undo = append(x.undo, undoEntry{int32(i), x.ops[i]})
		x.ops[i].kind = opMoved
		i = -1
	}
	if i >= 0 {
		o := &x.ops[i]
		x.undo = append(x.undo, undoEntry{int32(i), *o})
		o.kind, o.val = kind, kept
	} else {
		x.ops = append(x.ops, op{kind, hash, x.keep(key), kept})
		x.link(hash, len(x.ops)-1)
		x.spaces[key[0]] = true
		i = len(x.ops) - 1
	}
	if x.indexed != nil {
		x.mirror(&x.ops[i])
	}
}

func (x *tx) link(hash uint64, idx int) {
	if len(x.ops)*2 > len(x.table) {
		x.growTable()
		return // which links all ops
	}
	mask := uint64(len(x.table) - 1)
	i := hash & mask
	for x.table[i].gen == x.gen {
		i = (i + 1) & mask
	}
	x.table[i] = tableSlot{x.gen, int32(idx)}
}

func (x *tx) growTable() {
	x.table, x.gen = make([]tableSlot, len(x.table)*4), 1
	for idx := range x.ops {
		if x.ops[idx].kind != opDeleteRange {
			x.link(x.ops[idx].hash, idx)
		}
	}
}

// DeleteRange implements datatype.Txn.
func (x *tx) DeleteRange(from, to []byte) {
	x.ops = append(x.ops, op{kind: opDeleteRange, key: x.keep(from), val: x.keep(to)})
	x.ranged = len(x.ops)
	x.spaces[from[0]] = true
	if x.indexed != nil {
		x.mirror(&x.ops[len(x.ops)-1])
	}
}

func (x *tx) mirror(o *op) {
	switch o.kind {
	case opPut:
		x.indexed.Set(o.key, o.val, nil)
	case opDelete:
		x.indexed.Delete(o.key, nil)
	case opDeleteRange:
		x.indexed.DeleteRange(o.key, o.val, nil)
	}
}

// Flush deletes everything; the database must be held exclusively.
func (x *tx) Flush() {
	x.readyWaiters() // a group that someone reads from is gone, too
	x.ops, x.undo, x.ranged = emptied(x.ops), emptied(x.undo), 0
	x.gen++
	x.keys, x.expires, x.flush, x.prefixes = 0, 0, true, datatype.NoPrefixes
	for _, space := range [...]byte{layout.SpaceElement, layout.SpaceHead, layout.SpaceExpiry, layout.SpaceScore} {
		x.DeleteRange([]byte{space}, []byte{space + 1}) // first: the store knows a flush by it
	}
	datatype.DropPrefixes(x)
	x.restoreLibraries()
	if x.indexed != nil {
		x.indexed.Close()
		x.indexed = nil
	}
}

var _ datatype.Txn = (*tx)(nil)

// Iter implements datatype.Txn.
func (x *tx) Iter(lower, upper []byte) (datatype.Iter, error) {
	if !x.turn.mayWait && (x.db.store.Cold() || !x.db.store.QuickIter(lower)) {
		return nil, datatype.ErrWouldBlock
	}
	if !x.pendingIn(lower, upper) {
		return x.db.store.Iter(lower, upper)
	}
	if x.indexed == nil {
		x.indexed = x.db.store.Overlay()
		for i := range x.ops {
			x.mirror(&x.ops[i])
		}
	}
	if err := x.db.store.Settle(lower); err != nil {
		return nil, err
	}
	return x.indexed.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
}

// Walk implements datatype.Txn.
func (x *tx) Walk(lower, upper []byte, reverse bool, visit func(key, val []byte) (bool, error)) error {
	if !x.turn.mayWait && x.db.store.Cold() {
		return datatype.ErrWouldBlock
	}
	if !x.flush {
		return x.db.store.Walk(store.WalkOptions{Lower: lower, Upper: upper, Reverse: reverse, Hidden: x.changes,
			Own: x.writtenIn(lower, upper, reverse)}, visit)
	}
	it, err := x.Iter(lower, upper)
	if err != nil {
		return err
	}
	return datatype.WalkIter(it, reverse, visit)
}

// changes says that this turn has changed a pair.
func (x *tx) changes(key []byte) bool {
	return len(x.ops) > 0 && x.spaces[key[0]] && x.find(xxhash.Sum64(key), key) >= 0
}

// writtenIn are the pairs of a range that this turn has written, in order.
func (x *tx) writtenIn(lower, upper []byte, reverse bool) (list []store.Pair) {
	if !x.spaces[lower[0]] {
		return nil
	}
	for i := range x.ops {
		if o := &x.ops[i]; o.kind == opPut && o.key[0] == lower[0] && bytes.Compare(o.key, lower) >= 0 && bytes.Compare(o.key, upper) < 0 {
			list = append(list, store.Pair{Key: o.key, Val: o.val})
		}
	}
	slices.SortFunc(list, func(a, b store.Pair) int {
		if reverse {
			a, b = b, a
		}
		return bytes.Compare(a.Key, b.Key)
	})
	return list
}

// scanLimit is how many pending changes are compared with a range before it is
// simply taken to be changed.
const scanLimit = 32

func (x *tx) pendingIn(lower, upper []byte) bool {
	if !x.spaces[lower[0]] {
		return false
	}
	if len(x.ops) > scanLimit {
		return true
	}
	for i := range x.ops {
		o := &x.ops[i]
		if bytes.Compare(o.key, upper) >= 0 {
			continue
		}
		if o.kind == opDeleteRange && bytes.Compare(o.val, lower) > 0 || bytes.Compare(o.key, lower) >= 0 {
			return true
		}
	}
	return false
}

// heavyLimit is how many elements a command may touch on an event loop.
const heavyLimit = 1000

// Heavy implements datatype.Txn.
func (x *tx) Heavy(n int) error {
	if n > heavyLimit && !x.turn.mayWait {
		return datatype.ErrWouldBlock
	}
	return nil
}

// NewVersion implements datatype.Txn.
func (x *tx) NewVersion() uint64 { return x.db.nextVersion.Add(1) }

// Count implements datatype.Txn.
func (x *tx) Count(keys, expires int64) {
	x.keys += keys
	x.expires += expires
}

// KeyCounts implements datatype.Txn.
func (x *tx) KeyCounts() (keys, expires int64) {
	if x.flush {
		return x.keys, x.expires
	}
	return x.db.keyCount.Load() + x.keys, x.db.expireCount.Load() + x.expires
}

// Window implements datatype.Txn.
func (x *tx) Window(key []byte, version uint64) *datatype.Window {
	w := x.db.windows.get(key, version)
	if n := len(x.windows); n == 0 || x.windows[n-1] != w {
		x.windows = append(x.windows, w)
	}
	return w
}
