package lua

import (
	"math"
	"strings"
)

const maxMetaLoop = 100

// metatable returns the metatable of a value, or nil.
func (st *State) metatable(v Value) *Table {
	switch x := v.o.(type) {
	case *Table:
		return x.meta
	case *Str:
		return st.strings
	case *Userdata:
		return x.meta
	}
	return nil
}

func (t *Thread) metamethod(v Value, event string) Value {
	if m := t.st.metatable(v); m != nil {
		return m.GetString(event)
	}
	return Nil
}

// index is v[key] with metamethods; which is the number of v among the names of the instruction.
func (t *Thread) index(v, key Value, which int) Value {
	for range maxMetaLoop {
		var m Value
		if tab, ok := v.o.(*Table); ok {
			got := tab.Get(key)
			if got.o != nil || tab.meta == nil {
				return got
			}
			if m = tab.meta.GetString("__index"); m.o == nil {
				return Nil
			}
		} else if m = t.metamethod(v, "__index"); m.o == nil {
			t.typeError(v, t.operand(which), "index")
		}
		if _, ok := m.o.(*Function); ok {
			return t.Call1(m, v, key)
		}
		v, which = m, -1
	}
	t.runError("loop in gettable")
	return Nil
}

// setIndex is v[key] = val with metamethods.
func (t *Thread) setIndex(v, key, val Value, which int) {
	for range maxMetaLoop {
		var m Value
		if tab, ok := v.o.(*Table); ok {
			if tab.ReadOnly {
				t.runError("%s", readOnlyText)
			}
			if tab.meta == nil || tab.Get(key).o != nil {
				t.rawSet(tab, key, val)
				return
			}
			if m = tab.meta.GetString("__newindex"); m.o == nil {
				t.rawSet(tab, key, val)
				return
			}
		} else if m = t.metamethod(v, "__newindex"); m.o == nil {
			t.typeError(v, t.operand(which), "index")
		}
		if _, ok := m.o.(*Function); ok {
			top := t.top
			t.Invoke(m, 0, v, key, val)
			t.top = top
			return
		}
		v, which = m, -1
	}
	t.runError("loop in settable")
}

const readOnlyText = "Attempt to modify a readonly table"

// rawSet sets without metamethods and refuses what is no key.
func (t *Thread) rawSet(tab *Table, key, val Value) {
	if key.o == nil {
		t.runError("table index is nil")
	}
	if key.n != key.n && key.IsNumber() {
		t.runError("table index is NaN")
	}
	tab.Set(key, val)
}

// arith is an operation on numbers; for opUnm b does not matter.
func arith(o op, a, b float64) float64 {
	switch o {
	case opAdd:
		return a + b
	case opSub:
		return a - b
	case opMul:
		return a * b
	case opDiv:
		return a / b
	case opMod:
		return a - math.Floor(a/b)*b
	case opPow:
		return math.Pow(a, b)
	}
	return -a
}

var arithEvents = map[op]string{opAdd: "__add", opSub: "__sub", opMul: "__mul", opDiv: "__div", opMod: "__mod", opPow: "__pow", opUnm: "__unm"}

// arithTo does arithmetic on values that are not both numbers, and returns the registers, which may have moved.
func (t *Thread) arithTo(fr *frame, p *Proto, i instr, b, c Value) []Value {
	x, ok1 := b.ToNumber()
	y, ok2 := c.ToNumber()
	var v Value
	if ok1 && ok2 {
		v = Number(arith(i.op, x, y))
	} else {
		m := t.metamethod(b, arithEvents[i.op])
		if m.o == nil {
			m = t.metamethod(c, arithEvents[i.op])
		}
		if m.o == nil {
			if ok1 {
				t.typeError(c, t.operand(1), "perform arithmetic on")
			}
			t.typeError(b, t.operand(0), "perform arithmetic on")
		}
		v = t.Call1(m, b, c)
		fr = &t.frames[len(t.frames)-1]
	}
	r := t.stack[fr.base : fr.base+p.stack]
	r[i.a] = v
	return r
}

// equalMeta is equality of values that are not the same.
func (t *Thread) equalMeta(a, b Value) bool {
	switch a.o.(type) {
	case *Table, *Userdata:
	default:
		return false
	}
	if a.Type() != b.Type() {
		return false
	}
	m := t.sameMeta(a, b, "__eq")
	return m.o != nil && t.Call1(m, a, b).Truth()
}

// sameMeta returns a metamethod that two values share.
func (t *Thread) sameMeta(a, b Value, event string) Value {
	m := t.metamethod(a, event)
	if m.o == nil || !rawEqual(m, t.metamethod(b, event)) {
		return Nil
	}
	return m
}

func (t *Thread) lessThan(a, b Value) bool {
	if bothNumbers(&a, &b) {
		return a.n < b.n
	}
	x, ok1 := a.AsString()
	y, ok2 := b.AsString()
	if ok1 && ok2 {
		return x < y
	}
	if a.Type() == b.Type() {
		if m := t.sameMeta(a, b, "__lt"); m.o != nil {
			return t.Call1(m, a, b).Truth()
		}
	}
	return t.orderError(a, b)
}

func (t *Thread) lessEqual(a, b Value) bool {
	if bothNumbers(&a, &b) {
		return a.n <= b.n
	}
	x, ok1 := a.AsString()
	y, ok2 := b.AsString()
	if ok1 && ok2 {
		return x <= y
	}
	if a.Type() == b.Type() {
		if m := t.sameMeta(a, b, "__le"); m.o != nil {
			return t.Call1(m, a, b).Truth()
		}
		if m := t.sameMeta(a, b, "__lt"); m.o != nil {
			return !t.Call1(m, b, a).Truth()
		}
	}
	return t.orderError(a, b)
}

func (t *Thread) orderError(a, b Value) bool {
	if a.Type() == b.Type() {
		t.runError("attempt to compare two %s values", a.Type())
	}
	t.runError("attempt to compare %s with %s", a.Type(), b.Type())
	return false
}

func (t *Thread) length(v Value) Value {
	switch x := v.o.(type) {
	case *Table:
		return Int(x.Len())
	case *Str:
		return Int(len(x.s))
	}
	m := t.metamethod(v, "__len")
	if m.o == nil {
		t.typeError(v, t.operand(0), "get length of")
	}
	return t.Call1(m, v)
}

// concat joins values from the right; metamethods take two at a time.
func (t *Thread) concat(parts []Value) Value {
	size, plain := 0, true
	for i := range parts {
		if s, ok := parts[i].o.(*Str); ok {
			size += len(s.s)
		} else {
			plain = plain && parts[i].IsNumber()
			size += 8
		}
	}
	if plain {
		return t.join(parts, size)
	}
	parts = append([]Value(nil), parts...) // the stack may move
	for len(parts) > 1 {
		n := len(parts)
		from := n
		size := 0
		for from > 0 {
			s, isStr := parts[from-1].o.(*Str)
			if !isStr && !parts[from-1].IsNumber() {
				break
			}
			if isStr {
				size += len(s.s)
			} else {
				size += 8
			}
			from--
		}
		if n-from >= 2 {
			parts[from] = t.join(parts[from:], size)
			parts = parts[:from+1]
			continue
		}
		a, b := parts[n-2], parts[n-1]
		m := t.metamethod(a, "__concat")
		if m.o == nil {
			m = t.metamethod(b, "__concat")
		}
		if m.o == nil {
			bad := n - 2
			if _, ok := a.ToText(); ok {
				bad = n - 1
			}
			t.typeError(parts[bad], t.operand(bad), "concatenate")
		}
		parts[n-2] = t.Call1(m, a, b)
		parts = parts[:n-1]
	}
	return parts[0]
}

func (t *Thread) join(parts []Value, size int) Value {
	t.st.Alloc(size + strBytes)
	if size > 1<<16 {
		t.st.Steps(size >> 12)
	}
	var b strings.Builder
	b.Grow(size)
	var num [32]byte
	for _, v := range parts {
		if s, ok := v.o.(*Str); ok {
			b.WriteString(s.s)
		} else {
			b.Write(AppendNumber(num[:0], v.n, 14))
		}
	}
	return String(b.String())
}
