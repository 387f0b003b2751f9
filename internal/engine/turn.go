package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/store"
	"github.com/haypile/haypile/internal/tracking"
)

// Status says what became of a command.
type Status uint8

const (
	// Done: the reply is written.
	Done Status = iota
	// Offload: nothing happened; run the command on a worker.
	Offload
	// Blocked: the client waits; its Sink will be resumed.
	Blocked
)

// Turn executes commands one after the other and commits their effects
// together. It belongs to one goroutine.
//
// On an event loop a turn lasts from the first command after the loop woke up to the
// moment when all connections that were ready have been served. It takes the
// locks it can have at once and never waits: a command whose keys are held by
// others, that would read the disk or that is long, is handed to a worker. A
// worker's turn may wait, and lasts for one command. A turn that may not wait
// holds locks only until its Commit, which follows soon; so whoever waits for a
// lock waits for something that ends.
type Turn struct {
	eng     *Engine
	mayWait bool

	nowMS    int64
	nowNano  int64 // monotonic enough: time.Now once per command
	txs      []*tx // by database number; nil until first used
	active   []*tx // those with locks or changes in this turn
	running  *client.Client
	ctx      command.Ctx
	keyIdx   []int
	warming  warming
	extra    []lockRequest // locks that a handler asked for beyond its row's
	served   []delivery
	touched  []touched // other databases that the running command uses
	used     []touched // where databases stood before the scripts of the running command
	depth    int       // > 0 while a transaction runs: savepoints are nested
	dirty    bool
	hits     int64 // keys found and not found by reading commands of this turn
	misses   int64
	outcomes []outcome
	failed   error        // a commit before the turn's end has failed
	place    client.Place // of the running command
	behind   bool         // the running command's messages to its own client come behind its reply
}

// touched is a database that a command reached beyond its own, and where to
// return to if the command is undone.
type touched struct {
	x  *tx
	sp savepoint
}

// NewTurn returns a turn. mayWait is for goroutines that may be held up.
func (e *Engine) NewTurn(mayWait bool) *Turn {
	return &Turn{eng: e, mayWait: mayWait, txs: make([]*tx, len(e.dbs))}
}

// Begin sets the time of the commands to come.
func (t *Turn) Begin(now time.Time) {
	t.nowNano = now.UnixNano()
	t.nowMS = t.nowNano/1e6 + t.eng.clockShift.Load()
	t.eng.cache.SetClock(uint32(t.nowMS / 1000))
}

// NowNano is the time of the current command, Unix ns.
func (t *Turn) NowNano() int64 { return t.nowNano }

// Dirty says that the turn has changes to commit, or that it has seen some.
func (t *Turn) Dirty() bool { return t.dirty }

// tx returns the turn's view of database i.
func (t *Turn) tx(i int) (*tx, error) {
	db := t.eng.dbs[i].Load()
	if db == nil {
		if !t.mayWait {
			return nil, datatype.ErrWouldBlock // opening may replay a log
		}
		var err error
		if db, err = t.eng.DB(i); err != nil {
			return nil, err
		}
	}
	x := t.view(i, db)
	if !x.gated && !x.gateX {
		if t.mayWait {
			db.gate.RLock()
		} else if !db.gate.TryRLock() {
			return nil, datatype.ErrWouldBlock
		}
		if t.eng.Opened(i) != db { // swapped while this waited
			db.gate.RUnlock()
			return t.tx(i)
		}
		x.gated = true
		t.active = append(t.active, x)
	}
	return x, nil
}

// view is tx without the gate.
func (t *Turn) view(i int, db *DB) *tx {
	if x := t.txs[i]; x != nil && x.db == db {
		return x
	}
	t.txs[i] = newTx(db, t)
	return t.txs[i]
}

// Txn implements command.Txns.
func (t *Turn) Txn(db int) (datatype.Txn, error) {
	x, err := t.tx(db)
	if err == nil {
		t.touched = append(t.touched, touched{x, x.save()})
	}
	return x, err
}

// Refused implements command.Txns.
func (t *Turn) Refused() error {
	if t.eng.follower.Load() {
		return ErrReadOnly
	}
	return t.eng.writeErr()
}

// errRelock asks the worker to start over with the locks in t.extra.
var errRelock = fmt.Errorf("locks missing: %w", datatype.ErrWouldBlock)

// Lock implements command.Txns: it takes locks in the middle of a command. That
// may be out of order, so it never waits; if one is taken, the command starts
// over with all of them taken in order.
func (t *Turn) Lock(db int, keys ...[]byte) error {
	x, err := t.tx(db)
	if err != nil {
		return err
	}
	for _, key := range keys {
		s := stripeOf(key)
		if x.tryLock(s) {
			continue
		}
		if !t.mayWait {
			return datatype.ErrWouldBlock
		}
		t.extra = append(t.extra, lockRequest{db: db, stripe: s})
		return errRelock
	}
	return nil
}

// Commit writes what the turn has changed, database by database, then releases
// all locks. An error means that the replies of this turn must not be sent.
func (t *Turn) Commit() error {
	var failed error
	for _, x := range t.active {
		if len(x.ops) > 0 || x.flush {
			if err := x.commit(); err != nil {
				t.eng.opts.Logger.Warn("a commit failed; its clients are told", "db", x.db.Name, "err", err)
				failed = err
				x.events = x.events[:0]
				x.db.windows.init() // they show what has not come to be
			}
		}
	}
	failed = errors.Join(t.failed, failed)
	t.failed = nil
	t.release(failed)
	return failed
}

// commitEarly commits in the middle of a turn that has grown large. A failure
// is remembered: it concerns the replies of the whole turn.
func (t *Turn) commitEarly() {
	t.failed = t.Commit()
	t.dirty = t.failed != nil
}

// release ends the turn: locks go first, then those who waited hear of it. The replies of the turn have not left
// yet: whoever gets one finds that all messages about it are on their way, and behind nothing that is asked later.
func (t *Turn) release(failed error) {
	var events []event
	var from []*DB
	for _, x := range t.active {
		for _, ev := range x.events {
			events, from = append(events, ev), append(from, x.db)
		}
		x.unlock()
		x.reset()
	}
	t.active = t.active[:0]
	t.dirty = false
	if t.hits+t.misses > 0 {
		t.eng.Hits.Add(t.hits)
		t.eng.Misses.Add(t.misses)
		t.hits, t.misses = 0, 0
	}
	var changes, ofWaiters []tracking.Change
	for i, ev := range events {
		switch {
		case ev.call != nil:
			t.guarded("the end of a commit", func() { ev.call(ev.place) })
		case ev.changed:
			c := tracking.Change{Key: ev.key, By: ev.by, Time: ev.at, At: ev.place}
			if ev.by != nil && ev.by != ev.place.C {
				ofWaiters = append(ofWaiters, c)
			} else {
				changes = append(changes, c)
			}
		case t.eng.notify.Load()&uint32(ev.class) != 0:
			t.guarded("a keyspace event", func() { t.eng.opts.Notify(t.eng.indexOf(from[i]), ev.class, ev.name, ev.key, ev.place) })
		}
	}
	t.guarded("client-side caching", func() { t.eng.track.Changed(changes) })
	t.guarded("replies to waiting clients", func() { t.deliver(failed, ofWaiters) })
}

// size is how much the turn holds in memory.
func (t *Turn) size() (n int) {
	for _, x := range t.active {
		n += x.gathered
	}
	return n
}

// maxTurnBytes is the size at which a turn commits without waiting for its end.
const maxTurnBytes = 1 << 20

// Exec runs one command that has passed all gates. The reply goes to w.
func (t *Turn) Exec(cl *client.Client, row *command.Row, args [][]byte, w *resp.Writer) Status {
	if !t.mayWait && row.Flags&(command.Worker|command.Exclusive|command.ExclusiveAll|command.TellFirst) != 0 {
		if !row.Is(command.TellFirst) {
			return Offload
		}
		t.commitEarly()
	}
	t.begins(cl, w)
	c := &t.ctx
	*c = command.Ctx{Args: args, Row: row, W: w, Txns: t, C: cl, Host: t.eng.opts.Host}
	x, err := t.prepare(c)
	if err != nil {
		return t.refuse(row, w, len(w.Buf), err)
	}
	return t.call(c, x)
}

// begins notes whose command runs now.
func (t *Turn) begins(cl *client.Client, w *resp.Writer) {
	t.running, t.behind = cl, false
	t.place = client.Place{C: cl, At: len(w.Buf), Away: t.mayWait}
}

// ExecUnloaded is Exec for a command that may run while databases are being opened: it is given none. What finds that it
// needs one is told LOADING.
func (t *Turn) ExecUnloaded(cl *client.Client, row *command.Row, args [][]byte, w *resp.Writer) {
	t.begins(cl, w)
	c, start := &t.ctx, len(w.Buf)
	*c = command.Ctx{Args: args, Row: row, W: w, Txns: t, C: cl, Host: t.eng.opts.Host}
	err := t.invoke(c)
	if err == nil {
		return
	}
	if errors.Is(err, datatype.ErrWouldBlock) {
		err = resp.ErrLoading
	}
	w.Buf = w.Buf[:start]
	text := t.errorText(err)
	w.Error(text)
	t.failedWith(row, text)
}

// prepare takes the command's locks and sets its Txn.
func (t *Turn) prepare(c *command.Ctx) (*tx, error) {
	x, err := t.tx(c.C.DB())
	if err != nil {
		return nil, err
	}
	if !t.mayWait { // a worker has taken them before
		t.keyIdx, _ = c.Row.AppendKeys(t.keyIdx[:0], c.Args)
		for _, i := range t.keyIdx {
			if !x.tryLock(stripeOf(c.Args[i])) {
				return nil, datatype.ErrWouldBlock
			}
		}
		if c.Row.Claims != nil && !t.tryRequests(t.eng.claimRequests(nil, c.Row.OtherLocks(c.Args))) {
			return nil, datatype.ErrWouldBlock
		}
	}
	if len(t.keyIdx) >= minWarmArgs {
		t.warmArgs(x.db, c.Args)
	}
	x.mode = modeOf(c.C, c.Row)
	c.T = x
	return x, nil
}

// refuse answers a command that could not begin.
func (t *Turn) refuse(row *command.Row, w *resp.Writer, start int, err error) Status {
	if errors.Is(err, datatype.ErrWouldBlock) && !t.mayWait {
		return Offload
	}
	w.Buf = w.Buf[:start]
	text := t.errorText(err)
	w.Error(text)
	t.failedWith(row, text)
	return Done
}

// call runs the handler and keeps or undoes what it did.
func (t *Turn) call(c *command.Ctx, x *tx) Status {
	start := len(c.W.Buf)
	sp := x.save()
	t.touched = t.touched[:0]
	err := t.invoke(c)
	switch {
	case err == nil:
		t.keep(x, c)
		if t.depth == 0 && t.size() > maxTurnBytes {
			t.commitEarly()
		}
		return Done
	case errors.Is(err, command.ErrBlocked):
		if c.W.Buf = c.W.Buf[:start]; c.Wait.Keep {
			t.keep(x, c)
		} else {
			t.undo(x, sp)
		}
		return Blocked
	case errors.Is(err, datatype.ErrWouldBlock) && !t.mayWait:
		t.undo(x, sp)
		c.W.Buf = c.W.Buf[:start]
		return Offload
	}
	t.undo(x, sp)
	c.W.Buf = c.W.Buf[:start]
	if errors.Is(err, errRelock) { // it starts over: see Run
		return Done
	}
	text := t.errorText(err)
	c.W.Error(text)
	t.failedWith(c.Row, text)
	t.remember(c)
	return Done
}

// keep ends a command whose changes stay.
func (t *Turn) keep(x *tx, c *command.Ctx) {
	if len(x.ops) > 0 || x.flush {
		t.dirty = true
	}
	x.endCommand()
	t.remember(c)
	if t.depth == 0 {
		t.serve()
		t.settle()
		t.placeEvents(c)
		x.undo = emptied(x.undo)
	}
}

func (t *Turn) undo(x *tx, sp savepoint) {
	x.rollback(sp)
	x.endCommand()
	for i := len(t.touched) - 1; i >= 0; i-- {
		if o := t.touched[i]; o.x != x {
			o.x.rollback(o.sp)
			o.x.endCommand()
		}
	}
}

// errorText is what the client is told.
func (t *Turn) errorText(err error) string {
	var e resp.Err
	if errors.As(err, &e) {
		return string(e)
	}
	if store.IsDamage(err) {
		return string(ErrDamaged) // the store has logged it
	}
	t.eng.opts.Logger.Error("a command failed", "err", err.Error(), slog.String("kind", "internal"))
	return "ERR internal error: " + err.Error()
}
