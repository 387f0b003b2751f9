package main

import (
	"fmt"
	"math/bits"
	"time"
)

// histogram counts durations in buckets whose width grows with the value, so that each is known to about 3 %. The zero value is ready.
type histogram struct {
	counts [64 << subBits]uint64
	total  uint64
	max    time.Duration
}

// subBits gives each power of two 2^subBits buckets.
const subBits = 5

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < 1<<subBits {
		return int(n)
	}
	shift := bits.Len64(n) - 1 - subBits
	return (shift+1)<<subBits + int(n>>shift)&(1<<subBits-1)
}

// upperEnd is the largest duration of a bucket.
func upperEnd(bucket int) time.Duration {
	if bucket < 1<<subBits {
		return time.Duration(bucket)
	}
	shift := bucket>>subBits - 1
	base := uint64(1<<subBits+bucket&(1<<subBits-1)) << shift
	return time.Duration(base + 1<<shift - 1)
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
	h.max = max(h.max, d)
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
	h.max = max(h.max, o.max)
}

// quantile is a duration that the given part of all does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.total))
	var seen uint64
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(upperEnd(i), h.max)
		}
	}
	return h.max
}

func (h *histogram) String() string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("p50 %.3f  p99 %.3f  p99.9 %.3f  max %.1f ms", ms(h.quantile(0.5)), ms(h.quantile(0.99)), ms(h.quantile(0.999)), ms(h.max))
}
