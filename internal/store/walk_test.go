package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/layout"
)

func openForTest(t *testing.T) *Store {
	blocks := pebble.NewCache(1 << 20)
	t.Cleanup(blocks.Unref)
	s, _, err := Open(Options{FS: vfs.NewMem(), Dir: "store", Logger: slog.New(slog.DiscardHandler), BlockCache: blocks, Keys: &layout.Keys{},
		MemTableBytes: 4 << 20, Compression: "none", Compactions: 1, FilterBytes: 1 << 20})
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

// A walk shows what the caller, the write buffer and Pebble hold together, in order, however much of it
// is pending.
func TestWalkMerges(t *testing.T) {
	s := openForTest(t)
	keys := layout.Keys{}
	rng := rand.New(rand.NewPCG(1, 2))
	member := func(collection, i int) string {
		return string(fmt.Appendf(keys.Elements(nil, fmt.Append(nil, "collection", collection), 7), "%05d", i))
	}
	model := map[string]string{}
	for round := range 80 {
		var b Builder
		b.Begin(0)
		for range 1 + rng.IntN(3*maxMerge) {
			key := member(rng.IntN(2), rng.IntN(5000))
			if rng.IntN(3) == 0 {
				delete(model, key)
				b.Delete([]byte(key))
			} else {
				model[key] = fmt.Sprint(round)
				b.Set([]byte(key), []byte(model[key]))
			}
		}
		b.State(&layout.State{LSN: uint64(round + 1)})
		if err := s.Apply(b.Finish()); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(8) == 0 {
			if err := s.Drain(); err != nil {
				t.Fatal(err)
			}
		}
		from := rng.IntN(5000)
		lower, upper := member(0, from), member(0, from+rng.IntN(5000))
		own := map[string]string{member(0, from): "own", member(0, from+1): "own"}
		checkWalk(t, s, model, own, lower, upper, rng.IntN(2) == 0)
	}
}

func checkWalk(t *testing.T, s *Store, model, own map[string]string, lower, upper string, reverse bool) {
	t.Helper()
	want := maps.Clone(model)
	maps.Copy(want, own)
	var order []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if key >= lower && key < upper {
			order = append(order, key)
		}
	}
	o := WalkOptions{Lower: []byte(lower), Upper: []byte(upper), Reverse: reverse, Hidden: func(key []byte) bool { return own[string(key)] != "" }}
	if reverse {
		slices.Reverse(order)
	}
	for _, key := range order {
		if own[key] != "" {
			o.Own = append(o.Own, Pair{[]byte(key), []byte(own[key])})
		}
	}
	n := 0
	err := s.Walk(o, func(key, val []byte) (bool, error) {
		if n >= len(order) || string(key) != order[n] || string(val) != want[order[n]] {
			t.Fatalf("pair %d of %d is %q %q", n, len(order), key, val)
		}
		n++
		return true, nil
	})
	if err != nil || n != len(order) {
		t.Fatalf("%d pairs, want %d; %v", n, len(order), err)
	}
}

// What is written after a range delete stays, what was written before goes, in whatever batches and drains they meet.
func TestWritesAroundRangeDeletes(t *testing.T) {
	s := openForTest(t)
	keys := layout.Keys{}
	rng := rand.New(rand.NewPCG(5, 6))
	member := func(i int) string { return string(fmt.Appendf(keys.Elements(nil, []byte("list"), 7), "%03d", i)) }
	model := map[string]string{}
	for round := range 400 {
		var b Builder
		b.Begin(0)
		for range 1 + rng.IntN(60) {
			key := member(rng.IntN(300))
			switch rng.IntN(12) {
			case 0:
				to := member(rng.IntN(300))
				b.DeleteRange([]byte(min(key, to)), []byte(max(key, to)))
				maps.DeleteFunc(model, func(k, _ string) bool { return k >= min(key, to) && k < max(key, to) })
			case 1, 2:
				delete(model, key)
				b.Delete([]byte(key))
			default:
				model[key] = fmt.Sprint(round)
				b.Set([]byte(key), []byte(model[key]))
			}
		}
		b.State(&layout.State{LSN: uint64(round + 1)})
		if err := s.Apply(b.Finish()); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(4) > 0 {
			continue
		}
		it, err := s.Iter([]byte(member(0)), []byte(member(999)))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for it.First(); it.Valid(); it.Next() {
			got[string(it.Key())] = string(it.Value())
		}
		if err := it.Close(); err != nil || !maps.Equal(got, model) {
			t.Fatalf("round %d: %d pairs, want %d; %v", round, len(got), len(model), err)
		}
	}
}

// What long keys have in common is found in one pass through them.
func TestSortedLongKeys(t *testing.T) {
	keys := layout.Keys{}
	tab := newTable(&keys)
	const size = 2 << 20
	for i := range 4 {
		name := bytes.Repeat([]byte("k"), size)
		name[size/2] = byte('d' - i)
		tab.put(keys.Head(nil, name), nil, false)
	}
	began := time.Now()
	if order := tab.sorted(); !slices.Equal(order, []uint32{3, 2, 1, 0}) {
		t.Errorf("%v", order)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("four keys of %d bytes were sorted in %s", size, took)
	}
}

// Sorting by collections gives the order of the bytes.
func TestSorted(t *testing.T) {
	keys := layout.Keys{}
	rng := rand.New(rand.NewPCG(3, 4))
	tab := newTable(&keys)
	for range 20_000 {
		name := fmt.Append(nil, "key", rng.IntN(300))
		var key []byte
		switch rng.IntN(5) {
		case 0:
			key = keys.Head(nil, name)
		case 4: // many, most of which agree in more than two words, some in all that is looked at
			key = keys.Head(nil, fmt.Appendf(nil, "a name as long as many%06d%0*d", rng.IntN(5000), rng.IntN(12), rng.IntN(3)))
		case 1:
			key = layout.Expiry(nil, rng.Int64N(1000), name)
		case 2:
			key = fmt.Append(keys.Scores(nil, name, uint64(rng.IntN(3))), rng.IntN(1000))
		default:
			key = fmt.Append(keys.Elements(nil, name, uint64(rng.IntN(3))), rng.IntN(1000))
		}
		tab.put(key, nil, rng.IntN(2) == 0)
	}
	order := tab.sorted()
	if len(order) != len(tab.entries) {
		t.Fatalf("%d of %d entries", len(order), len(tab.entries))
	}
	for i := 1; i < len(order); i++ {
		if a, b := tab.keyOf(&tab.entries[order[i-1]]), tab.keyOf(&tab.entries[order[i]]); string(a) >= string(b) {
			t.Fatalf("%q before %q", a, b)
		}
	}
}
