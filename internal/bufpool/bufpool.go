// Package bufpool lends large byte slices, so that big values on their way through the server do not each leave garbage of
// several times their size to the collector.
//
// Promises:
//   - O1. What the pool holds for later is bounded by its limit; what is lent out is not the pool's to bound.
//   - O2. A slice is lent to one at a time, if whoever gives it back keeps no reference to it.
package bufpool

import (
	"math/bits"
	"sync"
)

// Smallest is the size from which on slices are lent; smaller ones are left to the collector.
const Smallest = 64 << 10

const (
	smallestClass = 16 // 1 << 16 == Smallest
	classes       = 15 // up to 1 GiB
)

// Pool holds slices by size, in powers of two.
type Pool struct {
	mu    sync.Mutex
	limit int64
	held  int64
	free  [classes][][]byte
}

// New returns a pool that holds at most limit bytes.
func New(limit int64) *Pool { return &Pool{limit: limit} }

// classOf returns the class of the smallest slices that have n bytes.
func classOf(n int) int { return max(0, bits.Len(uint(n-1))-smallestClass) }

// Get returns an empty slice with room for n bytes.
func (p *Pool) Get(n int) []byte {
	c := classOf(n)
	if n < Smallest || c >= classes {
		return make([]byte, 0, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.free[c]) - 1; last >= 0 {
		b := p.free[c][last]
		p.free[c][last] = nil
		p.free[c] = p.free[c][:last]
		p.held -= int64(cap(b))
		return b
	}
	return make([]byte, 0, 1<<(c+smallestClass))
}

// Put gives a slice back. One that is not of a size that the pool lends, or for which it has no room, is left to the collector.
func (p *Pool) Put(b []byte) {
	n := cap(b)
	if n < Smallest || n&(n-1) != 0 || classOf(n) >= classes {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held+int64(n) > p.limit {
		return
	}
	p.held += int64(n)
	p.free[classOf(n)] = append(p.free[classOf(n)], b[:0])
}

// Held is how many bytes the pool holds for later.
func (p *Pool) Held() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}
