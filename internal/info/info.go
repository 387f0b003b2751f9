// Package info renders what INFO replies: one row per section, each a function
// that writes its fields from the sources it is given. Redis's names come first,
// then Pika's that tools read, then ours.
//
// Promises:
//   - N1. Rendering takes no lock that a command holds and reads no data: it is
//     cheap, and works in every state of the instance.
//   - N2. A field that Haypile has no truth for is left out, unless clients fail
//     without it; such fields say 0.
package info

import (
	"fmt"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/cache"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/metric"
	"github.com/haypile/haypile/internal/script"
	"github.com/haypile/haypile/internal/server"
	"github.com/haypile/haypile/internal/tracking"
)

// RedisVersion is the version whose commands and semantics are the reference.
const RedisVersion = command.ServerVersion

// Sources are where the fields come from.
type Sources struct {
	Version     string
	RunID       string
	Started     time.Time
	Config      *config.Config
	Engine      *engine.Engine
	Registry    *client.Registry
	Server      *server.Server
	Table       *command.Table
	Cache       *cache.Cache
	Slowlog     *metric.Slowlog
	Rates       *Rates
	Memory      func() []command.MemoryPart
	Disk        func() DiskState
	Backup      func() BackupState
	PubSub      func() (channels, patterns, sharded int)
	Replication func() ReplicationState
	Tracking    *tracking.Table
	Users       *acl.Users
	Scripts     *script.Host
}

// Rates are smoothed by the node, ten times a second.
type Rates struct{ Ops, NetIn, NetOut, ReplIn, ReplOut, CopyOut metric.Rate }

// DiskState is what the disk guard knows.
type DiskState struct {
	FreeBytes, TotalBytes int64
	WritesStopped         bool
	Reason                string
}

// BackupState is the outcome of the last backups.
type BackupState struct {
	Running  bool
	Since    time.Time
	LastSave time.Time
	LastOK   bool
	LastTook time.Duration
}

type section struct {
	name  string
	title string
	std   bool // among the default sections
	write func(*writer, *Sources)
}

var sections = []section{
	{"server", "Server", true, serverSection},
	{"clients", "Clients", true, clientsSection},
	{"memory", "Memory", true, memorySection},
	{"persistence", "Persistence", true, persistenceSection},
	{"stats", "Stats", true, statsSection},
	{"replication", "Replication", true, replicationSection},
	{"cpu", "CPU", true, cpuSection},
	{"modules", "Modules", true, func(*writer, *Sources) {}},
	{"commandstats", "Commandstats", false, commandstatsSection},
	{"errorstats", "Errorstats", true, errorstatsSection},
	{"latencystats", "Latencystats", false, latencystatsSection},
	{"cluster", "Cluster", true, func(w *writer, _ *Sources) { w.int("cluster_enabled", 0) }},
	{"keyspace", "Keyspace", true, keyspaceSection},
	{"data", "Data", true, dataSection},
	{"binlog", "Binlog", true, binlogSection},
	{"cache", "Cache", false, cacheSection},
	{"store", "Store", false, storeSection},
}

// Render writes the named sections; none, or "default", stands for the usual
// ones, "all" and "everything" for all. Unknown names give nothing.
func Render(src *Sources, names []string) string {
	want := map[string]bool{}
	for _, n := range names {
		want[strings.ToLower(n)] = true
	}
	std := len(names) == 0 || want["default"]
	all := want["all"] || want["everything"]
	alias := map[string]string{"rocksdb": "store", "command_exec_count": "commandstats"} // Pika's names
	for from, to := range alias {
		if want[from] {
			want[to] = true
		}
	}
	w := &writer{}
	for _, s := range sections {
		if all || std && s.std || want[s.name] {
			w.begin(s.title)
			s.write(w, src)
		}
	}
	return w.b.String()
}

// writer writes lines as Redis does: "name:value" and CRLF, a blank line between
// sections.
type writer struct{ b strings.Builder }

func (w *writer) begin(title string) {
	if w.b.Len() > 0 {
		w.b.WriteString("\r\n")
	}
	w.b.WriteString("# " + title + "\r\n")
}

func (w *writer) str(name, value string) { w.b.WriteString(name + ":" + value + "\r\n") }

func (w *writer) int(name string, value int64) { fmt.Fprintf(&w.b, "%s:%d\r\n", name, value) }

func (w *writer) float(name string, value float64) { fmt.Fprintf(&w.b, "%s:%.2f\r\n", name, value) }

func (w *writer) flag(name string, value bool) {
	if value {
		w.int(name, 1)
	} else {
		w.int(name, 0)
	}
}

// bytes writes a size and its human form.
func (w *writer) bytes(name string, value int64) {
	w.int(name, value)
	w.str(name+"_human", human(value))
}

// human prints bytes as Redis does: two digits and a unit.
func human(n int64) string {
	units := []string{"B", "K", "M", "G", "T", "P"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f /= 1024
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%dB", n)
	}
	return fmt.Sprintf("%.2f%s", f, units[i])
}
