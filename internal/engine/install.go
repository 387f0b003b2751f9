package engine

import (
	"errors"
	"fmt"
	"sync"
)

// Why View has not called its function.
var (
	ErrClosed  = errors.New("the server is shutting down")
	ErrNotOpen = errors.New("the database has never been used") // so it has no data
)

// View calls f with database i, which stays open meanwhile, and returns its error; or it calls nothing, and returns ErrClosed,
// ErrNotOpen, or ErrExchanged while another copy takes the database's place.
func (e *Engine) View(i int, f func(db *DB) error) error {
	db := e.Opened(i)
	switch {
	case e.closing.Load():
		return ErrClosed
	case db == nil:
		return ErrNotOpen
	case !db.inUse.TryRLock():
		return ErrExchanged
	}
	defer db.inUse.RUnlock()
	if e.Opened(i) != db {
		return ErrExchanged // or closed; whoever asks again is told
	}
	return f(db)
}

// EachOpen calls f with the databases that can be looked at now, for reports and what is done again soon.
func (e *Engine) EachOpen(f func(i int, db *DB)) {
	for i := range e.dbs {
		_ = e.View(i, func(db *DB) error {
			f(i, db)
			return nil
		})
	}
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
