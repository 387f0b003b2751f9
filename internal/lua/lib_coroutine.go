package lua

func (st *State) openCoroutine() {
	lib := st.NewTable(0, 0)
	st.Register(lib, map[string]GoFunction{
		"create": coCreate, "resume": coResume, "running": coRunning, "status": coStatus, "wrap": coWrap, "yield": coYield,
	})
	st.Globals.SetString("coroutine", Value{o: lib})
}

func (t *Thread) checkThread(args []Value, n int) *Thread {
	co, ok := Arg(args, n).o.(*Thread)
	if !ok {
		t.ArgError(n, "coroutine expected")
	}
	return co
}

func (t *Thread) coroutine(f Value) *Thread {
	t.st.Alloc(firstStack*valueBytes + tableBytes)
	co := t.st.newThread()
	co.env = t.env
	co.push(f)
	return co
}

func coCreate(t *Thread, args []Value) int {
	f := t.CheckFunction(args, 0)
	if f.AsFunction().native != nil {
		t.ArgError(0, "Lua function expected")
	}
	return t.Return(Value{o: t.coroutine(f)})
}

func coWrap(t *Thread, args []Value) int {
	f := t.CheckFunction(args, 0)
	if f.AsFunction().native != nil {
		t.ArgError(0, "Lua function expected")
	}
	co := t.coroutine(f)
	wrapped := t.st.NewFunction(func(t *Thread, args []Value) int {
		n, err := t.resume(co, args)
		if err != nil {
			v := err.Value
			if s, ok := v.ToText(); ok {
				v = t.st.String(t.Where(1) + s)
			}
			t.Raise(v)
		}
		return n
	})
	wrapped.AsFunction().upvals = []*upval{{closed: Value{o: co}}} // so that its memory is seen
	u := wrapped.AsFunction().upvals[0]
	u.v = &u.closed
	return t.Return(wrapped)
}

func coResume(t *Thread, args []Value) int {
	co := t.checkThread(args, 0)
	n, err := t.resume(co, args[1:])
	if err != nil {
		t.push(False)
		t.push(err.Value)
		return 2
	}
	t.push(True) // before the results
	copy(t.stack[t.top-n:t.top], t.stack[t.top-n-1:t.top-1])
	t.stack[t.top-n-1] = True
	return n + 1
}

// resume lets a coroutine go on until it yields or ends, and pushes what it gives.
func (t *Thread) resume(co *Thread, args []Value) (n int, failed *Error) {
	if co.status != threadSuspended {
		what := "cannot resume dead coroutine"
		if co.status != threadDead {
			what = "cannot resume non-suspended coroutine"
		}
		return 0, &Error{Value: String(what)}
	}
	st := t.st
	if st.nested >= maxNested-1 {
		return 0, &Error{Value: String("C stack overflow")}
	}
	t.status, co.status, co.resumer, st.running = threadNormal, threadRunning, t, co
	st.nested++
	co.nested = st.nested
	err := co.protect(nil, func() { co.goOn(args) })
	st.nested = co.nested - 1
	t.status, co.resumer, st.running = threadRunning, nil, t
	if err != nil {
		co.status = threadDead
		e, ok := err.(*Error)
		if !ok {
			panic(&Abort{err})
		}
		return 0, e
	}
	co.status = threadDead
	n = co.top
	from := 0
	if co.yielding {
		co.yielding, co.status = false, threadSuspended
		n, from = co.waits.args, co.top-co.waits.args
	}
	t.need(n)
	for _, v := range co.stack[from : from+n] {
		t.push(v)
	}
	return n, nil
}

// goOn begins or continues a coroutine.
func (co *Thread) goOn(args []Value) {
	if len(co.frames) == 0 && co.waits.fn == nil {
		for _, v := range args {
			co.push(v)
		}
		co.waits.fn = co.stack[0].AsFunction() // it has begun
		if co.enter(0, len(args), -1) {
			co.frames[0].fresh = true
			co.execute()
		}
		return
	}
	for _, v := range args {
		co.push(v)
	}
	w := co.waits
	co.results(w.slot, co.top-len(args), len(args), w.results)
	if w.results >= 0 {
		fr := &co.frames[len(co.frames)-1]
		co.top = fr.base + fr.fn.proto.stack
	}
	co.execute()
}

func coYield(t *Thread, args []Value) int {
	if t.resumer == nil || t.st.nested > t.nested {
		return t.Errorf("attempt to yield across metamethod/C-call boundary")
	}
	return -1
}

func coRunning(t *Thread, _ []Value) int {
	if t == t.st.Main {
		return t.Return(Nil)
	}
	return t.Return(Value{o: t})
}

func coStatus(t *Thread, args []Value) int {
	names := [...]string{"suspended", "running", "normal", "dead"}
	return t.Return(String(names[t.checkThread(args, 0).status]))
}
