package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// events serves plain connections on event loops, each of which is a client of gnet's, to which connections are
// given that were accepted here: gnet's own listeners end the whole engine at the first error of accept, such as
// a shortage of descriptors, and cannot be closed without their connections.
type events struct {
	srv   *Server
	ls    *listeners
	loops []*eventLoop
	wg    sync.WaitGroup
}

// eventLoop is one of them.
type eventLoop struct {
	gnet.BuiltinEventEngine
	srv   *Server
	gnet  *gnet.Client
	loop  *loop         // since the first connection
	queue chan net.Conn // accepted
	conns atomic.Int64  // given to the loop and not closed
}

// plain is the transport of a connection on an event loop.
type plain struct{ c gnet.Conn }

func (p plain) Write(b []byte) error {
	_, err := p.c.Write(b)
	return err
}

func (p plain) Pending() int { return p.c.OutboundBuffered() }

func (p plain) Close() { p.c.Close() }

// runFunc lets a function be a gnet.Runnable.
type runFunc func()

func (f runFunc) Run(context.Context) error { f(); return nil }

// ListenPlain serves the addresses (tcp://host:port, unix://path) until Close.
func (s *Server) ListenPlain(addrs []string, loops int, keepalive time.Duration) error {
	ev := &events{srv: s}
	for range loops {
		if err := ev.start(); err != nil {
			ev.stop()
			return fmt.Errorf("cannot start an event loop: %w", err)
		}
	}
	ev.ls = newListeners(s, keepalive, ev.give)
	s.plain.Store(ev) // Close stops it
	return ev.ls.listen(addrs)
}

// acceptQueue is how many connections may wait for a loop that is busy; more wait in the system's queue.
const acceptQueue = 128

func (ev *events) start() (err error) {
	el := &eventLoop{srv: ev.srv, queue: make(chan net.Conn, acceptQueue)}
	if el.gnet, err = gnet.NewClient(el, gnet.WithOptions(gnet.Options{
		NumEventLoop: 1, ReadBufferCap: readBuffer, Logger: gnetLogger{ev.srv.log},
	})); err != nil {
		return err
	}
	if err = el.gnet.Start(); err != nil {
		return err
	}
	ev.loops = append(ev.loops, el)
	ev.wg.Go(el.enroll)
	return nil
}

const readBuffer = 64 << 10

// give hands a connection to the loop that has the fewest.
func (ev *events) give(c net.Conn) {
	el := slices.MinFunc(ev.loops, func(a, b *eventLoop) int { return cmp.Compare(a.conns.Load(), b.conns.Load()) })
	el.conns.Add(1)
	el.queue <- c
}

// enroll gives accepted connections to the loop, which takes a copy of their descriptor.
func (el *eventLoop) enroll() {
	for c := range el.queue {
		el.srv.awake()
		if _, err := el.gnet.EnrollContext(c, endpointOf(c)); err != nil {
			el.conns.Add(-1)
			if errors.Is(err, syscall.EMFILE) {
				el.srv.outOfDescriptors(err, c.LocalAddr().String())
			} else {
				el.srv.log.Debug("a connection was lost before it could be served", "err", err)
			}
		}
	}
}

func (ev *events) stop() {
	if ev.ls != nil {
		ev.ls.stop()
	}
	for _, el := range ev.loops {
		close(el.queue)
	}
	ev.wg.Wait()
	for _, el := range ev.loops {
		if err := el.gnet.Stop(); err != nil {
			ev.srv.log.Warn("an event loop has ended with an error", "err", err)
		}
	}
}

// Rebind makes addrs the only TCP addresses that are listened on; connections stay, and so does the Unix socket. If an
// address cannot be had, everything is as before.
func (s *Server) Rebind(addrs []string) error {
	ls := s.plain.Load().ls
	for _, a := range ls.addresses() {
		if strings.HasPrefix(a, "unix://") {
			addrs = append(addrs, a)
		}
	}
	return ls.move(addrs)
}

func (el *eventLoop) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	if el.loop == nil {
		gl := c.EventLoop()
		el.loop = el.srv.newLoop(func(f func()) { _ = gl.Execute(context.Background(), runFunc(f)) })
	}
	at := c.Context().(endpoint)
	at.fd = c.Fd()
	cl, refusal := el.srv.accept(at)
	if cl == nil {
		return []byte(refusal), gnet.Close
	}
	ses := &session{srv: el.srv, loop: el.loop, cl: cl, tr: plain{c}}
	ses.w.Proto = 2
	cl.Attach(ses)
	c.SetContext(ses)
	ses.hurry()
	return nil, gnet.None
}

func (el *eventLoop) OnTraffic(c gnet.Conn) gnet.Action {
	ses, ok := c.Context().(*session)
	if !ok {
		return gnet.Close
	}
	buf, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	ses.feed(buf)
	return gnet.None
}

func (el *eventLoop) OnClose(c gnet.Conn, _ error) gnet.Action {
	el.conns.Add(-1)
	if ses, ok := c.Context().(*session); ok {
		ses.gone()
		if conn := ses.taken.Load(); conn != nil {
			go ses.serveTaken(*conn)
		}
	}
	return gnet.None
}

func endpointOf(c net.Conn) (o endpoint) {
	if a, ok := c.LocalAddr().(*net.UnixAddr); ok {
		o.unix, o.local = true, true
		o.laddr = a.Name + ":0"
		o.addr = o.laddr
		return o
	}
	o.addr, o.local = hostPort(c.RemoteAddr())
	o.laddr, _ = hostPort(c.LocalAddr())
	return o
}

// hostPort prints an address as Redis does and says whether it is loopback.
func hostPort(a net.Addr) (string, bool) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return "?:0", false
	}
	ip, _ := netip.AddrFromSlice(t.IP)
	ip = ip.Unmap()
	if ip.Is6() {
		return "[" + ip.String() + "]:" + strconv.Itoa(t.Port), ip.IsLoopback()
	}
	return ip.String() + ":" + strconv.Itoa(t.Port), ip.IsLoopback()
}

// gnetLogger passes on what gnet says; its errors are about single connections
// and are of interest when one is being looked into.
type gnetLogger struct{ l *slog.Logger }

func (g gnetLogger) Debugf(format string, args ...any) {}
func (g gnetLogger) Infof(format string, args ...any)  {}
func (g gnetLogger) Warnf(format string, args ...any) {
	g.l.Debug("gnet: " + fmt.Sprintf(format, args...))
}
func (g gnetLogger) Errorf(format string, args ...any) {
	g.l.Debug("gnet: " + fmt.Sprintf(format, args...))
}
func (g gnetLogger) Fatalf(format string, args ...any) {
	g.l.Error("gnet: " + fmt.Sprintf(format, args...))
}
