package script

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/lua"
	"github.com/haypile/haypile/internal/resp"
)

// Caller is what scripts use of the server. Its methods are called one at a time, by the goroutine that runs the script.
type Caller interface {
	// Call runs a command and appends its reply to w. dirty says that it is one that may write. An error ends the
	// script, and all that it did is to be undone.
	Call(args [][]byte, w *resp.Writer) (dirty bool, err error)
	// Allowed says whether the user may run a command; known is false if there is no such command.
	Allowed(args [][]byte) (allowed, known bool)
}

// Request is one run of a script or function.
type Request struct {
	Script   *Script   // or
	Function *Function // …
	Keys     [][]byte
	Args     [][]byte
	Command  [][]byte // all arguments of the command, for FUNCTION STATS
	Caller   Caller
	// Budget is how many steps the script may take; then Over is returned. 0 is no limit.
	Budget int
	Over   error
}

// run is a request that is being served.
type run struct {
	*Request
	host   *Host
	name   string
	eval   bool
	began  time.Time
	busy   bool // guarded by host.runMu
	dirty  atomic.Bool
	killed atomic.Bool
	budget int
	proto  int // of replies to the script
	st     *lua.State
	*callBuffers
}

// callBuffers belong to an interpreter, which calls one command at a time.
type callBuffers struct {
	reply   resp.Writer
	argv    [][]byte
	argText []byte
}

// keptBytes is how much of them is kept from one script to the next.
const keptBytes = 64 << 10

func (b *callBuffers) trim() {
	if cap(b.reply.Buf)+cap(b.argText)+24*cap(b.argv) > keptBytes {
		*b = callBuffers{}
	}
}

// errKilled ends a script that was killed; place is where it stood.
type errKilled struct{ source, line string }

func (e *errKilled) Error() string { return "Script killed by user with SCRIPT KILL..." }

var errStopped = errors.New("ERR the server is shutting down")

// callCost is what calling a command counts among the steps of a script.
const callCost = 50

// Outcome is how a script ended that has replied.
type Outcome struct {
	Failed bool   // the reply is an error
	Error  string // the error, unless it is that of a command that the script called, which has been counted there
}

// Run runs a script and writes its reply. An error means that nothing was written, and that all it did is to be undone.
func (h *Host) Run(q *Request, w *resp.Writer) (o Outcome, err error) {
	wd := h.take()
	r := &run{Request: q, host: h, eval: q.Script != nil, began: time.Now(), budget: q.Budget, proto: 2, callBuffers: &wd.buffers}
	wd.run = r
	start := len(w.Buf)
	v, err := wd.execute(r)
	switch e := err.(type) {
	case nil:
		if o.Failed = r.writeReply(w, v, 0); o.Failed && !countedError(v) {
			o.Error, _ = v.AsTable().GetString("err").AsString()
		}
		h.give(wd)
		return o, nil
	case *lua.Error:
		w.Buf = w.Buf[:start]
		text := r.errorText(e.Value)
		w.Error(text)
		counted := countedError(e.Value)
		h.give(wd)
		if counted {
			text = ""
		}
		return Outcome{true, text}, nil
	case *errKilled:
		text := "ERR " + e.Error() + " script: " + r.name + ", on " + e.source + ":" + e.line + "."
		w.Error(text)
		h.log(LogWarning, "script killed by user: "+r.name)
		return Outcome{true, text}, nil // its interpreter is thrown away
	}
	if errors.Is(err, lua.ErrMemory) {
		text := "ERR " + err.Error() + " (lua-memory-limit) script: " + r.name
		w.Error(text)
		return Outcome{true, text}, nil
	}
	if errors.Is(err, q.Over) {
		h.give(wd)
	}
	return o, err
}

// countedError says that an error came from a command; see reader.value.
func countedError(v lua.Value) bool {
	t := v.AsTable()
	if t == nil {
		return false
	}
	counted, _ := t.GetString("ignore_error_stats_update").AsBool()
	return counted
}

// execute calls the script's function.
func (wd *world) execute(r *run) (lua.Value, error) {
	h := wd.host
	var f *lua.Function
	if r.eval {
		r.name, r.st = r.Script.SHA, wd.eval
	} else {
		r.name, r.st = r.Function.Name, wd.functions()
	}
	h.begin(r)
	defer h.end(r)
	r.st.Tick = func() { r.tick() }
	limit := h.settings.Load().MemoryLimit
	if r.eval {
		f = r.st.Load(r.Script.proto)
	} else {
		var err error
		if f, err = wd.function(r.Function); err != nil {
			return lua.Nil, err
		}
	}
	r.st.Begin(limit)
	defer func() { r.st.Tick = nil }()
	if !r.eval {
		return r.st.Call(f, handleError, wd.list(r.st, r.Keys), wd.list(r.st, r.Args))
	}
	g := r.st.Globals
	g.Set(wd.keys, wd.list(r.st, r.Keys))
	g.Set(wd.argv, wd.list(r.st, r.Args))
	v, err := r.st.Call(f, handleError)
	g.Set(wd.keys, lua.Nil)
	g.Set(wd.argv, lua.Nil)
	return v, err
}

func (wd *world) list(st *lua.State, items [][]byte) lua.Value {
	t := st.NewTable(len(items), 0)
	for i, b := range items {
		t.SetInt(i+1, st.String(string(b)))
	}
	return lua.TableValue(t)
}

// tick is called every so many steps of the script.
func (r *run) tick() {
	if r.Budget > 0 {
		if r.budget -= lua.StepsPerTick; r.budget < 0 {
			panic(&lua.Abort{Err: r.Over})
		}
		return
	}
	if r.killed.Load() {
		panic(&lua.Abort{Err: r.killedHere()})
	}
	if r.host.stopping.Load() {
		panic(&lua.Abort{Err: errStopped})
	}
	if limit := r.host.settings.Load().BusyAfter; !r.busy && limit > 0 && time.Since(r.began) > limit {
		r.host.markBusy(r)
	}
}

func (r *run) killedHere() error {
	t := r.st.Running()
	for level := range 3 {
		if _, line, ok := t.Position(level); ok {
			return &errKilled{t.Source(level), strconv.Itoa(line)}
		}
	}
	return &errKilled{"@user_script", "0"}
}

// handleError makes an error a table with its text and place, as scripts' callers see it.
func handleError(t *lua.Thread, args []lua.Value) int {
	level := 0
	if t.Source(0) == "=[C]" {
		level = 1
	}
	v := args[0]
	tab := v.AsTable()
	if tab == nil {
		text, _ := t.ToString(v).ToText()
		tab = t.State().NewTable(0, 3)
		tab.SetString("err", lua.String("ERR "+text))
	}
	if t.HasLevel(level) && !tab.ReadOnly {
		line := -1
		if _, at, ok := t.Position(level); ok {
			line = at
		}
		tab.SetString("source", lua.String(t.Source(level)))
		tab.SetString("line", lua.Int(line))
	}
	return t.Return(lua.TableValue(tab))
}

// errorText is what the client is told of an error that the script did not catch.
func (r *run) errorText(v lua.Value) string {
	tab := v.AsTable()
	if tab == nil {
		text, ok := v.ToText()
		if !ok {
			text = "execution failure"
		}
		return "ERR Error running script " + r.name + ", " + text[:min(len(text), 100)]
	}
	text, ok := tab.GetString("err").ToText()
	if !ok {
		text = "ERR unknown error"
	}
	source, ok1 := tab.GetString("source").ToText()
	line, ok2 := tab.GetString("line").ToText()
	if ok1 && ok2 {
		text += " script: " + r.name + ", on " + source + ":" + line + "."
	}
	return cString(text)
}

// cString ends a text where C's functions do.
func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}
