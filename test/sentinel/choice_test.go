package sentinel

import (
	"strconv"
	"testing"
	"time"

	"github.com/haypile/haypile/test/group"
	"github.com/haypile/haypile/test/harness"
)

// TestChoice: a node with replica-priority 0 is not promoted, and a replica of a replica gets what the new master writes. The node
// keeps its run_id until it is restarted.
func TestChoice(t *testing.T) {
	t.Parallel()
	g := group.Start(t, harness.Haypile)
	m := g.Master()
	never, other := g.Others(m)[0], g.Others(m)[1]
	never.Server.Client(t).MustDo(t, "CONFIG", "SET", "replica-priority", "0")
	chained := harness.Start(t, harness.Options{Args: []string{"--memory-budget", "128mb", "--replication-transport", "single", "--databases", "2"}})
	c := chained.Client(t)
	c.MustDo(t, "REPLICAOF", "127.0.0.1", never.Proxy.Port)
	m.Server.Client(t).MustDo(t, "SET", "k", "before")
	g.Within(30*time.Second, "the chained replica has the data", func() bool { r, err := c.Do("GET", "k"); return err == nil && r.Str == "before" })
	id, old := group.Info(other, "run_id"), group.Info(m, "run_id")
	for _, addr := range g.Sentinels { // they ask a sound replica every ten seconds
		g.Within(20*time.Second, "the sentinels see the priority", func() bool {
			r, _ := group.Ask(addr, "SENTINEL", "REPLICAS", group.MasterName)
			for _, e := range r.Elems {
				f := e.Strings()
				for i := 0; i+1 < len(f); i += 2 {
					if f[i] == "slave-priority" && f[i+1] == "0" {
						return true
					}
				}
			}
			return false
		})
	}
	g.Kill(m)
	g.Within(60*time.Second, "the sentinels name another master", func() bool { n := g.Master(); return n != nil && n != m })
	if g.Master() != other {
		t.Errorf("a node with replica-priority 0 was promoted")
	}
	g.Run(m)
	g.Settle(60 * time.Second)
	for i := range 100 {
		g.Master().Server.Client(t).MustDo(t, "SET", "after:"+strconv.Itoa(i), "v")
	}
	g.Within(30*time.Second, "the chained replica has what the new master has written", func() bool { return c.MustDo(t, "EXISTS", "after:99").Int == 1 })
	if now := group.Info(other, "run_id"); len(id) != 40 || now != id {
		t.Errorf("run_id was %q and is %q after a promotion", id, now)
	}
	if now := group.Info(m, "run_id"); now == old || len(now) != 40 {
		t.Errorf("run_id was %q and is %q after a restart", old, now)
	}
}
