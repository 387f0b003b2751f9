package harness

import (
	"net"
	"os"
	"testing"
)

// TestReplies reads every reply type from a peer that is only a string, and checks the text that redis-cli would show.
func TestReplies(t *testing.T) {
	check := func(wire, want string, kind Kind) {
		t.Helper()
		ours, theirs := net.Pipe()
		go func() {
			_, _ = theirs.Write([]byte(wire))
			_ = theirs.Close()
		}()
		c := NewClient(ours)
		defer c.Close()
		r, err := c.Receive()
		got := r.String()
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want || (err == nil && r.Kind != kind) {
			t.Errorf("%q\n got %c %s\nwant %c %s", wire, r.Kind, got, kind, want)
		}
	}
	check("+OK\r\n", "OK", Simple)
	check("-ERR no\r\n", "(error) ERR no", Error)
	check(":-5\r\n", "(integer) -5", Int)
	check("$4\r\na\r\n\"\r\n", `"a\r\n\""`, Bulk)
	check("$-1\r\n", "(nil)", Bulk)
	check("*-1\r\n", "(nil)", Array)
	check("_\r\n", "(nil)", Null)
	check("*0\r\n", "(empty array)", Array)
	check("*2\r\n:1\r\n*2\r\n$1\r\na\r\n:2\r\n", "1) (integer) 1\n2) 1) \"a\"\n   2) (integer) 2", Array)
	check(",1.5\r\n", "(double) 1.5", Double)
	check("#t\r\n", "(true)", Bool)
	check("(123456789012345678901234567890\r\n", "(big number) 123456789012345678901234567890", BigNumber)
	check("%1\r\n+k\r\n:1\r\n", "1# k => (integer) 1", Map)
	check("~1\r\n$1\r\na\r\n", `1~ "a"`, Set)
	check(">1\r\n+x\r\n", "1> x", Push)
	check("=7\r\ntxt:abc\r\n", `(verbatim) "txt:abc"`, Verbatim)
	check("|1\r\n+k\r\n+v\r\n:3\r\n", "(integer) 3", Int)
	check("$5\r\nabc", "error: unexpected EOF", Bulk)
	check("?\r\n", `error: protocol: unknown type byte in "?"`, 0)
	check("$3\r\nabcde\r\n", "error: protocol: bulk string of 3 bytes not followed by CR LF", Bulk)
	check("*99999999999\r\n", `error: protocol: bad length "99999999999" of an aggregate`, Array)
}

func TestCommandLine(t *testing.T) {
	got := CommandLine([]string{"SET", "", "a b", "\x00é", "plain"})
	if want := `SET "" "a b" "\x00\xc3\xa9" plain`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestServerLife walks a server through start, kill -9, restart on its data, and clean stop.
func TestServerLife(t *testing.T) {
	f := func(t *testing.T, flavor Flavor, args ...string) {
		s := Start(t, Options{Flavor: flavor, Args: args})
		c := s.Client(t)
		c.MustDo(t, "SET", "k", 42)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do("PING"); err == nil {
			t.Error("a killed server answers")
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		c = s.Client(t)
		if r := c.MustDo(t, "GET", "k"); r.Str != "42" {
			t.Errorf("after kill -9: GET k is %v", r)
		}
		replies, err := c.Pipeline([][]string{{"GET", "k"}, {"NOSUCH"}, {"INCR", "k"}})
		if err != nil || len(replies) != 3 || !replies[1].IsError() || replies[2].Int != 43 {
			t.Errorf("pipeline: %v, %v", replies, err)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("clean stop: %v", err)
		}
	}
	t.Run("redis", func(t *testing.T) { f(t, Redis, "--appendonly", "yes") })
	t.Run("haypile", func(t *testing.T) { f(t, Haypile, "--memory-budget", "64mb") })
}

// TestKeptDirectory checks H3 from the passing side; the failing side shows itself in any failed test.
func TestKeptDirectory(t *testing.T) {
	var dir string
	t.Run("passes", func(t *testing.T) { dir = Start(t, Options{Flavor: Redis}).Dir })
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("directory of a passed test is still there: %s (%v)", dir, err)
	}
}
