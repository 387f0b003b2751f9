package replication

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Service is what a master offers to replicas.
type Service string

const (
	ServiceLog  Service = "LOG"
	ServiceCopy Service = "COPY"
)

// Transport says which ports may be used; the values are config's.
type Transport uint8

const (
	Auto Transport = iota
	Dedicated
	Single
)

// Dialer connects to a master's services: at the dedicated port of the service, or at
// the client port, where the same service answers. It remembers what worked.
type Dialer struct {
	Settings func() DialSettings
	Logger   *slog.Logger

	mu     sync.Mutex
	single map[string]time.Time // service and address whose dedicated port could not be reached, and since when
	ports  map[Service]int      // as the master has announced them
	said   map[string]string    // what was said about a port last: not to be repeated
}

// DialSettings may change while running.
type DialSettings struct {
	Transport      Transport
	User, Password string
	TLS            *tls.Config // nil: plain
	Timeout        time.Duration
	Source         string          // IP address to come from; empty: the system's choice
	Ports          map[Service]int // 0: the master's port plus PortOffset
}

// PortOffset is where Pika, and Haypile, put the dedicated ports.
var PortOffset = map[Service]int{ServiceLog: 2000, ServiceCopy: 10001}

// What operators are told about the services.
var (
	serviceNames   = map[Service]string{ServiceLog: "log stream", ServiceCopy: "full copies"}
	announceParams = map[Service]string{ServiceLog: "replica-announce-log-port", ServiceCopy: "replica-announce-full-sync-port"}
)

// Words is what people call a service.
func (s Service) Words() string { return "the " + serviceNames[s] }

// tryAgain is how long the client port is used before the dedicated one is tried again.
const tryAgain = 10 * time.Minute

// Announced takes over the ports that a master names.
func (d *Dialer) Announced(p MasterPorts) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ports = map[Service]int{ServiceLog: p.Log, ServiceCopy: p.Copy}
}

// Dial connects, authenticates and asks for the service. via names the port in words.
func (d *Dialer) Dial(ctx context.Context, master Address, s Service) (conn net.Conn, rest []byte, via string, err error) {
	set := d.Settings()
	dedicated := d.port(set, master, s)
	if set.Transport != Single && dedicated > 0 && d.worthTrying(set, master, s) {
		conn, rest, err = d.open(ctx, set, Address{master.Host, dedicated}, s, set.Transport == Auto)
		if err == nil {
			d.reached(master, s)
			return conn, rest, fmt.Sprintf("dedicated port %d", dedicated), nil
		}
		if ctx.Err() != nil {
			return nil, nil, "", ctx.Err()
		}
		if !unreachable(err) { // another port would say the same
			return nil, nil, "", err
		}
		advice := fmt.Sprintf("port %d of %s, which serves the %s, cannot be reached: %v. Open or map that port, announce another with %s at the master, "+
			"or leave it: replication-transport auto uses the client port", dedicated, master.Host, serviceNames[s], err, announceParams[s])
		if set.Transport == Dedicated {
			return nil, nil, "", errors.New(advice)
		}
		d.notReached(master, s, advice)
	}
	conn, rest, err = d.open(ctx, set, master, s, false)
	if err != nil {
		return nil, nil, "", err
	}
	return conn, rest, "client port", nil
}

// unreachable tells a port that is not there from a master that refuses.
func unreachable(err error) bool {
	var no refusedBy
	return !errors.As(err, &no)
}

func (d *Dialer) port(set DialSettings, master Address, s Service) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case set.Ports[s] != 0:
		return set.Ports[s]
	case d.ports[s] != 0:
		return d.ports[s]
	}
	if p := master.Port + PortOffset[s]; p <= 65535 {
		return p
	}
	return 0
}

func (d *Dialer) worthTrying(set DialSettings, master Address, s Service) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	since, failed := d.single[string(s)+master.String()]
	return set.Transport == Dedicated || !failed || time.Since(since) > tryAgain
}

func (d *Dialer) reached(master Address, s Service) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.single, string(s)+master.String())
	delete(d.said, string(s)+master.String())
}

func (d *Dialer) notReached(master Address, s Service, advice string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := string(s) + master.String()
	if d.single == nil {
		d.single, d.said = map[string]time.Time{}, map[string]string{}
	}
	d.single[key] = time.Now()
	if d.said[key] != advice {
		d.said[key] = advice
		d.Logger.Warn("replication goes over the client port: " + advice)
	}
}

// Unreached is what is wrong with the dedicated ports of a master, if anything.
func (d *Dialer) Unreached(master Address) (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range []Service{ServiceLog, ServiceCopy} {
		if text := d.said[string(s)+master.String()]; text != "" {
			list = append(list, text)
		}
	}
	return list
}

// refusedBy is an answer of the other side that ends the attempt.
type refusedBy struct{ text string }

func (e refusedBy) Error() string { return e.text }

// probeTimeout bounds the attempt to reach a dedicated port when there is another way.
const probeTimeout = 3 * time.Second

func (d *Dialer) open(ctx context.Context, set DialSettings, a Address, s Service, probe bool) (net.Conn, []byte, error) {
	timeout := set.Timeout
	if probe {
		timeout = min(timeout, probeTimeout)
	}
	dialer := net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	if set.Source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(set.Source)}
	}
	conn, err := dialer.DialContext(ctx, "tcp", a.String())
	if err != nil {
		return nil, nil, dialError(a, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(timeout))
	if set.TLS != nil {
		c := set.TLS.Clone()
		c.ServerName = a.Host
		conn = tls.Client(conn, c)
	}
	rest, err := handshake(conn, set, s)
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("%s: %w", a, err)
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, rest, nil
}

func dialError(a Address, err error) error {
	var no *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: nothing listens there (connection refused)", a)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: this machine does not have the address that bind-source-addr names (%w)", a, err)
	case errors.As(err, &no) && no.Timeout():
		return fmt.Errorf("%s: no answer (a firewall or NAT may be dropping the packets)", a)
	}
	return fmt.Errorf("%s: %w", a, err)
}

// handshake speaks RESP until the service answers.
func handshake(conn net.Conn, set DialSettings, s Service) (rest []byte, err error) {
	r := bufio.NewReader(conn)
	if set.Password != "" {
		words := []string{"AUTH", set.Password}
		if set.User != "" {
			words = []string{"AUTH", set.User, set.Password}
		}
		if err := exchange(conn, r, "+OK", words...); err != nil {
			return nil, fmt.Errorf("masterauth: %w", err)
		}
	}
	if err := exchange(conn, r, "+HAYPILE", "REPLSTREAM", string(s)); err != nil {
		return nil, err
	}
	rest = make([]byte, r.Buffered())
	_, err = r.Read(rest)
	if len(rest) == 0 {
		err = nil
	}
	return rest, err
}

func exchange(conn net.Conn, r *bufio.Reader, want string, words ...string) error {
	b := []byte("*" + strconv.Itoa(len(words)) + "\r\n")
	for _, w := range words {
		b = append(b, "$"+strconv.Itoa(len(w))+"\r\n"+w+"\r\n"...)
	}
	if _, err := conn.Write(b); err != nil {
		return err
	}
	line, err := r.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	answer := strings.TrimRight(string(line), "\r\n")
	switch {
	case answer == want:
		return nil
	case strings.HasPrefix(answer, "-ERR unknown command"):
		return refusedBy{"the server there is no Haypile: it does not know REPLSTREAM. Data of a Redis or Pika server is taken over with haypile import"}
	case strings.HasPrefix(answer, "-"):
		return refusedBy{fmt.Sprintf("the server there answers: %.300s", answer[1:])}
	}
	return refusedBy{fmt.Sprintf("the server there gives an answer that makes no sense: %.60q", answer)}
}
