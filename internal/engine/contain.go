package engine

import (
	"runtime/debug"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/resp"
)

// A panic is a bug in Haypile. It costs the command in which it happens, and nothing else: what the command has changed is
// undone, its locks go, and whatever counts what runs (nested savepoints, scripts, waiting clients) is as before. So
// everything that is raised while a command runs is lowered by defer, and each place where work enters the engine recovers:
//
//	invoke                a handler, on a loop or a worker, top level or nested
//	try                   a waiting client's command, beyond its handler
//	runJob                a worker's command, beyond its handler
//	publish, deliver      what hears of a turn's end
//	expiryIndex.commit    keys past their time
//	Applier.Apply         a master's records
//	tx.commit, applyCopy  a change between the log and the store: the database refuses everything until a restart

// errPanicked is what a client is told.
const errPanicked resp.Err = "ERR internal error: the command failed unexpectedly; see the server's log"

// Faults, for tests, is called with the name of the place that execution reaches; it may panic there.
type Faults func(place string)

// Fault tells the tests' Faults of a place.
func (e *Engine) Fault(place string) {
	if e.opts.Faults != nil {
		e.opts.Faults(place)
	}
}

// Panicked logs a panic and returns the error for the client. what is the command or the work that met it.
func (e *Engine) Panicked(what string, p any) error {
	e.opts.Logger.Error("a panic was contained; this is a bug in Haypile, please report it with the stack",
		"in", what, "panic", p, "stack", string(debug.Stack()))
	return errPanicked
}

// invoke calls a command's handler.
func (t *Turn) invoke(c *command.Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = t.eng.Panicked(c.Row.Full, p)
		}
	}()
	if t.eng.opts.Faults != nil {
		t.eng.Fault("handler " + c.Row.Full)
	}
	return c.Row.Handler(c)
}

// nested is call for a command inside of another one's turn: what it makes ready is served by the loop that runs it.
func (t *Turn) nested(c *command.Ctx, x *tx) Status {
	t.depth++
	defer func() { t.depth-- }()
	return t.call(c, x)
}

// abandon ends a turn that a panic has left somewhere in the middle: nothing of what is not committed happens.
func (t *Turn) abandon(err error) {
	t.depth, t.failed = 0, nil
	t.outcomes, t.extra, t.touched, t.used = t.outcomes[:0], t.extra[:0], t.touched[:0], t.used[:0]
	for _, x := range t.active {
		x.events = x.events[:0]
		x.db.windows.init() // they may show what has not come to be
	}
	t.release(err)
}

// guarded calls what hears of the end of a turn.
func (t *Turn) guarded(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			_ = t.eng.Panicked(what, p)
		}
	}()
	f()
}

// brokenBy is for a panic between the log and the store, under commitMu. What the log holds by now decides: whether the
// change took effect is only known again after a replay.
func (db *DB) brokenBy(p any, logged bool) error {
	err := db.eng.Panicked("commit", p)
	if !logged {
		return err
	}
	return db.refuse(err)
}
