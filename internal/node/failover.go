package node

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/replication"
	"github.com/haypile/haypile/internal/resp"
)

func itoa(n int) string { return strconv.Itoa(n) }

// failingOver is FAILOVER: writes wait, a replica catches up, it takes over, this server
// follows it, and the writes that waited are told that it is a replica. Nothing is lost, because no
// write is answered between the last record that the replica has and its promotion.
type failingOver struct {
	mu     sync.Mutex
	state  string // as INFO shows it
	cancel context.CancelFunc
	out    bool // none may begin: this server is becoming a replica
}

// errFailingOver is Redis's answer to a change of role while FAILOVER is pending: the order that came first decides, and
// FAILOVER ABORT takes it back.
const errFailingOver resp.Err = "ERR REPLICAOF not allowed while failing over."

const (
	noFailover      = "no-failover"
	waitingForSync  = "waiting-for-sync"
	failoverInWork  = "failover-in-progress"
	failoverLooksAt = 5 * time.Millisecond
	failoverForever = 365 * 24 * time.Hour
)

func (f *failingOver) now() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == "" {
		return noFailover
	}
	return f.state
}

func (f *failingOver) set(state string) {
	f.mu.Lock()
	f.state = state
	f.mu.Unlock()
}

// keepOut lets no FAILOVER begin until letIn; while one is pending it is an error.
func (f *failingOver) keepOut() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		return errFailingOver
	}
	f.out = true
	return nil
}

func (f *failingOver) letIn() {
	f.mu.Lock()
	f.out = false
	f.mu.Unlock()
}

// Failover implements command.Replicator.
func (n *Node) Failover(o command.FailoverOptions) error {
	return n.beginFailover(o, func(err error) {
		if err != nil {
			n.log.Warn("FAILOVER was given up; this server stays the master", "reason", err)
		}
	})
}

// beginFailover does FAILOVER beside the caller; ended is called when this server follows the new master, or with the reason why not.
func (n *Node) beginFailover(o command.FailoverOptions, ended func(error)) error {
	f := &n.repl.failing
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.cancel != nil:
		return resp.Err("ERR FAILOVER already in progress.")
	case f.out || n.repl.replica.Load():
		return resp.Err("ERR FAILOVER is not valid when server is a replica.")
	case n.repl.source.Len() == 0:
		return resp.Err("ERR FAILOVER requires connected replicas.")
	case o.Force && (o.Port == 0 || o.Timeout == 0):
		return resp.Err("ERR FAILOVER with force option requires both a timeout and target HOST and IP to be set.")
	case o.Port != 0 && !n.hasReplica(o.Host, o.Port):
		return resp.Err("ERR FAILOVER target HOST and PORT is not a replica.")
	}
	ctx, cancel := context.WithCancel(context.Background())
	if o.Timeout > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), o.Timeout)
	}
	f.cancel, f.state = cancel, waitingForSync
	n.bg.Add(1)
	go func() {
		defer n.bg.Done()
		err := n.failover(ctx, o)
		cancel()
		f.mu.Lock()
		f.cancel, f.state = nil, noFailover
		f.mu.Unlock()
		ended(err)
	}()
	return nil
}

// AbortFailover implements command.Replicator.
func (n *Node) AbortFailover() error {
	f := &n.repl.failing
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel == nil {
		return resp.Err("ERR No failover in progress.")
	}
	f.cancel()
	return nil
}

func (n *Node) hasReplica(host string, port int) bool {
	for _, x := range n.repl.source.Replicas() {
		if x.Port == port && (host == x.Host || host == "localhost" && x.Host == "127.0.0.1") {
			return true
		}
	}
	return false
}

func (n *Node) failover(ctx context.Context, o command.FailoverOptions) error {
	n.srv.Pause(time.Now().Add(failoverForever), false)
	defer n.srv.Unpause()
	target, err := n.caughtUp(ctx, o)
	if err != nil {
		return err
	}
	n.eng.SetFollower(true) // commits on their way have ended
	if target, err = n.caughtUp(ctx, command.FailoverOptions{Host: target.Host, Port: target.Port, Force: o.Force}); err != nil {
		n.eng.SetFollower(false)
		return err
	}
	n.repl.failing.set(failoverInWork)
	n.log.Info("FAILOVER: the replica has everything and takes over", "replica", target.String())
	if !n.repl.source.Promote(target.Host, target.Port) {
		n.eng.SetFollower(false)
		return errors.New("the replica has gone")
	}
	n.repl.roleMu.Lock()
	defer n.repl.roleMu.Unlock()
	return n.follow(target.Host, target.Port, false)
}

// caughtUp waits for a replica that has everything there is now.
func (n *Node) caughtUp(ctx context.Context, o command.FailoverOptions) (a replication.Address, err error) {
	tick := time.NewTicker(failoverLooksAt)
	defer tick.Stop()
	for {
		ends := n.Positions().(map[string]binlog.LSN)
		for _, x := range n.repl.source.Replicas() {
			if o.Port != 0 && (x.Port != o.Port || o.Host != x.Host && o.Host != "localhost") || o.Port == 0 && x.Priority == 0 {
				continue
			}
			if whole(x.Reach, ends) {
				return replication.Address{Host: x.Host, Port: x.Port}, nil
			}
		}
		select {
		case <-tick.C:
		case <-n.stop:
			return a, errors.New("the server is stopping")
		case <-ctx.Done():
			if o.Force && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				if n.partial(o.Host, o.Port) { // it would refuse to lead
					return a, errors.New("the replica does not have a whole copy of the data yet")
				}
				return replication.Address{Host: o.Host, Port: o.Port}, nil
			}
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return a, errors.New("no replica has caught up in time")
			}
			return a, errors.New("it was aborted")
		}
	}
}

// partial says that a replica has not come to where its data is whole.
func (n *Node) partial(host string, port int) bool {
	for _, x := range n.repl.source.Replicas() {
		if x.Port == port && (host == x.Host || host == "localhost") && x.Partial {
			return true
		}
	}
	return false
}

func whole(reach map[string]replication.Reach, ends map[string]binlog.LSN) bool {
	for name, end := range ends {
		if reach[name].Applied < end {
			return false
		}
	}
	return true
}
