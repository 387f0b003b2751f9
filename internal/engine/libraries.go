package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/script"
)

// LoadLibraries reads the libraries of functions from database 0. One that cannot be loaded any more is logged and kept:
// it may be the work of a newer version.
func (e *Engine) LoadLibraries(h *script.Host) error {
	e.scripts.Store(h)
	t := e.NewTurn(true)
	t.Begin(time.Now())
	defer t.release(nil)
	x, err := t.tx(0)
	if err != nil {
		return err
	}
	_, codes, err := datatype.LoadLibraries(x)
	if err != nil {
		return fmt.Errorf("read the libraries of functions: %w", err)
	}
	all := script.NoLibraries
	for _, code := range codes {
		more, err := h.Restore([][]byte{code})
		if err == nil {
			more, err = all.Join(more, false)
		}
		if err != nil {
			e.opts.Logger.Error("a library of functions cannot be loaded; its functions are unknown until it is loaded again", "err", err)
			continue
		}
		all = more
	}
	e.libraries.Store(all)
	return nil
}

// reloadLibraries reads them again after database 0 was changed from outside: by a master's
// record, an installed copy, an exchange of numbers at a replica.
func (e *Engine) reloadLibraries() {
	h := e.scripts.Load()
	if h == nil {
		return // starting: they are about to be loaded
	}
	if err := e.LoadLibraries(h); err != nil {
		e.opts.Logger.Error("the libraries of functions cannot be read", "err", err)
	}
}

// Functions are the libraries of functions, as committed.
func (e *Engine) Functions() *script.Libraries { return e.libraries.Load() }

// Libraries implements command.Txns.
func (t *Turn) Libraries() *script.Libraries {
	if x := t.txs[0]; x != nil && x.libraries != nil {
		return x.libraries
	}
	return t.eng.libraries.Load()
}

// SetLibraries implements command.Txns.
func (t *Turn) SetLibraries(l *script.Libraries) error {
	if _, err := t.Txn(0); err != nil {
		return err
	}
	x, old := t.txs[0], t.Libraries()
	x.libraries = l
	x.storeLibraries(old.List())
	t.dirty = true
	return nil
}

// storeLibraries writes the libraries, in the place of others that are stored, or about to be.
func (x *tx) storeLibraries(old []*script.Library) {
	for _, lib := range old {
		if x.libraries.Find(lib.Name) == nil {
			datatype.DropLibrary(x, lib.Name)
		}
	}
	for _, lib := range x.libraries.List() {
		if !slices.Contains(old, lib) {
			datatype.StoreLibrary(x, lib.Name, lib.Code)
		}
	}
}

// restoreLibraries writes them again after a flush has thrown away what the turn was about to write.
func (x *tx) restoreLibraries() {
	if x.libraries != nil {
		x.storeLibraries(x.db.eng.libraries.Load().List())
	}
}

// moveLibraries writes the libraries to a database that is about to be number 0, and may have been before.
func (x *tx) moveLibraries() error {
	names, _, err := datatype.LoadLibraries(x)
	if err != nil {
		return err
	}
	x.libraries = x.turn.Libraries()
	for _, name := range names {
		if x.libraries.Find(name) == nil {
			datatype.DropLibrary(x, name)
		}
	}
	x.storeLibraries(nil)
	return nil
}
