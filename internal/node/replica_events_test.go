package node_test

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/test/harness"
)

// until polls a condition that another server brings about.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

func followAddr(t *testing.T, c *harness.Client, master string) {
	t.Helper()
	host, port, err := net.SplitHostPort(master)
	if err != nil {
		t.Fatal(err)
	}
	c.MustDo(t, "REPLICAOF", host, port)
	until(t, "the link is up", func() bool {
		return strings.Contains(c.MustDo(t, "INFO", "replication").Str, "master_link_status:up")
	})
}

// heard reads messages until one names the key "end"; each is its channel, a space and what it says.
func heard(t *testing.T, c *harness.Client) (list []string) {
	t.Helper()
	for {
		r, err := c.Receive()
		if err != nil {
			t.Fatalf("after %q: %v", list, err)
		}
		if n := len(r.Elems); n >= 2 {
			text := r.Elems[n-2].Str + " " + r.Elems[n-1].Str
			if strings.HasSuffix(text, "set end") || strings.HasSuffix(text, ":set end") {
				return list
			}
			list = append(list, text)
		}
	}
}

// warm writes until the events asked for downstream arrive: a replica says what it wants a little after it has been configured.
func warm(t *testing.T, master, sub *harness.Client) {
	t.Helper()
	sub.Timeout = 200 * time.Millisecond
	until(t, "events arrive", func() bool {
		master.MustDo(t, "SET", "warm", "1")
		_, err := sub.Receive()
		return err == nil
	})
	sub.Timeout = 10 * time.Second
	master.MustDo(t, "SET", "end", "1")
	heard(t, sub)
}

func subscribe(t *testing.T, addr string) *harness.Client {
	t.Helper()
	c := dial(t, addr)
	c.MustDo(t, "PSUBSCRIBE", "__key*__:*")
	return c
}

// Replicas, and replicas of replicas, publish what the master's commands did, in order; the master itself publishes nothing.
func TestReplicasPublishEvents(t *testing.T) {
	m, r, chain := startForTest(t), startForTest(t), startForTest(t, "--notify-keyspace-events", "EA")
	mc, rc, cc := dial(t, m), dial(t, r), dial(t, chain)
	followAddr(t, rc, m)
	followAddr(t, cc, r)
	atChain, atMaster := subscribe(t, chain), subscribe(t, m)
	warm(t, mc, atChain)
	rc.MustDo(t, "CONFIG", "SET", "notify-keyspace-events", "EA") // while streaming
	atReplica := subscribe(t, r)
	warm(t, mc, atReplica)
	heard(t, atChain)

	for _, line := range []string{"SET a 1", "RENAME a b", "RPUSH l 2 1", "SORT l STORE s", "LPOP l 2", "SADD t x", "SPOP t",
		"MULTI", "INCR n", "HSET h f v", "EXEC", "DEL b s", "SET x 1 PX 1"} {
		mc.MustDo(t, anys(strings.Fields(line))...)
	}
	until(t, "the key expires", func() bool { return mc.MustDo(t, "DBSIZE").Int == 4 }) // warm, end, n, h
	mc.MustDo(t, "SET", "end", "1")
	want := []string{"set a", "rename_from a", "rename_to b", "rpush l", "sortstore s", "lpop l", "del l", "sadd t", "spop t", "del t",
		"incrby n", "hset h", "del b", "del s", "set x", "expire x", "expired x"}
	for i := range want {
		want[i] = "__keyevent@0__:" + want[i]
	}
	for name, sub := range map[string]*harness.Client{"replica": atReplica, "chained replica": atChain} {
		if got := heard(t, sub); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, want)
		}
	}
	atMaster.Timeout = 100 * time.Millisecond
	if got, err := atMaster.Receive(); err == nil {
		t.Errorf("the master published %v", got)
	}
}

// A replica that starts again publishes nothing of what it had published.
func TestRestartedReplicaPublishesNothingAgain(t *testing.T) {
	m, dir := startForTest(t), t.TempDir()
	args := []string{"--notify-keyspace-events", "EA"}
	n, r := start(t, vfs.Default, dir, args...)
	mc := dial(t, m)
	followAddr(t, dial(t, r), m)
	warm(t, mc, subscribe(t, r))
	mc.MustDo(t, "SET", "old", "1")
	rc := dial(t, r)
	until(t, "old is there", func() bool { return rc.MustDo(t, "GET", "old").Str == "1" })
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, r = start(t, vfs.Default, dir, args...)
	defer n.Close()
	sub := subscribe(t, r)
	followAddr(t, dial(t, r), m)
	warmed := dial(t, m)
	until(t, "an event arrives", func() bool {
		warmed.MustDo(t, "SET", "new", "1")
		sub.Timeout = 200 * time.Millisecond
		got, err := sub.Receive()
		if err == nil && len(got.Elems) > 0 && got.Elems[len(got.Elems)-1].Str != "new" {
			t.Fatalf("published again: %v", got)
		}
		return err == nil
	})
}

// What happens while a replica is away reaches its subscribers when it has come back.
func TestEventsWhileTheLinkIsDown(t *testing.T) {
	m := startForTest(t)
	r := startForTest(t, "--notify-keyspace-events", "EA")
	mc := dial(t, m)
	followAddr(t, dial(t, r), m)
	sub := subscribe(t, r)
	warm(t, mc, sub)
	mc.MustDo(t, "CLIENT", "KILL", "TYPE", "replica")
	until(t, "the replica is gone", func() bool { return strings.Contains(mc.MustDo(t, "INFO", "replication").Str, "connected_slaves:0") })
	mc.MustDo(t, "SET", "meanwhile", "1")
	sub.Timeout = 10 * time.Second
	for {
		got, err := sub.Receive()
		if err != nil {
			t.Fatalf("the event was not published: %v", err)
		}
		if got.Elems[len(got.Elems)-1].Str == "meanwhile" {
			return
		}
	}
}

// logBytes is the size of a database's log after the commands of TestNobodyWantsEvents.
func logBytes(t *testing.T, dir string) (sum int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "db0", "binlog", "*.binlog"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no log in %s: %v", dir, err)
	}
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		sum += st.Size()
	}
	return sum
}

// As long as no server downstream wants events the log has no byte of them, whatever the master publishes itself.
func TestNobodyWantsEvents(t *testing.T) {
	grows := func(master, replica string) int64 {
		dir := t.TempDir()
		n, m := start(t, vfs.Default, dir, "--notify-keyspace-events", master)
		defer n.Close()
		mc, r := dial(t, m), startForTest(t, "--notify-keyspace-events", replica)
		followAddr(t, dial(t, r), m)
		if replica == "" {
			mc.MustDo(t, "SET", "end", "1")
			mc.MustDo(t, "WAIT", 1, 5000)
		} else {
			warm(t, mc, subscribe(t, r))
		}
		before := logBytes(t, dir)
		mc.MustDo(t, "SET", "a", "1")
		return logBytes(t, dir) - before
	}
	quiet := grows("", "")
	if published := grows("KEA", ""); published != quiet {
		t.Errorf("a SET takes %d bytes of log, and %d when the master publishes for itself", quiet, published)
	}
	if wanted := grows("", "KEA"); wanted <= quiet {
		t.Errorf("a SET takes %d bytes of log, and %d when a replica wants events", quiet, wanted)
	}
}

// A message reaches subscribers at replicas and at replicas of replicas, sharded or not.
func TestPublishReachesReplicas(t *testing.T) {
	m, r, chain := startForTest(t), startForTest(t), startForTest(t)
	followAddr(t, dial(t, r), m)
	followAddr(t, dial(t, chain), r)
	mc := dial(t, m)
	for _, verb := range [][2]string{{"SUBSCRIBE", "PUBLISH"}, {"SSUBSCRIBE", "SPUBLISH"}} {
		subs := []*harness.Client{dial(t, r), dial(t, chain)}
		for _, c := range subs {
			c.MustDo(t, verb[0], "news")
		}
		mc.MustDo(t, verb[1], "news", "text")
		for i, c := range subs {
			got, err := c.Receive()
			if err != nil || len(got.Elems) != 3 || got.Elems[2].Str != "text" {
				t.Errorf("%s: replica %d received %v, %v", verb[1], i+1, got, err)
			}
		}
	}
}

// A FLUSHALL and what follows in its transaction bypass the write buffer: Pebble reads the record with its notes.
func TestEventsOfARecordGivenToPebble(t *testing.T) {
	m, r := startForTest(t), startForTest(t, "--notify-keyspace-events", "EA")
	mc := dial(t, m)
	followAddr(t, dial(t, r), m)
	sub := subscribe(t, r)
	warm(t, mc, sub)
	for _, line := range []string{"MULTI", "FLUSHALL", "SET a 1", "LPUSH l x", "EXEC", "SET end 1"} {
		mc.MustDo(t, anys(strings.Fields(line))...)
	}
	want := []string{"__keyevent@0__:set a", "__keyevent@0__:lpush l"}
	if got := heard(t, sub); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
