package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/test/harness"
)

const (
	// keyBytes is the length of "key:" and twelve digits.
	keyBytes = 16
	// valueHeadBytes of each value tell whose it is.
	valueHeadBytes = 16
	// replyTimeout is long: a server that writes more than its disk takes may stall, and the stall is to be measured.
	replyTimeout = 5 * time.Minute
	// progressEvery is how often a long phase says how far it is.
	progressEvery = 5 * time.Second
)

// bench is a run.
type bench struct {
	*options
	server  *harness.Server
	memory  *memoryWatch
	adding  sync.Mutex // guards report
	report  report
	phase   string
	started time.Time
	filler  string
	// What is there, by the rest of a key's number divided by 4: all, then without the even ones, then without the rest 1.
	alive [4]bool
}

func newBench(o *options, server *harness.Server) *bench {
	return &bench{
		options: o,
		server:  server,
		memory:  &memoryWatch{},
		phase:   "start",
		started: time.Now(),
		filler:  strings.Repeat("haypile ", o.valueBytes/8+1),
		alive:   [4]bool{true, true, true, true},
	}
}

func key(i int) string { return fmt.Sprintf("key:%012d", i) }

// value makes a value of which the head tells the key, and the rest is partly random.
func (b *bench) value(i int, rnd *rand.Rand) string {
	v := make([]byte, 0, b.valueBytes)
	v = fmt.Appendf(v, "%016d", i)
	randomBytes := int(float64(b.valueBytes-valueHeadBytes) * (1 - b.compressible))
	for len(v) < valueHeadBytes+randomBytes {
		n := rnd.Uint64()
		for range min(8, valueHeadBytes+randomBytes-len(v)) {
			v = append(v, byte(n))
			n >>= 8
		}
	}
	return string(append(v, b.filler[:b.valueBytes-len(v)]...))
}

// checkValue reports a reply that is not the value of a key.
func (b *bench) checkValue(i int, r harness.Reply) error {
	switch {
	case r.IsError():
		return r.Err()
	case r.Null != !b.alive[i%4]:
		return fmt.Errorf("GET %s: there: %v, must be: %v", key(i), !r.Null, b.alive[i%4])
	case !r.Null && (len(r.Str) != b.valueBytes || r.Str[:valueHeadBytes] != fmt.Sprintf("%016d", i)):
		return fmt.Errorf("GET %s: got the value %.40q…", key(i), r.Str)
	}
	return nil
}

// liveBytes is what so many keys and their values take at least.
func (b *bench) liveBytes(keys int) int64 { return int64(keys) * int64(keyBytes+b.valueBytes) }

func (b *bench) liveKeys() int {
	n := 0
	for rest, alive := range b.alive {
		if alive {
			n += (b.keys - rest + 3) / 4
		}
	}
	return n
}

// progress prints a line with the time since the start, the phase, and the memory of the server.
func (b *bench) progress(format string, args ...any) {
	now := b.memory.now()
	fmt.Fprintf(os.Stderr, "%7.1fs %-8s rss %9s  %s\n", time.Since(b.started).Seconds(), b.phase, size(now.rss), fmt.Sprintf(format, args...))
}

// dial opens connections.
func (b *bench) dial() (*harness.Client, error) {
	c, err := harness.Dial(b.server.Addr())
	if err == nil {
		c.Timeout = replyTimeout
	}
	return c, err
}

// inParallel runs workers, each with a connection of its own, and reports progress while they count what they did.
func (b *bench) inParallel(workers int, what string, total int, work func(worker int, c *harness.Client, done *atomic.Int64) error) error {
	var done atomic.Int64
	errs := make(chan error, workers)
	var wait sync.WaitGroup
	for i := range workers {
		c, err := b.dial()
		if err != nil {
			return err
		}
		wait.Go(func() {
			defer c.Close()
			if err := work(i, c, &done); err != nil {
				errs <- err
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		wait.Wait()
		close(finished)
	}()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	last, lastTime := int64(0), time.Now()
	for {
		select {
		case <-finished:
			close(errs)
			return <-errs // nil if there is none
		case <-ticker.C:
			n, now := done.Load(), time.Now()
			of := ""
			if total > 0 {
				of = fmt.Sprintf(" of %d (%.0f%%)", total, 100*float64(n)/float64(total))
			}
			b.progress("%s %d%s, %.0f/s", what, n, of, float64(n-last)/now.Sub(lastTime).Seconds())
			last, lastTime = n, now
		}
	}
}

// size writes bytes for people.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.2f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
}

// report is the table of results.
type report struct {
	Rows []reportRow `json:"rows"`
}

type reportRow struct {
	Phase   string  `json:"phase"`
	Measure string  `json:"measure"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	text    string
}

// add a row: the number with its unit for JSON, the text for people.
func (b *bench) add(measure string, value float64, unit, text string) {
	b.adding.Lock()
	b.report.Rows = append(b.report.Rows, reportRow{b.phase, measure, value, unit, text})
	b.adding.Unlock()
	b.progress("= %s: %s", measure, text)
}

func (r report) markdown() string {
	var s strings.Builder
	s.WriteString("| phase | | |\n|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&s, "| %s | %s | %s |\n", row.Phase, row.Measure, row.text)
	}
	return s.String()
}

func (r report) writeJSON(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
