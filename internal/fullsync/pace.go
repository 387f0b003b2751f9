package fullsync

import (
	"net"
	"sync"
	"time"

	"github.com/haypile/haypile/internal/throttle"
)

// pace decides when the next piece of a copy may be sent: limits that were set, and,
// if it is adaptive, the delay of the link. A copy fills whatever queue stands before the
// narrowest part of the way, and everybody else's packets wait in that queue; the
// connection's round trip, which the kernel measures, tells of it. So the rate is
// lowered while the round trip is much longer than the shortest seen, and raised
// otherwise (the idea is LEDBAT's, RFC 6817).
type pace struct {
	limits throttle.All
	conn   *net.TCPConn // nil: not adaptive

	mu     sync.Mutex
	bucket *throttle.Bucket
	rate   float64 // 0: not limited by delay
	best   time.Duration
	looked time.Time
	passed int64 // bytes since looked
	why    string
}

const (
	lookEvery = 50 * time.Millisecond
	// tolerated is the queueing delay that a copy may cause.
	tolerated = 10 * time.Millisecond
	minRate   = 256 << 10
)

func newPace(conn net.Conn, adaptive bool, limits throttle.All) *pace {
	p := &pace{limits: limits, bucket: throttle.New(0), looked: time.Now(), why: "network"}
	if adaptive {
		p.conn, _ = conn.(*net.TCPConn)
	}
	return p
}

// Take implements transport.Pace.
func (p *pace) Take(n int) {
	begin := time.Now()
	p.limits.Take(n)
	throttled := time.Since(begin) > time.Millisecond
	if p.conn != nil {
		p.look(n)
		p.bucket.Take(n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case throttled:
		p.why = "throttle"
	case p.rate > 0:
		p.why = "delay of the link (full-sync-rate auto)"
	default:
		p.why = "network"
	}
}

func (p *pace) look(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed += int64(n)
	since := time.Since(p.looked)
	if since < lookEvery {
		return
	}
	rtt, ok := roundTrip(p.conn)
	if !ok {
		p.conn = nil
		return
	}
	now := float64(p.passed) / since.Seconds()
	p.looked, p.passed = time.Now(), 0
	if p.best == 0 || rtt < p.best {
		p.best = rtt
	}
	p.adapt(rtt-p.best, now)
	p.bucket.SetRate(int64(p.rate))
}

// adapt takes the queueing delay and the rate that was reached.
func (p *pace) adapt(queueing time.Duration, reached float64) {
	switch {
	case queueing > 2*tolerated:
		if p.rate == 0 {
			p.rate = reached
		}
		p.rate = max(minRate, p.rate*0.9)
	case queueing > tolerated:
		if p.rate == 0 {
			p.rate = reached
		}
		p.rate = max(minRate, p.rate*0.98)
	case p.rate > 0:
		p.rate *= 1.02
		if reached < p.rate/4 { // something else is the limit
			p.rate = 0
		}
	}
}

func (p *pace) limit() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}
