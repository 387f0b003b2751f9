package hostile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// frame spells a frame of a link between servers.
func frame(kind byte, payload string) []byte {
	b := make([]byte, 9, 9+len(payload))
	binary.LittleEndian.PutUint32(b, uint32(len(payload)))
	b[8] = kind
	b = append(b, payload...)
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// Strangers who ask for the services of replicas, on all three ports, are told no, or the connection
// ends; the server goes on, and does not grow.
func TestServicesOfReplicas(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--enable-debug-command", "yes"}})
	c := s.Client(t)
	c.MustDo(t, "SET", "k", "v")
	hello := `{"version":4,"run_id":"stranger","keyspace":"ordered","databases":16}`
	huge := frame(1, "")
	binary.LittleEndian.PutUint32(huge, 1<<31)
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	ask := func(name string, lsn uint64) []byte {
		return append(frame(1, hello), frame(4, fmt.Sprintf(`{"name":%q,"lsn":%d,"histories":[]}`, name, lsn))...)
	}
	open := func(db string) []byte {
		return frame(1, fmt.Sprintf(`{"version":1,"replica":"x","name":"y","database":%q}`, db))
	}
	fetch := func(file uint32, offset uint64) []byte {
		b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, file), offset)
		return append(open("db0"), frame(6, string(b))...)
	}
	attacks := map[string][]byte{
		"nothing": nil, "noise": noise, "a huge frame": huge, "half a frame": frame(1, hello)[:20], "a record": frame(6, "xxxxxxxxxxxxxxxxxxxx"),
		"an unknown database": ask("db99", 0), "a path": ask("../../etc", 0), "a position beyond the end": ask("db0", 1<<62),
		"histories without end": append(frame(1, hello), frame(4, `{"name":"db0","lsn":1,"histories":[`+strings.Repeat(`{"id":"00","start":0},`, 500)+`{}]}`)...),
		"another version":       frame(1, `{"version":99}`), "not JSON": frame(1, "{{{{"), "odd acknowledgement": append(frame(1, hello), frame(8, "abc")...),
		"a copy of an unknown database": open("db99"), "a copy of a path": open("../../../etc/passwd"), "a file that is not there": fetch(1<<31, 0),
		"an offset that is not there": fetch(0, 1<<60), "a short request": append(open("db0"), frame(6, "x")...),
	}
	before := rss(s)
	for port, services := range map[int][]string{s.Port: {"LOG", "COPY"}, s.Port + 2000: {"LOG"}, s.Port + 10001: {"COPY"}} {
		for _, service := range services {
			for name, attack := range attacks {
				t.Run(fmt.Sprintf("%s on %d %s", service, port-s.Port, name), func(t *testing.T) {
					conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
					fmt.Fprintf(conn, "REPLSTREAM %s\r\n", service)
					line := make([]byte, 10)
					if _, err := io.ReadFull(conn, line); err != nil || string(line) != "+HAYPILE\r\n" {
						t.Fatalf("%q %v", line, err)
					}
					_, _ = conn.Write(attack)
					if tcp, ok := conn.(*net.TCPConn); ok {
						_ = tcp.CloseWrite()
					}
					answer, _ := io.ReadAll(io.LimitReader(conn, 4<<20))
					if bytes.Contains(answer, []byte("root:")) {
						t.Fatal("a file of the system was sent")
					}
					if service == "LOG" && name == "an unknown database" && !bytes.Contains(answer, []byte(`"run_id"`)) {
						t.Fatalf("the stranger was not let in, so the rest is not tested: %q", answer)
					}
				})
			}
		}
	}
	if v := c.MustDo(t, "GET", "k").Str; v != "v" {
		t.Errorf("the server answers %q", v)
	}
	if grown := rss(s) - before; grown > 64<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
}

// Who has not said the password gets no service.
func TestServicesNeedThePassword(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--requirepass", "secret"}})
	for port, service := range map[int]string{s.Port: "LOG", s.Port + 2000: "LOG", s.Port + 10001: "COPY"} {
		conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(conn, "REPLSTREAM %s\r\n", service)
		b := make([]byte, 64)
		n, _ := conn.Read(b)
		if !strings.HasPrefix(string(b[:n]), "-NOAUTH") {
			t.Errorf("port %d answers %q", port, b[:n])
		}
		conn.Close()
	}
	noisy(t, s)
}

// say sends bytes to a port and returns everything that is answered until the other side closes.
func say(t *testing.T, port int, what string) string {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	go func() { _, _ = conn.Write([]byte(what)) }()
	answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
		t.Errorf("port %d leaves the connection open after %.40q (%.100q)", port, what, answer)
	}
	return string(answer)
}

// A port that is dedicated to a service gives it, lets its users log in, and tells everybody else where to go.
func TestDedicatedPortsServeReplicasOnly(t *testing.T) {
	s := harness.Start(t, harness.Options{Args: []string{"--enable-debug-command", "yes", "--repl-timeout", "2"}})
	c := s.Client(t)
	c.MustDo(t, "SET", "k", "v")
	for _, p := range []struct {
		port  int
		other string
	}{{s.Port + 2000, "COPY"}, {s.Port + 10001, "LOG"}} {
		for _, cmd := range []string{"GET k", "SET k stolen", "KEYS *", "EVAL return{1} 0", "REPLICAOF NO ONE", "CONFIG GET *", "SHUTDOWN NOSAVE", "MULTI", "SUBSCRIBE x", "MONITOR", "DEBUG SLEEP 0",
			"INFO", "NOSUCHCOMMAND x", "GET / HTTP/1.1", "REPLSTREAM " + p.other, "REPLSTREAM", "CLIENT KILL ID 1", "RESET"} {
			answer := say(t, p.port, cmd+"\r\nPING\r\n")
			if !strings.HasPrefix(answer, "-ERR this port serves ") || !strings.Contains(answer, fmt.Sprintf("clients connect to port %d", s.Port)) || strings.Contains(answer, "PONG") {
				t.Errorf("port %d answers %q to %s", p.port, answer, cmd)
			}
		}
		if answer := say(t, p.port, "PING\r\nHELLO 2\r\nQUIT\r\n"); !strings.HasPrefix(answer, "+PONG\r\n*") {
			t.Errorf("port %d answers %q to what is allowed", p.port, answer)
		}
		begin := time.Now()
		if answer := say(t, p.port, "PING\r\n"); answer != "+PONG\r\n" || time.Since(begin) > 9*time.Second {
			t.Errorf("who asks for nothing is kept: %q", answer)
		}
	}
	if v := c.MustDo(t, "GET", "k").Str; v != "v" {
		t.Errorf("k is %q", v)
	}
	noisy(t, s)
}

// Garbage and lengths without measure are refused on all three ports, whether there is a password or not, within bounds of memory, and the
// log does not grow with them.
func TestGarbageOnAllPorts(t *testing.T) {
	for _, args := range [][]string{nil, {"--requirepass", "secret"}} {
		s := harness.Start(t, harness.Options{Args: args})
		before := rss(s)
		for _, port := range []int{s.Port, s.Port + 2000, s.Port + 10001} {
			for _, attack := range []string{"*1000000000000\r\n", "*1\r\n$1000000000000\r\n", "*1\r\n!\r\n", strings.Repeat("a", 1<<20), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n*x\r\n",
				"*2\r\n$4\r\nAUTH\r\n$2000000000\r\n"} {
				for range 3 {
					if answer := say(t, port, attack); answer != "" && !strings.HasPrefix(answer, "-") {
						t.Errorf("port %d answers %.80q to %.40q", port, answer, attack)
					}
				}
			}
		}
		if grown := rss(s) - before; grown > 64<<20 {
			t.Errorf("memory grew by %d MB", grown>>20)
		}
		noisy(t, s)
	}
}

// noisy checks that refusals are in the log, and not one line for each.
func noisy(t *testing.T, s *harness.Server) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(s.Dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(log, []byte("a connection was refused")); n < 1 || n > 4 {
		t.Errorf("%d lines about refused connections in the log", n)
	}
}
