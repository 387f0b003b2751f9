package node_test

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// liveHeap is what the last collection has found in use, in bytes.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers have freed
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// What clients hold counts for maxmemory, what caches hold does not; and the gate opens again.
func TestMaxMemoryCountsWhatClientsHold(t *testing.T) {
	limit := liveHeap()>>20 + 64 // the server runs in this process, with what other tests have left
	addr := startForTest(t, "--maxmemory", fmt.Sprint(limit, "mb"), "--memory-budget", fmt.Sprint(limit+64, "mb"))
	c, hoarder := dial(t, addr), dial(t, addr)
	says(t, c, fmt.Sprint("memory_budget:", limit<<20), "INFO", "memory")
	says(t, c, fmt.Sprint("maxmemory:", limit<<20), "INFO", "memory")
	c.MustDo(t, "SET", "k", "v")
	hoarder.MustDo(t, "MULTI")
	value := strings.Repeat("x", 4<<20)
	hoard := func() { _, _ = hoarder.Do("SET", "k", value) } // refused where what is on its way is too much already
	until := func(refused bool, meanwhile func()) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			meanwhile()
			runtime.GC() // of the server, which runs in this process
			r, err := c.Do("SET", "k", "v")
			if err != nil {
				t.Fatal(err)
			}
			if got := r.IsError() && strings.HasPrefix(r.Str, "OOM "); got == refused {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("SET still replies %v", r)
			}
		}
	}
	until(true, hoard)
	c.MustDo(t, "GET", "k")
	c.MustDo(t, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	c.MustDo(t, "SET", "k", "v")
	c.MustDo(t, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	until(true, hoard)
	hoarder.Close()
	until(false, func() {})
}
