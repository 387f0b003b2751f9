package server

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
)

// pause is CLIENT PAUSE: commands wait until it ends. Waiting sessions are busy,
// as if a worker had their command.
type pause struct {
	active atomic.Bool
	mu     sync.Mutex
	until  time.Time
	all    bool // reads too
	timer  *time.Timer
	held   []func()
}

// Pause holds back commands (writes only, unless all) until a time. A longer
// pause in effect is kept.
func (s *Server) Pause(until time.Time, all bool) {
	p := &s.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active.Load() {
		all = all || p.all
		if until.Before(p.until) {
			until = p.until
		}
		p.timer.Stop()
	}
	p.until, p.all = until, all
	p.active.Store(true)
	s.eng.HoldExpiry(true)
	p.timer = time.AfterFunc(time.Until(until), s.Unpause)
}

// Unpause ends a pause.
func (s *Server) Unpause() {
	p := &s.pause
	p.mu.Lock()
	held := p.held
	p.held = nil
	if p.timer != nil {
		p.timer.Stop()
	}
	p.active.Store(false)
	s.eng.HoldExpiry(false)
	p.mu.Unlock()
	for _, f := range held {
		f()
	}
}

// Paused says whether a pause is in effect.
func (s *Server) Paused() bool { return s.pause.active.Load() }

// changes says whether a command may change data here or on replicas.
func (s *Server) changes(cl *client.Client, row *command.Row, args [][]byte) bool {
	switch {
	case row.Is(command.Queued):
		return slices.ContainsFunc(cl.Queue, func(q client.Queued) bool { return s.changes(cl, q.Row.(*command.Row), q.Args) })
	case row.Is(command.Scripted):
		return !row.Is(command.ReadOnly) && !s.promisesNotToWrite(row, args)
	}
	return row.Is(command.Write) || row.Name == "publish" || row.Name == "spublish" || row.Name == "pfcount"
}

// promisesNotToWrite says whether a script or function has the flag no-writes. One that cannot be found or compiled ends with an error,
// which need not wait.
func (s *Server) promisesNotToWrite(row *command.Row, args [][]byte) bool {
	switch row.Name {
	case "eval":
		script, err := s.scripts.Load(args[1])
		return err != nil || script.Flags.PromiseNotToWrite()
	case "evalsha":
		script := s.scripts.Find(strings.ToLower(string(args[1])))
		return script == nil || script.Flags.PromiseNotToWrite()
	}
	f := s.eng.Functions().Function(args[1])
	return f == nil || f.Flags.PromiseNotToWrite()
}

// paused holds a command back, if the pause concerns it.
func (s *Server) paused(ses *session, row *command.Row, args [][]byte) bool {
	p := &s.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.active.Load() || !p.all && !s.changes(ses.cl, row, args) {
		return false
	}
	if strings.HasPrefix(row.Full, "client|") || row.Is(command.AllowBusy) && row.Is(command.Admin) {
		return false
	}
	ses.cl.SetBlocked(true)
	goOn := ses.holdBack(args)
	p.held = append(p.held, func() {
		ses.cl.SetBlocked(false)
		goOn()
	})
	return true
}
