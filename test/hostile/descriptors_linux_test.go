package hostile

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haypile/haypile/test/harness"
)

// A server that may open few files serves as many clients as that leaves, and says so.
func TestFewDescriptors(t *testing.T) {
	bin, err := harness.Bin()
	if err != nil {
		t.Fatal(err)
	}
	limited := harness.Need(t, "prlimit") + " --nofile=200:200 "
	if os.Geteuid() == 0 { // who could raise the limit again
		limited += harness.Need(t, "setpriv") + " --bounding-set=-sys_resource --inh-caps=-sys_resource "
	}
	script := filepath.Join(t.TempDir(), "limited")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec "+limited+bin+` "$@"`+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Options{Bin: script})
	c := s.Client(t)
	most, err := strconv.Atoi(c.MustDo(t, "CONFIG", "GET", "maxclients").Elems[1].Str)
	if err != nil || most < 20 || most > 150 {
		t.Fatalf("maxclients is %d, %v", most, err)
	}
	if !strings.Contains(s.LogTail(20), "maxclients is lowered") {
		t.Errorf("the log says nothing of it:\n%s", s.LogTail(20))
	}
	for range most - 1 {
		s.Client(t).MustDo(t, "PING")
	}
	for range 300 {
		if said := ended(t, dial(t, s)); said != "-ERR max number of clients reached\r\n" {
			t.Fatalf("one too many is told %q", said)
		}
	}
	c.MustDo(t, "SET", "k", "v")
	if r, err := c.Do("CONFIG", "SET", "maxclients", "1000"); err != nil || !strings.HasSuffix(r.Str, fmt.Sprintf("try with %d", most)) {
		t.Errorf("more than the system allows: %v %v", r, err)
	}
}

// highest is the highest descriptor of a process.
func highest(t *testing.T, pid int) (most uint64) {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Skip("what the server has open cannot be seen here: ", err)
	}
	for _, e := range list {
		if n, err := strconv.ParseUint(e.Name(), 10, 32); err == nil {
			most = max(most, n)
		}
	}
	return most
}

// Without a descriptor for a connection it is refused, at every port, and the server goes on. One may be left waiting
// in the system's queue: the descriptor that is kept for refusing can be lost to another port.
func TestNoDescriptorLeft(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir, "server")
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Options{Args: []string{"--tls-port", strconv.Itoa(port), "--tls-cert-file", cert, "--tls-key-file", key,
		"--tls-auth-clients", "no"}})
	old := s.Client(t)
	old.MustDo(t, "SET", "k", "v")
	limit := func(soft uint64) {
		t.Helper()
		if err := unix.Prlimit(s.Pid(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: soft, Max: 4096}, nil); err != nil {
			t.Skip("the limit of another process cannot be changed here: ", err)
		}
	}
	limit(highest(t, s.Pid()) + 1)
	ports := []int{s.Port, port, s.Port + 2000, s.Port + 10001}
	told, taken := 0, 0 // what was free below the limit
	for _, p := range ports {
		for refused := 0; refused < 5; {
			c, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(p), patience)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(time.Second))
			if p == port {
				secure := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
				if secure.Handshake() != nil {
					refused++
					c.Close()
					continue
				}
				c = secure
			}
			_, _ = io.WriteString(c, "PING\r\n")
			said, err := bufio.NewReader(c).ReadString('\n')
			switch {
			case said == "+PONG\r\n" && taken < 1000:
				taken++
				defer c.Close()
				continue
			case said == "-ERR max number of clients reached\r\n":
				told++
			case said != "" || err == nil:
				t.Fatalf("port %d: %q, %v", p, said, err)
			}
			refused++
			c.Close()
		}
	}
	if told == 0 {
		t.Error("nobody was told")
	}
	old.MustDo(t, "SET", "k", "w")
	log, err := os.ReadFile(s.LogPath())
	if n := strings.Count(string(log), "no file descriptor is left"); err != nil || n < 1 || n > 5 { // one a minute
		t.Errorf("%d lines in the log: %v", n, err)
	}
	limit(4096)
	for _, p := range ports {
		served := func() bool { // one that was waiting may still be refused
			c, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(p), patience)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if p == port {
				c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
			}
			r, err := harness.NewClient(c).Do("PING")
			return err == nil && r.Str == "PONG"
		}
		for tries := 0; !served(); tries++ {
			if tries == 20 {
				t.Fatalf("port %d does not serve any more", p)
			}
		}
	}
}
