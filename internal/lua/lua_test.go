package lua

import (
	"errors"
	"strings"
	"testing"
)

func newTestState() *State {
	st := NewState()
	st.OpenBase()
	st.OpenString()
	st.OpenTable()
	st.OpenMath(&Random{})
	return st
}

// run runs a chunk and returns its result, or its error, as text.
func run(st *State, src string) string {
	p, err := Compile(src, "@t")
	if err != nil {
		return err.Error()
	}
	v, err := st.Call(st.Load(p), nil)
	if err != nil {
		return err.Error()
	}
	s, _ := st.Main.ToString(v).ToText()
	return s
}

func TestLanguage(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		if got := run(newTestState(), src); got != want {
			t.Errorf("%s\n\tgives %q, want %q", src, got, want)
		}
	}
	f("return 1 + 2 * 3 ^ 2", "19")
	f("return -2 ^ 2", "-4")
	f("return 10 % 3 .. ' ' .. -10 % 3", "1 2")
	f("return '10' + 5", "15")
	f("return 1 .. 2 .. 3", "123")
	f("return not nil == true", "true")
	f("return nil and 1 or 2", "2")
	f("local a = 1 a = a and {a} return #a", "1")
	f("local a, b, c = (function() return 1, 2, 3 end)() return a + b + c", "6")
	f("local a, b = 1, 2 a, b = b, a return a .. b", "21")
	f("local i, t = 1, {} i, t[i] = i + 1, 20 return t[1] .. i", "202")
	f("local t = {1, 2, nil, 4} return #t", "4")
	f("local t = {n = 1, [2] = 3, 5} return t.n + t[1] + t[2]", "9")
	f("local s = 0 for i = 1, 10 do if i % 2 == 0 then s = s + i end end return s", "30")
	f("local s = 0 for i = 3, 1, -1 do s = s * 10 + i end return s", "321")
	f("local s = '' for k, v in ipairs({'a', 'b'}) do s = s .. k .. v end return s", "1a2b")
	f("local n = 0 repeat local done = n >= 3 n = n + 1 until done return n", "4")
	f("local f = {} for i = 1, 3 do f[i] = function() i = i + 10 return i end end f[1]() return f[1]() .. f[2]()", "2112")
	f("local function f(n) if n == 0 then return 'done' end return f(n - 1) end return f(100000)", "done")
	f("return (function(...) return arg.n end)(1, nil, 3)", "3")
	f("return (function(...) return select('#', ...) end)(nil, nil)", "2")
	f("return setmetatable({}, {__index = function(_, k) return k .. '!' end}).x", "x!")
	f("return tostring(setmetatable({}, {__tostring = function() return 'T' end}))", "T")
	f("local m = {__eq = function() return true end} return setmetatable({}, m) == setmetatable({}, m)", "true")
	f("local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return co(1) .. co(10)", "220")
	f("local ok, e = pcall(error, {code = 7}) return e.code", "7")
	f("return select(2, pcall(function() error('x') end))", "t:1: x")
	f("return select(2, xpcall(function() error('x', 0) end, function(e) return e .. '!' end))", "x!")
	f("local g pcall(function(a) g = function() return a end error() end, 5) return g()", "5")
	f("return loadstring('return ...')(4)", "4")
	f("return #string.rep('ab', 3, 'x')", "6")
	f("return string.format('%5.1f|%-4d|%04x|%q|%s', 3.14159, 7, 255, 'a\\nb', nil)", "t:1: bad argument #6 to 'format' (string expected, got nil)")
	f("return ('hello world'):gsub('o', '0')", "hell0 w0rld")
	f("return ('k=v'):match('(%w+)=(%w+)')", "k")
	f("return ('THE (quick) fox'):find('%((%a+)%)')", "5")
	f("return ('f(a(b)c)d'):match('%b()')", "(a(b)c)")
	f("return ('THE fox'):gsub('%f[%a]%a+', string.lower)", "the fox")
	f("return tostring(1e15) .. tostring(0.1) .. tostring(2^53)", "1e+150.19.007199254741e+15")
}

func TestErrors(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		if got := run(newTestState(), src); got != want {
			t.Errorf("%s\n\tgives %q, want %q", src, got, want)
		}
	}
	f("local a return a.b", "t:1: attempt to index local 'a' (a nil value)")
	f("return a.b", "t:1: attempt to index global 'a' (a nil value)")
	f("local t = {} return t.x.y", "t:1: attempt to index field 'x' (a nil value)")
	f("local t = {}\nt.x.y = 1", "t:2: attempt to index field 'x' (a nil value)")
	f("local s = 'x' s:nope()", "t:1: attempt to call method 'nope' (a nil value)")
	f("return 1 + {}", "t:1: attempt to perform arithmetic on a table value")
	f("local a = {} return a + 1", "t:1: attempt to perform arithmetic on local 'a' (a table value)")
	f("return 'a' .. nil", "t:1: attempt to concatenate a nil value")
	f("return 1 < '2'", "t:1: attempt to compare number with string")
	f("return {} < {}", "t:1: attempt to compare two table values")
	f("return #5", "t:1: attempt to get length of a number value")
	f("for i = 1, 'x' do end", "t:1: 'for' limit must be a number")
	f("local t = {} t[nil] = 1", "t:1: table index is nil")
	f("local t = {} t[0/0] = 1", "t:1: table index is NaN")
	f("return 1 +", "t:1: unexpected symbol near '<eof>'")
	f("x = = 1", "t:1: unexpected symbol near '='")
	f("if x then", "t:1: 'end' expected near '<eof>'")
	f("if x then\n\n", "t:3: 'end' expected (to close 'if' at line 1) near '<eof>'")
	f("break", "t:1: no loop to break near '<eof>'")
	f("return 'abc", "t:1: unfinished string near '<eof>'")
	f("return 3x", "t:1: malformed number near '3x'")
	f("return ...", "nil")
	f("function f() return ... end", "t:1: cannot use '...' outside a vararg function near '...'")
	f("local function f() return f() + 1 end f()", "t:1: stack overflow")
	f("local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x", "t:1: C stack overflow")
	f("return unpack({}, 1, 1e6)", "t:1: too many results to unpack")
	f("coroutine.yield()", "t:1: attempt to yield across metamethod/C-call boundary")
}

// U3: the order is PUC-Rio's, which other programs have come to see.
func TestTableOrder(t *testing.T) {
	got := run(newTestState(), "local s = '' for k in pairs({one = 1, two = 2, three = 3, four = 4, five = 5, [10] = 6, 'x'}) do s = s .. k .. ' ' end return s")
	if got != "1 10 two one four five three " {
		t.Errorf("the order is %q", got)
	}
}

func TestReadOnly(t *testing.T) {
	st := newTestState()
	st.Globals.Protect()
	for _, src := range []string{"x = 1", "string.rep = 1", "rawset(_G, 'x', 1)", "setmetatable(_G, {})", "table.insert(string, 1)"} {
		if got := run(st, src); !strings.HasSuffix(got, readOnlyText) {
			t.Errorf("%s: %q", src, got)
		}
	}
}

// U1: whatever a script does, the tick is called, and can end it for good.
func TestTickEnds(t *testing.T) {
	enough := errors.New("enough")
	for _, src := range []string{
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"local function f() return f() end f()",
		"for i = 1, 1/0 do end",
		"return ('a'):rep(30):find(('a?'):rep(30) .. ('a'):rep(30) .. 'b')",
		"local t = {} for i = 1, 1e5 do t[i] = -i end while true do table.sort(t, function(a, b) return a < b end) end",
		"local s = ('x'):rep(1e6) while true do s:upper() end",
		"local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
		"return ('x'):rep(1e5):gsub('x*x*x*x*y', '')",
	} {
		st := newTestState()
		ticks := 0
		st.Tick = func() {
			if ticks++; ticks > 100 {
				panic(&Abort{enough})
			}
		}
		p, err := Compile(src, "@t")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Call(st.Load(p), nil); err != enough {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	const limit = 8 << 20
	f := func(src string, want error) {
		t.Helper()
		st := newTestState()
		st.Settle()
		st.Begin(limit)
		p, err := Compile(src, "@t")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Call(st.Load(p), nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", src, err, want)
		}
	}
	f("local s = 'x' while true do s = s .. s end", ErrMemory)
	f("return ('x'):rep(1e8)", ErrMemory)
	f("local t = {} for i = 1, 1e9 do t[i] = i end", ErrMemory)
	f("local t = {} for i = 1, 1e9 do t['k' .. i] = {} end", ErrMemory)
	f("local function f(n) return {('x'):rep(1e5), f(n + 1)} end f(1)", ErrMemory)
	f("local s = ('a'):rep(1e4) return s:gsub('a', s)", ErrMemory)
	f("local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e5) .. i end return #table.concat(t)", ErrMemory)
	f("local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end", ErrMemory)
	f("local f for i = 1, 1e9 do local g = f f = function() return g end end", ErrMemory)
	f("for i = 1, 3e5 do local t = {i, i, i} local s = 'x' .. i end", nil) // garbage does not count
	f("for i = 1, 100 do pcall(string.rep, 'x', 1e5) end return 1", nil)
}

func FuzzRun(f *testing.F) {
	for _, src := range []string{"return 1", "local t = {} for i = 1, 10 do t[#t + 1] = i end return t", "return ('x'):gsub('.', '%0')", "return coroutine.wrap(function() error('x') end)()"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := Compile(src, "@t")
		if err != nil {
			return
		}
		st := newTestState()
		st.Settle()
		st.Begin(1 << 20)
		ticks := 0
		st.Tick = func() {
			if ticks++; ticks > 100 {
				panic(&Abort{errors.New("enough")})
			}
		}
		_, _ = st.Call(st.Load(p), nil)
	})
}
