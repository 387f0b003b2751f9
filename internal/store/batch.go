package store

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// Builder spells a Pebble batch representation into one buffer, behind room for
// a log record's header, so that the same bytes are written to the log and
// applied to the store.
type Builder struct {
	Buf   []byte
	room  int
	count uint32
}

// Begin starts a batch after room bytes.
func (b *Builder) Begin(room int) {
	b.room, b.count = room, 0
	need := room + batchHeaderBytes
	if cap(b.Buf) < need {
		b.Buf = make([]byte, need, 4096)
	}
	b.Buf = b.Buf[:need]
	clear(b.Buf)
}

// Reserve makes room for n more bytes at once.
func (b *Builder) Reserve(n int) { b.Buf = slices.Grow(b.Buf, n) }

// RoomBesidePairs is what a batch takes beside its pairs: header and state.
const RoomBesidePairs = batchHeaderBytes + StateBytes

// Set adds a pair.
func (b *Builder) Set(key, val []byte) { b.two(opSet, key, val) }

// Delete removes a pair.
func (b *Builder) Delete(key []byte) {
	b.count++
	b.Buf = append(b.Buf, opDelete)
	b.Buf = binary.AppendUvarint(b.Buf, uint64(len(key)))
	b.Buf = append(b.Buf, key...)
}

// DeleteRange removes [from, to).
func (b *Builder) DeleteRange(from, to []byte) { b.two(opDeleteRange, from, to) }

func (b *Builder) two(kind byte, x, y []byte) {
	b.count++
	b.Buf = append(b.Buf, kind)
	b.Buf = binary.AppendUvarint(b.Buf, uint64(len(x)))
	b.Buf = append(b.Buf, x...)
	b.Buf = binary.AppendUvarint(b.Buf, uint64(len(y)))
	b.Buf = append(b.Buf, y...)
}

// Note adds a keyspace event, for servers that follow the log; the store passes it over. It is Pebble's
// "log data", which Pebble does not count as an operation.
func (b *Builder) Note(n Note) {
	var tmp [2 * binary.MaxVarintLen64]byte
	head := binary.AppendUvarint(tmp[:0], uint64(n.Class))
	head = binary.AppendUvarint(head, uint64(len(n.Name)))
	b.Buf = append(b.Buf, opNote)
	b.Buf = binary.AppendUvarint(b.Buf, uint64(len(head)+len(n.Name)+len(n.Key)))
	b.Buf = append(append(append(b.Buf, head...), n.Name...), n.Key...)
}

// Note is a keyspace event as a batch carries it.
type Note struct {
	Class uint16
	Name  string
	Key   []byte
}

func parseNote(p []byte) (n Note, ok bool) {
	class, w := binary.Uvarint(p)
	if w <= 0 || class > math.MaxUint16 {
		return n, false
	}
	name, key, ok := varBytes(p[w:])
	return Note{uint16(class), string(name), key}, ok
}

// EachNote calls f with the notes of a batch, in order; their keys are parts of it.
func EachNote(repr []byte, f func(Note)) error {
	return eachOp(repr, func(o op) error {
		if o.kind != opNote {
			return nil
		}
		n, ok := parseNote(o.key)
		if !ok {
			return layout.ErrCorrupt
		}
		f(n)
		return nil
	})
}

// StateBytes is the length of the operation that State adds.
const StateBytes = 1 + 1 + 2 + 1 + layout.StateLen

// State adds the state pair; every batch ends with it.
func (b *Builder) State(st *layout.State) {
	var tmp [layout.StateLen]byte
	b.Set(layout.StateKey, st.Append(tmp[:0]))
}

// Finish writes the header and returns the representation; Buf holds it behind
// the room.
func (b *Builder) Finish() []byte {
	binary.LittleEndian.PutUint32(b.Buf[b.room+8:], b.count)
	return b.Buf[b.room:]
}

// StateOf reads the state that a batch written by a Builder ends with.
func StateOf(repr []byte) (st layout.State, err error) {
	if len(repr) < batchHeaderBytes+StateBytes {
		return st, layout.ErrCorrupt
	}
	o, rest, ok := parseOp(repr[len(repr)-StateBytes:])
	if !ok || o.kind != opSet || string(o.key) != string(layout.StateKey) || len(rest) != 0 {
		return st, layout.ErrCorrupt
	}
	return st, st.Decode(o.val)
}

// The operations of a Pebble batch representation that Haypile writes; the
// numbers are Pebble's, and on disk in the log.
const (
	batchHeaderBytes = 12

	opDelete      = 0
	opSet         = 1
	opNote        = 3
	opDeleteRange = 15
)

// op is one operation of a batch representation; val is the end of the range
// for opDeleteRange.
type op struct {
	kind     byte
	key, val []byte
}

func parseOp(r []byte) (o op, rest []byte, ok bool) {
	o.kind, r = r[0], r[1:]
	if o.key, r, ok = varBytes(r); !ok {
		return
	}
	if o.kind == opSet || o.kind == opDeleteRange {
		o.val, r, ok = varBytes(r)
	}
	return o, r, ok && len(o.key) > 0
}

func varBytes(r []byte) (b, rest []byte, ok bool) {
	n, w := binary.Uvarint(r)
	if w <= 0 || n > uint64(len(r)-w) {
		return nil, nil, false
	}
	return r[w : w+int(n)], r[w+int(n):], true
}

// EachKey calls f with the key of every operation of a batch that a Builder has
// made, but the state's; for a range, with its bounds.
func EachKey(repr []byte, f func(key, rangeEnd []byte)) error {
	return eachOp(repr, func(o op) error {
		switch {
		case o.kind == opNote:
		case o.kind == opDeleteRange:
			f(o.key, o.val)
		case string(o.key) != string(layout.StateKey):
			f(o.key, nil)
		}
		return nil
	})
}

// FlushesAll says that a batch begins by deleting everything (FLUSHDB).
func FlushesAll(repr []byte) bool { return wholeSpace(repr) }

// EachOp calls f with every operation of a batch: "set" with a value, "delete", "delete-range" with
// the end of the range for a value, or "note", whose bytes are the key.
func EachOp(repr []byte, f func(op string, key, val []byte)) error {
	return eachOp(repr, func(o op) error {
		f(opNames[o.kind], o.key, o.val)
		return nil
	})
}

// eachOp reads the operations of a batch in order.
func eachOp(repr []byte, f func(op) error) error {
	if len(repr) < batchHeaderBytes {
		return layout.ErrCorrupt
	}
	for r := repr[batchHeaderBytes:]; len(r) > 0; {
		o, rest, ok := parseOp(r)
		if !ok {
			return layout.ErrCorrupt
		}
		r = rest
		if err := f(o); err != nil {
			return err
		}
	}
	return nil
}

var opNames = map[byte]string{opSet: "set", opDelete: "delete", opNote: "note", opDeleteRange: "delete-range"}
