package server

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"time"
)

// giveAway hands the connection to whoever a command has named (a replica's link,
// a full copy): from there on it carries another protocol and is served by
// goroutines of its own. The client stays in the registry, so that CLIENT LIST shows
// it and CLIENT KILL ends it, until the other side is done with it.
//
// The new owner speaks first, and begins when the session has let go: nothing is
// read by both.
func (s *session) giveAway(rest []byte) {
	s.takenRest = bytes.Clone(rest)
	s.flush()
	if s.closed {
		return
	}
	if s.tr.Pending() > 0 { // replies to a pipeline that is not being read
		s.shut()
		return
	}
	conn, err := s.tr.Detach()
	if err != nil {
		s.srv.log.Warn("cannot take a connection over; it is closed", "client", s.cl.Addr, "err", err)
		s.shut()
		return
	}
	s.taken.Store(&conn)
	s.closed = true
}

// serveTaken runs the new owner until it is done.
func (s *session) serveTaken(conn net.Conn) {
	defer s.srv.forget(s.cl)
	defer conn.Close()
	s.cl.TakeOver(conn, s.takenRest)
}

// Detach implements transport: the loop closes its descriptor, and a duplicate of
// it goes on.
func (p plain) Detach() (net.Conn, error) {
	fd, err := p.c.Dup()
	if err != nil {
		return nil, fmt.Errorf("duplicate the connection: %w", err)
	}
	f := os.NewFile(uintptr(fd), "connection")
	conn, err := net.FileConn(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	return conn, p.c.Close()
}

// Detach implements transport: the reader is interrupted, which leaves a TLS
// connection intact.
func (s *secured) Detach() (net.Conn, error) {
	return s.c, s.c.SetReadDeadline(time.Now())
}
