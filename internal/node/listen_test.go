package node_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

func replies(t *testing.T, c *harness.Client, want string, args ...any) {
	t.Helper()
	if r, err := c.Do(args...); err != nil || !strings.HasPrefix(r.Str, want) {
		t.Errorf("%v: %v %v, want %s", args, r.Str, err, want)
	}
}

func listens(t *testing.T, addr string, want bool) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	if (err == nil) != want {
		t.Errorf("connecting to %s: %v, want a connection: %v", addr, err, want)
	}
}

func TestPortMovesWhileRunning(t *testing.T) {
	first := startForTest(t)
	old := dial(t, first)
	c, at := old, first
	for range 3 { // what is left of each group of listeners must hinder no other
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		replies(t, c, "OK", "CONFIG", "SET", "port", port)
		next := fmt.Sprintf("127.0.0.1:%d", port)
		listens(t, at, false)
		replies(t, old, "PONG", "PING") // connections stay
		c, at = dial(t, next), next
		replies(t, c, "PONG", "PING")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	replies(t, c, "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port", "CONFIG", "SET", "timeout", 77, "port", port)
	replies(t, dial(t, at), "PONG", "PING")
	if got := c.MustDo(t, "CONFIG", "GET", "port").Elems[1].Str; "127.0.0.1:"+got != at {
		t.Errorf("port is %s at %s", got, at)
	}
	if got := c.MustDo(t, "CONFIG", "GET", "timeout").Elems[1].Str; got != "0" {
		t.Errorf("timeout is %s: the whole CONFIG SET is to fail", got)
	}
	_, back, _ := net.SplitHostPort(first)
	replies(t, c, "OK", "CONFIG", "SET", "port", back)
	replies(t, dial(t, first), "PONG", "PING")
	listens(t, at, false)
}

func TestBindMovesWhileRunning(t *testing.T) {
	addr := startForTest(t)
	_, port, _ := net.SplitHostPort(addr)
	other := net.JoinHostPort("127.0.0.2", port)
	c := dial(t, addr)
	bind := func(addresses string, here, there bool) {
		t.Helper()
		replies(t, c, "OK", "CONFIG", "SET", "bind", addresses)
		listens(t, addr, here)
		listens(t, other, there)
		replies(t, c, "PONG", "PING")
	}
	bind("127.0.0.1 127.0.0.2", true, true)
	bind("127.0.0.2", false, true)
	bind("", false, false)
	bind("*", true, true) // which cannot be had beside any other
	replies(t, c, "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.", "CONFIG", "SET", "bind", "999.999.999.999")
	listens(t, addr, true)
	bind("127.0.0.1", true, false)
}
