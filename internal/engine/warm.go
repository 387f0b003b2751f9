package engine

import (
	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/client"
)

// WarmKeys is how many keys are worth being told at once: about as many waits for memory as a processor
// has on their way.
const WarmKeys = 16

// A command with fewer keys than minWarmArgs gains nothing.
const (
	minWarmArgs = 3
	maxWarmArgs = 512
)

// warming is what Warm needs from one call to the next.
type warming struct {
	key    []byte
	hashes []uint64
}

// add notes a key.
func (w *warming) add(db *DB, key []byte) {
	w.key = db.keys.Head(w.key[:0], key)
	w.hashes = append(w.hashes, xxhash.Sum64(w.key))
}

// flush asks for the memory of the keys noted.
func (w *warming) flush(db *DB) {
	db.store.Warm(w.hashes)
	db.eng.cache.Warm(db.space(), w.hashes)
	w.key, w.hashes = trimBuffer(w.key), w.hashes[:0]
}

// Warm tells the turn the keys of commands that follow, so that their waits for memory overlap. They may
// turn out to be none.
func (t *Turn) Warm(cl *client.Client, keys [][]byte) {
	db := t.eng.Opened(cl.DB())
	if len(keys) < 2 || db == nil {
		return
	}
	for _, k := range keys {
		t.warming.add(db, k)
	}
	t.warming.flush(db)
}

// warmArgs is Warm for a command that has many keys. What is asked for too early is gone again when its turn
// comes, so only its first keys are.
func (t *Turn) warmArgs(db *DB, args [][]byte) {
	for n, i := range t.keyIdx[:min(len(t.keyIdx), maxWarmArgs)] {
		t.warming.add(db, args[i])
		if (n+1)%WarmKeys == 0 {
			t.warming.flush(db)
		}
	}
	t.warming.flush(db)
}
