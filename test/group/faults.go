package group

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// Fault is something that happens to a group.
type Fault struct {
	Name string
	// Do makes it happen to the master m. heal puts right what is left of it, and is to be called when writes
	// succeed again, or, with Alone, when the sentinels have named another master.
	Do func(g *Group, m *Node) (heal func())
	// Alone: no replica is left, so that a write that waits for one succeeds only after heal.
	Alone bool
	// Copies: it makes a replica copy everything.
	Copies bool
}

// Faults are all of them.
var Faults = []Fault{
	{Name: "kill -9 of the master", Do: killMaster},
	{Name: "SIGSTOP of the master", Do: stopMaster},
	{Name: "partition of the master with a client", Do: partition},
	{Name: "kill -9 of the master while a replica is being copied", Do: killWhileCopying, Copies: true},
	{Name: "kill -9 of the master and a replica", Do: killTwo, Alone: true},
	{Name: "restart of everything", Do: restartAll},
	{Name: "SENTINEL FAILOVER", Do: sentinelFailover},
}

func killMaster(g *Group, m *Node) func() {
	g.Kill(m)
	return func() { g.Run(m) }
}

func stopMaster(_ *Group, m *Node) func() {
	pid := m.Server.Pid()
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

// partition leaves a client that writes on the master's side.
func partition(g *Group, m *Node) func() {
	m.Proxy.Refuse(true)
	m.Proxy.Cut()
	inside := Patient(g.t, m)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				_, _ = inside.Do("SET", fmt.Sprint("inside:", i%100), i)
			}
		}
	}()
	return func() {
		close(stop)
		<-done
		m.Proxy.Refuse(false)
	}
}

// killWhileCopying kills the master when half of a copy is at a replica that has nothing else. That replica must not
// become the master. The other one is given time for what the first may have confirmed before it lost everything: whoever
// asked for one replica is not promised that two losses do no harm.
func killWhileCopying(g *Group, m *Node) func() {
	r := g.Others(m)[0]
	g.fill(m)
	slow := []any{"CONFIG", "SET", "throttle-bytes-per-second", 8 << 20}
	if g.flavor == harness.Redis {
		slow = []any{"CONFIG", "SET", "rdb-key-save-delay", 500}
	}
	if _, err := Ask(m.Server.Addr(), slow...); err != nil {
		g.t.Fatal(err)
	}
	g.Kill(r)
	confirmed := g.offset(m, "master_repl_offset")
	for _, n := range g.Others(m) {
		if n != r {
			g.Within(60*time.Second, "the other replica has what the first had", func() bool { return g.offset(n, "slave_repl_offset") >= confirmed })
		}
	}
	clear(g.t, r.Server.DataDir())
	g.Run(r)
	g.Within(60*time.Second, "a copy is under way", func() bool { return Info(r, "master_sync_in_progress") == "1" })
	if p := Info(r, "slave_priority"); g.flavor == harness.Haypile && p != "0" {
		g.t.Errorf("a replica that is being copied has slave_priority %s, want 0", p)
	}
	g.Kill(m)
	return func() {
		if g.flavor == harness.Haypile && g.Master() == r {
			g.t.Error("a replica with an incomplete copy was promoted")
		}
		g.Run(m)
	}
}

// offset is 0 where the node does not say.
func (g *Group) offset(n *Node, field string) int {
	offset, _ := strconv.Atoi(Info(n, field))
	return offset
}

const (
	fillKeys  = 6000
	fillBytes = 8 << 10
)

// fill gives the group more data than a replica would rather read from the log.
func (g *Group) fill(m *Node) {
	c := Patient(g.t, m)
	defer c.Close()
	if c.MustDo(g.t, "EXISTS", "fill:"+strconv.Itoa(fillKeys-1)).Int == 1 {
		return
	}
	value := strings.Repeat("fill", fillBytes/4)
	for i := 0; i < fillKeys; {
		var batch [][]string
		for ; len(batch) < 100; i++ {
			batch = append(batch, []string{"SET", "fill:" + strconv.Itoa(i), strconv.Itoa(i) + value})
		}
		replies, err := c.Pipeline(batch)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, r := range replies {
			if r.IsError() {
				g.t.Fatalf("fill: %v", r)
			}
		}
	}
}

func clear(t testing.TB, dir string) {
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

func killTwo(g *Group, m *Node) func() {
	r := g.Others(m)[0]
	g.Kill(r)
	g.Kill(m)
	return func() {
		g.Run(r)
		g.Run(m)
	}
}

func restartAll(g *Group, _ *Node) func() {
	for _, n := range g.Nodes {
		g.Kill(n)
	}
	for _, n := range g.Nodes {
		g.Run(n)
	}
	return func() {}
}

// sentinelFailover is a change of the master by hand. It returns when the sentinels name the new one.
func sentinelFailover(g *Group, m *Node) func() {
	g.Within(30*time.Second, "SENTINEL FAILOVER is accepted", func() bool {
		_, err := Ask(g.Sentinels[0], "SENTINEL", "FAILOVER", MasterName)
		return err == nil
	})
	g.Within(60*time.Second, "the sentinels name another master", func() bool { n := g.Master(); return n != nil && n != m })
	return func() {}
}
