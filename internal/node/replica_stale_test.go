package node_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// Data of a server's own is served as long as nothing is put in its place, as in Redis.
func TestAReplicaServesItsOwnDataUntilACopyIsThere(t *testing.T) {
	free, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	masterAddr, addr := startForTest(t), startForTest(t)
	m, c := dial(t, masterAddr), dial(t, addr)
	m.MustDo(t, "SET", "k", strings.Repeat("new", 1<<20))
	c.MustDo(t, "SET", "k", "old")
	c.MustDo(t, "REPLICAOF", "127.0.0.1", strconv.Itoa(free))
	says(t, c, "old", "GET", "k")
	c.MustDo(t, "SELECT", "1")
	says(t, c, "(nil)", "GET", "k") // there was nothing when it was a master
	c.MustDo(t, "SELECT", "0")
	c.MustDo(t, "CONFIG", "SET", "replica-serve-stale-data", "no")
	says(t, c, "MASTERDOWN", "GET", "k")

	// A master whose history is another one: the link is up and a copy is on its way, at a crawl.
	slow := harness.StartProxy(t, masterAddr)
	slow.Rate(64 << 10)
	c.MustDo(t, "CONFIG", "SET", "replication-transport", "single")
	c.MustDo(t, "REPLICAOF", "127.0.0.1", strconv.Itoa(slow.Port))
	until(t, "a copy is on its way", func() bool {
		return infoField(c.MustDo(t, "INFO", "replication").Str, "master_sync_in_progress") == "1"
	})
	says(t, c, "MASTERDOWN", "GET", "k")
	c.MustDo(t, "CONFIG", "SET", "replica-serve-stale-data", "yes")
	says(t, c, "old", "GET", "k")
	if p := infoField(c.MustDo(t, "INFO", "replication").Str, "slave_priority"); p != "0" {
		t.Errorf("it may be promoted: slave_priority %s", p)
	}
	slow.Rate(0)
	until(t, "the copy is there", func() bool { return strings.HasPrefix(c.MustDo(t, "GET", "k").Str, "new") })
	if n := infoField(m.MustDo(t, "INFO", "stats").Str, "sync_full"); n != "1" {
		t.Errorf("one replica was served a copy: sync_full %s", n)
	}

	// A second one shares the snapshot, and counts.
	other := dial(t, startForTest(t))
	other.MustDo(t, "SET", "k", "old")
	followAddr(t, other, masterAddr)
	until(t, "the second copy is there", func() bool { return strings.HasPrefix(other.MustDo(t, "GET", "k").Str, "new") })
	if n := infoField(m.MustDo(t, "INFO", "stats").Str, "sync_full"); n != "2" {
		t.Errorf("two replicas were served copies: sync_full %s", n)
	}
}

// The link to the master is listed and can be ended, as in Redis, and is made anew then.
func TestTheLinkToTheMasterIsAClient(t *testing.T) {
	masterAddr, addr := startForTest(t), startForTest(t, "--timeout", "1")
	c := dial(t, addr)
	if list := c.MustDo(t, "CLIENT", "LIST", "TYPE", "master").Str; list != "" {
		t.Errorf("a master lists %q", list)
	}
	followAddr(t, c, masterAddr)
	linked := func() bool {
		return infoField(c.MustDo(t, "INFO", "replication").Str, "master_link_status") == "up"
	}
	until(t, "the link is up", linked)
	list := c.MustDo(t, "CLIENT", "LIST", "TYPE", "master").Str
	if !strings.Contains(list, " flags=M ") || !strings.Contains(list, "user=(superuser)") || strings.Count(list, "\n") != 1 {
		t.Errorf("listed is %q", list)
	}
	id := strings.Fields(list)[0]
	if !strings.Contains(c.MustDo(t, "CLIENT", "LIST").Str, id+" ") {
		t.Error("CLIENT LIST has it not")
	}
	if n := c.MustDo(t, "CLIENT", "KILL", "TYPE", "normal").Int; n != 0 {
		t.Errorf("%d normal clients besides this one", n)
	}
	if n := c.MustDo(t, "CLIENT", "KILL", "TYPE", "master").Int; n != 1 {
		t.Errorf("%d links were ended", n)
	}
	until(t, "there is another link", func() bool {
		list := c.MustDo(t, "CLIENT", "LIST", "TYPE", "master").Str
		return list != "" && !strings.HasPrefix(list, id+" ") && linked()
	})
	c.MustDo(t, "REPLICAOF", "NO", "ONE")
	until(t, "nothing is left", func() bool { return c.MustDo(t, "CLIENT", "LIST", "TYPE", "master").Str == "" })
}

func TestAServerIsNotItsOwnMaster(t *testing.T) {
	addr := startForTest(t, "--replica-announce-ip", "db.example", "--replica-announce-port", "7000")
	c := dial(t, addr)
	_, port, _ := net.SplitHostPort(addr)
	for _, name := range []string{"127.0.0.1 " + port, "localhost " + port, "0.0.0.0 " + port, "db.example 7000", "DB.Example 7000"} {
		host, port, _ := strings.Cut(name, " ")
		for _, word := range []string{"REPLICAOF", "SLAVEOF"} {
			says(t, c, "is this server itself", word, host, port)
		}
	}
	if role := c.MustDo(t, "ROLE").Elems[0].Str; role != "master" {
		t.Errorf("it is a %s", role)
	}
	c.MustDo(t, "REPLICAOF", "127.0.0.2", port) // another server may have the port there
	c.MustDo(t, "REPLICAOF", "127.0.0.1", fmt.Sprint(1))
}

// What has never had data is promoted by nobody.
func TestAnEmptyReplicaIsNotEligible(t *testing.T) {
	c := dial(t, startForTest(t, "--replicaof", "127.0.0.1 1"))
	says(t, c, "LOADING", "GET", "k")
	text := c.MustDo(t, "INFO", "replication").Str
	if infoField(text, "slave_priority") != "0" || infoField(text, "is_eligible_for_master_election") != "false" {
		t.Error(text)
	}
}

// Two servers that follow each other have links that are up, and take no writes: they say so.
func TestACircleIsNoticed(t *testing.T) {
	one, two := startForTest(t), startForTest(t)
	a, b := dial(t, one), dial(t, two)
	followAddr(t, a, two)
	until(t, "the first link is up", func() bool {
		return infoField(a.MustDo(t, "INFO", "replication").Str, "master_link_status") == "up"
	})
	if text := a.MustDo(t, "INFO", "replication").Str; strings.Contains(text, "repl_circle") {
		t.Error(text)
	}
	followAddr(t, b, one)
	for _, c := range []*harness.Client{a, b} {
		until(t, "both say so", func() bool {
			return strings.Contains(infoField(c.MustDo(t, "INFO", "replication").Str, "repl_circle"), "REPLICAOF NO ONE")
		})
	}
	b.MustDo(t, "REPLICAOF", "NO", "ONE")
	until(t, "it is over", func() bool { return !strings.Contains(a.MustDo(t, "INFO", "replication").Str, "repl_circle") })
}
