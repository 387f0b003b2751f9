package lua

func (f *funcState) statements(list []stmt) {
	for _, s := range list {
		saved := f.free
		f.statement(s)
		if n := len(f.locals); n == 0 || f.locals[n-1].reg < saved {
			f.free = saved // a local statement keeps its registers
		}
	}
}

// body compiles a block in a scope of its own.
func (f *funcState) body(list []stmt) {
	f.enter(false)
	f.statements(list)
	f.leave()
}

func (f *funcState) statement(s stmt) {
	switch s := s.(type) {
	case *localStmt:
		f.line = s.line
		from := f.free
		f.values(s.exprs, len(s.names))
		for i, name := range s.names {
			f.declare(name, from+i)
		}
	case *assignStmt:
		f.line = s.line
		f.assign(s)
	case *callStmt:
		f.line = s.line
		pc := f.callArgs(s.call)
		f.p.code[pc].c = 1
	case *doStmt:
		f.body(s.body)
	case *whileStmt:
		f.while(s)
	case *repeatStmt:
		f.repeat(s)
	case *ifStmt:
		f.ifThen(s)
	case *numForStmt:
		f.numFor(s)
	case *genForStmt:
		f.genFor(s)
	case *localFuncStmt:
		f.line = s.line
		r := f.alloc(1)
		f.declare(s.name, r)
		f.to(s.fn, r)
	case *returnStmt:
		f.line = s.line
		f.ret(s)
	case *breakStmt:
		f.line = s.line
		f.breakLoop()
	}
}

// values evaluates a list into exactly n new registers.
func (f *funcState) values(list []expr, n int) {
	for i, e := range list {
		switch {
		case i == len(list)-1 && isMulti(e) && i < n:
			f.multi(e, n-i)
			return
		case i < n:
			f.next(e)
		default: // evaluated for its effects
			saved := f.free
			f.next(e)
			f.free = saved
		}
	}
	if missing := n - len(list); missing > 0 {
		r := f.alloc(missing)
		f.emit(opLoadNil, r, r+missing-1, 0)
	}
}

// target is where an assignment goes.
type target struct {
	kind     byte // l(ocal), u(pvalue), g(lobal), t(able)
	reg, key int
	name     operand
}

func (f *funcState) target(e expr, copyLocals bool) target {
	switch e := e.(type) {
	case *nameExpr:
		if r := f.local(e.name); r >= 0 {
			return target{kind: 'l', reg: r}
		}
		if up := f.upvalue(e.name); up >= 0 {
			return target{kind: 'u', reg: up}
		}
		return target{kind: 'g', reg: f.str(e.name)}
	case *indexExpr:
		t := target{kind: 't', name: f.describe(e.obj)}
		if copyLocals {
			t.reg = f.next(e.obj)
		} else {
			t.reg = f.any(e.obj)
		}
		if t.key = f.rk(e.key); copyLocals && t.key < rkConst && t.key < t.reg {
			t.key = f.next(e.key)
		}
		return t
	}
	panic("lua: not assignable")
}

// store writes a register or constant to a target.
func (f *funcState) store(t target, rk int) {
	if t.kind == 't' {
		f.emit(opSetTable, t.reg, t.key, rk)
		f.note(t.name)
		return
	}
	switch t.kind {
	case 'l':
		f.emit(opMove, t.reg, rk, 0)
	case 'u':
		f.emit(opSetUp, rk, t.reg, 0)
	case 'g':
		f.emit(opSetGlobal, rk, t.reg, 0)
	}
}

func (f *funcState) assign(s *assignStmt) {
	if len(s.targets) > 1 || len(s.exprs) > 1 {
		f.assignMany(s)
		return
	}
	t, e := f.target(s.targets[0], false), s.exprs[0]
	switch {
	case t.kind == 'l' && !readsWhileWriting(e):
		f.to(e, t.reg)
	case t.kind == 't':
		f.store(t, f.rk(e))
	default:
		f.store(t, f.any(e))
	}
}

// readsWhileWriting says that an expression is evaluated piece by piece in its register.
func readsWhileWriting(e expr) bool {
	switch e := e.(type) {
	case *logicExpr, *tableExpr:
		return true
	case *parenExpr:
		return readsWhileWriting(e.e)
	}
	return false
}

func (f *funcState) assignMany(s *assignStmt) {
	hasLocal := false
	for _, e := range s.targets {
		if n, ok := e.(*nameExpr); ok && f.local(n.name) >= 0 {
			hasLocal = true
		}
	}
	targets := make([]target, len(s.targets))
	for i, e := range s.targets {
		targets[i] = f.target(e, hasLocal)
	}
	from := f.free
	f.values(s.exprs, len(targets))
	for i := len(targets) - 1; i >= 0; i-- {
		f.store(targets[i], from+i)
	}
}

func (f *funcState) while(s *whileStmt) {
	f.line = s.line
	f.enter(true)
	start := f.here()
	exit := f.cond(s.cond, false)
	f.body(s.body)
	f.patch([]int{f.jump()}, start)
	f.patchHere(exit)
	f.leave()
}

func (f *funcState) repeat(s *repeatStmt) {
	f.line = s.line
	f.enter(true)
	start := f.here()
	f.enter(false)
	f.statements(s.body)
	done := f.cond(s.cond, true) // locals of the body can be seen
	inner := f.block
	if inner.captured {
		base := f.regOf(inner.locals)
		f.emit(opClose, base, 0, 0)
		f.patch([]int{f.jump()}, start)
		f.patchHere(done)
		f.leave() // closes for the way out
	} else {
		f.patch([]int{f.jump()}, start)
		f.leave()
		f.patchHere(done)
	}
	f.leave()
}

func (f *funcState) ifThen(s *ifStmt) {
	var exits []int
	for i, c := range s.conds {
		f.line = s.line
		skip := f.cond(c, false)
		f.body(s.blocks[i])
		if i < len(s.blocks)-1 {
			exits = append(exits, f.jump())
		}
		f.patchHere(skip)
	}
	if len(s.blocks) > len(s.conds) {
		f.body(s.blocks[len(s.blocks)-1])
	}
	f.patchHere(exits)
}

func (f *funcState) numFor(s *numForStmt) {
	f.line = s.line
	f.enter(true)
	base := f.free
	f.next(s.start)
	f.next(s.stop)
	if s.step != nil {
		f.next(s.step)
	} else {
		f.emit(opLoadK, f.alloc(1), f.constant(Number(1)), 0)
	}
	for i, name := range [...]string{"(for index)", "(for limit)", "(for step)"} {
		f.declare(name, base+i)
	}
	prep := f.emitAt(s.line, opForPrep, base, 0, 0)
	start := f.here()
	f.enter(false)
	f.declare(s.name, f.alloc(1))
	f.statements(s.body)
	f.leave()
	f.patchHere([]int{prep})
	f.patch([]int{f.emitAt(s.line, opForLoop, base, 0, 0)}, start)
	f.leave()
}

func (f *funcState) genFor(s *genForStmt) {
	f.line = s.line
	f.enter(true)
	base := f.free
	f.values(s.exprs, 3)
	for i, name := range [...]string{"(for generator)", "(for state)", "(for control)"} {
		f.declare(name, base+i)
	}
	prep := f.jump()
	start := f.here()
	f.enter(false)
	r := f.alloc(max(3, len(s.names))) // the call needs three
	for i, name := range s.names {
		f.declare(name, r+i)
	}
	f.free = r + max(3, len(s.names))
	f.statements(s.body)
	f.leave()
	f.patchHere([]int{prep})
	f.emitAt(s.line, opTForCall, base, 0, len(s.names))
	f.note(operand{"local", "(for generator)"})
	f.patch([]int{f.emitAt(s.line, opTForLoop, base, 0, 0)}, start)
	f.leave()
}

func (f *funcState) ret(s *returnStmt) {
	from := f.free
	switch {
	case len(s.exprs) == 1:
		if c, ok := s.exprs[0].(*callExpr); ok {
			pc := f.callArgs(c)
			f.p.code[pc].op = opTailCall
			f.emit(opReturn, from, 0, 0)
			return
		}
		if _, ok := s.exprs[0].(*varargExpr); !ok {
			f.emit(opReturn, f.any(s.exprs[0]), 2, 0)
			return
		}
	}
	n := f.args(s.exprs)
	f.emit(opReturn, from, n+1, 0)
}

func (f *funcState) breakLoop() {
	b := f.block
	captured := b.captured
	first := b.locals
	for !b.loop {
		first = b.locals
		captured = captured || b.captured
		b = b.outer
	}
	if captured && !f.block.loop {
		f.emit(opClose, f.regOf(first), 0, 0)
	}
	b.breaks = append(b.breaks, f.jump())
}
