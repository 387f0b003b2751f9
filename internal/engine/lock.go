package engine

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
)

// lockRequest is one key lock of one database.
type lockRequest struct {
	db        int
	stripe    uint32
	exclusive bool // the whole database; stripe is 0
	all       bool // every database exclusively, db too
}

func stripeOf(key []byte) uint32 { return uint32(xxhash.Sum64(key)) % lockStripes }

func (x *tx) tryLock(s uint32) bool {
	if x.heldGen[s] == x.lockGen || x.gateX {
		return true
	}
	if !x.db.stripes[s].TryLock() {
		return false
	}
	x.heldGen[s] = x.lockGen
	x.held = append(x.held, s)
	return true
}

func (x *tx) waitLock(s uint32) {
	if x.heldGen[s] == x.lockGen || x.gateX {
		return
	}
	x.db.stripes[s].Lock()
	x.heldGen[s] = x.lockGen
	x.held = append(x.held, s)
}

func (x *tx) unlock() {
	for _, s := range x.held {
		x.db.stripes[s].Unlock()
	}
	x.held = x.held[:0]
	if x.lockGen++; x.lockGen == 0 {
		clear(x.heldGen)
		x.lockGen = 1
	}
	if x.gated {
		x.db.gate.RUnlock()
	}
	if x.gateX {
		x.db.gate.Unlock()
	}
	x.gated, x.gateX = false, false
}

// waitLocks takes locks in the order that db.go writes down; a worker calls it
// before its command. Exclusive ones sort before the stripes of their database.
func (t *Turn) waitLocks(reqs []lockRequest) error {
	if slices.ContainsFunc(reqs, func(r lockRequest) bool { return r.all }) {
		reqs = t.exclusiveAll(reqs)
	}
	slices.SortFunc(reqs, func(a, b lockRequest) int {
		if a.db == b.db && a.exclusive != b.exclusive {
			if a.exclusive {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.db, b.db), cmp.Compare(a.stripe, b.stripe))
	})
	for _, r := range reqs {
		if r.exclusive {
			if err := t.lockDB(r.db); err != nil {
				return err
			}
			continue
		}
		x, err := t.tx(r.db)
		if err != nil {
			return err
		}
		x.waitLock(r.stripe)
	}
	return nil
}

// exclusiveAll asks for every open database, and for those that the requests
// name. One that is not open holds nothing.
func (t *Turn) exclusiveAll(reqs []lockRequest) []lockRequest {
	var all []lockRequest
	for i := range t.eng.dbs {
		if t.eng.Opened(i) != nil || slices.ContainsFunc(reqs, func(r lockRequest) bool { return r.db == i }) {
			all = append(all, lockRequest{db: i, exclusive: true})
		}
	}
	return all
}

// lockDB takes a database exclusively.
func (t *Turn) lockDB(i int) error {
	db, err := t.eng.DB(i)
	if err != nil {
		return err
	}
	x := t.view(i, db)
	if x.gateX {
		return nil
	}
	db.gate.Lock()
	if t.eng.Opened(i) != db { // swapped while this waited
		db.gate.Unlock()
		return t.lockDB(i)
	}
	x.gateX = true
	t.active = append(t.active, x)
	return nil
}

// requests lists the locks that a command needs, as far as its row tells.
func (e *Engine) requests(dst []lockRequest, cl *client.Client, row *command.Row, args [][]byte) []lockRequest {
	if row.Is(command.Queued) {
		return e.queueRequests(dst, cl)
	}
	return e.rowRequests(dst, cl.DB(), row, args)
}

func (e *Engine) rowRequests(dst []lockRequest, db int, row *command.Row, args [][]byte) []lockRequest {
	dst = e.claimRequests(dst, row.OtherLocks(args))
	switch {
	case row.Is(command.ExclusiveAll):
		return append(dst, lockRequest{db: db, all: true})
	case row.Is(command.Exclusive):
		return append(dst, lockRequest{db: db, exclusive: true})
	}
	idx, _ := row.AppendKeys(nil, args)
	for _, i := range idx {
		dst = append(dst, lockRequest{db: db, stripe: stripeOf(args[i])})
	}
	return dst
}

// claimRequests lists the locks that claims stand for. It leaves out databases that do not exist: the command will say so.
func (e *Engine) claimRequests(dst []lockRequest, claims []command.Claim) []lockRequest {
	for _, c := range claims {
		switch {
		case c.DB >= len(e.dbs):
		case c.Key == nil:
			dst = append(dst, lockRequest{db: c.DB, exclusive: true})
		default:
			dst = append(dst, lockRequest{db: c.DB, stripe: stripeOf(c.Key)})
		}
	}
	return dst
}
