package node_test

import (
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/node"
	"github.com/haypile/haypile/test/harness"
)

// gatedFS holds up whoever looks into the log's directory.
type gatedFS struct {
	vfs.FS
	reached, open chan struct{}
}

func (g *gatedFS) List(dir string) ([]string, error) {
	if strings.HasSuffix(dir, "binlog") {
		g.reached <- struct{}{}
		<-g.open
	}
	return g.FS.List(dir)
}

type started struct {
	n   *node.Node
	err error
}

// startGated starts a node that cannot open its databases before fs.open is closed.
func startGated(t *testing.T, args ...string) (fs *gatedFS, addr string, done chan started) {
	t.Helper()
	fs = &gatedFS{vfs.Default, make(chan struct{}, 100), make(chan struct{})}
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.New()
	args = append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--memory-budget", "256mb"}, args...)
	if err := cfg.ApplyArgs(args); err != nil {
		t.Fatal(err)
	}
	done = make(chan started, 1)
	go func() {
		n, err := node.Start(node.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), FS: fs, Version: "test"})
		done <- started{n, err}
	}()
	<-fs.reached
	return fs, "127.0.0.1:" + strconv.Itoa(port), done
}

// Who writes as soon as the port answers waits until the database is open, and is not told LOADING.
func TestWritesWaitForAStart(t *testing.T) {
	fs, addr, done := startGated(t)
	clients := []*harness.Client{dial(t, addr), dial(t, addr)}
	for _, c := range clients {
		if err := c.SendRaw([]byte("SELECT 1\r\nPING\r\nSET k v\r\nMULTI\r\nGET k\r\nEXEC\r\n")); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		if r, err := c.Receive(); err != nil || r.Str != "OK" { // what needs no data
			t.Fatal(r, err)
		}
	}
	close(fs.open)
	for _, c := range clients {
		for _, want := range []string{"PONG", "OK", "OK", "QUEUED", "*v"} {
			if r, err := c.Receive(); err != nil || flat(r) != want {
				t.Errorf("%v, %v, want %s", r, err, want)
			}
		}
	}
	s := <-done
	if s.err != nil {
		t.Fatal(s.err)
	}
	if err := s.n.Close(); err != nil {
		t.Error(err)
	}
}

// While databases are opened a server tells its role, answers what needs no data, and says LOADING otherwise, if that lasts.
func TestServesWhileLoading(t *testing.T) {
	fs, addr, done := startGated(t, "--enable-debug-command", "yes", "--replicaof", "127.0.0.1 1", "--replica-priority", "7")
	c := dial(t, addr)
	info := c.MustDo(t, "INFO").Str
	for _, want := range []string{"loading:1\r\n", "role:slave\r\n", "master_host:127.0.0.1\r\n", "master_port:1\r\n", "master_link_status:down\r\n", "run_id:", "slave_priority:0\r\n"} {
		if !strings.Contains(info, want) {
			t.Errorf("INFO has no %q", want)
		}
	}
	for _, args := range [][]any{{"PING"}, {"GET", "k"}, {"SET", "k", "v"}, {"DBSIZE"}, {"WATCH", "k"}, {"DEBUG", "OBJECT", "k"}, {"REPLSTREAM", "LOG"}, {"REPLICAOF", "NO", "ONE"}} {
		says(t, c, "LOADING", args...)
	}
	// What a Sentinel sends.
	says(t, c, "OK", "MULTI")
	says(t, c, "LOADING", "SLAVEOF", "NO", "ONE")
	says(t, c, "EXECABORT", "EXEC")
	says(t, c, "OK", "CLIENT", "SETNAME", "sentinel-1")
	says(t, c, "OK", "MULTI")
	says(t, c, "QUEUED", "INFO")
	says(t, c, "LOADING", "EXEC")
	says(t, c, "ERR EXEC without MULTI", "EXEC")
	callAll(t, addr)
	listener := dial(t, addr)
	listener.MustDo(t, "SUBSCRIBE", "__sentinel__:hello")
	says(t, c, "1", "PUBLISH", "__sentinel__:hello", "of a sentinel")
	if r, err := listener.Receive(); err != nil || !strings.Contains(r.String(), "of a sentinel") {
		t.Errorf("a message while loading: %v, %v", r, err)
	}
	close(fs.open)
	s := <-done
	if s.err != nil {
		t.Fatal(s.err)
	}
	if info := c.MustDo(t, "INFO", "persistence").Str; !strings.Contains(info, "loading:0\r\n") {
		t.Error(info)
	}
	if err := s.n.Close(); err != nil {
		t.Error(err)
	}
}

// callAll calls every command that may run without data, with arguments that mean nothing: none panics.
func callAll(t *testing.T, addr string) {
	t.Helper()
	for _, row := range command.NewTable(nil).Executable() {
		if !row.Is(command.Loading) || row.Name == "shutdown" || row.Name == "monitor" {
			continue
		}
		args := strings.Split(row.Full, "|")
		for len(args) < max(row.Arity, -row.Arity) {
			args = append(args, "0")
		}
		c, err := harness.Dial(addr)
		if err != nil {
			t.Fatal(err)
		}
		replies, err := c.Pipeline([][]string{args})
		c.Close()
		if err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%v: %v", args, err)
		}
		if len(replies) == 1 && strings.Contains(replies[0].Str, "internal error") {
			t.Errorf("%v: %v", args, replies[0])
		}
	}
}
