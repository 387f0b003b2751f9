package server

import "time"

// StandStill is DEBUG SLEEP: no connection is served for a time, as if the process had been stopped, so that a failover can be
// rehearsed. It returns when the time is over.
func (s *Server) StandStill(d time.Duration) {
	until := time.Now().Add(d)
	s.still.Store(until.UnixNano())
	loops := map[*loop]struct{}{}
	for _, cl := range s.registry.All() {
		if ses, ok := cl.Sink.(*session); ok && ses.taken.Load() == nil {
			loops[ses.loop] = struct{}{}
		}
	}
	for l := range loops {
		l.post(func() { time.Sleep(time.Until(until)) })
	}
	time.Sleep(d)
}

// awake keeps a new connection from its loop while the server stands still.
func (s *Server) awake() {
	if until := s.still.Load(); until != 0 {
		time.Sleep(time.Until(time.Unix(0, until)))
	}
}
