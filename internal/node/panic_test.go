package node_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/node"
	"github.com/haypile/haypile/test/harness"
)

// plant panics once at the place whose name it holds.
type plant struct {
	at  atomic.Pointer[string]
	met chan string
}

func newPlant() *plant { return &plant{met: make(chan string, 1)} }

func (p *plant) arm(place string) { p.at.Store(&place) }

func (p *plant) reach(place string) {
	if at := p.at.Load(); at != nil && *at == place && p.at.CompareAndSwap(at, nil) {
		p.met <- place
		panic("planted in " + place)
	}
}

func (p *plant) wait(t *testing.T) {
	t.Helper()
	select {
	case <-p.met:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing reached the place of the planted panic")
	}
}

func startPlanted(t *testing.T, p *plant) string {
	n, addr := startNode(t, node.Options{FS: vfs.Default, Faults: p.reach}, t.TempDir())
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return addr
}

// A panic anywhere costs the command in which it happens. Whoever waits is served afterwards, transactions and scripts run,
// and nothing of the failed command is there.
func TestPanicsAreContained(t *testing.T) {
	p := newPlant()
	addr := startPlanted(t, p)
	c := dial(t, addr)
	tests := []struct {
		place string
		run   [][]any // the last one fails
		want  string  // in the failed reply
	}{
		{"handler set", [][]any{{"SET", "k", "new"}}, "failed unexpectedly"},
		{"handler sort", [][]any{{"SORT", "list", "STORE", "k"}}, "failed unexpectedly"},
		{"handler keys", [][]any{{"KEYS", "*"}}, "failed unexpectedly"},
		{"worker", [][]any{{"KEYS", "*"}}, "failed unexpectedly"},
		{"handler eval", [][]any{{"EVAL", "return redis.call('SET', 'k', 'new')", 0}}, "failed unexpectedly"},
		{"handler get", [][]any{{"EVAL", "return redis.call('GET', 'k')", 1, "k"}}, "failed unexpectedly"},
		{"script", [][]any{{"EVAL", "return redis.call('SET', 'k', 'new')", 1, "k"}}, "failed unexpectedly"},
		{"transaction", [][]any{{"MULTI"}, {"SET", "k", "new"}, {"EXEC"}}, "failed unexpectedly"},
		{"script", [][]any{{"MULTI"}, {"SET", "k", "new"}, {"SELECT", "1"},
			{"EVAL", "return redis.call('SET', 'k', 'new')", 1, "k"}, {"SELECT", "0"}, {"RENAME", "k", "other"}, {"EXEC"}}, ""},
		{"commit", [][]any{{"SET", "k", "new"}}, "failed unexpectedly"},
		{"commit", [][]any{{"EVAL", "return redis.call('SET', 'k', 'new')", 1, "k"}}, "failed unexpectedly"},
		{"gate", [][]any{{"SET", "k", "new"}}, "failed unexpectedly"},
	}
	for _, test := range tests {
		c.MustDo(t, "FLUSHALL")
		c.MustDo(t, "SET", "k", "old")
		c.MustDo(t, "RPUSH", "list", "1")
		list, stream := dial(t, addr), dial(t, addr)
		send(t, list, "BLPOP", "queue", "0")
		send(t, stream, "XREAD", "BLOCK", "0", "STREAMS", "stream", "$")
		await(t, func() bool { return strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:2\r\n") })

		p.arm(test.place)
		var reply harness.Reply
		for _, args := range test.run {
			var err error
			if reply, err = c.Do(args...); err != nil {
				t.Fatalf("%s: %v: %v", test.place, args, err)
			}
		}
		p.wait(t)
		if !strings.Contains(reply.String(), test.want) {
			t.Errorf("%s: %v replies %s", test.place, test.run[len(test.run)-1], reply)
		}
		if test.want != "" {
			if v := c.MustDo(t, "GET", "k").Str; v != "old" {
				t.Errorf("%s: k is %q after the failed command", test.place, v)
			}
		}
		c.MustDo(t, "RPUSH", "queue", "v")
		c.MustDo(t, "EVAL", "return redis.call('XADD', KEYS[1], '1-1', 'f', 'v')", 1, "stream")
		for _, waiter := range []*harness.Client{list, stream} {
			if r, err := waiter.Receive(); err != nil || !strings.Contains(r.String(), "v") {
				t.Errorf("%s: a waiting client gets %s, %v", test.place, r, err)
			}
		}
		c.MustDo(t, "MULTI")
		c.MustDo(t, "INCR", "count")
		if r := c.MustDo(t, "EXEC"); len(r.Elems) != 1 || r.Elems[0].Int != 1 {
			t.Errorf("%s: a transaction afterwards replies %s", test.place, r)
		}
	}
}

func TestPanicWhileAWaiterIsServed(t *testing.T) {
	p := newPlant()
	addr := startPlanted(t, p)
	c, first, second := dial(t, addr), dial(t, addr), dial(t, addr)
	send(t, first, "BLPOP", "queue", "0")
	await(t, func() bool { return strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:1\r\n") })
	send(t, second, "BLPOP", "queue", "0")
	await(t, func() bool { return strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:2\r\n") })
	p.arm("waiting")
	c.MustDo(t, "RPUSH", "queue", "v")
	if r, err := first.Receive(); err != nil || !strings.Contains(r.Str, "failed unexpectedly") {
		t.Errorf("the first client gets %s, %v", r, err)
	}
	if r, err := second.Receive(); err != nil || len(r.Elems) != 2 || r.Elems[1].Str != "v" {
		t.Errorf("the second client gets %s, %v", r, err)
	}
}

func TestPanicInExpiry(t *testing.T) {
	p := newPlant()
	c := dial(t, startPlanted(t, p))
	p.arm("expiry")
	c.MustDo(t, "SET", "k", "v", "PX", "1")
	p.wait(t)
	await(t, func() bool { return c.MustDo(t, "DBSIZE").Int == 0 })
}

// The log has the change and the store does not: the database serves no writes, and a restart brings the change.
func TestPanicBetweenLogAndStore(t *testing.T) {
	p := newPlant()
	dir := t.TempDir()
	n, addr := startNode(t, node.Options{FS: vfs.Default, Faults: p.reach}, dir)
	c := dial(t, addr)
	p.arm("apply")
	for range 2 {
		if r, err := c.Do("SET", "k", "v"); err != nil || !strings.HasPrefix(r.Str, "MISCONF") {
			t.Errorf("SET replies %s, %v", r, err)
		}
	}
	if err := n.Close(); err != nil {
		t.Log("the stop says:", err)
	}
	n, addr = start(t, vfs.Default, dir)
	defer n.Close()
	if v := dial(t, addr).MustDo(t, "GET", "k").Str; v != "v" {
		t.Errorf("after a restart k is %q", v)
	}
}

func TestPanicAtAReplica(t *testing.T) {
	p := newPlant()
	master, replica := startForTest(t), startPlanted(t, p)
	m, r := dial(t, master), dial(t, replica)
	host, port, err := net.SplitHostPort(master)
	if err != nil {
		t.Fatal(err)
	}
	m.MustDo(t, "SET", "before", "1")
	r.MustDo(t, "REPLICAOF", host, port)
	await(t, func() bool { v, _ := r.Do("GET", "before"); return v.Str == "1" })
	waiter := dial(t, replica)
	send(t, waiter, "XREAD", "BLOCK", "0", "STREAMS", "stream", "$")
	await(t, func() bool { return strings.Contains(r.MustDo(t, "INFO", "clients").Str, "blocked_clients:1\r\n") })
	p.arm("replica")
	m.MustDo(t, "XADD", "stream", "1-1", "f", "v")
	p.wait(t)
	waiter.Timeout = 30 * time.Second // the link makes a pause after an error
	if got, err := waiter.Receive(); err != nil || !strings.Contains(got.String(), "1-1") {
		t.Errorf("a client that waits at the replica gets %s, %v", got, err)
	}
}

func send(t *testing.T, c *harness.Client, args ...string) {
	t.Helper()
	if err := c.Send(args); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
}

// await waits for what a server will say in a moment.
func await(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come to be")
		}
	}
}
