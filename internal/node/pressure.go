package node

import (
	"runtime/metrics"
	"sync"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
)

// pressure compares maxmemory with the memory that no cache can give back. Caches are kept below maxmemory by the budget.
type pressure struct {
	mu    sync.Mutex // a look at an old limit must not outlast CONFIG SET
	limit int64      // 0: none
}

// limitMemory puts maxmemory in force.
func (n *Node) limitMemory(v *config.Values) {
	n.pressure.mu.Lock()
	n.pressure.limit = 0
	if v.MaxMemoryPolicy == config.PolicyNoEviction {
		n.pressure.limit = int64(v.MaxMemory)
	}
	n.pressure.mu.Unlock()
	n.weighMemory()
}

// weighMemory opens or closes the gate for commands that add data.
func (n *Node) weighMemory() {
	n.pressure.mu.Lock()
	defer n.pressure.mu.Unlock()
	limit := n.pressure.limit
	n.srv.OutOfMemory.Store(limit > 0 && n.heldMemory() > limit)
}

// OutOfMemory implements command.Scripting.
func (n *Node) OutOfMemory() bool { return n.srv.OutOfMemory.Load() }

// heldMemory is what the last garbage collection found in use, and what else is there for as long as there is data: not
// the caches, nor garbage.
func (n *Node) heldMemory() int64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	held, caches := int64(0), int64(0)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			held += int64(s.Value.Uint64())
		}
	}
	filters := int64(0)
	n.eng.EachOpen(func(_ int, db *engine.DB) {
		filters += db.Store().FilterBytes()
		if !manualMemory { // what Pebble caches is on the heap
			m := db.Store().Metrics()
			caches = max(caches, m.BlockCache.Size)
			held -= int64(m.MemTable.Size)
		}
	})
	return max(held-caches, 0) + filters
}
