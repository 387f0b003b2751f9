package lua

import (
	"fmt"
	"strings"
)

// OpenBase registers the basic functions and coroutines.
func (st *State) OpenBase() {
	g := st.Globals
	st.Register(g, map[string]GoFunction{
		"assert": baseAssert, "collectgarbage": baseCollect, "error": baseError, "gcinfo": baseGCInfo,
		"getfenv": baseGetFenv, "setfenv": baseSetFenv, "getmetatable": baseGetMeta, "setmetatable": baseSetMeta,
		"load": baseLoad, "loadstring": baseLoadString, "next": baseNext, "pcall": basePcall, "xpcall": baseXpcall,
		"rawequal": baseRawEqual, "rawget": baseRawGet, "rawset": baseRawSet, "select": baseSelect,
		"tonumber": baseToNumber, "tostring": baseToString, "type": baseType, "unpack": baseUnpack, "newproxy": baseNewProxy,
	})
	next := g.GetString("next")
	g.SetString("pairs", st.NewFunction(func(t *Thread, args []Value) int {
		tab := t.CheckTable(args, 0)
		t.push(next)
		t.push(Value{o: tab})
		t.push(Nil)
		return 3
	}))
	step := st.NewFunction(ipairsStep)
	g.SetString("ipairs", st.NewFunction(func(t *Thread, args []Value) int {
		tab := t.CheckTable(args, 0)
		t.push(step)
		t.push(Value{o: tab})
		t.push(Number(0))
		return 3
	}))
	g.SetString("_VERSION", String("Lua 5.1"))
	g.SetString("_G", Value{o: g})
	st.openCoroutine()
}

func baseAssert(t *Thread, args []Value) int {
	if !t.CheckAny(args, 0).Truth() {
		return t.Errorf("%s", t.OptString(args, 1, "assertion failed!"))
	}
	for _, v := range args {
		t.push(v)
	}
	return len(args)
}

func baseCollect(t *Thread, args []Value) int {
	switch what := t.OptString(args, 0, "collect"); what {
	case "count":
		return t.Return(Number(float64(t.st.Held()) / 1024))
	case "collect", "stop", "restart", "setpause", "setstepmul":
		return t.Return(Number(0))
	case "step":
		return t.Return(True)
	default:
		t.ArgError(0, "invalid option '"+what+"'")
	}
	return 0
}

func baseGCInfo(t *Thread, _ []Value) int { return t.Return(Int(t.st.Held() / 1024)) }

func baseError(t *Thread, args []Value) int {
	level := t.OptInt(args, 1, 1)
	v := Arg(args, 0)
	if s, ok := v.ToText(); ok && level > 0 {
		v = t.st.String(t.Where(level) + s)
	}
	t.Raise(v)
	return 0
}

// envFunction finds the function that getfenv and setfenv mean.
func (t *Thread) envFunction(args []Value, level int) *Function {
	if f := Arg(args, 0).AsFunction(); f != nil {
		return f
	}
	if level < 0 {
		t.ArgError(0, "level must be non-negative")
	}
	fr, found := t.level(level)
	if !found {
		t.ArgError(0, "invalid level")
	}
	if fr == nil {
		t.Errorf("no function environment for tail call at level %d", level)
	}
	return fr.fn
}

func baseGetFenv(t *Thread, args []Value) int {
	level := 1
	if len(args) > 0 && args[0].AsFunction() == nil {
		level = t.OptInt(args, 0, 1)
	}
	f := t.envFunction(args, level)
	if f.native != nil {
		return t.Return(Value{o: t.env})
	}
	return t.Return(Value{o: f.env})
}

func baseSetFenv(t *Thread, args []Value) int {
	env := t.CheckTable(args, 1)
	level := 1
	if args[0].AsFunction() == nil {
		level = t.CheckInt(args, 0)
		if level == 0 {
			t.env = env
			return 0
		}
	}
	f := t.envFunction(args, level)
	if f.native != nil {
		t.Errorf("'setfenv' cannot change environment of given object")
	}
	f.env = env
	return t.Return(Value{o: f})
}

func baseGetMeta(t *Thread, args []Value) int {
	m := t.st.metatable(t.CheckAny(args, 0))
	if m == nil {
		return t.Return(Nil)
	}
	if p := m.GetString("__metatable"); p.o != nil {
		return t.Return(p)
	}
	return t.Return(Value{o: m})
}

func baseSetMeta(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	m := Arg(args, 1).AsTable()
	if m == nil && (len(args) < 2 || !args[1].IsNil()) {
		t.ArgError(1, "nil or table expected")
	}
	if tab.meta != nil && tab.meta.GetString("__metatable").o != nil {
		t.Errorf("cannot change a protected metatable")
	}
	if tab.ReadOnly {
		t.runError("%s", readOnlyText)
	}
	tab.meta = m
	return t.Return(args[0])
}

// loadText compiles what load and loadstring have been given.
func (t *Thread) loadText(text, chunk string) int {
	t.st.Steps(len(text)/64 + 1)
	t.st.Alloc(8 * len(text)) // a tree and code
	p, err := Compile(text, chunk)
	if err != nil {
		t.push(Nil)
		t.push(t.st.String(err.Error()))
		return 2
	}
	f := t.st.Load(p)
	f.env = t.env
	if f.env == nil {
		f.env = t.st.Globals
	}
	return t.Return(Value{o: f})
}

func baseLoadString(t *Thread, args []Value) int {
	s := t.CheckString(args, 0)
	return t.loadText(s, t.OptString(args, 1, s))
}

func baseLoad(t *Thread, args []Value) int {
	f := t.CheckFunction(args, 0)
	chunk := t.OptString(args, 1, "=(load)")
	var b strings.Builder
	for {
		v := t.Call1(f)
		if v.IsNil() {
			break
		}
		s, ok := v.ToText()
		if !ok {
			t.push(Nil)
			t.push(String("reader function must return a string"))
			return 2
		}
		if s == "" {
			break
		}
		t.st.Alloc(len(s))
		b.WriteString(s)
	}
	return t.loadText(b.String(), chunk)
}

func baseNext(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	k, v, more, ok := tab.Next(Arg(args, 1))
	if !ok {
		t.Errorf("invalid key to 'next'")
	}
	if !more {
		return t.Return(Nil)
	}
	t.push(k)
	t.push(v)
	return 2
}

func ipairsStep(t *Thread, args []Value) int {
	i := t.CheckInt(args, 1) + 1
	v := t.CheckTable(args, 0).GetInt(i)
	if v.IsNil() {
		return 0
	}
	t.push(Int(i))
	t.push(v)
	return 2
}

// PCall calls the first argument with the others, from a function in Go, and returns how many results it has pushed.
func (t *Thread) PCall(args []Value, handler GoFunction) (n int, failed *Error) {
	t.CheckAny(args, 0)
	slot := t.top
	for _, v := range args {
		t.push(v)
	}
	err := t.protect(handler, func() { t.call(slot, len(args)-1, -1) })
	if err == nil {
		return t.top - slot, nil
	}
	t.closeUpvalues(slot)
	t.top = slot
	e, ok := err.(*Error)
	if !ok {
		panic(&Abort{err})
	}
	return 0, e
}

func (t *Thread) protected(args []Value, handler GoFunction) int {
	t.push(True)
	n, err := t.PCall(args, handler)
	if err != nil {
		t.push(False)
		t.push(err.Value)
		return 2
	}
	return n + 1
}

func basePcall(t *Thread, args []Value) int { return t.protected(args, nil) }

func baseXpcall(t *Thread, args []Value) int {
	handler := t.CheckAny(args, 1)
	return t.protected(args[:1], func(t *Thread, args []Value) int {
		return t.Return(t.Call1(handler, args[0]))
	})
}

func baseRawEqual(t *Thread, args []Value) int {
	return t.Return(Bool(rawEqual(t.CheckAny(args, 0), t.CheckAny(args, 1))))
}

func baseRawGet(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	return t.Return(tab.Get(t.CheckAny(args, 1)))
}

func baseRawSet(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	key, val := t.CheckAny(args, 1), t.CheckAny(args, 2)
	if tab.ReadOnly {
		t.runError("%s", readOnlyText)
	}
	t.rawSet(tab, key, val)
	return t.Return(args[0])
}

func baseSelect(t *Thread, args []Value) int {
	if s, ok := Arg(args, 0).AsString(); ok && strings.HasPrefix(s, "#") {
		return t.Return(Int(len(args) - 1))
	}
	i := t.CheckInt(args, 0)
	if i < 0 {
		i += len(args)
	} else if i > len(args) {
		i = len(args)
	}
	if i < 1 {
		t.ArgError(0, "index out of range")
	}
	for _, v := range args[i:] {
		t.push(v)
	}
	return len(args) - i
}

func baseToNumber(t *Thread, args []Value) int {
	base := t.OptInt(args, 1, 10)
	if base == 10 {
		if n, ok := t.CheckAny(args, 0).ToNumber(); ok {
			return t.Return(Number(n))
		}
		return t.Return(Nil)
	}
	s := t.CheckString(args, 0)
	if base < 2 || base > 36 {
		t.ArgError(1, "base out of range")
	}
	if n, ok := parseBase(trimSpace(s), base); ok {
		return t.Return(Number(n))
	}
	return t.Return(Nil)
}

// parseBase is C's strtoul for the whole of s.
func parseBase(s string, base int) (float64, bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	var n, prev uint64
	for i := range len(s) {
		d := 99
		switch c := s[i]; {
		case isDigit(c):
			d = int(c - '0')
		case isAlpha(c):
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			return 0, false
		}
		prev, n = n, n*uint64(base)+uint64(d)
		if n/uint64(base) < prev {
			n = ^uint64(0)
		}
	}
	if negative {
		n = -n
	}
	return float64(n), s != ""
}

func baseToString(t *Thread, args []Value) int {
	return t.Return(t.ToString(t.CheckAny(args, 0)))
}

// ToString is what tostring gives.
func (t *Thread) ToString(v Value) Value {
	if m := t.metamethod(v, "__tostring"); m.o != nil {
		return t.Call1(m, v)
	}
	switch v.o.(type) {
	case *Str:
		return v
	case numTag:
		return t.st.String(FormatNumber(v.n))
	case boolTag:
		if v.n != 0 {
			return String("true")
		}
		return String("false")
	case nil:
		return String("nil")
	case lightTag:
		return String("userdata: (nil)")
	}
	return t.st.String(fmt.Sprintf("%s: 0x%014x", v.Type(), objectID(v)))
}

func baseType(t *Thread, args []Value) int { return t.Return(String(t.CheckAny(args, 0).Type())) }

func baseUnpack(t *Thread, args []Value) int {
	tab := t.CheckTable(args, 0)
	from := t.OptInt(args, 1, 1)
	to := 0
	if Arg(args, 2).IsNil() {
		to = tab.Len()
	} else {
		to = t.CheckInt(args, 2)
	}
	if from > to {
		return 0
	}
	n := to - from + 1
	if n <= 0 || n > goStack-len(args) {
		return t.Errorf("too many results to unpack")
	}
	t.need(n)
	for i := from; i <= to; i++ {
		t.push(tab.GetInt(i))
	}
	return n
}

func baseNewProxy(t *Thread, args []Value) int {
	u := &Userdata{id: t.st.id()}
	t.st.Alloc(strBytes)
	switch v := Arg(args, 0); x := v.o.(type) {
	case nil:
	case boolTag:
		if v.n != 0 {
			u.meta = t.st.NewTable(0, 0)
		}
	case *Userdata:
		if x.meta == nil {
			t.ArgError(0, "boolean or proxy expected")
		}
		u.meta = x.meta
	default:
		t.ArgError(0, "boolean or proxy expected")
	}
	return t.Return(Value{o: u})
}
