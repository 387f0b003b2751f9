package engine

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/store"
)

// Applier writes records of a master's log to one database: the same lower half
// that commits of clients use, entered with ready records. It belongs to one
// goroutine.
//
// Readers see a record's effects together: the keys that a chunk touches are locked
// while it is applied.
type Applier struct {
	eng  *Engine
	turn *Turn
	reqs []lockRequest
	keys map[string]struct{} // keys of the chunk, if someone waits for some, watches or tracks them

	events []event // of the chunk, that someone here wants to hear of

	flushed   bool // the chunk holds a FLUSHDB
	libraries bool // the chunk changes libraries of functions
}

// NewApplier returns an applier.
func (e *Engine) NewApplier() *Applier {
	return &Applier{eng: e, turn: e.NewTurn(true), keys: map[string]struct{}{}}
}

// ErrExchanged says that a number stands for another database now.
var ErrExchanged = errors.New("the database was exchanged meanwhile")

// Apply appends whole records to the log of the database that has a number and a name, which
// they must continue, and applies them. frames is changed. On an error the database is unchanged, or
// refuses everything until a restart.
func (a *Applier) Apply(i int, name string, frames []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = a.eng.Panicked("records of the master", p)
			a.turn.abandon(err)
		}
	}()
	db, err := a.eng.DB(i)
	if err != nil {
		return err
	}
	if db.Name != name {
		return ErrExchanged
	}
	if err := a.plan(i, db, frames); err != nil {
		return err
	}
	a.turn.Begin(time.Now())
	if err := a.turn.waitLocks(a.reqs); err != nil {
		a.turn.release(err)
		return err
	}
	x := a.turn.txs[i]
	if x.db != db {
		a.turn.release(nil)
		return ErrExchanged
	}
	a.eng.Fault("replica")
	err = db.applyCopy(frames)
	if err == nil {
		a.tell(x)
	}
	a.turn.release(err)
	if err == nil && a.libraries && i == 0 {
		a.eng.reloadLibraries()
	}
	return err
}

// plan verifies the records and finds the locks for them.
func (a *Applier) plan(i int, db *DB, frames []byte) error {
	a.reqs = a.reqs[:0]
	clear(a.keys)
	a.events = a.events[:0]
	wanted := a.eng.notify.Load()
	a.flushed, a.libraries = false, false
	curious := db.watching.Load() > 0 || db.waiting.count.Load() > 0 || a.eng.track.Active()
	n, err := binlog.Parse(frames, db.log.End(), func(r binlog.Record) error {
		if _, err := CheckRecord(r); err != nil {
			return err
		}
		if wanted != 0 {
			if err := store.EachNote(r.Payload, func(n store.Note) {
				if wanted&uint32(n.Class) != 0 {
					a.events = append(a.events, event{class: datatype.Class(n.Class), name: n.Name, key: bytes.Clone(n.Key)})
				}
			}); err != nil {
				return err
			}
		}
		a.flushed = a.flushed || store.FlushesAll(r.Payload)
		return store.EachKey(r.Payload, func(key, _ []byte) {
			a.libraries = a.libraries || datatype.IsLibrary(key)
			owner := db.keys.OwnerOf(key)
			if owner == nil {
				return
			}
			if stripe := stripeOf(owner); len(a.reqs) == 0 || a.reqs[len(a.reqs)-1].stripe != stripe {
				a.reqs = append(a.reqs, lockRequest{db: i, stripe: stripe})
			}
			// A field or a score that is set again changes no head. (Nor does an acknowledgement in a stream, of which nobody would
			// have to be told: but that cannot be seen here.)
			if curious && (key[0] == layout.SpaceHead || key[0] == layout.SpaceElement) {
				a.keys[string(owner)] = struct{}{}
			}
		})
	})
	if err != nil {
		return err
	}
	if n != len(frames) {
		return fmt.Errorf("%w: half a record", binlog.ErrCorrupt)
	}
	if a.flushed {
		a.reqs = append(a.reqs[:0], lockRequest{db: i, exclusive: true})
	} else if len(a.reqs) == 0 {
		a.reqs = append(a.reqs, lockRequest{db: i}) // a history: any lock brings the database
	}
	return nil
}

// tell marks and wakes who watches keys of the chunk, waits for them or tracks them; the events that the master has
// noted are published when the turn is released.
func (a *Applier) tell(x *tx) {
	x.events = append(x.events, a.events...)
	if a.flushed {
		x.noteFlush()
	}
	for name := range a.keys {
		key := []byte(name)
		if x.db.watching.Load() > 0 {
			x.db.markWatchers(key, false)
		}
		if x.db.waiting.has(key) {
			x.ready = append(x.ready, key)
		}
		if a.eng.track.Active() {
			x.noteChange(datatype.ClassGeneric, key)
		}
	}
	a.turn.serve()
}

// applyCopy is commit for records that are ready.
func (db *DB) applyCopy(frames []byte) (err error) {
	db.commitMu.Lock()
	defer db.commitMu.Unlock()
	logged := false
	defer func() {
		if p := recover(); p != nil {
			err = db.brokenBy(p, logged)
		}
	}()
	if db.broken != nil {
		return db.broken
	}
	if !db.eng.follower.Load() {
		return errors.New("this server is a master now")
	}
	at := db.log.End()
	_, err = db.log.AppendCopy(frames)
	if err != nil && db.madeRoom(err) {
		_, err = db.log.AppendCopy(frames)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMisconf, err)
	}
	logged = true
	db.eng.Fault("apply")
	_, err = binlog.Parse(frames, at, func(r binlog.Record) error {
		if err := db.store.Apply(r.Payload); err != nil {
			return err
		}
		return db.follow(r.Payload)
	})
	if err != nil {
		return db.refuse(err)
	}
	return nil
}

// follow brings what is kept in memory in step with a record.
func (db *DB) follow(repr []byte) error {
	st, err := store.StateOf(repr)
	if err != nil {
		return err
	}
	db.keyCount.Store(st.Keys)
	db.expireCount.Store(st.Expires)
	db.nextVersion.Store(st.NextVersion)
	histories := false
	if store.FlushesAll(repr) {
		db.leaveSpace()
		db.prefixes.Store(nil)
	}
	if err := store.EachKey(repr, func(key, _ []byte) {
		if key[0] == layout.SpaceSystem {
			db.prefixes.Store(nil)
			histories = histories || string(key) == string(layout.HistoryKey)
		}
	}); err != nil {
		return err
	}
	if histories {
		return db.loadHistories()
	}
	return nil
}
