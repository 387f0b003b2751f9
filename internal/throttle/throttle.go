// Package throttle limits rates in bytes per second. A limit may be changed while
// someone waits for it.
package throttle

import (
	"sync"
	"time"
)

// Bucket is a token bucket that many may take from.
type Bucket struct {
	mu    sync.Mutex
	rate  float64 // bytes per second; 0: no limit
	debt  float64 // bytes taken beyond what time has given
	last  time.Time
	sleep func(time.Duration)
}

// burst is how much time of unused rate may be made up for.
const burst = 50 * time.Millisecond

// New returns a bucket; 0 is no limit.
func New(bytesPerSecond int64) *Bucket {
	return &Bucket{rate: float64(bytesPerSecond), last: time.Now(), sleep: time.Sleep}
}

// SetRate changes the limit; those who wait notice within a tenth of a second.
func (b *Bucket) SetRate(bytesPerSecond int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	b.rate = float64(max(0, bytesPerSecond))
	if b.rate == 0 {
		b.debt = 0
	}
}

// Rate is the limit.
func (b *Bucket) Rate() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int64(b.rate)
}

func (b *Bucket) refill(now time.Time) {
	b.debt -= now.Sub(b.last).Seconds() * b.rate
	b.last = now
	b.debt = max(b.debt, -burst.Seconds()*b.rate)
}

// Take waits until n bytes may pass.
func (b *Bucket) Take(n int) {
	b.mu.Lock()
	if b.rate == 0 {
		b.mu.Unlock()
		return
	}
	b.refill(time.Now())
	b.debt += float64(n)
	b.mu.Unlock()
	for {
		b.mu.Lock()
		b.refill(time.Now())
		wait := time.Duration(0)
		if b.rate > 0 && b.debt > 0 {
			wait = time.Duration(b.debt / b.rate * float64(time.Second))
		}
		b.mu.Unlock()
		if wait <= time.Millisecond {
			return
		}
		b.sleep(min(wait, 100*time.Millisecond))
	}
}

// All takes from several buckets.
type All []*Bucket

// Take implements transport.Pace.
func (a All) Take(n int) {
	for _, b := range a {
		b.Take(n)
	}
}
