package server

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/haypile/haypile/internal/resp"
)

// listeners are the addresses of one kind, plain or TLS, and the goroutines that accept connections there. Nothing but
// stop ends them: what fails is logged and tried again.
type listeners struct {
	srv   *Server
	serve func(net.Conn) // must not wait for the peer

	mu        sync.Mutex
	open      map[string]net.Listener // by address
	keepalive time.Duration
	wg        sync.WaitGroup
}

func newListeners(s *Server, keepalive time.Duration, serve func(net.Conn)) *listeners {
	return &listeners{srv: s, serve: serve, open: map[string]net.Listener{}, keepalive: keepalive}
}

// listen adds addresses (tcp://host:port, unix://path). If one cannot be had, none is added.
func (ls *listeners) listen(addrs []string) error {
	for i, a := range addrs {
		l, err := open(a)
		if err != nil {
			ls.close(addrs[:i])
			return err
		}
		ls.mu.Lock()
		ls.open[a] = l
		ls.mu.Unlock()
		ls.wg.Go(func() { ls.accept(a, l) })
	}
	return nil
}

func open(address string) (net.Listener, error) {
	network, at, _ := strings.Cut(address, "://")
	if network == "unix" {
		if err := clearSocket(at); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen(network, at)
	if err != nil {
		return nil, listenError(at, err)
	}
	return l, nil
}

// listenError says what keeps the server from listening, and what to do.
func listenError(at string, err error) error {
	var advice string
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		advice = "another process listens there, perhaps an earlier server: stop it, or choose another port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		advice = "this machine does not have the address: correct bind, or write it with a - in front if it may be missing"
	case errors.Is(err, syscall.EACCES):
		advice = "the system does not allow it: choose a port above 1023, or a directory that the server may write to"
	default:
		return fmt.Errorf("cannot listen on %s: %w", at, err)
	}
	return fmt.Errorf("cannot listen on %s: %s (%w)", at, advice, err)
}

// close ends listening on addresses; connections stay.
func (ls *listeners) close(addrs []string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, a := range addrs {
		if l := ls.open[a]; l != nil {
			delete(ls.open, a)
			l.Close()
		}
	}
}

func (ls *listeners) stop() {
	ls.close(ls.addresses())
	ls.wg.Wait()
}

func (ls *listeners) addresses() []string {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.Collect(maps.Keys(ls.open))
}

func (ls *listeners) wanted(address string, l net.Listener) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.open[address] == l
}

// move makes addrs the only ones. If one cannot be had, everything is as before.
func (ls *listeners) move(addrs []string) error {
	before := ls.addresses()
	fresh, gone := without(addrs, before), without(before, addrs)
	err := ls.listen(fresh)
	if err == nil {
		ls.close(gone)
		return nil
	}
	if !samePort(fresh, gone) {
		return err
	}
	// All addresses together and one of them cannot be listened on at a time.
	ls.close(gone)
	if err = ls.listen(fresh); err == nil {
		return nil
	}
	if back := ls.listen(gone); back != nil {
		err = fmt.Errorf("%w (and listening as before failed: %v)", err, back)
	}
	return err
}

// retryAccept is how long accepting pauses after a failure; connections wait in the system's queue meanwhile.
const (
	retryAccept    = 10 * time.Millisecond
	retryAcceptMax = 160 * time.Millisecond
)

func (ls *listeners) accept(address string, l net.Listener) {
	spare := newSpare()
	defer spare.close()
	for wait := retryAccept; ; {
		c, err := l.Accept()
		if err == nil {
			wait = retryAccept
			if tc, ok := c.(*net.TCPConn); ok {
				_ = tc.SetKeepAliveConfig(net.KeepAliveConfig{
					Enable: ls.keepalive > 0, Idle: ls.keepalive, Interval: ls.keepalive / 3, Count: 3})
			}
			ls.serve(c)
			continue
		}
		if !ls.wanted(address, l) {
			return
		}
		switch {
		case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
			ls.srv.outOfDescriptors(err, address)
			if spare.refuse(l) {
				ls.srv.stats.Rejected.Add(1)
				wait = retryAccept
				continue
			}
		case errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EINTR):
			continue // this one has gone already
		default:
			if ok, held := ls.srv.failures.Now(); ok {
				ls.srv.log.Error("connections cannot be accepted; the server tries again", "at", address, "err", err,
					"not_logged_before", held)
			}
			if wait == retryAcceptMax { // which loses those who wait in its queue
				if again, err := ls.reopen(address, l); err == nil {
					l = again
				}
			}
		}
		time.Sleep(wait)
		wait = min(2*wait, retryAcceptMax)
	}
}

// reopen puts another listener in the place of one that fails.
func (ls *listeners) reopen(address string, l net.Listener) (net.Listener, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.open[address] != l {
		return nil, net.ErrClosed
	}
	l.Close()
	again, err := open(address)
	if err == nil {
		ls.open[address] = again
	}
	return again, err
}

// outOfDescriptors logs that a connection is not served for want of a descriptor: once a minute.
func (s *Server) outOfDescriptors(err error, address string) {
	if ok, held := s.shortages.Now(); ok {
		s.log.Error("a connection is refused: no file descriptor is left; raise the limit of open files (ulimit -n, "+
			"LimitNOFILE of systemd) and restart, or lower maxclients", "at", address, "err", err, "not_logged_before", held)
	}
}

// spare is a descriptor that is given up to take one connection and refuse it, when there is no other: a client that is
// told so can go elsewhere, one that waits in the system's queue cannot.
type spare struct{ f *os.File }

func newSpare() *spare {
	s := &spare{}
	s.take()
	return s
}

func (s *spare) take() { s.f, _ = os.Open(os.DevNull) }

func (s *spare) close() {
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
}

// refuse says whether a connection was refused.
func (s *spare) refuse(l net.Listener) bool {
	if s.f == nil {
		s.take()
	}
	d, ok := l.(interface{ SetDeadline(t time.Time) error })
	if s.f == nil || !ok {
		return false
	}
	s.close()
	defer s.take()
	_ = d.SetDeadline(time.Now().Add(retryAccept)) // somebody else may be faster, or the connection may be gone
	defer d.SetDeadline(time.Time{})
	c, err := l.Accept()
	if err != nil {
		return false
	}
	_ = c.SetWriteDeadline(time.Now().Add(retryAccept))
	_, _ = c.Write([]byte("-" + string(resp.ErrMaxClients) + "\r\n"))
	return c.Close() == nil
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

// clearSocket removes the Unix socket that an earlier run has left, unless a server still answers there.
func clearSocket(path string) error {
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("cannot listen on %s: another server is listening on this Unix socket", path)
	}
	return os.Remove(path)
}
