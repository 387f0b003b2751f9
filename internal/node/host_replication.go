package node

import (
	"net"
	"slices"
	"strings"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/info"
	"github.com/haypile/haypile/internal/replication"
	"github.com/haypile/haypile/internal/resp"
)

// Follow implements command.Replicator. What this server has acknowledged as a master and
// the new one does not know is found when they compare their histories.
func (n *Node) Follow(host string, port int, force bool) error {
	r := &n.repl
	if err := n.notItself(n.cfg.Load(), host, port); err != nil {
		return err
	}
	r.roleMu.Lock()
	defer r.roleMu.Unlock()
	if err := r.failing.keepOut(); err != nil {
		return err
	}
	defer r.failing.letIn()
	return n.follow(host, port, force)
}

// follow is called with roleMu held, by Follow or by the FAILOVER that has come to its end.
func (n *Node) follow(host string, port int, force bool) error {
	r := &n.repl
	r.taking.end()
	if err := n.cfg.Update(func(v *config.Values) { v.ReplicaOf = config.Address{Host: host, Port: int64(port)} }); err != nil {
		return resp.Err("ERR " + err.Error())
	}
	if !r.replica.Swap(true) {
		r.doubt.Store(true)
		n.eng.SetFollower(true)
		n.guard(n.cfg.Load())
		n.unblockAll()
		n.log.Info("this server becomes a replica; writes are refused from here on", "master", net.JoinHostPort(host, itoa(port)))
	}
	r.follower.Follow(replication.Address{Host: host, Port: port}, force)
	return nil
}

// Lead implements command.Replicator: a new history begins in every database, and remembers
// where it left the old one, so that the other replicas can go on from here.
func (n *Node) Lead(force bool) error {
	r := &n.repl
	r.roleMu.Lock()
	defer r.roleMu.Unlock()
	if r.failing.now() != noFailover {
		return errFailingOver
	}
	return n.lead(force)
}

// lead is called with roleMu held. What is only the beginning of a master's data is not made a master's, unless by force.
func (n *Node) lead(force bool) error {
	r := &n.repl
	partial := n.incomplete()
	if len(partial) > 0 && !force {
		return resp.Err("ERR " + strings.Join(partial, ", ") + " would be only the beginning of the master's data: it is still being read. " +
			"Wait until it is whole, or say REPLICAOF NO ONE FORCE to give up the rest")
	}
	r.taking.end()
	if !r.replica.Load() && len(partial) == 0 {
		return nil
	}
	r.follower.Unfollow()
	if err := n.giveUpTheRest(); err != nil {
		return err
	}
	if err := n.newHistory(); err != nil {
		return err
	}
	if err := n.cfg.Update(func(v *config.Values) { v.ReplicaOf = config.Address{} }); err != nil {
		return err
	}
	r.replica.Store(false)
	n.eng.SetFollower(false)
	n.guard(n.cfg.Load())
	n.log.Info("this server is a master now", "history", r.history.Load().String())
	return nil
}

// giveUpTheRest declares whole what is not; nothing arrives any more.
func (n *Node) giveUpTheRest() error {
	for i := range n.eng.Databases() {
		db := n.eng.Opened(i)
		if db == nil || !db.Incomplete() {
			continue
		}
		if err := db.Fill(0); err != nil {
			return err
		}
		keys, _ := db.Counts()
		n.log.Warn("a database is the beginning of its former master's data and is served as it is from here on (REPLICAOF NO ONE FORCE)", "db", db.Name,
			"keys", keys, "position", uint64(db.Log().End()))
	}
	return nil
}

// ForgetHistory implements command.Replicator.
func (n *Node) ForgetHistory() error {
	n.repl.roleMu.Lock()
	defer n.repl.roleMu.Unlock()
	if err := n.forgetHistories(); err != nil {
		return err
	}
	n.repl.source.DropAll("the master has begun a new history (CLEARREPLICATIONID)")
	return nil
}

// forgetHistories begins a history that remembers none before.
func (n *Node) forgetHistories() error {
	id := newHistoryID()
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil {
			if err := db.ForgetHistories(id); err != nil {
				return err
			}
		}
	}
	n.repl.history.Store(&id)
	return nil
}

// FollowDB implements command.Replicator.
func (n *Node) FollowDB(db int, follow, force bool) error {
	if !n.repl.replica.Load() {
		return resp.Err("ERR Not a slave")
	}
	n.repl.follower.FollowDatabase(n.dir.database(db), follow, force)
	return nil
}

// Replicating implements command.Replicator.
func (n *Node) Replicating() bool { return n.repl.replica.Load() }

// Relays implements command.Replicator.
func (n *Node) Relays() bool { return n.repl.source.Len() > 0 }

// Relay implements command.Replicator.
func (n *Node) Relay(sharded bool, channel, msg []byte) { n.repl.source.Publish(sharded, channel, msg) }

// Role implements command.Replicator.
func (n *Node) Role() (r command.Role) {
	r.Offset = n.offset()
	if n.repl.replica.Load() {
		st := n.repl.follower.Status()
		r.Host, r.Port, r.State = st.Master.Host, st.Master.Port, roleState(&st)
		return r
	}
	r.Master = true
	for _, x := range n.repl.source.Replicas() {
		r.Replicas = append(r.Replicas, command.RoleReplica{Host: x.Host, Port: x.Port, Offset: x.Offset()})
	}
	return r
}

// roleState is Redis's word for where a replica stands.
func roleState(st *replication.Status) string {
	switch {
	case st.State == replication.Linked && st.Whole:
		return "connected"
	case st.State == replication.Linked:
		return "sync"
	case st.State == replication.Connecting || st.State == replication.Handshake:
		return "connecting"
	}
	return "connect"
}

// offset is the sum of all log positions: one number that grows with every change and is
// the same on servers with the same data.
func (n *Node) offset() (sum int64) {
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil {
			sum += int64(db.Log().End())
		}
	}
	return sum
}

// Streams implements command.Replicator.
func (n *Node) Streams(service string) (func(net.Conn, []byte), error) {
	if n.srv.Loading.Load() {
		return nil, resp.ErrLoading
	}
	switch replication.Service(service) {
	case replication.ServiceLog:
		return n.repl.source.Serve, nil
	case replication.ServiceCopy:
		return n.repl.copies.Serve, nil
	}
	return nil, resp.Err("ERR unknown service; replicas ask for LOG or COPY")
}

// Positions implements command.Replicator.
func (n *Node) Positions() any {
	ends := map[string]binlog.LSN{}
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil {
			ends[db.Name] = db.Log().End()
		}
	}
	return ends
}

// Reached implements command.Replicator.
func (n *Node) Reached(positions any, durable bool) int {
	return n.repl.source.Reached(positions.(map[string]binlog.LSN), durable)
}

// SyncedLocally implements command.Replicator.
func (n *Node) SyncedLocally(positions any) bool {
	ends := positions.(map[string]binlog.LSN)
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil && db.Log().Durable() < ends[db.Name] {
			return false
		}
	}
	return true
}

// guard tells the server whether commands must be looked at for the sake of replication.
func (n *Node) guard(v *config.Values) {
	n.countGood(v)
	n.srv.Guarded.Store(n.repl.replica.Load() || v.MinReplicasToWrite > 0 || len(n.incomplete()) > 0)
}

const (
	errMasterDown resp.Err = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
	errNoReplicas resp.Err = "NOREPLICAS Not enough good replicas to write."
	errCopying    resp.Err = "LOADING Haypile is receiving the dataset from its master"
)

// Refuse implements command.Replicator: it is the gate of replication.
func (n *Node) Refuse(cl *client.Client, i int, row *command.Row) error {
	v, r := n.cfg.Load(), &n.repl
	if !r.replica.Load() {
		if row.Is(command.Write) && v.MinReplicasToWrite > 0 && r.good.Load() < v.MinReplicasToWrite {
			if n.countGood(v); r.good.Load() < v.MinReplicasToWrite { // one may just have come
				return errNoReplicas
			}
		}
		if db := n.eng.Opened(i); db != nil && db.Incomplete() && needsData(row) {
			return engine.ErrIncomplete
		}
		return nil
	}
	switch {
	case row.Is(command.Write) && v.ReplicaReadOnly:
		if r.handedOver.lately() {
			cl.CloseAfter = true
		}
		return engine.ErrReadOnly
	case !v.ReplicaServeStaleData && !row.Is(command.Stale) && !r.follower.Linked():
		return errMasterDown
	case needsData(row):
		switch n.standing(i) {
		case dataMissing:
			return errCopying
		case dataStale:
			if !v.ReplicaServeStaleData && !row.Is(command.Stale) {
				return errMasterDown
			}
		}
	}
	return nil
}

// needsData says which commands wait for a database to be there. REPLICAOF NO ONE must work before.
func needsData(row *command.Row) bool {
	return !row.Is(command.Loading) && !(row.Is(command.Admin) && row.Is(command.Stale))
}

// dataStanding is what a replica's database holds.
type dataStanding uint8

const (
	dataProven  dataStanding = iota // a master's data, and all of it
	dataStale                       // data of its own that is not, or perhaps not, its master's
	dataMissing                     // the beginning of a master's data, or nothing yet
)

// standing tells a copy that has not arrived from an empty database, and data of a server's own from its master's. As in
// Redis the former is served until a copy is put in its place, which is one step.
func (n *Node) standing(i int) dataStanding {
	db, f := n.eng.Opened(i), n.repl.follower
	own := db != nil && len(db.Histories()) > 0
	doubt := n.repl.doubt.Load()
	switch {
	case db != nil && db.Incomplete():
		return dataMissing
	case !f.Met(): // nothing is being received
		if doubt { // a server that was a master until now has all that there is of every database, if it has anything
			own = n.hasKeys()
		}
		if own {
			return dataStale
		}
		return dataMissing
	case doubt && f.Judged():
		n.repl.doubt.Store(false)
		doubt = false
	}
	if !doubt && f.Served(n.dir.database(i)) {
		return dataProven
	}
	if own && !f.Beginning(n.dir.database(i)) {
		if keys, _ := db.Counts(); keys > 0 {
			return dataStale
		}
	}
	return dataMissing
}

// hasKeys says whether any database has some. One that is not open has no directory, or is about to be opened at the start.
func (n *Node) hasKeys() bool {
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil {
			if keys, _ := db.Counts(); keys > 0 {
				return true
			}
		}
	}
	return false
}

// unblockAll ends the waiting of clients: what they wait for does not come any more.
func (n *Node) unblockAll() {
	for _, cl := range n.registry.All() {
		if cl.Blocked() {
			cl.Sink.Unblock(true)
		}
	}
}

func (n *Node) closeReplication() {
	r := &n.repl
	if r.follower != nil {
		r.follower.Close()
	}
	if r.source != nil {
		r.source.Close()
	}
	if r.copies != nil {
		r.copies.Close()
	}
}

// inCircle says that this server's master is among its replicas.
func inCircle(link *replication.Status, replicas []replication.ReplicaStatus) bool {
	return link.State == replication.Linked && slices.ContainsFunc(replicas, func(r replication.ReplicaStatus) bool { return r.RunID == link.Remote })
}

// watchCircle says once that servers follow one another: their links are up, and nobody takes writes.
func (n *Node) watchCircle() {
	r := &n.repl
	if !r.replica.Load() || r.source.Len() == 0 {
		r.circle.Store(false)
		return
	}
	link := r.follower.Status()
	circle := inCircle(&link, r.source.Replicas())
	if circle && !r.circle.Load() {
		n.log.Warn("this server and its master follow each other: neither takes writes. Say REPLICAOF NO ONE to the one that is to lead",
			"master", link.Master.String())
	}
	r.circle.Store(circle)
}

// replicationState is for INFO.
func (n *Node) replicationState() info.ReplicationState {
	r := &n.repl
	st := info.ReplicationState{Replica: r.replica.Load(), Replicas: r.source.Replicas(), Copies: r.copies.Status(), Offset: n.offset(),
		Offsets: map[string]int64{}, Failover: r.failing.now(), Good: r.good.Load(), Discarded: n.discarded.Load(),
		FullSyncs: r.copies.Served.Load(), Snapshots: r.copies.Begun.Load(), PartialOK: r.source.PartialOK.Load(), PartialRefused: r.source.PartialRefused.Load(),
		LogSent: r.source.Sent.Load(), LogReceived: r.follower.Received.Load(), CopySent: r.copies.Sent.Load()}
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil {
			st.Offsets[db.Name] = int64(db.Log().End())
			if i == 0 {
				st.Histories = db.Histories()
			}
		}
	}
	if st.Replica {
		st.Link = r.follower.Status()
		if n.srv.Loading.Load() { // it does not follow yet, and must not be promoted
			m := n.cfg.Load().ReplicaOf
			st.Link.Master, st.Link.Serving = replication.Address{Host: m.Host, Port: int(m.Port)}, false
		}
		st.Link.Serving = st.Link.Serving && len(n.incomplete()) == 0 && n.standing(0) != dataMissing
		st.Circle = inCircle(&st.Link, st.Replicas)
		st.Advice = r.dialer.Unreached(st.Link.Master)
		if c := r.copying.Load(); c != nil {
			st.CopyingDB, st.Copying = c.db, c.p
		}
	}
	return st
}
