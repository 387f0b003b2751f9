package store

import (
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"

	"github.com/haypile/haypile/internal/layout"
)

// filter remembers which head and element pairs may exist. Most writes ask
// about a pair that is not there (a new key, a new member), and Pebble answers
// that by searching every memtable; the filter answers with one cache line.
// It leaves out elements that are read in order: nobody asks for those in vain.
//
// It is a growing sequence of blocked Bloom filters: bits are only ever set, by
// the committer, and read by anyone. It is complete (S3 holds because it may be
// asked) when it has seen every pair since the store was empty, or when a scan
// of the whole store has ended. Deleted pairs stay in it; that costs time, not
// truth. When it would outgrow its bound it retires and every question goes to
// Pebble.
type filter struct {
	complete atomic.Bool
	retired  atomic.Bool
	limit    int64
	keys     *layout.Keys

	mu   sync.Mutex // adding: the committer, and the scan
	gens atomic.Pointer[[]*bloomGen]
}

// bloomGen is one blocked Bloom filter with room for capacity keys at about
// bitsPerKey bits; blocks of 512 bits are a cache line.
type bloomGen struct {
	words    []uint64
	capacity int64
	added    int64 // guarded by filter.mu
}

const (
	bitsPerKey     = 12
	firstGenKeys   = 64 << 10
	wordsPerBlock  = 8
	probesPerKey   = 6
	scanBatchPairs = 4096
)

func newGen(capacity int64) *bloomGen {
	blocks := capacity*bitsPerKey/(wordsPerBlock*64) + 1
	return &bloomGen{words: make([]uint64, blocks*wordsPerBlock), capacity: capacity}
}

func (f *filter) init(keys *layout.Keys, limit int64) {
	f.keys, f.limit = keys, limit
	gens := []*bloomGen{newGen(firstGenKeys)}
	f.gens.Store(&gens)
}

func (g *bloomGen) probe(hash uint64) (block []uint64, bits uint64) {
	n := uint64(len(g.words) / wordsPerBlock)
	i := (hash >> 32) * n >> 32
	return g.words[i*wordsPerBlock : (i+1)*wordsPerBlock], hash * 0x9e3779b97f4a7c15
}

func (g *bloomGen) has(hash uint64) bool {
	block, bits := g.probe(hash)
	for range probesPerKey {
		if atomic.LoadUint64(&block[bits>>6&7])&(1<<(bits&63)) == 0 {
			return false
		}
		bits >>= 9
	}
	return true
}

func (g *bloomGen) add(hash uint64) {
	block, bits := g.probe(hash)
	for range probesPerKey {
		if w, bit := &block[bits>>6&7], uint64(1)<<(bits&63); atomic.LoadUint64(w)&bit == 0 {
			atomic.OrUint64(w, bit)
		}
		bits >>= 9
	}
	g.added++
}

// knows says which pairs the filter is about.
func (f *filter) knows(key []byte) bool {
	return key[0] == layout.SpaceHead || key[0] == layout.SpaceElement && !f.keys.InOrder(key)
}

func (f *filter) mayHave(key []byte) bool {
	if !f.complete.Load() || !f.knows(key) {
		return true
	}
	return f.has(xxhash.Sum64(key))
}

func (f *filter) has(hash uint64) bool {
	gens := *f.gens.Load()
	for i := len(gens) - 1; i >= 0; i-- {
		if gens[i].has(hash) {
			return true
		}
	}
	return false
}

// forgetAll starts afresh: the store has just become empty. While the first scan
// still runs the old bits stay, which is only slower.
func (f *filter) forgetAll(scanned <-chan struct{}) {
	select {
	case <-scanned:
		f.init(f.keys, f.limit)
		f.retired.Store(false)
		f.complete.Store(true)
	default:
	}
}

// addTable adds the pairs of a table that is about to be drained.
func (f *filter) addTable(t *table) {
	if f.retired.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range t.entries {
		if e := &t.entries[i]; !e.deleted && f.knows(t.keyOf(e)) {
			f.add(e.hash)
		}
	}
}

// addBatch is addTable for a batch that bypasses the write buffer.
func (f *filter) addBatch(repr []byte) {
	if f.retired.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := repr[batchHeaderBytes:]; len(r) > 0; {
		o, rest, ok := parseOp(r)
		if !ok {
			return // Pebble will refuse it
		}
		r = rest
		if o.kind == opSet && f.knows(o.key) {
			f.add(xxhash.Sum64(o.key))
		}
	}
}

// add is called with mu held.
func (f *filter) add(hash uint64) {
	if f.has(hash) {
		return
	}
	gens := *f.gens.Load()
	last := gens[len(gens)-1]
	if last.added >= last.capacity {
		if f.bytes()*3 > f.limit {
			f.complete.Store(false)
			f.retired.Store(true)
			return
		}
		last = newGen(last.capacity * 2)
		grown := append(append([]*bloomGen(nil), gens...), last)
		f.gens.Store(&grown)
	}
	last.add(hash)
}

func (f *filter) bytes() (n int64) {
	for _, g := range *f.gens.Load() {
		n += int64(len(g.words)) * 8
	}
	return n
}

// fillFilter scans the store once in the background, so that a store opened
// with data gets a complete filter too. Batches applied meanwhile add to it.
func (s *Store) fillFilter() {
	defer close(s.filled)
	for _, space := range []byte{layout.SpaceHead, layout.SpaceElement} {
		if !s.fillSpace(space) {
			return
		}
	}
	s.filter.complete.Store(!s.filter.retired.Load())
}

func (s *Store) fillSpace(space byte) bool {
	lower := []byte{space}
	for {
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: []byte{space + 1}})
		if err != nil {
			return false
		}
		hashes := make([]uint64, 0, scanBatchPairs)
		var last []byte
		pairs := 0
		for it.First(); it.Valid() && pairs < scanBatchPairs; it.Next() {
			pairs++
			if s.filter.knows(it.Key()) {
				hashes = append(hashes, xxhash.Sum64(it.Key()))
			}
			last = append(last[:0], it.Key()...)
		}
		if it.Close() != nil {
			return false
		}
		s.filter.mu.Lock()
		for _, h := range hashes {
			s.filter.add(h)
		}
		s.filter.mu.Unlock()
		if pairs < scanBatchPairs {
			return true
		}
		lower = append(last, 0)
		select {
		case <-s.stop:
			return false
		default:
		}
		if s.filter.retired.Load() {
			return false
		}
	}
}
