// Package transfer tests haypile import, export and MIGRATE between real servers.
package transfer

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

type server struct {
	*harness.Server
	*harness.Client
	t *testing.T
}

func start(t *testing.T, flavor harness.Flavor, args ...string) server {
	t.Helper()
	if flavor == harness.Redis {
		args = append([]string{"--enable-debug-command", "yes"}, args...)
	}
	s := harness.Start(t, harness.Options{Flavor: flavor, Args: args})
	c, err := harness.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return server{s, c, t}
}

func (s server) must(args ...any) harness.Reply {
	s.t.Helper()
	r, err := s.Do(args...)
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		s.t.Fatalf("%v: %v", args, err)
	}
	return r
}

// haypile runs a subcommand of the program.
func haypile(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	bin, err := harness.Bin()
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(bin, args...).CombinedOutput()
	return string(text), err
}

func mustHaypile(t *testing.T, args ...string) string {
	t.Helper()
	out, err := haypile(t, args...)
	if err != nil {
		t.Fatalf("haypile %v: %v\n%s", args, err, out)
	}
	return out
}

// fill writes small and large values of every type, into several databases.
func fill(s server) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		switch r.IntN(4) {
		case 0:
			return fmt.Sprint(r.Int64() >> r.IntN(64))
		case 1:
			return fmt.Sprint(-r.Int64() >> r.IntN(64))
		case 2:
			return strings.Repeat("pattern", r.IntN(40))
		}
		return fmt.Sprintf("\x00\xff%d", r.Int())
	}
	for i, v := range []string{"", "0", "-129", "70000", "99999999999", strings.Repeat("a", 100000), "\x00\xff\r\n"} {
		s.must("SET", fmt.Sprint("string", i), v)
	}
	s.must("SET", "expires", "v", "PXAT", "4102444800123")
	for _, n := range []int{1, 100, 5000} {
		key := func(kind string) string { return fmt.Sprint(kind, n) }
		for i := range n {
			s.must("RPUSH", key("list"), text())
			s.must("SADD", key("set"), text())
			s.must("SADD", key("ints"), r.Int64()>>r.IntN(64))
			s.must("HSET", key("hash"), text(), text())
			s.must("ZADD", key("zset"), []string{"-inf", "inf", "-0", fmt.Sprint(i), fmt.Sprint(r.NormFloat64() * 1e200)}[r.IntN(5)], text())
		}
	}
	s.must("PEXPIREAT", "list5000", "4102444800321")
	s.must("PEXPIREAT", "zset1", "4102444800322")
	for i := range 40 { // large by their elements, not by the number of them
		s.must("HSET", "bighash", fmt.Sprint(i), strings.Repeat(text(), 2000))
		s.must("RPUSH", "biglist", strings.Repeat(text(), 2000))
	}
	s.must("SETBIT", "bits", 100000, 1)
	s.must("PFADD", "hll", "a", "b", "c")
	s.must("GEOADD", "geo", "13.361389", "38.115556", "Palermo")
	s.must("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\nredis.register_function('f', function() return 7 end)")
	fillStreams(s)
	s.must("SELECT", 5)
	s.must("SET", "elsewhere", "x")
	s.must("SELECT", 0)
}

func fillStreams(s server) {
	for i := range 500 {
		s.must("XADD", "stream", fmt.Sprintf("%d-%d", 1000+i/3, i), "field", i, "other", "v")
	}
	s.must("XADD", "stream", "5000-1", "only", "one")
	s.must("XDEL", "stream", "1000-1", "1100-300")
	s.must("XGROUP", "CREATE", "stream", "group", "0")
	s.must("XGROUP", "CREATE", "stream", "idle", "1010-0")
	s.must("XREADGROUP", "GROUP", "group", "alice", "COUNT", 100, "STREAMS", "stream", ">")
	s.must("XREADGROUP", "GROUP", "group", "bob", "COUNT", 10, "STREAMS", "stream", ">")
	s.must("XACK", "stream", "group", "1002-7")
	s.must("XADD", "emptied", "7-7", "a", "b")
	s.must("XDEL", "emptied", "7-7")
}

// save writes a server's dump.rdb and returns where it is.
func save(s server) string {
	s.must("SAVE")
	return filepath.Join(s.DataDir(), "dump.rdb")
}

// load makes a redis-server hold a file and nothing else.
func load(s server, file string) {
	s.t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.DataDir(), "dump.rdb"), b, 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.must("DEBUG", "RELOAD", "NOSAVE")
}

func sameDigest(t *testing.T, what string, a, b server) {
	t.Helper()
	x, y := a.must("DEBUG", "DIGEST").Str, b.must("DEBUG", "DIGEST").Str
	if x == strings.Repeat("0", 40) || x != y {
		t.Errorf("%s: digests %s and %s", what, x, y)
	}
}

// TestFiles takes a real dump.rdb into Haypile, out of it in a file of its own, and into a redis-server, which
// must hold what the first held.
func TestFiles(t *testing.T) {
	from, ours, to := start(t, harness.Redis), start(t, harness.Haypile), start(t, harness.Redis)
	fill(from)
	ours.must("SET", "string0", "is replaced")
	ours.must("RPUSH", "list1", "is replaced")
	mustHaypile(t, "import", save(from), "--to", ours.Addr())
	if a, b := from.must("DBSIZE").Int, ours.must("DBSIZE").Int; a != b {
		t.Errorf("%d keys were imported, of %d", b, a)
	}
	file := filepath.Join(t.TempDir(), "out.rdb")
	mustHaypile(t, "export", file, "--from", ours.Addr())
	load(to, file)
	sameDigest(t, "after import and export", from, to)
	if r := to.must("FCALL", "f", 0); r.Int != 7 {
		t.Errorf("the function says %v", r)
	}
	list, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
	if err != nil || len(list) != 1 {
		t.Errorf("files are left over: %v", list)
	}
}

// TestFieldTimes moves hashes with fields that expire, small and large, by a file and by MIGRATE. A field that is past its
// time and not deleted yet stands in the way of neither.
func TestFieldTimes(t *testing.T) {
	from, to := start(t, harness.Haypile, "--enable-debug-command", "local"), start(t, harness.Haypile)
	from.must("DEBUG", "SET-ACTIVE-EXPIRE", 0)
	at := time.Now().Add(time.Hour).UnixMilli()
	for _, key := range []string{"small", "large", "moved"} {
		from.must("HSET", key, "kept", "1", "timed", "2", "gone", "3")
		from.must("HPEXPIREAT", key, at, "FIELDS", 1, "timed")
		from.must("HPEXPIRE", key, 1, "FIELDS", 1, "gone")
	}
	for i := range 500 {
		from.must("HSET", "large", fmt.Sprint("field", i), strings.Repeat("v", 1000))
	}
	from.must("HPEXPIREAT", "large", at+1, "FIELDS", 1, "field77")
	for from.must("HEXISTS", "moved", "gone").Int == 1 {
		time.Sleep(time.Millisecond)
	}
	file := filepath.Join(t.TempDir(), "out.rdb")
	mustHaypile(t, "export", file, "--from", from.Addr())
	mustHaypile(t, "import", file, "--to", to.Addr())
	to.must("DEL", "moved")
	from.must("MIGRATE", "127.0.0.1", to.Port, "moved", 0, 5000)
	for key, fields := range map[string]int64{"small": 2, "large": 502, "moved": 2} {
		if n := to.must("HLEN", key).Int; n != fields {
			t.Errorf("%s has %d fields, want %d", key, n, fields)
		}
		r := to.must("HPEXPIRETIME", key, "FIELDS", 3, "kept", "timed", "gone")
		if len(r.Elems) != 3 || r.Elems[0].Int != -1 || r.Elems[1].Int != at || r.Elems[2].Int != -2 {
			t.Errorf("%s: the times are %v, want -1, %d, -2", key, r, at)
		}
	}
	if r := to.must("HPEXPIRETIME", "large", "FIELDS", 1, "field77"); r.Elems[0].Int != at+1 {
		t.Errorf("a time in a large hash is %v", r)
	}
}

// TestExportWhileChanging exports large keys that are changed all the time: each must be as it was at some
// moment, when its elements told the same number.
func TestExportWhileChanging(t *testing.T) {
	ours, to := start(t, harness.Haypile), start(t, harness.Redis)
	set := func(n int) {
		ours.must("MULTI")
		for _, kind := range []string{"h", "l"} {
			ours.must("DEL", kind)
		}
		args, list := []string{}, []string{}
		for i := range 3000 {
			args = append(args, fmt.Sprint("f", i), fmt.Sprintf("%0100d", n)) // far more than is exported whole
			list = append(list, fmt.Sprintf("%0200d", n))
		}
		ours.must("HSET", "h", args)
		ours.must("RPUSH", "l", list)
		ours.must("EXEC")
	}
	set(0)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				set(n)
			}
		}
	}()
	for i := range 3 {
		file := filepath.Join(t.TempDir(), fmt.Sprint("out", i))
		mustHaypile(t, "export", file, "--from", ours.Addr())
		load(to, file)
		for _, args := range [][]any{{"HVALS", "h"}, {"LRANGE", "l", 0, -1}} {
			vals := to.must(args...).Strings()
			if len(vals) != 3000 {
				t.Fatalf("%v: %d elements", args, len(vals))
			}
			for _, v := range vals {
				if v != vals[0] {
					t.Fatalf("%v: elements of different moments: %s and %s", args, v, vals[0])
				}
			}
		}
	}
	close(stop)
	<-ended
}

// TestStreams imports streams into a redis-server.
func TestStreams(t *testing.T) {
	from, to := start(t, harness.Redis), start(t, harness.Redis)
	fillStreams(from)
	mustHaypile(t, "import", save(from), "--to", to.Addr())
	sameDigest(t, "streams", from, to)
	about := func(s server) (list []string) {
		for _, args := range [][]any{{"XINFO", "STREAM", "emptied"}, {"XINFO", "GROUPS", "stream"}, {"XPENDING", "stream", "group"},
			{"XRANGE", "stream", "-", "+", "COUNT", 5}} {
			text := s.must(args...).String()
			list = append(list, text[:strings.LastIndex(text+"radix-tree-nodes", "radix-tree-nodes")])
		}
		for _, e := range s.must("XPENDING", "stream", "group", "-", "+", 1000).Elems {
			list = append(list, e.Elems[0].Str+e.Elems[1].Str+fmt.Sprint(e.Elems[3].Int))
		}
		return list
	}
	a, b := about(from), about(to)
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s\nis not\n%s", a[i], b[min(i, len(b)-1)])
		}
	}
}

// TestAOF replays an append-only file of several parts, then one that is cut off.
func TestAOF(t *testing.T) {
	from, ours, to := start(t, harness.Redis, "--appendonly", "yes", "--appendfsync", "always"), start(t, harness.Haypile), start(t, harness.Redis)
	fill(from)
	from.must("BGREWRITEAOF")
	for deadline := time.Now().Add(20 * time.Second); strings.Contains(from.must("INFO", "persistence").Text(), "aof_rewrite_in_progress:1"); {
		if time.Now().After(deadline) {
			t.Fatal("the rewrite does not end")
		}
		time.Sleep(50 * time.Millisecond)
	}
	from.must("INCR", "after")
	from.must("MULTI")
	from.must("LPUSH", "list1", "in a transaction")
	from.must("SELECT", 5)
	from.must("SET", "there", "x")
	from.must("SELECT", 0)
	from.must("EXEC")
	dir := filepath.Join(from.DataDir(), "appendonlydir")
	mustHaypile(t, "import", dir, "--to", ours.Addr())
	file := filepath.Join(t.TempDir(), "out.rdb")
	mustHaypile(t, "export", file, "--from", ours.Addr())
	load(to, file)
	sameDigest(t, "after an AOF", from, to)

	cut := filepath.Join(t.TempDir(), "cut.aof")
	if err := os.WriteFile(cut, []byte("#TS:1\r\n*3\r\n$3\r\nSET\r\n$1\r\nq\r\n$1\r\n1\r\n*3\r\n$3\r\nSET\r\n$1\r\nr\r\n$1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := mustHaypile(t, "import", cut, "--to", ours.Addr()); !strings.Contains(out, "cut off") {
		t.Errorf("nothing is said of what is missing: %s", out)
	}
	if n := ours.must("EXISTS", "q", "r").Int; n != 1 {
		t.Errorf("%d keys of one", n)
	}
}

// TestWhatGoesWrong: every failure is told, and none looks like success.
func TestWhatGoesWrong(t *testing.T) {
	ours, redis := start(t, harness.Haypile, "--requirepass", "secret"), start(t, harness.Redis)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := func(want string, args ...string) {
		t.Helper()
		out, err := haypile(t, args...)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("haypile %v: %v, %s\nwant %q", args, err, out, want)
		}
	}
	ok := []string{"--to", ours.Addr(), "--password", "secret"}
	f("WRONGPASS", "import", write("a", ""), "--to", ours.Addr(), "--password", "no")
	f("NOAUTH", "import", write("b", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"), "--to", ours.Addr())
	f("no RDB file", append([]string{"import", write("c", "REDISabcd")}, ok...)...)
	f("version 99", append([]string{"import", write("d", "REDIS0099")}, ok...)...)
	f("ends in the middle", append([]string{"import", write("e", "REDIS0010\xfe")}, ok...)...)
	f("checksum", append([]string{"import", write("f", "REDIS0010\xff12345678")}, ok...)...)
	f("no database 99", append([]string{"import", write("g", "REDIS0010\xfe\x40\x63\xff")}, ok...)...)
	f("no command", append([]string{"import", write("h", "SET k v\r\n")}, ok...)...)
	f("module of Redis", append([]string{"import", write("i", "REDIS0010\x07\x01k\x81"+"\x45\xe2\x52\x38\xd1\x22\xc4\x03"+"\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00")}, ok...)...)
	f("not Haypile", "export", filepath.Join(dir, "out"), "--from", redis.Addr())
	f("no connection", "export", filepath.Join(dir, "out"), "--from", "127.0.0.1:1")
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("a failed export has left a file")
	}
}
