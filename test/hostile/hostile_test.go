// Package hostile holds the tests of a server among peers that mean no good or know no better, and of what it tells an operator.
package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	mrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

const patience = 10 * time.Second

func dial(t *testing.T, s *harness.Server) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", s.Addr(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ended waits until the server has closed a connection and returns what it said before.
func ended(t *testing.T, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	said, err := io.ReadAll(io.LimitReader(c, 1<<30))
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the connection is still open after %v; the server said %.200q", patience, said)
	}
	return string(said)
}

// rss is the resident memory of the server, or 0 where the system does not tell.
func rss(s *harness.Server) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// watch is a well-behaved client that works until the returned function is called, which tells the slowest reply. It also
// keeps the server's highest memory.
func watch(t *testing.T, s *harness.Server) (stop func() (slowest time.Duration, memory int64, rounds int)) {
	c := s.Client(t)
	quit, done := make(chan struct{}), make(chan struct{})
	var slowest time.Duration
	var memory int64
	rounds := 0
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-time.After(5 * time.Millisecond):
			}
			value := strconv.Itoa(rounds)
			for _, step := range [][]string{{"PING", "PONG"}, {"SET good " + value, "OK"}, {"GET good", value}} {
				began := time.Now()
				r, err := c.Do(strings.Fields(step[0]))
				if err != nil || r.Str != step[1] {
					t.Errorf("the well-behaved client: %s gives %v, %v", step[0], r, err)
					return
				}
				if took := time.Since(began); took > slowest {
					slowest = took
					if took > 100*time.Millisecond {
						t.Logf("%s: %s took %v", time.Now().UTC().Format("15:04:05.000"), step[0], took)
					}
				}
			}
			rounds++
			memory = max(memory, rss(s))
		}
	}()
	return func() (time.Duration, int64, int) {
		close(quit)
		<-done
		return slowest, memory, rounds
	}
}

func TestHostilePeers(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--memory-budget", "128mb", "--client-output-buffer-limit", "normal 4mb 0 0"}})
	c := s.Client(t)
	c.MustDo(t, "SET", "big", strings.Repeat("x", 100<<10))
	stop := watch(t, s)

	t.Run("idle", func(t *testing.T) {
		for range 200 {
			dial(t, s)
		}
	})
	t.Run("garbage", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 50 {
			c := dial(t, s)
			wg.Go(func() {
				rng := mrand.New(mrand.NewPCG(1, uint64(i)))
				junk := make([]byte, 20_000)
				for j := range junk {
					junk[j] = byte(rng.Uint32())
				}
				_ = c.SetDeadline(time.Now().Add(patience))
				_, _ = c.Write(junk)
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, c)
			})
		}
		wg.Wait()
	})
	refused := func(name, bytes, want string) {
		t.Run(name, func(t *testing.T) {
			c := dial(t, s)
			_, _ = io.WriteString(c, bytes)
			if said := ended(t, c); !strings.Contains(said, want) {
				t.Errorf("%q is answered by %.200q, want %q", bytes, said, want)
			}
		})
	}
	refused("bulk beyond proto-max-bulk-len", "*1\r\n$600000000\r\n", "Protocol error: invalid bulk length")
	refused("negative bulk", "*1\r\n$-5\r\n", "Protocol error: invalid bulk length")
	refused("huge multibulk", "*2147483648\r\n", "Protocol error: invalid multibulk length")
	refused("huge number", "*99999999999999999999999\r\n", "Protocol error: invalid multibulk length")
	refused("no dollar", "*1\r\n!4\r\nPING\r\n", "Protocol error: expected '$'")
	refused("endless inline", strings.Repeat("a", 70<<10), "Protocol error: too big inline request")
	t.Run("half commands", func(t *testing.T) {
		for _, half := range []string{"*", "*3\r\n", "*3\r\n$3\r\nSE", "*1000000\r\n", "*1\r\n$500000000\r\n", "PIN"} {
			for range 20 { // what is announced must not be allocated
				_, _ = io.WriteString(dial(t, s), half)
			}
		}
	})
	t.Run("slow loris", func(t *testing.T) {
		c := dial(t, s)
		for _, b := range []byte("*1\r\n$4\r\nPING\r\n") {
			_, _ = c.Write([]byte{b})
			time.Sleep(20 * time.Millisecond)
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		pong := make([]byte, 7)
		if _, err := io.ReadFull(c, pong); err != nil || string(pong) != "+PONG\r\n" {
			t.Errorf("%q, %v", pong, err)
		}
	})
	t.Run("replies never read", func(t *testing.T) {
		for _, command := range []string{"GET big\r\n", "PING\r\n"} {
			c := dial(t, s)
			_ = c.SetWriteDeadline(time.Now().Add(patience))
			var err error
			for i := 0; i < 2000 && err == nil; i++ { // 16 MB and more of commands
				_, err = io.WriteString(c, strings.Repeat(command, 1000))
			}
			if timeout := net.Error(nil); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
				t.Errorf("%q: the server did not close a peer that owes it 4 MB of reading (%v)", command, err)
			}
		}
	})

	slowest, memory, rounds := stop()
	t.Logf("the well-behaved client: %d rounds, slowest reply %v; server's memory at most %d MB", rounds, slowest, memory>>20)
	if slowest > time.Second || rounds == 0 {
		t.Errorf("slowest reply to the well-behaved client: %v (%d rounds)", slowest, rounds)
	}
	if memory > 600<<20 {
		t.Errorf("the server has grown to %d MB", memory>>20)
	}
	if r := c.MustDo(t, "INFO"); !strings.Contains(r.Str, "connected_clients") {
		t.Errorf("INFO: %.200q", r.Str)
	}
	text, err := os.ReadFile(s.LogPath())
	if err != nil || !s.Alive() || strings.Contains(string(text), "panic") || strings.Contains(string(text), "goroutine ") {
		t.Errorf("alive: %v, log: %v\n%s", s.Alive(), err, s.LogTail(40))
	}
}

// refusedStart runs a server that must not start and returns what it said.
func refusedStart(t *testing.T, args ...string) string {
	t.Helper()
	bin, err := harness.Bin()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append([]string{"server"}, args...)...)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("a start with %q ends with %v:\n%s", args, err, out)
	}
	return string(out)
}

func TestOperator(t *testing.T) {
	s := harness.Start(t, harness.Options{})
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	out := refusedStart(t, "--port", strconv.Itoa(port), "--dir", s.DataDir())
	if !strings.Contains(out, s.DataDir()) || !strings.Contains(out, "in use") {
		t.Errorf("a second server on the directory says:\n%s", out)
	}
	conf := filepath.Join(t.TempDir(), "my.conf")
	if err := os.WriteFile(conf, []byte("# mine\nmaxclient 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := refusedStart(t, conf); !strings.Contains(out, conf+":2") || !strings.Contains(out, `"maxclients"`) {
		t.Errorf("an unknown parameter gives:\n%s", out)
	}
	s.Client(t).MustDo(t, "SET", "kept", "1")
	if err := s.Stop(); err != nil { // an error is any exit code but 0
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if r := s.Client(t).MustDo(t, "GET", "kept"); r.Str != "1" {
		t.Errorf("after SIGTERM and restart: %v", r)
	}
}

func TestPassword(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--requirepass", "secret"}})
	c := s.Client(t)
	for _, step := range [][2]string{{"GET a", "NOAUTH "}, {"AUTH wrong", "WRONGPASS "}, {"AUTH secret", "OK"}, {"SET a 1", "OK"}, {"GET a", "1"}} {
		if r, err := c.Do(strings.Fields(step[0])); err != nil || !strings.HasPrefix(r.Str, step[1]) {
			t.Errorf("%s: %v, %v", step[0], r, err)
		}
	}
	stranger := dial(t, s)
	_, _ = io.WriteString(stranger, "*2\r\n$4\r\nAUTH\r\n$20000\r\n")
	if said := ended(t, stranger); !strings.Contains(said, "unauthenticated bulk length") {
		t.Errorf("a stranger's large argument: %q", said)
	}
}

func TestProtectedMode(t *testing.T) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil
	})
	if i < 0 {
		t.Skip("protected mode lets loopback in, and this machine has no other address")
	}
	s := harness.Start(t, harness.Options{Args: []string{"--protected-mode", "yes"}})
	outside := net.JoinHostPort(addrs[i].(*net.IPNet).IP.String(), strconv.Itoa(s.Port))
	c, err := harness.Dial(outside)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if r, err := c.Do("PING"); err != nil || !strings.HasPrefix(r.Str, "DENIED ") {
		t.Errorf("from %s in protected mode: %v, %v", outside, r, err)
	}
	s.Client(t).MustDo(t, "CONFIG", "SET", "protected-mode", "no")
	open, err := harness.Dial(outside)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	open.MustDo(t, "SET", "a", "1")
}

func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "hp") // such paths must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "Capital", "S")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Options{Args: []string{"--unixsocket", path, "--unixsocketperm", "700"}})
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c := harness.NewClient(conn)
	defer c.Close()
	if r := c.MustDo(t, "PING"); r.Str != "PONG" {
		t.Error(r)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if r := c.MustDo(t, "CLIENT", "INFO"); !strings.Contains(r.Str, " addr="+path+":0 ") {
		t.Error(r)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// certificate writes a self-signed certificate and its key.
func certificate(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir, "first")
	cert2, key2 := certificate(t, dir, "second")
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Options{Args: []string{"--tls-port", strconv.Itoa(port), "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no"}})
	connect := func(want string) *harness.Client {
		t.Helper()
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", "127.0.0.1:"+strconv.Itoa(port), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if name := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; name != want {
			t.Errorf("the certificate is %s, want %s", name, want)
		}
		return harness.NewClient(conn)
	}
	old := connect("first")
	old.MustDo(t, "SET", "k", strings.Repeat("v", 1<<20))
	plain := s.Client(t)
	plain.MustDo(t, "CONFIG", "SET", "tls-cert-file", cert2, "tls-key-file", key2)
	if r := connect("second").MustDo(t, "STRLEN", "k"); r.Int != 1<<20 {
		t.Error(r)
	}
	old.MustDo(t, "PING") // a connection keeps what it began with
	if r, err := plain.Do("CONFIG", "SET", "tls-cert-file", filepath.Join(dir, "nosuch")); err != nil || !r.IsError() {
		t.Errorf("a certificate that is not there: %v, %v", r, err)
	}
	connect("second").MustDo(t, "PING")
}

func TestMaxClients(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--maxclients", "3"}})
	c := s.Client(t)
	c.MustDo(t, "PING")
	for range 4 {
		dial(t, s)
	}
	if said := ended(t, dial(t, s)); said != "-ERR max number of clients reached\r\n" {
		t.Errorf("one too many is told %q", said)
	}
	c.MustDo(t, "PING")
}

func TestTimeout(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--timeout", "1"}})
	if said := ended(t, dial(t, s)); said != "" {
		t.Errorf("an idle client is told %q", said)
	}
}

func TestBackupStarts(t *testing.T) {
	backups := t.TempDir()
	s := harness.Start(t, harness.Options{Args: []string{"--backup-dir", backups}})
	c := s.Client(t)
	c.MustDo(t, "SET", "k", "before")
	c.MustDo(t, "BGSAVE")
	var found []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r := c.MustDo(t, "INFO", "persistence"); strings.Contains(r.Str, "rdb_bgsave_in_progress:0") {
			if found, _ = filepath.Glob(filepath.Join(backups, "*", "FORMAT")); len(found) > 0 {
				break
			}
		}
	}
	if len(found) != 1 {
		t.Fatalf("backups found: %q", found)
	}
	c.MustDo(t, "SET", "k", "after")
	restored := harness.Start(t, harness.Options{Args: []string{"--dir", filepath.Dir(found[0])}})
	if r := restored.Client(t).MustDo(t, "GET", "k"); r.Str != "before" {
		t.Errorf("in the backup k is %v", r)
	}
}
