package engine

import (
	"errors"
	"fmt"
	"sync"
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

// Install puts another copy of a database in place of the one that is open, or of none: o says
// where it is. number says by which number its name is selected at the moment. commit makes the
// change lasting; it is called when the new copy is open and nobody uses the old one. Commands see
// the one or the other.
//
// Clients that wait or watch stay with the number; watchers are told that everything
// has changed.
func (e *Engine) Install(name string, o DBOptions, number func() (int, error), commit func() error) error {
	next, err := openDB(e, name, o)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	old, err := e.replace(next, number, commit)
	if err != nil {
		return errors.Join(err, next.close())
	}
	if e.Opened(0) == next {
		e.reloadLibraries()
	}
	if old == nil {
		return nil
	}
	old.inUse.Lock() // those who look at it without the gate have gone
	defer old.inUse.Unlock()
	old.gate.Lock() // those who waited for the gate have seen that it is not the one
	defer old.gate.Unlock()
	return old.close()
}

// replace exchanges the pointers. The gate comes before swapMu, as SWAPDB takes them, and dbMu
// is not taken while a gate is held.
func (e *Engine) replace(next *DB, number func() (int, error), commit func() error) (old *DB, err error) {
	for {
		i, err := number()
		if err != nil {
			return nil, err
		}
		lock := sync.Locker(&e.dbMu) // nobody opens it meanwhile
		if old = e.Opened(i); old != nil {
			lock = &old.gate
		}
		lock.Lock()
		e.swapMu.Lock()
		same := e.Opened(i) == old && (old == nil || old.Name == next.Name)
		if same {
			err = e.exchange(i, old, next, commit)
		}
		e.swapMu.Unlock()
		lock.Unlock()
		if same {
			return old, err
		}
	}
}

func (e *Engine) exchange(i int, old, next *DB, commit func() error) error {
	if err := commit(); err != nil {
		return err
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
	return nil
}
