package engine

import (
	"errors"
	"slices"
	"time"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// queueRequests lists the locks of everything a client has queued, and of what
// it watches.
func (e *Engine) queueRequests(dst []lockRequest, cl *client.Client) []lockRequest {
	db := cl.DB()
	for _, q := range cl.Queue {
		row := q.Row.(*command.Row)
		if row.Name == "select" {
			db = e.Selected(q.Args, db)
			continue
		}
		dst = e.rowRequests(dst, db, row, q.Args)
	}
	for _, w := range cl.Watched {
		dst = append(dst, lockRequest{db: w.DB, stripe: stripeOf([]byte(w.Key))})
	}
	return dst
}

// Selected follows a queued SELECT; a bad one fails when it is executed.
func (e *Engine) Selected(args [][]byte, db int) int {
	if n, ok := command.DBIndex(args[1]); ok && n < len(e.dbs) {
		return n
	}
	return db
}

// mustWait lists what cannot run on an event loop, or not twice.
const mustWait = command.Worker | command.Exclusive | command.ExclusiveAll | command.Once

// ExecQueue implements command.Txns: EXEC. All locks are taken first; then the
// commands run one after the other and commit as one record.
func (t *Turn) ExecQueue(c *command.Ctx) error {
	if c.T == nil {
		return resp.ErrLoading // see ExecUnloaded
	}
	cl := c.C
	if !t.mayWait {
		for _, q := range cl.Queue {
			if q.Row.(*command.Row).Flags&mustWait != 0 {
				return datatype.ErrWouldBlock
			}
		}
		if !t.tryRequests(t.eng.queueRequests(nil, cl)) {
			return datatype.ErrWouldBlock
		}
	}
	changed, err := t.watchedChanged(cl)
	if err != nil {
		return err
	}
	if changed {
		c.W.NullArray()
		return nil
	}
	return t.runQueue(c)
}

// runQueue runs the queued commands with nested savepoints. On an error, or after a panic, all of them are undone.
func (t *Turn) runQueue(c *command.Ctx) (err error) {
	cl, db := c.C, c.C.DB()
	t.behind = !cl.Subscribed() // what it subscribes to within the transaction comes behind the confirmation
	c.W.Array(len(cl.Queue))
	var used []touched
	t.depth++
	t.used = t.used[:0]
	ended := false
	defer func() {
		t.depth--
		if ended {
			return
		}
		t.undoUsed(0)
		for _, u := range used {
			u.x.rollback(u.sp)
		}
		cl.SelectDB(db)
		cl.Dirty.Store(false) // only the queue itself can have set it: the watched keys are locked since the check
		t.outcomes = t.outcomes[:0]
	}()
	for _, q := range cl.Queue {
		t.eng.Fault("transaction")
		if used, err = t.execQueued(c, q, used); err != nil {
			return err // it starts over, on a worker, or with more locks
		}
	}
	ended = true
	return nil
}

// execQueued runs one queued command; only what must undo the whole transaction
// comes back as an error. used collects where each database stood before.
func (t *Turn) execQueued(c *command.Ctx, q client.Queued, used []touched) ([]touched, error) {
	row := q.Row.(*command.Row)
	inner := command.Ctx{Args: q.Args, Row: row, W: c.W, Txns: t, C: c.C, Host: t.eng.opts.Host, NoWait: true}
	x, err := t.tx(c.C.DB())
	if err != nil {
		return used, err
	}
	if row.Is(command.Write) {
		if err := t.eng.Refuses(row); err != nil {
			t.rejectQueued(&inner, t.errorText(err))
			return used, nil
		}
	}
	if !slices.ContainsFunc(used, func(u touched) bool { return u.x == x }) {
		used = append(used, touched{x, x.save()})
	}
	if u := c.C.User(); !u.Unrestricted() {
		if d := row.Check(u, q.Args); d.Denied() {
			t.denied(&inner, x, d)
			return used, nil
		}
	}
	x.mode = modeOf(c.C, row)
	inner.T = x
	missing := len(t.extra)
	began := time.Now()
	switch t.call(&inner, x) {
	case Offload:
		return used, datatype.ErrWouldBlock
	case Blocked:
		return used, errors.New("a command blocked inside a transaction")
	}
	t.called(c.C, &q, time.Since(began))
	if len(t.extra) > missing {
		return used, errRelock
	}
	return used, nil
}

// rejectQueued answers a queued command that is not run.
func (t *Turn) rejectQueued(c *command.Ctx, text string) {
	c.W.Error(text)
	t.outcomes = append(t.outcomes, outcome{row: c.Row, err: text})
}

// denied answers a queued command whose client has lost the right to run it.
func (t *Turn) denied(c *command.Ctx, x *tx, d acl.Denial) {
	t.rejectQueued(c, command.DeniedAtExecText(d))
	x.events = append(x.events, event{call: func(client.Place) { // once, although EXEC may start over
		command.Deny(t.eng.opts.Host.Users(), c.C, c.Row, c.Args, d, acl.Multi)
	}})
}

// AfterCommit implements command.Txns.
func (t *Turn) AfterCommit(c *command.Ctx, f func(at client.Place)) {
	x, loaded := c.T.(*tx)
	if !loaded { // nothing can be changed before the databases are open
		f(t.place)
		return
	}
	x.events = append(x.events, event{call: f, place: t.place, behind: t.behind})
}

// FlushDB implements command.Txns.
func (t *Turn) FlushDB(db int) (keys int64, err error) {
	if err := t.lockDB(db); err != nil {
		return 0, err
	}
	return t.flush(t.txs[db])
}

// FlushAll implements command.Txns.
func (t *Turn) FlushAll() (keys int64, err error) {
	for _, x := range t.active {
		n, err := t.flush(x)
		if err != nil {
			return 0, err
		}
		keys += n
	}
	return keys, nil
}

func (t *Turn) flush(x *tx) (keys int64, err error) {
	if err := x.markWatchersOfKeys(); err != nil {
		return 0, err
	}
	keys, _ = x.KeyCounts()
	x.Flush()
	x.noteFlush()
	t.dirty = true
	return keys, nil
}

// markWatchersOfKeys is for what takes away a database's whole content: it is no
// change for who watches a key that is not there.
func (x *tx) markWatchersOfKeys() error {
	for _, name := range x.db.watchedKeys() {
		k, err := datatype.Peek(x, []byte(name))
		if err != nil {
			return err
		}
		if k.Exists {
			x.db.markWatchers(k.Name, false)
		}
	}
	return nil
}

// tryRequests takes locks without waiting.
func (t *Turn) tryRequests(reqs []lockRequest) bool {
	for _, r := range reqs {
		x, err := t.tx(r.db)
		if err != nil || !x.tryLock(r.stripe) {
			return false
		}
	}
	return true
}

// watchedChanged says whether EXEC must fail; the watched keys are locked.
func (t *Turn) watchedChanged(cl *client.Client) (bool, error) {
	if cl.Dirty.Load() {
		return true, nil
	}
	for _, w := range cl.Watched {
		x, err := t.tx(w.DB)
		if err != nil {
			return false, err
		}
		k, err := datatype.Peek(x, []byte(w.Key))
		if err != nil {
			return false, err
		}
		if k.Stored() && !k.Exists && !x.db.watchedExpired(w.Key, cl) { // its time passed meanwhile
			return true, nil
		}
	}
	return false, nil
}

var _ command.Txns = (*Turn)(nil)
