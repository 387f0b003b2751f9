package store

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2/sstable"
)

// Verify reads every block of every table in use and compares its checksum. bad is called for each table that is damaged, progress
// with the bytes read and all there are.
func (s *Store) Verify(bad func(path string, err error), progress func(done, total int64)) error {
	levels, err := s.db.SSTables()
	if err != nil {
		return err
	}
	paths := map[string]bool{}
	total, done := int64(0), int64(0)
	var order []string
	for _, level := range levels {
		for i := range level {
			path := s.opts.FS.PathJoin(s.opts.Dir, fmt.Sprintf("%06d%s", uint64(level[i].BackingSSTNum), tableSuffix))
			if paths[path] {
				continue // several tables may be parts of one file
			}
			paths[path] = true
			order = append(order, path)
			total += s.size(path)
		}
	}
	for _, path := range order {
		if err := s.verifyTable(path); err != nil {
			bad(path, err)
		}
		done += s.size(path)
		progress(done, total)
	}
	return nil
}

func (s *Store) size(path string) int64 {
	info, err := s.opts.FS.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// verifyTable reads one file. Its contents are not trusted: what a damaged length or offset makes the reader do must not end
// the program.
func (s *Store) verifyTable(path string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file makes no sense: %v", p)
		}
	}()
	f, err := s.opts.FS.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		f.Close()
		return err
	}
	o := s.pebbleOptions()
	o.EnsureDefaults()
	r, err := sstable.NewReader(context.Background(), readable, o.MakeReaderOptions())
	if err != nil {
		return err // it has closed the file
	}
	defer r.Close()
	return r.ValidateBlockChecksums()
}
