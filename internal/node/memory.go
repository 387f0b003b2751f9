package node

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
)

// budget is how the memory of one instance is divided. What the parts do not
// use is left to clients, the heap and the garbage collector's slack.
type budget struct {
	total       int64
	valueCache  int64 // outside of the Go heap
	blockCache  int64 // Pebble's own memory: outside as well, in a build with cgo
	memtable    int64 // one memtable of one database, likewise
	writeBuffer int64 // of one database
	filter      int64 // membership filter of one database
	buffers     int64 // for large values on their way, between commands
	heapLimit   int64 // when the garbage collector works harder
}

// MemoryBudget is in bytes: what the parameters name, or half of what the machine or the container allows; in either case not
// more than maxmemory.
func MemoryBudget(v *config.Values) int64 {
	total := int64(v.MemoryBudget)
	if total == 0 {
		total = availableMemory() / 2
	}
	if v.MaxMemory > 0 {
		total = min(total, int64(max(v.MaxMemory, config.MinMemoryBudget)))
	}
	return total
}

// divide splits the budget.
func divide(v *config.Values) budget {
	b := budget{total: MemoryBudget(v)}
	b.valueCache = b.total * v.ValueCachePercent / 100
	b.blockCache = b.total * v.BlockCachePercent / 100
	b.memtable = int64(v.MemtableSize)
	if b.memtable == 0 {
		b.memtable = max(1<<20, min(64<<20, b.total/32))
	}
	b.writeBuffer = max(2<<20, min(64<<20, b.total/16))
	b.filter = b.total / 16
	b.buffers = b.total / 16
	outside := b.valueCache
	if manualMemory {
		outside += b.blockCache + usualMemtables*b.memtable
	}
	b.heapLimit = max(smallestHeap, b.total-outside-b.total/32)
	return b
}

const (
	// usualMemtables is how many of a busy database exist at a time: one fills, one is flushed.
	usualMemtables = 2
	// smallestHeap keeps the collector from running all the time for a budget that cannot be held.
	smallestHeap = 40 << 20
)

// availableMemory is the machine's, or less if a control group says so.
func availableMemory() int64 {
	total := int64(1 << 30)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if kb, ok := procField(text, "MemTotal:"); ok {
			total = kb << 10
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
			total = min(total, n)
		}
	}
	return total
}

// procField reads a line "Name:   1234 kB".
func procField(text []byte, name string) (int64, bool) {
	for line := range bytes.Lines(text) {
		if f := strings.Fields(string(line)); len(f) >= 2 && f[0] == name {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// residentMemory is what the kernel counts for this process.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.Sys)
	}
	kb, _ := procField(text, "VmRSS:")
	return kb << 10
}

var peakRSS atomic.Int64

// Memory implements command.Operator.
func (n *Node) Memory() []command.MemoryPart {
	rss := residentMemory()
	peakRSS.Store(max(peakRSS.Load(), rss))
	var memtables, pending, filter int64
	blocks := int64(0)
	n.eng.EachOpen(func(_ int, db *engine.DB) {
		m := db.Store().Metrics()
		memtables += int64(m.MemTable.Size + m.MemTable.ZombieSize)
		blocks = m.BlockCache.Size // shared
		pending += db.Store().PendingBytes()
		filter += db.Store().FilterBytes()
	})
	clients := int64(0)
	for _, c := range n.registry.All() {
		if c.Sink != nil {
			in, out := c.Sink.Buffered()
			clients += in + out
		}
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return []command.MemoryPart{
		{Name: "total.rss", Bytes: rss},
		{Name: "peak.rss", Bytes: peakRSS.Load()},
		{Name: "budget", Bytes: n.budget.total},
		{Name: "value_cache", Bytes: n.eng.Cache().Stats().Bytes},
		{Name: "block_cache", Bytes: blocks},
		{Name: "memtables", Bytes: memtables},
		{Name: "write_buffer", Bytes: pending},
		{Name: "large_buffers", Bytes: n.eng.Buffers().Held()},
		{Name: "membership_filter", Bytes: filter},
		{Name: "clients", Bytes: clients},
		{Name: "heap", Bytes: int64(ms.HeapAlloc)},
		{Name: "heap_idle", Bytes: int64(ms.HeapIdle - ms.HeapReleased)},
		{Name: "stacks", Bytes: int64(ms.StackSys)},
	}
}

// MemoryDoctor implements command.Operator.
func (n *Node) MemoryDoctor() string {
	var b strings.Builder
	parts := n.Memory()
	rss, total := parts[0].Bytes, n.budget.total
	fmt.Fprintf(&b, "Resident memory is %d MB of a budget of %d MB (%d %%).\n", rss>>20, total>>20, 100*rss/total)
	switch {
	case rss > total:
		b.WriteString("It exceeds memory-budget. Look at the parts in MEMORY STATS: large clients, or a budget too small for the number of open databases.\n")
	default:
		b.WriteString("It is within memory-budget.\n")
	}
	st := n.eng.Cache().Stats()
	if all := st.Hits + st.Misses; all > 10000 && st.Hits*2 < all {
		fmt.Fprintf(&b, "Only %d %% of reads are answered by the value cache: a larger memory-budget or value-cache-percent would help.\n", 100*st.Hits/all)
	}
	return b.String()
}

// MallocStats implements command.Operator.
func (n *Node) MallocStats() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Sprintf("heap_alloc:%d\nheap_sys:%d\nheap_idle:%d\nheap_released:%d\nheap_objects:%d\nnum_gc:%d\ngc_pause_total_ns:%d\n",
		m.HeapAlloc, m.HeapSys, m.HeapIdle, m.HeapReleased, m.HeapObjects, m.NumGC, m.PauseTotalNs)
}

// PurgeMemory implements command.Operator.
func (n *Node) PurgeMemory() { debug.FreeOSMemory() }
