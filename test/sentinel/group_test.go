package sentinel

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/harness"
)

const (
	masterName = "drill"
	downAfter  = 2000 // ms
)

// node is a server behind its proxy.
type node struct {
	server *harness.Server
	proxy  *harness.Proxy
	args   []string
}

// group is three nodes and their sentinels.
type group struct {
	t         *testing.T
	flavor    harness.Flavor
	nodes     []*node
	sentinels []string // addresses
}

func startGroup(t *testing.T, flavor harness.Flavor, args ...string) *group {
	g := &group{t: t, flavor: flavor}
	for range 3 {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		p := harness.StartProxy(t, "127.0.0.1:"+strconv.Itoa(port))
		n := &node{proxy: p}
		n.args = append([]string{"--replica-announce-ip", "127.0.0.1", "--replica-announce-port", strconv.Itoa(p.Port), "--repl-timeout", "10",
			"--repl-ping-replica-period", "1"}, args...)
		if flavor == harness.Haypile {
			n.args = append(n.args, "--enable-debug-command", "yes", "--memory-budget", "128mb", "--replication-transport", "single", "--databases", "2")
		} else {
			n.args = append(n.args, "--appendonly", "yes", "--save", "", "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes")
		}
		n.server = harness.Start(t, harness.Options{Flavor: flavor, Port: port, Args: n.args})
		g.nodes = append(g.nodes, n)
	}
	for _, n := range g.nodes[1:] {
		n.server.Client(t).MustDo(t, "REPLICAOF", "127.0.0.1", g.nodes[0].proxy.Port)
	}
	for range 3 {
		g.sentinels = append(g.sentinels, startSentinel(t, g.nodes[0].proxy.Port))
	}
	g.settle(30 * time.Second)
	for begin := time.Now(); !g.known(); time.Sleep(100 * time.Millisecond) {
		if time.Since(begin) > 60*time.Second {
			t.Fatal("the sentinels do not find the replicas, or one another")
		}
	}
	return g
}

// known says that every sentinel knows both replicas and both other sentinels: one that is not known
// is not told of a failover.
func (g *group) known() bool {
	for _, addr := range g.sentinels {
		c, err := harness.Dial(addr)
		if err != nil {
			return false
		}
		r, err := c.Do("SENTINEL", "MASTER", masterName)
		c.Close()
		if err != nil {
			return false
		}
		f := map[string]string{}
		for i := 0; i+1 < len(r.Elems); i += 2 {
			f[r.Elems[i].Str] = r.Elems[i+1].Str
		}
		if f["num-slaves"] != "2" || f["num-other-sentinels"] != "2" {
			return false
		}
	}
	return true
}

func startSentinel(t *testing.T, master int) string {
	bin := harness.Need(t, "redis-sentinel")
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %d\ndir %s\nsentinel monitor %s 127.0.0.1 %d 2\nsentinel down-after-milliseconds %s %d\nsentinel failover-timeout %s 6000\nsentinel parallel-syncs %s 2\n",
		port, dir, masterName, master, masterName, downAfter, masterName, masterName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, path)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		log.Close()
	})
	return "127.0.0.1:" + strconv.Itoa(port)
}

func (g *group) client() *redis.Client {
	return redis.NewFailoverClient(&redis.FailoverOptions{MasterName: masterName, SentinelAddrs: g.sentinels, DialTimeout: time.Second,
		ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, MaxRetries: -1, PoolSize: 8})
}

// master is the node that the sentinels name, or nil.
func (g *group) master() *node {
	votes := map[string]int{}
	for _, addr := range g.sentinels {
		c, err := harness.Dial(addr)
		if err != nil {
			continue
		}
		if r, err := c.Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName); err == nil && len(r.Elems) == 2 {
			votes[r.Elems[1].Str]++
		}
		c.Close()
	}
	for _, n := range g.nodes {
		if votes[strconv.Itoa(n.proxy.Port)] >= 2 {
			return n
		}
	}
	return nil
}

func info(s *harness.Server, field string) string {
	c, err := harness.Dial(s.Addr())
	if err != nil {
		return ""
	}
	defer c.Close()
	r, err := c.Do("INFO", "everything")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(r.Str) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name == field {
			return value
		}
	}
	return ""
}

// state is "" when there is one master, which the sentinels name, and all others follow it and
// have its data.
func (g *group) state() string {
	m := g.master()
	if m == nil {
		return "the sentinels do not agree on a master"
	}
	if role := info(m.server, "role"); role != "master" {
		return "the named master is a " + role
	}
	for i, n := range g.nodes {
		if n == m {
			continue
		}
		switch {
		case info(n.server, "role") != "slave":
			return fmt.Sprintf("node %d is no replica (%q)", i, info(n.server, "role"))
		case info(n.server, "master_port") != strconv.Itoa(m.proxy.Port):
			return fmt.Sprintf("node %d follows another", i)
		case info(n.server, "master_link_status") != "up":
			return fmt.Sprintf("node %d: link %s %s %s", i, info(n.server, "master_link_status"), info(n.server, "repl_connect_reason"), info(n.server, "repl_db0"))
		}
	}
	return ""
}

// settle waits for a sound state and returns how long that took.
func (g *group) settle(limit time.Duration) time.Duration {
	g.t.Helper()
	begin := time.Now()
	for {
		s := g.state()
		if s == "" {
			return time.Since(begin)
		}
		if time.Since(begin) > limit {
			g.t.Fatalf("not sound within %s: %s", limit, s)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// equal waits until all nodes have the same data; nobody may be writing.
func (g *group) equal(limit time.Duration) {
	g.t.Helper()
	begin := time.Now()
	for {
		var digests []string
		for _, n := range g.nodes {
			c, err := harness.Dial(n.server.Addr())
			if err != nil {
				g.t.Fatal(err)
			}
			r, err := c.Do("DEBUG", "DIGEST")
			if err != nil {
				g.t.Fatal(err)
			}
			digests = append(digests, r.Str)
			c.Close()
		}
		if digests[0] == digests[1] && digests[1] == digests[2] {
			return
		}
		if time.Since(begin) > limit {
			g.t.Fatalf("the data differs after %s: %v", limit, digests)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (g *group) kill(n *node) {
	if err := n.server.Kill(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *group) start(n *node) {
	if !n.server.Alive() {
		if err := n.server.StartOnly(); err != nil {
			g.t.Fatal(err)
		}
	}
}

var background = context.Background()
