package node_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/node"
	"github.com/haypile/haypile/test/harness"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func says(t *testing.T, c *harness.Client, want string, args ...any) {
	t.Helper()
	r, err := c.Do(args...)
	if err != nil || !strings.Contains(r.String(), want) {
		t.Errorf("%v: %v, %v; want %s", args, r, err, want)
	}
}

// startWith starts a node from a configuration file.
func startWith(t *testing.T, dir, text string) (*node.Node, *config.Config, string, error) {
	t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.New()
	if err := cfg.LoadFile(write(t, filepath.Join(dir, "haypile.conf"), text)); err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	if err := cfg.ApplyArgs([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", filepath.Join(dir, "data"), "--memory-budget", "64mb"}); err != nil {
		t.Fatal(err)
	}
	n, err := node.Start(node.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), FS: vfs.Default, Version: "test"})
	return n, cfg, addr, err
}

// Names are given in capitals, as in Redis's manual; ACL rules keep the old ones.
func TestRenamedCommands(t *testing.T) {
	n, _, addr, err := startWith(t, t.TempDir(), "rename-command FLUSHALL \"\"\nrename-command CONFIG Settings\nrename-command nosuch x\n")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c := dial(t, addr)
	says(t, c, "unknown command", "FLUSHALL")
	says(t, c, "unknown command", "CONFIG", "GET", "port")
	says(t, c, "port", "SETTINGS", "GET", "port")
	says(t, c, "OK", "ACL", "SETUSER", "w", "on", ">w", "+config|rewrite")
	says(t, c, "OK", "AUTH", "w", "w")
	says(t, c, "NOPERM", "settings", "GET", "port")
	says(t, c, "OK", "settings", "REWRITE")
}

func TestUsersInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	n, cfg, addr, err := startWith(t, dir, "user default on nopass ~* &* +@all -flushdb\nuser alice on >pw ~a* (+get ~b)\nacllog-max-len 2\n")
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, addr)
	says(t, c, "NOPERM", "FLUSHDB")
	says(t, c, "PONG", "PING")
	says(t, c, "OK", "AUTH", "alice", "pw")
	says(t, c, "NOPERM", "ACL", "WHOAMI")
	says(t, c, "OK", "AUTH", "default", "")
	says(t, c, "OK", "ACL", "SETUSER", "bob", "on", ">x", "+@read", "~*")
	says(t, c, "OK", "CONFIG", "REWRITE")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(cfg.Path())
	if err != nil || !strings.Contains(string(text), "user alice on \"#30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4\" ~a* resetchannels -@all (~b resetchannels -@all +get)\n") {
		t.Errorf("rewritten as\n%s%v", text, err)
	}
	n, _, addr, err = startWith(t, dir, string(text))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c = dial(t, addr)
	says(t, c, "NOPERM", "FLUSHDB")
	says(t, c, "OK", "AUTH", "bob", "x")
	says(t, c, "(nil)", "GET", "k")
	says(t, c, "NOPERM", "SET", "k", "v")
}

func TestBadUsersInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	_, cfg, _, err := startWith(t, dir, "timeout 5\nuser alice on >pw +gett\n")
	if want := cfg.Path() + `:2: user "alice": rule "+gett": Unknown command or category name in ACL; did you mean "+get"?`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, _, _, err := startWith(t, t.TempDir(), "aclfile nosuch.acl\n"); err == nil || !strings.Contains(err.Error(), "Error loading ACLs, opening file 'nosuch.acl'") {
		t.Errorf("a missing ACL file: %v", err)
	}
}

func TestACLFile(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "users.acl"), "user alice on nopass +@all ~* &*\n")
	n, _, addr, err := startWith(t, dir, "requirepass ignored\naclfile "+file+"\n")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c, alice := dial(t, addr), dial(t, addr)
	says(t, c, "PONG", "PING") // the file says nothing of default
	says(t, alice, "OK", "AUTH", "alice", "x")
	says(t, c, "OK", "ACL", "SETUSER", "eve", "on", ">eve", "+get", "~*")
	says(t, c, "OK", "ACL", "SAVE")
	text, _ := os.ReadFile(file)
	want := "user alice on nopass ~* &* +@all\nuser default on nopass ~* &* +@all\nuser eve on #85262adf74518bbb70c7cb94cd6159d91669e5a81edf1efebd543eadbda9fa2b ~* resetchannels -@all +get\n"
	if string(text) != want {
		t.Errorf("saved as\n%s", text)
	}
	write(t, file, "user bob on\nuser bob off\n")
	says(t, c, "Duplicate user 'bob' found on line 2", "ACL", "LOAD")
	says(t, alice, "PONG", "PING")
	write(t, file, "user bob on nopass +@all ~*\n")
	says(t, c, "OK", "ACL", "LOAD")
	alice.Timeout = 5 * time.Second
	if r, err := alice.Receive(); err == nil {
		t.Errorf("alice is gone from the file and still connected: %v", r)
	}
	says(t, c, `1) "bob"`, "ACL", "USERS")
	says(t, c, "OK", "AUTH", "bob", "")
	says(t, c, "OK", "ACL", "LOAD") // bob is another one now; the reply comes first
	if _, err := c.Do("PING"); err == nil {
		t.Error("bob's connection has outlived ACL LOAD")
	}
}

// ACL LOG has fields that redis-server 7.0 has not.
func TestACLLog(t *testing.T) {
	addr := startForTest(t, "--acllog-max-len", "3")
	c := dial(t, addr)
	says(t, c, "OK", "ACL", "SETUSER", "alice", "on", "nopass", "+get", "+multi", "+auth", "~a*")
	says(t, c, "WRONGPASS", "AUTH", "nobody", "x")
	says(t, c, "OK", "AUTH", "alice", "x")
	says(t, c, "NOPERM", "GET", "b")
	says(t, c, "NOPERM", "GET", "b")
	says(t, c, "OK", "MULTI")
	says(t, c, "NOPERM", "SET", "a", "1")
	says(t, c, "NOPERM", "DISCARD")
	c = dial(t, addr)
	r := c.MustDo(t, "ACL", "LOG")
	if len(r.Elems) != 3 {
		t.Fatal(r)
	}
	for i, want := range []string{
		"count 1 reason command context multi object discard username alice", "count 1 reason command context multi object set username alice",
		"count 2 reason key context toplevel object b username alice",
	} {
		if got := strings.Join(r.Elems[i].Strings()[:10], " "); got != want {
			t.Errorf("entry %d: %s, want %s", i, got, want)
		}
	}
	for i, name := range map[int]string{10: "age-seconds", 12: "client-info", 14: "entry-id", 16: "timestamp-created", 18: "timestamp-last-updated"} {
		if got := r.Elems[0].Elems[i].Str; got != name {
			t.Errorf("field %d is %s, want %s", i, got, name)
		}
	}
	says(t, c, "acl_access_denied_key:2", "INFO", "stats")
	says(t, c, "acl_access_denied_auth:1", "INFO", "stats")
}

// A client that waits has its rights looked at when it is served.
func TestBlockedClientLosesItsRights(t *testing.T) {
	addr := startForTest(t)
	c, b := dial(t, addr), dial(t, addr)
	says(t, c, "OK", "ACL", "SETUSER", "alice", "on", "nopass", "+@all", "~*")
	says(t, b, "OK", "AUTH", "alice", "x")
	if err := b.Send([]string{"BLPOP", "list", "0"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:1") {
		time.Sleep(time.Millisecond)
	}
	says(t, c, "OK", "ACL", "SETUSER", "alice", "-blpop")
	says(t, c, "1", "RPUSH", "list", "x")
	if r, err := b.Receive(); err != nil || !strings.HasPrefix(r.Str, "NOPERM") {
		t.Errorf("%v, %v", r, err)
	}
	says(t, c, "1", "LLEN", "list")
}
