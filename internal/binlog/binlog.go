// Package binlog keeps a database's log: the one place where an acknowledged
// change is written first, and the write-ahead log of the store.
//
// Promises:
//   - B1. A record is appended whole and in order: one write per record, and
//     the LSN of a record is the end of the one before it.
//   - B2. Reading gives back exactly the records appended, each checked by its
//     CRC32C; a reader never returns bytes that were not appended.
//   - B3. A torn tail (what was not durable when the machine stopped; the disk
//     may have kept any part of it) ends the log there. Anything unreadable
//     that a later record, or a later segment, shows to have been durable is
//     corruption and refused with ErrCorrupt.
//   - B4. A segment is deleted only when it is wholly below the trim position,
//     and that never passes a pin.
//   - B5. After a failed append the log is as if the append had not happened:
//     what may have reached the file lies behind the end of its segment.
//
// A position (LSN) counts record bytes since the database was created. The file
// that holds position p is the one with the largest name not above p. A segment
// ends where the next one begins, whatever bytes follow in its file: so nothing
// is ever truncated, and a failed or torn write is left behind by starting the
// next segment.
package binlog

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// LSN is a position in a database's log, in bytes of records.
type LSN uint64

// ErrCorrupt marks log bytes that were damaged after they had been written.
var ErrCorrupt = errors.New("binlog is corrupt")

// ErrTrimmed says that a position is older than what the log still holds.
var ErrTrimmed = errors.New("binlog position is no longer held")

// Options of a Log.
type Options struct {
	FS           vfs.FS
	Dir          string
	SegmentBytes func() int64 // a new segment begins when one is this long
	Logger       *slog.Logger
	Now          func() time.Time
	Began        bool // for Recover: the log has been begun before, so that one that is not there is lost
	ReadOnly     bool // for Recover: change nothing, to find out what a start would do
}

// Log is one database's log. Append is called by the database's committer
// only; everything else may be called from anywhere.
//
// Three positions matter and only ever grow: end (what has been appended),
// durable (what fsync has confirmed; durable ≤ end) and the start of the oldest
// segment. mu guards the list of segments and the file being appended to;
// syncMu serialises fsync, and is taken before mu.
type Log struct {
	opts Options

	mu        sync.Mutex
	segments  []segment // ascending; the last one is being appended to
	file      vfs.File  // of the last segment; nil when one must be started
	written   int64     // record bytes in the last segment
	pins      map[*Pin]struct{}
	grown     chan struct{} // closed and replaced when end advances and someone waits
	waiting   bool
	listeners []chan struct{} // poked when end advances

	end     atomic.Uint64
	syncMu  sync.Mutex
	durable atomic.Uint64
	fsyncs  atomic.Int64
	failed  atomic.Pointer[error] // an fsync failed: durability is in doubt for good
}

type segment struct {
	start LSN
	path  string
}

// Open opens the log in opts.Dir so that it continues at end, which the caller
// has found by reading (see Recover). Records behind end are abandoned.
func Open(opts Options, end LSN) (*Log, error) {
	segs, err := listSegments(opts.FS, opts.Dir)
	if errors.Is(err, os.ErrNotExist) {
		err = begin(opts.FS, opts.Dir, end)
	}
	if err != nil {
		return nil, err
	}
	l := &Log{opts: opts, pins: map[*Pin]struct{}{}, grown: make(chan struct{})}
	for i, s := range segs {
		if s.start >= end { // abandoned: begun and not reached, or beyond a store that is behind
			for _, dead := range segs[i:] {
				if err := opts.FS.Remove(dead.path); err != nil {
					return nil, fmt.Errorf("remove abandoned binlog segment: %w", err)
				}
			}
			break
		}
		l.segments = append(l.segments, s)
	}
	l.end.Store(uint64(end))
	if err := l.startSegment(); err != nil {
		return nil, err
	}
	l.durable.Store(uint64(end)) // Recover has synced what it accepted
	return l, nil
}

// begin makes the directory of a log with its first segment, both or neither: a directory of a log without a segment is one that has
// lost it.
func begin(fs vfs.FS, dir string, at LSN) error {
	next := dir + ".new"
	if err := errors.Join(fs.RemoveAll(next), fs.MkdirAll(next, 0o755)); err != nil {
		return fmt.Errorf("create binlog directory: %w", err)
	}
	f, err := createSegment(fs, next, at)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), fs.Rename(next, dir), syncDir(fs, fs.PathDir(dir))); err != nil {
		return fmt.Errorf("create binlog directory: %w", err)
	}
	return nil
}

// createSegment makes an empty segment, durably: records may reach the disk before a header that is not synced.
func createSegment(fs vfs.FS, dir string, at LSN) (vfs.File, error) {
	f, err := fs.Create(fs.PathJoin(dir, segmentName(at)), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("create binlog segment: %w", err)
	}
	if _, err := f.Write(appendSegmentHeader(nil, at)); err != nil {
		f.Close()
		return nil, fmt.Errorf("write binlog segment header: %w", err)
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return nil, fmt.Errorf("sync binlog segment header: %w", err)
	}
	if err := syncDir(fs, dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("sync binlog directory: %w", err)
	}
	return f, nil
}

// startSegment begins a segment at end. Callers hold mu or own the log.
//
// The old segment is made durable first. Otherwise a power loss could keep
// records of the new one and lose the old one's tail, which recovery could not
// tell from corruption. In everysec mode little is left to write by then.
func (l *Log) startSegment() error {
	if err := l.finishSegment(); err != nil {
		return err
	}
	start := LSN(l.end.Load())
	if n := len(l.segments); n > 0 && l.segments[n-1].start == start {
		l.segments = l.segments[:n-1] // begun before and left empty
	}
	path := l.opts.FS.PathJoin(l.opts.Dir, segmentName(start))
	l.fsyncs.Add(1)
	f, err := createSegment(l.opts.FS, l.opts.Dir, start)
	if err != nil {
		return err
	}
	l.file, l.written = f, 0
	l.segments = append(l.segments, segment{start, path})
	return nil
}

// finishSegment syncs and closes the file being appended to.
func (l *Log) finishSegment() error {
	if l.file == nil {
		return nil
	}
	l.fsyncs.Add(1)
	err := l.file.Sync()
	if cerr := l.file.Close(); err == nil {
		err = cerr
	}
	l.file = nil
	if err != nil {
		return l.fail(err)
	}
	l.durable.Store(l.end.Load())
	return nil
}

// fail records that durability is in doubt: see Sync.
func (l *Log) fail(err error) error {
	err = fmt.Errorf("fsync of the binlog failed; writes stay refused until restart: %w", err)
	l.failed.Store(&err)
	l.opts.Logger.Error("binlog fsync failed; writes are refused until the server is restarted", "dir", l.opts.Dir, "err", err)
	return err
}

// Append writes one record. frame must begin with HeaderBytes of room, which
// Append fills; what follows is the payload. It returns the position after the
// record. On an error the log is unchanged (B5).
func (l *Log) Append(kind Kind, frame []byte) (LSN, error) {
	if p := l.failed.Load(); p != nil {
		return 0, *p
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil || l.written >= l.opts.SegmentBytes() {
		if err := l.startSegment(); err != nil {
			return 0, err
		}
	}
	sealRecord(frame, kind, LSN(l.end.Load()), LSN(l.durable.Load()), l.opts.Now().UnixMilli())
	return l.commit(frame)
}

// commit writes sealed records and moves the end. Callers hold mu.
func (l *Log) commit(frame []byte) (LSN, error) {
	if err := l.write(frame); err != nil {
		// What was written of it lies behind the start of the next segment.
		if serr := l.finishSegment(); serr != nil {
			return 0, serr
		}
		return 0, fmt.Errorf("append to binlog: %w", err)
	}
	l.written += int64(len(frame))
	end := l.end.Add(uint64(len(frame)))
	if l.waiting {
		close(l.grown)
		l.grown, l.waiting = make(chan struct{}), false
	}
	for _, ch := range l.listeners {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
	return LSN(end), nil
}

// write gives the file a frame, whose bytes the caller goes on to use. A vfs.File
// may change what it is given, and Pebble's memory file system does so under the
// race detector; files of the operating system never do. So only others get a
// copy, and a real disk's path stays free of one.
func (l *Log) write(frame []byte) error {
	if l.opts.FS != vfs.Default {
		frame = bytes.Clone(frame)
	}
	_, err := l.file.Write(frame)
	return err
}

// Sync makes everything appended so far durable and returns the position up to
// which it is. A failed fsync is final: the kernel may have dropped the pages,
// so nothing later can be trusted; the log refuses further appends.
func (l *Log) Sync() (LSN, error) {
	l.syncMu.Lock()
	defer l.syncMu.Unlock()
	if p := l.failed.Load(); p != nil {
		return LSN(l.durable.Load()), *p
	}
	l.mu.Lock()
	file, end := l.file, l.end.Load()
	l.mu.Unlock()
	if end == l.durable.Load() || file == nil {
		return LSN(l.durable.Load()), nil
	}
	l.fsyncs.Add(1)
	if err := file.SyncData(); err != nil && !l.finished(file) {
		return LSN(l.durable.Load()), l.fail(err)
	}
	// A segment finished meanwhile has stored a later position.
	for {
		cur := l.durable.Load()
		if cur >= end || l.durable.CompareAndSwap(cur, end) {
			return LSN(max(cur, end)), nil
		}
	}
}

// finished says that file was synced and closed by a rotation meanwhile.
func (l *Log) finished(file vfs.File) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file != file && l.failed.Load() == nil
}

// End is the position after the last record appended.
func (l *Log) End() LSN { return LSN(l.end.Load()) }

// Durable is the position up to which fsync has confirmed the log.
func (l *Log) Durable() LSN { return LSN(l.durable.Load()) }

// Fsyncs counts calls of fsync since Open.
func (l *Log) Fsyncs() int64 { return l.fsyncs.Load() }

// Start is the oldest position still held.
func (l *Log) Start() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[0].start
}

// Segments is the number of segment files held.
func (l *Log) Segments() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.segments)
}

// Grown returns a channel that is closed when a record is appended after the
// call. Ask before reading to the end, so that nothing is missed.
func (l *Log) Grown() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = true
	return l.grown
}

// Pin keeps every record from its position on (B4).
type Pin struct {
	log *Log
	lsn atomic.Uint64
}

// Pin keeps the log from lsn on until Release.
func (l *Log) Pin(lsn LSN) *Pin {
	p := &Pin{log: l}
	p.lsn.Store(uint64(lsn))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pins[p] = struct{}{}
	return p
}

// Advance moves the pin up to lsn.
func (p *Pin) Advance(lsn LSN) { p.lsn.Store(uint64(lsn)) }

// Release ends the pin.
func (p *Pin) Release() {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	delete(p.log.pins, p)
}

// Trim deletes the oldest segments while the log is longer than keepBytes, or
// their last change is before oldest (zero: no limit by age), but never what
// lies at or above limit or a pin. It returns how many were deleted.
func (l *Log) Trim(limit LSN, keepBytes int64, oldest time.Time) (int, error) {
	l.mu.Lock()
	for p := range l.pins {
		limit = min(limit, LSN(p.lsn.Load()))
	}
	end := LSN(l.end.Load())
	drop := 0
	for drop+1 < len(l.segments) && l.segments[drop+1].start <= limit {
		tooLong := int64(end-l.segments[drop].start) > keepBytes
		if !tooLong && !l.olderThan(l.segments[drop], oldest) {
			break
		}
		drop++
	}
	dead := append([]segment(nil), l.segments[:drop]...)
	l.segments = append(l.segments[:0], l.segments[drop:]...)
	l.mu.Unlock()
	for _, s := range dead {
		if err := l.opts.FS.Remove(s.path); err != nil {
			return drop, fmt.Errorf("remove binlog segment: %w", err)
		}
	}
	return drop, nil
}

func (l *Log) olderThan(s segment, oldest time.Time) bool {
	if oldest.IsZero() {
		return false
	}
	info, err := l.opts.FS.Stat(s.path)
	return err == nil && info.ModTime().Before(oldest)
}

// Close makes the log durable and closes its files.
func (l *Log) Close() error {
	_, err := l.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		if cerr := l.file.Close(); err == nil {
			err = cerr
		}
		l.file = nil
	}
	return err
}

// find returns the index of the segment that holds lsn, or -1.
func find(segs []segment, lsn LSN) int {
	return sort.Search(len(segs), func(i int) bool { return segs[i].start > lsn }) - 1
}
