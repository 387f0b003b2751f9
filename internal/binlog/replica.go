package binlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// RecordLen reads the length of the record that b begins with, header included.
// ok is false while b is too short to tell. The length is not verified: whoever
// gathers a record lets memory grow with what has arrived, not with what this says.
func RecordLen(b []byte) (n int64, ok bool, err error) {
	if len(b) < HeaderBytes {
		return 0, false, nil
	}
	n = payloadLen(b) + HeaderBytes
	if n > maxRecordBytes {
		return 0, false, fmt.Errorf("%w: a record claims %d bytes", ErrCorrupt, n)
	}
	return n, true, nil
}

// Parse verifies the records in buf, which begin at lsn, and hands them over in
// order. It returns how many bytes whole records take; a rest may be the
// beginning of the next.
func Parse(buf []byte, lsn LSN, each func(Record) error) (int, error) {
	done := 0
	for {
		n, ok, err := RecordLen(buf[done:])
		if err != nil {
			return done, err
		}
		if !ok || n > int64(len(buf)-done) {
			return done, nil
		}
		rec, err := parseRecord(buf[done:done+int(n)], lsn+LSN(done))
		if err != nil {
			return done, err
		}
		if err := each(rec); err != nil {
			return done, err
		}
		done += int(n)
	}
}

// AppendCopy appends whole records of another log of the same history, which
// begin at this log's end; the caller has verified them (Parse). One write takes them
// all.
//
// They keep their place and their time. What a record says about durability is
// about the log it stands in, so that is said anew.
func (l *Log) AppendCopy(frames []byte) (LSN, error) {
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
	at, durable := LSN(l.end.Load()), LSN(l.durable.Load())
	for rest := frames; len(rest) > 0; {
		n, ok, err := RecordLen(rest)
		if err != nil || !ok || n > int64(len(rest)) {
			return 0, fmt.Errorf("%w: not a whole record at %d", ErrCorrupt, at)
		}
		h := rest[:n]
		if got := LSN(binary.LittleEndian.Uint64(h[8:])); got != at {
			return 0, fmt.Errorf("%w: a record of position %d cannot follow at %d", ErrCorrupt, got, at)
		}
		binary.LittleEndian.PutUint64(h[24:], uint64(h[24])|min(uint64(at-durable), maxUnsynced)<<8)
		binary.LittleEndian.PutUint32(h, crc32.Checksum(h[4:], castagnoli))
		at, rest = at+LSN(n), rest[n:]
	}
	return l.commit(frames)
}

// Raw reads record bytes as they are in the file, up to len(p), from a record's
// start. It is for those who pass records on; they are verified where they arrive. It
// returns 0 at the end of the log.
func (r *Reader) Raw(p []byte) (int, error) {
	end := r.log.End()
	if r.lsn >= end {
		return 0, nil
	}
	if err := r.position(); err != nil {
		return 0, err
	}
	limit := min(uint64(len(p)), uint64(end-r.lsn))
	if next, ok := r.log.after(r.cur.seg); ok {
		limit = min(limit, uint64(next-r.lsn))
	}
	n, err := io.ReadFull(r.cur.r, p[:limit])
	r.lsn += LSN(n)
	r.cur.next = r.lsn
	if err != nil {
		return n, fmt.Errorf("read binlog at %d: %w", r.lsn, err)
	}
	return n, nil
}

// after returns where the segment behind s begins, if there is one.
func (l *Log) after(s segment) (LSN, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.segments {
		if l.segments[i].start > s.start {
			return l.segments[i].start, true
		}
	}
	return 0, false
}

// Subscribe makes the log poke ch whenever it has grown; ch should have room
// for one. Forget ends it.
func (l *Log) Subscribe(ch chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listeners = append(l.listeners, ch)
}

// Forget ends Subscribe.
func (l *Log) Forget(ch chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range l.listeners {
		if c == ch {
			l.listeners = append(l.listeners[:i:i], l.listeners[i+1:]...)
			return
		}
	}
}

// Pinned is the oldest position that a pin holds, or the end of the log.
func (l *Log) Pinned() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := LSN(l.end.Load())
	for p := range l.pins {
		at = min(at, LSN(p.lsn.Load()))
	}
	return at
}
