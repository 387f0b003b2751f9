package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// trouble is what the disk has done to a store: background work that fails and is tried again (a full disk), and
// blocks that cannot be read any more.
type trouble struct {
	failures atomic.Int64 // of background work, in a row
	// flushErr is what the last flush ended with, in Pebble's lock. It failed if Pebble reports that as an error as well: a flush
	// that had nothing to write ends with an error, too.
	flushErr error

	mu     sync.Mutex
	failed chan struct{} // closed and replaced when a flush fails
	cause  error         // of the last failed flush
	told   map[string]time.Time

	damaged atomic.Int64 // reads that met damage
	first   atomic.Pointer[Damage]
}

// Damage is what is known of blocks that cannot be read.
type Damage struct {
	Reads int64 // that met damage
	File  string
	Cause string
}

// IsDamage says that a read failed because it met a damaged block.
func IsDamage(err error) bool { return pebble.IsCorruptionError(err) }

func (t *trouble) init() {
	t.failed, t.told = make(chan struct{}), map[string]time.Time{}
}

// flushFailed tells those who wait for a flush.
func (t *trouble) flushFailed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cause = err
	close(t.failed)
	t.failed = make(chan struct{})
}

func (t *trouble) watch() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *trouble) why() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cause.Error()
}

// toldEvery is how often one damaged file is logged.
const toldEvery = time.Minute

// corruption is told by Pebble of each read that meets a damaged block. Pebble's own default ends the process.
func (s *Store) corruption(info pebble.DataCorruptionInfo) {
	t := &s.trouble
	t.damaged.Add(1)
	t.mu.Lock()
	quiet := time.Since(t.told[info.Path]) < toldEvery
	if !quiet {
		t.told[info.Path] = time.Now()
	}
	t.mu.Unlock()
	if quiet {
		return
	}
	cause := ""
	if info.Details != nil {
		cause = info.Details.Error()
	}
	t.first.CompareAndSwap(nil, &Damage{File: info.Path, Cause: cause})
	s.opts.Logger.Error("store: a file is damaged; reads of what is in the damaged part fail. A replica heals itself with a full copy; "+
		"otherwise restore a backup, or let a sound replica take over: `haypile doctor` says what is affected",
		"file", info.Path, "keys", info.Bounds.String(), "cause", cause)
}

// Damaged says whether reads have met damaged blocks since the store was opened, and where first.
func (s *Store) Damaged() (d Damage, yes bool) {
	p := s.trouble.first.Load()
	if p == nil {
		return d, false
	}
	d = *p
	d.Reads = s.trouble.damaged.Load()
	return d, true
}

// errFlushFails is the error of what waits for a flush when the disk does not take one. Pebble goes on trying.
var errFlushFails = errors.New("the disk does not take what is to be written to the store (is it full?)")

// errStalled is errFlushFails when a write waits within Pebble for a flush, where nothing can reach it.
var errStalled = fmt.Errorf("%w; writes wait for it", errFlushFails)

// unlessStalled runs f, which may have to wait for room in memory, and gives up waiting for it when flushes fail: Pebble tries
// again for as long as the disk is full, and tells nobody. f ends when the disk takes data again, or with the process.
func (s *Store) unlessStalled(f func() error) error {
	done := make(chan error, 1)
	failed := s.trouble.watch()
	go func() { done <- f() }()
	for {
		select {
		case err := <-done:
			return err
		case <-failed:
		}
		if s.stalled.Load() {
			return fmt.Errorf("%w: %s", errStalled, s.trouble.why())
		}
		failed = s.trouble.watch()
	}
}

// Flush makes everything applied so far durable in the store. It fails with the first attempt that fails, as with a full disk.
func (s *Store) Flush() error {
	failed := s.trouble.watch()
	var flushed <-chan struct{}
	if err := s.unlessStalled(func() (err error) {
		if err = s.Drain(); err == nil {
			flushed, err = s.db.AsyncFlush()
		}
		return err
	}); err != nil {
		return err
	}
	select {
	case <-flushed:
		return nil
	case <-failed:
		return fmt.Errorf("%w: %s", errFlushFails, s.trouble.why())
	}
}
