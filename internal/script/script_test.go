package script

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/internal/lua"
	"github.com/haypile/haypile/internal/resp"
)

// echo replies to a command with its arguments; SET is one that writes, and BUSY one for which the script must start over.
type echo struct{ calls int }

var errBusy = errors.New("busy")

func (e *echo) Call(args [][]byte, w *resp.Writer) (bool, error) {
	e.calls++
	switch name := string(args[0]); name {
	case "BUSY":
		return false, errBusy
	case "ERR":
		w.Error("ERR from the command")
	case "MAP":
		w.Map(1)
		w.BulkString("k")
		w.Double(1.5)
	default:
		w.Array(len(args))
		for _, a := range args {
			w.Bulk(a)
		}
		return name == "SET", nil
	}
	return false, nil
}

func (e *echo) Allowed([][]byte) (allowed, known bool) { return true, true }

func newTestHost() *Host {
	h := NewHost(Options{Version: "7.2.0", Log: func(int, string) {}})
	h.Configure(Settings{MemoryLimit: 8 << 20})
	return h
}

// eval runs a script and returns its reply.
func eval(t testing.TB, h *Host, src string, q Request) (string, error) {
	t.Helper()
	s, err := h.Load([]byte(src))
	if err != nil {
		return err.Error(), nil
	}
	q.Script = s
	if q.Caller == nil {
		q.Caller = &echo{}
	}
	w := resp.Writer{Proto: 2}
	_, err = h.Run(&q, &w)
	return string(w.Buf), err
}

func TestReplies(t *testing.T) {
	h := newTestHost()
	f := func(src, want string) {
		t.Helper()
		if got, err := eval(t, h, src, Request{Keys: [][]byte{[]byte("k")}, Args: [][]byte{[]byte("a")}}); err != nil || got != want {
			t.Errorf("%s\n\tgives %q, %v, want %q", src, got, err, want)
		}
	}
	f("return {KEYS[1], ARGV[1], #KEYS}", "*3\r\n$1\r\nk\r\n$1\r\na\r\n:1\r\n")
	f("return 3.99", ":3\r\n")
	f("return {1, nil, 3}", "*1\r\n:1\r\n")
	f("return true", ":1\r\n")
	f("return false", "$-1\r\n")
	f("return {ok = 'fine'}", "+fine\r\n")
	f("return {err = 'E x'}", "-E x\r\n")
	f("return redis.call('A', 1, 1.5, 2^53)", "*4\r\n$1\r\nA\r\n$1\r\n1\r\n$3\r\n1.5\r\n$16\r\n9007199254740992\r\n")
	f("return redis.pcall('ERR').err", "$20\r\nERR from the command\r\n")
	f("redis.setresp(3) local m = redis.call('MAP').map return tostring(m.k.double)", "$3\r\n1.5\r\n")
	f("x = 1", "-ERR user_script:1: Attempt to modify a readonly table script: "+SHA1([]byte("x = 1"))+", on @user_script:1.\r\n")
	f("return os", "-ERR user_script:1: Script attempted to access nonexistent global variable 'os' script: "+SHA1([]byte("return os"))+", on @user_script:1.\r\n")
	f("#!lua flags=no-writes,allow-oom\nreturn 1", ":1\r\n")
	f("#!lua flags=zz\nreturn 1", "ERR Unexpected flag in script shebang: zz")
	f("#!perl\nreturn 1", "ERR Unexpected engine in script shebang: #!perl")
	f("return 1 +", "ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'")
}

// P2, P3: what must start over says so, and nothing catches it.
func TestStartsOver(t *testing.T) {
	h := newTestHost()
	if got, err := eval(t, h, "pcall(function() redis.call('BUSY') end) return 1", Request{}); err != errBusy || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	over := errors.New("over")
	if got, err := eval(t, h, "while true do end", Request{Budget: 10000, Over: over}); err != over || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	if got, _ := eval(t, h, "return 1", Request{}); got != ":1\r\n" {
		t.Errorf("afterwards %q", got)
	}
}

// P4: one script leaves nothing to the next.
func TestNothingIsLeft(t *testing.T) {
	h := newTestHost()
	_, _ = eval(t, h, "redis.setresp(3) return 1", Request{Args: [][]byte{[]byte("secret")}})
	got, _ := eval(t, h, "return {true, #ARGV}", Request{})
	if got != "*2\r\n:1\r\n:0\r\n" {
		t.Errorf("%q", got)
	}
}

func TestMemoryLimit(t *testing.T) {
	h := newTestHost()
	for _, src := range []string{
		"local s = 'x' while true do s = s .. s end",
		"return #cjson.decode('[' .. ('[1],'):rep(1e6) .. '1]')",
		"return #cmsgpack.unpack('\\221\\0\\15\\255\\255' .. ('\\144'):rep(1e6))",
		"local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(100) end return cjson.encode(t)",
	} {
		if got, err := eval(t, h, src, Request{}); err != nil || !strings.Contains(got, "memory limit") {
			t.Errorf("%s: %.200q, %v", src, got, err)
		}
	}
}

func TestKill(t *testing.T) {
	h := newTestHost()
	h.Configure(Settings{BusyAfter: time.Millisecond})
	if err := h.Kill(true); err == nil || !strings.HasPrefix(err.Error(), "NOTBUSY") {
		t.Errorf("without a script: %v", err)
	}
	start := func(src string) chan string {
		done := make(chan string, 1)
		go func() {
			got, err := eval(t, h, src, Request{})
			done <- fmt.Sprint(got, err)
		}()
		for h.Busy() == nil {
			time.Sleep(time.Millisecond)
		}
		return done
	}
	done := start("while true do pcall(function() while true do end end) end")
	if err := h.Kill(false); err == nil || !strings.HasPrefix(err.Error(), "BUSY") {
		t.Errorf("FUNCTION KILL of a script: %v", err)
	}
	if err := h.Kill(true); err != nil {
		t.Error(err)
	}
	if got := <-done; !strings.Contains(got, "Script killed by user") {
		t.Errorf("%q", got)
	}
	done = start("redis.call('SET', 'x') while true do end")
	if err := h.Kill(true); err == nil || !strings.HasPrefix(err.Error(), "UNKILLABLE") {
		t.Errorf("after a write: %v", err)
	}
	h.Stop()
	if got := <-done; !strings.Contains(got, "shutting down") {
		t.Errorf("%q", got)
	}
	if h.Busy() != nil {
		t.Error("still busy")
	}
}

func TestLibraries(t *testing.T) {
	h := newTestHost()
	load := func(code string) (*Library, error) { return h.LoadLibrary([]byte(code)) }
	for code, want := range map[string]string{
		"return 1":                           "ERR Missing library metadata",
		"#!lua\nreturn 1":                    "ERR Library name was not given",
		"#!lua name=a b=c\nreturn 1":         "ERR Invalid metadata value given: b=c",
		"#!js name=a\nreturn 1":              "ERR Engine 'js' not found",
		"#!lua name=a\nreturn 1":             "ERR No functions registered",
		"#!lua name=a\nreturn redis.call(1)": "nonexistent global variable 'call'",
		"#!lua name=a\nreturn math.pi":       "nonexistent global variable 'math'",
	} {
		if _, err := load(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", code, err, want)
		}
	}
	lib, err := load("#!lua name=a\nlocal n = 40 redis.register_function('f', function(keys, args) n = n + 1 return n + #keys + #args end)")
	if err != nil {
		t.Fatal(err)
	}
	libs, err := NoLibraries.With(lib)
	if err != nil {
		t.Fatal(err)
	}
	w := resp.Writer{Proto: 2}
	if _, err := h.Run(&Request{Function: libs.Function([]byte("F")), Keys: [][]byte{nil}, Caller: &echo{}}, &w); err != nil || string(w.Buf) != ":42\r\n" {
		t.Errorf("%q, %v", w.Buf, err)
	}
	if _, err := libs.With(lib); err == nil {
		t.Error("a function is there twice")
	}
	if libs.Without("a").Functions() != 0 {
		t.Error("functions outlive their library")
	}
}

func fuzzLua(f *testing.F, call string) {
	h := newTestHost()
	f.Fuzz(func(t *testing.T, data string) {
		src := "return {pcall(function() " + call + " end)}"
		_, err := eval(t, h, src, Request{Args: [][]byte{[]byte(data)}, Budget: 1 << 20, Over: errBusy})
		if err != nil && err != errBusy {
			t.Error(err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,null,true,"\u00e9\ud83d\ude00"]}`, `[[[]]]`, `-inf`, `"`, `{"a"`} {
		f.Add(s)
	}
	fuzzLua(f, "return cjson.encode(cjson.decode(ARGV[1]))")
}

func FuzzMsgpack(f *testing.F) {
	for _, s := range []string{"\x93\x01\xa1x\xc0", "\xdf\xff\xff\xff\xff", "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "\xc1"} {
		f.Add(s)
	}
	fuzzLua(f, "return cmsgpack.pack(cmsgpack.unpack(ARGV[1]))")
}

func FuzzStruct(f *testing.F) {
	for _, s := range []string{">I2 i4 d s", "!8 b c5 c0", "<I32", "c0"} {
		f.Add(s)
	}
	fuzzLua(f, "struct.size(ARGV[1]) return struct.unpack(ARGV[1], ARGV[1] .. ('x'):rep(100))")
}

func FuzzSplitArgs(f *testing.F) {
	f.Add(`#!lua name="a b" flags='x'`)
	f.Add(`"\`)
	f.Fuzz(func(t *testing.T, line string) {
		words, ok := splitArgs(line)
		if !ok && words != nil {
			t.Errorf("%q: words of a line that makes no sense", line)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	h := newTestHost()
	s, err := h.Load([]byte("return redis.call('SET', KEYS[1], ARGV[1])"))
	if err != nil {
		b.Fatal(err)
	}
	q := Request{Script: s, Keys: [][]byte{[]byte("key")}, Args: [][]byte{[]byte("value")}, Caller: &echo{}, Budget: 10 * lua.StepsPerTick, Over: errBusy}
	w := resp.Writer{Proto: 2}
	for b.Loop() {
		w.Buf = w.Buf[:0]
		r := q
		if _, err := h.Run(&r, &w); err != nil {
			b.Fatal(err)
		}
	}
}
