package config

import (
	"slices"
	"testing"
)

func TestParseBytes(t *testing.T) {
	ok := func(in string, want uint64) {
		t.Helper()
		if got, err := parseBytes(in); err != nil || got != want {
			t.Errorf("%q = %d, %v, want %d", in, got, err, want)
		}
	}
	ok("0", 0)
	ok("1b", 1)
	ok("1k", 1000)
	ok("1kb", 1024)
	ok("3M", 3000000)
	ok("3Mb", 3<<20)
	ok("2g", 2000000000)
	ok("2GB", 2<<30)
	ok("18446744073709551615", 1<<64-1)
	ok("99999999999999999999", 1<<64-1)
	ok("18446744073709551615k", 1<<64-1)
	for _, in := range []string{"", "mb", "-1", "1.5gb", "1tb", " 1", "1 kb", "+1", "x"} {
		if n, err := parseBytes(in); err != errNotMemory {
			t.Errorf("%q = %d, %v, want %v", in, n, err, errNotMemory)
		}
	}
}

func TestFormatBytes(t *testing.T) {
	for n, want := range map[Bytes]string{0: "0", 1: "1", 1000: "1000", 1024: "1kb", 1 << 20: "1mb", 3 << 29: "1536mb", 1 << 30: "1gb"} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

func TestParseInt(t *testing.T) {
	for _, in := range []string{"", "+1", "01", "-0", " 1", "1 ", "1.0", "9223372036854775808", "0x1"} {
		if n, err := parseInt(in); err == nil {
			t.Errorf("%q = %d, want an error as Redis has", in, n)
		}
	}
	if n, err := parseInt("-9223372036854775808"); err != nil || n != -1<<63 {
		t.Errorf("smallest number: %d, %v", n, err)
	}
}

func TestEventClass(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		c, err := parseEventClass(in)
		if err != nil || c.String() != want {
			t.Errorf("%q = %q, %v, want %q", in, c, err, want)
		}
	}
	// what redis-server 7.0.15 shows
	f("", "")
	f("KA", "AK")
	f("AKE", "AKE")
	f("Kxeg", "gxeK")
	f("KEgn", "gnKE")
	f("g$lshzxetdKEm", "AKEm")
	f("nA", "An") // Redis 7.0 loses the n
	if _, err := parseEventClass("KEq"); err != errEventClass {
		t.Errorf("q: %v", err)
	}
}

func TestSplitArgs(t *testing.T) {
	ok := func(in string, want ...string) {
		t.Helper()
		if got, ok := splitArgs(in); !ok || !slices.Equal(got, want) {
			t.Errorf("%q = %q, %v, want %q", in, got, ok, want)
		}
	}
	ok("")
	ok("  \t ")
	ok("a b  c", "a", "b", "c")
	ok(`a "b c" ''`, "a", "b c", "")
	ok(`"\n\r\t\b\a\x41\xfF\"\\\q"`, "\n\r\t\b\aA\xff\"\\q")
	ok(`"\xg1"`, "xg1")
	ok(`'a\'b\n"'`, `a'b\n"`)
	ok(`foo"bar baz"`, "foobar baz")
	ok(`a\b`, `a\b`)
	for _, in := range []string{`"a`, `'a`, `"a"b`, `'a'b`, `"a\`, `a "`} {
		if got, ok := splitArgs(in); ok {
			t.Errorf("%q = %q, want unbalanced", in, got)
		}
	}
}

func TestParseLine(t *testing.T) {
	f := func(raw, name string, pika bool, args ...string) {
		t.Helper()
		st, err := parseLine(raw)
		if err != nil || st.name != name || st.pika != pika || !slices.Equal(st.args, args) {
			t.Errorf("%q = %q %v %q, %v", raw, st.name, st.pika, st.args, err)
		}
	}
	f("", "", false)
	f("  # port 1", "", false)
	f(" PORT  1 ", "port", false, "1")
	f(`"port" 1`, "port", false, "1")
	f("port", "port", false)
	f("port : 1", "port", true, "1")
	f("port: 1", "port", true, "1")
	f("port:1\r", "port", true, "1")
	f("slow_cmd_pool : no", "slow_cmd_pool", true, "no")
	f("requirepass :", "requirepass", true, "")
	f(`requirepass : a "b`, "requirepass", true, `a "b`)
	f(`requirepass : "a b"`, "requirepass", true, "a b")
	f(`requirepass : "a" "b"`, "requirepass", true, `"a" "b"`)
	f("bind ::1", "bind", false, "::1")
	f("bind :: 1", "bind", false, "::", "1")
	f("requirepass :x", "requirepass", false, ":x")
	f("slaveof : 10.0.0.1:9221", "slaveof", true, "10.0.0.1:9221")
}
