package server

import (
	"sync"
	"sync/atomic"
	"time"
)

// loading is the time in which databases are opened. What needs one waits for a grace, as most starts are over by
// then and programs that have started a server write at once; later it is told LOADING.
type loading struct {
	atomic.Bool
	mu    sync.Mutex
	grace bool
	timer *time.Timer
	held  []func()
}

// BeginLoading says that databases are being opened, and how long commands wait for it.
func (s *Server) BeginLoading(grace time.Duration) {
	l := &s.Loading
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Store(true)
	l.grace = true
	l.timer = time.AfterFunc(grace, l.release)
}

// EndLoading says that all databases can be used.
func (s *Server) EndLoading() {
	s.Loading.Store(false)
	s.Loading.release()
}

// release lets the commands go on that wait: all are run, or are told LOADING.
func (l *loading) release() {
	l.mu.Lock()
	held := l.held
	l.held, l.grace = nil, false
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	for _, f := range held {
		f()
	}
}

// wait makes a command wait if there is still time for it.
func (l *loading) wait(ses *session, args [][]byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.grace {
		return false
	}
	l.held = append(l.held, ses.holdBack(args))
	return true
}

// holdBack makes the session busy with a command that is run later, when the function is called.
func (s *session) holdBack(args [][]byte) func() {
	args = cloneArgs(args)
	s.busy = true
	s.turnCmds--
	return func() {
		s.post(func() {
			if s.closed {
				return
			}
			s.busy = false
			s.begin()
			s.turnCmds++
			s.loop.turn.Begin(time.Now())
			s.command(args)
			s.resume()
			s.loop.afterTraffic(s)
		})
	}
}
