package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/replication"
)

// metricsServer serves /metrics in Prometheus's text format, and Go's profiles
// under /debug/pprof/.
type metricsServer struct{ srv *http.Server }

func serveMetrics(n *Node, v *config.Values) (*metricsServer, error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(&collector{n}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	addr := net.JoinHostPort(v.MetricsBind, strconv.FormatInt(v.MetricsPort, 10))
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on metrics-port: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	m := &metricsServer{&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}}
	go func() { _ = m.srv.Serve(l) }() // ends with ErrServerClosed
	n.log.Info("serving metrics", "address", l.Addr().String())
	return m, nil
}

func (m *metricsServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := m.srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return m.srv.Close() // somebody takes a long profile: no reason for a stop to fail
	}
	return err
}

// collector reads the instance's counters when it is asked; nothing is counted
// twice.
type collector struct{ n *Node }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("haypile_"+name, help, labels, nil)
}

var (
	descCommands    = desc("command_duration_seconds", "Duration of commands.", "command")
	descFailed      = desc("commands_failed_total", "Commands that replied with an error.", "command")
	descRejected    = desc("commands_rejected_total", "Commands refused before execution.", "command")
	descClients     = desc("connected_clients", "Connected clients.")
	descConnections = desc("connections_total", "Connections accepted.")
	descRefused     = desc("connections_rejected_total", "Connections refused.")
	descCacheHits   = desc("value_cache_hits_total", "Reads answered by the value cache.")
	descCacheMisses = desc("value_cache_misses_total", "Reads that the value cache could not answer.")
	descMemory      = desc("memory_bytes", "Memory by part.", "part")
	descDiskFree    = desc("disk_free_bytes", "Free space of the data directory's disk.")
	descStopped     = desc("writes_stopped", "1 while writes are refused because the disk is nearly full.")
	descKeys        = desc("keys", "Keys of a database.", "db")
	descExpires     = desc("keys_expiring", "Keys of a database that have an expiry.", "db")
	descExpired     = desc("expired_keys_total", "Keys deleted because their time had passed.", "db")
	descLogEnd      = desc("binlog_end_position", "Position after the last log record.", "db")
	descLogDurable  = desc("binlog_durable_position", "Position up to which the log is on disk.", "db")
	descLogBytes    = desc("binlog_held_bytes", "Bytes of log held.", "db")
	descFsyncs      = desc("binlog_fsyncs_total", "Calls of fsync for the log.", "db")
	descPending     = desc("store_pending_bytes", "Changes on their way from the log to Pebble.", "db")
	descDisk        = desc("store_disk_bytes", "Disk space used by Pebble.", "db")
	descReclaim     = desc("store_reclaimable_bytes", "Disk space that holds nothing live and is waiting to be given back.", "db")
	descDamaged     = desc("store_damaged_reads_total", "Reads that met a damaged block since the database was opened.", "db")
	descL0          = desc("store_l0_sublevels", "Sublevels of level 0.", "db")
	descDebt        = desc("store_compaction_debt_bytes", "Estimated bytes to compact.", "db")
	descStalls      = desc("store_write_stalls_total", "How often writers had to wait for flush or compaction.", "db")
	descCompactions = desc("store_compactions_total", "Compactions done.", "db")
	descFlushes     = desc("store_flushes_total", "Memtable flushes done.", "db")
	descRole        = desc("replica", "1 while this server follows a master.")
	descLinkUp      = desc("replication_link_up", "1 while the link to the master is up.")
	descDBState     = desc("replication_database_state", "1 for the state that a database of a replica is in.", "db", "state")
	descBehind      = desc("replication_behind_bytes", "Log of the master, as last told, that is not here.", "db")
	descReplicas    = desc("replicas", "Replicas connected.")
	descLag         = desc("replica_lag_bytes", "Log that a replica has not applied.", "replica")
	descReplBytes   = desc("replication_bytes_total", "Bytes by purpose and direction.", "purpose", "direction")
	descFullSyncs   = desc("full_sync_snapshots_total", "Snapshots made for replicas.")
	descQueue       = desc("full_sync_queue", "Replicas waiting for a full copy.")
	descDiscarded   = desc("replication_discarded_changes_total", "Changes written to files because the master never had them.")
	descLevel       = desc("store_level_bytes", "Bytes of tables by level.", "db", "level")
)

// Describe implements prometheus.Collector; metrics are described as collected.
func (c *collector) Describe(ch chan<- *prometheus.Desc) { ch <- descClients }

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	n := c.n
	c.commands(ch, counter)
	st := n.srv.Stats()
	gauge(descClients, int64(n.registry.Len()))
	counter(descConnections, n.registry.Total())
	counter(descRefused, st.Rejected.Load())
	cs := n.eng.Cache().Stats()
	counter(descCacheHits, cs.Hits)
	counter(descCacheMisses, cs.Misses)
	for _, p := range n.Memory() {
		gauge(descMemory, p.Bytes, p.Name)
	}
	d := n.diskState()
	gauge(descDiskFree, d.FreeBytes)
	stopped := int64(0)
	if d.WritesStopped {
		stopped = 1
	}
	gauge(descStopped, stopped)
	c.replication(gauge, counter)
	n.eng.EachOpen(func(i int, db *engine.DB) { c.database(db, strconv.Itoa(i), gauge, counter) })
}

func (c *collector) replication(gauge, counter func(*prometheus.Desc, int64, ...string)) {
	st := c.n.replicationState()
	flag := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	gauge(descRole, flag(st.Replica))
	if st.Replica {
		gauge(descLinkUp, flag(st.Link.State == replication.Linked))
		for _, d := range st.Link.DBs {
			gauge(descDBState, 1, d.Name, d.State.String())
			gauge(descBehind, d.Behind, d.Name)
		}
	}
	gauge(descReplicas, int64(len(st.Replicas)))
	for _, r := range st.Replicas {
		gauge(descLag, r.Lag, net.JoinHostPort(r.Host, strconv.Itoa(r.Port)))
	}
	counter(descReplBytes, st.LogSent, "log", "out")
	counter(descReplBytes, st.LogReceived, "log", "in")
	counter(descReplBytes, st.CopySent, "full sync", "out")
	counter(descFullSyncs, st.Snapshots)
	gauge(descQueue, int64(len(st.Copies.Queue)))
	counter(descDiscarded, st.Discarded)
}

func (c *collector) commands(ch chan<- prometheus.Metric, counter func(*prometheus.Desc, int64, ...string)) {
	for _, r := range c.n.table.Executable() {
		calls := r.Stats.Calls.Load()
		if v := r.Stats.Failed.Load(); v > 0 {
			counter(descFailed, v, r.Full)
		}
		if v := r.Stats.Rejected.Load(); v > 0 {
			counter(descRejected, v, r.Full)
		}
		if calls == 0 {
			continue
		}
		uppers, counts := r.Stats.Latency.Buckets()
		buckets, sum := map[float64]uint64{}, uint64(0)
		for i := range uppers {
			sum += uint64(counts[i])
			buckets[float64(uppers[i])/1e9] = sum
		}
		ch <- prometheus.MustNewConstHistogram(descCommands, sum, float64(r.Stats.Nanos.Load())/1e9, buckets, r.Full)
	}
}

func (c *collector) database(db *engine.DB, name string, gauge, counter func(*prometheus.Desc, int64, ...string)) {
	keys, expires := db.Counts()
	gauge(descKeys, keys, name)
	gauge(descExpires, expires, name)
	counter(descExpired, db.Expired.Load(), name)
	l, s := db.Log(), db.Store()
	gauge(descLogEnd, int64(l.End()), name)
	gauge(descLogDurable, int64(l.Durable()), name)
	gauge(descLogBytes, int64(l.End()-l.Start()), name)
	counter(descFsyncs, l.Fsyncs(), name)
	m := s.Metrics()
	gauge(descPending, s.PendingBytes(), name)
	gauge(descDisk, int64(m.DiskSpaceUsage()), name)
	gauge(descReclaim, s.Reclaimable(), name)
	damage, _ := s.Damaged()
	counter(descDamaged, damage.Reads, name)
	gauge(descL0, int64(m.Levels[0].Sublevels), name)
	gauge(descDebt, int64(m.Compact.EstimatedDebt), name)
	counter(descStalls, s.Stalls(), name)
	counter(descCompactions, m.Compact.Count, name)
	counter(descFlushes, m.Flush.Count, name)
	for i := range m.Levels {
		gauge(descLevel, m.Levels[i].TablesSize, name, strconv.Itoa(i))
	}
}
