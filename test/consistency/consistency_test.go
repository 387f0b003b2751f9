package consistency

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/group"
	"github.com/haypile/haypile/test/harness"
)

// TestLinearizable: under every fault, confirmed operations are linearizable, and what was acknowledged is there in the end.
func TestLinearizable(t *testing.T) {
	rounds := len(group.Faults)
	if testing.Short() {
		rounds = 1
	}
	if s := os.Getenv("CONSISTENCY_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	g := group.Start(t, harness.Haypile, group.Safe...)
	c := g.Client()
	defer c.Close()
	x := startClients(c)
	for round := range rounds {
		fault := &group.Faults[round%len(group.Faults)]
		confirmedAfter(g, x, time.Now())
		m := g.Master()
		heal := fault.Do(g, m)
		at := time.Now()
		if fault.Alone {
			g.Within(60*time.Second, "the sentinels name another master", func() bool { n := g.Master(); return n != nil && n != m })
		} else {
			confirmedAfter(g, x, at)
		}
		heal()
		confirmedAfter(g, x, time.Now())
		g.Settle(60 * time.Second)
		t.Logf("round %d: %s", round+1, fault.Name)
	}
	x.end()
	x.judge(t, g, c)
}

func confirmedAfter(g *group.Group, x *clients, at time.Time) {
	g.Within(60*time.Second, "an operation is confirmed", func() bool { return time.Unix(0, x.last.Load()).After(at.Add(100 * time.Millisecond)) })
}

func (x *clients) judge(t *testing.T, g *group.Group, c *redis.Client) {
	t.Helper()
	x.readAll(t, c)
	for key, text := range x.h.check(t) {
		t.Errorf("%s: no order of the operations explains the replies:\n%s", key, text)
	}
	missing := 0
	for _, e := range x.added {
		kind, n, _ := strings.Cut(e, " ")
		v, err := c.Do(group.Background, membership[kind](n)...).Result()
		if err != nil && err != redis.Nil {
			t.Fatal(err)
		}
		if list, is := v.([]any); err == redis.Nil || v == int64(0) || v == false || is && len(list) == 0 {
			if missing++; missing < 5 {
				t.Errorf("%s was acknowledged with WAIT 1 and is not there", e)
			}
		}
	}
	g.Equal(60 * time.Second)
	t.Logf("%d keys; operations: %d confirmed, %d certainly not done, %d unknown; %d of %d elements missing", len(x.h.keys()), x.h.fates[confirmed], x.h.fates[undone],
		x.h.fates[unknown], missing, len(x.added))
	if x.h.fates[confirmed] == 0 || x.h.fates[unknown]+x.h.fates[undone] == 0 || len(x.added) == 0 {
		t.Error("the run shows nothing: no operation was confirmed, or none was hit by a fault")
	}
}

// readAll ends the history with a read of every key.
func (x *clients) readAll(t *testing.T, c *redis.Client) {
	t.Helper()
	for _, key := range x.h.keys() {
		op := call{Verb: get, Key: key}
		if strings.HasPrefix(key, "list:") {
			op.Verb = list
		}
		began := time.Now()
		value, f := confirm(c, op, "fence:end")
		if f != confirmed {
			t.Fatalf("the last read of %s was not confirmed", key)
		}
		x.h.add(count, began, op, value, f)
	}
}

// TestUnsafeIsFound: a master that is cut off with a client, without min-replicas-to-write, acknowledges writes that are lost. A history
// that takes them for confirmed must be found wrong: else TestLinearizable shows nothing.
func TestUnsafeIsFound(t *testing.T) {
	g := group.Start(t, harness.Haypile)
	c := g.Client()
	defer c.Close()
	h := newHistory()
	do := func(c *redis.Client, op call) string {
		t.Helper()
		began := time.Now()
		reply := c.Do(group.Background, command(op)...)
		value, err := text(reply)
		if err != nil {
			t.Fatal(err)
		}
		h.add(0, began, op, value, confirmed)
		return value
	}
	do(c, call{incr, "counter", "1"})
	do(c, call{set, "register", "before"})
	do(c, call{push, "list", "a"})
	do(c, call{set, "untouched", "v"})
	m := g.Master()
	g.Within(10*time.Second, "the replicas have it", func() bool {
		return group.Info(g.Others(m)[0], "slave_repl_offset") == group.Info(m, "master_repl_offset") && group.Info(g.Others(m)[1], "slave_repl_offset") == group.Info(m, "master_repl_offset")
	})
	m.Proxy.Refuse(true)
	m.Proxy.Cut()
	inside := redis.NewClient(&redis.Options{Addr: m.Server.Addr()})
	defer inside.Close()
	do(inside, call{incr, "counter", "1"})
	do(inside, call{set, "register", "inside"})
	do(inside, call{push, "list", "b"})
	g.Within(60*time.Second, "the sentinels name another master", func() bool { n := g.Master(); return n != nil && n != m })
	m.Proxy.Refuse(false)
	g.Settle(60 * time.Second)
	g.Within(10*time.Second, "go-redis writes to the new master", func() bool {
		return c.Set(group.Background, "new", "1", 0).Err() == nil
	})
	do(c, call{incr, "counter", "1"})
	do(c, call{get, "register", ""})
	do(c, call{list, "list", ""})
	do(c, call{get, "untouched", ""})
	bad := h.check(t)
	for _, key := range []string{"counter", "register", "list"} {
		if bad[key] == "" {
			t.Errorf("%s: the checker has not found the lost write", key)
		}
	}
	if bad["untouched"] != "" {
		t.Errorf("the checker finds fault with a key that lost nothing:\n%s", bad["untouched"])
	}
}
