package engine

import (
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
		if db.eng.activeExpire.Load() && !db.eng.holdExpiry.Load() && !db.eng.follower.Load() { // a replica waits for its master's decision
			wait = db.expireDue(t)
		}
		timer.Reset(wait)
	}
}

// expireDue deletes everything due and returns how long to sleep.
func (db *DB) expireDue(t *Turn) time.Duration {
	// Each batch begins where the last one ended: what lies before is tombstones.
	from := []byte{layout.SpaceExpiry}
	for {
		db.nextExpiry.Store(0) // whoever sets an expiry from here on wakes the loop: the walk may not see it
		keys, next, err := db.dueKeys(from, time.Now().UnixMilli())
		if err != nil {
			db.opts.Logger.Warn("expiry: cannot read the index; trying again", "db", db.Name, "err", err)
			return idleExpiry
		}
		if len(keys) == 0 {
			db.nextExpiry.Store(next)
			if next == 0 {
				return idleExpiry
			}
			return max(0, min(idleExpiry, time.Until(time.UnixMilli(next))))
		}
		if !db.expireKeys(t, keys) {
			return idleExpiry
		}
		last := keys[len(keys)-1]
		from = append(layout.Expiry(from[:0], last.atMS, last.name), 0)
		select {
		case <-db.stop:
			return idleExpiry
		default:
		}
	}
}

type dueKey struct {
	atMS int64
	name []byte
}

// dueKeys reads the first keys of the index from a place on that are due, and else the time of
// the first that will be.
func (db *DB) dueKeys(from []byte, nowMS int64) (keys []dueKey, next int64, err error) {
	it, err := db.store.Iter(from, []byte{layout.SpaceExpiry + 1})
	if err != nil {
		return nil, 0, err
	}
	defer it.Close()
	for it.First(); it.Valid() && len(keys) < expireBatch; it.Next() {
		at, name, err := layout.SplitExpiry(it.Key())
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

// expireKeys deletes keys in one commit, each only if it still expires when the
// index says.
func (db *DB) expireKeys(t *Turn, keys []dueKey) bool {
	i := db.eng.indexOf(db)
	if i < 0 {
		return false // being swapped or closed
	}
	if err := db.eng.writeErr(); err != nil {
		return false
	}
	reqs := make([]lockRequest, len(keys))
	for j, k := range keys {
		reqs[j] = lockRequest{db: i, stripe: stripeOf(k.name)}
	}
	t.Begin(time.Now())
	if err := t.waitLocks(reqs); err != nil || t.txs[i].db != db {
		t.release(err)
		return false
	}
	x := t.txs[i]
	gone := int64(0)
	for _, due := range keys {
		k, err := datatype.Peek(x, due.name)
		if err != nil {
			t.release(err)
			return false
		}
		if !k.Stored() || k.Head.ExpireMS != due.atMS {
			x.Delete(layout.Expiry(x.Scratch(len(due.name)+16), due.atMS, due.name))
			continue
		}
		k.Remove()
		gone++
		x.endCommand()
	}
	t.serve() // who waits for entries of a consumer group hears that it is gone
	if t.Commit() != nil {
		return false
	}
	db.Expired.Add(gone)
	return true
}

func (e *Engine) writeErr() error {
	if e.WriteErr == nil {
		return nil
	}
	return e.WriteErr()
}
