package node_test

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// What a large command gathers goes when it is done: turns are kept, one per worker, and point at nothing of it.
func TestLargeCommandsGiveBack(t *testing.T) {
	addr := startForTest(t)
	c := dial(t, addr)
	const members = 40_000
	for i := 0; i < members; {
		add := []any{"SADD", "big"}
		for range 1000 {
			add = append(add, "member:"+strconv.Itoa(i))
			i++
		}
		c.MustDo(t, add...)
	}
	heap := func() int64 {
		c.MustDo(t, "COMPACT") // what is on its way to the store is not what this is about
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var all sync.WaitGroup
	for i := range 8 { // on as many workers
		all.Go(func() {
			c := dial(t, addr)
			c.Timeout = time.Minute
			for _, args := range [][]any{
				{"SUNIONSTORE", fmt.Sprintf("to%d", i), "big"}, {"DEL", fmt.Sprintf("to%d", i)},
				{"ZUNIONSTORE", fmt.Sprintf("to%d", i), 1, "big"}, {"ZREMRANGEBYRANK", fmt.Sprintf("to%d", i), 0, members / 2},
				{"DEL", fmt.Sprintf("to%d", i)},
			} {
				if r, err := c.Do(args...); err != nil || r.IsError() {
					t.Errorf("%v: %s, %v", args, r, err)
				}
			}
		})
	}
	all.Wait()
	// What stays has bounds: a megabyte for each worker, and the write buffer's tables.
	if kept := heap() - before; kept > 96<<20 {
		t.Errorf("%d MB of the heap are still held", kept>>20)
	}
}
