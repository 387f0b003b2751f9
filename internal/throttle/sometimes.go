package throttle

import (
	"sync"
	"time"
)

// Sometimes lets one of many equal things through per period, so that a stranger cannot fill the log. The zero value lets through one a minute.
type Sometimes struct {
	Every time.Duration

	mu   sync.Mutex
	next time.Time
	held int
}

// Now says whether to let it through, and how many were held back before.
func (s *Sometimes) Now() (ok bool, held int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Before(s.next) {
		s.held++
		return false, 0
	}
	every := s.Every
	if every == 0 {
		every = time.Minute
	}
	held, s.held, s.next = s.held, 0, now.Add(every)
	return true, held
}
