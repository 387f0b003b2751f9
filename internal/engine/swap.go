package engine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/haypile/haypile/internal/datatype"
)

// SwapDBs implements command.Txns. Clients that wait for keys, or watch them, do so
// under a number: they stay with it and meet the other content.
func (t *Turn) SwapDBs(a, b int) error {
	if a == b {
		return nil
	}
	x, y := t.txs[a], t.txs[b]
	if err := markSwapped(x, y); err != nil {
		return err
	}
	e := t.eng
	e.swapMu.Lock()
	defer e.swapMu.Unlock()
	if zero := map[int]*tx{a: y, b: x}[0]; zero != nil && !e.follower.Load() { // a master's records bring them
		if err := zero.moveLibraries(); err != nil {
			return err
		}
	}
	if e.opts.Swap != nil {
		if err := e.opts.Swap(a, b); err != nil {
			return err
		}
	}
	e.dbs[a].Store(y.db)
	e.dbs[b].Store(x.db)
	t.txs[a], t.txs[b] = y, x
	swapWatchers(x.db, y.db)
	swapWaiters(x.db, y.db)
	t.dirty = true
	x.readyWaiters() // also where a key is gone: a group that someone reads from went with it
	y.readyWaiters()
	return nil
}

// Swap exchanges the numbers of two databases, as SWAPDB does, on behalf of the server.
func (e *Engine) Swap(a, b int) error {
	t := e.NewTurn(true)
	t.Begin(time.Now())
	if err := t.waitLocks([]lockRequest{{db: a, exclusive: true}, {db: b, exclusive: true}}); err != nil {
		t.release(err)
		return err
	}
	err := t.SwapDBs(a, b)
	t.serve()
	t.settle()
	if cerr := t.Commit(); err == nil {
		err = cerr
	}
	if a == 0 || b == 0 {
		e.reloadLibraries()
	}
	return err
}

// markSwapped marks who watches a key that is there before or after.
func markSwapped(x, y *tx) error {
	for _, pair := range [...][2]*tx{{x, y}, {y, x}} {
		db := pair[0].db
		for _, name := range db.watchedKeys() {
			there, err := anyHas([]byte(name), x, y)
			if err != nil {
				return err
			}
			if there {
				db.markWatchers([]byte(name), false)
				continue
			}
			k, err := datatype.Peek(pair[1], []byte(name))
			if err != nil {
				return err
			}
			db.noteExpiredWatched([]byte(name), k.Stored())
		}
	}
	return nil
}

func anyHas(name []byte, list ...*tx) (bool, error) {
	for _, x := range list {
		k, err := datatype.Peek(x, name)
		if err != nil || k.Exists {
			return k.Exists, err
		}
	}
	return false, nil
}

func swapWatchers(a, b *DB) {
	a.watchMu.Lock()
	defer a.watchMu.Unlock()
	b.watchMu.Lock() // no other place takes two
	defer b.watchMu.Unlock()
	a.watchers, b.watchers = b.watchers, a.watchers
	n := a.watching.Load()
	a.watching.Store(b.watching.Load())
	b.watching.Store(n)
}

func swapWaiters(a, b *DB) {
	fromA, fromB := a.waiting.all(), b.waiting.all()
	for _, w := range fromA {
		w.moveTo(b)
	}
	for _, w := range fromB {
		w.moveTo(a)
	}
}

// all returns the waiters in the order in which they began to wait.
func (q *waiting) all() []*waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	set := map[*waiter]struct{}{}
	for _, list := range q.byKey {
		for _, w := range list {
			set[w] = struct{}{}
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b *waiter) int { return cmp.Compare(a.began, b.began) })
}

func (w *waiter) moveTo(db *DB) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		w.db.waiting.remove(w)
		w.db = db
		db.waiting.add(w)
	}
}
