package node_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What follows is what Redis's own suite looks at, and what nothing else here does.

func TestEncodingNamesOf70(t *testing.T) {
	c := dial(t, startForTest(t, "--enable-debug-command", "yes"))
	c.MustDo(t, "RPUSH", "list", "a")
	c.MustDo(t, "SADD", "set", "a")
	c.MustDo(t, "SADD", "ints", "1")
	c.MustDo(t, "HSET", "hash", "a", "b")
	expect := func(want ...string) {
		t.Helper()
		for i, key := range []string{"list", "set", "ints", "hash"} {
			if got := c.MustDo(t, "OBJECT", "ENCODING", key).Str; got != want[i] {
				t.Errorf("%s is %s, want %s", key, got, want[i])
			}
			if got := c.MustDo(t, "DEBUG", "OBJECT", key).Str; !strings.Contains(got, "encoding:"+want[i]+" ") {
				t.Errorf("%s: %s", key, got)
			}
		}
	}
	expect("listpack", "listpack", "intset", "listpack")
	c.MustDo(t, "CONFIG", "SET", "object-encoding-compat", "7.0")
	expect("quicklist", "hashtable", "intset", "listpack")
}

// A queue that changes what its client watches may have to start over on a worker. That is no change by another.
func TestTransactionThatStartsOverKeepsItsWatch(t *testing.T) {
	c := dial(t, startForTest(t))
	push := []any{"RPUSH", "long"}
	for range 5000 {
		push = append(push, "element")
	}
	c.MustDo(t, push...)
	c.MustDo(t, "WATCH", "watched")
	c.MustDo(t, "MULTI")
	c.MustDo(t, "SET", "watched", "1")
	c.MustDo(t, "SORT", "long", "ALPHA") // too much for an event loop
	if r := c.MustDo(t, "EXEC"); len(r.Elems) != 2 || len(r.Elems[1].Elems) != 5000 {
		t.Errorf("EXEC gives %d replies", len(r.Elems))
	}
}

func TestSlowlogOfTransactions(t *testing.T) {
	c := dial(t, startForTest(t))
	c.MustDo(t, "CONFIG", "SET", "slowlog-log-slower-than", "0")
	c.MustDo(t, "SLOWLOG", "RESET")
	c.MustDo(t, "MULTI")
	c.MustDo(t, "SET", "in", "transaction")
	c.MustDo(t, "EXEC")
	c.MustDo(t, "CONFIG", "SET", "masterauth", "")
	text := c.MustDo(t, "SLOWLOG", "GET", "-1").String()
	if strings.Count(text, `"transaction"`) != 1 || strings.Contains(text, `"EXEC"`) {
		t.Errorf("the slow log holds\n%s", text)
	}
	if !strings.Contains(text, "(redacted)") {
		t.Errorf("a password is shown:\n%s", text)
	}
}

func TestPausedClientsAreBlocked(t *testing.T) {
	addr := startForTest(t)
	c, paused := dial(t, addr), dial(t, addr)
	if list := c.MustDo(t, "CLIENT", "LIST").Str; !strings.Contains(list, "laddr="+addr) || !strings.Contains(list, " qbuf=26 ") {
		t.Errorf("CLIENT LIST: %s", list)
	}
	c.MustDo(t, "CLIENT", "PAUSE", "100000", "WRITE")
	if err := paused.Send([]string{"SET", "k", "v"}); err != nil {
		t.Fatal(err)
	}
	if err := paused.Flush(); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:1\r\n") {
	}
	c.MustDo(t, "CLIENT", "UNPAUSE")
	if r, err := paused.Receive(); err != nil || r.Str != "OK" {
		t.Errorf("after the pause: %v, %v", r, err)
	}
	if info := c.MustDo(t, "INFO", "clients").Str; !strings.Contains(info, "blocked_clients:0\r\n") {
		t.Error(info)
	}
}

func TestDebugForTheSuite(t *testing.T) {
	c := dial(t, startForTest(t, "--enable-debug-command", "yes"))
	c.MustDo(t, "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	c.MustDo(t, "SET", "gone", "v", "PXAT", "1")
	c.MustDo(t, "SET", "k", "v", "PX", "1")
	for c.MustDo(t, "EXISTS", "k").Int == 1 {
	}
	c.MustDo(t, "DEBUG", "OBJECT", "k") // past its time, not deleted
	c.MustDo(t, "DEBUG", "LOADAOF")
	c.MustDo(t, "DEBUG", "QUICKLIST-PACKED-THRESHOLD", "1b")
	if r := c.MustDo(t, "DEBUG", "PROTOCOL", "attrib"); !strings.Contains(r.Str, "following the attribute") {
		t.Error(r)
	}
	if r := c.MustDo(t, "BGREWRITEAOF"); r.Str != "Background append only file rewriting started" {
		t.Error(r)
	}
	if _, err := c.Do("DEBUG", "OBJECT", "none"); err != nil {
		t.Error(err)
	}
}

// Keys expire by the shifted clock, and come back with it if they were not deleted meanwhile.
func TestShiftedClock(t *testing.T) {
	c := dial(t, startForTest(t, "--enable-debug-command", "yes"))
	c.MustDo(t, "SET", "k", "v", "PX", "600000")
	c.MustDo(t, "DEBUG", "SHIFT-CLOCK", "-3600000")
	if ttl := c.MustDo(t, "PTTL", "k").Int; ttl < 4_000_000 {
		t.Errorf("an hour back it has %d ms", ttl)
	}
	c.MustDo(t, "DEBUG", "SHIFT-CLOCK", "3600000")
	if n := c.MustDo(t, "EXISTS", "k").Int; n != 0 {
		t.Error("an hour later it is still there")
	}
	if r, err := c.Do("DEBUG", "SHIFT-CLOCK", "9223372036854775807"); err != nil || !r.IsError() {
		t.Errorf("a shift beyond all times: %v %v", r, err)
	}
}

func TestNothingIsRememberedWhenNobodyTracks(t *testing.T) {
	c := dial(t, startForTest(t))
	c.MustDo(t, "CLIENT", "TRACKING", "ON")
	c.MustDo(t, "GET", "k")
	if info := c.MustDo(t, "INFO", "stats").Str; !strings.Contains(info, "tracking_total_keys:1\r\n") {
		t.Error(info)
	}
	c.MustDo(t, "CLIENT", "TRACKING", "OFF")
	if info := c.MustDo(t, "INFO", "stats").Str; !strings.Contains(info, "tracking_total_items:0\r\n") || !strings.Contains(info, "tracking_total_keys:0\r\n") {
		t.Error(info)
	}
}

func TestStringsMetatableIsForReading(t *testing.T) {
	c := dial(t, startForTest(t))
	r, err := c.Do("EVAL", "getmetatable('').__index = function() return 1 end", "0")
	if err != nil || r.Err() == nil || !strings.Contains(r.Err().Error(), "Attempt to modify a readonly table") {
		t.Errorf("got %v, %v", r, err)
	}
}

// When a key was used last is known as long as it is in memory. Asking about it is no use of it.
func TestIdleTime(t *testing.T) {
	c := dial(t, startForTest(t, "--enable-debug-command", "yes"))
	idle := func(key string, least, most int64) {
		t.Helper()
		if got := c.MustDo(t, "OBJECT", "IDLETIME", key).Int; got < least || got > most {
			t.Errorf("%s is idle for %d seconds, want %d to %d", key, got, least, most)
		}
	}
	c.MustDo(t, "SET", "k", "v")
	c.MustDo(t, "HSET", "h", "f", "v")
	idle("k", 0, 60) // as it stands in the write buffer, or in the cache
	c.MustDo(t, "DEBUG", "RELOAD")
	idle("k", 0, 60) // in memory no more: since the start
	c.MustDo(t, "GET", "k")
	c.MustDo(t, "HGET", "h", "f")
	c.MustDo(t, "DEBUG", "SHIFT-CLOCK", "1000000")
	for _, quiet := range [][]any{{"TTL", "k"}, {"PTTL", "k"}, {"EXPIRETIME", "k"}, {"PEXPIRETIME", "k"}, {"TYPE", "k"}, {"EXISTS", "k"}, {"OBJECT", "ENCODING", "k"},
		{"OBJECT", "REFCOUNT", "k"}, {"MEMORY", "USAGE", "k"}, {"DEBUG", "OBJECT", "k"}} {
		c.MustDo(t, quiet...)
	}
	idle("k", 1000, 1060)
	c.MustDo(t, "CLIENT", "NO-TOUCH", "on")
	c.MustDo(t, "GET", "k")
	c.MustDo(t, "EVAL", "return redis.call('GET', KEYS[1])", "1", "k")
	idle("k", 1000, 1060)
	c.MustDo(t, "TOUCH", "k")
	idle("k", 0, 60)
	c.MustDo(t, "CLIENT", "NO-TOUCH", "off")
	idle("h", 1000, 1060)
	c.MustDo(t, "HLEN", "h")
	idle("h", 0, 60)
	if got := c.MustDo(t, "OBJECT", "IDLETIME", "none"); !got.Null {
		t.Errorf("of a key that is not there: %v", got)
	}
}

// A pipeline is looked ahead at, for keys, for members of large collections and for keys of scripts. Whatever it guesses, replies are
// those of the same commands one by one.
func TestPipelinesReplyAsSingleCommands(t *testing.T) {
	single, piped := dial(t, startForTest(t)), dial(t, startForTest(t))
	var commands [][]string
	add := func(words ...string) { commands = append(commands, words) }
	long := strings.Repeat("m", 300)
	for i := range 400 { // more than is packed
		add("SADD", "set", fmt.Sprint("m", i))
		add("HSET", "hash", fmt.Sprint("m", i), fmt.Sprint(i))
		add("ZADD", "zset", fmt.Sprint(i), fmt.Sprint("m", i))
		add("RPUSH", "list", fmt.Sprint("m", i))
	}
	for _, run := range [][]string{{"SISMEMBER", "set"}, {"SADD", "set"}, {"HGET", "hash"}, {"ZSCORE", "zset"}, {"ZINCRBY", "zset", "2"}, {"SISMEMBER", "none"},
		{"HGET", "set"}, {"GET", "set"}, {"LREM", "list", "1"}, {"EVAL", "return redis.call('INCR', KEYS[1])", "1"}, {"SREM", "set"}, {"SADD", "new"}} {
		for i := range 40 {
			add(append(slices.Clone(run), []string{fmt.Sprint("m", i*11), "", long, "-1"}[i%4])...)
		}
	}
	add("DEL", "set")
	for i := range 40 {
		add("SADD", "set", fmt.Sprint("m", i), "x")
	}
	replies, err := piped.Pipeline(commands)
	if err != nil {
		t.Fatal(err)
	}
	for i, words := range commands {
		r, err := single.Do(anys(words)...)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Equal(replies[i]) {
			t.Fatalf("%.60q replies %v, in a pipeline %v", words, r, replies[i])
		}
	}
}
