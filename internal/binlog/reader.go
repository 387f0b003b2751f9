package binlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// maxRecordBytes bounds what a length field may ask for before its checksum has
// been verified.
const maxRecordBytes = 4 << 30

const readBufferBytes = 256 << 10

// segmentReader walks the records of one segment file.
type segmentReader struct {
	file vfs.File
	r    *bufio.Reader
	seg  segment
	next LSN
	buf  []byte
}

func openSegment(fs vfs.FS, s segment, from LSN) (*segmentReader, error) {
	f, err := fs.Open(s.path, vfs.SequentialReadsOption)
	if err != nil {
		return nil, fmt.Errorf("open binlog segment: %w", err)
	}
	h := make([]byte, segmentHeaderBytes)
	if _, err := io.ReadFull(f, h); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: header of %s: %v", ErrCorrupt, s.path, err)
	}
	if err := checkSegmentHeader(h, s); err != nil {
		f.Close()
		return nil, err
	}
	sr := &segmentReader{file: f, seg: s, next: from}
	sr.r = bufio.NewReaderSize(growing{io.NewSectionReader(f, segmentHeaderBytes+int64(from-s.start), 1<<62)}, readBufferBytes)
	return sr, nil
}

// growing reads a file that may be longer the next time: the end is told of only
// when there is nothing left, since bufio would remember it and tell it again
// after the file has grown.
type growing struct{ r io.Reader }

func (g growing) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// read returns the record at next. io.EOF means the file ends exactly here;
// io.ErrUnexpectedEOF that it ends within the record.
func (sr *segmentReader) read() (Record, error) {
	h, err := sr.r.Peek(HeaderBytes)
	if len(h) == 0 && errors.Is(err, io.EOF) {
		return Record{}, io.EOF
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Record{}, err
	}
	size := payloadLen(h) + HeaderBytes
	if size > maxRecordBytes {
		return Record{}, fmt.Errorf("%w: record at %d claims %d bytes", ErrCorrupt, sr.next, size)
	}
	if err := sr.fill(size); err != nil {
		return Record{}, err
	}
	rec, err := parseRecord(sr.buf, sr.next)
	if err != nil {
		return Record{}, err
	}
	sr.next = rec.End()
	return rec, nil
}

// fill reads size bytes into buf, growing it only as bytes arrive.
func (sr *segmentReader) fill(size int64) error {
	const step = 1 << 20
	sr.buf = sr.buf[:0]
	for int64(len(sr.buf)) < size {
		n := int(min(size-int64(len(sr.buf)), step))
		from := len(sr.buf)
		for cap(sr.buf) < from+n {
			sr.buf = append(sr.buf[:cap(sr.buf)], 0)
		}
		sr.buf = sr.buf[:from+n]
		if _, err := io.ReadFull(sr.r, sr.buf[from:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

func (sr *segmentReader) close() { sr.file.Close() }

// Reader walks a live log from a position; replication, backup and every other
// follower of the log reads through one.
type Reader struct {
	log *Log
	cur *segmentReader
	lsn LSN
}

// NewReader returns a reader that begins at lsn, which must be the start of a
// record or the end of the log. ErrTrimmed says it is no longer held.
func (l *Log) NewReader(lsn LSN) (*Reader, error) {
	if lsn > l.End() {
		return nil, fmt.Errorf("binlog position %d is beyond the end %d", lsn, l.End())
	}
	if lsn < l.Start() {
		return nil, ErrTrimmed
	}
	return &Reader{log: l, lsn: lsn}, nil
}

// Next returns the next record, or io.EOF when the reader has reached the end.
func (r *Reader) Next() (Record, error) {
	if r.lsn >= r.log.End() {
		return Record{}, io.EOF
	}
	if err := r.position(); err != nil {
		return Record{}, err
	}
	rec, err := r.cur.read()
	if err != nil {
		return Record{}, fmt.Errorf("read binlog at %d: %w", r.lsn, err)
	}
	r.lsn = rec.End()
	return rec, nil
}

// position opens the segment that holds lsn, unless it is open already.
func (r *Reader) position() error {
	r.log.mu.Lock()
	i := find(r.log.segments, r.lsn)
	if i < 0 {
		r.log.mu.Unlock()
		return ErrTrimmed
	}
	seg := r.log.segments[i]
	r.log.mu.Unlock()
	if r.cur != nil && r.cur.seg.start == seg.start {
		return nil
	}
	r.Close()
	cur, err := openSegment(r.log.opts.FS, seg, r.lsn)
	r.cur = cur
	return err
}

// LSN is the position of the next record.
func (r *Reader) LSN() LSN { return r.lsn }

// Close releases the reader's file.
func (r *Reader) Close() {
	if r.cur != nil {
		r.cur.close()
		r.cur = nil
	}
}

// Progress is told how far recovery has come: positions of the next record, of
// the start and of the end that file sizes suggest.
type Progress func(at, from, to LSN)

// Recover reads the log in dir from position from on, hands each record to
// apply in order, and returns the position where the log ends. A torn tail is
// cut with a log line; corruption before readable records is refused (B3).
//
// A log that ends before from has lost records: what the store holds had been synced in the log before. A log that
// is not there is begun at from, unless Options.Began says that there was one.
func Recover(opts Options, from LSN, apply func(Record) error, progress Progress) (LSN, error) {
	segs, err := listSegments(opts.FS, opts.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	switch {
	case len(segs) == 0 && opts.Began:
		return from, fmt.Errorf("%w: there is no binlog in %s, and the database had one: everything written after position %d is lost, "+
			"unless binlog-path should name another place", ErrCorrupt, opts.Dir, from)
	case len(segs) == 0:
		return from, nil
	case from < segs[0].start:
		return from, fmt.Errorf("%w: the store stands at %d and the oldest binlog segment begins at %d: what is between is lost", ErrCorrupt, from, segs[0].start)
	}
	if end := segs[len(segs)-1].endOfFile(opts.FS); from > end {
		return from, fmt.Errorf("%w: the store stands at %d and the binlog in %s ends at %d: %d bytes of it and everything after them have been cut off or removed. "+
			"Put the missing files back; without them what was written after position %d is lost", ErrCorrupt, from, opts.Dir, end, from-end, from)
	}
	i := find(segs, from)
	to := from + LSN(bytesFrom(opts.FS, segs[i:], from))
	for ; i < len(segs); i++ {
		limit, last := LSN(0), i == len(segs)-1
		if !last {
			limit = segs[i+1].start
		}
		if from, err = recoverSegment(opts, segs[i], from, limit, last, apply, func(at LSN) { progress(at, segs[0].start, to) }); err != nil {
			return from, err
		}
	}
	return from, nil
}

// endOfFile is the position at which a segment's file ends.
func (s segment) endOfFile(fs vfs.FS) LSN {
	info, err := fs.Stat(s.path)
	if err != nil {
		return s.start
	}
	return s.start + LSN(max(0, info.Size()-segmentHeaderBytes))
}

func bytesFrom(fs vfs.FS, segs []segment, from LSN) (n int64) {
	for _, s := range segs {
		if info, err := fs.Stat(s.path); err == nil {
			n += info.Size() - segmentHeaderBytes
		}
	}
	return max(0, n-int64(from-segs[0].start))
}

// recoverSegment applies the records of one segment from position from up to
// limit; the last segment ends where its readable records end.
func recoverSegment(opts Options, s segment, from, limit LSN, last bool, apply func(Record) error, progress func(LSN)) (LSN, error) {
	sr, err := openSegment(opts.FS, s, from)
	if err != nil {
		if last && from == s.start && emptyTail(opts.FS, s) {
			opts.Logger.Warn("binlog: the last segment was being created when the server stopped; it holds no record and is dropped", "segment", s.path)
			return from, nil
		}
		return from, err
	}
	defer sr.close()
	// The store may make durable what it is given here, and must not be ahead of what a loss of power leaves of the log. Nor may
	// one take back records that clients have since built upon.
	if !opts.ReadOnly {
		if err := syncSegment(opts.FS, s); err != nil {
			return from, err
		}
	}
	for last || sr.next < limit {
		at := sr.next
		rec, err := sr.read()
		if errors.Is(err, io.EOF) && last {
			break
		}
		if err != nil {
			if !last {
				return at, fmt.Errorf("%w: %s, record at %d, before later segments: %v", ErrCorrupt, s.path, at, err)
			}
			return tornTail(opts, s, at, err)
		}
		if err := apply(rec); err != nil {
			return at, fmt.Errorf("apply binlog record at %d: %w", at, err)
		}
		progress(sr.next)
	}
	return sr.next, nil
}

func syncSegment(fs vfs.FS, s segment) error {
	f, err := fs.OpenReadWrite(s.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("open binlog segment to sync it: %w", err)
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// emptyTail says that a segment file is too short to hold a record.
func emptyTail(fs vfs.FS, s segment) bool {
	info, err := fs.Stat(s.path)
	return err == nil && info.Size() < segmentHeaderBytes+HeaderBytes
}

// tornTail decides what an unreadable record in the last segment is: corrupt, if
// a record behind it says that it was durable; torn otherwise.
func tornTail(opts Options, s segment, at LSN, cause error) (LSN, error) {
	tail, err := readTail(opts.FS, s, at)
	if err != nil {
		return at, err
	}
	if off, found := findRecord(tail, at); found {
		return at, fmt.Errorf("%w: %s: the record at %d is unreadable (%v) but a good one follows at %d",
			ErrCorrupt, s.path, at, cause, at+LSN(off))
	}
	opts.Logger.Warn("binlog: cut a torn record off the end of the log (it was being written when the server stopped)",
		"segment", s.path, "position", uint64(at), "bytes", len(tail), "cause", cause.Error())
	return at, nil
}

func readTail(fs vfs.FS, s segment, at LSN) ([]byte, error) {
	f, err := fs.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.NewSectionReader(f, segmentHeaderBytes+int64(at-s.start), maxRecordBytes))
}

// findRecord looks, at any offset behind the first byte, for a valid record that
// was appended when what is at at had been durable. Others prove nothing: what is
// not synced reaches the disk in any order.
func findRecord(tail []byte, at LSN) (int, bool) {
	for off := 1; off+HeaderBytes <= len(tail); off++ {
		h := tail[off:]
		lsnField := LSN(uint64(h[8]) | uint64(h[9])<<8 | uint64(h[10])<<16 | uint64(h[11])<<24 |
			uint64(h[12])<<32 | uint64(h[13])<<40 | uint64(h[14])<<48 | uint64(h[15])<<56)
		if lsnField != at+LSN(off) {
			continue
		}
		size := payloadLen(h) + HeaderBytes
		if size > int64(len(h)) {
			continue
		}
		if rec, err := parseRecord(h[:size], at+LSN(off)); err == nil && rec.Durable > at {
			return off, true
		}
	}
	return 0, false
}
