package harness

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Proxy is a network between a client and a server that can be made bad: cut,
// silent, slow.
type Proxy struct {
	Port   int
	target string
	l      net.Listener

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	lost   map[net.Conn]struct{} // what comes from these does not arrive
	silent chan struct{}         // closed when bytes may pass
	refuse bool
	rate   int // bytes per second of all connections together, each way; 0: any
	wg     sync.WaitGroup
	Passed int64 // bytes from the server
}

// StartProxy listens on a free port and passes everything on to an address.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	open := make(chan struct{})
	close(open)
	p := &Proxy{target: target, l: l, conns: map[net.Conn]struct{}{}, lost: map[net.Conn]struct{}{}, silent: open}
	p.Port, _ = strconv.Atoi(port)
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(func() {
		l.Close()
		p.Silence(false)
		p.Cut()
		p.wg.Wait()
	})
	return p
}

// Cut ends all connections; new ones are accepted.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// Strand lets nothing pass on the connections that there are, for good, as if TCP had given up repeating for a long time;
// new ones work.
func (p *Proxy) Strand() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		p.lost[c] = struct{}{}
	}
}

// Refuse makes new connections fail.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	p.refuse = on
	p.mu.Unlock()
}

// Silence holds every byte back, and lets them go again.
func (p *Proxy) Silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.silent:
		if on {
			p.silent = make(chan struct{})
		}
	default:
		if !on {
			close(p.silent)
		}
	}
}

// Rate limits all connections together.
func (p *Proxy) Rate(bytesPerSecond int) {
	p.mu.Lock()
	p.rate = bytesPerSecond
	p.mu.Unlock()
}

// Bytes is how many bytes have come from the server.
func (p *Proxy) Bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Passed
}

func (p *Proxy) accept() {
	defer p.wg.Done()
	for {
		c, err := p.l.Accept()
		if err != nil {
			return
		}
		p.wg.Add(1)
		go p.pass(c)
	}
}

func (p *Proxy) pass(c net.Conn) {
	defer p.wg.Done()
	defer c.Close()
	p.mu.Lock()
	refuse := p.refuse
	p.mu.Unlock()
	if refuse {
		return
	}
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	p.conns[c], p.conns[s] = struct{}{}, struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		delete(p.conns, s)
		delete(p.lost, c)
		delete(p.lost, s)
		p.mu.Unlock()
	}()
	done := make(chan struct{}, 2)
	go func() { p.copy(s, c, false); done <- struct{}{} }()
	go func() { p.copy(c, s, true); done <- struct{}{} }()
	<-done
	c.Close()
	s.Close()
	<-done
}

func (p *Proxy) copy(dst io.Writer, src net.Conn, counted bool) {
	buf := make([]byte, 16<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			p.mu.Lock()
			silent, rate := p.silent, p.rate
			_, lost := p.lost[src]
			if counted && !lost {
				p.Passed += int64(n)
			}
			p.mu.Unlock()
			if lost {
				continue // until its end, which must be seen
			}
			<-silent
			if rate > 0 {
				time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
			}
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
