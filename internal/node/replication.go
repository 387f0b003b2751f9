package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/fullsync"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/replication"
	"github.com/haypile/haypile/internal/server"
	"github.com/haypile/haypile/internal/throttle"
)

// replicating is everything about replication that the node holds together. roleMu makes
// changes of the role happen one at a time; what is read often is atomic.
type replicating struct {
	source   *replication.Source
	follower *replication.Follower
	copies   *fullsync.Source
	dialer   *replication.Dialer
	throttle *throttle.Bucket

	roleMu  sync.Mutex
	replica atomic.Bool
	doubt   atomic.Bool                      // a master has become a replica: whether its data is the new master's is not known yet
	history atomic.Pointer[layout.HistoryID] // that a new database begins with
	good    atomic.Int64                     // replicas that count for min-replicas-to-write
	copying atomic.Pointer[copying]
	circle  atomic.Bool // this server and its master follow each other
	healing healing
	failing failingOver
	taking  takingOver

	handedOver handedOver
}

// copying is a full copy on its way in.
type copying struct {
	db string
	p  *fullsync.Progress
}

func newHistoryID() (id layout.HistoryID) {
	_, _ = rand.Read(id[:])
	return id
}

// openReplication prepares both sides; nothing is sent yet.
func (n *Node) openReplication(v *config.Values) error {
	r := &n.repl
	r.throttle = throttle.New(int64(v.ThrottleBytesPerSec))
	var err error
	r.copies, err = fullsync.NewSource(fullsync.SourceOptions{FS: n.fs, Dir: filepath.Join(v.Dir, snapshotsDir), Make: n.makeSnapshot,
		Settings: n.copySettings, Total: r.throttle, Logger: n.log})
	if err != nil {
		return err
	}
	software := "haypile " + n.version
	r.source = replication.NewSource(replication.SourceOptions{Master: masterSide{n}, RunID: n.runID, Software: software, Keyspace: n.keyspace(),
		Settings: n.sourceSettings, Logger: n.log, Acked: func() { n.eng.Wake(command.WaitKey) }, HandOver: n.handOver,
		Events: func(classes uint32) { n.eng.SetRelay(datatype.Class(classes)) }})
	r.dialer = &replication.Dialer{Settings: n.dialSettings, Logger: n.log}
	r.follower = replication.NewFollower(replication.FollowerOptions{Replica: replicaSide{n, map[string]*replicaDB{}, &sync.Mutex{}}, RunID: n.runID, Software: software,
		Keyspace: n.keyspace(), Settings: n.followerSettings, Logger: n.log})
	id := newHistoryID()
	r.history.Store(&id)
	r.replica.Store(!v.ReplicaOf.IsZero())
	n.eng.SetFollower(!v.ReplicaOf.IsZero())
	return nil
}

// beginReplication is called when the databases are open: a master gives them a history,
// a replica begins to follow.
func (n *Node) beginReplication(v *config.Values, doubtful bool) error {
	r := &n.repl
	if !v.ReplicaOf.IsZero() {
		r.follower.Follow(replication.Address{Host: v.ReplicaOf.Host, Port: int(v.ReplicaOf.Port)}, false)
		return nil
	}
	if names := n.incomplete(); len(names) > 0 {
		n.guard(v)
		n.log.Error("this server was reading its master's data and was stopped before it had all of it; now it follows nobody, and does not serve the beginning: "+
			"REPLICAOF its master completes it, REPLICAOF NO ONE FORCE gives up the rest", "databases", names)
	}
	if doubtful {
		n.log.Warn("the end of the log may be lost (the machine was restarted under the running server, or `haypile doctor` has cut the log): a new history begins, " +
			"and replicas are compared with it")
		return n.newHistory()
	}
	if db := n.eng.Opened(0); db != nil {
		if last, ok := db.Histories().Last(); ok {
			r.history.Store(&last.ID)
		}
	}
	return nil
}

// databaseOpened gives a new database of a master its history.
func (n *Node) databaseOpened(_ int, db *engine.DB) error {
	if n.repl.replica.Load() || len(db.Histories()) > 0 || db.Incomplete() {
		return nil
	}
	return db.BeginHistory(*n.repl.history.Load())
}

// incomplete names the databases that hold only the beginning of a master's data.
func (n *Node) incomplete() (names []string) {
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil && db.Incomplete() {
			names = append(names, db.Name)
		}
	}
	return names
}

// newHistory begins a history in every open database.
func (n *Node) newHistory() error {
	id := newHistoryID()
	for i := range n.eng.Databases() {
		if db := n.eng.Opened(i); db != nil && !db.Incomplete() {
			if err := db.BeginHistory(id); err != nil {
				return fmt.Errorf("database %d: %w", i, err)
			}
		}
	}
	n.repl.history.Store(&id)
	return nil
}

func (n *Node) keyspace() string { return n.dir.keyspace() }

func (n *Node) copySettings() fullsync.SourceSettings {
	v := n.cfg.Load()
	return fullsync.SourceSettings{MaxConcurrent: int(v.MaxConcurrentFullSyncs), PerReplica: int64(v.FullSyncPerReplica), Stall: v.FullSyncStallTimeout,
		Lease: v.FullSyncLease, Fresh: v.FullSyncLease, Adaptive: v.FullSyncRate == config.FullSyncAuto}
}

// emptyLog is the length of log that an empty replica rather reads than a copy.
const emptyLog = 32 << 20

func (n *Node) sourceSettings() replication.SourceSettings {
	v := n.cfg.Load()
	return replication.SourceSettings{Timeout: v.ReplTimeout, Ping: pingPeriod(v), PinBytes: int64(v.ReplMaxPinnedBytes), EmptyLog: emptyLog,
		Ports: n.announcedPorts(v), Databases: int(v.Databases)}
}

// servicePorts are the dedicated ports; 0 where there is none.
func servicePorts(v *config.Values) (log, copies int) {
	base := int(v.Port)
	if base == 0 {
		base = int(v.TLSPort)
	}
	choose := func(set int64, offset int) int {
		switch {
		case set > 0:
			return int(set)
		case set < 0 || base == 0 || base+offset > 65535:
			return 0
		}
		return base + offset
	}
	return choose(v.ReplLogPort, replication.PortOffset[replication.ServiceLog]), choose(v.FullSyncPort, replication.PortOffset[replication.ServiceCopy])
}

// serviceAddresses are the dedicated ports, as far as they are free: what they serve is on the
// client port too, so a port that is taken keeps nothing from working.
func (n *Node) serviceAddresses(v *config.Values) (list []string, services map[int]server.Service) {
	if v.TLSReplication {
		return nil, nil // the services answer on tls-port
	}
	services = map[int]server.Service{}
	log, copies := servicePorts(v)
	for _, p := range []struct {
		port    int
		name    string
		service replication.Service
	}{{log, "repl-log-port", replication.ServiceLog}, {copies, "full-sync-port", replication.ServiceCopy}} {
		if p.port == 0 {
			continue
		}
		if addrs := n.srv.ServiceAddresses(v, p.port); addrs != nil {
			list = append(list, addrs...)
			services[p.port] = server.Service{Name: string(p.service), Words: p.service.Words()}
		} else {
			n.log.Warn("a port for replicas is taken; they use the client port instead", "parameter", p.name, "port", p.port)
		}
	}
	return list, services
}

func (n *Node) announcedPorts(v *config.Values) (p replication.MasterPorts) {
	p.Log, p.Copy = servicePorts(v)
	if v.AnnounceLogPort != 0 {
		p.Log = int(v.AnnounceLogPort)
	}
	if v.AnnounceFullSyncPort != 0 {
		p.Copy = int(v.AnnounceFullSyncPort)
	}
	return p
}

func (n *Node) followerSettings() replication.FollowerSettings {
	v := n.cfg.Load()
	port := int(v.Port)
	if port == 0 || v.TLSReplication && v.TLSPort != 0 {
		port = int(v.TLSPort)
	}
	return replication.FollowerSettings{Timeout: v.ReplTimeout, MaxRetries: int(v.ReplMaxRetries), Port: port, AnnounceIP: v.ReplicaAnnounceIP,
		AnnouncePort: int(v.ReplicaAnnouncePort), Priority: int(v.ReplicaPriority), Databases: int(v.Databases),
		Events: uint32(wantedEvents(v.NotifyKeyspaceEvents)&^datatype.ClassKeyMiss) | n.repl.source.WantedEvents()}
}

func (n *Node) dialSettings() replication.DialSettings {
	v := n.cfg.Load()
	s := replication.DialSettings{User: v.MasterUser, Password: v.MasterAuth, Timeout: min(v.ReplTimeout, 10*time.Second), Source: v.BindSourceAddr,
		Transport: replication.Transport(v.ReplicationTransport),
		Ports:     map[replication.Service]int{replication.ServiceLog: int(v.MasterLogPort), replication.ServiceCopy: int(v.MasterFullSyncPort)}}
	if v.TLSReplication {
		s.TLS = n.clientTLS(v)
	}
	return s
}

// clientTLS is how this server shows itself to, and knows, its master.
func (n *Node) clientTLS(v *config.Values) *tls.Config {
	c := &tls.Config{}
	v.SecureTLS(c)
	if pem, err := os.ReadFile(v.TLSCACertFile); err == nil {
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM(pem)
	} else {
		n.log.Error("tls-ca-cert-file cannot be read; the master's certificate cannot be checked", "err", err)
	}
	if cert, err := tls.LoadX509KeyPair(v.TLSCertFile, v.TLSKeyFile); err == nil {
		c.Certificates = []tls.Certificate{cert}
	}
	return c
}

// watchReplication looks after what changes slowly.
func (n *Node) watchReplication() {
	v := n.cfg.Load()
	n.countGood(v)
	n.eng.Wake(command.WaitKey)
	n.heal()
}

// masterSide is the node as a Source sees it.
type masterSide struct{ n *Node }

// Databases implements replication.Master.
func (m masterSide) Databases() (list []replication.DBNumber) {
	for i := range m.n.eng.Databases() {
		if db := m.n.eng.Opened(i); db != nil {
			list = append(list, replication.DBNumber{Number: i, Name: db.Name})
		}
	}
	return list
}

// Open implements replication.Master.
func (m masterSide) Open(name string) (log *binlog.Log, h layout.Histories, err error) {
	i, err := m.n.numberOf(name)
	if err != nil {
		return nil, nil, err
	}
	if m.n.repl.replica.Load() && !m.n.repl.follower.Served(name) {
		return nil, nil, fmt.Errorf("this server is being copied to itself; ask again when it is done")
	}
	db := m.n.eng.Opened(i)
	if db == nil || len(db.Histories()) == 0 {
		return nil, nil, fmt.Errorf("the database has no data of a master yet")
	}
	if db.Incomplete() {
		return nil, nil, fmt.Errorf("this server has only the beginning of the data; ask again when it is whole")
	}
	return db.Log(), db.Histories(), nil
}

// replicaSide is the node as a Follower sees it.
type replicaSide struct {
	n   *Node
	dbs map[string]*replicaDB
	mu  *sync.Mutex
}

// Open implements replication.Replica.
func (s replicaSide) Open(name string) (replication.Database, error) {
	i, err := s.n.numberOf(name)
	if err != nil {
		return nil, err
	}
	if _, err := s.n.eng.DB(i); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dbs[name] == nil {
		s.dbs[name] = &replicaDB{n: s.n, name: name, applier: s.n.eng.NewApplier()}
	}
	return s.dbs[name], nil
}

// Renumber implements replication.Replica.
func (s replicaSide) Renumber(list []replication.DBNumber) error {
	for _, want := range list {
		i, err := s.n.numberOf(want.Name)
		if err != nil {
			return err
		}
		if i != want.Number {
			if err := s.n.eng.Swap(i, want.Number); err != nil {
				return fmt.Errorf("exchange databases %d and %d: %w", i, want.Number, err)
			}
			s.n.log.Info("databases have exchanged their numbers, as at the master", "a", i, "b", want.Number)
		}
	}
	return nil
}

// Dial implements replication.Replica.
func (s replicaSide) Dial(ctx context.Context, master replication.Address) (net.Conn, []byte, string, error) {
	conn, rest, via, err := s.n.repl.dialer.Dial(ctx, master, replication.ServiceLog)
	if err != nil {
		return nil, nil, "", err
	}
	return s.n.registerMaster(conn), rest, via, nil
}

// Announced implements replication.Replica.
func (s replicaSide) Announced(p replication.MasterPorts) { s.n.repl.dialer.Announced(p) }

// Copy implements replication.Replica.
func (s replicaSide) Copy(ctx context.Context, master replication.Address, name string, placed func(int), begun func()) error {
	return s.n.receiveCopy(ctx, master, name, placed, begun)
}

// Install implements replication.Replica.
func (s replicaSide) Install(name string) error { return s.n.installCopy(name) }

// Message implements replication.Replica.
func (s replicaSide) Message(sharded bool, channel, msg []byte) {
	if sharded {
		s.n.hub.PublishSharded(channel, msg, client.Place{})
	} else {
		s.n.hub.Publish(channel, msg, client.Place{})
	}
	s.n.repl.source.Publish(sharded, channel, msg)
}

// Promote implements replication.Replica.
func (s replicaSide) Promote() {
	s.n.log.Info("the master hands over to this server (FAILOVER)")
	if err := s.n.Lead(false); err != nil {
		s.n.log.Error("cannot take over as a master", "err", err)
	}
}

// replicaDB is one database as a Follower sees it; its number may change.
type replicaDB struct {
	n       *Node
	name    string
	applier *engine.Applier
}

func (d *replicaDB) db() *engine.DB {
	for {
		if i, err := d.n.numberOf(d.name); err == nil {
			if db := d.n.eng.Opened(i); db != nil && db.Name == d.name {
				return db
			}
		}
		runtime.Gosched() // being exchanged
	}
}

// Position implements replication.Database.
func (d *replicaDB) Position() (layout.Histories, uint64) {
	p := d.db().Position()
	return p.Histories, uint64(p.LSN)
}

// Apply implements replication.Database.
func (d *replicaDB) Apply(records []byte) error {
	if err := d.n.writeErr(); err != nil { // the disk is nearly full
		return fmt.Errorf("%w: %w", replication.ErrNotNow, err)
	}
	for {
		i, err := d.n.numberOf(d.name)
		if err != nil {
			return err
		}
		err = d.applier.Apply(i, d.name, records)
		switch {
		case errors.Is(err, engine.ErrExchanged):
		case errors.Is(err, syscall.ENOSPC):
			return fmt.Errorf("%w: %w", replication.ErrNotNow, err)
		default:
			return err
		}
	}
}

// Incomplete implements replication.Database.
func (d *replicaDB) Incomplete() bool { return d.db().Incomplete() }

// Fill implements replication.Database.
func (d *replicaDB) Fill(until uint64) error { return d.db().Fill(until) }

// Reach implements replication.Database.
func (d *replicaDB) Reach() (written, durable uint64) {
	log := d.db().Log()
	durable = uint64(log.Durable())
	return uint64(log.End()), durable
}

// pingPeriod is how often an idle replica is pinged: often enough that the link does not count as dead in between.
func pingPeriod(v *config.Values) time.Duration { return min(v.ReplPingReplicaPeriod, v.ReplTimeout/3) }

// countGood counts the replicas that min-replicas-to-write asks for.
func (n *Node) countGood(v *config.Values) {
	if n.repl.source != nil {
		n.repl.good.Store(int64(n.repl.source.Good(v.MinReplicasMaxLag)))
	}
}
