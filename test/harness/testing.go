package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logTailLines is how much of a server's log a failed test shows.
const logTailLines = 80

// Start launches a server for a test and arranges its end: the process is killed, its directory removed when the test passed, and
// kept and named beside the end of its log when it failed.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	if opts.Flavor == Redis {
		opts.Bin = Need(t, "redis-server")
	} else if isRedis(os.Getenv("HAYPILE_BIN")) {
		opts.Bin = Need(t, "redis-server")
	}
	name := opts.Name
	if name == "" {
		name = opts.Flavor.String()
	}
	opts.Name = strings.NewReplacer("/", "_", " ", "_").Replace(t.Name()) + "-" + name
	s, err := Launch(opts)
	if err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() { finish(t, s, name) })
	return s
}

func finish(t testing.TB, s *Server, name string) {
	if !s.Alive() {
		t.Logf("%s had ended: %v", name, s.exitErr)
	}
	_ = s.Kill()
	if t.Failed() {
		t.Logf("%s: directory kept: %s; end of its log:\n%s", name, s.Dir, s.LogTail(logTailLines))
		return
	}
	if os.Getenv("HARNESS_KEEP") != "" {
		t.Logf("%s: directory kept: %s", name, s.Dir)
		return
	}
	if err := os.RemoveAll(s.Dir); err != nil {
		t.Logf("%s: %v", name, err)
	}
}

// Client connects to the server for the duration of the test.
func (s *Server) Client(t testing.TB) *Client {
	t.Helper()
	c, err := Dial(s.Addr())
	if err != nil {
		t.Fatalf("connect to %s: %v", filepath.Base(s.Dir), err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// MustDo is [Client.Do] for commands that cannot fail: an I/O error or an error reply ends the test.
func (c *Client) MustDo(t testing.TB, args ...any) Reply {
	t.Helper()
	r, err := c.Do(args...)
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		t.Fatalf("%s: %v", CommandLine(Args(args...)), err)
	}
	return r
}
