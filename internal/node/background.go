package node

import (
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
)

// spawn runs f on a goroutine that Close waits for. It says false, and runs nothing, when the node is being closed.
func (n *Node) spawn(f func()) bool {
	n.stopMu.Lock()
	defer n.stopMu.Unlock()
	select {
	case <-n.stop:
		return false
	default:
	}
	n.bg.Add(1)
	go func() {
		defer n.bg.Done()
		f()
	}()
	return true
}

// every runs f periodically until the node closes.
func (n *Node) every(d time.Duration, f func()) {
	n.spawn(func() {
		t := time.NewTicker(d)
		defer t.Stop()
		for {
			select {
			case <-n.stop:
				return
			case <-t.C:
				f()
			}
		}
	})
}

func (n *Node) background() {
	n.every(diskCheckEvery, n.checkDisk)
	n.every(100*time.Millisecond, n.sampleRates)
	n.every(100*time.Millisecond, n.weighMemory)
	n.every(2*time.Second, n.trimLogs)
	n.every(2*time.Second, n.trimMemory)
	n.every(time.Second, n.closeIdle)
	n.every(time.Second, n.watchCircle)
	n.every(time.Minute, n.expireBackups)
	n.every(100*time.Millisecond, n.watchReplication)
	n.every(5*time.Second, n.repl.copies.Sweep)
}

func (n *Node) sampleRates() {
	now, st := time.Now(), n.srv.Stats()
	in, out := st.NetIn.Load(), st.NetOut.Load()
	for _, c := range n.registry.All() {
		in += c.NetIn.Load()
		out += c.NetOut.Load()
	}
	n.rates.Ops.Sample(st.Commands.Load(), now)
	n.rates.NetIn.Sample(in, now)
	n.rates.NetOut.Sample(out, now)
	n.rates.ReplIn.Sample(n.repl.follower.Received.Load(), now)
	n.rates.ReplOut.Sample(n.repl.source.Sent.Load(), now)
	n.rates.CopyOut.Sample(n.repl.copies.Sent.Load(), now)
}

// trimMemory gives back what is free, when there is little left of the budget.
func (n *Node) trimMemory() {
	if residentMemory() > n.budget.total*8/10 {
		trimMalloc()
	}
}

// trimLogs deletes log that nobody needs: what the stores have made durable, as
// far as it exceeds the retention.
func (n *Node) trimLogs() {
	v := n.cfg.Load()
	var oldest time.Time
	if v.BinlogRetention > 0 {
		oldest = time.Now().Add(-v.BinlogRetention)
	}
	n.eng.EachOpen(func(_ int, db *engine.DB) { n.trimLog(db, v, oldest) })
}

func (n *Node) trimLog(db *engine.DB, v *config.Values, oldest time.Time) {
	durable, err := db.Store().Durable()
	if err != nil {
		n.log.Warn("cannot read the store's durable position; the binlog is not trimmed", "db", db.Name, "err", err)
		return
	}
	gone, err := db.Log().Trim(binlog.LSN(durable), int64(v.BinlogRetentionBytes), oldest)
	if err != nil {
		n.log.Warn("cannot delete old binlog segments", "db", db.Name, "err", err)
	} else if gone > 0 {
		n.log.Debug("binlog segments deleted", "db", db.Name, "segments", gone)
	}
}

// closeIdle closes clients that have been silent longer than timeout allows, as
// Redis does: not those that wait on purpose.
func (n *Node) closeIdle() {
	limit := n.cfg.Load().Timeout
	if limit == 0 {
		return
	}
	now := time.Now().UnixNano()
	for _, c := range n.registry.All() {
		if !c.Blocked() && !c.Subscribed() && !c.Replica.Load() && !c.Master && now-c.Active() > int64(limit) {
			c.Kill("idle longer than timeout")
		}
	}
}
