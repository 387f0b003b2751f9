package node

import (
	"time"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/info"
	"github.com/haypile/haypile/internal/metric"
)

// Databases implements command.Host.
func (n *Node) Databases() int { return n.eng.Databases() }

// Table implements command.Operator.
func (n *Node) Table() *command.Table { return n.table }

// Config implements command.Operator.
func (n *Node) Config() *config.Config { return n.cfg }

// Slowlog implements command.Operator.
func (n *Node) Slowlog() *metric.Slowlog { return &n.slowlog }

// Latency implements command.Operator.
func (n *Node) Latency() *metric.Latency { return &n.latency }

// Info implements command.Operator.
func (n *Node) Info(sections []string) string {
	return info.Render(&info.Sources{
		Version: n.version, RunID: n.runID, Started: n.started, Config: n.cfg, Engine: n.eng, Registry: n.registry,
		Server: n.srv, Scripts: n.scripts, Table: n.table, Cache: n.eng.Cache(), Slowlog: &n.slowlog, Rates: &n.rates, Memory: n.Memory,
		Disk: n.diskState, Backup: n.backupState, PubSub: n.pubsubCounts, Replication: n.replicationState,
		Tracking: n.track, Users: n.users,
	}, sections)
}

// Compact implements command.Operator.
func (n *Node) Compact(dbs []int, within datatype.KeyRange) error { return n.eng.Compact(dbs, within) }

// ResetStats implements command.Operator.
func (n *Node) ResetStats() {
	for _, r := range n.table.Executable() {
		r.Stats.Reset()
	}
	n.srv.Stats().Reset()
	n.eng.Hits.Store(0)
	n.eng.Misses.Store(0)
	n.eng.LazyFreed.Store(0)
	n.eng.Errors.Reset()
	n.eng.Cache().ResetStats()
}

// CountLazyFreed implements command.Operator.
func (n *Node) CountLazyFreed(keys int64) { n.eng.LazyFreed.Add(keys) }

// Shutdown implements command.Operator. Everything acknowledged is in the log
// and is made durable on the way out, so SAVE and NOSAVE have nothing to decide.
func (n *Node) Shutdown(command.ShutdownOptions) error {
	n.once.Do(func() {
		time.AfterFunc(10*time.Millisecond, func() { close(n.quit) }) // the reply to others first
	})
	return nil
}

// AbortShutdown implements command.Operator: a shutdown waits for nobody, so
// there is never one to abort.
func (n *Node) AbortShutdown() bool { return false }
