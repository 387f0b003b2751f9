package fullsync

import (
	"math"
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
//
// A goroutine of its own looks at the link, whether or not a piece is being handed over: on a narrow link the socket takes
// nothing for many seconds, and that is when the link may become free. What settings say is followed meanwhile.
type pace struct {
	total    *throttle.Bucket
	own      *throttle.Bucket
	settings func() SourceSettings
	conn     *net.TCPConn // nil: the link's delay is not known
	stop     chan struct{}
	done     chan struct{} // closed when watch has ended

	mu       sync.Mutex
	adaptive bool
	link     linkRate
	acked    uint64 // bytes that the replica has acknowledged, at the last look
	looked   time.Time
	why      string
}

const lookEvery = 50 * time.Millisecond

// newPace returns the pace of a connection. close must follow.
func newPace(conn net.Conn, total *throttle.Bucket, settings func() SourceSettings) *pace {
	p := &pace{total: total, own: throttle.New(settings().PerReplica), settings: settings, looked: time.Now(), why: "network",
		stop: make(chan struct{}), done: make(chan struct{})}
	p.conn, _ = conn.(*net.TCPConn)
	p.follow()
	go p.watch()
	return p
}

func (p *pace) close() {
	close(p.stop)
	<-p.done
}

// Take implements transport.Pace.
func (p *pace) Take(n int) {
	begin := time.Now()
	throttle.All{p.total, p.own}.Take(n)
	throttled := time.Since(begin) > time.Millisecond
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case throttled:
		p.why = "throttle"
	case p.adaptive && p.link.met:
		p.why = "delay of the link (full-sync-rate auto)"
	default:
		p.why = "network"
	}
}

func (p *pace) watch() {
	defer close(p.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.follow()
			p.look()
		}
	}
}

// follow does what the settings say now.
func (p *pace) follow() {
	set := p.settings()
	p.own.SetRate(set.PerReplica)
	p.mu.Lock()
	defer p.mu.Unlock()
	adaptive := set.Adaptive && p.conn != nil
	if adaptive == p.adaptive {
		return
	}
	p.adaptive, p.link = adaptive, newLinkRate()
	if adaptive {
		smooth(p.conn, uint64(p.link.rate))
	} else if p.conn != nil {
		smooth(p.conn, math.MaxUint64)
	}
}

func (p *pace) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.adaptive {
		return
	}
	rtt, acked, ok := linkState(p.conn)
	if !ok {
		p.conn = nil // closed, or its kernel does not say
		return
	}
	since := time.Since(p.looked)
	reached := float64(acked-p.acked) / since.Seconds()
	p.looked, p.acked = time.Now(), acked
	p.link.adapt(rtt, since, reached)
	smooth(p.conn, uint64(p.link.rate))
}

func (p *pace) limit() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}

// linkRate is the rate of an adaptive pace: a function of what is seen of the link.
type linkRate struct {
	rate  float64 // bytes per second
	met   bool    // a queue has been met
	best  time.Duration
	floor time.Duration // how long the rate has been the least there is
	least time.Duration // round trip, in that time
}

const (
	// tolerated is the queueing delay that a copy may cause.
	tolerated = 5 * time.Millisecond
	startRate = 4 << 20
	minRate   = 128 << 10
	// farther is how long the least rate must not bring the delay down before the way itself counts as longer.
	farther = 3 * time.Second
)

func newLinkRate() linkRate { return linkRate{rate: startRate} }

// adapt takes the round trip, the time since the last look, and the bytes per second acknowledged in it. Until the first
// sign of a queue the rate grows quickly; from then on it follows the distance of the delay from what is tolerated. It
// does not grow beyond what is made use of.
func (l *linkRate) adapt(rtt, since time.Duration, reached float64) {
	if l.best == 0 || rtt < l.best {
		l.best = rtt
	}
	queueing := rtt - l.best
	l.settle(rtt, since, queueing)
	looks := min(4, float64(since)/float64(lookEvery)) // a late look counts for those that were left out
	l.met = l.met || queueing > tolerated
	if !l.met {
		if reached > l.rate/2 {
			l.rate *= math.Pow(1.25, looks)
		}
		return
	}
	const gain = 0.04
	off := max(-4, float64(tolerated-queueing)/float64(tolerated))
	if off > 0 && reached < l.rate/2 {
		return
	}
	l.rate = max(minRate, l.rate*math.Pow(1+gain*off, looks))
}

// settle notices that the way has become longer, as when a route changes: then no rate is low enough, and what remains of
// the delay is no queue of ours.
func (l *linkRate) settle(rtt, since, queueing time.Duration) {
	if l.rate > minRate || queueing <= tolerated {
		l.floor, l.least = 0, rtt
		return
	}
	l.least = min(l.least, rtt)
	if l.floor += since; l.floor >= farther {
		l.best, l.floor, l.least = l.least, 0, rtt
	}
}
