package lua

func rk(r, k []Value, x int) *Value {
	if x >= rkConst {
		return &k[x-rkConst]
	}
	return &r[x]
}

func setNumber(v *Value, n float64) {
	if _, ok := v.o.(numTag); !ok { // spares the collector's barrier
		v.o = numTag{}
	}
	v.n = n
}

func bothNumbers(a, b *Value) bool {
	_, x := a.o.(numTag)
	_, y := b.o.(numTag)
	return x && y
}

// execute runs Lua functions until the one that was entered fresh returns.
func (t *Thread) execute() {
	st := t.st
	var fr *frame
	var p *Proto
	var r []Value
resume:
	fr = &t.frames[len(t.frames)-1]
	p = fr.fn.proto
	r = t.stack[fr.base : fr.base+p.stack]
	pc := fr.pc
	for {
		i := p.code[pc]
		pc++
		fr.pc = pc
		switch i.op {
		case opMove:
			r[i.a] = r[i.b]
		case opLoadK:
			r[i.a] = p.consts[i.b]
		case opLoadBool:
			r[i.a] = Bool(i.b != 0)
			pc += int(i.c)
		case opLoadNil:
			clear(r[i.a : i.b+1])
		case opGetUp:
			r[i.a] = *fr.fn.upvals[i.b].v
		case opSetUp:
			*fr.fn.upvals[i.b].v = r[i.a]
		case opGetGlobal:
			key := p.consts[i.b].o.(*Str)
			v := fr.fn.env.getStr(key)
			if v.o == nil && fr.fn.env.meta != nil {
				v = t.index(Value{o: fr.fn.env}, p.consts[i.b], 0)
				r = t.stack[fr.base : fr.base+p.stack]
			}
			r[i.a] = v
		case opSetGlobal:
			t.setIndex(Value{o: fr.fn.env}, p.consts[i.b], r[i.a], 0)
			r = t.stack[fr.base : fr.base+p.stack]
		case opGetTable:
			key := rk(r, p.consts, int(i.c))
			if tab, ok := r[i.b].o.(*Table); ok {
				if v := tab.Get(*key); v.o != nil || tab.meta == nil {
					r[i.a] = v
					continue
				}
			}
			v := t.index(r[i.b], *key, 0)
			r = t.stack[fr.base : fr.base+p.stack]
			r[i.a] = v
		case opSetTable:
			t.setIndex(r[i.a], *rk(r, p.consts, int(i.b)), *rk(r, p.consts, int(i.c)), 0)
			r = t.stack[fr.base : fr.base+p.stack]
		case opNewTable:
			r[i.a] = Value{o: st.NewTable(int(i.b), int(i.c))}
		case opSelf:
			obj := r[i.b]
			r[i.a+1] = obj
			v := t.index(obj, *rk(r, p.consts, int(i.c)), 0)
			r = t.stack[fr.base : fr.base+p.stack]
			r[i.a] = v
		case opAdd:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			if bothNumbers(b, c) {
				setNumber(&r[i.a], b.n+c.n)
				continue
			}
			r = t.arithTo(fr, p, i, *b, *c)
		case opSub:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			if bothNumbers(b, c) {
				setNumber(&r[i.a], b.n-c.n)
				continue
			}
			r = t.arithTo(fr, p, i, *b, *c)
		case opMul:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			if bothNumbers(b, c) {
				setNumber(&r[i.a], b.n*c.n)
				continue
			}
			r = t.arithTo(fr, p, i, *b, *c)
		case opDiv, opMod, opPow:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			if bothNumbers(b, c) {
				setNumber(&r[i.a], arith(i.op, b.n, c.n))
				continue
			}
			r = t.arithTo(fr, p, i, *b, *c)
		case opUnm:
			if r[i.b].IsNumber() {
				r[i.a] = Number(-r[i.b].n)
				continue
			}
			r = t.arithTo(fr, p, i, r[i.b], r[i.b])
		case opNot:
			r[i.a] = Bool(!r[i.b].Truth())
		case opLen:
			v := t.length(r[i.b])
			r = t.stack[fr.base : fr.base+p.stack]
			r[i.a] = v
		case opConcat:
			v := t.concat(r[i.b : int(i.c)+1])
			r = t.stack[fr.base : fr.base+p.stack]
			r[i.a] = v
		case opJump:
			pc += int(i.b)
			if i.b < 0 {
				if st.steps--; st.steps <= 0 {
					st.tick()
				}
			}
		case opEq:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			equal := rawEqual(*b, *c) || t.equalMeta(*b, *c)
			r = t.stack[fr.base : fr.base+p.stack]
			if equal == (i.a != 0) {
				pc += int(p.code[pc].b)
			}
			pc++
		case opLt:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			var less bool
			if bothNumbers(b, c) {
				less = b.n < c.n
			} else {
				less = t.lessThan(*b, *c)
				r = t.stack[fr.base : fr.base+p.stack]
			}
			if less == (i.a != 0) {
				pc += int(p.code[pc].b)
			}
			pc++
		case opLe:
			b, c := rk(r, p.consts, int(i.b)), rk(r, p.consts, int(i.c))
			var less bool
			if bothNumbers(b, c) {
				less = b.n <= c.n
			} else {
				less = t.lessEqual(*b, *c)
				r = t.stack[fr.base : fr.base+p.stack]
			}
			if less == (i.a != 0) {
				pc += int(p.code[pc].b)
			}
			pc++
		case opTest:
			if r[i.a].Truth() == (i.c != 0) {
				pc += int(i.b)
				if i.b < 0 {
					if st.steps--; st.steps <= 0 {
						st.tick()
					}
				}
			}
		case opCall:
			if st.steps--; st.steps <= 0 {
				st.tick()
			}
			slot := fr.base + int(i.a)
			if i.b != 0 {
				t.top = slot + int(i.b)
			}
			if t.enter(slot, t.top-slot-1, int(i.c)-1) {
				goto resume
			}
			if t.yielding {
				return
			}
			fr = &t.frames[len(t.frames)-1]
			if i.c != 0 {
				t.top = fr.base + p.stack
			}
			r = t.stack[fr.base : fr.base+p.stack]
		case opTailCall:
			if st.steps--; st.steps <= 0 {
				st.tick()
			}
			if t.tailCall(fr, i) {
				goto resume
			}
			if t.yielding {
				return
			}
			fr = &t.frames[len(t.frames)-1]
			r = t.stack[fr.base : fr.base+p.stack]
		case opReturn:
			from, n := fr.base+int(i.a), int(i.b)-1
			if n < 0 {
				n = t.top - from
			}
			if len(t.open) > 0 {
				t.closeUpvalues(fr.base)
			}
			slot, wanted, fresh := fr.slot, fr.results, fr.fresh
			t.results(slot, from, n, wanted)
			t.frames = t.frames[:len(t.frames)-1]
			if fresh {
				return
			}
			if wanted >= 0 {
				fr = &t.frames[len(t.frames)-1]
				t.top = fr.base + fr.fn.proto.stack
			}
			goto resume
		case opForPrep:
			t.forPrep(r[i.a : i.a+3])
			pc += int(i.b)
		case opForLoop:
			step := r[i.a+2].n
			n := r[i.a].n + step
			if limit := r[i.a+1].n; step > 0 && n <= limit || step <= 0 && n >= limit {
				r[i.a].n = n
				setNumber(&r[i.a+3], n)
				pc += int(i.b)
				if st.steps--; st.steps <= 0 {
					st.tick()
				}
			}
		case opTForCall:
			slot := fr.base + int(i.a) + 3
			copy(r[i.a+3:i.a+6], r[i.a:i.a+3])
			t.top = slot + 3
			if t.enter(slot, 2, int(i.c)) {
				goto resume
			}
			if t.yielding {
				return
			}
			fr = &t.frames[len(t.frames)-1]
			t.top = fr.base + p.stack
			r = t.stack[fr.base : fr.base+p.stack]
		case opTForLoop:
			if r[i.a+3].o != nil {
				r[i.a+2] = r[i.a+3]
				pc += int(i.b)
				if st.steps--; st.steps <= 0 {
					st.tick()
				}
			}
		case opSetList:
			n := int(i.b)
			if n == 0 {
				n = t.top - fr.base - int(i.a) - 1
			}
			from := fr.base + int(i.a) + 1
			setList(r[i.a].o.(*Table), int(i.c)*listFlush, t.stack[from:from+n])
			t.top = fr.base + p.stack
		case opClose:
			t.closeUpvalues(fr.base + int(i.a))
		case opClosure:
			r[i.a] = Value{o: t.closure(fr, p.protos[i.b])}
		case opArg:
			r[i.a] = t.argTable(fr)
		case opVararg:
			t.varargs(fr, i)
			r = t.stack[fr.base : fr.base+p.stack]
		}
	}
}

// tailCall replaces the running function; it returns false if the callee is in Go, and has been called.
func (t *Thread) tailCall(fr *frame, i instr) bool {
	slot := fr.base + int(i.a)
	if i.b != 0 {
		t.top = slot + int(i.b)
	}
	n := t.top - slot - 1
	f := t.stack[slot].AsFunction()
	if f == nil {
		f = t.callable(slot, n)
		n++
		t.top = slot + 1 + n
	}
	if f.native != nil {
		return t.enter(slot, n, -1)
	}
	t.closeUpvalues(fr.base)
	to, results, tails, fresh := fr.slot, fr.results, fr.tails, fr.fresh
	copy(t.stack[to:to+1+n], t.stack[slot:slot+1+n])
	t.frames = t.frames[:len(t.frames)-1]
	t.enter(to, n, results)
	last := &t.frames[len(t.frames)-1]
	last.tails, last.fresh = tails+1, fresh
	return true
}

func setList(tab *Table, from int, items []Value) {
	if last := from + len(items); last > len(tab.arr) {
		tab.resize(last, len(tab.nodes))
	}
	for i := len(items); i > 0; i-- {
		tab.SetInt(from+i, items[i-1])
	}
}

func (t *Thread) closure(fr *frame, p *Proto) *Function {
	t.st.Alloc(closureBytes + 8*len(p.upvalues))
	f := &Function{proto: p, env: fr.fn.env, id: t.st.id()}
	if len(p.upvalues) > 0 {
		f.upvals = make([]*upval, len(p.upvalues))
		for n, d := range p.upvalues {
			if d.local {
				f.upvals[n] = t.upvalueAt(fr.base + d.index)
			} else {
				f.upvals[n] = fr.fn.upvals[d.index]
			}
		}
	}
	return f
}

func (t *Thread) varargs(fr *frame, i instr) {
	from := fr.slot + 1 + fr.fn.proto.params
	have := max(0, fr.args-fr.fn.proto.params)
	to, n := fr.base+int(i.a), int(i.b)-1
	if n < 0 {
		n = have
		t.top = to
		t.need(n + 1)
		t.top = to + n
	}
	for j := range n {
		if j < have {
			t.stack[to+j] = t.stack[from+j]
		} else {
			t.stack[to+j] = Nil
		}
	}
}

// argTable is the table that stands for … in functions that do not mention it.
func (t *Thread) argTable(fr *frame) Value {
	from := fr.slot + 1 + fr.fn.proto.params
	n := max(0, fr.args-fr.fn.proto.params)
	tab := t.st.NewTable(n, 1)
	for i := range n {
		tab.SetInt(i+1, t.stack[from+i])
	}
	tab.SetString("n", Int(n))
	return Value{o: tab}
}

func (t *Thread) forPrep(r []Value) {
	for i, what := range [...]string{"initial value", "limit", "step"} {
		n, ok := r[i].ToNumber()
		if !ok {
			t.runError("'for' %s must be a number", what)
		}
		r[i] = Number(n)
	}
	r[0].n -= r[2].n
}
