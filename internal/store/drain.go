package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Apply takes a batch representation that a Builder has made; only the
// committer calls it, in log order. repr may be reused afterwards.
func (s *Store) Apply(repr []byte) error {
	if p := s.fatal.Load(); p != nil {
		return *p
	}
	if wholeSpace(repr) {
		return s.applyDirect(repr)
	}
	f := &s.front
	f.mu.Lock()
	for f.active.bytes > f.full && f.draining != nil && f.err == nil {
		f.idle.Wait() // the disk does not follow: writers wait for it
	}
	err := f.err
	if err == nil {
		f.filled.Store(1)
		err = f.active.addBatch(repr)
	}
	full := f.active.bytes > f.drain
	f.mu.Unlock()
	if full {
		select {
		case s.kick <- struct{}{}:
		default:
		}
	}
	return err
}

// wholeSpace says that a batch begins by deleting a whole key space (FLUSHDB).
func wholeSpace(repr []byte) bool {
	if len(repr) <= batchHeaderBytes {
		return false
	}
	o, _, ok := parseOp(repr[batchHeaderBytes:])
	return ok && o.kind == opDeleteRange && len(o.key) == 1
}

// applyDirect gives a batch to Pebble at once, after everything before it.
func (s *Store) applyDirect(repr []byte) error {
	if err := s.Drain(); err != nil {
		return err
	}
	st, err := StateOf(repr)
	if err != nil {
		return err
	}
	f := &s.front
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active.state = st
	if mayBeKept(repr, s.opts.MemTableBytes) {
		repr = bytes.Clone(repr)
	}
	if err := s.toPebble(repr); err != nil {
		return err
	}
	s.filter.forgetAll(s.filled) // nobody reads meanwhile: the database is held exclusively
	s.filter.addBatch(repr)      // what the same transaction has written after the flush
	return nil
}

// toPebble applies one batch; drains and applyDirect exclude each other. Pebble may keep it: see mayBeKept.
func (s *Store) toPebble(repr []byte) error {
	s.detach()
	if err := s.batch.SetRepr(repr); err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	if err := s.db.Apply(s.batch, pebble.NoSync); err != nil {
		return fmt.Errorf("apply to store: %w", err)
	}
	return nil
}

// mayBeKept says whether Pebble may keep a batch's bytes until it has flushed them, as it does
// when the batch would take more than half a memtable. Each operation takes its bytes and the highest node of the
// skip list there, which for small pairs is most of it.
func mayBeKept(repr []byte, memTableBytes uint64) bool {
	const (
		node  = 208      // 20 levels of 8 bytes, 24 for the rest of it, 8 of trailer, 7 of alignment: and a little
		empty = 16 << 10 // more than a memtable without entries has
	)
	ops := uint64(binary.LittleEndian.Uint32(repr[8:]))
	return uint64(len(repr))+ops*node+empty >= memTableBytes/2
}

// maxAge is how long a change stays in the write buffer of a quiet database, so
// that its point reads need not look there.
const maxAge = 2 * time.Second

func (s *Store) drainLoop() {
	defer s.work.Done()
	tick := time.NewTicker(maxAge)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		case <-s.kick:
		}
		if err := s.Drain(); err != nil {
			s.opts.Logger.Error("store: cannot take over changes from the log; the database refuses writes until restart", "dir", s.opts.Dir, "err", err)
			return
		}
	}
}

// Drain moves everything in the write buffer into Pebble.
func (s *Store) Drain() error {
	f := &s.front
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.spare == nil && f.err == nil {
		f.idle.Wait()
	}
	if f.err != nil {
		return f.err
	}
	if f.active.empty() {
		f.active.shrink(0) // what a quiet database holds for nothing
		f.spare.shrink(0)
		return nil
	}
	t := f.active
	f.draining, f.active, f.spare = t, f.spare, nil
	f.active.state = t.state
	f.mu.Unlock()

	err := s.drainTable(t)

	f.mu.Lock()
	if err != nil {
		f.err = err // the table stays readable; a restart replays it from the log
		f.idle.Broadcast()
		return err
	}
	f.draining = nil
	if f.active.empty() {
		f.filled.Store(0)
	}
	f.mu.Unlock()
	t.reset() // clears megabytes: not while a loop waits for the lock

	f.mu.Lock()
	f.spare = t
	f.idle.Broadcast()
	return nil
}

func (s *Store) drainTable(t *table) error {
	s.filter.addTable(t)
	repr := t.build(&s.build)
	if err := s.toPebble(repr); err != nil {
		return err
	}
	if mayBeKept(repr, s.opts.MemTableBytes) || oversized(cap(s.build.Buf), len(s.build.Buf)) {
		s.build.Buf = nil
	}
	if s.opts.Drained != nil {
		s.tellDrained(t)
	}
	return nil
}

// tellDrained goes in groups, so that who is told can look ahead within one.
func (s *Store) tellDrained(t *table) {
	var group [16]Drained
	for rest := t.entries; len(rest) > 0; {
		n := min(len(rest), len(group))
		for i := range n {
			e := &rest[i]
			group[i] = Drained{t.keyOf(e), t.valOf(e), e.hash, !e.deleted}
		}
		s.opts.Drained(group[:n])
		rest = rest[n:]
	}
}

// drainFor drains if the write buffer holds something that a range read from
// lower on must see.
func (s *Store) drainFor(lower []byte) error {
	f := &s.front
	f.mu.RLock()
	active, draining := f.active.concerns(lower), f.draining.concerns(lower)
	f.mu.RUnlock()
	if !active && !draining {
		return nil
	}
	if !active { // wait for the drain that runs
		f.mu.Lock()
		for f.draining != nil && f.err == nil {
			f.idle.Wait()
		}
		err := f.err
		f.mu.Unlock()
		return err
	}
	return s.Drain()
}

// QuickIter says that Iter from lower on would not have to wait long.
func (s *Store) QuickIter(lower []byte) bool {
	f := &s.front
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.draining.concerns(lower) {
		return false
	}
	return !f.active.concerns(lower) || len(f.active.entries) <= smallDrain && f.draining == nil
}

// PendingBytes is the memory of changes on their way to Pebble.
func (s *Store) PendingBytes() int64 {
	f := &s.front
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := f.active.bytes
	if f.draining != nil {
		n += f.draining.bytes
	}
	return n
}
