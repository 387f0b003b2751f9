package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/cache"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/store"
)

// DB is one database: a store, its log, and what orders access to both.
//
// The lock order, outermost first:
//
//	gate      held for reading by every turn and worker that uses the
//	          database, for writing by what needs it alone (FLUSHDB, SWAPDB)
//	stripes   of key locks, ascending; an event loop never waits for one
//	commitMu  makes log order equal store order; held for one commit
//	waiting, windows, watchers: leaves, held for a few instructions
type DB struct {
	eng   *Engine
	Name  string // of its directory
	keys  layout.Keys
	store *store.Store
	log   *binlog.Log
	opts  DBOptions

	inUse   sync.RWMutex // outside of the order: held by View, and to close a database that was replaced
	gate    sync.RWMutex
	stripes [lockStripes]sync.Mutex

	commitMu    sync.Mutex
	builder     store.Builder // guarded by commitMu
	broken      error         // guarded by commitMu: the store refused what the log holds
	keyCount    atomic.Int64
	expireCount atomic.Int64
	nextVersion atomic.Uint64
	spaceID     atomic.Uint32
	inCache     atomic.Int64                      // pairs that drains have put into the cache under spaceID
	prefixes    atomic.Pointer[datatype.Prefixes] // nil until the first SCAN
	histories   atomic.Pointer[layout.Histories]
	until       atomic.Uint64 // see Incomplete

	waiting  waiting
	windows  windows
	watching atomic.Int64 // clients × keys under WATCH
	watchMu  sync.Mutex
	watchers map[string][]watcher

	expiryMoved chan struct{} // a key was given an earlier expiry than any before
	nextExpiry  atomic.Int64
	Expired     atomic.Int64 // keys deleted because their time had passed
	stop        chan struct{}
	done        sync.WaitGroup
	stopMu      sync.Mutex // stop is closed, and done grows, under it

	ExpiredFields atomic.Int64 // fields of hashes deleted likewise
}

// lockStripes is the number of key locks of a database.
const lockStripes = 1 << 14

// DBOptions say how a database is kept.
type DBOptions struct {
	FS            vfs.FS
	Dir           string // holds store/ and, unless BinlogDir says otherwise, binlog/
	BinlogDir     string
	Keys          layout.Keys
	BlockCache    *pebble.Cache
	Tables        *pebble.FileCache // of open files, shared by all databases; nil: its own
	MemTableBytes uint64
	WriteBuffer   int64 // most bytes of changes on their way to the store; 0: the usual
	Compression   string
	Compactions   int
	FilterBytes   int64
	SegmentBytes  func() int64
	Logger        *slog.Logger
	// DiskFull is called when the disk takes no more. It may free some space; then what failed is tried again, once.
	DiskFull func()
	Fatal    func(cause string) // see store.Options
	LogBegan bool               // the databases of this directory have been open before: each has a log
}

// storeFS is the file system as the store sees it.
func (o DBOptions) storeFS() vfs.FS {
	if o.DiskFull == nil {
		return o.FS
	}
	return vfs.OnDiskFull(o.FS, o.DiskFull)
}

func (o DBOptions) logOptions(e *Engine) binlog.Options {
	return binlog.Options{FS: o.FS, Dir: o.BinlogDir, SegmentBytes: o.SegmentBytes, Logger: o.Logger, Now: e.now}
}

// openDB opens a database: the store as it stands, then the log from the
// position that the store names.
func openDB(e *Engine, name string, o DBOptions) (*DB, error) {
	db := &DB{eng: e, Name: name, keys: o.Keys, opts: o, watchers: map[string][]watcher{},
		expiryMoved: make(chan struct{}, 1), stop: make(chan struct{})}
	if o.BinlogDir == "" {
		o.BinlogDir = o.FS.PathJoin(o.Dir, "binlog")
	}
	db.waiting.init()
	db.windows.init()
	db.spaceID.Store(e.newSpace())
	for _, dir := range []string{o.Dir, o.FS.PathJoin(o.Dir, "store"), o.FS.PathDir(o.BinlogDir)} {
		if err := MakeDir(o.FS, dir); err != nil {
			return nil, fmt.Errorf("create database directory: %w", err)
		}
	}
	var log atomic.Pointer[binlog.Log]
	st, state, err := store.Open(store.Options{
		FS: o.storeFS(), Dir: o.FS.PathJoin(o.Dir, "store"), Logger: o.Logger, Fatal: o.Fatal, BlockCache: o.BlockCache, Tables: o.Tables,
		Keys: &db.keys, Drained: db.drained, MemTableBytes: o.MemTableBytes, WriteBuffer: o.WriteBuffer, Compression: o.Compression, Compactions: o.Compactions, FilterBytes: o.FilterBytes,
		BeforeFlush: func() error {
			if l := log.Load(); l != nil {
				_, err := l.Sync()
				return err
			}
			return nil // during recovery: what is replayed comes from the log
		},
	})
	if err != nil {
		return nil, err
	}
	db.store = st
	end, err := db.recover(o, binlog.LSN(state.LSN), &state)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", name, err), st.Close())
	}
	if db.log, err = binlog.Open(o.logOptions(e), end); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	log.Store(db.log)
	// What drains have put into the value cache while the log was replayed may be
	// older than a FLUSHDB in it.
	db.spaceID.Store(e.newSpace())
	db.keyCount.Store(state.Keys)
	db.expireCount.Store(state.Expires)
	db.nextVersion.Store(state.NextVersion)
	if err := errors.Join(db.loadHistories(), db.loadUntil()); err != nil {
		return nil, errors.Join(err, db.log.Close(), st.Close())
	}
	db.nextExpiry.Store(0)
	db.done.Add(1)
	go db.expireLoop()
	return db, nil
}

// MakeDir creates a directory, and those above it, so that they are there after a
// power loss too: what is synced within is of no use if a name on the way is lost.
func MakeDir(fs vfs.FS, dir string) error {
	above := fs.PathDir(dir)
	if _, err := fs.Stat(above); err != nil && above != dir {
		if err := MakeDir(fs, above); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	parent, err := fs.OpenDir(above)
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// recover replays the log behind the store's position and leaves the final
// state in state.
func (db *DB) recover(o DBOptions, from binlog.LSN, state *layout.State) (binlog.LSN, error) {
	begin, lastSaid, records := time.Now(), time.Now(), 0
	lo := o.logOptions(db.eng)
	lo.Began = o.LogBegan && LogMustBe(o.FS, o.BinlogDir, from)
	end, err := binlog.Recover(lo, from, func(r binlog.Record) error {
		st, err := CheckRecord(r)
		if err != nil {
			return err
		}
		*state = st
		records++
		return db.store.Apply(r.Payload)
	}, func(at, _, to binlog.LSN) {
		if time.Since(lastSaid) < time.Second {
			return
		}
		lastSaid = time.Now()
		done, all := float64(at-from), float64(to-from)
		rate := done / time.Since(begin).Seconds()
		o.Logger.Info("replaying the binlog", "db", db.Name, "percent", int(100*done/max(all, 1)),
			"mb", int(done/1e6), "of_mb", int(all/1e6), "mb_per_second", int(rate/1e6), "eta_seconds", int((all-done)/max(rate, 1)))
	})
	if err == nil && records > 0 {
		o.Logger.Info("replayed the binlog", "db", db.Name, "records", records, "bytes", uint64(end-from),
			"seconds", time.Since(begin).Seconds())
	}
	return end, err
}

// LogMustBe says that a database that has been open before must have a log: it has a directory for it, or its store holds changes.
// Only a database that was being created has neither, and a backup or a copy, which was not open before, has changes without a log.
func LogMustBe(fs vfs.FS, logDir string, store binlog.LSN) bool {
	_, err := fs.Stat(logDir)
	return err == nil || store > 0
}

// CheckRecord returns the state after a record of a log, if the record makes sense.
func CheckRecord(r binlog.Record) (st layout.State, err error) {
	if r.Kind != binlog.KindBatch {
		return st, fmt.Errorf("%w: record kind %d is unknown to this version", binlog.ErrCorrupt, r.Kind)
	}
	if st, err = store.StateOf(r.Payload); err != nil || st.LSN != uint64(r.End()) {
		return st, fmt.Errorf("%w: the record at %d carries position %d, not its end %d (%v)", binlog.ErrCorrupt, r.LSN, st.LSN, r.End(), err)
	}
	return st, nil
}

// drained follows C2 of package cache: a pair that has left the write buffer is
// served from the cache from now on. A newer change, if there is one, is in the
// buffer again and is found there first. What is read in order is left to the store until somebody asks for it alone, and so are
// pieces of strings: one long string would take the place of much else.
func (db *DB) drained(pairs []store.Drained) {
	space := db.space()
	hashes := make([]uint64, 0, 16)
	for _, p := range pairs {
		if cached(p.Key) {
			hashes = append(hashes, p.Hash)
		}
	}
	db.eng.cache.Warm(space, hashes)
	db.inCache.Add(int64(len(hashes)))
	for _, p := range pairs {
		switch {
		case !cached(p.Key):
		case len(p.Key)+len(p.Val) > cache.MaxEntryBytes:
			db.eng.cache.Forget(space, p.Key)
		case p.Key[0] == layout.SpaceElement && (db.keys.InOrder(p.Key) || db.keys.Piece(p.Key)):
			db.eng.cache.Renew(space, p.Key, p.Val, p.Exists)
		default:
			db.eng.cache.Put(space, p.Key, p.Val, p.Exists)
		}
	}
}

// cached says which pairs are ever looked up one by one.
func cached(key []byte) bool { return key[0] == layout.SpaceHead || key[0] == layout.SpaceElement }

// leaveSpace takes a new space, as all that is cached of the database has become wrong. Memory that is worth it is given
// back to the cache; that reads the whole cache, so a few pairs are left to eviction.
func (db *DB) leaveSpace() {
	old := cache.Space(db.spaceID.Swap(db.eng.newSpace()))
	if db.inCache.Swap(0) <= worthDropping {
		return
	}
	if leave, ok := db.enterBackground(); ok {
		go func() {
			defer leave()
			db.eng.cache.Drop(old)
		}()
	}
}

const worthDropping = 100_000

func (db *DB) space() cache.Space { return cache.Space(db.spaceID.Load()) }

// Log is the database's log.
func (db *DB) Log() *binlog.Log { return db.log }

// Store is the database's store.
func (db *DB) Store() *store.Store { return db.store }

// Counts are the exact numbers of keys and of keys that expire.
func (db *DB) Counts() (keys, expires int64) { return db.keyCount.Load(), db.expireCount.Load() }

// Waiting is the number of clients that wait for keys of this database.
func (db *DB) Waiting() int64 { return db.waiting.count.Load() }

// close stops background work and closes store and log. No turn may be using
// the database.
func (db *DB) close() error {
	db.stopMu.Lock()
	close(db.stop)
	db.stopMu.Unlock()
	db.done.Wait()
	_, err := db.log.Sync()
	return errors.Join(err, db.store.Close(), db.log.Close())
}
