package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// events serves plain connections on gnet's event loops.
type events struct {
	gnet.BuiltinEventEngine
	srv   *Server
	eng   gnet.Engine
	ready chan struct{}
	addrs []string // of TCP that are listened on
	// socket is the Unix socket among the addresses, or nil.
	socket *unixSocket

	mu    sync.Mutex
	loops map[gnet.EventLoop]*loop
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
	ev := &events{srv: s, ready: make(chan struct{}), loops: map[gnet.EventLoop]*loop{}}
	addrs = slices.Clone(addrs)
	for i, a := range addrs {
		if path, ok := strings.CutPrefix(a, "unix://"); ok {
			var err error
			if ev.socket, err = openSocket(path); err != nil {
				return err
			}
			addrs[i] = ev.socket.address()
		} else {
			ev.addrs = append(ev.addrs, a)
		}
	}
	failed := make(chan error, 1)
	go func() {
		failed <- gnet.Rotate(ev, addrs, gnet.WithOptions(gnet.Options{
			NumEventLoop: loops, ReuseAddr: true, TCPKeepAlive: keepalive, TCPNoDelay: gnet.TCPNoDelay,
			ReadBufferCap: readBuffer, Logger: gnetLogger{s.log}, LB: gnet.RoundRobin,
		}))
	}()
	select {
	case err := <-failed:
		ev.socket.close()
		return fmt.Errorf("listen on %v: %w", addrs, err)
	case <-ev.ready:
	}
	s.mu.Lock()
	s.listeners = append(s.listeners, ev)
	s.mu.Unlock()
	return ev.socket.bound()
}

const readBuffer = 64 << 10

func (ev *events) OnBoot(eng gnet.Engine) gnet.Action {
	ev.eng = eng
	close(ev.ready)
	return gnet.None
}

func (ev *events) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := ev.eng.Stop(ctx); err != nil {
		ev.srv.log.Warn("event loops did not stop in time", "err", err)
	}
	ev.socket.close()
}

func (ev *events) loopOf(c gnet.Conn) *loop {
	el := c.EventLoop()
	ev.mu.Lock()
	defer ev.mu.Unlock()
	l := ev.loops[el]
	if l == nil {
		l = ev.srv.newLoop(func(f func()) { _ = el.Execute(context.Background(), runFunc(f)) })
		ev.loops[el] = l
	}
	return l
}

func (ev *events) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	cl, refusal := ev.srv.accept(ev.endpointOf(c))
	if cl == nil {
		return []byte(refusal), gnet.Close
	}
	ses := &session{srv: ev.srv, loop: ev.loopOf(c), cl: cl, tr: plain{c}}
	ses.w.Proto = 2
	cl.Attach(ses)
	c.SetContext(ses)
	ses.hurry()
	return nil, gnet.None
}

func (ev *events) OnTraffic(c gnet.Conn) gnet.Action {
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

func (ev *events) OnClose(c gnet.Conn, _ error) gnet.Action {
	if ses, ok := c.Context().(*session); ok {
		ses.gone()
		if conn := ses.taken.Load(); conn != nil {
			go ses.serveTaken(*conn)
		}
	}
	return gnet.None
}

func (ev *events) endpointOf(c gnet.Conn) endpoint {
	o := endpoint{fd: c.Fd()}
	if _, ok := c.LocalAddr().(*net.UnixAddr); ok {
		o.unix, o.local = true, true
		o.laddr = ev.socket.path + ":0"
		o.addr = o.laddr
		return o
	}
	o.addr, o.local = hostPort(c.RemoteAddr())
	o.laddr, _ = hostPort(localAddr(c))
	return o
}

// localAddr is the address that the client has connected to; gnet knows that of the listener only.
func localAddr(c gnet.Conn) net.Addr {
	sa, err := syscall.Getsockname(c.Fd())
	if err != nil {
		return c.LocalAddr()
	}
	switch a := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *syscall.SockaddrInet6:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	}
	return c.LocalAddr()
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
