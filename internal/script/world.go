package script

import (
	"math/rand/v2"

	"github.com/haypile/haypile/internal/lua"
)

// world is an interpreter: one Lua state for EVAL, and one for functions, as Redis has them.
type world struct {
	host    *Host
	random  lua.Random
	eval    *lua.State
	keys    lua.Value // the names of the globals that EVAL sets
	argv    lua.Value
	funcs   *lua.State
	libAPI  *lua.Table // what a library sees while it is loaded
	shield  *lua.Table // the metatable of the functions' globals
	global  *lua.Table // the true globals of functions
	libs    map[*Library]map[string]*lua.Function
	run     *run // what runs now
	buffers callBuffers
	load    *loading
	runs    int

	evalHeld, funcHeld int64 // memory, when last measured
}

func newWorld(h *Host) *world {
	w := &world{host: h, libs: map[*Library]map[string]*lua.Function{}}
	w.random.Seed(rand.Int32())
	w.eval = newBase(&w.random)
	w.keys, w.argv = lua.String("KEYS"), lua.String("ARGV")
	api := w.openAPI(w.eval)
	w.openEvalAPI(w.eval, api)
	w.eval.Globals.SetMeta(w.errorMeta(w.eval))
	w.eval.Globals.Protect()
	w.eval.Settle()
	w.evalHeld = int64(w.eval.Held())
	return w
}

// errorMeta is a metatable that refuses to read what is not there.
func (w *world) errorMeta(st *lua.State) *lua.Table {
	m := st.NewTable(0, 0)
	m.SetString("__index", st.NewFunction(func(t *lua.Thread, args []lua.Value) int {
		name, ok := lua.Arg(args, 1).ToText()
		if !ok {
			return t.Errorf("Second argument to luaProtectedTableError must be a string or number")
		}
		return t.Errorf("Script attempted to access nonexistent global variable '%s'", cString(name))
	}))
	return m
}

// functions returns the state for functions, made when it is first needed. Its globals are an empty table before the
// true ones, so that what a library sees can be exchanged.
func (w *world) functions() *lua.State {
	if w.funcs != nil {
		return w.funcs
	}
	st := newBase(&w.random)
	w.openAPI(st)
	w.openLibraryAPI(st)
	w.global = st.Globals
	w.global.SetMeta(w.errorMeta(st))
	w.global.Protect()
	front := st.NewTable(0, 0)
	w.shield = st.NewTable(0, 0)
	w.shield.SetString("__index", lua.TableValue(w.global))
	front.SetMeta(w.shield)
	front.ReadOnly, w.shield.ReadOnly = true, true
	st.SetGlobals(front)
	w.funcs = st
	return st
}

// settleEvery is how many scripts run before the memory of an interpreter is measured.
const settleEvery = 1000

// settle makes a world ready for the next script.
func (w *world) settle() {
	w.run, w.load = nil, nil
	w.buffers.trim()
	if w.runs++; w.runs%settleEvery != 0 {
		return
	}
	w.eval.Settle()
	w.evalHeld = int64(w.eval.Held())
	if w.funcs != nil {
		w.funcs.Settle()
		w.funcHeld = int64(w.funcs.Held())
	}
}
