package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/store"
)

// ErrMisconf is the reply for writes that cannot be logged.
const ErrMisconf resp.Err = "MISCONF Errors writing to the log on disk; the change was not made. See the server's log for the cause (disk full?)."

// commit writes the turn's changes of this database: one record in the log, one
// batch in the store, the value cache in step. On an error nothing was changed.
// Locks stay held; the caller releases them.
//
// This is the only path by which data changes. Whoever replays a log (restart,
// a replica) has a ready record: see applyCopy.
func (x *tx) commit() (err error) {
	db, logged := x.db, false
	db.commitMu.Lock()
	defer func() {
		if p := recover(); p != nil {
			err = db.brokenBy(p, logged)
		}
		db.commitMu.Unlock()
	}()
	db.eng.Fault("commit")
	if db.broken != nil {
		return db.broken
	}
	if db.eng.follower.Load() {
		return ErrReadOnly
	}
	if db.Incomplete() {
		return ErrIncomplete
	}
	st := layout.State{Keys: db.keyCount.Load() + x.keys, Expires: db.expireCount.Load() + x.expires, NextVersion: db.nextVersion.Load()}
	b := &db.builder
	if x.gathered > keepBuffer {
		b.Buf = db.eng.buffers.Get(binlog.HeaderBytes + x.spelled())
	}
	b.Begin(binlog.HeaderBytes)
	if x.flush { // the counts of before do not matter
		st.Keys, st.Expires = x.keys, x.expires
	}
	for i := range x.ops {
		switch o := &x.ops[i]; o.kind {
		case opPut:
			b.Set(o.key, o.val)
		case opDelete:
			b.Delete(o.key)
		case opDeleteRange:
			b.DeleteRange(o.key, o.val)
		}
	}
	if relay := db.eng.relay.Load(); relay != 0 {
		for i := range x.events {
			if ev := &x.events[i]; ev.call == nil && !ev.changed && relay&uint32(ev.class) != 0 {
				b.Note(store.Note{Class: uint16(ev.class), Name: ev.name, Key: ev.key})
			}
		}
	}
	st.LSN = uint64(db.log.End()) + uint64(len(b.Buf)+store.StateBytes)
	b.State(&st)
	repr := b.Finish()
	_, err = db.log.Append(binlog.KindBatch, b.Buf)
	if err != nil && db.madeRoom(err) {
		_, err = db.log.Append(binlog.KindBatch, b.Buf)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMisconf, err)
	}
	logged = true
	db.eng.Fault("apply")
	if err := db.store.Apply(repr); err != nil {
		return db.refuse(err)
	}
	if x.flush {
		db.leaveSpace()
		db.windows.init()
	}
	if x.prefixes != nil {
		db.prefixes.Store(x.prefixes)
	}
	if x.libraries != nil {
		db.eng.libraries.Store(x.libraries)
	}
	db.eng.Changes.Add(x.dirtied)
	db.keyCount.Store(st.Keys)
	db.expireCount.Store(st.Expires)
	x.noteExpiries()
	if cap(b.Buf) > keepBuffer {
		db.eng.buffers.Put(b.Buf)
		b.Buf = nil
	}
	return nil
}

// spelled is about how many bytes a batch takes for the changes.
func (x *tx) spelled() (n int) {
	n = store.RoomBesidePairs
	for i := range x.ops {
		n += len(x.ops[i].key) + len(x.ops[i].val) + 2*binary.MaxVarintLen32 + 1
	}
	return n
}

// madeRoom says that an append to the log failed because the disk is full, and that it is worth another try.
func (db *DB) madeRoom(err error) bool {
	if db.opts.DiskFull == nil || !vfs.IsNoSpaceError(err) {
		return false
	}
	db.opts.DiskFull()
	return true
}

// noteExpiries tells the expiry loop of the earliest time that was set.
func (x *tx) noteExpiries() {
	if !x.spaces[layout.SpaceExpiry] {
		return
	}
	earliest := int64(0)
	for i := range x.ops {
		if o := &x.ops[i]; o.kind == opPut && o.key[0] == layout.SpaceExpiry {
			if at, _, _, err := layout.SplitExpiry(o.key); err == nil && (earliest == 0 || at < earliest) {
				earliest = at
			}
		}
	}
	if earliest != 0 {
		x.db.noteExpiry(earliest)
	}
}
