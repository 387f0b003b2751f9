package replication

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// fill gives a server data of a size, in several databases.
func fill(t testing.TB, s *harness.Server, mb int) {
	t.Helper()
	c := s.Client(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range mb {
		var batch [][]string
		for k := range 1024 {
			batch = append(batch, []string{"SET", fmt.Sprintf("fill:%d:%d", i, k), noise(rnd, 1000)})
		}
		if _, err := c.Pipeline(batch); err != nil {
			t.Fatal(err)
		}
	}
	c.MustDo(t, "SELECT", 1)
	c.MustDo(t, "RPUSH", "list", "a", "b")
	c.MustDo(t, "SELECT", 0)
}

// noise is text that does not compress.
func noise(rnd *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return string(b)
}

// After a promotion the sibling goes on without a copy; the old master, which has written
// more meanwhile, heals, and what it wrote is in a file.
func TestFailoverSiblingsAndOldMaster(t *testing.T) {
	a, b, c := start(t), start(t), start(t)
	fill(t, a, 36) // more than an empty replica reads from the log
	follow(t, b, a.Port)
	follow(t, c, a.Port)
	same(t, 20*time.Second, a, b)
	same(t, 20*time.Second, a, c)
	if err := a.Kill(); err != nil {
		t.Fatal(err)
	}
	b.Client(t).MustDo(t, "REPLICAOF", "NO", "ONE")
	follow(t, c, b.Port)
	b.Client(t).MustDo(t, "SET", "after", "the failover")
	same(t, 20*time.Second, b, c)
	if n := info(b.Addr(), "sync_full"); n != "0" {
		t.Errorf("the sibling copied everything: sync_full %s", n)
	}
	// The old master comes back, does not know yet, and takes writes.
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	a.Client(t).MustDo(t, "SET", "lost", "tail")
	follow(t, a, b.Port)
	same(t, 20*time.Second, b, a)
	if n := info(a.Addr(), "repl_discarded_changes"); n == "0" || n == "" {
		t.Errorf("repl_discarded_changes is %q", n)
	}
	files, _ := filepath.Glob(filepath.Join(a.DataDir(), "discarded", "*.jsonl"))
	if len(files) != 1 {
		t.Fatalf("files with discarded changes: %v", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var change struct {
		Change, Key, Type string
		Value             []byte
	}
	if err := json.Unmarshal([]byte(strings.SplitN(string(text), "\n", 2)[0]), &change); err != nil || change.Key != "lost" || string(change.Value) != "tail" {
		t.Errorf("the file says %s (%v)", text, err)
	}
}

// Only the client port can be reached: auto works, dedicated says what is missing.
func TestOnlyTheClientPort(t *testing.T) {
	master, replica := start(t), start(t, "--replication-transport", "dedicated")
	fill(t, master, 40)
	nat := harness.StartProxy(t, master.Addr())
	follow(t, replica, nat.Port)
	within(t, 10*time.Second, "the reason is told", func() string {
		if reason := info(replica.Addr(), "repl_connect_reason"); !strings.Contains(reason, "port "+strconv.Itoa(nat.Port+2000)) {
			return reason
		}
		return ""
	})
	replica.Client(t).MustDo(t, "CONFIG", "SET", "replication-transport", "auto")
	same(t, 20*time.Second, master, replica)
	if via := info(replica.Addr(), "repl_via"); via != "client port" {
		t.Errorf("the link goes over %q", via)
	}
	if advice := info(replica.Addr(), "repl_port_advice_0"); !strings.Contains(advice, "repl") && !strings.Contains(advice, "log stream") {
		t.Errorf("no advice about the port: %q", advice)
	}
}

// A copy that is cut again and again goes on from where it was: in all, little more than its size
// goes over the wire.
func TestCopyGoesOn(t *testing.T) {
	master, replica := start(t), start(t, "--replication-transport", "single")
	fill(t, master, 60)
	p := harness.StartProxy(t, master.Addr())
	p.Rate(12 << 20)
	follow(t, replica, p.Port)
	for range 5 {
		time.Sleep(700 * time.Millisecond)
		p.Cut()
	}
	p.Rate(0)
	same(t, 40*time.Second, master, replica)
	var size int64
	for line := range strings.Lines(master.LogTail(1000)) {
		if _, mb, ok := strings.Cut(line, "snapshot made\" db=db0"); ok {
			_, mb, _ = strings.Cut(mb, " mb=")
			mb, _, _ = strings.Cut(mb, " ")
			n, _ := strconv.ParseInt(mb, 10, 64)
			size += n << 20
		}
	}
	if got := p.Bytes(); size == 0 || got > size+size/5+(4<<20) {
		t.Errorf("%d MB went over the wire for a copy of %d MB", got>>20, size>>20)
	}
}

// WAIT and WAITAOF tell the truth; min-replicas-to-write closes the gate.
func TestWaitAndMinReplicas(t *testing.T) {
	master, replica := start(t), start(t)
	c := master.Client(t)
	if n := c.MustDo(t, "WAIT", 0, 100).Int; n != 0 {
		t.Errorf("WAIT without replicas: %d", n)
	}
	follow(t, replica, master.Port)
	same(t, 10*time.Second, master, replica)
	c.MustDo(t, "SET", "a", "1")
	if n := c.MustDo(t, "WAIT", 1, 2000).Int; n != 1 {
		t.Errorf("WAIT 1: %d", n)
	}
	if v := replica.Client(t).MustDo(t, "GET", "a").Str; v != "1" {
		t.Errorf("after WAIT the replica has %q", v)
	}
	c.MustDo(t, "SET", "a", "2")
	if r := c.MustDo(t, "WAITAOF", 1, 1, 4000); r.Elems[0].Int != 1 || r.Elems[1].Int != 1 {
		t.Errorf("WAITAOF: %v", r)
	}
	begin := time.Now()
	if n := c.MustDo(t, "WAIT", 2, 300).Int; n != 1 || time.Since(begin) < 250*time.Millisecond {
		t.Errorf("WAIT 2 with one replica: %d after %s", n, time.Since(begin))
	}
	c.MustDo(t, "CONFIG", "SET", "min-replicas-to-write", "1")
	within(t, 3*time.Second, "a write passes", func() string {
		r, _ := c.Do("SET", "a", "3")
		if r.IsError() {
			return r.Str
		}
		return ""
	})
	if err := replica.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "writes are refused", func() string {
		if r, _ := c.Do("SET", "a", "4"); !strings.HasPrefix(r.Str, "NOREPLICAS") {
			return r.Str
		}
		return ""
	})
}

// increments counts up at a server until it refuses; the result is how often it was acknowledged.
func increments(t *testing.T, addr string) <-chan int {
	t.Helper()
	c, err := harness.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	acked := make(chan int, 1)
	begun := make(chan struct{})
	go func() {
		defer c.Close()
		for n := 0; ; n++ {
			if r, err := c.Do("INCR", "counter"); err != nil || r.IsError() {
				acked <- n
				return
			}
			if n == 1000 {
				close(begun)
			}
		}
	}()
	<-begun
	return acked
}

// hasTurned waits until a server has handed over to another and refuses writes, and compares what it had acknowledged with
// what the other has.
func hasTurned(t *testing.T, from, to *harness.Server, acked <-chan int) {
	t.Helper()
	within(t, 10*time.Second, "the roles have changed", func() string {
		return strings.TrimPrefix(info(to.Addr(), "role")+info(from.Addr(), "role"), "masterslave")
	})
	n := <-acked
	if v := to.Client(t).MustDo(t, "GET", "counter").Str; v != strconv.Itoa(n) {
		t.Errorf("%d increments were acknowledged, the new master has %s", n, v)
	}
	same(t, 10*time.Second, to, from)
}

// FAILOVER under load loses no acknowledged write, and the old master follows.
func TestFailoverCommand(t *testing.T) {
	a, b := start(t), start(t)
	follow(t, b, a.Port)
	same(t, 10*time.Second, a, b)
	acked := increments(t, a.Addr())
	a.Client(t).MustDo(t, "FAILOVER", "TO", "127.0.0.1", b.Port, "TIMEOUT", 5000)
	hasTurned(t, a, b, acked)
}

// A Sentinel that promotes a replica of a living master (SENTINEL FAILOVER) loses nothing either: the master hands over. An
// operator's REPLICAOF NO ONE leaves it alone.
func TestPromotionBySentinel(t *testing.T) {
	a, b := start(t), start(t)
	follow(t, b, a.Port)
	same(t, 10*time.Second, a, b)
	b.Client(t).MustDo(t, "REPLICAOF", "NO", "ONE")
	if r := a.Client(t).MustDo(t, "SET", "own", "1"); r.Str != "OK" || info(a.Addr(), "role") != "master" {
		t.Errorf("the master has lost its role by its replica's REPLICAOF NO ONE: %v", r)
	}
	follow(t, b, a.Port)
	same(t, 10*time.Second, a, b)
	acked := increments(t, a.Addr())
	c := b.Client(t)
	c.MustDo(t, "CLIENT", "SETNAME", "sentinel-0123abcd-cmd")
	c.MustDo(t, "MULTI")
	c.MustDo(t, "SLAVEOF", "NO", "ONE")
	c.MustDo(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	c.MustDo(t, "EXEC")
	hasTurned(t, a, b, acked)
	// Clients that still want to write there are told, and sent away.
	old := a.Client(t)
	if r := old.MustDo(t, "GET", "counter"); r.IsError() {
		t.Errorf("GET at the old master: %v", r)
	}
	if r, err := old.Do("SET", "k", "v"); err != nil || !strings.HasPrefix(r.Str, "READONLY") {
		t.Errorf("SET at the old master: %v %v", r, err)
	}
	if r, err := old.Do("PING"); err == nil {
		t.Errorf("after a write the old master still answers: %v", r)
	}
}

// A master that has stopped is not waited for. When it goes on it learns that it was replaced, and writes of its clients are refused.
func TestPromotionBySentinelWithoutTheMaster(t *testing.T) {
	a, b := start(t), start(t)
	follow(t, b, a.Port)
	same(t, 10*time.Second, a, b)
	if err := syscall.Kill(a.Pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "the replica has not heard of it lately", func() string {
		if ago := info(b.Addr(), "master_last_io_seconds_ago"); ago < "2" || len(ago) > 1 {
			return ago
		}
		return ""
	})
	c := b.Client(t)
	c.MustDo(t, "CLIENT", "SETNAME", "sentinel-0123abcd-cmd")
	c.MustDo(t, "SLAVEOF", "NO", "ONE")
	within(t, 10*time.Second, "the replica leads", func() string { return strings.TrimPrefix(info(b.Addr(), "role"), "master") })
	if r, err := c.Do("SET", "k", "v"); err != nil || r.IsError() {
		t.Errorf("SET at the new master: %v %v", r, err)
	}
	if err := syscall.Kill(a.Pid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the old master follows by itself", func() string { return strings.TrimPrefix(info(a.Addr(), "role"), "slave") })
	same(t, 10*time.Second, b, a)
}

// A replica of an empty directory does not answer reads before it has its master's data.
func TestNoReadsBeforeTheCopy(t *testing.T) {
	master := start(t)
	fill(t, master, 40)
	p := harness.StartProxy(t, master.Addr())
	p.Rate(20 << 20)
	replica := start(t, "--replication-transport", "single")
	c := replica.Client(t)
	follow(t, replica, p.Port)
	sawLoading, sawCopy := false, false
	within(t, 30*time.Second, "the key can be read", func() string {
		r, err := c.Do("GET", "fill:1:1")
		switch {
		case err != nil:
			t.Fatal(err)
		case r.IsError() && strings.HasPrefix(r.Str, "LOADING"):
			sawLoading = true
			// What Sentinel reads: not to be promoted, and to be looked at again soon, which it does while the link is down.
			if text := c.MustDo(t, "INFO", "replication").Str; strings.Contains(text, "master_sync_in_progress:1\r\n") {
				sawCopy = true
				for _, line := range []string{"slave_priority:0\r\n", "master_link_status:down\r\n", "master_link_down_since_seconds:"} {
					if !strings.Contains(text, line) || strings.Contains(text, "master_link_down_since_seconds:0\r\n") {
						t.Fatalf("during a copy INFO has no %q:\n%s", line, text)
					}
				}
			}
			return r.Str
		case r.IsError() || r.Kind == harness.Null || r.Str == "":
			t.Fatalf("before the copy a read gets %v", r)
		}
		return ""
	})
	if !sawLoading || !sawCopy {
		t.Error("the copy was too quick to see anything")
	}
}
