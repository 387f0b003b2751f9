package server

import (
	"slices"
	"sync"
	"sync/atomic"
)

// pushed is what others have for a session's client that is no reply: messages, invalidations, lines of
// MONITOR. Whoever pushes is on another goroutine, or on the loop in another session's turn.
//
// A client of RESP2 cannot tell a message from a reply but by what it knows to be subscribed to, and one that
// keeps copies relies on being told of a change before it hears of what came later. So their place among the
// replies matters:
//   - What was pushed before a command begins is ahead of its reply (pull).
//   - What comes while a command runs is behind its reply: a worker may have read what is changed after it
//     has let go of its locks.
//   - What comes before a command ends a subscription is ahead of the confirmation (Settle).
//   - What the client's own command causes has a place among the replies of the turn (PushAt).
//
// Messages leave with the replies, but are no part of them: neither CLIENT REPLY nor a commit that fails takes
// them away.
type pushed struct {
	mu        sync.Mutex
	msgs      []byte
	own       []insert    // of the command that a worker has; places count from the beginning of its reply
	some      atomic.Bool // whether there are msgs
	scheduled bool        // drainPushes is
	away      bool        // a worker has the session's command
	dead      bool        // nothing may be scheduled any more
}

// insert is a message with its place in session.w.
type insert struct {
	at  int
	msg []byte
}

// Push implements client.Sink.
func (s *session) Push(msg []byte) { s.pushIf(nil, msg) }

// PushSubscribed implements client.Sink. Whoever ends the last subscription calls Settle afterwards: either the
// message is found then, or it is not sent.
func (s *session) PushSubscribed(msg []byte) { s.pushIf(s.cl.Subscribed, msg) }

func (s *session) pushIf(wanted func() bool, msg []byte) {
	p := &s.push
	p.mu.Lock()
	if p.dead || wanted != nil && !wanted() {
		p.mu.Unlock()
		return
	}
	if limit := int64(s.srv.outputLimit(s.cl).Hard); limit > 0 && int64(len(p.msgs)+len(msg)) > limit {
		p.msgs, p.dead = nil, true // its loop is busy, or the command that a worker has lasts
		p.mu.Unlock()
		s.post(func() {
			if !s.closed {
				s.outputExceeded("hard", limit)
			}
		})
		return
	}
	p.msgs = append(p.msgs, msg...)
	p.some.Store(true)
	first := !p.scheduled && !p.away
	p.scheduled = p.scheduled || first
	p.mu.Unlock()
	if first {
		s.post(s.drainPushes)
	}
}

// PushAt implements client.Sink. It is called at the end of the turn whose place it is.
func (s *session) PushAt(at int, away bool, msg []byte) {
	if !away { // it is the turn of the session's loop
		s.inserts = append(s.inserts, insert{at, msg})
		return
	}
	p := &s.push
	p.mu.Lock()
	if p.away {
		p.own = append(p.own, insert{at, msg})
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	s.Push(msg) // the command has blocked meanwhile
}

// Settle implements client.Sink.
func (s *session) Settle() {
	p := &s.push
	p.mu.Lock()
	away, msgs := p.away, p.take()
	if away && len(msgs) > 0 {
		p.own = append(p.own, insert{0, msgs})
	}
	p.mu.Unlock()
	if !away && len(msgs) > 0 {
		s.inserts = append(s.inserts, insert{s.from, msgs})
	}
}

func (p *pushed) take() []byte {
	msgs := p.msgs
	p.msgs = nil
	p.some.Store(false)
	return msgs
}

// pull gives what was pushed a place.
func (s *session) pull(at int) {
	s.push.mu.Lock()
	msgs := s.push.take()
	s.push.mu.Unlock()
	if len(msgs) > 0 {
		s.begin()
		s.inserts = append(s.inserts, insert{at, msgs})
	}
}

// drainPushes sends what was pushed to a session that is doing nothing else, or waits.
func (s *session) drainPushes() {
	s.push.mu.Lock()
	s.push.scheduled = false
	away := s.push.away
	s.push.mu.Unlock()
	if away || s.closed || !s.push.some.Load() {
		return
	}
	s.pull(len(s.w.Buf))
	s.loop.afterTraffic(s)
}

// setAway notes whether a worker has the session's command. A client that blocks is not away.
func (s *session) setAway(away bool) {
	p := &s.push
	p.mu.Lock()
	p.away = away
	drain := !away && len(p.msgs) > 0 && !p.scheduled && !p.dead
	p.scheduled = p.scheduled || drain
	p.mu.Unlock()
	if drain {
		s.post(s.drainPushes)
	}
}

// placeAway takes over what a command has caused whose reply a worker has brought; it begins at from.
func (s *session) placeAway(from int) {
	s.push.mu.Lock()
	own := s.push.own
	s.push.own = nil
	s.push.mu.Unlock()
	for _, in := range own {
		s.inserts = append(s.inserts, insert{min(from+in.at, len(s.w.Buf)), in.msg})
	}
}

// cut takes the replies from one on away; messages stay.
func (s *session) cut(from int) {
	s.w.Buf = s.w.Buf[:from]
	for i := range s.inserts {
		s.inserts[i].at = min(s.inserts[i].at, from)
	}
}

// merge puts messages at their places among the replies, which are about to leave.
func (s *session) merge() {
	if len(s.inserts) == 0 {
		return
	}
	slices.SortStableFunc(s.inserts, func(a, b insert) int { return a.at - b.at })
	replies, done := s.w.Buf, 0
	s.w.Buf = s.loop.takeBuffer()
	for _, in := range s.inserts {
		at := min(in.at, len(replies))
		s.w.Buf = append(append(s.w.Buf, replies[done:at]...), in.msg...)
		done = at
	}
	s.w.Buf = append(s.w.Buf, replies[done:]...)
	s.loop.giveBuffer(replies)
	s.inserts = nil
}
