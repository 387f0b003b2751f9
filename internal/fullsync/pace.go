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
// otherwise (the idea is LEDBAT's, RFC 6817). The kernel keeps the rate, so that packets are spread evenly and the
// connection is never idle: a pause would show as delay, of an acknowledgement that waits for more.
type pace struct {
	limits throttle.All
	conn   *net.TCPConn // nil: not adaptive

	mu     sync.Mutex
	rate   float64 // bytes per second
	met    bool    // a queue has been met
	best   time.Duration
	looked time.Time
	passed int64 // bytes since looked
	why    string
}

const (
	lookEvery = 50 * time.Millisecond
	// tolerated is the queueing delay that a copy may cause.
	tolerated = 5 * time.Millisecond
	startRate = 4 << 20
	minRate   = 128 << 10
)

func newPace(conn net.Conn, adaptive bool, limits throttle.All) *pace {
	p := &pace{limits: limits, looked: time.Now(), why: "network"}
	if adaptive {
		p.conn, _ = conn.(*net.TCPConn)
		p.rate = startRate
		if p.conn != nil {
			smooth(p.conn, p.rate)
		}
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
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case throttled:
		p.why = "throttle"
	case p.met:
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
	smooth(p.conn, p.rate)
}

// adapt takes the queueing delay and the rate that was reached. Until the first sign of a queue
// the rate grows quickly; from then on it follows the distance of the delay from what is tolerated. It
// does not grow beyond what is made use of.
func (p *pace) adapt(queueing time.Duration, reached float64) {
	p.met = p.met || queueing > tolerated
	if !p.met {
		if reached > p.rate/2 {
			p.rate *= 1.25
		}
		return
	}
	const gain = 0.04
	off := max(-4, float64(tolerated-queueing)/float64(tolerated))
	if off > 0 && reached < p.rate/2 {
		return
	}
	p.rate = max(minRate, p.rate*(1+gain*off))
}

func (p *pace) limit() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}
