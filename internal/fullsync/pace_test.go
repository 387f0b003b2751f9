package fullsync

import (
	"net"
	"testing"
	"time"

	"github.com/haypile/haypile/internal/throttle"
)

// simLink is a link with a queue before its narrowest part, as a copy at a rate sees it.
type simLink struct {
	carries float64 // bytes per second
	delay   time.Duration
	queue   float64
}

// run lets time pass in looks and returns how much of what the link carried in that time was used.
func (s *simLink) run(r *linkRate, span time.Duration) (used float64) {
	passed := 0.0
	for t := time.Duration(0); t < span; t += lookEvery {
		dt := lookEvery.Seconds()
		s.queue += r.rate * dt
		out := min(s.queue, s.carries*dt)
		s.queue -= out
		s.queue = min(s.queue, s.carries) // a second's worth; what is more is lost, and sent again later
		passed += out
		rtt := s.delay + time.Duration(s.queue/s.carries*float64(time.Second))
		r.adapt(rtt, lookEvery, out/dt)
	}
	return passed / (s.carries * span.Seconds())
}

func TestRateFollowsTheLink(t *testing.T) {
	const mbit = 1e6 / 8
	for name, test := range map[string]struct{ before, after simLink }{
		"a narrow link becomes free":    {simLink{carries: 1 * mbit, delay: 2 * time.Millisecond}, simLink{carries: 100 * mbit, delay: 2 * time.Millisecond}},
		"a wide link becomes narrow":    {simLink{carries: 1000 * mbit, delay: time.Millisecond}, simLink{carries: 20 * mbit, delay: time.Millisecond}},
		"the way becomes longer":        {simLink{carries: 100 * mbit, delay: time.Millisecond}, simLink{carries: 100 * mbit, delay: 60 * time.Millisecond}},
		"longer, and free at last":      {simLink{carries: 2 * mbit, delay: time.Millisecond}, simLink{carries: 500 * mbit, delay: 30 * time.Millisecond}},
		"nothing stands in its way":     {simLink{carries: 10000 * mbit, delay: time.Millisecond}, simLink{carries: 10000 * mbit, delay: time.Millisecond}},
		"the way becomes shorter again": {simLink{carries: 50 * mbit, delay: 40 * time.Millisecond}, simLink{carries: 50 * mbit, delay: 2 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLinkRate()
			before := test.before
			before.run(&r, 60*time.Second)
			after := test.after
			after.run(&r, 9*time.Second)
			if used := after.run(&r, time.Second); used < 0.5 {
				t.Errorf("ten seconds after the change %.0f %% of the link are used", 100*used)
			}
			if after.run(&r, 20*time.Second); after.queue/after.carries > 0.05 {
				t.Errorf("the queue is %.0f ms long", 1000*after.queue/after.carries)
			}
		})
	}
}

// What CONFIG SET says acts on a connection that is in the middle of a copy.
func TestPaceFollowsSettings(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	set := make(chan SourceSettings, 1)
	set <- SourceSettings{Adaptive: true}
	settings := func() SourceSettings { s := <-set; set <- s; return s }
	p := newPace(conn, throttle.New(0), settings)
	defer p.close()
	is := func(adaptive bool, rate int64) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			p.mu.Lock()
			now := p.adaptive
			p.mu.Unlock()
			if now == adaptive && p.own.Rate() == rate {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("adaptive is %v, want %v; the rate is %d, want %d", now, adaptive, p.own.Rate(), rate)
			}
		}
	}
	is(p.conn != nil, 0)
	<-set
	set <- SourceSettings{PerReplica: 5000}
	is(false, 5000)
	<-set
	set <- SourceSettings{Adaptive: true}
	is(true, 0)
}
