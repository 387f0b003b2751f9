package engine

import (
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// ErrIncomplete is the reply for what needs a database that is not all there.
const ErrIncomplete resp.Err = "LOADING This database is only the beginning of its master's data: reading it was interrupted. " +
	"REPLICAOF its master, or another that has its data, completes it; REPLICAOF NO ONE FORCE gives up the rest."

// Incomplete says that the database holds only the beginning of a master's data: it began with nothing, and has not come to the
// position at which it is as its master was. It must not be served, and takes no changes but the master's.
func (db *DB) Incomplete() bool {
	until := db.until.Load()
	return until != 0 && uint64(db.log.End()) < until
}

// Fill notes up to which position of the log the database is incomplete; 0 declares that it is not. It returns
// when that is durable, and so comes before the first record. The note stays when the position is reached: if a loss of power
// takes the end of the log, it is true again.
func (db *DB) Fill(until uint64) error {
	if err := db.writeUntil(until); err != nil {
		return err
	}
	if err := db.store.Flush(); err != nil {
		return fmt.Errorf("note that database %s is incomplete: %w", db.Name, err)
	}
	return nil
}

// writeUntil changes the pair in the store alone: the log is the master's.
func (db *DB) writeUntil(until uint64) error {
	db.commitMu.Lock()
	defer db.commitMu.Unlock()
	if db.broken != nil {
		return db.broken
	}
	b := &db.builder
	b.Begin(0)
	if until == 0 {
		b.Delete(layout.IncompleteKey)
	} else {
		b.Set(layout.IncompleteKey, layout.AppendPosition(nil, until))
	}
	b.State(&layout.State{LSN: uint64(db.log.End()), Keys: db.keyCount.Load(), Expires: db.expireCount.Load(), NextVersion: db.nextVersion.Load()})
	if err := db.store.Apply(b.Finish()); err != nil {
		return db.refuse(err)
	}
	db.until.Store(until)
	return nil
}

// loadUntil reads the pair from the store.
func (db *DB) loadUntil() error {
	val, exists, err := db.system(layout.IncompleteKey)
	if err != nil || !exists {
		return err
	}
	until, err := layout.DecodePosition(val)
	if err != nil {
		return fmt.Errorf("database %s: %w", db.Name, err)
	}
	db.until.Store(until)
	return nil
}

// system reads a pair of the database's own.
func (db *DB) system(key []byte) (val []byte, exists bool, err error) {
	val, exists, known := db.store.Pending(nil, key, xxhash.Sum64(key))
	if known {
		return val, exists, nil
	}
	return db.store.Get(nil, key)
}
