package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

func TestErrorsThatOnlyAScriptMakesAreCounted(t *testing.T) {
	c := dial(t, startForTest(t))
	do := func(args ...any) { _, _ = c.Do(args...) }
	do("EVAL", "return redis.error_reply('MINE of a script')", "0")
	do("EVAL", "error('thrown')", "0")
	do("EVAL", "return redis.call('INCR', 'k', 'too many')", "0") // refused before it is called
	do("SET", "k", "text")
	do("EVAL", "return redis.call('LPUSH', 'k', 'x')", "0") // counted as LPUSH's
	do("EVAL", "redis.pcall('LPUSH', 'k', 'x')", "0")
	do("MULTI")
	do("EVAL", "return redis.error_reply('MINE in a transaction')", "0")
	do("EXEC")
	for _, want := range []string{"errorstat_MINE:count=2", "errorstat_ERR:count=2", "errorstat_WRONGTYPE:count=2", "total_error_replies:6"} {
		says(t, c, want, "INFO")
	}
}

func TestSubcommandsCalledResetAreQueued(t *testing.T) {
	c := dial(t, startForTest(t))
	c.MustDo(t, "MULTI")
	for _, container := range []string{"LATENCY", "SLOWLOG"} {
		if r := c.MustDo(t, container, "RESET"); r.Str != "QUEUED" {
			t.Errorf("%s RESET in MULTI: %v", container, r)
		}
	}
	if r := c.MustDo(t, "EXEC"); len(r.Elems) != 2 {
		t.Errorf("EXEC: %v", r)
	}
	if r := c.MustDo(t, "RESET"); r.Str != "RESET" {
		t.Errorf("RESET: %v", r)
	}
}

func TestNoCommandIsANullBulk(t *testing.T) {
	c := dial(t, startForTest(t))
	for _, name := range []string{"nosuch", "config|nosuch"} {
		if r := c.MustDo(t, "COMMAND", "INFO", name).Elems[0]; !r.Null || r.Kind != harness.Bulk {
			t.Errorf("COMMAND INFO %s: kind %c, null %v", name, r.Kind, r.Null)
		}
	}
}

func TestSwapDoesNotTouchWhoWatchesNothing(t *testing.T) {
	c := dial(t, startForTest(t, "--enable-debug-command", "yes"))
	c.MustDo(t, "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	c.MustDo(t, "SET", "x", "foo", "PXAT", "1") // past its time, and not deleted
	c.MustDo(t, "SELECT", "1")
	c.MustDo(t, "WATCH", "x")
	c.MustDo(t, "SWAPDB", "0", "1")
	c.MustDo(t, "MULTI")
	c.MustDo(t, "PING")
	if r := c.MustDo(t, "EXEC"); len(r.Elems) != 1 {
		t.Errorf("EXEC: %v", r)
	}
}

// Only what Redis would leave to its thread counts: large keys of UNLINK, and all of an asynchronous flush.
func TestLazyFreedObjects(t *testing.T) {
	c := dial(t, startForTest(t))
	large := []any{"SADD", "large"}
	for i := range 200 {
		large = append(large, fmt.Sprint("member-", i))
	}
	for _, step := range []struct {
		freed    string
		commands [][]any
	}{
		{"0", [][]any{large, {"SADD", "small", "m"}, {"DEL", "large", "small"}}},
		{"1", [][]any{large, {"SADD", "small", "m"}, {"SET", "text", strings.Repeat("x", 100_000)}, {"UNLINK", "large", "small", "text", "none"}}},
		{"1", [][]any{{"MSET", "a", "1", "b", "2"}, {"FLUSHDB"}, {"MSET", "a", "1", "b", "2"}, {"FLUSHALL", "SYNC"}}},
		{"3", [][]any{{"MSET", "a", "1", "b", "2"}, {"FLUSHDB", "ASYNC"}}},
		{"6", [][]any{{"MSET", "a", "1", "b", "2"}, {"SELECT", "1"}, {"SET", "c", "3"}, {"FLUSHALL", "ASYNC"}}},
		{"6", [][]any{large, {"MULTI"}, {"UNLINK", "large"}, {"DISCARD"}}},
		{"7", [][]any{{"MULTI"}, {"UNLINK", "large"}, {"EXEC"}}},
		{"0", [][]any{{"CONFIG", "RESETSTAT"}}},
	} {
		for _, command := range step.commands {
			c.MustDo(t, command...)
		}
		says(t, c, "lazyfreed_objects:"+step.freed, "INFO", "memory")
	}
}

// OBJECT FREQ goes by the policy, though nothing is evicted by any.
func TestFrequencyNeedsAPolicyOfLFU(t *testing.T) {
	c := dial(t, startForTest(t, "--maxmemory-policy", "allkeys-lfu"))
	c.MustDo(t, "SET", "k", "v")
	if r := c.MustDo(t, "OBJECT", "FREQ", "k"); r.Int != 5 {
		t.Errorf("a key just written: %v", r)
	}
	if r := c.MustDo(t, "OBJECT", "FREQ", "none"); !r.Null {
		t.Errorf("no key: %v", r)
	}
	c.MustDo(t, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	if r, _ := c.Do("OBJECT", "FREQ", "k"); !strings.HasPrefix(r.Str, "ERR An LFU maxmemory policy is not selected") {
		t.Errorf("lru: %v", r)
	}
}

func TestChangesSinceTheLastBackup(t *testing.T) {
	c := dial(t, startForTest(t))
	changes := func(want string) {
		t.Helper()
		says(t, c, "rdb_changes_since_last_save:"+want, "INFO", "persistence")
	}
	changes("0")
	c.MustDo(t, "SETBIT", "bits", "0", "1")
	c.MustDo(t, "SETBIT", "bits", "0", "1") // is 1 already
	c.MustDo(t, "RPUSH", "list", "a", "b")
	_, _ = c.Do("LPUSH", "bits", "a") // fails
	c.MustDo(t, "DEL", "bits", "list", "none")
	changes("4")
	c.MustDo(t, "SAVE")
	changes("0")
}

func TestDebugPopulate(t *testing.T) {
	c := dial(t, startForTest(t, "--enable-debug-command", "yes"))
	c.MustDo(t, "SET", "p:1", "mine")
	c.MustDo(t, "DEBUG", "POPULATE", "3", "p", "9")
	c.MustDo(t, "DEBUG", "POPULATE", "1")
	for key, want := range map[string]string{"p:0": "value:0\x00\x00", "p:1": "mine", "p:2": "value:2\x00\x00", "key:0": "value:0"} {
		if got := c.MustDo(t, "GET", key).Str; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if r, _ := c.Do("DEBUG", "POPULATE", "100000000000", "p", "100"); !r.IsError() {
		t.Errorf("too much is not refused: %v", r)
	}
}

func TestStrangersMustReadTheirReplies(t *testing.T) {
	c := dial(t, startForTest(t, "--requirepass", "secret"))
	c.Timeout = 10 * time.Second
	for range 2_000_000 {
		if err := c.Send([]string{"GET", "k"}); err != nil {
			return
		}
	}
	t.Error("2 million commands were taken from a client that has not authenticated and reads nothing")
}
