// Package engine executes commands. It is the one write path: lock the keys, let
// the command compute its effects, write them to the log as one record, apply
// them to the store, answer.
//
// Promises:
//   - E1. A reply leaves only after the effects that it tells of, and those that
//     it has seen, are in the log; with appendfsync always, after fsync.
//   - E2. Effects of a turn of an event loop, of a MULTI/EXEC and of a script
//     are one record: after a crash they are there together or not at all.
//   - E3. Commands of one connection take effect in the order sent.
//   - E4. An event loop never waits: not for a lock, not for the disk (beyond the
//     write of the log into the page cache), not for a long command. What
//     would have to wait runs on a worker.
//   - E5. Between its first read and its commit a command's keys are locked.
//
// A Turn is where commands run: an event loop has one, each worker has one, and
// so does each goroutine that serves a TLS connection.
package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/bufpool"
	"github.com/haypile/haypile/internal/cache"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/metric"
	"github.com/haypile/haypile/internal/script"
	"github.com/haypile/haypile/internal/tracking"
)

// Options of an Engine.
type Options struct {
	Databases int
	Workers   int
	Cache     *cache.Cache
	Table     *command.Table
	Host      command.Host
	Tracking  *tracking.Table
	Logger    *slog.Logger
	// DB says how database number i is kept.
	DB func(i int) (name string, o DBOptions, err error)
	// Swap makes it lasting that two numbers exchange their databases.
	Swap func(a, b int) error
	// Opened is told of a database before it is used for the first time.
	Opened func(i int, db *DB) error
	// Notify delivers a keyspace event after its commit; to the client at a place, there.
	Notify func(db int, class datatype.Class, event string, key []byte, at client.Place)
	// Observe is told of every command of a transaction and how long it took.
	Observe func(cl *client.Client, row *command.Row, args [][]byte, nanos int64)
	Faults  Faults // nil outside of tests
	// BufferBytes is how much memory is held for large values between commands.
	BufferBytes int64
}

// Engine owns the databases and the workers.
type Engine struct {
	opts   Options
	began  time.Time
	cache  *cache.Cache
	track  *tracking.Table
	limits atomic.Pointer[datatype.Limits]
	notify atomic.Uint32 // classes that someone here wants to hear of
	relay  atomic.Uint32 // classes that a server downstream wants to hear of
	always atomic.Bool   // appendfsync always

	dbMu    sync.Mutex   // guards opening
	swapMu  sync.RWMutex // databases keep their numbers while it is held
	dbs     []atomic.Pointer[DB]
	blocked atomic.Int64  // how many waits have begun
	spare   atomic.Uint32 // last cache space given

	libraries atomic.Pointer[script.Libraries] // of functions; kept in database 0
	scripts   atomic.Pointer[script.Host]      // that they were loaded with

	buffers *bufpool.Pool // for large values on their way

	jobs       chan Job
	submitting sync.RWMutex // written by Close, which ends jobs
	workers    sync.WaitGroup
	tasks      sync.WaitGroup // what ends when its database is closed
	syncer     syncer

	// WriteErr, if set, refuses writes that take space (a full disk): see Refuses.
	WriteErr func() error

	Hits, Misses atomic.Int64 // of keys that reading commands looked for
	LazyFreed    atomic.Int64 // keys that Redis would have left to a thread of its own to free
	Changes      atomic.Int64 // of keys, since the last backup
	Errors       metric.Errors

	activeExpire atomic.Bool
	clockShift   atomic.Int64 // ms, see ShiftClock
	holdExpiry   atomic.Bool  // writes are paused
	follower     atomic.Bool  // changes come from a master's log only
	closing      atomic.Bool
	compacting   atomic.Pointer[time.Time] // since when, while it runs
}

// New returns an engine; databases are opened at first use, or by OpenAll.
func New(o Options) *Engine {
	if o.Tracking == nil {
		o.Tracking = tracking.New(client.NewRegistry())
	}
	e := &Engine{opts: o, began: time.Now(), cache: o.Cache, track: o.Tracking, buffers: bufpool.New(o.BufferBytes), dbs: make([]atomic.Pointer[DB], o.Databases), jobs: make(chan Job, 4096)}
	e.limits.Store(&datatype.Limits{})
	e.libraries.Store(script.NoLibraries)
	e.activeExpire.Store(true)
	e.syncer.init(e)
	for range o.Workers {
		e.workers.Add(1)
		go e.work()
	}
	return e
}

// SetLimits publishes the encodings' thresholds.
func (e *Engine) SetLimits(l *datatype.Limits) { e.limits.Store(l) }

// SetNotify chooses the classes of keyspace events that are delivered.
func (e *Engine) SetNotify(classes datatype.Class) { e.notify.Store(uint32(classes)) }

// SetRelay chooses the classes of keyspace events that commits note in the log, for servers that follow it. What
// commands look for in vain is no change and stays here.
func (e *Engine) SetRelay(classes datatype.Class) {
	e.relay.Store(uint32(classes &^ datatype.ClassKeyMiss))
}

// SetActiveExpire switches the deletion of keys past their time (DEBUG
// SET-ACTIVE-EXPIRE); they stay hidden either way.
func (e *Engine) SetActiveExpire(on bool) { e.activeExpire.Store(on) }

// ShiftClock makes the engine's clock, which expiry and the times in the log go by, differ from the machine's (DEBUG
// SHIFT-CLOCK): a jump of the machine's clock can be tried out with it.
func (e *Engine) ShiftClock(ms int64) { e.clockShift.Store(ms) }

// now is the machine's time, shifted.
func (e *Engine) now() time.Time {
	return time.Now().Add(time.Duration(e.clockShift.Load()) * time.Millisecond)
}

// until is how long it takes to a time of the engine's clock.
func (e *Engine) until(ms int64) time.Duration { return time.UnixMilli(ms).Sub(e.now()) }

// HoldExpiry stops the deletion of keys past their time while clients' writes are paused.
func (e *Engine) HoldExpiry(on bool) { e.holdExpiry.Store(on) }

// Buffers lends memory for large values.
func (e *Engine) Buffers() *bufpool.Pool { return e.buffers }

// Table is the command table.
func (e *Engine) Table() *command.Table { return e.opts.Table }

// Cache is the value cache.
func (e *Engine) Cache() *cache.Cache { return e.cache }

// DropCaches writes every database to its store and forgets what is cached.
func (e *Engine) DropCaches() error {
	for i := range e.dbs {
		if db := e.Opened(i); db != nil {
			if err := db.store.Flush(); err != nil {
				return err
			}
			db.leaveSpace()
		}
	}
	return nil
}

func (e *Engine) newSpace() uint32 { return e.spare.Add(1) }

// DB returns database i, opening it at first use.
func (e *Engine) DB(i int) (*DB, error) {
	if db := e.dbs[i].Load(); db != nil {
		return db, nil
	}
	e.dbMu.Lock()
	defer e.dbMu.Unlock()
	if db := e.dbs[i].Load(); db != nil {
		return db, nil
	}
	if e.closing.Load() {
		return nil, ErrClosed
	}
	name, o, err := e.opts.DB(i)
	if err != nil {
		return nil, fmt.Errorf("open database %d: %w", i, err)
	}
	db, err := openDB(e, name, o)
	if err != nil {
		return nil, fmt.Errorf("open database %d: %w", i, err)
	}
	if e.opts.Opened != nil {
		if err := e.opts.Opened(i, db); err != nil {
			return nil, errors.Join(fmt.Errorf("open database %d: %w", i, err), db.close())
		}
	}
	e.dbs[i].Store(db)
	return db, nil
}

// Opened returns database i if it is open, else nil.
func (e *Engine) Opened(i int) *DB { return e.dbs[i].Load() }

// Databases is the number of databases.
func (e *Engine) Databases() int { return len(e.dbs) }

// IndexOf returns the number by which a database is selected now.
func (e *Engine) indexOf(db *DB) int {
	for i := range e.dbs {
		if e.dbs[i].Load() == db {
			return i
		}
	}
	return -1
}

// Wake lets clients that wait under a name which is no key look again.
func (e *Engine) Wake(name []byte) {
	for i := range e.dbs {
		if db := e.dbs[i].Load(); db != nil && db.waiting.count.Load() > 0 {
			for _, w := range db.waiting.of(name) {
				e.Submit(Job{retry: w})
			}
		}
	}
}

// Close stops the workers and closes all databases. Turns must have ended.
func (e *Engine) Close() error {
	e.submitting.Lock()
	e.closing.Store(true)
	close(e.jobs)
	e.submitting.Unlock()
	e.workers.Wait()
	e.syncer.close()
	var errs []error
	for i := range e.dbs {
		if db := e.dbs[i].Swap(nil); db != nil {
			db.inUse.Lock() // those who look at it have gone
			errs = append(errs, db.close())
			db.inUse.Unlock()
		}
	}
	e.tasks.Wait()
	return errors.Join(errs...)
}
