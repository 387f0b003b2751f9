package crash

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// TestKill is the loop, for each value of appendfsync.
func TestKill(t *testing.T) {
	seed := envInt(t, "CRASH_SEED", int(time.Now().UnixNano()%1_000_000))
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	rounds = envInt(t, "CRASH_ROUNDS", rounds)
	t.Logf("seed %d (CRASH_SEED=%d replays the choice of commands)", seed, seed)
	var table []string
	for _, mode := range []string{"always", "everysec", "no"} {
		t.Run(mode, func(t *testing.T) {
			server := harness.Start(t, harness.Options{Args: []string{"--appendfsync", mode}})
			l := newLoop(server, uint64(seed), envInt(t, "CRASH_WRITERS", 6), t.Logf)
			for range rounds {
				if err := l.round(); err != nil {
					t.Fatal(err)
				}
			}
			if l.acknowledged() == 0 {
				t.Error("no write was acknowledged: nothing has been tested")
			}
			table = append(table, l.line(mode))
		})
	}
	t.Logf("\n%s\n%s", header, strings.Join(table, "\n"))
}

// TestLossIsNoticed checks the checker: what a server forgets or makes up must be found.
func TestLossIsNoticed(t *testing.T) {
	server := harness.Start(t, harness.Options{Flavor: harness.Redis})
	c := server.Client(t)
	w := newWriter(0, 0, 1)
	do := func(o op) {
		t.Helper()
		for _, args := range o {
			c.MustDo(t, args)
		}
	}
	// Everything the writers do, acknowledged.
	for range 2000 {
		o := w.nextOp()
		w.model.apply(o)
		do(o)
	}
	f := func(name string, want bool, pending []op, disturb ...string) {
		t.Run(name, func(t *testing.T) {
			w.pending = pending
			undo := w.model.snapshot()
			if len(disturb) > 0 {
				do(op{disturb})
			}
			_, err := w.verify(c)
			if (err == nil) != want {
				t.Errorf("verified: %v; want %v: %v", err == nil, want, err)
			}
			if err != nil { // back to what the model says
				w.model.keys = undo
				c.MustDo(t, "FLUSHALL")
				restore(t, c, undo)
			}
		})
	}
	key := func(kind string) string {
		for key, v := range w.model.keys {
			if v.kind == kind && !strings.Contains(key, "brief") {
				return key
			}
		}
		t.Fatalf("the writer made no %s", kind)
		return ""
	}
	f("nothing lost", true, nil)
	f("a string lost", false, nil, "DEL", key("string"))
	f("a field lost", false, nil, "HSET", key("hash"), "n1", "else")
	f("an element too many", false, nil, "RPUSH", key("list"), "again")
	f("a member too many", false, nil, "SADD", key("set"), "stranger")
	f("a score changed", false, nil, "ZADD", key("zset"), "5000", "n1")
	f("a key made up", false, nil, "SET", w.prefix+"stranger", "1")
	f("an expiry lost", false, nil, "PEXPIREAT", key("hash"), "4102444800001")
	transfer := op{{"INCRBY", w.prefix + "account:0", "-7"}, {"INCRBY", w.prefix + "account:1", "7"}}
	f("a torn transaction", false, []op{transfer}, "INCRBY", w.prefix+"account:0", "-7")
	f("in flight and not there", true, []op{transfer})
	first, second := op{{"SET", w.prefix + "str:1", "first"}}, op{{"SET", w.prefix + "str:2", "second"}}
	f("in flight and there", true, []op{first, second}, first[0]...)
	f("the second without the first", false, []op{{{"SET", w.prefix + "str:3", "x"}}, {{"SET", w.prefix + "str:4", "y"}}}, "SET", w.prefix+"str:4", "y")
}

// restore writes what a model says.
func restore(t *testing.T, c *harness.Client, keys map[string]*value) {
	for key, v := range keys {
		switch v.kind {
		case "string":
			c.MustDo(t, "SET", key, v.str)
		case "list":
			c.MustDo(t, "RPUSH", key, v.list)
		}
		for name, e := range v.hash {
			c.MustDo(t, "HSET", key, name, e)
		}
		for name := range v.set {
			c.MustDo(t, "SADD", key, name)
		}
		for name, score := range v.zset {
			c.MustDo(t, "ZADD", key, score, name)
		}
		if v.expireMs > 0 {
			c.MustDo(t, "PEXPIREAT", key, v.expireMs)
		}
	}
}

func envInt(t *testing.T, name string, otherwise int) int {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s=%s: want a number", name, s)
	}
	return n
}
