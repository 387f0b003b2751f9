package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// pairs makes CONFIG SET's arguments.
func pairs(words ...string) (list [][2]string) {
	for pair := range slices.Chunk(words, 2) {
		list = append(list, [2]string{pair[0], pair[1]})
	}
	return list
}

// TestSetErrors holds the replies of redis-server 7.0.15 to the same commands.
func TestSetErrors(t *testing.T) {
	c := New()
	f := func(want string, words ...string) {
		t.Helper()
		before := c.Load()
		if err := c.Set(pairs(words...)); err == nil || err.Error() != want {
			t.Errorf("%q:\n got  %v\n want %s", words, err, want)
		}
		if c.Load() != before {
			t.Errorf("%q changed something", words)
		}
	}
	unknown := func(name string, words ...string) {
		t.Helper()
		f("Unknown option or number of arguments for CONFIG SET - '"+name+"'", words...)
	}
	refused := func(name, why string, words ...string) {
		t.Helper()
		f("CONFIG SET failed (possibly related to argument '"+name+"') - "+why, words...)
	}
	unknown("nosuch", "nosuch", "1")
	unknown("nosuch", "hz", "20", "nosuch", "1")
	unknown("a  b", "a\r\nb", "1")
	unknown("user", "user", "x")
	unknown("nosuch-num", "nosuch-num", "1")
	refused("hz", "duplicate parameter", "hz", "10", "hz", "20")
	refused("DATABASES", "can't set immutable config", "DATABASES", "3")
	refused("daemonize", "can't set immutable config", "daemonize", "yes")
	refused("dbfilename", "can't set protected config", "dbfilename", "x")
	refused("appendfsync", "argument(s) must be one of the following: everysec, always, no", "appendfsync", "foo")
	refused("loglevel", "argument(s) must be one of the following: debug, verbose, notice, warning", "LOGLEVEL", "foo")
	refused("maxmemory-policy", "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "+
		"volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction", "maxmemory-policy", "x")
	refused("protected-mode", "argument must be 'yes' or 'no'", "protected-mode", "maybe")
	refused("maxmemory", "argument must be a memory value", "maxmemory", "-1")
	refused("maxmemory", "argument must be a memory value", "maxmemory", "1tb")
	refused("hll-sparse-max-bytes", "argument must be a memory value", "hll-sparse-max-bytes", "-1")
	refused("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive", "proto-max-bulk-len", "1")
	refused("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive", "proto-max-bulk-len", "9223372036854775808")
	refused("active-expire-effort", "argument must be between 1 and 10 inclusive", "active-expire-effort", "11")
	refused("active-expire-effort", "argument couldn't be parsed into an integer", "active-expire-effort", "1.5")
	refused("slave-priority", "argument couldn't be parsed into an integer", "Slave-Priority", "x")
	refused("maxclients", "argument must be between 1 and 4294967295 inclusive", "maxclients", "0")
	refused("timeout", "argument must be between 0 and 2147483647 inclusive", "timeout", "-1")
	refused("list-max-listpack-size", "argument must be between -2147483648 and 2147483647 inclusive", "list-max-listpack-size", "12345678901")
	refused("maxmemory-clients", "percentage argument must be less or equal to 100", "maxmemory-clients", "101%")
	refused("maxmemory-clients", "argument must be a memory or percent value", "maxmemory-clients", "x")
	refused("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.", "notify-keyspace-events", "q")
	refused("save", "Invalid save parameters", "save", "foo bar")
	refused("save", "Invalid save parameters", "save", "1")
	refused("oom-score-adj-values", "wrong number of arguments", "oom-score-adj-values", "1 2")
	refused("oom-score-adj-values", "Invalid oom-score-adj-values, elements must be between -2000 and 2000.", "oom-score-adj-values", "1 2 2001")
	refused("latency-tracking-info-percentiles", "Invalid latency-tracking-info-percentiles parameters", "latency-tracking-info-percentiles", "a")
	refused("latency-tracking-info-percentiles", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
		"latency-tracking-info-percentiles", "101")
	limit := "client-output-buffer-limit"
	refused(limit, "Wrong number of arguments in buffer limit configuration.", limit, "wrong number")
	refused(limit, "Invalid client class specified in buffer limit configuration.", limit, "master 10 10 10")
	refused(limit, "Error in hard, soft or soft_seconds setting in buffer limit configuration.", limit, "normal 10 10 abc")

	// ours
	refused("slave-priority", "duplicate parameter", "replica-priority", "1", "slave-priority", "2")
	refused("logfile", "can't set protected config", "logfile", "/etc/cron.d/x")
	refused("memory-budget", "argument must be 0 (choose by the machine) or at least 16mb", "memory-budget", "1mb")
	refused("disk-stop-writes-free", "disk-stop-writes-free is above disk-resume-writes-free: writes would be refused and "+
		"accepted at the same time; resume must ask for at least as much free space as stop", "hz", "20", "disk-stop-writes-free", "2gb")
	refused("tls-port", "tls-port is set, so tls-cert-file and tls-key-file must name the server's certificate and key", "tls-port", "1")
}

func TestSetAndGet(t *testing.T) {
	c := New()
	f := func(name, value, want string) {
		t.Helper()
		if err := c.Set(pairs(name, value)); err != nil {
			t.Errorf("%s %q: %v", name, value, err)
		}
		if got := c.Get(name); len(got) != 1 || got[0] != (Pair{name, want}) {
			t.Errorf("%s %q is shown as %q, want %q", name, value, got, want)
		}
	}
	f("maxmemory", "1KB", "1024")
	f("binlog-retention-bytes", "2gb", "2147483648")
	f("SLAVE-PRIORITY", "5", "5")
	f("hz", "0", "1")
	f("hz", "1000", "500")
	f("save", "3600 1  300 100", "3600 1 300 100")
	f("save", "", "")
	f("bind", "127.0.0.1 -::1", "127.0.0.1 -::1")
	f("bind", "", "")
	f("maxmemory-clients", "5%", "5%")
	f("maxmemory-clients", "100mb", "104857600")
	f("client-output-buffer-limit", "normal 10mb 10 0 slave 1 2 3", "normal 10485760 10 0 slave 1 2 3 pubsub 33554432 8388608 60")
	f("client-output-buffer-limit", "", "normal 10485760 10 0 slave 1 2 3 pubsub 33554432 8388608 60")
	f("latency-tracking-info-percentiles", "50.0 99.99 0 100", "50 99.99 0 100")
	f("latency-tracking-info-percentiles", "", "")
	f("notify-keyspace-events", "Kxeg", "gxeK")
	f("slowlog-log-slower-than", "-1", "-1")
	f("lua-time-limit", "100", "100")
	f("appendonly", "no", "no")
	f("loglevel", "info", "notice")
	f("APPENDFSYNC", "ALWAYS", "always")
}

func TestGetPatterns(t *testing.T) {
	c := New()
	f := func(want string, patterns ...string) {
		t.Helper()
		var got []string
		for _, p := range c.Get(patterns...) {
			got = append(got, p.Name+"="+p.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q gives %q, want %q", patterns, got, want)
		}
	}
	f("maxclients=10000", "maxclients")
	f("HZ=10", "HZ", "hz")
	f("hz=10", "[h]z")
	f("replica-priority=100 slave-priority=100", "*-priority")
	f("slave-priority=100", "SLAVE-prio*")
	f("zset-max-ziplist-entries=128 zset-max-listpack-entries=128", "zset-max-ziplist-entries", "zset*ies")
	f("busy-reply-threshold=5000", "busy*")
	f("binlog-file-size=134217728", "binlog-f*")
	f("", "nosuch", "nosuch*", "rename-command", "user", "[")
	f("", "rdb-key-save*")
	f("rdb-key-save-delay=0", "rdb-key-save-delay")
}

func TestProtectedConfigs(t *testing.T) {
	set := func(guard string, local bool) error {
		c := New()
		if err := c.ApplyArgs([]string{"--enable-protected-configs", guard}); err != nil {
			t.Fatal(err)
		}
		if local {
			return c.SetLocal(pairs("logfile", "x"))
		}
		return c.Set(pairs("logfile", "x"))
	}
	for _, f := range []struct {
		guard       string
		local, want bool
	}{{"no", true, false}, {"local", true, true}, {"local", false, false}, {"yes", false, true}} {
		if err := set(f.guard, f.local); (err == nil) != f.want {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// TestHooks: hooks run in order before publication; a failing one undoes those
// before it, last first.
func TestHooks(t *testing.T) {
	c := New()
	var calls []string
	fail := errors.New("Failed to bind to specified addresses.")
	hook := func(name string, err error) Hook {
		return func(old, next *Values) error {
			if c.Load().MaxClients != 10000 {
				t.Error("published before the hooks agreed")
			}
			calls = append(calls, fmt.Sprintf("%s %d>%d", name, old.MaxClients, next.MaxClients))
			return err
		}
	}
	c.OnChange(hook("a", nil))
	c.OnChange(hook("b", nil))
	c.OnChange(hook("c", fail))
	err := c.Set(pairs("maxclients", "7", "bind", "x"))
	want := "a 10000>7, b 10000>7, c 10000>7, b 7>10000, a 7>10000"
	if got := strings.Join(calls, ", "); got != want {
		t.Errorf("calls: %s\nwant:  %s", got, want)
	}
	if !errors.Is(err, fail) || err.Error() != "CONFIG SET failed (possibly related to argument 'maxclients') - "+fail.Error() {
		t.Errorf("error: %v", err)
	}
	if c.Load().MaxClients != 10000 {
		t.Error("a refused change was published")
	}
}

func TestHookNamesTheParameter(t *testing.T) {
	c := New()
	c.OnChange(func(_, _ *Values) error { return &ParamError{"bind", errors.New("no such address")} })
	err := c.Set(pairs("hz", "20", "bind", "x"))
	if want := "CONFIG SET failed (possibly related to argument 'bind') - no such address"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTLSIsReadAgain(t *testing.T) {
	c := New()
	for range 2 { // the same names: the files behind them were renewed
		if err := c.Set(pairs("tls-cert-file", "a", "tls-key-file", "b")); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Load().TLSGeneration; got != 4 {
		t.Errorf("TLSGeneration is %d, want it to move with each tls parameter set", got)
	}
}

func TestUpdate(t *testing.T) {
	c := New()
	if err := c.Update(func(v *Values) { v.ReplicaOf = Address{"10.0.0.1", 9221} }); err != nil {
		t.Fatal(err)
	}
	if got := c.Get("slaveof"); len(got) != 1 || got[0].Value != "10.0.0.1 9221" {
		t.Errorf("slaveof: %v", got)
	}
	if err := c.Update(func(v *Values) { v.Port = 0 }); err == nil {
		t.Error("a server that nobody can reach was accepted")
	}
}
