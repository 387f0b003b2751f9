package lua

// next evaluates an expression into a new register.
func (f *funcState) next(e expr) int {
	if c, ok := e.(*callExpr); ok {
		return f.call(c, 2)
	}
	r := f.alloc(1)
	f.to(e, r)
	return r
}

// any returns a register that holds the value: a local's own, or a new one.
func (f *funcState) any(e expr) int {
	if n, ok := e.(*nameExpr); ok {
		if r := f.local(n.name); r >= 0 {
			return r
		}
	}
	return f.next(e)
}

// rk returns an operand: a constant or a register.
func (f *funcState) rk(e expr) int {
	k := -1
	switch e := e.(type) {
	case *numberExpr:
		k = f.constant(Number(e.n))
	case *stringExpr:
		k = f.str(e.s)
	case *trueExpr:
		k = f.constant(True)
	case *falseExpr:
		k = f.constant(False)
	case *nilExpr:
		k = f.constant(Nil)
	}
	if k >= 0 && k+rkConst <= 0xffff {
		return k + rkConst
	}
	return f.any(e)
}

// to evaluates an expression into a register, of which the expression must not make use while it is evaluated.
func (f *funcState) to(e expr, r int) {
	saved := f.free
	switch e := e.(type) {
	case *nilExpr:
		f.emit(opLoadNil, r, r, 0)
	case *trueExpr:
		f.emit(opLoadBool, r, 1, 0)
	case *falseExpr:
		f.emit(opLoadBool, r, 0, 0)
	case *numberExpr:
		f.emit(opLoadK, r, f.constant(Number(e.n)), 0)
	case *stringExpr:
		f.emit(opLoadK, r, f.str(e.s), 0)
	case *varargExpr:
		f.emit(opVararg, r, 2, 0)
	case *parenExpr:
		f.to(e.e, r)
	case *nameExpr:
		f.nameTo(e, r)
	case *indexExpr:
		obj := f.any(e.obj)
		key := f.rk(e.key)
		f.emitAt(e.line, opGetTable, r, obj, key)
		f.note(f.describe(e.obj))
	case *callExpr:
		if from := f.call(e, 2); from != r {
			f.emit(opMove, r, from, 0)
		}
	case *binaryExpr:
		b := f.rk(e.l)
		c := f.rk(e.r)
		f.emitAt(e.line, e.op, r, b, c)
		f.note(f.describe(e.l), f.describe(e.r))
	case *unaryExpr:
		f.emitAt(e.line, e.op, r, f.any(e.e), 0)
		f.note(f.describe(e.e))
	case *concatExpr:
		f.concatTo(e, r)
	case *compareExpr:
		yes := f.cond(e, true)
		f.emit(opLoadBool, r, 0, 1)
		f.patchHere(yes)
		f.emit(opLoadBool, r, 1, 0)
	case *logicExpr:
		f.to(e.l, r)
		want := 1 // or: done when true
		if e.and {
			want = 0
		}
		done := f.emit(opTest, r, 0, want)
		f.to(e.r, r)
		f.patchHere([]int{done})
	case *tableExpr:
		f.tableTo(e, r)
	case *funcExpr:
		f.p.protos = append(f.p.protos, nil)
		i := len(f.p.protos) - 1
		f.p.protos[i] = generate(f, e, f.p.chunk)
		f.emit(opClosure, r, i, 0)
	}
	f.free = saved
}

func (f *funcState) nameTo(e *nameExpr, r int) {
	if reg := f.local(e.name); reg >= 0 {
		if reg != r {
			f.emit(opMove, r, reg, 0)
		}
		return
	}
	if up := f.upvalue(e.name); up >= 0 {
		f.emit(opGetUp, r, up, 0)
		return
	}
	f.emitAt(e.line, opGetGlobal, r, f.str(e.name), 0)
}

func (f *funcState) concatTo(e *concatExpr, r int) {
	first := f.free
	names := make([]operand, len(e.parts))
	for i, part := range e.parts {
		f.next(part)
		names[i] = f.describe(part)
	}
	f.emitAt(e.line, opConcat, r, first, f.free-1)
	f.note(names...)
}

// roundSize rounds the size of a constructor up as PUC-Rio's instruction format does: to three significant bits.
func roundSize(n int) int {
	e := 0
	for n >= 16 {
		n = (n + 1) >> 1
		e++
	}
	return n << e
}

func (f *funcState) tableTo(e *tableExpr, r int) {
	if r+1 != f.free { // items must follow the table
		t := f.alloc(1)
		f.tableTo(e, t)
		f.emit(opMove, r, t, 0)
		return
	}
	list, hash := 0, 0
	open := false // the last item gives any number of values
	for i, item := range e.items {
		if item.key != nil {
			hash++
			continue
		}
		list++
		open = i == len(e.items)-1 && isMulti(item.val)
	}
	size := list
	if open {
		size--
	}
	f.emit(opNewTable, r, roundSize(size), min(roundSize(hash), 0xffff))
	pending, done := 0, 0
	for i, item := range e.items {
		switch {
		case item.key != nil:
			saved := f.free
			k := f.rk(item.key)
			v := f.rk(item.val)
			f.emitAt(item.line, opSetTable, r, k, v)
			f.free = saved
			continue
		case open && i == len(e.items)-1:
			f.multi(item.val, -1)
			f.setList(e.line, r, 0, done)
			pending = 0
		default:
			f.next(item.val)
			pending++
		}
		if pending == listFlush {
			f.setList(e.line, r, pending, done)
			pending, done = 0, done+1
		}
	}
	if pending > 0 {
		f.setList(e.line, r, pending, done)
	}
}

// setList stores the items behind the table in register r.
func (f *funcState) setList(line, r, n, blocks int) {
	if blocks > 0xffff {
		f.limit(0xffff*listFlush, "items in a constructor")
	}
	f.emitAt(line, opSetList, r, n, blocks)
	f.free = r + 1
}

func isMulti(e expr) bool {
	switch e.(type) {
	case *callExpr, *varargExpr:
		return true
	}
	return false
}

// multi evaluates a call or … at the top of the registers for n values, all if n is negative.
func (f *funcState) multi(e expr, n int) {
	switch e := e.(type) {
	case *callExpr:
		f.call(e, n+1)
	case *varargExpr:
		r := f.alloc(max(n, 1))
		f.emit(opVararg, r, n+1, 0)
		if n < 1 {
			f.free = r + n
		}
	}
}

// call emits a call; results is one more than wanted, 0 for all. The first result's register is allocated, and the
// others behind it.
func (f *funcState) call(e *callExpr, results int) int {
	base := f.free
	pc := f.callArgs(e)
	f.p.code[pc].c = uint16(results)
	f.free = base
	f.alloc(max(0, results-1))
	return base
}

// callArgs emits a call of which the number of results is to be filled in.
func (f *funcState) callArgs(e *callExpr) (pc int) {
	base := f.alloc(1)
	var who operand
	if e.method != "" {
		f.alloc(1)
		obj := f.any(e.fn)
		f.emitAt(e.line, opSelf, base, obj, f.rk(&stringExpr{e.method}))
		f.note(f.describe(e.fn))
		f.free = base + 2
		who = operand{"method", e.method}
	} else {
		f.to(e.fn, base)
		who = f.describe(e.fn)
	}
	n := f.args(e.args)
	if n >= 0 && e.method != "" {
		n++
	}
	pc = f.emitAt(e.line, opCall, base, n+1, 0)
	f.note(who)
	return pc
}

// args evaluates a list into registers and returns how many values there are, -1 if that is known at run time only.
func (f *funcState) args(list []expr) int {
	for i, a := range list {
		if i == len(list)-1 && isMulti(a) {
			f.multi(a, -1)
			return -1
		}
		f.next(a)
	}
	return len(list)
}

// cond emits jumps that are taken when the truth of an expression is want.
func (f *funcState) cond(e expr, want bool) []int {
	switch e := e.(type) {
	case *trueExpr, *numberExpr, *stringExpr:
		if want {
			return []int{f.jump()}
		}
		return nil
	case *falseExpr, *nilExpr:
		if !want {
			return []int{f.jump()}
		}
		return nil
	case *parenExpr:
		return f.cond(e.e, want)
	case *unaryExpr:
		if e.op == opNot {
			return f.cond(e.e, !want)
		}
	case *compareExpr:
		return []int{f.compare(e, want)}
	case *logicExpr:
		if e.and != want { // one side decides
			return append(f.cond(e.l, want), f.cond(e.r, want)...)
		}
		skip := f.cond(e.l, !want)
		jumps := f.cond(e.r, want)
		f.patchHere(skip)
		return jumps
	}
	saved := f.free
	r := f.any(e)
	f.free = saved
	return []int{f.emit(opTest, r, 0, btoi(want))}
}

func (f *funcState) compare(e *compareExpr, want bool) int {
	saved := f.free
	b := f.rk(e.l)
	c := f.rk(e.r)
	if e.swap {
		b, c = c, b
	}
	f.free = saved
	f.emitAt(e.line, e.op, btoi(want != e.negate), b, c)
	return f.jump()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
