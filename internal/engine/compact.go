package engine

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// ErrCompacting refuses a second compaction.
const ErrCompacting resp.Err = "ERR a compaction that was asked for is running already"

// Compact begins to compact keys of databases, one after the other; those that are not open
// are left out. One may be running at a time.
func (e *Engine) Compact(numbers []int, within datatype.KeyRange) error {
	whole := len(within.Start) == 0 && len(within.End) == 0
	within.Start, within.End = append([]byte(nil), within.Start...), append([]byte(nil), within.End...)
	var dbs []*DB
	for _, i := range numbers {
		db := e.Opened(i)
		if db == nil {
			continue
		}
		if !whole && db.keys.Order != layout.Ordered {
			return resp.ErrNeedsOrder
		}
		dbs = append(dbs, db)
	}
	now := time.Now()
	if !e.compacting.CompareAndSwap(nil, &now) {
		return ErrCompacting
	}
	e.tasks.Add(1)
	go func() {
		defer e.tasks.Done()
		defer e.compacting.Store(nil)
		for _, db := range dbs {
			db.compact(whole, within)
		}
	}()
	return nil
}

// Compacting is when the compaction that runs began, or nil.
func (e *Engine) Compacting() *time.Time { return e.compacting.Load() }

// enterBackground keeps the store open until leave is called; false says that the database is
// being closed.
func (db *DB) enterBackground() (leave func(), ok bool) {
	db.stopMu.Lock()
	defer db.stopMu.Unlock()
	select {
	case <-db.stop:
		return nil, false
	default:
	}
	db.done.Add(1)
	return db.done.Done, true
}

func (db *DB) compact(whole bool, within datatype.KeyRange) {
	leave, ok := db.enterBackground()
	if !ok {
		return
	}
	defer leave()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-db.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	begin := time.Now()
	err := db.store.Drain()
	if err == nil && whole {
		err = db.store.Compact(ctx, []byte{0}, []byte{0xff})
	} else if err == nil {
		err = db.compactKeys(ctx, within)
	}
	if err != nil && ctx.Err() == nil {
		db.opts.Logger.Warn("compaction failed", "db", db.Name, "err", err)
		return
	}
	db.opts.Logger.Info("compaction done", "db", db.Name, "seconds", time.Since(begin).Seconds())
}

// compactKeys compacts heads of a range of keys, and what belongs to them. Elements are ordered by
// the length of their key first, so that they are a range for each length that occurs.
func (db *DB) compactKeys(ctx context.Context, within datatype.KeyRange) error {
	err := db.store.Compact(ctx, append([]byte{layout.SpaceHead}, within.Start...), upperKey([]byte{layout.SpaceHead}, within.End))
	for n := uint64(0); n < compactLengths && err == nil; n++ {
		for _, space := range [...]byte{layout.SpaceElement, layout.SpaceScore} {
			prefix := binary.AppendUvarint([]byte{space}, n)
			lower, upper := append(prefix[:len(prefix):len(prefix)], within.Start...), upperKey(prefix, within.End)
			var some bool
			if some, err = db.holds(lower, upper); err == nil && some {
				err = db.store.Compact(ctx, lower, upper)
			}
		}
	}
	return err
}

// compactLengths bounds the lengths of keys whose elements are compacted.
const compactLengths = 1024

// upperKey is above all keys up to end, elements of theirs included.
func upperKey(prefix, end []byte) []byte {
	return layout.PrefixEnd(nil, append(prefix[:len(prefix):len(prefix)], end...))
}

func (db *DB) holds(lower, upper []byte) (bool, error) {
	it, err := db.store.Iter(lower, upper)
	if err != nil {
		return false, err
	}
	some := it.First()
	err = it.Error()
	it.Close()
	return some, err
}
