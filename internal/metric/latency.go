package metric

import (
	"slices"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// LatencySample is the worst latency of an event within one second.
type LatencySample struct {
	UnixTime int64
	MS       int64
}

// LatencyEvent is one event's history, oldest sample first.
type LatencyEvent struct {
	Name    string
	Samples []LatencySample
	MaxMS   int64 // of all time
}

const latencySamples = 160

// Latency keeps events that took longer than a threshold, as LATENCY shows them.
type Latency struct {
	thresholdMS atomic.Int64 // 0: off
	mu          sync.Mutex
	events      map[string]*LatencyEvent
}

// Configure sets the threshold; zero switches the monitor off.
func (l *Latency) Configure(threshold time.Duration) { l.thresholdMS.Store(threshold.Milliseconds()) }

// Enabled says whether a threshold is set.
func (l *Latency) Enabled() bool { return l.thresholdMS.Load() > 0 }

// Observe keeps an event if it was slow enough.
func (l *Latency) Observe(event string, d time.Duration, now time.Time) {
	t := l.thresholdMS.Load()
	if t == 0 || d.Milliseconds() < t {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.events == nil {
		l.events = map[string]*LatencyEvent{}
	}
	e := l.events[event]
	if e == nil {
		e = &LatencyEvent{Name: event}
		l.events[event] = e
	}
	ms, sec := d.Milliseconds(), now.Unix()
	e.MaxMS = max(e.MaxMS, ms)
	if n := len(e.Samples); n > 0 && e.Samples[n-1].UnixTime == sec {
		e.Samples[n-1].MS = max(e.Samples[n-1].MS, ms)
		return
	}
	e.Samples = append(e.Samples, LatencySample{sec, ms})
	if len(e.Samples) > latencySamples {
		e.Samples = slices.Delete(e.Samples, 0, 1)
	}
}

// Events returns all events by name.
func (l *Latency) Events() []LatencyEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]LatencyEvent, 0, len(l.events))
	for _, e := range l.events {
		c := *e
		c.Samples = slices.Clone(e.Samples)
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Reset forgets the named events, or all, and returns how many there were.
func (l *Latency) Reset(names ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(names) == 0 {
		n := len(l.events)
		l.events = nil
		return n
	}
	n := 0
	for _, name := range names {
		if _, ok := l.events[name]; ok {
			delete(l.events, name)
			n++
		}
	}
	return n
}

// Rate turns a counter into a smoothed rate per second: the mean of the last
// samples, as Redis's instantaneous_ops_per_sec.
type Rate struct {
	mu      sync.Mutex
	last    int64
	lastAt  time.Time
	samples [16]float64
	n       int
}

// Sample notes the counter's value.
func (r *Rate) Sample(value int64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.lastAt.IsZero() {
		if dt := now.Sub(r.lastAt).Seconds(); dt > 0 {
			r.samples[r.n%len(r.samples)] = float64(value-r.last) / dt
			r.n++
		}
	}
	r.last, r.lastAt = value, now
}

// PerSecond is the mean rate of the last samples.
func (r *Rate) PerSecond() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(r.n, len(r.samples))
	if n == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range r.samples[:n] {
		sum += v
	}
	return max(0, sum/float64(n))
}
