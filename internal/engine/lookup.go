package engine

import (
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
)

// mode is how the running command looks pairs up.
type mode struct {
	anyKey  bool // it reads keys that are not locked
	reading bool // it is a reading command: its look-ups are counted
	quiet   bool // that it looks a key up is no use of it (OBJECT IDLETIME)
}

func modeOf(c *client.Client, row *command.Row) mode {
	return mode{
		anyKey: row.Is(command.AnyKey), reading: row.Is(command.ReadOnly),
		quiet: row.Is(command.NoTouch) || c.NoTouch && row.Name != "touch",
	}
}

// Get implements datatype.Txn.
func (x *tx) Get(key []byte) ([]byte, bool, error) {
	val, found, err := x.get(key)
	if key[0] == layout.SpaceHead && err == nil && x.reading {
		if found {
			x.turn.hits++
		} else {
			x.turn.misses++
		}
	}
	return val, found, err
}

func (x *tx) get(key []byte) ([]byte, bool, error) {
	val, exists, known := x.recall(key)
	if known {
		return val, exists, nil
	}
	from := len(x.scratch)
	buf, exists, err := x.read(x.scratch, key, true)
	if err != nil || !exists {
		return nil, false, err
	}
	x.scratch = buf
	return buf[from:len(buf):len(buf)], true, nil
}

// AppendValue implements datatype.Txn.
func (x *tx) AppendValue(dst, key []byte, remember bool) ([]byte, bool, error) {
	hash := xxhash.Sum64(key)
	if o := x.own(hash, key); o != nil {
		return append(dst, o.val...), o.kind == opPut, nil
	}
	if x.flush {
		return dst, false, nil
	}
	if val, exists, known := x.db.recall(dst, key, hash, remember && !x.quiet); known {
		return val, exists, nil
	}
	return x.read(dst, key, remember)
}

// read looks a committed pair up that is not in memory and appends its value to dst.
func (x *tx) read(dst, key []byte, remember bool) (val []byte, exists bool, err error) {
	if !x.db.store.Has(key) {
		return dst, false, nil
	}
	if !x.turn.mayWait && x.db.store.Cold() {
		return dst, false, datatype.ErrWouldBlock
	}
	from := len(dst)
	if dst, exists, err = x.db.store.Get(dst, key); err != nil {
		return dst, false, err
	}
	switch {
	case !remember || x.anyKey: // if the key is not locked it may have been changed since it was read
	case x.quiet:
		x.db.eng.cache.PutUnused(x.db.space(), key, dst[from:], exists)
	default:
		x.db.eng.cache.Put(x.db.space(), key, dst[from:], exists)
	}
	return dst, exists, nil
}

// own returns the pending change of a pair, or nil.
func (x *tx) own(hash uint64, key []byte) *op {
	if len(x.ops) > 0 && x.spaces[key[0]] {
		if i := x.find(hash, key); i >= 0 {
			return &x.ops[i]
		}
	}
	return nil
}

// LockHome implements datatype.Txn. The lock of the key itself is enough among commands; but an Applier finds locks for
// what a master has changed by the names in pairs.
func (x *tx) LockHome(name []byte) error {
	if !x.db.eng.follower.Load() {
		return nil
	}
	return x.turn.Lock(x.db.eng.indexOf(x.db), name)
}

// Recall implements datatype.Txn.
func (x *tx) Recall(key []byte) ([]byte, bool) {
	val, exists, _ := x.recall(key)
	return val, exists
}

// recall looks where a look-up costs no read: the overlay, the write buffer, the value cache. known says that one
// of them has the pair, or knows that it is absent.
func (x *tx) recall(key []byte) (val []byte, exists, known bool) {
	hash := xxhash.Sum64(key)
	if o := x.own(hash, key); o != nil {
		return o.val, o.kind == opPut, true
	}
	if x.flush {
		return nil, false, true
	}
	from := len(x.scratch)
	buf, exists, known := x.db.recall(x.scratch, key, hash, !x.quiet)
	if !known {
		return nil, false, false
	}
	x.scratch = buf
	return buf[from:len(buf):len(buf)], exists, true
}

// recall looks a committed pair up in memory and appends its value to dst: in the write buffer, then in the value cache. use says whether
// that is a use of the pair.
func (db *DB) recall(dst, key []byte, hash uint64, use bool) (val []byte, exists, known bool) {
	if val, exists, known = db.store.Pending(dst, key, hash); known {
		return val, exists, true
	}
	return db.eng.cache.Find(dst, db.space(), key, hash, use)
}

// IdleSeconds implements datatype.Txn.
func (x *tx) IdleSeconds(name []byte) int64 {
	key := x.db.keys.Head(nil, name)
	hash := xxhash.Sum64(key)
	if x.find(hash, key) >= 0 {
		return 0
	}
	if _, _, pending := x.db.store.Pending(nil, key, hash); pending {
		return 0
	}
	if seconds, known := x.db.eng.cache.Idle(x.db.space(), key); known {
		return int64(seconds)
	}
	return int64(time.Since(x.db.eng.began) / time.Second)
}
