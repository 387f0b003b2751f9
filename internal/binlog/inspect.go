package binlog

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// SegmentReport says what is in one segment file.
type SegmentReport struct {
	Path    string
	Start   LSN
	Records int
	Good    LSN   // position after the last readable record
	Behind  int64 // bytes of file behind Good
	Problem error // why reading stopped; nil at a clean end
	// NextGood is the position of a readable record behind the damage that was
	// appended when what is damaged had been durable, if there is one.
	NextGood LSN
	First    int64 // time of the first and last readable record, Unix ms
	Last     int64
}

// Inspect reads every segment in dir without changing anything.
func Inspect(fs vfs.FS, dir string) ([]SegmentReport, error) {
	segs, err := listSegments(fs, dir)
	if err != nil {
		return nil, err
	}
	reports := make([]SegmentReport, 0, len(segs))
	for i, s := range segs {
		limit := LSN(0)
		if i+1 < len(segs) {
			limit = segs[i+1].start
		}
		reports = append(reports, inspectSegment(fs, s, limit))
	}
	return reports, nil
}

// inspectSegment reads up to limit, where the next segment begins (0: there is
// none); what lies behind limit was abandoned on purpose.
func inspectSegment(fs vfs.FS, s segment, limit LSN) SegmentReport {
	r := SegmentReport{Path: s.path, Start: s.start, Good: s.start}
	sr, err := openSegment(fs, s, s.start)
	if err != nil {
		r.Problem = err
		return r
	}
	defer sr.close()
	for limit == 0 || r.Good < limit {
		rec, err := sr.read()
		if errors.Is(err, io.EOF) && limit == 0 {
			break
		}
		if err != nil {
			r.Problem = err
			tail, terr := readTail(fs, s, r.Good)
			if terr == nil {
				r.Behind = int64(len(tail))
				if off, ok := findRecord(tail, r.Good); ok {
					r.NextGood = r.Good + LSN(off)
				}
			}
			break
		}
		if r.Records == 0 {
			r.First = rec.TimeMS
		}
		r.Records++
		r.Last, r.Good = rec.TimeMS, rec.End()
	}
	return r
}

// damagedSuffix marks files that Cut has set aside.
const damagedSuffix = ".damaged"

// Cut ends the log at position at: what lies behind is kept in files with the
// suffix .damaged and is not read any more. It is the last resort for a log that
// is corrupt in the middle.
func Cut(fs vfs.FS, dir string, at LSN) error {
	segs, err := listSegments(fs, dir)
	if err != nil {
		return err
	}
	for _, s := range segs {
		if s.start >= at {
			if err := fs.Rename(s.path, s.path+damagedSuffix); err != nil {
				return fmt.Errorf("set aside %s: %w", s.path, err)
			}
		}
	}
	i := find(segs, at)
	if i < 0 || segs[i].start >= at {
		return syncDir(fs, dir)
	}
	return cutSegment(fs, dir, segs[i], at)
}

// Begin sets the whole log aside, as Cut does, and begins an empty one at position at: for a store whose log cannot be replayed.
func Begin(fs vfs.FS, dir string, at LSN) error {
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create binlog directory: %w", err)
	}
	if err := Cut(fs, dir, 0); err != nil {
		return err
	}
	f, err := createSegment(fs, dir, at)
	if err != nil {
		return err
	}
	return f.Close()
}

// cutSegment replaces a segment by its part before at.
func cutSegment(fs vfs.FS, dir string, s segment, at LSN) error {
	if err := fs.Rename(s.path, s.path+damagedSuffix); err != nil {
		return fmt.Errorf("set aside %s: %w", s.path, err)
	}
	in, err := fs.Open(s.path + damagedSuffix)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := fs.Create(s.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, in, segmentHeaderBytes+int64(at-s.start))
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write the good part of %s: %w", s.path, err)
	}
	return syncDir(fs, dir)
}
