package acl

import (
	"slices"
	"sync"
	"time"
)

// Context is where something was denied.
type Context string

const (
	TopLevel Context = "toplevel"
	Multi    Context = "multi"
	Lua      Context = "lua"
)

// Event is a denial to be kept.
type Event struct {
	Reason  Reason
	Context Context
	Object  string // the command, key or channel
	User    string
	Client  string // the client's line of CLIENT LIST
}

// Entry is a denial as ACL LOG shows it; equal ones within a minute share an entry.
type Entry struct {
	Event
	ID      int64
	Count   int64
	Created time.Time
	Updated time.Time
}

// Log keeps the latest denials.
type Log struct {
	mu      sync.Mutex
	entries []Entry // newest first
	max     int
	nextID  int64
	denied  [DeniedChannel + 1]int64
}

const (
	logSameWithin = time.Minute
	logLookBack   = 10 // entries among which an equal one is looked for
)

// SetMax sets how many entries are kept.
func (l *Log) SetMax(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.max = n
	l.trim()
}

func (l *Log) trim() {
	if len(l.entries) > l.max {
		l.entries = slices.Delete(l.entries, l.max, len(l.entries))
	}
}

// Add keeps a denial.
func (l *Log) Add(ev Event, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.denied[ev.Reason]++
	for i := range min(len(l.entries), logLookBack) {
		e := l.entries[i]
		if e.Reason == ev.Reason && e.Context == ev.Context && e.Object == ev.Object && e.User == ev.User && now.Sub(e.Updated) <= logSameWithin {
			e.Client, e.Updated = ev.Client, now
			e.Count++
			l.entries = slices.Insert(slices.Delete(l.entries, i, i+1), 0, e)
			return
		}
	}
	l.entries = slices.Insert(l.entries, 0, Entry{Event: ev, ID: l.nextID, Count: 1, Created: now, Updated: now})
	l.nextID++
	l.trim()
}

// Last returns up to n entries, the newest first.
func (l *Log) Last(n int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[:max(0, min(n, len(l.entries)))])
}

// Reset forgets all entries; numbers go on.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// Denied is how often something was denied for a reason since the start.
func (l *Log) Denied(r Reason) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.denied[r]
}
