// Package tracking tells clients that keep copies of values (client-side caching) when a
// key has changed.
//
// Promises:
//   - T1. A change of a key that a client has read, after it was read, is told to the client
//     after the change can be seen. Being told too often is possible, never too rarely.
//   - T2. Who does not track pays one look at a number.
//   - T3. Memory is bounded by tracking-table-max-keys: what is dropped is told as changed.
//
// Keys are known by name, whatever their database, as in Redis.
package tracking

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/haypile/haypile/internal/client"
)

// Table knows who has read what.
type Table struct {
	registry *client.Registry
	active   atomic.Int64 // clients that are tracking
	clock    atomic.Int64 // counts readings

	mu       sync.Mutex
	limit    int
	clients  map[*client.Client]*follower
	keys     map[string][]reader // sorted by id; some may be gone
	items    int                 // readers in keys
	prefixes map[string]map[*client.Client]struct{}
}

// reader is a client that has read a key. A turn may change a key and read it again before
// it tells of the change: the times say what was read before and what after.
type reader struct{ id, first, last int64 }

// follower is a client that is tracking.
type follower struct{ prefixes []string }

// New returns an empty table.
func New(r *client.Registry) *Table {
	return &Table{registry: r, clients: map[*client.Client]*follower{}, keys: map[string][]reader{},
		prefixes: map[string]map[*client.Client]struct{}{}}
}

// Active says whether anybody is tracking.
func (t *Table) Active() bool { return t.active.Load() > 0 }

// On begins or changes a client's tracking. Prefixes, of broadcasting, add to those that it
// has.
func (t *Table) On(cl *client.Client, mode client.TrackMode, redirect int64, prefixes []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.clients[cl]
	if f == nil {
		f = &follower{}
		t.clients[cl] = f
		t.active.Add(1)
	}
	for _, p := range prefixes {
		if !slices.Contains(f.prefixes, p) {
			f.prefixes = append(f.prefixes, p)
		}
		if t.prefixes[p] == nil {
			t.prefixes[p] = map[*client.Client]struct{}{}
		}
		t.prefixes[p][cl] = struct{}{}
	}
	cl.SetTracking(mode|client.TrackOn, redirect)
}

// Off ends a client's tracking. Its id stays with the keys that it has read until they
// change, as in Redis, or until nobody tracks.
func (t *Table) Off(cl *client.Client) {
	if cl.Tracking() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	cl.SetTracking(0, 0)
	f := t.clients[cl]
	if f == nil {
		return
	}
	delete(t.clients, cl)
	if t.active.Add(-1) == 0 { // nobody notes changes any more
		clear(t.keys)
		t.items = 0
	}
	for _, p := range f.prefixes {
		delete(t.prefixes[p], cl)
		if len(t.prefixes[p]) == 0 {
			delete(t.prefixes, p)
		}
	}
}

// Prefixes lists the prefixes that a client follows.
func (t *Table) Prefixes(cl *client.Client) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.clients[cl]
	if f == nil {
		return nil
	}
	return slices.Sorted(slices.Values(f.prefixes))
}

// Remember notes that a client has read a key. It is called while nobody can change the key.
func (t *Table) Remember(cl *client.Client, key []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Add(1)
	readers := t.keys[string(key)]
	at, there := slices.BinarySearchFunc(readers, cl.ID, func(r reader, id int64) int { return cmp.Compare(r.id, id) })
	if there {
		readers[at].last = now
		return
	}
	t.keys[string(key)] = slices.Insert(readers, at, reader{cl.ID, now, now})
	t.items++
	t.shrink()
}

// Alone calls f while nobody is being told anything.
func (t *Table) Alone(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}

// Now is the time of a change that is made now.
func (t *Table) Now() int64 { return t.clock.Load() }

// SetLimit bounds the number of keys; 0 is no bound.
func (t *Table) SetLimit(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limit = n
	t.shrink()
}

// shrink drops keys, in no order, until the limit holds.
func (t *Table) shrink() {
	if t.limit <= 0 {
		return
	}
	for key := range t.keys {
		if len(t.keys) <= t.limit {
			return
		}
		t.tellReaders(key, Change{Time: math.MaxInt64})
	}
}

// Counts are the numbers that INFO shows: clients that are tracking, keys, clients of all
// keys together, prefixes.
func (t *Table) Counts() (clients, keys, items, prefixes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.clients), len(t.keys), t.items, len(t.prefixes)
}
