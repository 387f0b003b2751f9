// Package datatype says what the data types mean: what a set is, when a list
// becomes large, what expires. It decides on pairs and knows nothing of locks,
// logs, sockets or the protocol.
//
// Promises:
//   - D1. Everything a function changes goes through Txn; if it returns an error, the
//     caller undoes what it did, so functions need not clean up.
//   - D2. Range reads come before writes of the same collection wherever the two
//     meet in one function, so that an iterator's view is never in doubt.
//   - D3. A collection never stays empty: what removes the last element removes the
//     key. A stream alone may be empty.
//   - D4. Slices that Txn returns are valid until the command ends and are never
//     written to.
package datatype

import (
	"errors"

	"github.com/haypile/haypile/internal/layout"
)

// ErrWouldBlock is returned by a Txn that may not wait, when going on would
// read the disk or take long. The caller runs the command again elsewhere.
var ErrWouldBlock = errors.New("would block")

// Txn is the view that one command has of one database: it reads its own
// pending changes, and what was committed before it.
type Txn interface {
	// NowMS is the time of the command, Unix ms.
	NowMS() int64
	// Keys spells this database's keys.
	Keys() *layout.Keys
	// Limits holds the thresholds between encodings.
	Limits() *Limits

	// Get reads one pair.
	Get(key []byte) (val []byte, found bool, err error)
	// AppendValue is Get into memory of the caller's. What is not to be remembered takes no place in the value cache.
	AppendValue(dst, key []byte, remember bool) (val []byte, found bool, err error)
	// Recall is Get for a pair that happens to be in memory; found is false for all others, too.
	Recall(key []byte) (val []byte, found bool)
	// LockHome is called before pairs are looked at that have another name than the locked key (layout.Head.Home).
	LockHome(name []byte) error
	// IdleSeconds is how long ago a key was used last, as far as is known.
	IdleSeconds(name []byte) int64
	// Put, Delete and DeleteRange change pairs; arguments are copied. What lies in a
	// deleted range may still be found by Get and Walk until it is written again.
	Put(key, val []byte)
	// PutParts is Put with a value in two parts.
	PutParts(key, val, rest []byte)
	Delete(key []byte)
	DeleteRange(from, to []byte)
	// Iter walks [lower, upper) as it is now, pending changes included.
	Iter(lower, upper []byte) (Iter, error)
	// Walk visits a few pairs of [lower, upper), which lies within one collection, in
	// order or in reverse, until visit says no. It is cheap after many changes of the
	// collection, where Iter is not. Pairs are good until visit returns.
	Walk(lower, upper []byte, reverse bool, visit func(key, val []byte) (more bool, err error)) error
	// Scratch returns an empty slice with room for n bytes, valid until the
	// command ends: what is passed through this interface would otherwise be
	// allocated on the heap each time.
	Scratch(n int) []byte
	// Heavy announces that the command is about to touch n elements.
	Heavy(n int) error

	// NewVersion gives a number never used before in this database.
	NewVersion() uint64
	// Count changes the exact numbers of keys and of keys that expire.
	Count(keys, expires int64)
	// KeyCounts are those numbers, pending changes included.
	KeyCounts() (keys, expires int64)
	// Event says that key was changed by an event of Redis's keyspace
	// notifications: watchers, blocked clients and subscribers hear of it.
	Event(class Class, event string, key []byte)
	// Notice is Event for what is no change of the value to those who watch the key
	// (consumer groups of a stream): they are not told.
	Notice(class Class, event string, key []byte)
	// Window is scratch memory of one collection that outlives the command and
	// dies with any restart; see Window.
	Window(key []byte, version uint64) *Window
}

// Iter is an iterator over pairs in key order. Key and Value are valid until it moves.
type Iter interface {
	First() bool
	Last() bool
	SeekGE(key []byte) bool
	SeekLT(key []byte) bool
	Next() bool
	Prev() bool
	Valid() bool
	Key() []byte
	Value() []byte
	Error() error
	Close() error
}

// WalkIter visits the pairs of an iterator as Walk does, and closes it.
func WalkIter(it Iter, reverse bool, visit func(key, val []byte) (more bool, err error)) error {
	defer it.Close()
	ok, step := it.First, it.Next
	if reverse {
		ok, step = it.Last, it.Prev
	}
	for valid := ok(); valid; valid = step() {
		if more, err := visit(it.Key(), it.Value()); err != nil || !more {
			return err
		}
	}
	return it.Error()
}

// Limits are the thresholds between encodings, named as in redis.conf.
type Limits struct {
	HashMaxListpackEntries, HashMaxListpackValue int64
	ListMaxListpackSize                          int64
	SetMaxIntsetEntries                          int64
	SetMaxListpackEntries, SetMaxListpackValue   int64
	ZSetMaxListpackEntries, ZSetMaxListpackValue int64
	HLLSparseMaxBytes                            int64
	StreamNodeMaxBytes, StreamNodeMaxEntries     int64
	MaxStringBytes                               int64
}

// Class is the class of a keyspace event, as in notify-keyspace-events.
type Class uint16

// Classes of keyspace events; the letters are redis.conf's.
const (
	ClassGeneric Class = 1 << iota // g
	ClassString                    // $
	ClassList                      // l
	ClassSet                       // s
	ClassHash                      // h
	ClassZSet                      // z
	ClassStream                    // t
	ClassExpired                   // x
	ClassEvicted                   // e
	ClassKeyMiss                   // m
	ClassModule                    // d
	ClassNew                       // n
	ClassLapsed                    // none: a reader found the key past its time
)
