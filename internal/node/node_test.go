package node_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

func TestMonitorShowsCommands(t *testing.T) {
	addr := startForTest(t)
	m, c := dial(t, addr), dial(t, addr)
	m.MustDo(t, "MONITOR")
	c.MustDo(t, "SET", "k", "a\n\"\x01")
	c.MustDo(t, "SELECT", "2")
	c.MustDo(t, "MULTI")
	c.MustDo(t, "INCR", "n")
	c.MustDo(t, "EXEC")
	_, _ = c.Do("AUTH", "secret")
	c.MustDo(t, "CONFIG", "GET", "port") // of administrators: not shown
	c.MustDo(t, "HELLO", "3", "AUTH", "default", "secret")
	want := []string{
		`[0 ADDR] "SET" "k" "a\n\"\x01"`, `[2 ADDR] "SELECT" "2"`, `[2 ADDR] "MULTI"`, `[2 ADDR] "INCR" "n"`, `[2 ADDR] "EXEC"`,
		`[2 ADDR] "AUTH" "(redacted)"`, `[2 ADDR] "HELLO" "3" "AUTH" "(redacted)" "(redacted)"`,
	}
	for _, w := range want {
		r, err := m.Receive()
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(r.Str, " ")
		if w = strings.Replace(w, "ADDR", c.LocalAddr(), 1); line != w {
			t.Errorf("got %s, want %s", line, w)
		}
	}
	m.MustDo(t, "RESET")
	c.MustDo(t, "PING")
	if r := m.MustDo(t, "PING"); r.Str != "PONG" {
		t.Errorf("after RESET: %v", r)
	}
}

func TestClientList(t *testing.T) {
	addr := startForTest(t)
	a, b := dial(t, addr), dial(t, addr)
	b.MustDo(t, "HELLO", "3")
	b.MustDo(t, "CLIENT", "SETNAME", "watcher")
	b.MustDo(t, "CLIENT", "SETINFO", "LIB-NAME", "lib")
	b.MustDo(t, "CLIENT", "SETINFO", "LIB-VER", "1.2")
	b.MustDo(t, "SELECT", "4")
	b.MustDo(t, "WATCH", "k", "l")
	b.MustDo(t, "SUBSCRIBE", "c")
	b.MustDo(t, "MULTI")
	b.MustDo(t, "GET", "k")
	id := fmt.Sprint(a.MustDo(t, "CLIENT", "ID").Int + 1)
	list := a.MustDo(t, "CLIENT", "LIST", "ID", id).Text()
	for _, field := range []string{"id=" + id + " ", " addr=" + b.LocalAddr() + " ", " laddr=" + addr + " ", " name=watcher ", " flags=Px ", " db=4 ",
		" sub=1 psub=0 ssub=0 multi=1 watch=2 ", " cmd=get ", " user=default ", " resp=3 ", " lib-name=lib lib-ver=1.2\n"} {
		if !strings.Contains(list, field) {
			t.Errorf("no %q in %s", field, list)
		}
	}
	if list := a.MustDo(t, "CLIENT", "LIST", "TYPE", "pubsub").Text(); strings.Count(list, "\n") != 1 {
		t.Errorf("subscribers: %s", list)
	}
	if list := a.MustDo(t, "CLIENT", "LIST").Text(); strings.Count(list, "\n") != 2 {
		t.Errorf("all: %s", list)
	}
	if r := a.MustDo(t, "CLIENT", "KILL", "MAXAGE", "1000"); r.Int != 0 {
		t.Errorf("killed %d young clients", r.Int)
	}
	time.Sleep(1100 * time.Millisecond) // MAXAGE counts seconds
	if r := a.MustDo(t, "CLIENT", "KILL", "MAXAGE", "1"); r.Int != 1 {
		t.Errorf("killed %d", r.Int)
	}
	if info := a.MustDo(t, "CLIENT", "INFO").Text(); !strings.Contains(info, " cmd=client|info ") {
		t.Errorf("info: %s", info)
	}
}

// Everything at once, for the race detector: what is whole must stay whole.
func TestCrowd(t *testing.T) {
	addr := startForTest(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	run := func(f func(c *harness.Client, r *rand.Rand)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(rand.Uint64(), 1))
			c, err := harness.Dial(addr)
			for err == nil {
				select {
				case <-stop:
					c.Close()
					return
				default:
				}
				f(c, r)
			}
			t.Error(err)
		}()
	}
	do := func(c *harness.Client, args ...any) harness.Reply {
		reply, err := c.Do(args...)
		if err != nil {
			t.Error(err)
		}
		return reply
	}
	for range 3 {
		run(func(c *harness.Client, r *rand.Rand) { // two counters that are always equal
			do(c, "SELECT", r.IntN(3))
			do(c, "MULTI")
			do(c, "INCR", "x")
			do(c, "PUBLISH", "c", "m")
			do(c, "INCR", "y")
			do(c, "LPUSH", "list", "1")
			do(c, "EXEC")
			if both := do(c, "MGET", "x", "y"); len(both.Elems) != 2 || both.Elems[0].Str != both.Elems[1].Str {
				t.Errorf("a transaction was seen in parts: %v", both)
			}
		})
	}
	run(func(c *harness.Client, r *rand.Rand) {
		do(c, "WATCH", "x")
		do(c, "MULTI")
		do(c, "SELECT", r.IntN(3))
		do(c, "SWAPDB", r.IntN(3), r.IntN(3))
		do(c, "INCR", "x")
		do(c, "INCR", "y")
		do(c, "EXEC")
		time.Sleep(time.Millisecond)
	})
	run(func(c *harness.Client, r *rand.Rand) {
		do(c, "SELECT", r.IntN(3))
		do(c, []string{"FLUSHALL", "FLUSHDB", "DBSIZE"}[r.IntN(3)])
		time.Sleep(2 * time.Millisecond)
	})
	run(func(c *harness.Client, r *rand.Rand) {
		do(c, "SELECT", r.IntN(3))
		do(c, "BLPOP", "list", "0.005")
	})
	run(func(c *harness.Client, r *rand.Rand) {
		do(c, "COPY", "list", "copied", "DB", r.IntN(3), "REPLACE")
		do(c, "MOVE", "copied", r.IntN(3))
		do(c, "RENAME", "copied", "renamed")
		do(c, "SCAN", "0")
		do(c, "RANDOMKEY")
	})
	run(func(c *harness.Client, _ *rand.Rand) {
		do(c, "CLIENT", "LIST")
		do(c, "INFO")
		do(c, "CLIENT", "PAUSE", "1", "WRITE")
		do(c, "CLIENT", "KILL", "TYPE", "pubsub")
		time.Sleep(time.Millisecond)
	})
	run(func(*harness.Client, *rand.Rand) { // killed by the one before
		c, err := harness.Dial(addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for range 20 {
			if _, err := c.Do("SUBSCRIBE", "c"); err != nil {
				return
			}
		}
	})
	time.Sleep(2 * time.Second)
	close(stop)
	wg.Wait()
}
