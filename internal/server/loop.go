package server

import (
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/resp"
)

// loop is where sessions run: an event loop of gnet, or the goroutine of one TLS
// connection. Everything of a loop and its sessions happens on it, except post.
type loop struct {
	srv      *Server
	turn     *engine.Turn
	post     func(func()) // runs a function on this loop, after what is ready now
	sessions []*session   // with replies in this turn
	jobs     []engine.Job // commands for workers, which begin when the turn has ended
	buffers  [][]byte     // for replies, to be used again
	ending   bool         // the end of the turn is scheduled
	running  *session
	ahead    []resp.Guess // see session.warm
}

func (s *Server) newLoop(post func(func())) *loop {
	return &loop{srv: s, turn: s.eng.NewTurn(false), post: post}
}

// afterTraffic is called when a session has executed what it has received. If
// nothing was changed in this turn, replies leave at once; else the turn goes on,
// so that the other connections that are ready share its commit.
func (l *loop) afterTraffic(s *session) {
	if l.ending {
		return
	}
	if !l.turn.Dirty() && !l.srv.eng.Unsynced() {
		l.endTurn()
		return
	}
	l.ending = true
	l.post(l.endTurn)
}

// endTurn commits what the sessions have done and sends their replies.
func (l *loop) endTurn() {
	l.ending = false
	wait := l.srv.eng.Always() && (l.turn.Dirty() || l.srv.eng.Unsynced())
	err := l.turn.Commit()
	for i, j := range l.jobs { // they find what came before them committed
		l.srv.eng.Submit(j)
		l.jobs[i] = engine.Job{}
	}
	l.jobs = l.jobs[:0]
	list := l.sessions
	l.sessions = nil
	var held []*session
	for i, s := range list {
		s.inTurn = false
		if err != nil {
			s.failTurn(engine.CommitErrorText(err))
		}
		if wait && err == nil && len(s.w.Buf) > 0 {
			s.hold()
			held = append(held, s)
		} else {
			s.flush()
		}
		list[i] = nil
	}
	if len(held) > 0 {
		l.srv.eng.AfterSync(func(err error) {
			l.post(func() {
				for _, s := range held {
					s.release(err)
				}
			})
		})
	}
	if l.sessions == nil && cap(list) <= 4096 {
		l.sessions = list[:0]
	}
}

// Buffers for replies are the loop's, not the session's: a session needs one
// only from its first reply to the flush, and large ones are worth keeping.
const (
	maxBuffers     = 64
	maxBufferBytes = 1 << 20
)

func (l *loop) takeBuffer() []byte {
	n := len(l.buffers)
	if n == 0 {
		return make([]byte, 0, 1024)
	}
	b := l.buffers[n-1]
	l.buffers = l.buffers[:n-1]
	return b
}

func (l *loop) giveBuffer(b []byte) {
	if len(l.buffers) < maxBuffers && cap(b) <= maxBufferBytes {
		l.buffers = append(l.buffers, b[:0])
	}
}
