package engine

import (
	"fmt"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/store"
)

// ErrReadOnly is the reply for writes at a replica.
const ErrReadOnly resp.Err = "READONLY You can't write against a read only replica."

// SetFollower says whether the master's log is the only source of changes. When
// it returns true has taken effect: no change of a client is on its way any more.
func (e *Engine) SetFollower(on bool) {
	e.follower.Store(on)
	for i := range e.dbs {
		if db := e.dbs[i].Load(); db != nil {
			db.commitMu.Lock() // a commit that has begun before ends before
			db.windows.init()
			db.commitMu.Unlock()
		}
	}
}

// Follower says whether SetFollower is on.
func (e *Engine) Follower() bool { return e.follower.Load() }

// Position is where a database's data comes from and how far it reaches: the
// only proof from which a copy may go on.
type Position struct {
	Histories layout.Histories
	LSN       binlog.LSN
}

// Position returns the database's position.
func (db *DB) Position() Position {
	db.commitMu.Lock()
	defer db.commitMu.Unlock()
	return Position{*db.histories.Load(), db.log.End()}
}

// Histories are where the database's data comes from.
func (db *DB) Histories() layout.Histories { return *db.histories.Load() }

// BeginHistory starts a new history in the database's log: what follows was
// decided here. It is a record like any other, so replicas take it over.
func (db *DB) BeginHistory(id layout.HistoryID) error {
	db.commitMu.Lock()
	defer db.commitMu.Unlock()
	return db.writeHistories(db.histories.Load().With(id, uint64(db.log.End())))
}

// ForgetHistories is BeginHistory without memory of those before: no copy that exists can
// go on from here.
func (db *DB) ForgetHistories(id layout.HistoryID) error {
	db.commitMu.Lock()
	defer db.commitMu.Unlock()
	return db.writeHistories(layout.Histories{{ID: id, Start: uint64(db.log.End())}})
}

func (db *DB) writeHistories(next layout.Histories) error {
	if db.broken != nil {
		return db.broken
	}
	if db.Incomplete() {
		return ErrIncomplete
	}
	start := db.log.End()
	b := &db.builder
	b.Begin(binlog.HeaderBytes)
	b.Set(layout.HistoryKey, next.Append(nil))
	st := layout.State{Keys: db.keyCount.Load(), Expires: db.expireCount.Load(), NextVersion: db.nextVersion.Load(),
		LSN: uint64(start) + uint64(len(b.Buf)+store.StateBytes)}
	b.State(&st)
	repr := b.Finish()
	if _, err := db.log.Append(binlog.KindBatch, b.Buf); err != nil {
		return fmt.Errorf("begin a history: %w", err)
	}
	if err := db.store.Apply(repr); err != nil {
		return db.refuse(err)
	}
	db.histories.Store(&next)
	return nil
}

// refuse remembers that the log holds what the store does not: only a restart,
// which replays the log, puts that right. Until then nothing may be built upon it.
func (db *DB) refuse(err error) error {
	db.broken = fmt.Errorf("%w: %w", ErrMisconf, err)
	db.opts.Logger.Error("the store refused a change that is in the log; writes to this database are refused until restart", "db", db.Name, "err", err)
	return db.broken
}

// loadHistories reads the pair from the store.
func (db *DB) loadHistories() error {
	val, exists, err := db.system(layout.HistoryKey)
	if err != nil {
		return err
	}
	h := layout.Histories{}
	if exists {
		if h, err = layout.DecodeHistories(val); err != nil {
			return fmt.Errorf("database %s: %w", db.Name, err)
		}
	}
	db.histories.Store(&h)
	return nil
}
