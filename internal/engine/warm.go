package engine

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// WarmKeys is how many keys are worth being told at once: about as many waits for memory as a processor
// has on their way.
const WarmKeys = 16

// A command with fewer keys than minWarmArgs gains nothing.
const (
	minWarmArgs = 3
	maxWarmArgs = 512
)

// A longer argument than shortKey is rather a value.
const shortKey = 64

// warming is what Warm needs from one call to the next.
type warming struct {
	key, prefix, head []byte
	hashes            []uint64
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
	w.key, w.prefix, w.hashes = trimBuffer(w.key), trimBuffer(w.prefix), w.hashes[:0]
}

// Warm tells the turn what the commands that follow are about, so that their waits for memory overlap. Several
// in a row on one key may be about members of a large collection: then it is their pairs that are looked for. Or what
// looks like one key is a script: then its first key is what would be the member.
func (t *Turn) Warm(cl *client.Client, ahead []resp.Guess) {
	db := t.eng.Opened(cl.DB())
	if len(ahead) < 2 || db == nil {
		return
	}
	w := &t.warming
	for len(ahead) > 0 {
		key, run := ahead[0].Key, 1
		for run < len(ahead) && bytes.Equal(ahead[run].Key, key) {
			run++
		}
		data, members := false, false
		if run > 1 {
			data, members = w.collection(db, key)
		}
		if !members {
			w.add(db, key)
		}
		for _, g := range ahead[:run] {
			switch {
			case members:
				w.addMember(g.Member)
			case run > 1 && !data && len(g.Member) > 0 && len(g.Member) <= shortKey: // of a script that is run again and again
				w.add(db, g.Member)
			}
		}
		ahead = ahead[run:]
	}
	w.flush(db)
}

// collection looks whether there is data under a key, and whether that is an expanded collection with members, as far as can be said
// without waiting for the disk, and notes where its pairs are. The lock is not asked for: this is a guess.
func (w *warming) collection(db *DB, key []byte) (data, members bool) {
	w.key = db.keys.Head(w.key[:0], key)
	raw, exists, known := db.recall(w.head[:0], w.key, xxhash.Sum64(w.key), false)
	w.head = trimBuffer(raw)
	var head layout.Head
	if !known || !exists || head.Decode(raw) != nil {
		return false, false
	}
	if head.Encoding != layout.EncExpanded {
		return true, false
	}
	switch head.Type {
	case layout.TypeString, layout.TypeList, layout.TypeStream: // no members
		return true, false
	}
	if head.Home != nil {
		key = head.Home
	}
	w.prefix = db.keys.Elements(w.prefix[:0], key, head.Version)
	return true, true
}

// addMember notes a member of the collection found last.
func (w *warming) addMember(member []byte) {
	w.prefix = layout.AppendMember(w.prefix, member)
	w.hashes = append(w.hashes, xxhash.Sum64(w.prefix))
	w.prefix = w.prefix[:len(w.prefix)-layout.MemberHashBytes-len(member)]
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
