package node

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
)

// A Sentinel promotes a replica by REPLICAOF NO ONE. When the master is alive (SENTINEL FAILOVER, or a Sentinel that alone
// does not see it) the replica first asks it to do FAILOVER to it, so that no write is acknowledged that the new
// master does not have. A master that does not answer is waited for only if it has spoken lately.
const (
	handOverTime = 1500 * time.Millisecond // for the master
	takeOverWait = 2 * time.Second         // then the replica leads in any case
)

// handedOver is when this server ceased to be a master for a Sentinel. The Sentinel finds its role as it wants it, and so does not end the
// connections of clients, as it does with a master that it demotes itself. Some clients would stay for ever: those whose
// write is refused are sent away, and ask the Sentinels where the master is.
type handedOver struct{ at atomic.Int64 } // Unix ms

// sendAway is how long that goes on: Sentinels tell one another within a few seconds.
const sendAway = 30 * time.Second

func (h *handedOver) lately() bool { return time.Since(time.UnixMilli(h.at.Load())) < sendAway }

// takingOver is a replica's promotion that waits for its master. It is guarded by roleMu.
type takingOver struct{ cancel context.CancelFunc }

func (t *takingOver) end() {
	if t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
}

// TakeOver implements command.Replicator. It returns at once, because the records that the master still has to send are not to
// wait for the command. The configuration says already that this server is a master: Sentinel's next command writes it.
func (n *Node) TakeOver() error {
	r := &n.repl
	r.roleMu.Lock()
	defer r.roleMu.Unlock()
	if r.taking.cancel != nil {
		return nil
	}
	if !r.replica.Load() || len(n.incomplete()) > 0 || !r.follower.AskToHandOver() {
		return n.lead(false)
	}
	if err := n.cfg.Update(func(v *config.Values) { v.ReplicaOf = config.Address{} }); err != nil {
		return err
	}
	n.log.Info("a Sentinel promotes this server; its master is asked to hand over")
	ctx, cancel := context.WithTimeout(context.Background(), takeOverWait)
	r.taking.cancel = cancel
	n.bg.Add(1)
	go func() {
		defer n.bg.Done()
		select {
		case <-ctx.Done(): // led or led elsewhere meanwhile, or too late
		case <-n.stop:
		}
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cancel()
			return
		}
		r.roleMu.Lock()
		defer r.roleMu.Unlock()
		if r.taking.cancel == nil {
			return // just now
		}
		n.log.Warn("the master did not hand over in time; this server leads without", "waited", takeOverWait.String())
		if err := n.lead(false); err != nil {
			n.log.Error("cannot take over as a master", "err", err)
		}
	}()
	return nil
}

// handOver is what a replica asks for that a Sentinel has promoted, and that leads in any case a little later. So a master that could not
// give it everything follows it all the same: it was stopped for a while, and the question has waited. What the Sentinel would
// do to this server when it sees it again is done here: the file says from now on whom it follows, so that it does not come back as a second master.
func (n *Node) handOver(host string, port int) {
	if n.repl.replica.Load() {
		return
	}
	n.log.Info("a replica is promoted by a Sentinel; this master hands over to it", "host", host, "port", port)
	ended := func(err error) {
		n.repl.handedOver.at.Store(time.Now().UnixMilli())
		if err != nil && !n.repl.replica.Load() {
			n.log.Warn("the promoted replica leads without having been given everything; this server follows it", "reason", err)
			if err := n.Follow(host, port, false); err != nil {
				n.log.Error("this server cannot follow the promoted replica", "err", err)
				return
			}
		}
		if err := n.RewriteConfig(); err != nil {
			n.log.Warn("the new role could not be written to the configuration file; a Sentinel corrects it after a restart", "err", err)
		}
	}
	err := n.beginFailover(command.FailoverOptions{Host: host, Port: port, Timeout: handOverTime}, ended)
	if err != nil && n.repl.failing.now() == noFailover { // it has gone already
		ended(err)
	}
}
