package engine

import (
	"errors"
	"fmt"
)

// View calls f with database i, which stays open meanwhile. It reports false, and
// calls nothing, when the database is not open or is being exchanged.
func (e *Engine) View(i int, f func(db *DB)) bool {
	db := e.Opened(i)
	if db == nil || !db.inUse.TryRLock() {
		return false
	}
	defer db.inUse.RUnlock()
	if e.Opened(i) != db {
		return false
	}
	f(db)
	return true
}

// Install puts another copy of database i in place of the one that is open, or of
// none: o says where it is. commit makes the change lasting; it is called when the new copy is
// open and nobody uses the old one. Commands see the one or the other.
//
// Clients that wait or watch stay with the number; watchers are told that everything
// has changed.
func (e *Engine) Install(i int, name string, o DBOptions, commit func() error) error {
	next, err := openDB(e, name, o)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	e.dbMu.Lock()
	defer e.dbMu.Unlock()
	e.swapMu.Lock()
	defer e.swapMu.Unlock()
	old := e.Opened(i)
	if old != nil {
		old.gate.Lock()
	}
	if err := commit(); err != nil {
		if old != nil {
			old.gate.Unlock()
		}
		return errors.Join(err, next.close())
	}
	e.dbs[i].Store(next)
	if old == nil {
		return nil
	}
	for _, name := range old.watchedKeys() {
		old.markWatchers([]byte(name), false)
	}
	swapWatchers(old, next)
	for _, w := range old.waiting.all() {
		w.moveTo(next)
	}
	old.gate.Unlock()
	old.inUse.Lock() // those who look at it without the gate have gone
	old.gate.Lock()  // those who waited for the gate have seen that it is not the one
	old.gate.Unlock()
	old.inUse.Unlock() //nolint:staticcheck // the wait is all that is wanted
	return old.close()
}
