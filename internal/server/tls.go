package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/config"
)

// tlsListener serves TLS connections, each on a goroutine pair of its own: one
// reads and decrypts, one is the loop of the session. Certificates are read again
// by every CONFIG SET of a tls parameter; connections keep what they began with.
type tlsListener struct {
	srv   *Server
	conf  atomic.Pointer[tls.Config]
	ls    *listeners
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
}

// loadTLS reads certificates and keys.
func loadTLS(v *config.Values) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(v.TLSCertFile, v.TLSKeyFile)
	if err != nil {
		return nil, fmt.Errorf("tls-cert-file and tls-key-file: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}}
	v.SecureTLS(c)
	if v.TLSCACertFile != "" {
		pem, err := os.ReadFile(v.TLSCACertFile)
		if err != nil {
			return nil, fmt.Errorf("tls-ca-cert-file: %w", err)
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls-ca-cert-file: %s holds no certificate", v.TLSCACertFile)
		}
	}
	switch v.TLSAuthClients {
	case config.TLSAuthYes:
		c.ClientAuth = tls.RequireAndVerifyClientCert
	case config.TLSAuthOptional:
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return c, nil
}

// ListenTLS serves tls-port until Close.
func (s *Server) ListenTLS(v *config.Values) error {
	conf, err := loadTLS(v)
	if err != nil {
		return err
	}
	t := &tlsListener{srv: s, conns: map[net.Conn]struct{}{}}
	t.conf.Store(conf)
	t.ls = newListeners(s, v.TCPKeepalive, func(c net.Conn) { t.wg.Go(func() { t.serve(c) }) })
	s.tls.Store(t) // Close stops it
	return t.ls.listen(tcpAddresses(v.Bind, int(v.TLSPort)))
}

// RebindTLS listens for TLS where bind says now. Connections stay.
func (s *Server) RebindTLS(v *config.Values) error {
	t := s.tls.Load()
	if t == nil {
		return nil
	}
	return t.ls.move(tcpAddresses(v.Bind, int(v.TLSPort)))
}

// ReloadTLS reads the certificates again.
func (s *Server) ReloadTLS(v *config.Values) error {
	t := s.tls.Load()
	if t == nil {
		return nil
	}
	conf, err := loadTLS(v)
	if err != nil {
		return err
	}
	t.conf.Store(conf)
	s.log.Info("TLS certificates loaded", "file", v.TLSCertFile)
	return nil
}

func (t *tlsListener) stop() {
	t.ls.stop()
	t.mu.Lock()
	for c := range t.conns {
		c.Close()
	}
	t.mu.Unlock()
	t.wg.Wait()
}

// handshakeTimeout bounds how long a stranger may take to say hello.
const handshakeTimeout = 10 * time.Second

func (t *tlsListener) serve(raw net.Conn) {
	t.mu.Lock()
	t.conns[raw] = struct{}{}
	t.mu.Unlock()
	defer func() {
		raw.Close()
		t.mu.Lock()
		delete(t.conns, raw)
		t.mu.Unlock()
	}()
	c := tls.Server(raw, t.conf.Load())
	_ = raw.SetDeadline(time.Now().Add(handshakeTimeout))
	if err := c.Handshake(); err != nil {
		t.srv.log.Debug("TLS handshake failed", "client", raw.RemoteAddr().String(), "err", err)
		return
	}
	_ = raw.SetDeadline(time.Time{})
	t.srv.awake()
	addr, local := hostPort(raw.RemoteAddr())
	laddr, _ := hostPort(raw.LocalAddr())
	cl, refusal := t.srv.accept(endpoint{addr: addr, laddr: laddr, tls: true, local: local})
	if cl == nil {
		_, _ = c.Write([]byte(refusal))
		return
	}
	s := &session{srv: t.srv, cl: cl, tr: &secured{c: c}}
	s.w.Proto = 2
	runSecured(s, c)
}

// secured is the transport of a TLS connection. Write waits for the peer; that
// holds up this connection only.
type secured struct{ c net.Conn }

// slowPeer is how long a peer may take to read a reply.
const slowPeer = 60 * time.Second

func (s *secured) Write(b []byte) error {
	_ = s.c.SetWriteDeadline(time.Now().Add(slowPeer))
	_, err := s.c.Write(b)
	return err
}

func (s *secured) Pending() int { return 0 }

func (s *secured) Close() { s.c.Close() }

// runSecured is the loop of one TLS connection: what is read and what is posted
// meet in one goroutine.
func runSecured(s *session, c net.Conn) {
	var mu sync.Mutex
	var posted []func()
	wake := make(chan struct{}, 1)
	s.loop = s.srv.newLoop(func(f func()) {
		mu.Lock()
		posted = append(posted, f)
		mu.Unlock()
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	s.cl.Attach(s)
	runPosted := func() {
		for {
			mu.Lock()
			list := posted
			posted = nil
			mu.Unlock()
			if len(list) == 0 {
				return
			}
			for _, f := range list {
				f()
			}
		}
	}
	data, taken := make(chan []byte), make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(data)
		buf := make([]byte, 16<<10)
		for {
			n, err := c.Read(buf)
			if n > 0 {
				select {
				case data <- buf[:n]:
				case <-quit:
					return
				}
				select {
				case <-taken:
				case <-quit:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	for open := true; open && !s.closed; {
		select {
		case b, ok := <-data:
			if open = ok; ok {
				s.feed(b)
				taken <- struct{}{}
			}
		case <-wake:
		}
		runPosted()
	}
	close(quit)
	away := s.taken.Load() != nil
	if !away {
		c.Close()
	}
	s.gone()
	runPosted()
	if away {
		for range data { //nolint:revive // it is closed when the reader has ended
		}
		_ = c.SetReadDeadline(time.Time{})
		s.serveTaken(c)
	}
}
