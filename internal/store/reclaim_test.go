package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/layout"
)

// change applies one batch at the next position.
func change(t *testing.T, s *Store, lsn *uint64, f func(b *Builder)) {
	t.Helper()
	var b Builder
	b.Begin(0)
	f(&b)
	*lsn++
	b.State(&layout.State{LSN: *lsn})
	if err := s.Apply(b.Finish()); err != nil {
		t.Fatal(err)
	}
}

// settle looks until nothing is left to do.
func settle(t *testing.T, s *Store) {
	t.Helper()
	r := reclaimer{}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if err := s.reclaim(context.Background(), &r); err != nil {
			t.Fatal(err)
		}
		if r.settled != 0 && r.settled == s.applied() {
			return
		}
	}
	t.Fatal("the store does not settle")
}

func reclaimStore(t *testing.T) *Store {
	t.Helper()
	blocks := pebble.NewCache(8 << 20)
	t.Cleanup(blocks.Unref)
	s, _, err := Open(Options{FS: vfs.NewMem(), Dir: "store", Logger: slog.New(slog.DiscardHandler), BlockCache: blocks, Keys: &layout.Keys{},
		MemTableBytes: 8 << 20, FilterBytes: 1 << 20, Compression: "none"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func pairKey(i int) []byte {
	return binary.BigEndian.AppendUint32([]byte{layout.SpaceHead}, uint32(i))
}

// Space of what was deleted or replaced comes back in a quiet store, whatever says that it is gone, until no more than a third of what is live
// is waiting.
func TestSpaceComesBack(t *testing.T) {
	const pairs, kept, bytes = 4000, 1000, 4000
	rng := rand.NewChaCha8([32]byte{})
	value := func(n int) []byte {
		v := make([]byte, n)
		_, _ = rng.Read(v)
		return v
	}
	for name, gone := range map[string]func(b *Builder){
		"one by one": func(b *Builder) {
			for i := kept; i < pairs; i++ {
				b.Delete(pairKey(i))
			}
		},
		"a range": func(b *Builder) { b.DeleteRange(pairKey(kept), pairKey(pairs)) },
		"ranges": func(b *Builder) {
			for i := 0; i < pairs; i += 4 {
				b.DeleteRange(pairKey(i), pairKey(i+3))
			}
		},
		"replaced": func(b *Builder) {
			for i := kept; i < pairs; i++ {
				b.Set(pairKey(i), []byte("x"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, lsn := reclaimStore(t), uint64(0)
			for i := 0; i < pairs; i += 100 {
				change(t, s, &lsn, func(b *Builder) {
					for j := i; j < i+100; j++ {
						b.Set(pairKey(j), value(bytes))
					}
				})
			}
			settle(t, s)
			change(t, s, &lsn, gone)
			settle(t, s)
			const most = kept * bytes * 13 / 10
			for end := time.Now().Add(20 * time.Second); s.db.Metrics().DiskSpaceUsage() > most || s.Reclaimable() > most/4; time.Sleep(time.Millisecond) {
				if time.Now().After(end) { // Pebble deletes files at its own pace
					t.Fatalf("%d bytes are used, at most %d should be; %d wait", s.db.Metrics().DiskSpaceUsage(), most, s.Reclaimable())
				}
			}
		})
	}
}

// A small change is written to disk, and no reason to compact everything.
func TestSmallChangesAreNotCompacted(t *testing.T) {
	s, lsn := reclaimStore(t), uint64(0)
	change(t, s, &lsn, func(b *Builder) {
		for i := range 10_000 {
			b.Set(pairKey(i), fmt.Appendf(nil, "%01000d", i))
		}
	})
	settle(t, s)
	change(t, s, &lsn, func(b *Builder) { b.Delete(pairKey(7)) })
	before := s.db.Metrics().Compact.Count
	settle(t, s)
	if n := s.db.Metrics().Compact.Count - before; n != 0 {
		t.Errorf("%d compactions for one key of ten thousand", n)
	}
}
