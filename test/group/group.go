// Package group runs what failover tests share: three servers, each behind a proxy whose address it announces, three unmodified
// redis-sentinels, and faults that make them fail over.
//
// Promises: what it starts ends with the test; a wait has a limit, and says what was missing when it is over; a [Fault] has taken
// effect when it returns.
package group

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/harness"
)

const (
	// MasterName is what the sentinels call the group.
	MasterName = "drill"
	// DownAfter is after how many milliseconds a server that does not answer counts as down.
	DownAfter = 2000
)

// Safe are the parameters with which a master that is cut off accepts nothing after a few seconds.
var Safe = []string{"--min-replicas-to-write", "1", "--min-replicas-max-lag", "4"}

// Node is a server behind its proxy.
type Node struct {
	Server *harness.Server
	Proxy  *harness.Proxy
}

// Addr is where clients, replicas and sentinels find the node.
func (n *Node) Addr() string { return "127.0.0.1:" + strconv.Itoa(n.Proxy.Port) }

// Group is three nodes and their sentinels.
type Group struct {
	Nodes     []*Node
	Sentinels []string // addresses

	t      testing.TB
	flavor harness.Flavor
}

// Start starts a group whose sentinels know everybody. args are for every server.
func Start(t testing.TB, flavor harness.Flavor, args ...string) *Group {
	t.Helper()
	g := &Group{t: t, flavor: flavor}
	for range 3 {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		n := &Node{Proxy: harness.StartProxy(t, "127.0.0.1:"+strconv.Itoa(port))}
		all := append([]string{"--replica-announce-ip", "127.0.0.1", "--replica-announce-port", strconv.Itoa(n.Proxy.Port), "--repl-timeout", "10",
			"--repl-ping-replica-period", "1", "--enable-debug-command", "yes"}, args...)
		if flavor == harness.Haypile {
			all = append(all, "--memory-budget", "128mb", "--replication-transport", "single", "--databases", "2")
		} else {
			all = append(all, "--appendonly", "yes", "--save", "", "--repl-diskless-sync-delay", "0")
		}
		n.Server = harness.Start(t, harness.Options{Flavor: flavor, Port: port, Config: "# of a drill\n", Args: all})
		g.Nodes = append(g.Nodes, n)
	}
	for _, n := range g.Nodes[1:] {
		n.Server.Client(t).MustDo(t, "REPLICAOF", "127.0.0.1", g.Nodes[0].Proxy.Port)
	}
	for _, n := range g.Nodes {
		n.Server.Client(t).MustDo(t, "CONFIG", "REWRITE") // as an administrator would have written it
	}
	for range 3 {
		g.Sentinels = append(g.Sentinels, startSentinel(t, g.Nodes[0].Proxy.Port))
	}
	g.Settle(60 * time.Second)
	g.Within(60*time.Second, "the sentinels know everybody", g.known)
	return g
}

// known says that every sentinel knows both other sentinels and both replicas, and has asked these: one that is not known
// is not told of a failover, and one that was never asked is not promoted.
func (g *Group) known() bool {
	for _, addr := range g.Sentinels {
		if f := masterOf(addr); f["num-slaves"] != "2" || f["num-other-sentinels"] != "2" {
			return false
		}
		if Asked(addr, MasterName) != 2 {
			return false
		}
	}
	return true
}

// Asked is how many replicas a sentinel has asked and found to follow. Of those that it only has heard of from their master it shows
// nothing but defaults.
func Asked(sentinel, master string) (n int) {
	r, err := Ask(sentinel, "SENTINEL", "REPLICAS", master)
	if err != nil {
		return 0
	}
	for _, replica := range r.Elems {
		f := map[string]string{}
		words := replica.Strings()
		for i := 0; i+1 < len(words); i += 2 {
			f[words[i]] = words[i+1]
		}
		if f["info-refresh"] != "0" && f["master-link-status"] == "ok" {
			n++
		}
	}
	return n
}

// masterOf is what a sentinel knows of the group's master, nil if it does not answer.
func masterOf(sentinel string) map[string]string {
	r, err := Ask(sentinel, "SENTINEL", "MASTER", MasterName)
	if err != nil {
		return nil
	}
	f := map[string]string{}
	for i := 0; i+1 < len(r.Elems); i += 2 {
		f[r.Elems[i].Str] = r.Elems[i+1].Str
	}
	return f
}

func startSentinel(t testing.TB, master int) string {
	bin := harness.Need(t, "redis-sentinel")
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %d\ndir %s\nsentinel monitor %[3]s 127.0.0.1 %d 2\nsentinel down-after-milliseconds %[3]s %[5]d\n"+
		"sentinel failover-timeout %[3]s 6000\nsentinel parallel-syncs %[3]s 2\n", port, dir, MasterName, master, DownAfter)
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
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the log of sentinel %d:\n%s", port, text)
		}
	})
	return "127.0.0.1:" + strconv.Itoa(port)
}

// Ask sends one command over a connection of its own.
func Ask(addr string, args ...any) (harness.Reply, error) {
	c, err := harness.Dial(addr)
	if err != nil {
		return harness.Reply{}, err
	}
	defer c.Close()
	r, err := c.Do(args...)
	if err == nil && r.IsError() {
		err = r.Err()
	}
	return r, err
}

// Client is go-redis's failover client, which retries nothing by itself.
func (g *Group) Client() *redis.Client {
	return redis.NewFailoverClient(&redis.FailoverOptions{MasterName: MasterName, SentinelAddrs: g.Sentinels, DialTimeout: time.Second,
		ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, MaxRetries: -1, PoolSize: 8})
}

// Master is the node that two sentinels name, or nil.
func (g *Group) Master() *Node {
	votes := map[string]int{}
	for _, addr := range g.Sentinels {
		if r, err := Ask(addr, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName); err == nil && len(r.Elems) == 2 {
			votes[r.Elems[1].Str]++
		}
	}
	for _, n := range g.Nodes {
		if votes[strconv.Itoa(n.Proxy.Port)] >= 2 {
			return n
		}
	}
	return nil
}

// Others are the nodes besides one.
func (g *Group) Others(m *Node) []*Node {
	return slices.DeleteFunc(slices.Clone(g.Nodes), func(n *Node) bool { return n == m })
}

// Info is a field of a node's INFO, or "" when it does not answer.
func Info(n *Node, field string) string {
	r, err := Ask(n.Server.Addr(), "INFO", "everything")
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

// Place is what a node is when m is the master that the sentinels name.
func (g *Group) Place(n, m *Node) string {
	switch role := Info(n, "role"); {
	case role == "":
		return "silent"
	case n == m && role == "master":
		return "master"
	case role == "master":
		return "second master"
	case n == m:
		return "named master, but a replica"
	case Info(n, "master_port") != strconv.Itoa(m.Proxy.Port):
		return "follows another"
	case Info(n, "master_link_status") != "up":
		return "not linked"
	}
	return "follows"
}

// State is "" when there is one master, which the sentinels name, all others follow it, and the sentinels are done: one that
// has not ended its failover when the next one begins takes the epoch of that one for its own and contradicts the others
// from then on (so it is with redis-server, too).
func (g *Group) State() string {
	m := g.Master()
	if m == nil {
		return "the sentinels do not agree on a master"
	}
	for i, addr := range g.Sentinels {
		if f := masterOf(addr); f == nil || strings.Contains(f["flags"], "failover_in_progress") {
			return fmt.Sprintf("sentinel %d has not ended its failover", i)
		}
	}
	for i, n := range g.Nodes {
		if p := g.Place(n, m); p != "master" && p != "follows" {
			return fmt.Sprintf("node %d: %s %s %s", i, p, Info(n, "repl_connect_reason"), Info(n, "repl_database_0"))
		}
	}
	return ""
}

// Settle waits for a sound state and returns how long that took.
func (g *Group) Settle(limit time.Duration) time.Duration {
	g.t.Helper()
	begin := time.Now()
	last := ""
	for last = g.State(); last != ""; last = g.State() {
		if time.Since(begin) > limit {
			g.t.Fatalf("not sound within %s: %s", limit, last)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(begin)
}

// Within waits for a condition.
func (g *Group) Within(limit time.Duration, what string, holds func() bool) {
	g.t.Helper()
	for begin := time.Now(); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > limit {
			g.t.Fatalf("not within %s: %s (%s)", limit, what, g.State())
		}
	}
}

// Equal waits until all nodes have the same data; nobody may be writing.
func (g *Group) Equal(limit time.Duration) {
	g.t.Helper()
	var digests []string
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		digests = digests[:0]
		for _, n := range g.Nodes {
			c := Patient(g.t, n)
			digests = append(digests, c.MustDo(g.t, "DEBUG", "DIGEST").Str)
			c.Close()
		}
		if digests[0] == digests[1] && digests[1] == digests[2] {
			return
		}
		if time.Since(begin) > limit {
			g.t.Fatalf("the data differs after %s: %v", limit, digests)
		}
	}
}

// Patient is a connection to a node past its proxy, on which commands may take long.
func Patient(t testing.TB, n *Node) *harness.Client {
	t.Helper()
	c, err := harness.Dial(n.Server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = 2 * time.Minute
	t.Cleanup(func() { c.Close() })
	return c
}

// Kill is kill -9.
func (g *Group) Kill(n *Node) {
	if err := n.Server.Kill(); err != nil {
		g.t.Fatal(err)
	}
}

// Run starts a node that does not run.
func (g *Group) Run(n *Node) {
	if !n.Server.Alive() {
		if err := n.Server.StartOnly(); err != nil {
			g.t.Fatal(err)
		}
	}
}

// Background is for clients that have deadlines of their own.
var Background = context.Background()
