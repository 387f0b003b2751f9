package cache

import (
	"math/bits"
	"sync"
	"unsafe"
)

// arena hands out blocks of memory outside of the Go heap: the cache is most of what an instance
// holds, and the collector's target should not grow with it. Blocks are cut from chunks that the
// system may map with huge pages: a look-up in a large cache goes to places that nothing has touched
// lately, and without huge pages each of them costs a walk through the page tables besides.
//
// A block has segmentBytes times a power of two.
type arena struct {
	mu     sync.Mutex
	wholes [][]byte // to be released
	rest   []byte   // of the newest chunk
	free   [32][][]byte
}

// chunkBytes is the size of a huge page of the usual processors.
const chunkBytes = 2 << 20

func class(n int) int { return bits.TrailingZeros(uint(n / segmentBytes)) }

// take returns a block of n bytes. What it contains is not defined.
func (a *arena) take(n int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := &a.free[class(n)]
	if last := len(*list) - 1; last >= 0 {
		b := (*list)[last]
		*list = (*list)[:last]
		return b
	}
	if n > len(a.rest) && n < chunkBytes {
		for ; len(a.rest) > 0; a.rest = a.rest[segmentBytes:] {
			a.free[0] = append(a.free[0], a.rest[:segmentBytes:segmentBytes])
		}
		a.rest = a.chunk(chunkBytes)
	}
	if n > len(a.rest) {
		return a.chunk(n)
	}
	b := a.rest[:n:n]
	a.rest = a.rest[n:]
	return b
}

func (a *arena) chunk(n int) []byte {
	b, whole := reserve(n)
	a.wholes = append(a.wholes, whole)
	return b
}

// give takes a block back.
func (a *arena) give(b []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.free[class(len(b))] = append(a.free[class(len(b))], b)
}

// unmap returns everything to the system; nobody may use a block any more.
func (a *arena) unmap() {
	for _, b := range a.wholes {
		release(b)
	}
}

// takeTable returns n empty slots; n is a power of two. Small tables are left to the Go heap.
func (a *arena) takeTable(n int) []slot {
	if n*slotBytes < segmentBytes {
		return make([]slot, n)
	}
	b := a.take(n * slotBytes)
	clear(b)
	return unsafe.Slice((*slot)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

func (a *arena) giveTable(t []slot) {
	if n := len(t) * slotBytes; n >= segmentBytes {
		a.give(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(t))), n))
	}
}
