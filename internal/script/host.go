package script

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/lua"
	"github.com/haypile/haypile/internal/resp"
)

// Settings are parameters that may change while running.
type Settings struct {
	BusyAfter   time.Duration // busy-reply-threshold; 0: never
	MemoryLimit int           // bytes that one script may hold
	LogLevel    int           // redis.log below it is not logged
}

// Host keeps scripts and runs them.
type Host struct {
	settings atomic.Pointer[Settings]
	version  string
	log      func(level int, msg string)

	mu      sync.RWMutex
	scripts map[string]*Script
	bytes   int // of the texts of scripts

	idle   sync.Mutex
	worlds []*world // not in use

	runMu    sync.Mutex
	runs     map[*run]struct{} // in the order in which they began to be busy, none matters but the first
	busy     atomic.Int32      // runs that have exceeded BusyAfter
	stopping atomic.Bool

	// DenyNothing lets scripts call all commands (DEBUG SET-DISABLE-DENY-SCRIPTS).
	DenyNothing atomic.Bool
	evalHeld    atomic.Int64 // memory of the worlds that are not in use
	funcHeld    atomic.Int64
}

// Options of a Host.
type Options struct {
	Version string // that scripts see as redis.REDIS_VERSION
	Log     func(level int, msg string)
}

// Levels of redis.log.
const (
	LogDebug = iota
	LogVerbose
	LogNotice
	LogWarning
)

// NewHost returns a host without scripts.
func NewHost(o Options) *Host {
	h := &Host{version: o.Version, log: o.Log, scripts: map[string]*Script{}, runs: map[*run]struct{}{}}
	h.Configure(Settings{})
	return h
}

// Configure takes over parameters.
func (h *Host) Configure(s Settings) { h.settings.Store(&s) }

// Find returns a script by its SHA-1 in lower case, or nil.
func (h *Host) Find(sha string) *Script {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.scripts[sha]
}

// Load compiles a script, unless it is known already.
func (h *Host) Load(body []byte) (*Script, error) {
	sha := SHA1(body)
	if s := h.Find(sha); s != nil {
		return s, nil
	}
	s, err := compile(sha, body)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.scripts[sha]; known != nil {
		return known, nil
	}
	h.scripts[sha] = s
	h.bytes += s.bytes
	return s, nil
}

// Flush forgets all scripts.
func (h *Host) Flush() {
	h.mu.Lock()
	h.scripts, h.bytes = map[string]*Script{}, 0
	h.mu.Unlock()
	h.idle.Lock()
	h.worlds = nil
	h.idle.Unlock()
	h.evalHeld.Store(0)
	h.funcHeld.Store(0)
}

// Stats are what INFO shows.
type Stats struct {
	Scripts       int
	ScriptBytes   int   // texts of scripts
	EvalBytes     int64 // interpreters that wait for work: what they hold for EVAL
	FunctionBytes int64 // … and for functions
}

// Stats returns them.
func (h *Host) Stats() Stats {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return Stats{Scripts: len(h.scripts), ScriptBytes: h.bytes, EvalBytes: h.evalHeld.Load(), FunctionBytes: h.funcHeld.Load()}
}

// maxIdle bounds the interpreters that are kept.
const maxIdle = 64

// take returns an interpreter that nobody uses.
func (h *Host) take() *world {
	h.idle.Lock()
	if n := len(h.worlds); n > 0 {
		w := h.worlds[n-1]
		h.worlds = h.worlds[:n-1]
		h.idle.Unlock()
		h.evalHeld.Add(-w.evalHeld)
		h.funcHeld.Add(-w.funcHeld)
		return w
	}
	h.idle.Unlock()
	return newWorld(h)
}

// give takes an interpreter back.
func (h *Host) give(w *world) {
	w.settle()
	h.idle.Lock()
	defer h.idle.Unlock()
	if len(h.worlds) < maxIdle {
		h.worlds = append(h.worlds, w)
		h.evalHeld.Add(w.evalHeld)
		h.funcHeld.Add(w.funcHeld)
	}
}

// begin notes a run.
func (h *Host) begin(r *run) {
	h.runMu.Lock()
	h.runs[r] = struct{}{}
	h.runMu.Unlock()
}

func (h *Host) end(r *run) {
	h.runMu.Lock()
	delete(h.runs, r)
	if r.busy {
		h.busy.Add(-1)
	}
	h.runMu.Unlock()
}

// markBusy notes that a run has exceeded BusyAfter.
func (h *Host) markBusy(r *run) {
	h.runMu.Lock()
	r.busy = true
	h.busy.Add(1)
	h.runMu.Unlock()
	kind := "FUNCTION KILL"
	if r.eval {
		kind = "SCRIPT KILL"
	}
	h.log(LogWarning, "a script is slow; other clients are told that the server is busy until it ends; stop it with "+kind+": "+r.name)
}

const (
	busyEval     resp.Err = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	busyFunction resp.Err = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
)

// Busy is the error for commands that must wait until a script ends, or nil.
func (h *Host) Busy() error {
	if h.busy.Load() == 0 {
		return nil
	}
	h.runMu.Lock()
	defer h.runMu.Unlock()
	if r := h.longest(); r != nil && r.busy {
		return r.busyError()
	}
	return nil
}

func (r *run) busyError() error {
	if r.eval {
		return busyEval
	}
	return busyFunction
}

// longest is the run that began first, busy ones before others; runMu is held.
func (h *Host) longest() (first *run) {
	for r := range h.runs {
		if first == nil || r.busy && !first.busy || r.busy == first.busy && r.began.Before(first.began) {
			first = r
		}
	}
	return first
}

// Kill stops the script, or with eval false the function, that runs.
func (h *Host) Kill(eval bool) error {
	h.runMu.Lock()
	defer h.runMu.Unlock()
	r := h.longest()
	switch {
	case r == nil:
		return resp.Err("NOTBUSY No scripts in execution right now.")
	case r.dirty.Load():
		return resp.Err("UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script " +
			"termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.")
	case eval != r.eval:
		return r.busyError()
	}
	r.killed.Store(true)
	return nil
}

// Running describes the function that runs.
type Running struct {
	Name    string
	Command [][]byte
	For     time.Duration
}

// Running returns the function that runs, or nil; an error if it is a script of EVAL.
func (h *Host) Running() (*Running, error) {
	h.runMu.Lock()
	defer h.runMu.Unlock()
	r := h.longest()
	switch {
	case r == nil:
		return nil, nil
	case r.eval && r.busy:
		return nil, busyEval
	case r.eval:
		return nil, nil
	}
	return &Running{Name: r.name, Command: r.Command, For: time.Since(r.began)}, nil
}

// Stop ends all scripts, for a server that shuts down.
func (h *Host) Stop() { h.stopping.Store(true) }

// newBase returns a Lua world with the libraries that Redis offers.
func newBase(random *lua.Random) *lua.State {
	st := lua.NewState()
	st.OpenBase()
	st.OpenTable()
	st.OpenString()
	st.OpenMath(random)
	openJSON(st)
	openStruct(st)
	openMsgpack(st)
	openBit(st)
	return st
}
