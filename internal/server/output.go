package server

import "time"

// What a session owes its client: replies wait for the end of the turn, perhaps for fsync, and are bounded by
// client-output-buffer-limit.

// flush sends what is owed.
func (s *session) flush() {
	if s.closed {
		return
	}
	s.merge()
	if len(s.w.Buf) > 0 {
		if n := len(s.held); n > 0 { // earlier replies wait for fsync
			s.held[n-1] = append(s.held[n-1], s.w.Buf...)
			s.w.Buf = s.w.Buf[:0]
			return
		}
		s.send(s.w.Buf)
		s.loop.giveBuffer(s.w.Buf)
		s.w.Buf = nil
	}
	if s.closing && len(s.held) == 0 {
		s.shut()
	}
}

// hold keeps what is owed until release: fsync must come first.
func (s *session) hold() {
	s.merge()
	s.held = append(s.held, s.w.Buf)
	s.w.Buf = nil
}

// release sends the oldest held chunk; err says that it never became durable.
func (s *session) release(err error) {
	if s.closed || len(s.held) == 0 {
		return
	}
	chunk := s.held[0]
	s.held = s.held[1:]
	if err != nil {
		s.shut() // what the chunk claims is not true, and nothing better can be said
		return
	}
	s.send(chunk)
	s.loop.giveBuffer(chunk)
	if s.closing && len(s.held) == 0 {
		s.flush()
	}
}

func (s *session) send(b []byte) {
	s.cl.NetOut.Add(int64(len(b)))
	if err := s.tr.Write(b); err != nil {
		s.shut()
		return
	}
	s.checkOutput()
}

// strangerOutput is how many bytes a client may leave unread before it has authenticated.
const strangerOutput = 1024

// checkOutput closes a client that does not read what it is owed.
func (s *session) checkOutput() {
	pending := int64(s.tr.Pending())
	s.outBytes.Store(pending)
	limit := s.srv.outputLimit(s.cl)
	switch {
	case pending > strangerOutput && !s.cl.Authenticated && s.srv.users.LoginNeeded():
		s.outputExceeded("unauthenticated", pending)
	case limit.Hard > 0 && pending > int64(limit.Hard):
		s.outputExceeded("hard", pending)
	case limit.Soft > 0 && pending > int64(limit.Soft):
		now := time.Now().UnixNano()
		if s.overAt == 0 {
			s.overAt = now
		} else if now-s.overAt > int64(limit.SoftFor) {
			s.outputExceeded("soft", pending)
		}
	default:
		s.overAt = 0
	}
}

func (s *session) outputExceeded(which string, pending int64) {
	s.srv.log.Warn("client closed: it does not read its replies (client-output-buffer-limit)", "client", s.cl.Addr,
		"name", s.cl.Name(), "limit", which, "bytes", pending)
	s.srv.stats.OutputLimitKills.Add(1)
	s.shut()
}

// owesTooMuch closes a client whose replies exceed the hard limit within a turn:
// a few bytes of commands can ask for any amount, all before the first is sent.
func (s *session) owesTooMuch() bool {
	limit := int64(s.srv.outputLimit(s.cl).Hard)
	if limit <= 0 || int64(len(s.w.Buf)) <= limit {
		return false
	}
	s.outputExceeded("hard", int64(s.tr.Pending()+len(s.w.Buf)))
	return true
}
