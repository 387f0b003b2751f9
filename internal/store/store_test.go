package store

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/layout"
)

// Batches of many small pairs are larger in a memtable than in their own bytes, and Pebble keeps
// those of large ones: what it keeps must not be used again for the next.
func TestDrainsOfSmallPairsWithSmallMemtables(t *testing.T) {
	blocks := pebble.NewCache(1 << 20)
	defer blocks.Unref()
	s, _, err := Open(Options{FS: vfs.NewMem(), Dir: "store", Logger: slog.New(slog.DiscardHandler), BlockCache: blocks, Keys: &layout.Keys{},
		MemTableBytes: 1 << 20, Compression: "none", Compactions: 1, FilterBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	const rounds, pairs = 40, 8000
	key := func(i int) []byte { return fmt.Appendf([]byte{layout.SpaceHead}, "%06d", i) }
	for round := range rounds {
		var b Builder
		b.Begin(0)
		for i := range pairs {
			b.Set(key(i*rounds+round), fmt.Append(nil, round))
		}
		b.State(&layout.State{LSN: uint64(round + 1)})
		if err := s.Apply(b.Finish()); err != nil {
			t.Fatal(err)
		}
		if err := s.Drain(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < rounds*pairs; i += 7 { // of all rounds in turn; all of them take a minute with the race detector
		if v, found, err := s.Get(nil, key(i)); err != nil || !found || string(v) != fmt.Sprint(i%rounds) {
			t.Fatalf("pair %d: %q %v %v", i, v, found, err)
		}
	}
}
