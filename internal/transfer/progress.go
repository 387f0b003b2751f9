package transfer

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Stats is what has been moved so far.
type Stats struct {
	Keys     atomic.Int64
	Commands atomic.Int64 // of an AOF
	Bytes    atomic.Int64 // of the file
	Refused  atomic.Int64 // commands that the server refused
	Expired  atomic.Int64 // keys past their time, which were left out
	Left     atomic.Int64 // keys that cannot be taken

	mu     sync.Mutex
	errors []string // the first ones
}

func (s *Stats) refused(buf []byte, n int, text []byte) {
	s.Refused.Add(1)
	s.complain(func() string { return describe(buf, n) + ": " + string(text) })
}

func (s *Stats) complain(text func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errors) < errorsShown {
		s.errors = append(s.errors, text())
	}
}

// Complaints are the first things that went wrong.
func (s *Stats) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.errors...)
}

// Progress tells how far a transfer is: a line that is written over on a terminal, or one now and then.
type Progress struct {
	Out      io.Writer
	Terminal bool
	Quiet    bool
}

const (
	terminalPause = 500 * time.Millisecond
	logPause      = 10 * time.Second
)

// watch reports until the returned function is called. done says how much of total is done, in bytes or
// in keys.
func (p Progress) watch(s *Stats, done func() (done, total int64)) (stop func()) {
	if p.Quiet || p.Out == nil {
		return func() {}
	}
	pause := logPause
	if p.Terminal {
		pause = terminalPause
	}
	begin, quit, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				if p.Terminal {
					fmt.Fprint(p.Out, "\r\x1b[K")
				}
				return
			case <-tick.C:
				n, total := done()
				p.line(progressLine(s, n, total, time.Since(begin)))
			}
		}
	}()
	return func() { close(quit); <-ended }
}

func (p Progress) line(text string) {
	if p.Terminal {
		fmt.Fprintf(p.Out, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(p.Out, text)
}

// progressLine is "42.0 %, 1200000 keys, 210000 keys/s, 85.1 MB/s, 1m20s left".
func progressLine(s *Stats, done, total int64, took time.Duration) string {
	text, left := "", ""
	if total > 0 && done > 0 {
		part := min(1, float64(done)/float64(total))
		text = fmt.Sprintf("%.1f %%, ", 100*part)
		rest := time.Duration(float64(took) * (1 - part) / part)
		left = fmt.Sprintf(", %s left", rest.Round(time.Second))
	}
	seconds := max(took.Seconds(), 0.001)
	if n := s.Keys.Load(); n > 0 || s.Commands.Load() == 0 {
		text += fmt.Sprintf("%d keys, %.0f keys/s, ", n, float64(n)/seconds)
	}
	if n := s.Commands.Load(); n > 0 {
		text += fmt.Sprintf("%d commands, %.0f commands/s, ", n, float64(n)/seconds)
	}
	return fmt.Sprintf("%s%.1f MB/s%s", text, float64(s.Bytes.Load())/seconds/1e6, left)
}

// Summary is what is said at the end.
func (s *Stats) Summary(took time.Duration) string {
	text := progressLine(s, 0, 0, took) + " in " + took.Round(10*time.Millisecond).String()
	if n := s.Expired.Load(); n > 0 {
		text += fmt.Sprintf("; %d keys past their time were left out", n)
	}
	return text
}
