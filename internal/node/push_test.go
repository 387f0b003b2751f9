package node_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// flat prints a reply in a line.
func flat(r harness.Reply) string {
	switch r.Kind {
	case harness.Push, harness.Array, harness.Map:
		var b strings.Builder
		b.WriteByte(byte(r.Kind))
		for i, e := range r.Elems {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(flat(e))
		}
		return b.String()
	case harness.Int:
		return fmt.Sprint(r.Int)
	case harness.Null:
		return "nil"
	}
	return r.Str
}

// hears sends commands in one packet, words apart by spaces, and looks at what comes. ~ stands for the rest.
func hears(t *testing.T, c *harness.Client, commands []string, want ...string) {
	t.Helper()
	var b []byte
	for _, cmd := range commands {
		args := strings.Split(cmd, " ")
		if args[0] == "EVAL" {
			args = []string{"EVAL", strings.Join(args[1:], " "), "0"}
		}
		b = harness.AppendCommand(b, args)
	}
	if err := c.SendRaw(b); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range want {
		r, err := c.Receive()
		if err != nil {
			t.Fatalf("%v: %v after %q", commands, err, got)
		}
		got = append(got, flat(r))
	}
	if !slices.EqualFunc(got, want, func(got, want string) bool {
		begins, long := strings.CutSuffix(want, "~")
		return got == want || long && strings.HasPrefix(got, begins)
	}) {
		t.Errorf("%v:\ngot  %q\nwant %q", commands, got, want)
	}
}

// What a client's own commands cause stands among the replies to them where redis-server puts it, but never inside of
// the reply to EXEC.
func TestOwnMessagesAmongReplies(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		c := w.dial(t)
		c.MustDo(t, "HELLO", "3")
		c.MustDo(t, "CONFIG", "SET", "notify-keyspace-events", "KE$g")
		c.MustDo(t, "SUBSCRIBE", "c")
		message := func(text string) string { return ">message c " + text }
		hears(t, c, []string{"PUBLISH c 1", "PING x"}, message("1"), "1", "x")
		hears(t, c, []string{"SET k v", "PUBLISH c 1", "PUBLISH c 2", "PING x"}, "OK", message("1"), "1", message("2"), "1", "x")
		hears(t, c, []string{"MULTI", "PUBLISH c 1", "GET k", "EXEC", "PING x"}, "OK", "QUEUED", "QUEUED", message("1"), "*1 v", "x")
		hears(t, c, []string{"MULTI", "PUBLISH c 1", "KEYS *", "EXEC", "PING x"}, "OK", "QUEUED", "QUEUED", message("1"), "*1 *k", "x")
		hears(t, c, []string{"EVAL redis.call('publish','c','1') redis.call('publish','c','2') return 7", "PING x"}, message("1"), message("2"), "7", "x")
		hears(t, c, []string{"CLIENT REPLY SKIP", "PUBLISH c 1", "PING x"}, message("1"), "x")
		hears(t, c, []string{"SET k v", "PUBLISH c 1", "UNSUBSCRIBE c", "PING x"}, "OK", message("1"), "1", ">unsubscribe c 0", "x")
		hears(t, c, []string{"PUBLISH c 1", "SUBSCRIBE c", "PUBLISH c 2"}, "0", ">subscribe c 1", message("2"), "1")
		hears(t, c, []string{"PUBLISH c 1", "RESET", "PING"}, message("1"), "1", "RESET", "PONG")
		hears(t, c, []string{"MULTI", "SUBSCRIBE c", "PUBLISH c 1", "EXEC", "PING"}, "OK", "QUEUED", "QUEUED", "**subscribe c 1 1", "*message c 1", "*pong ")
		c.MustDo(t, "RESET")
		c.MustDo(t, "HELLO", "3")
		c.MustDo(t, "SUBSCRIBE", "__keyevent@0__:set", "__keyevent@0__:del")
		if _, err := c.Receive(); err != nil {
			t.Fatal(err)
		}
		set, del := ">message __keyevent@0__:set k", ">message __keyevent@0__:del k"
		hears(t, c, []string{"SET k v", "DEL k", "PING x"}, set, "OK", del, "1", "x")
		hears(t, c, []string{"EVAL redis.call('set','k','v') redis.call('del','k') return 7", "PING x"}, set, del, "7", "x")
		// RESP2 has no word for what was written for RESP3.
		hears(t, c, []string{"SET k v", "HELLO 2", "UNSUBSCRIBE __keyevent@0__:set"}, set, "OK", "*server~", "*unsubscribe __keyevent@0__:set 1")
	})
}

func TestOwnInvalidationsAmongReplies(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		const gone, all = ">invalidate *t", ">invalidate nil"
		for _, mode := range []string{"ON", "ON NOLOOP", "ON BCAST"} {
			hear := func(commands []string, want ...string) {
				t.Helper()
				c := w.dial(t)
				hears(t, c, []string{"SET t 1", "HELLO 3", "CLIENT TRACKING " + mode, "GET t"}, "OK", "%server~", "OK", "1")
				if mode != "ON" {
					told := len(want)
					want = slices.DeleteFunc(want, func(s string) bool { return s == gone })
					if mode == "ON BCAST" && len(want) < told { // behind everything that the loop has found, and once
						want = append(want, gone)
					}
				}
				hears(t, c, commands, want...)
				hears(t, c, []string{"PING"}, "PONG")
			}
			hear([]string{"DEL t", "GET t", "PING x"}, "1", gone, "nil", "x")
			hear([]string{"SET t 2", "SET t 3", "PING x"}, "OK", gone, "OK", "x")
			hear([]string{"MULTI", "SET t 2", "GET t", "SET t 3", "EXEC", "PING x"},
				"OK", "QUEUED", "QUEUED", "QUEUED", "*OK 2 OK", gone, gone, "x")
			hear([]string{"EVAL redis.call('set','t','2') return 7", "PING x"}, "7", gone, "x")
			hear([]string{"LPUSH t x", "PING x"}, "WRONGTYPE Operation against a key holding the wrong kind of value", "x")
			hear([]string{"SORT none STORE t", "PING x"}, "0", gone, "x")
			hear([]string{"CLIENT REPLY SKIP", "SET t 2", "PING x"}, gone, "x")
			hear([]string{"FLUSHDB", "PING x"}, "OK", all, "x")
			hear([]string{"FLUSHALL", "PING x"}, "OK", all, "x")
		}
	})
}

func TestMonitorAmongReplies(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		c := w.dial(t)
		if err := c.SendRaw([]byte("MONITOR\r\nSET a b\r\nPING x\r\nRESET\r\nPING y\r\n")); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"OK", "OK", `"SET" "a" "b"`, "x", `"PING" "x"`, "RESET", "PONG"} {
			if want == "PONG" {
				want = "y"
			}
			if r, err := c.Receive(); err != nil || !strings.HasSuffix(r.Str, want) {
				t.Fatalf("%d: %v %v, want %s", i, r, err, want)
			}
		}
	})
}

// MONITOR is class normal of client-output-buffer-limit, which has no limit by default.
func TestMonitorIsANormalClient(t *testing.T) {
	addr := startForTest(t, "--client-output-buffer-limit", "pubsub 1kb 1kb 1")
	c, monitor := dial(t, addr), dial(t, addr)
	id := monitor.MustDo(t, "CLIENT", "ID").Int
	monitor.MustDo(t, "MONITOR")
	long := strings.Repeat("x", 100_000)
	for range 200 {
		c.MustDo(t, "SET", "k", long)
	}
	if list := c.MustDo(t, "CLIENT", "LIST", "ID", id).Str; !strings.Contains(list, "flags=O") {
		t.Errorf("a monitor that does not read is closed, by the limit of another class: %q", list)
	}
}

// A message is there before PUBLISH has replied, and none comes once UNSUBSCRIBE is confirmed.
func TestNoMessageBehindUnsubscribe(t *testing.T) {
	rounds := 1000
	if testing.Short() {
		rounds = 200
	}
	eachWay(t, func(t *testing.T, w way) {
		for _, proto := range []string{"2", "3"} {
			for _, kind := range []string{"", "P", "S"} {
				a, b := w.dial(t), w.dial(t)
				a.MustDo(t, "HELLO", proto)
				publish := []string{"PUBLISH", "c", "m"}
				if kind == "S" {
					publish[0] = "SPUBLISH"
				}
				b.MustDo(t, "SET", "k", "v")
				for i := range rounds {
					a.MustDo(t, kind+"SUBSCRIBE", "c")
					if r := b.MustDo(t, publish[0], "c", "m"); r.Int != 1 {
						t.Fatal(r)
					}
					if i%2 == 0 {
						b.MustDo(t, "SET", "k", "v")
					}
					want := []string{"m", "0", "v"}
					if err := a.Send([]string{kind + "UNSUBSCRIBE", "c"}); err != nil {
						t.Fatal(err)
					}
					if err := a.Send([]string{"GET", "k"}); err != nil {
						t.Fatal(err)
					}
					if err := a.Flush(); err != nil {
						t.Fatal(err)
					}
					for _, end := range want {
						if r, err := a.Receive(); err != nil || !strings.HasSuffix(flat(r), end) {
							t.Fatalf("RESP%s, %sSUBSCRIBE, round %d: %v %v, want %s", proto, kind, i, r, err, end)
						}
					}
				}
			}
		}
	})
}

// What another client has changed is told before anything that is asked afterwards, also by way of a connection of RESP2.
func TestInvalidationBeforeWhatIsAskedLater(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		a, b, to := w.dial(t), w.dial(t), w.dial(t)
		a.MustDo(t, "HELLO", "3")
		a.MustDo(t, "CLIENT", "TRACKING", "ON")
		id := to.MustDo(t, "CLIENT", "ID").Int
		from := w.dial(t)
		from.MustDo(t, "CLIENT", "TRACKING", "ON", "REDIRECT", id)
		for i := range 200 {
			to.MustDo(t, "SUBSCRIBE", "__redis__:invalidate")
			from.MustDo(t, "GET", "k")
			a.MustDo(t, "GET", "k")
			change := []any{"SET", "k", i}
			switch i % 10 {
			case 8:
				change = []any{"FLUSHDB"}
			case 9:
				change = []any{"EVAL", "redis.call('set', 'k', '9')", "0"}
			}
			b.MustDo(t, change...)
			want := flat(b.MustDo(t, "GET", "k"))
			if want == "" {
				want = "nil"
			}
			key := "*k"
			if i%10 == 8 {
				key = "nil"
			}
			hears(t, a, []string{"GET k"}, ">invalidate "+key, want)
			if key == "nil" {
				key = ""
			}
			hears(t, to, []string{"UNSUBSCRIBE"}, "*message __redis__:invalidate "+key, "*unsubscribe __redis__:invalidate 0")
		}
	})
}

// way is how clients reach a server with two event loops.
type way struct {
	dial func(t testing.TB) *harness.Client
}

// eachWay runs a test over TCP and TLS, with replies that wait for fsync and that do not.
func eachWay(t *testing.T, test func(t *testing.T, w way)) {
	for _, fsync := range []string{"everysec", "always"} {
		secure, args := tlsArgs(t)
		addr := startForTest(t, append(args, "--event-loops", "2", "--appendfsync", fsync)...)
		t.Run("plain "+fsync, func(t *testing.T) {
			test(t, way{func(t testing.TB) *harness.Client { return dial(t, addr) }})
		})
		t.Run("TLS "+fsync, func(t *testing.T) {
			test(t, way{func(t testing.TB) *harness.Client { return dialTLS(t, secure) }})
		})
	}
}
