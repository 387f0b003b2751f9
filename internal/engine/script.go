package engine

import (
	"errors"
	"slices"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
)

// MayWait implements command.Txns.
func (t *Turn) MayWait() bool { return t.mayWait }

// Scripted implements command.Txns: the commands of a script have savepoints of their own, so that one that fails is undone
// alone, and commit as one record.
func (t *Turn) Scripted(c *command.Ctx, run func() error) error {
	db, mark := c.C.DB(), len(t.used)
	if t.depth == 0 {
		t.used, mark = t.used[:0], 0
	}
	t.depth++
	ended := false
	defer func() { // also after a panic
		t.depth--
		c.C.SelectDB(db)
		if !ended {
			t.undoUsed(mark)
		}
	}()
	err := run()
	ended = err == nil
	return err
}

// undoUsed takes databases back to where scripts found them.
func (t *Turn) undoUsed(mark int) {
	for i := len(t.used) - 1; i >= mark; i-- {
		t.used[i].x.rollback(t.used[i].sp)
	}
	t.used = t.used[:mark]
}

// CallInner implements command.Txns.
func (t *Turn) CallInner(c *command.Ctx) error {
	row := c.Row
	x, err := t.reach(c.C.DB())
	if err != nil {
		return err
	}
	if err := t.obtain(c, x); err != nil {
		return err
	}
	if row.Is(command.Write) {
		if err := t.eng.Refuses(row); err != nil {
			c.W.Error(t.errorText(err))
			row.Stats.Rejected.Add(1)
			return nil
		}
	}
	if !slices.ContainsFunc(t.used, func(u touched) bool { return u.x == x }) {
		t.used = append(t.used, touched{x, x.save()})
	}
	outer := x.mode
	defer func() { x.mode = outer }()
	x.mode = modeOf(c.C, row)
	c.T = x
	missing := len(t.extra)
	t.eng.Fault("script")
	status := t.call(c, x)
	switch {
	case status == Offload:
		return datatype.ErrWouldBlock
	case status == Blocked:
		return errors.New("a command blocked inside a script")
	case len(t.extra) > missing:
		return errRelock
	}
	return nil
}

// reach returns a database for a command of a script, which holds locks already: it may not wait for another's gate.
func (t *Turn) reach(db int) (*tx, error) {
	if !t.mayWait {
		return t.tx(db)
	}
	if x := t.txs[db]; x != nil && (x.gated || x.gateX) && t.eng.Opened(db) == x.db {
		return x, nil
	}
	return nil, t.relock(lockRequest{db: db, exclusive: true})
}

// relock makes the command start over with one more lock.
func (t *Turn) relock(r lockRequest) error {
	if !t.mayWait {
		return datatype.ErrWouldBlock
	}
	t.extra = append(t.extra, r)
	return errRelock
}

// obtain takes the locks that a command of a script needs beyond those that it has declared. They are only tried: if one is
// taken, the script starts over with the whole database, because who names one key too few may name many.
func (t *Turn) obtain(c *command.Ctx, x *tx) error {
	row, db := c.Row, c.C.DB()
	if !t.mayWait && row.Flags&mustWait != 0 {
		return datatype.ErrWouldBlock
	}
	switch {
	case row.Flags&(command.ExclusiveAll|command.Once) != 0: // what cannot be undone must not have to start over
		if !t.holdsAll() {
			return t.relock(lockRequest{db: db, all: true})
		}
		return nil
	case row.Is(command.Exclusive) && !x.gateX:
		return t.relock(lockRequest{db: db, exclusive: true})
	}
	t.keyIdx, _ = row.AppendKeys(t.keyIdx[:0], c.Args)
	for _, i := range t.keyIdx {
		if !x.tryLock(stripeOf(c.Args[i])) {
			return t.relock(lockRequest{db: db, exclusive: true})
		}
	}
	for _, r := range t.eng.claimRequests(nil, row.OtherLocks(c.Args)) {
		y, err := t.reach(r.db)
		if err != nil {
			return err
		}
		if r.exclusive && !y.gateX || !r.exclusive && !y.tryLock(r.stripe) {
			return t.relock(lockRequest{db: r.db, exclusive: true})
		}
	}
	return nil
}

// holdsAll says that every open database is held exclusively.
func (t *Turn) holdsAll() bool {
	for i := range t.eng.dbs {
		if db := t.eng.Opened(i); db != nil && (t.txs[i] == nil || t.txs[i].db != db || !t.txs[i].gateX) {
			return false
		}
	}
	return true
}
