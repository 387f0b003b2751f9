// Package metric measures: slow commands, latency events, rates. It knows
// nothing of Redis beyond the shape of what it keeps.
package metric

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// SlowEntry is one slow command, as SLOWLOG GET shows it.
type SlowEntry struct {
	ID         int64
	UnixTime   int64
	Duration   time.Duration
	Args       []string
	ClientAddr string
	ClientName string
}

// Arguments kept of a slow command, as Redis keeps them.
const (
	slowMaxArgs   = 32
	slowMaxString = 128
)

// Slowlog keeps the last slow commands.
type Slowlog struct {
	threshold atomic.Int64 // ns; negative: off
	mu        sync.Mutex
	entries   []SlowEntry // newest last
	max       int
	nextID    int64
}

// Configure sets the threshold (negative: off) and the number of entries kept.
func (s *Slowlog) Configure(threshold time.Duration, max int) {
	s.threshold.Store(int64(threshold))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.max = max
	s.trim()
}

func (s *Slowlog) trim() {
	if n := len(s.entries) - s.max; n > 0 {
		s.entries = slices.Delete(s.entries, 0, n)
	}
}

// Slow says whether a duration belongs in the log; it costs one load.
func (s *Slowlog) Slow(d time.Duration) bool {
	t := s.threshold.Load()
	return t >= 0 && int64(d) >= t
}

// Add keeps a command.
func (s *Slowlog) Add(args [][]byte, d time.Duration, addr, name string, now time.Time) {
	e := SlowEntry{UnixTime: now.Unix(), Duration: d, Args: shorten(args), ClientAddr: addr, ClientName: name}
	s.mu.Lock()
	defer s.mu.Unlock()
	e.ID = s.nextID
	s.nextID++
	s.entries = append(s.entries, e)
	s.trim()
}

func shorten(args [][]byte) []string {
	n := min(len(args), slowMaxArgs)
	out := make([]string, 0, n)
	for i := range n {
		if i == slowMaxArgs-1 && len(args) > slowMaxArgs {
			out = append(out, "... ("+itoa(len(args)-slowMaxArgs+1)+" more arguments)")
			break
		}
		a := args[i]
		if len(a) > slowMaxString {
			out = append(out, string(a[:slowMaxString])+"... ("+itoa(len(a)-slowMaxString)+" more bytes)")
			continue
		}
		out = append(out, string(a))
	}
	return out
}

// Last returns the newest n entries, newest first; n < 0 all.
func (s *Slowlog) Last(n int) []SlowEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 0 || n > len(s.entries) {
		n = len(s.entries)
	}
	out := slices.Clone(s.entries[len(s.entries)-n:])
	slices.Reverse(out)
	return out
}

// Len is the number of entries kept.
func (s *Slowlog) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries)
}

// Reset forgets all entries; ids go on.
func (s *Slowlog) Reset() {
	s.mu.Lock()
	s.entries = nil
	s.mu.Unlock()
}
