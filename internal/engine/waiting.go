package engine

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/tracking"
)

// waiter is a client in a blocking command. Its command is simply run again
// when one of its keys may have become ready; done decides, under mu, who ends
// the wait: data, the time-out, CLIENT UNBLOCK or the end of the connection.
type waiter struct {
	cl     *client.Client
	began  int64 // order among all who wait
	row    *command.Row
	args   [][]byte
	keys   []string
	wait   command.Wait
	resume func(reply []byte)
	timer  *time.Timer

	mu   sync.Mutex
	db   *DB
	done bool
}

func (w *waiter) home() *DB {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.db
}

// waiting holds the clients that wait for keys of one database, in the order in
// which they began to.
type waiting struct {
	mu    sync.Mutex
	byKey map[string][]*waiter
	count atomic.Int64
}

func (q *waiting) init() { q.byKey = map[string][]*waiter{} }

func (q *waiting) has(key []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.byKey[string(key)]) > 0
}

func (q *waiting) of(key []byte) []*waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.byKey[string(key)])
}

func (q *waiting) add(w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range w.keys {
		q.byKey[k] = append(q.byKey[k], w)
	}
	q.count.Add(1)
}

func (q *waiting) remove(w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range w.keys {
		list := slices.DeleteFunc(q.byKey[k], func(o *waiter) bool { return o == w })
		if len(list) == 0 {
			delete(q.byKey, k)
		} else {
			q.byKey[k] = list
		}
	}
	q.count.Add(-1)
}

// Waiting is the handle of a blocked client; its connection keeps it.
type Waiting struct {
	w   *waiter
	eng *Engine
}

// Block registers the client whose command has just returned Blocked, before
// its locks are released, so that no change of a key is missed. args are the
// waiter's from now on. resume is called once, from any goroutine, with the reply; it
// must not block.
func (t *Turn) Block(args [][]byte, resume func(reply []byte)) *Waiting {
	c := &t.ctx
	db := t.txs[c.C.DB()].db
	for _, pin := range c.Wait.Pins {
		args[pin.At] = pin.Arg
	}
	w := &waiter{cl: c.C, began: t.eng.blocked.Add(1), db: db, row: c.Row, args: args, wait: *c.Wait, resume: resume}
	for _, k := range c.Wait.Keys {
		if !slices.Contains(w.keys, string(k)) {
			w.keys = append(w.keys, string(k))
		}
	}
	db.waiting.add(w)
	c.C.SetBlocked(true)
	if w.wait.DeadlineMS != 0 {
		w.mu.Lock()
		w.timer = time.AfterFunc(t.eng.until(w.wait.DeadlineMS), func() {
			w.finish(func() []byte {
				rw := resp.Writer{Proto: w.cl.Proto}
				w.wait.OnTimeout(&rw)
				return rw.Buf
			})
		})
		w.mu.Unlock()
	}
	return &Waiting{w, t.eng}
}

// finish ends the wait with a reply, if it has not ended yet.
func (w *waiter) finish(reply func() []byte) bool {
	w.mu.Lock()
	if w.done {
		w.mu.Unlock()
		return false
	}
	w.end()
	w.mu.Unlock()
	w.resume(reply())
	return true
}

// end is called with mu held.
func (w *waiter) end() {
	w.done = true
	w.db.waiting.remove(w)
	w.cl.SetBlocked(false)
	if w.timer != nil {
		w.timer.Stop()
	}
}

// Unblock ends the wait as CLIENT UNBLOCK does.
func (h *Waiting) Unblock(withError bool) bool {
	return h.w.finish(func() []byte {
		rw := resp.Writer{Proto: h.w.cl.Proto}
		if withError {
			const text = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
			rw.Error(text)
			h.eng.Errors.Add(text)
			h.w.row.Stats.Failed.Add(1)
		} else {
			h.w.wait.OnTimeout(&rw)
		}
		return rw.Buf
	})
}

// Cancel ends the wait without a reply: the connection is gone.
func (h *Waiting) Cancel() {
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	if !h.w.done {
		h.w.end()
	}
}

// delivery is a reply for a client served within this turn; it is sent after
// the commit.
type delivery struct {
	w     *waiter
	reply []byte
}

// serve runs the commands of clients that wait for keys which the command (or
// transaction) just executed has touched, in the order in which they began to
// wait. What they change may make further keys ready.
func (t *Turn) serve() {
	for _, x := range t.active {
		if len(x.ready) > 0 {
			t.serveDB(x)
		}
	}
}

// readyWaiters lets everyone who waits look again.
func (x *tx) readyWaiters() {
	if x.db.waiting.count.Load() == 0 {
		return
	}
	for _, w := range x.db.waiting.all() {
		for _, name := range w.keys {
			x.ready = append(x.ready, []byte(name))
		}
	}
}

func (t *Turn) serveDB(x *tx) {
	saved, running := t.ctx, t.running
	defer func() { t.ctx, t.running = saved, running }()
	for len(x.ready) > 0 {
		key := x.ready[0]
		x.ready = x.ready[1:]
		for _, w := range x.db.waiting.of(key) {
			t.try(x, w)
		}
	}
}

// try runs a waiting client's command once more. If it cannot run here, a
// worker does it.
func (t *Turn) try(x *tx, w *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	rw := resp.Writer{Proto: w.cl.Proto}
	defer func() {
		if p := recover(); p != nil {
			rw.Buf = rw.Buf[:0]
			rw.Error(t.eng.Panicked(w.row.Full+", waiting", p).Error())
			w.end()
			t.served = append(t.served, delivery{w, rw.Buf})
		}
	}()
	c := &t.ctx
	*c = command.Ctx{Args: w.args, Row: w.row, W: &rw, Txns: t, C: w.cl, Host: t.eng.opts.Host, Again: true}
	t.running = w.cl
	status := Offload
	t.eng.Fault("waiting")
	if t.barred(c) {
		status = Done
	} else if t.lockAll(x, w) {
		x.mode = mode{}
		c.T = x
		status = t.nested(c, x)
	}
	switch status {
	case Done:
		w.end()
		t.dirty = true
		t.served = append(t.served, delivery{w, rw.Buf})
	case Offload:
		t.eng.Submit(Job{retry: w})
	}
}

// barred answers a command that its client may not run any more.
func (t *Turn) barred(c *command.Ctx) bool {
	u := c.C.User()
	if u.Unrestricted() {
		return false
	}
	d := c.Row.Check(u, c.Args)
	if d.Denied() {
		command.Deny(t.eng.opts.Host.Users(), c.C, c.Row, c.Args, d, acl.TopLevel)
		text := command.DeniedText(c.Row, d)
		c.W.Error(text)
		c.Row.Stats.Rejected.Add(1)
		t.eng.Errors.Add(text)
	}
	return d.Denied()
}

// lockAll takes the locks of a waiter's command without waiting, which is right
// for any turn: it holds others.
func (t *Turn) lockAll(x *tx, w *waiter) bool {
	for _, r := range t.eng.rowRequests(nil, 0, w.row, w.args) {
		if !x.tryLock(r.stripe) {
			return false
		}
	}
	return true
}

// retryWaiter is try, on a worker with all locks.
func (t *Turn) retryWaiter(w *waiter) {
	db := w.home()
	i := t.eng.indexOf(db)
	if i < 0 {
		return
	}
	t.Begin(time.Now())
	t.place, t.behind = client.Place{}, false
	if err := t.waitLocks(t.eng.rowRequests(nil, i, w.row, w.args)); err != nil {
		t.release(nil)
		return
	}
	x, err := t.tx(i) // it may wait for no key
	if err != nil {
		t.release(nil)
		return
	}
	if x.db != w.home() { // swapped meanwhile
		t.release(nil)
		t.eng.Submit(Job{retry: w})
		return
	}
	t.try(x, w)
	t.serve()
	t.settle()
	t.Commit() // delivers, or tells of the failure
}

// deliver sends the replies of clients served in this turn, then tells of what their commands have changed.
func (t *Turn) deliver(failed error, changes []tracking.Change) {
	if len(t.served) == 0 {
		t.eng.track.Changed(changes)
		return
	}
	list := t.served
	t.served = nil
	send := func(err error) {
		for _, d := range list {
			if err != nil {
				rw := resp.Writer{Proto: d.w.cl.Proto}
				rw.Error(CommitErrorText(err))
				t.eng.Errors.Add(CommitErrorText(err))
				d.reply = rw.Buf
			}
			d.w.resume(d.reply)
		}
		t.eng.track.Changed(changes)
	}
	if failed == nil && t.eng.always.Load() {
		t.eng.AfterSync(func(err error) { send(err) })
		return
	}
	send(failed)
}

// watcher is one client's interest in one key.
type watcher struct {
	cl      *client.Client
	expired bool // the key was past its time then: that it goes is no change
}

// Watch implements command.Txns.
func (t *Turn) Watch(c *command.Ctx, keys [][]byte) error {
	if c.T == nil {
		return resp.ErrLoading // see ExecUnloaded
	}
	x, err := t.tx(c.C.DB())
	if err != nil {
		return err
	}
	for _, key := range keys {
		k, err := datatype.Peek(x, key)
		if err != nil {
			return err
		}
		w := client.Watch{DB: c.C.DB(), Key: string(key)}
		if slices.ContainsFunc(c.C.Watched, func(o client.Watch) bool { return o.DB == w.DB && o.Key == w.Key }) {
			continue
		}
		c.C.Watched = append(c.C.Watched, w)
		x.db.addWatcher(w.Key, watcher{c.C, k.Stored() && !k.Exists})
	}
	return nil
}

// Unwatch implements command.Txns.
func (t *Turn) Unwatch(cl *client.Client) { t.eng.Unwatch(cl) }

// Unwatch forgets all keys that a client watches.
func (e *Engine) Unwatch(cl *client.Client) {
	e.swapMu.RLock()
	defer e.swapMu.RUnlock()
	for _, w := range cl.Watched {
		if db := e.Opened(w.DB); db != nil {
			db.removeWatcher(w.Key, cl)
		}
	}
	cl.Watched = cl.Watched[:0]
	cl.Dirty.Store(false)
}

func (db *DB) addWatcher(key string, w watcher) {
	db.watchMu.Lock()
	defer db.watchMu.Unlock()
	db.watchers[key] = append(db.watchers[key], w)
	db.watching.Add(1)
}

func (db *DB) removeWatcher(key string, cl *client.Client) {
	db.watchMu.Lock()
	defer db.watchMu.Unlock()
	before := len(db.watchers[key])
	list := slices.DeleteFunc(db.watchers[key], func(w watcher) bool { return w.cl == cl })
	db.watching.Add(int64(len(list) - before))
	if len(list) == 0 {
		delete(db.watchers, key)
	} else {
		db.watchers[key] = list
	}
}

// markWatchers makes the EXEC of everyone who watches key fail. expired says that
// the key went because its time had passed.
func (db *DB) markWatchers(key []byte, expired bool) {
	db.watchMu.Lock()
	defer db.watchMu.Unlock()
	list := db.watchers[string(key)]
	for i := range list {
		if w := &list[i]; expired && w.expired {
			w.expired = false
		} else {
			w.cl.Dirty.Store(true)
		}
	}
}

// watchedExpired says that who watches a key knows it as one past its time that is not deleted yet.
func (db *DB) watchedExpired(key string, cl *client.Client) bool {
	db.watchMu.Lock()
	defer db.watchMu.Unlock()
	return slices.ContainsFunc(db.watchers[key], func(w watcher) bool { return w.cl == cl && w.expired })
}

// noteExpiredWatched is for a key that was absent to all who watch it and still is: whether it is stored, past its time, has changed.
func (db *DB) noteExpiredWatched(key []byte, stored bool) {
	db.watchMu.Lock()
	defer db.watchMu.Unlock()
	list := db.watchers[string(key)]
	for i := range list {
		list[i].expired = stored
	}
}

func (db *DB) watchedKeys() []string {
	db.watchMu.Lock()
	defer db.watchMu.Unlock()
	return slices.Collect(maps.Keys(db.watchers))
}
