package node_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// What clients hold counts for maxmemory, what caches hold does not; and the gate opens again.
func TestMaxMemoryCountsWhatClientsHold(t *testing.T) {
	addr := startForTest(t, "--maxmemory", "100mb", "--memory-budget", "1gb")
	c, hoarder := dial(t, addr), dial(t, addr)
	says(t, c, "memory_budget:104857600", "INFO", "memory")
	says(t, c, "maxmemory:104857600", "INFO", "memory")
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
