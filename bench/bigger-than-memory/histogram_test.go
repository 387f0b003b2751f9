package main

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h histogram
	for i := 1; i <= 100_000; i++ {
		h.add(time.Duration(i) * time.Microsecond)
	}
	check := func(q float64, want time.Duration) {
		t.Helper()
		if got := h.quantile(q); got < want || float64(got) > float64(want)*1.04 {
			t.Errorf("quantile %v is %v, want %v or a little more", q, got, want)
		}
	}
	check(0.5, 50*time.Millisecond)
	check(0.99, 99*time.Millisecond)
	check(0.999, 99900*time.Microsecond)
	check(1, 100*time.Millisecond)
}

// TestBuckets: buckets follow one another without a gap.
func TestBuckets(t *testing.T) {
	for i := range 40 << subBits {
		end := upperEnd(i)
		if bucketOf(end) != i || bucketOf(end+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, which is in bucket %d, and the next in %d", i, end, bucketOf(end), bucketOf(end+1))
		}
	}
}
