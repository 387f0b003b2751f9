package lua

import (
	"strings"
)

// OpenString registers the string library, and makes it the metatable of strings.
func (st *State) OpenString() {
	lib := st.NewTable(0, 0)
	st.Register(lib, map[string]GoFunction{
		"byte": strByte, "char": strChar, "dump": strDump, "find": strFind, "format": strFormat, "gmatch": strGmatch,
		"gfind": strGfind, "gsub": strGsub, "len": strLen, "lower": strLower, "match": strMatch, "rep": strRep,
		"reverse": strReverse, "sub": strSub, "upper": strUpper,
	})
	st.Globals.SetString("string", Value{o: lib})
	st.strings = st.NewTable(0, 0)
	st.strings.SetString("__index", Value{o: lib})
	st.strings.ReadOnly = true // all scripts share it
}

// text returns a string made by a function that has looked at all its bytes.
func (t *Thread) text(s string) int {
	t.st.Steps(len(s) >> 10)
	return t.Return(t.st.String(s))
}

// position turns a position that may count from the end into one from the beginning.
func position(i, length int) int {
	switch {
	case i >= 0:
		return i
	case -i > length:
		return 0
	}
	return length + i + 1
}

func strByte(t *Thread, args []Value) int {
	s := t.CheckString(args, 0)
	from := position(t.OptInt(args, 1, 1), len(s))
	to := position(t.OptInt(args, 2, from), len(s))
	from, to = max(from, 1), min(to, len(s))
	if from > to {
		return 0
	}
	n := to - from + 1
	t.CheckRoom(n, "string slice too long")
	for i := from; i <= to; i++ {
		t.push(Int(int(s[i-1])))
	}
	return n
}

func strChar(t *Thread, args []Value) int {
	b := make([]byte, len(args))
	for i := range args {
		c := t.CheckInt(args, i)
		if c < 0 || c > 255 {
			t.ArgError(i, "invalid value")
		}
		b[i] = byte(c)
	}
	return t.text(string(b))
}

// strDump gives something that no function can be made of again: compiled code is not loaded.
func strDump(t *Thread, args []Value) int {
	if t.CheckFunction(args, 0).AsFunction().native != nil {
		return t.Errorf("unable to dump given function")
	}
	return t.Return(t.st.String("\x1bLuaQ"))
}

func strLen(t *Thread, args []Value) int { return t.Return(Int(len(t.CheckString(args, 0)))) }

// mapBytes applies a function to each byte.
func (t *Thread) mapBytes(s string, f func(c byte) byte) int {
	t.st.Alloc(len(s))
	b := []byte(s)
	for i, c := range b {
		b[i] = f(c)
	}
	return t.text(string(b))
}

func strLower(t *Thread, args []Value) int {
	return t.mapBytes(t.CheckString(args, 0), func(c byte) byte {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		return c
	})
}

func strUpper(t *Thread, args []Value) int {
	return t.mapBytes(t.CheckString(args, 0), func(c byte) byte {
		if c >= 'a' && c <= 'z' {
			c &^= 0x20
		}
		return c
	})
}

func strReverse(t *Thread, args []Value) int {
	s := t.CheckString(args, 0)
	t.st.Alloc(len(s))
	b := make([]byte, len(s))
	for i := range len(s) {
		b[len(s)-1-i] = s[i]
	}
	return t.text(string(b))
}

func strSub(t *Thread, args []Value) int {
	s := t.CheckString(args, 0)
	from := max(1, position(t.CheckInt(args, 1), len(s)))
	to := min(len(s), position(t.OptInt(args, 2, -1), len(s)))
	if from > to {
		return t.Return(String(""))
	}
	t.st.Alloc(to - from + 1 + strBytes)
	return t.Return(String(strings.Clone(s[from-1 : to]))) // a part must not hold the whole
}

func strRep(t *Thread, args []Value) int {
	s := t.CheckString(args, 0)
	n := t.CheckInt(args, 1)
	if n <= 0 || s == "" {
		return t.Return(String(""))
	}
	if n > maxString/len(s) {
		return t.Errorf("resulting string too large")
	}
	t.st.Steps(n * len(s) >> 10)
	t.st.Alloc(n*len(s) + strBytes)
	return t.Return(String(strings.Repeat(s, n)))
}

// maxString bounds one string, whatever the memory limit.
const maxString = 1 << 31

func strFind(t *Thread, args []Value) int { return t.find(args, true) }

func strMatch(t *Thread, args []Value) int { return t.find(args, false) }

func (t *Thread) find(args []Value, find bool) int {
	s, pattern := t.CheckString(args, 0), t.CheckString(args, 1)
	init := position(t.OptInt(args, 2, 1), len(s)) - 1
	init = max(0, min(init, len(s)))
	if find && (Arg(args, 3).Truth() || !strings.ContainsAny(pattern, specials)) {
		t.st.Steps((len(s) - init) >> 10)
		at := strings.Index(s[init:], pattern)
		if at < 0 {
			return t.Return(Nil)
		}
		t.push(Int(init + at + 1))
		t.push(Int(init + at + len(pattern)))
		return 2
	}
	m := matcher{t: t, src: s, pat: pattern}
	anchor := strings.HasPrefix(pattern, "^")
	for at := init; at <= len(s); at++ {
		m.level = 0
		m.step()
		if end := m.match(at, btoi(anchor)); end >= 0 {
			if find {
				t.push(Int(at + 1))
				t.push(Int(end))
				return m.captures(-1, -1) + 2
			}
			return m.captures(at, end)
		}
		if anchor {
			break
		}
	}
	return t.Return(Nil)
}

func strGfind(t *Thread, _ []Value) int {
	return t.Errorf("'string.gfind' was renamed to 'string.gmatch'")
}

func strGmatch(t *Thread, args []Value) int {
	s, pattern := t.CheckString(args, 0), t.CheckString(args, 1)
	from := 0
	return t.Return(t.st.NewFunction(func(t *Thread, _ []Value) int {
		m := matcher{t: t, src: s, pat: pattern}
		for at := from; at <= len(s); at++ {
			m.level = 0
			m.step()
			if end := m.match(at, 0); end >= 0 {
				from = end
				if end == at {
					from++ // an empty match: go at least one on
				}
				return m.captures(at, end)
			}
		}
		from = len(s) + 1
		return 0
	}))
}

func strGsub(t *Thread, args []Value) int {
	s, pattern := t.CheckString(args, 0), t.CheckString(args, 1)
	repl := Arg(args, 2)
	switch repl.Type() {
	case "number", "string", "function", "table":
	default:
		t.ArgError(2, "string/function/table expected")
	}
	limit := t.OptInt(args, 3, len(s)+1)
	anchor := strings.HasPrefix(pattern, "^")
	m := matcher{t: t, src: s, pat: pattern}
	var b []byte
	charged, at, n := 0, 0, 0
	for n < limit {
		m.level = 0
		m.step()
		end := m.match(at, btoi(anchor))
		if end >= 0 {
			n++
			b = m.replace(b, repl, at, end)
		}
		if end >= 0 && end > at {
			at = end
		} else if at < len(s) {
			b = append(b, s[at])
			at++
		} else {
			break
		}
		charged = t.st.Grow(charged, cap(b))
		if anchor {
			break
		}
	}
	if n == 0 {
		t.st.Drop(charged)
		t.push(t.st.String(s))
		t.push(Number(0))
		return 2
	}
	b = append(b, s[at:]...)
	t.push(t.st.String(string(b)))
	t.st.Drop(charged)
	t.push(Int(n))
	return 2
}

// replace appends what takes the place of a match.
func (m *matcher) replace(b []byte, repl Value, at, end int) []byte {
	t := m.t
	var v Value
	switch repl.o.(type) {
	case *Function:
		top := t.top
		t.push(repl)
		n := m.captures(at, end)
		t.call(top, n, 1)
		t.top = top
		v = t.stack[top]
	case *Table:
		m.captures(at, end)
		first := t.stack[t.top-max(1, m.level)]
		t.top -= max(1, m.level)
		v = t.index(repl, first, -1)
	default:
		text, _ := repl.ToText()
		t.st.Steps(len(text) >> 10)
		return m.expand(b, text, at, end)
	}
	if !v.Truth() {
		return append(b, m.src[at:end]...)
	}
	s, ok := v.ToText()
	if !ok {
		t.Errorf("invalid replacement value (a %s)", v.Type())
	}
	return append(b, s...)
}

// expand appends a replacement text with %0…%9 filled in.
func (m *matcher) expand(b []byte, text string, at, end int) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b = append(b, text[i])
			continue
		}
		i++
		c := byte(0)
		if i < len(text) {
			c = text[i]
		}
		switch {
		case !isDigit(c):
			b = append(b, c)
		case c == '0':
			b = append(b, m.src[at:end]...)
		default:
			s, _ := m.capture(int(c-'1'), at, end).ToText()
			b = append(b, s...)
		}
	}
	return b
}
