package sentinel

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

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

func startWriters(g *group, wait bool) *writers {
	w := &writers{client: g.client(), wait: wait, stop: make(chan struct{})}
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
		return w.client.Set(background, key(n), n, 0).Err() == nil
	}
	conn := w.client.Conn()
	defer conn.Close()
	if conn.Set(background, key(n), n, 0).Err() != nil {
		return false
	}
	got, err := conn.Wait(background, 1, time.Second).Result()
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
func (w *writers) lost(t *testing.T, m *harness.Server) (lost int, example string) {
	c := m.Client(t)
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

// drill is one kind of fault. It returns what puts things right again, for after the first
// write that succeeds.
type drill struct {
	name string
	do   func(g *group, m *node) (heal func())
}

var drills = []drill{
	{"kill -9 of the master", func(g *group, m *node) func() {
		g.kill(m)
		return func() { g.start(m) }
	}},
	{"SIGSTOP of the master", func(g *group, m *node) func() {
		pid := m.server.Pid()
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
	}},
	{"partition of the master with a client", func(g *group, m *node) func() {
		m.proxy.Refuse(true)
		m.proxy.Cut()
		inside, err := harness.Dial(m.server.Addr())
		if err != nil {
			g.t.Fatal(err)
		}
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			defer inside.Close()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					_, _ = inside.Do("SET", fmt.Sprint("inside:", i%100), i)
					time.Sleep(5 * time.Millisecond)
				}
			}
		}()
		return func() {
			close(stop)
			<-done
			m.proxy.Refuse(false)
		}
	}},
	{"kill -9 of the master while a replica is being copied", func(g *group, m *node) func() {
		r := g.others(m)[0]
		g.kill(r)
		clear(g.t, r.server.DataDir())
		g.start(r)
		time.Sleep(150 * time.Millisecond)
		g.kill(m)
		return func() { g.start(m) }
	}},
	{"kill -9 of the master and a replica", func(g *group, m *node) func() {
		r := g.others(m)[0]
		g.kill(r)
		g.kill(m)
		return func() {
			g.start(r)
			g.start(m)
		}
	}},
	{"restart of everything", func(g *group, m *node) func() {
		for _, n := range g.nodes {
			g.kill(n)
		}
		for _, n := range g.nodes {
			g.start(n)
		}
		return func() {}
	}},
	{"SENTINEL FAILOVER", func(g *group, m *node) func() {
		c, err := harness.Dial(g.sentinels[0])
		if err != nil {
			g.t.Fatal(err)
		}
		defer c.Close()
		for range 20 {
			if r, err := c.Do("SENTINEL", "FAILOVER", masterName); err == nil && !r.IsError() {
				break
			}
			time.Sleep(500 * time.Millisecond)
		}
		for end := time.Now().Add(30 * time.Second); g.master() == m && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		return func() {}
	}},
}

func (g *group) others(m *node) (list []*node) {
	for _, n := range g.nodes {
		if n != m {
			list = append(list, n)
		}
	}
	return list
}

func clear(t *testing.T, dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
}

// result is what came of the rounds of one drill.
type result struct {
	first []time.Duration
	heal  []time.Duration
	lost  int
	acked int
	syncs int
}

// TestDrills: after each fault a write succeeds soon, the group heals by itself, all nodes
// have the same data, and no acknowledged write is lost where that is promised.
func TestDrills(t *testing.T) {
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	if s := os.Getenv("DRILL_ROUNDS"); s != "" {
		rounds, _ = strconv.Atoi(s)
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
		{"WAIT 1 and min-replicas-to-write 1", true, []string{"--min-replicas-to-write", "1", "--min-replicas-max-lag", "4"}},
		{"plain writes", false, nil},
	} {
		t.Run(mode.name, func(t *testing.T) {
			run(t, flavor, rounds, mode.wait, mode.args)
		})
	}
}

func run(t *testing.T, flavor harness.Flavor, rounds int, wait bool, args []string) {
	g := startGroup(t, flavor, args...)
	rnd := rand.New(rand.NewPCG(1, 1))
	order := rnd.Perm(len(drills))
	results := make([]result, len(drills))
	for round := range rounds {
		i := order[round%len(order)]
		if wait && strings.Contains(drills[i].name, "and a replica") {
			continue // with two of three gone nothing can be acknowledged
		}
		r := &results[i]
		w := startWriters(g, wait)
		time.Sleep(time.Second)
		m := g.master()
		before := g.fullSyncs()
		heal := drills[i].do(g, m)
		at := time.Now()
		if !w.writesAgain(at, 60*time.Second) {
			t.Fatalf("round %d, %s: no write for a minute: %s", round, drills[i].name, g.state())
		}
		if wait && strings.HasPrefix(drills[i].name, "partition") {
			time.Sleep(time.Second)
		}
		heal()
		healed := time.Now()
		g.settle(60 * time.Second)
		r.heal = append(r.heal, time.Since(healed))
		w.end()
		first := w.pauseAfter(at)
		g.equal(30 * time.Second)
		lost, example := w.lost(t, g.master().server)
		r.first, r.lost, r.acked = append(r.first, first), r.lost+lost, r.acked+len(w.acked)
		r.syncs += max(0, g.fullSyncs()-before)
		t.Logf("round %d, %s: longest pause %s, sound %s after the repair, %d acknowledged, %d lost %s", round+1, drills[i].name,
			first.Round(time.Millisecond), r.heal[len(r.heal)-1].Round(time.Millisecond), len(w.acked), lost, example)
		if wait && lost > 0 && flavor == harness.Haypile {
			t.Errorf("%d acknowledged writes were lost, %s for one", lost, example)
		}
	}
	table(t, results)
}

func (g *group) fullSyncs() (n int) {
	for _, x := range g.nodes {
		k, _ := strconv.Atoi(info(x.server, "sync_full"))
		n += k
	}
	return n
}

func table(t *testing.T, results []result) {
	var b strings.Builder
	b.WriteString("\n| drill | rounds | longest time without a write: median | max | sound after repair: max | acknowledged | lost | full syncs |\n|---|---|---|---|---|---|---|---|\n")
	for i, r := range results {
		if len(r.first) == 0 {
			continue
		}
		slices.Sort(r.first)
		fmt.Fprintf(&b, "| %s | %d | %.1f s | %.1f s | %.1f s | %d | %d | %d |\n", drills[i].name, len(r.first), r.first[len(r.first)/2].Seconds(),
			r.first[len(r.first)-1].Seconds(), slices.Max(r.heal).Seconds(), r.acked, r.lost, r.syncs)
	}
	t.Log(b.String())
}
