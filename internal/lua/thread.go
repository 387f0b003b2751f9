package lua

// Thread is a coroutine, or the main one: a stack of values and the calls that use it.
type Thread struct {
	st     *State
	stack  []Value
	top    int
	frames []frame
	open   []*upval // sorted by place in the stack, lowest first
	env    *Table
	id     uint32
	mark   uint32

	status   threadStatus
	resumer  *Thread
	nested   int   // of the state, at the time of the resume: a yield must not cross a function in Go
	yielding bool  // execute is to return
	waits    frame // the call of yield, whose results the next resume gives
}

type threadStatus uint8

const (
	threadSuspended threadStatus = iota
	threadRunning
	threadNormal // it has resumed another
	threadDead
)

// frame is one call.
type frame struct {
	fn      *Function
	slot    int // of the function in the stack; results go there
	base    int // first register, or first argument of a function in Go
	args    int // arguments beyond the parameters lie below base
	pc      int
	results int // wanted; -1 all
	tails   int // calls that this one has taken the place of
	fresh   bool
}

const (
	maxFrames  = 20000
	maxNested  = 200
	maxStack   = 1 << 20
	goStack    = 8000 // values that a function in Go may push
	firstStack = 64
)

func (st *State) newThread() *Thread {
	return &Thread{st: st, stack: make([]Value, firstStack), id: st.id()}
}

// State is the world that the thread belongs to.
func (t *Thread) State() *State { return t.st }

// reset makes the main thread ready for a new script.
func (t *Thread) reset() {
	t.closeUpvalues(0)
	clear(t.stack[:min(len(t.stack), t.top+firstStack)])
	if len(t.stack) > 1<<14 {
		t.stack = make([]Value, firstStack)
	}
	t.top, t.frames = 0, t.frames[:0]
	t.st.nested, t.st.running, t.status = 0, t, threadRunning
}

// need makes room for n values above the top.
func (t *Thread) need(n int) {
	if t.top+n > len(t.stack) {
		t.growStack(t.top + n)
	}
}

func (t *Thread) growStack(size int) {
	if size > maxStack {
		t.errorf(1, "stack overflow")
	}
	size = max(size, 2*len(t.stack))
	t.st.Alloc((size - len(t.stack)) * valueBytes)
	stack := make([]Value, size)
	copy(stack, t.stack)
	t.stack = stack
	for _, u := range t.open {
		u.v = &stack[u.index]
	}
}

// Push pushes a result.
func (t *Thread) Push(v Value) { t.push(v) }

func (t *Thread) push(v Value) {
	if t.top == len(t.stack) {
		t.growStack(t.top + 1)
	}
	t.stack[t.top] = v
	t.top++
}

// Return pushes one result and returns 1, for the end of a GoFunction.
func (t *Thread) Return(v Value) int {
	t.push(v)
	return 1
}

// upvalueAt returns the upvalue for a place in the stack.
func (t *Thread) upvalueAt(index int) *upval {
	i := len(t.open)
	for i > 0 && t.open[i-1].index >= index {
		i--
	}
	if i < len(t.open) && t.open[i].index == index {
		return t.open[i]
	}
	t.st.Alloc(upvalBytes)
	u := &upval{v: &t.stack[index], index: index}
	t.open = append(t.open, nil)
	copy(t.open[i+1:], t.open[i:])
	t.open[i] = u
	return u
}

// closeUpvalues makes upvalues from a place on independent of the stack.
func (t *Thread) closeUpvalues(from int) {
	for n := len(t.open); n > 0 && t.open[n-1].index >= from; n-- {
		u := t.open[n-1]
		u.closed = *u.v
		u.v = &u.closed
		t.open[n-1] = nil
		t.open = t.open[:n-1]
	}
}

// enter begins a call of the function at slot with n arguments above it. A function in Go is run at once; enter then
// returns false.
func (t *Thread) enter(slot, n, results int) (lua bool) {
	f, ok := t.stack[slot].o.(*Function)
	if !ok {
		f = t.callable(slot, n)
		n++
	}
	if len(t.frames) >= maxFrames {
		t.overflow()
	}
	t.top = slot + 1 + n
	if f.native != nil {
		t.callNative(f, slot, n, results)
		return false
	}
	p := f.proto
	t.need(p.stack + p.params + 1)
	base := slot + 1
	switch {
	case p.vararg: // parameters move above the arguments
		base = t.top
		for i := range p.params {
			if i < n {
				t.stack[base+i] = t.stack[slot+1+i]
				t.stack[slot+1+i] = Nil
			} else {
				t.stack[base+i] = Nil
			}
		}
	default:
		for i := n; i < p.params; i++ {
			t.stack[base+i] = Nil
		}
	}
	for i := base + p.params; i < base+p.stack; i++ {
		t.stack[i] = Nil
	}
	t.top = base + p.stack
	t.frames = append(t.frames, frame{fn: f, slot: slot, base: base, args: n, results: results})
	return true
}

// overflow raises the error for calls nested too deeply, for which there is a little room.
func (t *Thread) overflow() {
	if len(t.frames) >= maxFrames+200 {
		panic(&Error{Value: String("error in error handling")})
	}
	t.errorf(1, "stack overflow")
}

// callable puts the __call metamethod of a value below it.
func (t *Thread) callable(slot, n int) *Function {
	m := t.metamethod(t.stack[slot], "__call")
	f := m.AsFunction()
	if f == nil {
		t.typeError(t.stack[slot], t.callee(), "call")
	}
	t.top = slot + 1 + n
	t.need(1)
	copy(t.stack[slot+1:slot+2+n], t.stack[slot:slot+1+n])
	t.stack[slot] = m
	return f
}

// callee is what the function being called is named by the instruction that calls it.
func (t *Thread) callee() operand {
	if len(t.frames) == 0 {
		return operand{}
	}
	fr := &t.frames[len(t.frames)-1]
	if fr.fn.native != nil || fr.pc == 0 {
		return operand{}
	}
	switch fr.fn.proto.code[fr.pc-1].op {
	case opCall, opTailCall, opTForCall:
		return fr.fn.proto.operandAt(fr.pc-1, 0)
	}
	return operand{}
}

func (t *Thread) callNative(f *Function, slot, n, results int) {
	t.frames = append(t.frames, frame{fn: f, slot: slot, base: slot + 1, args: n, results: results})
	got := f.native(t, t.stack[slot+1:slot+1+n:slot+1+n])
	t.frames = t.frames[:len(t.frames)-1]
	if got < 0 { // yield
		t.yielding = true
		t.waits = frame{fn: f, slot: slot, results: results, args: n}
		return
	}
	t.results(slot, t.top-got, got, results)
}

// results moves got values to where a call was made and adjusts their number. With all wanted, the top is behind them.
func (t *Thread) results(slot, from, got, wanted int) {
	if wanted < 0 {
		copy(t.stack[slot:slot+got], t.stack[from:from+got])
		t.top = slot + got
		return
	}
	n := min(got, wanted)
	copy(t.stack[slot:slot+n], t.stack[from:from+n])
	if slot+wanted > len(t.stack) {
		t.growStack(slot + wanted)
	}
	for i := slot + n; i < slot+wanted; i++ {
		t.stack[i] = Nil
	}
	t.top = slot + wanted
}

// call calls the function at slot with n arguments above it, from Go.
func (t *Thread) call(slot, n, results int) {
	st := t.st
	if st.nested++; st.nested >= maxNested {
		if st.nested == maxNested {
			t.errorf(1, "C stack overflow")
		}
		if st.nested >= maxNested+maxNested/8 {
			panic(&Error{Value: String("error in error handling")})
		}
	}
	if t.enter(slot, n, results) {
		t.frames[len(t.frames)-1].fresh = true
		t.execute()
	}
	st.nested--
}

// Invoke calls a value from a function in Go and returns how many results are on the stack.
func (t *Thread) Invoke(f Value, results int, args ...Value) int {
	slot := t.top
	t.push(f)
	for _, a := range args {
		t.push(a)
	}
	t.call(slot, len(args), results)
	return t.top - slot
}

// Call1 calls a value and returns its first result.
func (t *Thread) Call1(f Value, args ...Value) Value {
	slot := t.top
	t.Invoke(f, 1, args...)
	t.top = slot
	return t.stack[slot]
}
