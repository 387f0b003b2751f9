package engine

import (
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
)

// expireBatch is how many keys one commit of the expiry deletes: it bounds how
// long their locks are held.
const expireBatch = 512

// idleExpiry is how often the index is looked at when it promises nothing.
const idleExpiry = time.Second

// noteExpiry is told of each expiry that is set; it wakes the loop when it is
// the earliest.
func (db *DB) noteExpiry(atMS int64) {
	next := db.nextExpiry.Load()
	if next != 0 && atMS >= next {
		return
	}
	select {
	case db.expiryMoved <- struct{}{}:
	default:
	}
}

// expireLoop deletes keys when their time comes, by the index that is ordered by
// time. Readers hide what is past its time, so being late costs only space.
func (db *DB) expireLoop() {
	defer db.done.Done()
	t := db.eng.NewTurn(true)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-db.stop:
			return
		case <-db.expiryMoved:
		case <-timer.C:
		}
		wait := idleExpiry
		if db.eng.activeExpire.Load() && !db.eng.holdExpiry.Load() && !db.eng.follower.Load() && !db.Incomplete() { // a replica waits for its master's decision
			wait = db.expireDue(t)
		}
		timer.Reset(wait)
	}
}

// expireDue deletes everything due and returns how long to sleep.
func (db *DB) expireDue(t *Turn) time.Duration {
	db.nextExpiry.Store(0) // whoever sets a time from here on wakes the loop: the walks may not see it
	next := int64(0)
	for _, x := range [...]expiryIndex{{db, false, &db.Expired, db.expireKeys}, {db, true, &db.ExpiredFields, db.expireFields}} {
		at, ok := x.expire(t)
		if !ok {
			return idleExpiry
		}
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	db.nextExpiry.Store(next)
	if next == 0 {
		return idleExpiry
	}
	return max(0, min(idleExpiry, db.eng.until(next)))
}

// expiryIndex is one of the two orders of time: that of keys, and that of hashes by
// their first field that expires.
type expiryIndex struct {
	db     *DB
	fields bool
	count  *atomic.Int64 // of what was deleted
	// delete deletes what is due of some keys. more says that it has left some.
	delete func(x *tx, keys []dueKey) (gone int, more bool, err error)
}

// key is the index key of one entry.
func (i *expiryIndex) key(dst []byte, k dueKey) []byte {
	if i.fields {
		return layout.FieldExpiry(dst, k.atMS, k.name)
	}
	return layout.Expiry(dst, k.atMS, k.name)
}

// expire deletes everything due and returns the time of what is due next, or 0.
func (i *expiryIndex) expire(t *Turn) (next int64, ok bool) {
	// Each batch begins where the last one ended: what lies before is tombstones.
	begin := i.key(nil, dueKey{})
	from := begin
	for {
		keys, next, err := i.due(from, i.db.eng.now().UnixMilli())
		if err != nil {
			i.db.opts.Logger.Warn("expiry: cannot read the index; trying again", "db", i.db.Name, "err", err)
			return 0, false
		}
		if len(keys) == 0 {
			return next, true
		}
		more, ok := i.commit(t, keys)
		if !ok {
			return 0, false
		}
		from = append(i.key(nil, keys[len(keys)-1]), 0)
		if more {
			from = begin
		}
		select {
		case <-i.db.stop:
			return 0, false
		default:
		}
	}
}

type dueKey struct {
	atMS int64
	name []byte
}

// due reads the first keys of the index from a place on that are due, and else the time of
// the first that will be.
func (i *expiryIndex) due(from []byte, nowMS int64) (keys []dueKey, next int64, err error) {
	end := []byte{layout.SpaceExpiry + 1}
	if !i.fields {
		end = layout.FieldExpiry(nil, 0, nil)
	}
	it, err := i.db.store.Iter(from, end)
	if err != nil {
		return nil, 0, err
	}
	defer it.Close()
	for it.First(); it.Valid() && len(keys) < expireBatch; it.Next() {
		at, _, name, err := layout.SplitExpiry(it.Key())
		if err != nil {
			return nil, 0, err
		}
		if at > nowMS {
			return keys, at, nil
		}
		keys = append(keys, dueKey{at, append([]byte(nil), name...)})
	}
	return keys, 0, it.Error()
}

// commit deletes what is due of some keys in one commit.
func (i *expiryIndex) commit(t *Turn, keys []dueKey) (more, ok bool) {
	db := i.db
	defer func() {
		if p := recover(); p != nil {
			t.abandon(db.eng.Panicked("expiry", p))
			more, ok = false, false // it is tried again after idleExpiry
		}
	}()
	n := db.eng.indexOf(db)
	if n < 0 {
		return false, false // being swapped or closed
	}
	reqs := make([]lockRequest, len(keys))
	for j, k := range keys {
		reqs[j] = lockRequest{db: n, stripe: stripeOf(k.name)}
	}
	t.Begin(time.Now())
	if err := t.waitLocks(reqs); err != nil || t.txs[n].db != db {
		t.release(err)
		return false, false
	}
	db.eng.Fault("expiry")
	gone, more, err := i.delete(t.txs[n], keys)
	if err != nil {
		t.release(err)
		return false, false
	}
	t.serve() // who waits for entries of a consumer group hears that it is gone
	if t.Commit() != nil {
		return false, false
	}
	i.count.Add(int64(gone))
	return more, true
}

// expireKeys deletes keys, each only if it still expires when the index says.
func (db *DB) expireKeys(x *tx, keys []dueKey) (gone int, more bool, err error) {
	for _, due := range keys {
		k, err := datatype.Peek(x, due.name)
		if err != nil {
			return 0, false, err
		}
		if !k.Stored() || k.StoredExpireMS() != due.atMS {
			x.Delete(layout.Expiry(x.Scratch(len(due.name)+16), due.atMS, due.name))
			continue
		}
		k.Remove()
		gone++
		x.endCommand()
	}
	return gone, false, nil
}

// fieldsBatch is how many fields one commit deletes.
const fieldsBatch = 4096

// expireFields deletes the fields of hashes whose time has come.
func (db *DB) expireFields(x *tx, keys []dueKey) (gone int, more bool, err error) {
	for _, due := range keys {
		if gone == fieldsBatch {
			return gone, true, nil
		}
		n, rest, err := datatype.ExpireFields(x, due.name, due.atMS, fieldsBatch-gone)
		if err != nil {
			return 0, false, err
		}
		gone += n
		more = more || rest
		x.endCommand()
	}
	return gone, more, nil
}
