package server

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/resp"
)

// transport is what a session needs of its connection. Its methods are called
// on the session's loop.
type transport interface {
	// Write hands over bytes; what the peer does not take is kept by the
	// transport, and Pending says how much that is.
	Write(b []byte) error
	Pending() int
	Close()
	// Detach gives the connection away; the session must not use it any more.
	Detach() (net.Conn, error)
}

// session turns the bytes of one connection into commands and their replies
// into bytes. It runs on its loop and does not know its transport.
//
// Commands are executed in the order received. While one of them is with a
// worker, or blocked, the session is busy: what arrives is kept until it is
// done. Replies gather in w and leave when the loop's turn has been committed.
type session struct {
	srv  *Server
	loop *loop
	cl   *client.Client
	tr   transport

	parser resp.Parser
	in     []byte // received and not yet executed
	w      resp.Writer

	turnFrom int // where this turn's replies begin in w.Buf
	turnCmds int // how many commands of this turn they answer
	inTurn   bool
	from     int      // where the reply of the running command begins
	inserts  []insert // messages that belong among the replies

	busy    bool
	waiting *engine.Waiting
	held    [][]byte // replies that wait for fsync, a chunk per turn
	closing bool     // close when everything owed is sent
	closed  bool
	overAt  int64 // since when the soft output limit is exceeded, Unix ns

	inBytes, outBytes atomic.Int64 // for CLIENT LIST

	push pushed

	late      *time.Timer              // see hurry
	taken     atomic.Pointer[net.Conn] // see giveAway
	takenRest []byte
}

// feed takes what has arrived.
func (s *session) feed(data []byte) {
	s.cl.NetIn.Add(int64(len(data)))
	if s.taken.Load() != nil {
		return
	}
	if s.busy || s.closing {
		s.keep(data)
		return
	}
	if len(s.in) == 0 {
		n := s.process(data)
		if n < len(data) && !s.closed {
			s.keep(data[n:])
		}
		return
	}
	s.keep(data)
	s.resume()
}

// keep stores bytes for later, within the limit for input.
func (s *session) keep(data []byte) {
	limit := s.srv.inputLimit(s.cl)
	if int64(len(s.in)+len(data)) > limit {
		if s.cl.Service != "" {
			s.srv.strange("it sends more than a replica has to say", s.cl, "")
		} else {
			s.srv.log.Warn("client closed: its input exceeds client-query-buffer-limit", "client", s.cl.Addr, "bytes", len(s.in)+len(data))
		}
		s.shut()
		return
	}
	if need := s.parser.Need(); need > int64(cap(s.in)) && need < limit && len(s.in)+len(data) > cap(s.in) {
		// A big value is coming. Room grows with what has arrived, not with what was
		// announced.
		grown := s.srv.eng.Buffers().Get(min(int(need), max(2*cap(s.in), len(s.in)+len(data))))
		grown = append(grown, s.in...)
		s.dropInput()
		s.in = grown
	}
	s.in = append(s.in, data...)
	s.inBytes.Store(int64(len(s.in)))
}

// resume executes what was kept.
func (s *session) resume() {
	if len(s.in) == 0 || s.busy || s.closing {
		return
	}
	n := s.process(s.in)
	if n == len(s.in) {
		if cap(s.in) > keepInput {
			s.dropInput()
		}
		s.in = s.in[:0]
	} else if n > 0 {
		s.in = s.in[:copy(s.in, s.in[n:])]
	}
	s.inBytes.Store(int64(len(s.in)))
}

// dropInput gives the input buffer back.
func (s *session) dropInput() {
	s.srv.eng.Buffers().Put(s.in)
	s.in = nil
}

// keepInput is the largest input buffer that an idle session holds.
const keepInput = 64 << 10

// process executes the commands at the start of buf and returns how many bytes
// they were.
func (s *session) process(buf []byte) (n int) {
	lim := s.srv.limitsFor(s.cl)
	s.loop.turn.Begin(time.Now())
	ahead := 0 // commands for which the turn has been told the keys
	for n < len(buf) && !s.busy && !s.closing && s.cl.TakeOver == nil {
		if ahead--; ahead < 0 {
			ahead = s.warm(buf[n:])
		}
		args, used, err := s.parser.Next(buf[n:], lim)
		if errors.Is(err, resp.ErrIncomplete) {
			break
		}
		if err != nil {
			s.srv.log.Debug("client closed: protocol error", "client", s.cl.Addr, "err", err)
			s.srv.strange("what it sends is not the protocol", s.cl, err.Error())
			s.srv.stats.ProtocolErrors.Add(1)
			s.begin()
			s.w.Error("ERR " + err.Error())
			s.srv.eng.Errors.Add("ERR " + err.Error())
			s.closing = true
			break
		}
		n += used
		if len(args) > 0 {
			s.begin()
			s.turnCmds++
			s.command(args)
			if s.owesTooMuch() {
				break
			}
			lim = s.srv.limitsFor(s.cl)
		}
	}
	s.loop.afterTraffic(s)
	if s.cl.TakeOver != nil && !s.busy {
		s.giveAway(buf[n:])
		return len(buf)
	}
	return n
}

// warm tells the turn what the next commands of a pipeline are about, and returns how many commands it
// has looked at.
func (s *session) warm(buf []byte) int {
	if len(buf) >= minPipeline {
		ahead := resp.Ahead(s.loop.ahead[:0], buf, engine.WarmKeys)
		s.loop.turn.Warm(s.cl, ahead)
		clear(ahead)
		s.loop.ahead = ahead[:0]
	}
	return engine.WarmKeys
}

// minPipeline is the least input in which looking ahead can pay.
const minPipeline = 64

// begin notes that the session has replies in this turn.
func (s *session) begin() {
	if !s.inTurn {
		if s.w.Buf == nil {
			s.w.Buf = s.loop.takeBuffer()
		}
		s.inTurn, s.turnFrom, s.turnCmds = true, len(s.w.Buf), 0
		s.loop.sessions = append(s.loop.sessions, s)
	}
}

// run executes a command that has passed the gates, on the loop if that is
// possible at once.
func (s *session) run(row *command.Row, args [][]byte) {
	t := s.loop.turn
	from := len(s.w.Buf)
	s.from = from
	began := t.NowNano()
	if s.srv.Loading.Load() {
		t.ExecUnloaded(s.cl, row, args, &s.w)
		s.srv.observe(s.cl, row, args, time.Now().UnixNano()-began)
		s.replied(from)
		return
	}
	switch t.Exec(s.cl, row, args, &s.w) {
	case engine.Done:
		now := time.Now()
		s.srv.observe(s.cl, row, args, now.UnixNano()-began)
		t.Begin(now)
		s.replied(from)
	case engine.Blocked:
		s.turnCmds-- // its reply comes in another turn
		s.block(t, row, cloneArgs(args))
	case engine.Offload:
		s.turnCmds--
		s.offload(row, cloneArgs(args))
	}
}

func (s *session) offload(row *command.Row, args [][]byte) {
	s.busy = true
	s.setAway(true)
	s.loop.jobs = append(s.loop.jobs, engine.Job{
		Client: s.cl, Row: row, Args: args,
		Done: func(reply []byte, took time.Duration) {
			s.srv.observe(s.cl, row, args, int64(took))
			s.post(func() { s.done(reply) })
		},
		OnBlock: func(t *engine.Turn) { s.block(t, row, args) },
	})
}

// block makes the session wait. On a worker the session is busy already and
// nobody else touches it.
func (s *session) block(t *engine.Turn, row *command.Row, args [][]byte) {
	s.busy = true
	w := t.Block(args, func(reply []byte) {
		s.srv.observe(s.cl, row, args, 0) // the wait is not counted
		s.post(func() { s.done(reply) })
	})
	s.setAway(false)
	s.push.mu.Lock()
	s.waiting = w
	dead := s.push.dead
	s.push.mu.Unlock()
	if dead {
		w.Cancel()
	}
}

// done takes the reply of a command that was away, and goes on.
func (s *session) done(reply []byte) {
	if s.closed {
		return
	}
	s.push.mu.Lock()
	s.waiting = nil
	s.push.mu.Unlock()
	s.busy = false
	s.begin()
	from := len(s.w.Buf)
	s.w.Buf = append(s.w.Buf, reply...)
	s.placeAway(from)
	s.replied(from)
	if s.turnCmds == 0 {
		s.turnFrom = len(s.w.Buf) // whether this turn can be committed does not concern it
	} else {
		s.turnCmds++
	}
	s.setAway(false)
	s.loop.turn.Begin(time.Now())
	s.resume()
	s.loop.afterTraffic(s)
}

// replied applies CLIENT REPLY to the reply that begins at from.
func (s *session) replied(from int) {
	if s.cl.Reply != client.ReplyOn {
		if !s.cl.Pushed {
			s.cut(from)
		}
		s.cl.Reply = s.cl.Reply.Next()
	}
	s.cl.Pushed = false
	if s.cl.CloseAfter {
		s.closing = true
	}
	s.w.Proto = s.cl.Proto
}

// failTurn replaces the replies of this turn: nothing of it was committed.
func (s *session) failTurn(text string) {
	s.cut(s.turnFrom)
	for range s.turnCmds {
		s.w.Error(text)
		s.srv.eng.Errors.Add(text)
	}
}

// shut closes the connection now.
func (s *session) shut() {
	if !s.closed {
		s.closed = true
		s.tr.Close()
	}
}

// gone is called once when the connection has ended.
func (s *session) gone() {
	s.closed = true
	s.push.mu.Lock()
	s.push.dead = true
	waiting := s.waiting
	s.waiting, s.push.msgs, s.push.own = nil, nil, nil
	s.push.mu.Unlock()
	if waiting != nil {
		waiting.Cancel()
	}
	if s.late != nil {
		s.late.Stop()
	}
	if s.taken.Load() == nil {
		s.srv.forget(s.cl)
	}
}

// post runs f on the session's loop.
func (s *session) post(f func()) { s.loop.post(f) }

// Close implements client.Sink.
func (s *session) Close(reason string) {
	if c := s.taken.Load(); c != nil {
		s.srv.log.Debug("client closed", "client", s.cl.Addr, "reason", reason)
		(*c).Close()
		return
	}
	s.post(func() {
		if s.closed {
			return
		}
		s.srv.log.Debug("client closed", "client", s.cl.Addr, "reason", reason)
		if s.loop.running == s { // it is killing itself: the reply goes first
			s.closing = true
			return
		}
		s.shut()
	})
}

// Unblock implements client.Sink.
func (s *session) Unblock(withError bool) bool {
	s.push.mu.Lock()
	w := s.waiting
	s.push.mu.Unlock()
	return w != nil && w.Unblock(withError)
}

// Buffered implements client.Sink; the numbers are approximate.
func (s *session) Buffered() (in, out int64) {
	return s.inBytes.Load(), s.outBytes.Load()
}

func cloneArgs(args [][]byte) [][]byte {
	n := 0
	for _, a := range args {
		n += len(a)
	}
	buf := make([]byte, 0, n)
	out := make([][]byte, len(args))
	for i, a := range args {
		from := len(buf)
		buf = append(buf, a...)
		out[i] = buf[from:len(buf):len(buf)]
	}
	return out
}

var _ client.Sink = (*session)(nil)

func unknownCommand(args [][]byte) string {
	var list []byte
	for _, a := range args[1:] {
		if len(list) >= 128 {
			break
		}
		list = fmt.Appendf(list, "'%.*s' ", 128-len(list), clip(a))
	}
	return fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", clip(args[0]), list)
}
