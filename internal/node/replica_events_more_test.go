package node_test

import (
	"slices"
	"strings"
	"testing"
)

// What scripts, clients that were waiting, and commands after SWAPDB have done is published at replicas as at a server of its own: in
// order, and under the number that a database has there.
func TestReplicasPublishEventsOfScriptsPopsAndSwaps(t *testing.T) {
	m, r := startForTest(t), startForTest(t, "--notify-keyspace-events", "EA")
	mc, rc := dial(t, m), dial(t, r)
	followAddr(t, rc, m)
	sub := subscribe(t, r)
	warm(t, mc, sub)

	mc.MustDo(t, "EVAL", "redis.call('SET',KEYS[1],'1') redis.call('RPUSH',KEYS[2],'a','b') redis.call('DEL',KEYS[1]) return 1", "2", "e1", "e2")
	mc.MustDo(t, "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function(k) return redis.call('INCR', k[1]) end)")
	mc.MustDo(t, "FCALL", "f", "1", "n")

	waiter := dial(t, m)
	popped := make(chan string, 1)
	go func() {
		reply, err := waiter.Do("BLPOP", "q", "10")
		if err != nil || len(reply.Elems) != 2 {
			popped <- "nothing"
			return
		}
		popped <- reply.Elems[1].Str
	}()
	until(t, "it waits", func() bool { return strings.Contains(mc.MustDo(t, "INFO", "clients").Str, "blocked_clients:1") })
	mc.MustDo(t, "RPUSH", "q", "x")
	if got := <-popped; got != "x" {
		t.Fatalf("popped %q", got)
	}

	mc.MustDo(t, "SELECT", "1")
	mc.MustDo(t, "SET", "one", "1")
	rc.MustDo(t, "SELECT", "1")
	until(t, "the second database follows", func() bool { reply, err := rc.Do("GET", "one"); return err == nil && reply.Str == "1" })
	mc.MustDo(t, "SWAPDB", "0", "1")
	rc.MustDo(t, "SELECT", "0")
	until(t, "the numbers are exchanged", func() bool { reply, err := rc.Do("GET", "one"); return err == nil && reply.Str == "1" })
	mc.MustDo(t, "SELECT", "0")
	mc.MustDo(t, "DEL", "one")
	mc.MustDo(t, "SET", "end", "1")

	want := []string{"0__:set e1", "0__:rpush e2", "0__:del e1", "0__:incrby n", "0__:rpush q", "0__:lpop q", "0__:del q", "1__:set one", "0__:del one"}
	for i := range want {
		want[i] = "__keyevent@" + want[i]
	}
	if got := heard(t, sub); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
