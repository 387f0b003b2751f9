package node_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/test/harness"
)

// awaitBlocked returns once so many clients wait.
func awaitBlocked(t *testing.T, c *harness.Client, n int) {
	t.Helper()
	want := fmt.Sprintf("blocked_clients:%d\r\n", n)
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if strings.Contains(c.MustDo(t, "INFO", "clients").Str, want) {
			return
		}
	}
	t.Fatalf("there are not %d clients waiting", n)
}

// What XREADGROUP waits for can go; it is then told so, in the words of 7.2.
func TestGroupGoesWhileWaiting(t *testing.T) {
	addr := startForTest(t)
	admin := dial(t, addr)
	const noGroup = "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"
	const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	for _, c := range []struct {
		how  []any
		want string
	}{
		{[]any{"XGROUP", "DESTROY", "s", "g"}, noGroup},
		{[]any{"DEL", "s"}, noGroup},
		{[]any{"PEXPIRE", "s", "1"}, noGroup},
		{[]any{"RENAME", "s", "t"}, noGroup},
		{[]any{"SET", "s", "1"}, wrongType},
		{[]any{"RENAME", "other", "s"}, wrongType},
		{[]any{"SWAPDB", "0", "1"}, noGroup},
		{[]any{"SWAPDB", "2", "0"}, wrongType},
		{[]any{"EVAL", "return redis.call('SWAPDB', '0', '1')", "0"}, noGroup},
		{[]any{"FLUSHALL"}, ""},
	} {
		admin.MustDo(t, "FLUSHALL")
		admin.MustDo(t, "SELECT", "2")
		admin.MustDo(t, "SET", "s", "1")
		admin.MustDo(t, "SELECT", "0")
		admin.MustDo(t, "SET", "other", "1")
		admin.MustDo(t, "XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
		waiting := dial(t, addr)
		if err := waiting.Send([]string{"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"}); err != nil {
			t.Fatal(err)
		}
		if err := waiting.Flush(); err != nil {
			t.Fatal(err)
		}
		awaitBlocked(t, admin, 1)
		if r := admin.MustDo(t, "XINFO", "CONSUMERS", "s", "g"); len(r.Elems) != 1 {
			t.Errorf("%v: the consumer that waits is not there: %v", c.how, r)
		}
		admin.MustDo(t, c.how...)
		if c.want == "" {
			admin.MustDo(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
			awaitBlocked(t, admin, 0)
			continue
		}
		if r, err := waiting.Receive(); err != nil || r.Str != c.want {
			t.Errorf("%v: %v, %v, want %s", c.how, r, err, c.want)
		}
	}
}

// A transaction that takes the group away and brings it back leaves who waits alone; one that leaves it away does not.
func TestGroupGoesInATransaction(t *testing.T) {
	addr := startForTest(t)
	admin, waiting := dial(t, addr), dial(t, addr)
	admin.MustDo(t, "XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
	if err := waiting.Send([]string{"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"}); err != nil {
		t.Fatal(err)
	}
	if err := waiting.Flush(); err != nil {
		t.Fatal(err)
	}
	awaitBlocked(t, admin, 1)
	for _, commands := range [][]any{{"SWAPDB 0 1", "SWAPDB 1 0"}, {"SWAPDB 0 1", "XADD other * f v"}} {
		admin.MustDo(t, "MULTI")
		for _, command := range commands {
			var args []any
			for _, word := range strings.Fields(command.(string)) {
				args = append(args, word)
			}
			admin.MustDo(t, args...)
		}
		awaitBlocked(t, dial(t, addr), 1)
		admin.MustDo(t, "EXEC")
	}
	if r, err := waiting.Receive(); err != nil || !strings.HasPrefix(r.Str, "NOGROUP") {
		t.Errorf("%v, %v", r, err)
	}
}

// Who waits at a replica is served by what the master's SWAPDB brings.
func TestReplicaServesWhoWaitsAfterSwap(t *testing.T) {
	m, r := startForTest(t), startForTest(t)
	mc, rc := dial(t, m), dial(t, r)
	mc.MustDo(t, "SELECT", "1")
	mc.MustDo(t, "XADD", "s", "1-0", "f", "v")
	followAddr(t, rc, m)
	rc.MustDo(t, "SELECT", "1")
	until(t, "the database follows", func() bool { reply, err := rc.Do("XLEN", "s"); return err == nil && reply.Int == 1 })
	waiting := dial(t, r)
	if err := waiting.Send([]string{"XREAD", "BLOCK", "0", "STREAMS", "s", "0"}); err != nil {
		t.Fatal(err)
	}
	if err := waiting.Flush(); err != nil {
		t.Fatal(err)
	}
	awaitBlocked(t, rc, 1)
	mc.MustDo(t, "SWAPDB", "0", "1")
	if reply, err := waiting.Receive(); err != nil || len(reply.Elems) != 1 {
		t.Errorf("%v, %v", reply, err)
	}
}

// A stream of many entries and a long list of what is pending: what a queue does goes on
// while they are trimmed, claimed and thrown away, and both survive a restart.
func TestLargeStream(t *testing.T) {
	dir := t.TempDir()
	n, addr := start(t, vfs.Default, dir, "--enable-debug-command", "yes")
	c := dial(t, addr)
	const size = 5000
	c.MustDo(t, "XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
	for i := 1; i <= size; i++ {
		c.MustDo(t, "XADD", "s", strconv.Itoa(i), "n", i)
	}
	if r := c.MustDo(t, "XREADGROUP", "GROUP", "g", "slow", "STREAMS", "s", ">"); len(r.Elems[0].Elems[1].Elems) != size {
		t.Fatalf("%d entries", len(r.Elems[0].Elems[1].Elems))
	}
	for i := 1; i <= size; i += 2 {
		c.MustDo(t, "XACK", "s", "g", strconv.Itoa(i))
	}
	if r := c.MustDo(t, "XTRIM", "s", "MAXLEN", size-1000); r.Int != 1000 {
		t.Errorf("XTRIM: %v", r)
	}
	check := func(c *harness.Client, consumer string, first, pending int64) {
		t.Helper()
		summary := c.MustDo(t, "XPENDING", "s", "g").Elems
		if summary[0].Int != pending || summary[1].Str != fmt.Sprintf("%d-0", first) || summary[3].Elems[0].Elems[0].Str != consumer {
			t.Errorf("XPENDING: %v", summary)
		}
		if r := c.MustDo(t, "XLEN", "s"); r.Int != size-1000 {
			t.Errorf("XLEN: %v", r)
		}
		if r := c.MustDo(t, "XRANGE", "s", "-", "+", "COUNT", "1"); r.Elems[0].Elems[0].Str != "1001-0" {
			t.Errorf("XRANGE: %v", r)
		}
	}
	check(c, "slow", 2, size/2)
	r := c.MustDo(t, "XAUTOCLAIM", "s", "g", "quick", "0", "0", "COUNT", size, "JUSTID")
	if len(r.Elems[1].Elems) != size/2-500 || len(r.Elems[2].Elems) != 500 || r.Elems[0].Str != "0-0" {
		t.Errorf("XAUTOCLAIM: %d, %d, %v", len(r.Elems[1].Elems), len(r.Elems[2].Elems), r.Elems[0])
	}
	check(c, "quick", 1002, size/2-500)
	digest := c.MustDo(t, "DEBUG", "DIGEST-VALUE", "s").Elems[0].Str
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, addr = start(t, vfs.Default, dir, "--enable-debug-command", "yes")
	defer n.Close()
	c = dial(t, addr)
	check(c, "quick", 1002, size/2-500)
	if again := c.MustDo(t, "DEBUG", "DIGEST-VALUE", "s").Elems[0].Str; again != digest {
		t.Errorf("after a restart the digest is %s, not %s", again, digest)
	}
	c.MustDo(t, "RENAME", "s", "moved")
	if again := c.MustDo(t, "DEBUG", "DIGEST-VALUE", "moved").Elems[0].Str; again != digest {
		t.Errorf("after RENAME the digest is %s, not %s", again, digest)
	}
	c.MustDo(t, "DEL", "moved")
	if r := c.MustDo(t, "XADD", "moved", "1-1", "a", "b"); r.Str != "1-1" {
		t.Errorf("XADD after DEL: %v", r)
	}
}

// Producers that cap their stream, consumers that keep up and one that lags: nothing is
// lost or doubled.
func TestStreamCrowd(t *testing.T) {
	addr := startForTest(t, "--event-loops", "2")
	const producers, each = 3, 1500
	admin := dial(t, addr)
	admin.MustDo(t, "XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
	done := make(chan error, producers)
	for p := range producers {
		c := dial(t, addr)
		go func() {
			for i := range each {
				if r, err := c.Do("XADD", "s", "MAXLEN", "~", "100000", "*", "from", p, "n", i); err != nil || r.IsError() {
					done <- fmt.Errorf("XADD: %v, %v", r, err)
					return
				}
			}
			done <- nil
		}()
	}
	type got struct {
		entries []string
		err     error
	}
	results := make(chan got)
	for w := range 4 {
		c := dial(t, addr)
		go func() {
			var all []string
			for {
				r, err := c.Do("XREADGROUP", "GROUP", "g", "c"+strconv.Itoa(w), "COUNT", 1+w, "BLOCK", 500, "STREAMS", "s", ">")
				if err != nil || r.IsError() || r.Null {
					if r.IsError() {
						err = r.Err()
					}
					results <- got{all, err}
					return
				}
				for _, e := range r.Elems[0].Elems[1].Elems {
					id := e.Elems[0].Str
					all = append(all, strings.Join(e.Elems[1].Strings(), " "))
					if r, err := c.Do("XACK", "s", "g", id); err != nil || r.Int != 1 {
						results <- got{all, fmt.Errorf("XACK %s: %v, %v", id, r, err)}
						return
					}
				}
			}
		}()
	}
	for range producers {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]int{}
	for range 4 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		for _, e := range r.entries {
			seen[e]++
		}
	}
	for e, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", e, n)
		}
	}
	if len(seen) != producers*each {
		t.Errorf("%d entries came, of %d", len(seen), producers*each)
	}
	if r := admin.MustDo(t, "XPENDING", "s", "g"); r.Elems[0].Int != 0 {
		t.Errorf("XPENDING: %v", r)
	}
}
