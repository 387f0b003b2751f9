package store

import (
	"context"
	"time"
)

// Space of what was deleted or replaced comes back when a compaction meets both the tables that hold it and those that say that it is
// gone. Pebble compacts what is written; what nobody writes to any more would stay as it is. So a store that has been quiet for a while
// writes its memory to disk, and is compacted if that gives enough back.
const (
	reclaimEvery = 5 * time.Second
	quietFor     = 3 // looks without a change before the store counts as quiet
	// smallStore is up to what size little waiting space is worth a compaction of everything; above, more of it must wait.
	smallStore = 1 << 30
	smallShare = 0.02
	largeShare = 0.10
	// leastWaiting is not worth any work.
	leastWaiting = 256 << 10
	// restFactor bounds the work: after a compaction the store is left alone for so many times as long as it took.
	restFactor = 10
)

// reclaimer looks after a store's waiting space. Its loop alone uses it.
type reclaimer struct {
	lsn     uint64 // at the last look
	flushed uint64 // at the last flush
	settled uint64 // at the last compaction, or when none was worth it
	quiet   int    // looks since lsn has changed
	rest    time.Time
}

func (s *Store) reclaimLoop() {
	defer s.work.Done()
	tick := time.NewTicker(reclaimEvery)
	defer tick.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		<-s.stop
		cancel()
	}()
	r := reclaimer{}
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		if err := s.reclaim(ctx, &r); err != nil && ctx.Err() == nil {
			s.opts.Logger.Debug("store: space of what was deleted could not be given back; it is tried again", "dir", s.opts.Dir, "err", err.Error())
			r.rest = time.Now().Add(time.Minute)
		}
	}
}

// reclaim is one look.
func (s *Store) reclaim(ctx context.Context, r *reclaimer) error {
	lsn := s.applied()
	if lsn != r.lsn {
		r.lsn, r.quiet = lsn, 0
		return nil
	}
	if r.quiet++; r.quiet < quietFor || r.settled == lsn || time.Now().Before(r.rest) {
		return nil
	}
	if r.flushed != lsn {
		if err := s.Flush(); err != nil {
			return err
		}
		r.flushed = lsn // its statistics are there at the next look
		return nil
	}
	worth, known, err := s.worthCompacting()
	if err != nil || !known {
		return err
	}
	if worth {
		begin := time.Now()
		if err := s.Compact(ctx, []byte{0}, []byte{0xff}); err != nil {
			return err
		}
		took := time.Since(begin)
		r.rest = time.Now().Add(restFactor * took)
		s.opts.Logger.Debug("store: compacted, to give back the space of what was deleted", "dir", s.opts.Dir, "seconds", took.Seconds())
	}
	r.settled = lsn
	return nil
}

// applied is the log position of the last change.
func (s *Store) applied() uint64 {
	s.front.mu.RLock()
	defer s.front.mu.RUnlock()
	return s.front.active.state.LSN
}

// worthCompacting weighs what a compaction of everything would give back: what Pebble knows to be deleted, or what the upper levels
// may replace, by bytes or by number: a small change may take the place of a large value. It is not known before Pebble has looked
// into its new tables.
func (s *Store) worthCompacting() (worth, known bool, err error) {
	levels, err := s.db.SSTables()
	if err != nil {
		return false, false, err
	}
	bottom := -1
	for i := range levels {
		if len(levels[i]) > 0 {
			bottom = i
		}
	}
	var size, upper, entries, changes uint64
	for i := range levels {
		for j := range levels[i] {
			t := &levels[i][j]
			if t.TableStats.NumEntries == 0 && !t.Virtual {
				return false, false, nil
			}
			size += t.Size
			entries += t.TableStats.NumEntries
			if i == 0 || i < bottom {
				upper += t.Size
				changes += t.TableStats.NumEntries
			}
		}
	}
	share := smallShare
	if size > smallStore {
		share = largeShare
	}
	if size < leastWaiting || entries == 0 || upper == 0 && s.deleted() == 0 {
		return false, true, nil
	}
	waiting := max(float64(s.deleted())/float64(size), float64(upper)/float64(size), float64(changes)/float64(entries))
	return waiting >= share, true, nil
}

// deleted is what Pebble estimates that tables hold of what was deleted.
func (s *Store) deleted() uint64 {
	g := &s.db.Metrics().Table.Garbage
	return g.PointDeletionsBytesEstimate + g.RangeDeletionsBytesEstimate
}
