// Package store keeps one database's pairs in one Pebble.
//
// Promises:
//   - S1. What Pebble holds equals the log applied up to the position in its
//     state pair (layout.State), at any moment and after any crash: Pebble's own
//     log is off, changes reach it in log order, and each batch carries the
//     state after it. What readers see is the log applied up to the last Apply.
//   - S2. What Pebble makes durable is durable in the log before: a flush waits for
//     Options.BeforeFlush.
//   - S3. Has never says that a pair is absent when it is there.
//
// Only the committer of the database calls Apply.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/layout"
)

// Options of a Store.
type Options struct {
	FS            vfs.FS
	Dir           string
	Logger        *slog.Logger
	BlockCache    *pebble.Cache // shared by all databases
	Tables        *pebble.FileCache
	MemTableBytes uint64
	WriteBuffer   int64  // commits wait for the disk beyond so many bytes of changes; 0: fullBytes
	Compression   string // none, snappy, zstd
	Compactions   int    // at most this many at once
	FilterBytes   int64  // bound for the membership filter
	ReadOnly      bool
	Keys          *layout.Keys
	BeforeFlush   func() error // makes the log durable (S2)
	// Drained is told of pairs that have left the write buffer for Pebble, so that a cache can take
	// them over. Nothing of them may be kept.
	Drained func([]Drained)
	// Fatal ends the process: Pebble cannot go on. What is acknowledged is in the log. Without it the store panics.
	Fatal func(cause string)
}

// Drained is a pair that has left the write buffer, with the xxhash of its key.
type Drained struct {
	Key, Val []byte
	Hash     uint64
	Exists   bool
}

// Store is one open database directory.
type Store struct {
	opts   Options
	db     *pebble.DB
	batch  *pebble.Batch // reused by drains
	filter filter
	front  front
	build  Builder // of drains
	kick   chan struct{}

	reads   coldness
	stalled atomic.Bool // Pebble makes writers wait
	stalls  atomic.Int64
	trouble trouble
	fatal   atomic.Pointer[error]
	stop    chan struct{}
	work    sync.WaitGroup
	filled  chan struct{} // closed when the filter's scan has ended
}

// formatVersion is what new stores are written in; docs/formats lists them.
const formatVersion = pebble.FormatValueSeparation

// Open opens or creates the store and returns it with the state it stands at.
func Open(opts Options) (*Store, layout.State, error) {
	s := &Store{opts: opts, stop: make(chan struct{}), filled: make(chan struct{}), kick: make(chan struct{}, 1)}
	s.front.init(opts.Keys, opts.WriteBuffer)
	s.trouble.init()
	db, err := pebble.Open(opts.Dir, s.pebbleOptions())
	if errors.Is(err, pebble.ErrDBDoesNotExist) {
		err = errors.New("there are tables and no list of them (MANIFEST): the store has lost files")
	}
	if err != nil {
		return nil, layout.State{}, fmt.Errorf("open store %s: %w", opts.Dir, err)
	}
	s.db = db
	s.batch = db.NewBatch()
	st, err := s.state(nil)
	if err != nil {
		db.Close()
		return nil, layout.State{}, err
	}
	s.front.active.state, s.front.spare.state = st, st
	s.work.Add(1)
	go s.drainLoop()
	if !opts.ReadOnly {
		s.work.Add(1)
		go s.reclaimLoop()
	}
	s.filter.init(opts.Keys, opts.FilterBytes)
	if st.LSN == 0 {
		s.filter.complete.Store(true) // nothing was ever written: the filter knows everything
		close(s.filled)
	} else {
		go s.fillFilter()
	}
	return s, st, nil
}

func (s *Store) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:                          s.opts.FS,
		Cache:                       s.opts.BlockCache,
		DisableWAL:                  true,
		ReadOnly:                    s.opts.ReadOnly,
		ErrorIfNotExists:            hasTables(s.opts.FS, s.opts.Dir), // Pebble would begin a new store and delete them
		FormatMajorVersion:          formatVersion,
		MemTableSize:                s.opts.MemTableBytes,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       6,
		L0CompactionFileThreshold:   64,
		L0StopWritesThreshold:       48,
		LBaseMaxBytes:               256 << 20,
		FileCache:                   s.opts.Tables,
		MaxOpenFiles:                4096, // without Tables
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(1, s.opts.Compactions) },
		FlushDelayDeleteRange:       10 * time.Second,
		Logger:                      pebbleLogger{s.opts.Logger, s.opts.Fatal},
		EventListener:               s.events(),
	}
	profile := compressionProfile(s.opts.Compression)
	for i := range o.Levels {
		o.Levels[i].BlockSize = 8 << 10
		o.Levels[i].IndexBlockSize = 64 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		// Tables of the upper levels are rewritten soon; compressing them costs more
		// processor time than it saves space.
		level := profile
		if i < uncompressedLevels {
			level = sstable.NoCompression
		}
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return level }
	}
	o.TargetFileSizes[0] = 8 << 20
	// Not Experimental.EnableDeleteOnlyCompactionExcises: a table that was cut by it keeps its whole file, which no compaction of
	// Pebble's rewrites. Space of what was deleted comes back by reclaimLoop.
	return o
}

// hasTables says that a directory holds tables of a store.
func hasTables(fs vfs.FS, dir string) bool {
	names, _ := fs.List(dir)
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, tableSuffix) })
}

const tableSuffix = ".sst"

const uncompressedLevels = 4

func compressionProfile(name string) *sstable.CompressionProfile {
	switch name {
	case "none":
		return sstable.NoCompression
	case "zstd":
		return sstable.ZstdCompression
	case "minlz":
		return sstable.MinLZCompression
	}
	return sstable.SnappyCompression
}

func (s *Store) events() *pebble.EventListener {
	return &pebble.EventListener{
		FlushBegin: func(pebble.FlushInfo) {
			if n := s.trouble.failures.Load(); n > 0 { // Pebble tries again at once, for ever
				time.Sleep(min(time.Second, time.Millisecond<<min(n, 10)))
			}
			if s.opts.BeforeFlush == nil {
				return
			}
			if err := s.opts.BeforeFlush(); err != nil {
				s.fatal.CompareAndSwap(nil, &err)
			}
		},
		FlushEnd: func(info pebble.FlushInfo) {
			if info.Err == nil {
				s.trouble.failures.Store(0)
			}
			s.trouble.flushErr = info.Err
		},
		BackgroundError: func(err error) {
			if flushErr := s.trouble.flushErr; flushErr != nil && errors.Is(err, flushErr) {
				s.trouble.flushErr = nil
				s.trouble.flushFailed(err)
			}
			if n := s.trouble.failures.Add(1); n > 12 && n%60 != 0 { // by now once a second
				return
			}
			s.opts.Logger.Error("store: background work failed; it is tried again", "dir", s.opts.Dir, "err", err.Error())
		},
		DataCorruption: s.corruption,
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			s.stalled.Store(true)
			s.stalls.Add(1)
			s.opts.Logger.Debug("store: writes wait for flush or compaction", "dir", s.opts.Dir, "reason", info.Reason)
		},
		WriteStallEnd: func() { s.stalled.Store(false) },
	}
}

// state reads the state pair with the given options.
func (s *Store) state(o *pebble.IterOptions) (st layout.State, err error) {
	it, err := s.db.NewIter(o)
	if err != nil {
		return st, err
	}
	defer it.Close()
	if it.SeekGE(layout.StateKey); it.Valid() && string(it.Key()) == string(layout.StateKey) {
		v, err := it.ValueAndErr()
		if err != nil {
			return st, err
		}
		if err := st.Decode(v); err != nil {
			return st, fmt.Errorf("state of %s: %w", s.opts.Dir, err)
		}
	}
	return st, it.Error()
}

// Durable is the log position up to which the store needs no log any more.
func (s *Store) Durable() (uint64, error) {
	st, err := s.state(&pebble.IterOptions{OnlyReadGuaranteedDurable: true})
	return st.LSN, err
}

// Get appends the value of a pair to dst. It may read the disk.
func (s *Store) Get(dst, key []byte) (val []byte, found bool, err error) {
	begin := time.Now()
	v, closer, err := s.db.Get(key)
	s.reads.observe(time.Since(begin))
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, fmt.Errorf("read store: %w", err)
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

// Has says false when the pair is surely absent; it costs no I/O.
func (s *Store) Has(key []byte) bool { return s.filter.mayHave(key) }

// coldness estimates how many of the reads that reach Pebble wait for the disk. It counts them and does not
// average their times: a goroutine that was merely not scheduled for ten milliseconds would outweigh hundreds of
// quick reads.
type coldness struct {
	share atomic.Int64 // of slow reads, smoothed over some 16 reads, in thousandths
	until atomic.Int64 // how long the estimate holds, Unix ns
}

const (
	slowRead  = 40 * time.Microsecond
	coldShare = 300 // thousandths
	// coldFor is how long an estimate holds without another read: where few reads reach Pebble, some that
	// were held up would otherwise be remembered for ever.
	coldFor = 50 * time.Millisecond
)

func (c *coldness) observe(d time.Duration) {
	slow := int64(0)
	if d > slowRead {
		slow = 1000
	}
	// A lost update under contention is harmless: this is an estimate.
	old := c.share.Load()
	now := old + (slow-old)/16
	c.share.Store(now)
	if now > coldShare && slow > 0 {
		c.until.Store(time.Now().Add(coldFor).UnixNano())
	}
}

func (c *coldness) cold() bool {
	return c.share.Load() > coldShare && time.Now().UnixNano() < c.until.Load()
}

// Cold says that reads that reach Pebble tend to wait for the disk, so that an event
// loop should leave them to a worker.
func (s *Store) Cold() bool { return s.reads.cold() }

// Pending looks for a pair, given the xxhash of its key, among the changes that have not reached Pebble. known
// says that it is there, and then exists whether the pair is.
func (s *Store) Pending(dst, key []byte, hash uint64) (val []byte, exists, known bool) {
	return s.front.get(dst, key, hash)
}

// Warm asks the processor for the memory in which Pending will look, given the xxhashes of keys.
func (s *Store) Warm(hashes []uint64) { s.front.warm(hashes) }

// detach makes the batch forget the caller's bytes: Reset would clear them, and
// Close would put them into Pebble's pool of buffers.
func (s *Store) detach() {
	_ = s.batch.SetRepr(make([]byte, batchHeaderBytes))
	s.batch.Reset()
}

// Iter returns an iterator over [lower, upper). It drains first what the range
// concerns.
func (s *Store) Iter(lower, upper []byte) (*pebble.Iterator, error) {
	if err := s.drainFor(lower); err != nil {
		return nil, err
	}
	return s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
}

// Overlay returns an empty batch through which pending changes and the store
// are read as one.
// Whoever iterates it calls Settle for the range first.
func (s *Store) Overlay() *pebble.Batch { return s.db.NewIndexedBatch() }

// Settle drains what concerns a range that begins at lower.
func (s *Store) Settle(lower []byte) error { return s.drainFor(lower) }

// Checkpoint writes a consistent copy (hard links) to dir.
func (s *Store) Checkpoint(dir string) error {
	if err := s.Flush(); err != nil { // without a log of its own Pebble copies tables only
		return err
	}
	return s.db.Checkpoint(dir)
}

// Compact compacts [start, end).
func (s *Store) Compact(ctx context.Context, start, end []byte) error {
	return s.db.Compact(ctx, start, end, true)
}

// Metrics of Pebble.
func (s *Store) Metrics() *pebble.Metrics { return s.db.Metrics() }

// Reclaimable is disk space that holds nothing live and that Pebble has yet to
// give back.
func (s *Store) Reclaimable() int64 {
	m := s.db.Metrics()
	deleted := m.Table.Garbage.PointDeletionsBytesEstimate + m.Table.Garbage.RangeDeletionsBytesEstimate
	return int64(deleted+m.Table.ObsoleteSize+m.Table.ZombieSize) + max(0, int64(m.Table.BackingTableSize)-int64(m.VirtualSize()))
}

// Stalls counts how often writers had to wait for flush or compaction.
func (s *Store) Stalls() int64 { return s.stalls.Load() }

// FilterBytes is the memory of the membership filter.
func (s *Store) FilterBytes() int64 { return s.filter.bytes() }

// DiskUsage estimates the bytes on disk of [start, end).
func (s *Store) DiskUsage(start, end []byte) (uint64, error) {
	return s.db.EstimateDiskUsage(start, end)
}

// Close flushes and closes the store. If the disk takes nothing, what is not in the store stays in the log alone, and the
// next start replays it.
func (s *Store) Close() error {
	close(s.stop)
	<-s.filled
	if s.opts.ReadOnly {
		s.work.Wait()
		return s.closePebble()
	}
	err := s.unlessStalled(func() error {
		s.work.Wait()
		return nil
	})
	if err == nil {
		err = s.Flush()
	}
	if !errors.Is(err, errFlushFails) {
		return errors.Join(err, s.closePebble())
	}
	s.opts.Logger.Warn("store: the disk does not take what is in memory, so it is left to the log, which has it; the next start replays it",
		"dir", s.opts.Dir, "err", err.Error())
	if errors.Is(err, errStalled) {
		return nil // Pebble cannot be closed; it ends with the process
	}
	if err := s.closePebble(); !vfs.IsNoSpaceError(err) {
		return err
	}
	return nil
}

func (s *Store) closePebble() error {
	s.detach()
	s.batch.Close()
	return s.db.Close()
}
