package sentinel

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/group"
	"github.com/haypile/haypile/test/harness"
)

// writers set keys that were never set before, through the failover client, and remember which
// were acknowledged. With wait, a write counts when a replica has it.
type writers struct {
	client *redis.Client
	wait   bool
	stop   chan struct{}
	done   sync.WaitGroup
	next   atomic.Int64
	last   atomic.Int64 // Unix ns of the last acknowledgement

	mu    sync.Mutex
	acked []int64
	since []time.Time
}

func startWriters(g *group.Group, wait bool) *writers {
	w := &writers{client: g.Client(), wait: wait, stop: make(chan struct{})}
	for range 4 {
		w.done.Add(1)
		go w.write()
	}
	return w
}

func (w *writers) write() {
	defer w.done.Done()
	tick := time.NewTicker(2 * time.Millisecond) // 2,000 a second in all
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		n := w.next.Add(1)
		if w.set(n) {
			now := time.Now()
			w.last.Store(now.UnixNano())
			w.mu.Lock()
			w.acked, w.since = append(w.acked, n), append(w.since, now)
			w.mu.Unlock()
		}
	}
}

func key(n int64) string { return "w:" + strconv.FormatInt(n, 10) }

func (w *writers) set(n int64) bool {
	if !w.wait {
		return w.client.Set(group.Background, key(n), n, 0).Err() == nil
	}
	conn := w.client.Conn()
	defer conn.Close()
	if conn.Set(group.Background, key(n), n, 0).Err() != nil {
		return false
	}
	got, err := conn.Wait(group.Background, 1, time.Second).Result()
	return err == nil && got >= 1
}

func (w *writers) end() {
	close(w.stop)
	w.done.Wait()
	w.client.Close()
}

// pauseAfter is the longest time without an acknowledgement since a moment.
func (w *writers) pauseAfter(at time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := at
	for _, t := range w.since {
		if t.After(at) {
			longest, last = max(longest, t.Sub(last)), t
		}
	}
	return longest
}

// writesAgain waits for a write that is acknowledged after a moment.
func (w *writers) writesAgain(at time.Time, limit time.Duration) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if time.Unix(0, w.last.Load()).After(at.Add(100 * time.Millisecond)) {
			return true
		}
	}
	return false
}

// lost counts acknowledged writes that the master has not.
func (w *writers) lost(t *testing.T, m *group.Node) (lost int, example string) {
	c := group.Patient(t, m)
	defer c.Close()
	for batch := range slices.Chunk(w.acked, 500) {
		args := []any{"EXISTS"}
		for _, n := range batch {
			args = append(args, key(n))
		}
		if r := c.MustDo(t, args...); int(r.Int) == len(batch) {
			continue
		}
		for _, n := range batch {
			if c.MustDo(t, "EXISTS", key(n)).Int == 0 {
				lost++
				example = key(n)
			}
		}
	}
	return lost, example
}

// result is what came of the rounds of one fault.
type result struct {
	first  []time.Duration
	heal   []time.Duration
	later  map[string]int // what nodes were ten seconds after the repair
	lost   int
	acked  int
	copies int
}

// TestDrills: after each fault a write succeeds soon, the group heals by itself, all nodes
// have the same data, and no acknowledged write is lost where that is promised.
func TestDrills(t *testing.T) {
	rounds := len(group.Faults)
	if testing.Short() {
		rounds = 1
	}
	if s := os.Getenv("DRILL_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	flavor := harness.Haypile
	if os.Getenv("DRILL_SERVER") == "redis" {
		flavor = harness.Redis
	}
	for _, mode := range []struct {
		name string
		wait bool
		args []string
	}{
		{"WAIT 1 and min-replicas-to-write 1", true, group.Safe},
		{"plain writes", false, nil},
	} {
		t.Run(mode.name, func(t *testing.T) {
			run(t, flavor, rounds, mode.wait, mode.args)
		})
	}
}

func run(t *testing.T, flavor harness.Flavor, rounds int, wait bool, args []string) {
	g := group.Start(t, flavor, args...)
	rnd := rand.New(rand.NewPCG(1, 1))
	order := rnd.Perm(len(group.Faults))
	results := make([]result, len(group.Faults))
	t.Cleanup(func() { table(t, flavor, results) })
	for round := range rounds {
		i := order[round%len(order)]
		fault, r := &group.Faults[i], &results[i]
		w := startWriters(g, wait)
		time.Sleep(time.Second) // of writing
		m := g.Master()
		copies := countCopies(g)
		heal := fault.Do(g, m)
		at := time.Now()
		if wait && fault.Alone { // nothing can be acknowledged before the repair
			g.Within(60*time.Second, "the sentinels name another master", func() bool { n := g.Master(); return n != nil && n != m })
		} else if !w.writesAgain(at, 60*time.Second) {
			t.Fatalf("round %d, %s: no write for a minute: %s", round+1, fault.Name, g.State())
		}
		heal()
		healed := time.Now()
		if !w.writesAgain(healed, 60*time.Second) {
			t.Fatalf("round %d, %s: no write for a minute after the repair: %s", round+1, fault.Name, g.State())
		}
		time.Sleep(time.Until(healed.Add(10 * time.Second)))
		places := placesOf(g)
		g.Settle(60 * time.Second)
		took := time.Since(healed)
		w.end()
		first := w.pauseAfter(at)
		g.Equal(60 * time.Second)
		lost, example := w.lost(t, g.Master())
		copied := copies.since(g)
		r.add(first, took, places, len(w.acked), lost, copied)
		t.Logf("round %d, %s: longest pause %s, sound within %s of the repair, 10 s after it %v, %d acknowledged, %d lost %s, %d full copies", round+1, fault.Name,
			first.Round(time.Millisecond), took.Round(time.Millisecond), places, len(w.acked), lost, example, copied)
		if wait && lost > 0 && flavor == harness.Haypile {
			t.Errorf("%d acknowledged writes were lost, %s for one", lost, example)
		}
	}
}

func (r *result) add(first, heal time.Duration, places []string, acked, lost, copies int) {
	r.first, r.heal = append(r.first, first), append(r.heal, heal)
	r.acked, r.lost, r.copies = r.acked+acked, r.lost+lost, r.copies+copies
	if r.later == nil {
		r.later = map[string]int{}
	}
	for _, p := range places {
		r.later[p]++
	}
}

func placesOf(g *group.Group) (list []string) {
	m := g.Master()
	for _, n := range g.Nodes {
		list = append(list, g.Place(n, m))
	}
	return list
}

// copies is how many full copies each process had sent at a moment.
type copies map[string]int

func countCopies(g *group.Group) copies {
	c := copies{}
	for _, n := range g.Nodes {
		c[group.Info(n, "run_id")], _ = strconv.Atoi(group.Info(n, "sync_full"))
	}
	return c
}

// since counts those that have begun since; what a process sent that was killed in between is not known.
func (c copies) since(g *group.Group) (sum int) {
	for id, n := range countCopies(g) {
		sum += n - c[id]
	}
	return sum
}

func table(t *testing.T, flavor harness.Flavor, results []result) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n| drill | rounds | longest time without a write: median | max | sound after repair: max | nodes 10 s after the repair | acknowledged | lost | full copies |\n"+
		"|---|---|---|---|---|---|---|---|---|\n", flavor)
	for i, r := range results {
		if len(r.first) == 0 {
			continue
		}
		slices.Sort(r.first)
		var later []string
		for _, p := range slices.Sorted(maps.Keys(r.later)) {
			later = append(later, fmt.Sprintf("%s %d", p, r.later[p]))
		}
		fmt.Fprintf(&b, "| %s | %d | %.1f s | %.1f s | %.1f s | %s | %d | %d | %d |\n", group.Faults[i].Name, len(r.first), r.first[len(r.first)/2].Seconds(),
			r.first[len(r.first)-1].Seconds(), slices.Max(r.heal).Seconds(), strings.Join(later, ", "), r.acked, r.lost, r.copies)
	}
	t.Log(b.String())
}
