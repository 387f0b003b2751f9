package lua

import "strings"

const (
	maxLocals   = 200
	maxUpvalues = 60
	maxRegs     = 250
	listFlush   = 50 // items of a constructor that are stored at once
)

// funcState compiles one function.
type funcState struct {
	parent *funcState
	p      *Proto
	consts map[constKey]int
	locals []localVar // active, innermost last
	block  *block
	free   int // first free register
	line   int // of the code that is emitted
}

type constKey struct {
	kind byte
	s    string
	n    float64
	neg  bool // -0
}

type localVar struct {
	name string
	reg  int
}

type block struct {
	outer    *block
	locals   int // active before it
	captured bool
	loop     bool
	breaks   []int
}

// Compile compiles a chunk. Its name begins with @ or =, or is the source itself.
func Compile(src, name string) (p *Proto, err error) {
	defer func() {
		if e := recover(); e != nil {
			s, ok := e.(*SyntaxError)
			if !ok {
				panic(e)
			}
			err = s
		}
	}()
	return generate(nil, parseChunk(src, chunkID(name)), name), nil
}

func generate(parent *funcState, fn *funcExpr, chunk string) *Proto {
	f := &funcState{parent: parent, consts: map[constKey]int{}, line: fn.line,
		p: &Proto{chunk: chunk, source: chunkID(chunk), line: fn.line, lastLine: fn.endLine, params: len(fn.params), vararg: fn.isVararg, stack: 2}}
	f.enter(false)
	for _, name := range fn.params {
		f.declare(name, f.alloc(1))
	}
	if fn.isVararg && parent != nil { // as before Lua 5.1
		r := f.alloc(1)
		f.declare("arg", r)
		if fn.dots {
			f.emit(opLoadNil, r, r, 0)
		} else {
			f.emit(opArg, r, 0, 0)
		}
	}
	f.statements(fn.body)
	f.line = fn.endLine
	f.emit(opReturn, 0, 1, 0)
	return f.p
}

// chunkID is how messages show the name of a chunk, in 60 bytes at most.
func chunkID(name string) string {
	const room = 60 - 1
	if name == "" {
		return `[string ""]`
	}
	switch name[0] {
	case '=':
		return name[1:min(len(name), room+1)]
	case '@':
		name = name[1:]
		if over := len(name) - (room - len("...")); over > 0 && len(name) > room {
			return "..." + name[over:]
		}
		return name
	}
	line, _, more := strings.Cut(name, "\n")
	line = cString(line)
	if cut := room - len(`[string "..."]`); len(line) > cut {
		line, more = line[:cut], true
	}
	if more {
		line += "..."
	}
	return `[string "` + line + `"]`
}

// limit raises the error for a function that is too large.
func (f *funcState) limit(n int, what string) {
	where := "main function"
	if f.p.line > 0 {
		where = "function at line " + FormatNumber(float64(f.p.line))
	}
	panic(&SyntaxError{f.p.source + ":" + FormatNumber(float64(f.line)) + ": " + where + " has more than " + FormatNumber(float64(n)) + " " + what})
}

func (f *funcState) emit(o op, a, b, c int) int {
	f.p.code = append(f.p.code, instr{op: o, a: uint8(a), b: int32(b), c: uint16(c)})
	f.p.lines = append(f.p.lines, int32(f.line))
	return len(f.p.code) - 1
}

// emitAt emits with another line.
func (f *funcState) emitAt(line int, o op, a, b, c int) int {
	old := f.line
	f.line = line
	pc := f.emit(o, a, b, c)
	f.line = old
	return pc
}

// note remembers names for the instruction emitted last.
func (f *funcState) note(names ...operand) {
	for _, n := range names {
		if n.kind != "" {
			f.p.notes = append(f.p.notes, note{len(f.p.code) - 1, names})
			return
		}
	}
}

func (f *funcState) here() int { return len(f.p.code) }

// patch makes jumps lead to a place.
func (f *funcState) patch(jumps []int, to int) {
	for _, pc := range jumps {
		f.p.code[pc].b = int32(to - pc - 1)
	}
}

func (f *funcState) patchHere(jumps []int) { f.patch(jumps, f.here()) }

func (f *funcState) jump() int { return f.emit(opJump, 0, 0, 0) }

// alloc reserves registers and returns the first.
func (f *funcState) alloc(n int) int {
	r := f.free
	f.free += n
	if f.free > maxRegs {
		panic(&SyntaxError{f.p.source + ":" + FormatNumber(float64(f.line)) + ": function or expression too complex"})
	}
	f.p.stack = max(f.p.stack, f.free+1)
	return r
}

func (f *funcState) constant(v Value) int {
	k := constKey{n: v.n}
	switch x := v.o.(type) {
	case *Str:
		k.kind, k.s = 1, x.s
	case numTag:
		k.kind, k.neg = 2, v.n == 0 && 1/v.n < 0
	case boolTag:
		k.kind = 3
	}
	if i, ok := f.consts[k]; ok {
		return i
	}
	f.p.consts = append(f.p.consts, v)
	f.consts[k] = len(f.p.consts) - 1
	return len(f.p.consts) - 1
}

func (f *funcState) str(s string) int { return f.constant(String(s)) }

func (f *funcState) enter(loop bool) {
	f.block = &block{outer: f.block, locals: len(f.locals), loop: loop}
}

// leave ends a block: its locals go, and upvalues that refer to them are closed.
func (f *funcState) leave() {
	b := f.block
	f.block = b.outer
	if b.captured && b.outer != nil {
		f.emit(opClose, f.regOf(b.locals), 0, 0)
	}
	f.free = f.regOf(b.locals)
	f.locals = f.locals[:b.locals]
	f.patchHere(b.breaks)
}

// regOf is the register of the nth active local, or the first free one behind them.
func (f *funcState) regOf(n int) int {
	if n < len(f.locals) {
		return f.locals[n].reg
	}
	return f.free
}

func (f *funcState) declare(name string, reg int) {
	if len(f.locals) >= maxLocals {
		f.limit(maxLocals, "local variables")
	}
	f.locals = append(f.locals, localVar{name, reg})
}

// local returns the register of a local variable, or -1.
func (f *funcState) local(name string) int {
	for i := len(f.locals) - 1; i >= 0; i-- {
		if f.locals[i].name == name {
			return f.locals[i].reg
		}
	}
	return -1
}

// capture notes that the local in a register is used from within.
func (f *funcState) capture(reg int) {
	b := f.block
	for b.outer != nil && (b.locals >= len(f.locals) || f.locals[b.locals].reg > reg) {
		b = b.outer
	}
	b.captured = true
}

// upvalue returns the number of an upvalue, or -1 for a global.
func (f *funcState) upvalue(name string) int {
	for i, n := range f.p.upvalName {
		if n == name {
			return i
		}
	}
	if f.parent == nil {
		return -1
	}
	var d upvalueDesc
	if reg := f.parent.local(name); reg >= 0 {
		f.parent.capture(reg)
		d = upvalueDesc{true, reg}
	} else if i := f.parent.upvalue(name); i >= 0 {
		d = upvalueDesc{false, i}
	} else {
		return -1
	}
	if len(f.p.upvalues) >= maxUpvalues {
		f.limit(maxUpvalues, "upvalues")
	}
	f.p.upvalues = append(f.p.upvalues, d)
	f.p.upvalName = append(f.p.upvalName, name)
	return len(f.p.upvalues) - 1
}

// describe says what an expression's value is called.
func (f *funcState) describe(e expr) operand {
	switch e := e.(type) {
	case *nameExpr:
		switch {
		case f.local(e.name) >= 0:
			return operand{"local", e.name}
		case f.upvalue(e.name) >= 0:
			return operand{"upvalue", e.name}
		}
		return operand{"global", e.name}
	case *indexExpr:
		if s, ok := e.key.(*stringExpr); ok {
			return operand{"field", s.s}
		}
		return operand{"field", "?"}
	case *parenExpr:
		return f.describe(e.e)
	}
	return operand{}
}
