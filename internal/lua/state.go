package lua

import "math"

// State is one Lua world: globals, metatables, and the budget of what runs.
type State struct {
	Main    *Thread
	Globals *Table
	strings *Table // metatable of strings

	// Tick is called after every StepsPerTick steps; it may panic with an Abort.
	Tick func()
	// MemoryLimit is how many bytes a script may hold; 0 is no limit.
	MemoryLimit int

	steps     int
	live      int // bytes held, when last measured
	allocated int // bytes held then, and allocated since
	checkAt   int // measure when allocated reaches it
	pinned    int // in buffers of functions in Go, which no look finds
	epoch     uint32
	lastID    uint32
	nested    int // calls of the machine by functions in Go
	running   *Thread
}

// StepsPerTick is how many loops, calls and the like lie between two ticks.
const StepsPerTick = 1000

// Abort ends a script at once: it is panicked with, and pcall does not catch it.
type Abort struct{ Err error }

// NewState returns an empty world; Open… functions fill it.
func NewState() *State {
	st := &State{steps: StepsPerTick, checkAt: math.MaxInt}
	st.Main = st.newThread()
	st.running = st.Main
	st.Globals = st.NewTable(0, 0)
	st.Main.env = st.Globals
	return st
}

func (st *State) id() uint32 {
	st.lastID += 64 // as addresses would
	return st.lastID
}

// NewTable returns a table with room for so many items and pairs.
func (st *State) NewTable(items, pairs int) *Table {
	t := &Table{owner: st, id: st.id()}
	st.Alloc(tableBytes)
	if items > 0 || pairs > 0 {
		t.resize(items, pairs)
	}
	return t
}

// String makes a string and counts its memory.
func (st *State) String(s string) Value {
	st.Alloc(len(s) + strBytes)
	return String(s)
}

const (
	strBytes     = 48
	closureBytes = 96
	upvalBytes   = 64
)

// GoFunction is a function in Go: it gets its arguments, pushes results on the thread and returns how many.
type GoFunction func(t *Thread, args []Value) int

// Function is a function of either language.
type Function struct {
	proto  *Proto
	upvals []*upval
	env    *Table
	native GoFunction
	id     uint32
	mark   uint32
}

// upval is a variable that outlives the function that it is local to. While that runs, v points into the stack.
type upval struct {
	v      *Value
	closed Value
	index  int // in the stack, while open
	mark   uint32
}

// NewFunction wraps a Go function.
func (st *State) NewFunction(f GoFunction) Value {
	return Value{o: &Function{native: f, env: st.Globals, id: st.id()}}
}

// Load makes a function of a compiled chunk.
func (st *State) Load(p *Proto) *Function {
	st.Alloc(closureBytes)
	return &Function{proto: p, env: st.Globals, id: st.id()}
}

// SetGlobals makes another table the globals of all that is loaded from now on.
func (st *State) SetGlobals(g *Table) { st.Globals, st.Main.env = g, g }

// SetEnv sets the globals that a function sees.
func (f *Function) SetEnv(env *Table) { f.env = env }

// Register puts functions into a table.
func (st *State) Register(t *Table, funcs map[string]GoFunction) {
	for _, name := range sortedKeys(funcs) {
		t.SetString(name, st.NewFunction(funcs[name]))
	}
}

// Running is the coroutine that runs, or the main thread.
func (st *State) Running() *Thread { return st.running }

// Steps reports that a function in Go has done work like n steps of a script.
func (st *State) Steps(n int) {
	st.steps -= n
	if st.steps <= 0 {
		st.tick()
	}
}

func (st *State) tick() {
	st.steps = StepsPerTick
	if st.Tick != nil {
		st.Tick()
	}
}

// Call calls a function from Go and returns its first result. Errors are *Error, or what an Abort holds.
func (st *State) Call(f *Function, handler GoFunction, args ...Value) (Value, error) {
	t := st.Main
	t.reset()
	base := t.top
	t.push(Value{o: f})
	for _, a := range args {
		t.push(a)
	}
	err := t.protect(handler, func() { t.call(base, len(args), 1) })
	if err != nil {
		return Nil, err
	}
	v := t.stack[base]
	t.top = base
	return v, nil
}
