// Package node is one running instance: it opens things in order, connects them,
// and closes them in reverse. It is the thinnest package of all; what it knows is
// who needs whom.
package node

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/cache"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/info"
	"github.com/haypile/haypile/internal/metric"
	"github.com/haypile/haypile/internal/pubsub"
	"github.com/haypile/haypile/internal/script"
	"github.com/haypile/haypile/internal/server"
	"github.com/haypile/haypile/internal/tracking"
)

// Options of a Node.
type Options struct {
	Config  *config.Config
	Logger  *slog.Logger
	FS      vfs.FS
	Version string
	Faults  engine.Faults // nil outside of tests
	// Fatal ends the process when a store cannot go on; it has been logged. Without it the node panics.
	Fatal func(cause string)
}

// Node is a running instance.
type Node struct {
	cfg     *config.Config
	log     *slog.Logger
	fs      vfs.FS
	version string
	fatal   func(cause string)
	runID   string
	started time.Time
	budget  budget

	dir      *dataDir
	blocks   *pebble.Cache
	tables   *pebble.FileCache // open tables of all databases
	files    descriptors
	table    *command.Table
	users    *acl.Users
	eng      *engine.Engine
	registry *client.Registry
	hub      *pubsub.Hub
	track    *tracking.Table
	scripts  *script.Host
	monitors monitors
	srv      *server.Server
	metrics  *metricsServer

	slowlog   metric.Slowlog
	latency   metric.Latency
	rates     info.Rates
	disk      diskGuard
	pressure  pressure
	backups   backups
	repl      replicating
	discarded atomic.Int64 // changes written to files because the master never had them

	stop   chan struct{}
	stopMu sync.Mutex // stop is closed, and bg grows, under it
	bg     sync.WaitGroup
	quit   chan struct{} // closed when SHUTDOWN asks for the end
	once   sync.Once
}

// Start opens the data directory and serves clients. While it opens databases, clients are served what needs none
// and are told LOADING otherwise; when it returns all are served.
func Start(o Options) (n *Node, err error) {
	v := o.Config.Load()
	n = &Node{cfg: o.Config, log: o.Logger, fs: o.FS, version: o.Version, fatal: o.Fatal, runID: newRunID(), started: time.Now(),
		budget: divide(v), registry: client.NewRegistry(), hub: pubsub.New(), stop: make(chan struct{}), quit: make(chan struct{})}
	n.cfg.Warned = func(text string) { n.log.Warn(text) }
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	n.track = tracking.New(n.registry)
	n.backups.state.LastSave, n.backups.state.LastOK = n.started, true // as Redis begins
	if n.dir, err = openDataDir(o.FS, v, &n.disk.kept); err != nil {
		return n, err
	}
	debug.SetMemoryLimit(n.budget.heapLimit)
	if err := n.openDescriptors(); err != nil {
		return n, err
	}
	v = n.cfg.Load()
	n.blocks = pebble.NewCache(n.budget.blockCache)
	n.tables = pebble.NewFileCache(min(runtime.GOMAXPROCS(0), int(n.files.files)), int(n.files.files))
	n.table = command.NewTable(n.renames(v))
	n.scripts = script.NewHost(script.Options{Version: command.ServerVersion, Log: n.logScript})
	n.users = acl.NewUsers(n.table.ACL())
	if err := n.openUsers(v); err != nil {
		return n, err
	}
	n.openEngine(v, o.Faults)
	n.srv = server.New(server.Options{Config: o.Config, Engine: n.eng, Table: n.table, Registry: n.registry, Users: n.users, Scripts: n.scripts, Logger: o.Logger,
		Hooks: server.Hooks{Refuse: n.Refuse, Observe: n.observe, Closed: n.closed, Monitor: n.monitor}})
	n.apply(v)
	n.cfg.OnChange(n.reconfigure)
	n.checkDisk()
	if err := n.openReplication(v); err != nil {
		return n, err
	}
	n.guard(v)
	n.srv.BeginLoading(n.dir.grace()) // Sentinel, clients and operators are told so while logs are replayed
	if err := n.listen(v); err != nil {
		return n, err
	}
	if err := n.openDatabases(); err != nil {
		return n, advise(v.Dir, err)
	}
	if err := n.eng.LoadLibraries(n.scripts); err != nil {
		return n, advise(v.Dir, err)
	}
	doubtful, err := n.dir.running()
	if err != nil {
		return n, advise(v.Dir, err)
	}
	if err := n.beginReplication(v, doubtful); err != nil {
		return n, err
	}
	n.srv.EndLoading()
	n.background()
	return n, nil
}

func newRunID() string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// renames are those of the configuration, by lower-case names. A name that no command has protects from nothing, which an operator must know; a
// file of Pika's may have some.
func (n *Node) renames(v *config.Values) map[string]string {
	m, known := map[string]string{}, command.NewTable(nil)
	for _, r := range v.RenameCommands {
		if known.Find([]byte(r.From)) == nil {
			n.log.Warn("rename-command names a command that is not there", "command", r.From)
		}
		m[strings.ToLower(r.From)] = r.To
	}
	return m
}

func (n *Node) openEngine(v *config.Values, faults engine.Faults) {
	workers := int(v.WorkerThreads)
	if workers == 0 {
		workers = 8 * runtime.GOMAXPROCS(0)
	}
	n.eng = engine.New(engine.Options{
		Databases: int(v.Databases), Workers: workers, Cache: cache.New(n.budget.valueCache),
		Table: n.table, Host: n, Tracking: n.track, Logger: n.log, DB: n.databaseOptions,
		Notify: n.notify, Swap: n.swapDatabases, Opened: n.databaseOpened, Observe: n.observe, Faults: faults, BufferBytes: n.budget.buffers,
	})
	n.eng.WriteErr = n.writeErr
}

// databaseOptions says how database i is kept.
func (n *Node) databaseOptions(i int) (string, engine.DBOptions, error) {
	v := n.cfg.Load()
	name := n.dir.database(i)
	o := engine.DBOptions{
		FS: n.fs, Keys: n.dir.keys, BlockCache: n.blocks, Tables: n.tables,
		MemTableBytes: uint64(n.budget.memtable), WriteBuffer: n.budget.writeBuffer, FilterBytes: n.budget.filter,
		Compression: v.Compression.String(), Compactions: int(v.CompactionConcurrency), Logger: n.log,
		SegmentBytes: func() int64 { return int64(n.cfg.Load().BinlogFileSize) },
		DiskFull:     n.diskFull, Fatal: n.fatal, LogBegan: n.dir.began,
	}
	g, err := n.generation(name)
	if err != nil {
		return name, o, err
	}
	n.place(&o, name, g)
	if o.Compactions == 0 {
		o.Compactions = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return name, o, nil
}

// openDatabases opens database 0 and every other that has data; the rest are
// opened at first use.
func (n *Node) openDatabases() error {
	for i := range n.eng.Databases() {
		name, o, err := n.databaseOptions(i)
		if err != nil {
			return err
		}
		if _, err := n.fs.Stat(o.Dir); i > 0 && err != nil {
			continue
		}
		g, _ := n.generation(name)
		n.clearGenerations(name, g)
		if _, err := n.eng.DB(i); err != nil {
			return err
		}
	}
	return nil
}

// apply hands parameters to the parts that they concern.
func (n *Node) apply(v *config.Values) {
	n.eng.SetFsync(v.AppendFsync)
	n.eng.SetLimits(limits(v))
	n.eng.SetNotify(wantedEvents(v.NotifyKeyspaceEvents))
	n.slowlog.Configure(v.SlowlogSlowerThan, int(v.SlowlogMaxLen))
	n.latency.Configure(v.LatencyMonitorThreshold)
	n.users.SetNewChannels(v.ACLPubSubDefault == config.ACLAllChannels)
	n.users.Log.SetMax(int(v.ACLLogMaxLen))
	n.track.SetLimit(int(v.TrackingTableMaxKeys))
	n.scripts.Configure(script.Settings{BusyAfter: v.BusyReplyThreshold, MemoryLimit: int(v.LuaMemoryLimit)})
	n.srv.Reconfigure(v)
	n.limitMemory(v)
	if n.repl.throttle != nil {
		n.repl.throttle.SetRate(int64(v.ThrottleBytesPerSec))
		n.guard(v)
	}
}

// reconfigure is the hook of CONFIG SET.
func (n *Node) reconfigure(old, next *config.Values) error {
	if err := n.checkMaxClients(old, next); err != nil {
		return err
	}
	if old.TLSGeneration != next.TLSGeneration {
		if err := n.srv.ReloadTLS(next); err != nil {
			return err
		}
	}
	if err := n.listenAnew(old, next); err != nil {
		if old.TLSGeneration != next.TLSGeneration {
			err = errors.Join(err, n.srv.ReloadTLS(old))
		}
		return err
	}
	if MemoryBudget(old) != MemoryBudget(next) || old.ValueCachePercent != next.ValueCachePercent {
		b := divide(next)
		debug.SetMemoryLimit(b.heapLimit)
		n.eng.Cache().SetLimit(b.valueCache)
		n.budget.total = b.total
	}
	if old.RequirePass != next.RequirePass {
		n.users.SetDefaultPassword(next.RequirePass)
	}
	n.apply(next)
	return nil
}

func limits(v *config.Values) *datatype.Limits {
	return &datatype.Limits{
		HashMaxListpackEntries: v.HashMaxListpackEntries, HashMaxListpackValue: int64(v.HashMaxListpackValue),
		ListMaxListpackSize: v.ListMaxListpackSize, SetMaxIntsetEntries: v.SetMaxIntsetEntries,
		SetMaxListpackEntries: v.SetMaxListpackEntries, SetMaxListpackValue: int64(v.SetMaxListpackValue),
		ZSetMaxListpackEntries: v.ZsetMaxListpackEntries, ZSetMaxListpackValue: int64(v.ZsetMaxListpackValue),
		HLLSparseMaxBytes: int64(v.HLLSparseMaxBytes), MaxStringBytes: int64(v.ProtoMaxBulkLen),
		StreamNodeMaxBytes: int64(v.StreamNodeMaxBytes), StreamNodeMaxEntries: v.StreamNodeMaxEntries,
	}
}

func eventLoops(v *config.Values) int {
	if v.EventLoops > 0 {
		return int(v.EventLoops)
	}
	return max(1, runtime.GOMAXPROCS(0)/2)
}

// listenAnew is CONFIG SET of port and bind.
func (n *Node) listenAnew(old, next *config.Values) error {
	portMoved, bindMoved := old.Port != next.Port, !slices.Equal(old.Bind, next.Bind)
	if !portMoved && !bindMoved {
		return nil
	}
	err := n.rebind(next)
	if err == nil && bindMoved {
		if err = n.srv.RebindTLS(next); err != nil {
			err = errors.Join(err, n.rebind(old))
		}
	}
	switch {
	case err == nil:
		n.log.Info("listening", "addresses", server.Addresses(next))
		return nil
	case portMoved:
		n.log.Warn("CONFIG SET port: the server listens where it did", "err", err)
		return &config.ParamError{Name: "port", Err: errors.New("Unable to listen on this port. Check server logs.")}
	}
	n.log.Warn("CONFIG SET bind: the server listens where it did", "err", err)
	return &config.ParamError{Name: "bind", Err: errors.New("Failed to bind to specified addresses.")}
}

func (n *Node) rebind(v *config.Values) error {
	dedicated, services := n.serviceAddresses(v)
	before := n.srv.SetServices(services)
	err := n.srv.Rebind(append(server.TCPAddresses(v), dedicated...))
	if err != nil {
		n.srv.SetServices(before)
	}
	return err
}

func (n *Node) listen(v *config.Values) error {
	dedicated, services := n.serviceAddresses(v)
	n.srv.SetServices(services)
	if err := n.srv.ListenPlain(append(server.Addresses(v), dedicated...), eventLoops(v), v.TCPKeepalive); err != nil {
		return err
	}
	if v.UnixSocket != "" && v.UnixSocketPerm != 0 {
		if err := server.ChmodSocket(v); err != nil {
			return err
		}
	}
	if v.TLSPort != 0 {
		if err := n.srv.ListenTLS(v); err != nil {
			return err
		}
	}
	if v.MetricsPort != 0 {
		m, err := serveMetrics(n, v)
		if err != nil {
			return err
		}
		n.metrics = m
	}
	return nil
}

// observe is told of every command executed.
func (n *Node) observe(cl *client.Client, row *command.Row, args [][]byte, nanos int64) {
	d := time.Duration(nanos)
	if n.slowlog.Slow(d) && !row.Is(command.SkipSlowlog) {
		n.slowlog.Add(command.Redacted(row, args), d, cl.Addr, cl.Name(), time.Now())
	}
	if n.latency.Enabled() {
		event := "command"
		if row.Is(command.Fast) {
			event = "fast-command"
		}
		n.latency.Observe(event, d, time.Now())
	}
}

// Done is closed when a client has asked the server to shut down.
func (n *Node) Done() <-chan struct{} { return n.quit }

// Close stops serving, makes everything durable and closes it.
func (n *Node) Close() error {
	n.stopMu.Lock()
	close(n.stop)
	n.stopMu.Unlock()
	n.bg.Wait()
	var errs []error
	if n.metrics != nil {
		errs = append(errs, n.metrics.close())
	}
	n.closeReplication()
	if n.srv != nil {
		n.srv.Close()
	}
	if n.scripts != nil {
		n.scripts.Stop()
	}
	if n.eng != nil {
		errs = append(errs, n.eng.Close())
	}
	if n.tables != nil {
		n.tables.Unref()
	}
	if n.blocks != nil {
		n.blocks.Unref()
	}
	if n.dir != nil {
		if len(errs) == 0 || errors.Join(errs...) == nil {
			errs = append(errs, n.stopped())
		}
		errs = append(errs, n.dir.close())
	}
	return errors.Join(errs...)
}

// Describe is the banner's text: what a newcomer wants to know.
func (n *Node) Describe() []string {
	v := n.cfg.Load()
	return []string{
		fmt.Sprintf("Haypile %s, speaks Redis %s", n.version, info.RedisVersion),
		fmt.Sprintf("listening on %v", server.Addresses(v)),
		fmt.Sprintf("data in %s (%s keys), log fsync %s", v.Dir, v.KeyspaceLayout, v.AppendFsync),
		fmt.Sprintf("memory budget %d MB", n.budget.total>>20),
	}
}
