package cache

import (
	"unsafe"

	"github.com/haypile/haypile/internal/algo/prefetch"
)

// Warm asks the processor for the memory of pairs that are about to be looked up, given the hashes of
// their keys as HashKey makes them. In a large cache a look-up is little more than two waits for memory;
// those of several pairs overlap.
func (c *Cache) Warm(space Space, hashes []uint64) {
	for _, h := range hashes {
		h = withSpace(h, space)
		s := c.shard(h)
		s.mu.Lock()
		prefetch.Line(unsafe.Pointer(&s.table[s.first(h)]))
		s.mu.Unlock()
	}
	for _, h := range hashes {
		h = withSpace(h, space)
		s := c.shard(h)
		s.mu.Lock()
		if sl := s.likely(h); sl != 0 {
			at := unsafe.Pointer(unsafe.SliceData(s.header(sl)))
			prefetch.Line(at)
			prefetch.Line(unsafe.Add(at, prefetch.LineBytes))
		}
		s.mu.Unlock()
	}
}

// likely returns the first slot whose tag is that of the hash, without a look at the entry, or 0.
func (s *shard) likely(hash uint64) slot {
	mask := uint64(len(s.table) - 1)
	for i := s.first(hash); s.table[i] != 0; i = (i + 1) & mask {
		if sl := s.table[i]; sl != slotTombstone && sl>>tagShift == slot(hash>>tagShift) {
			return sl
		}
	}
	return 0
}
