package server

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Rebind makes addrs the only TCP addresses that are listened on; connections stay, and so does the Unix socket. If an address
// cannot be had, everything is as before.
func (s *Server) Rebind(addrs []string, loops int, keepalive time.Duration) error {
	open := s.listening()
	fresh, gone := without(addrs, open), without(open, addrs)
	listen := func(list []string) error {
		if err := probe(list); err != nil || len(list) == 0 {
			return err
		}
		return s.ListenPlain(list, loops, keepalive)
	}
	s.retire()
	if err := listen(fresh); err == nil {
		return s.deafen(gone)
	} else if !samePort(fresh, gone) {
		return err
	}
	// All addresses together and one of them cannot be listened on at a time.
	if err := s.deafen(gone); err != nil {
		return err
	}
	err := listen(fresh)
	for wait := time.Millisecond; errors.Is(err, syscall.EADDRINUSE) && wait < time.Second; wait *= 2 {
		time.Sleep(wait) // whoever is in the middle of accepting holds the socket for a moment more
		err = listen(fresh)
	}
	if err != nil {
		if back := listen(gone); back != nil {
			err = fmt.Errorf("%w (and listening as before failed: %v)", err, back)
		}
	}
	return err
}

// without returns what is in list and not in other.
func without(list, other []string) (rest []string) {
	for _, a := range list {
		if !slices.Contains(other, a) {
			rest = append(rest, a)
		}
	}
	return rest
}

func samePort(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return x[strings.LastIndex(x, ":"):] == y[strings.LastIndex(y, ":"):] })
	})
}

// probe says which address cannot be listened on. gnet would keep those before it.
func probe(addrs []string) error {
	for _, a := range addrs {
		l, err := net.Listen("tcp", strings.TrimPrefix(a, "tcp://"))
		if err != nil {
			return err
		}
		l.Close()
	}
	return nil
}

// plain are the groups of event loops.
func (s *Server) plain() (list []*events) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		if ev, ok := l.(*events); ok {
			list = append(list, ev)
		}
	}
	return list
}

// listening are the TCP addresses that are listened on.
func (s *Server) listening() (addrs []string) {
	for _, ev := range s.plain() {
		addrs = append(addrs, ev.addrs...)
	}
	return addrs
}

// deafen ends listening on addresses.
func (s *Server) deafen(addrs []string) error {
	for _, ev := range s.plain() {
		for _, a := range slices.Clone(ev.addrs) {
			if !slices.Contains(addrs, a) {
				continue
			}
			if err := ev.deafen(strings.TrimPrefix(a, "tcp://")); err != nil {
				return fmt.Errorf("stop listening on %s: %w", a, err)
			}
			ev.addrs = slices.DeleteFunc(ev.addrs, func(b string) bool { return a == b })
		}
	}
	return nil
}

// retire stops event loops whose addresses went earlier and whose connections have gone since.
func (s *Server) retire() {
	for _, ev := range s.plain() {
		if len(ev.addrs) > 0 || ev.socket != nil || ev.eng.CountConnections() > 0 {
			continue
		}
		s.mu.Lock()
		s.listeners = slices.DeleteFunc(s.listeners, func(l listener) bool { return l == listener(ev) })
		s.mu.Unlock()
		s.retiring.Go(ev.stop)
	}
}
