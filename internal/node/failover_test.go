package node_test

import (
	"net"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// While FAILOVER waits for a replica that has gone, REPLICAOF would copy another master's data, to which that replica's
// position then means something else. As in Redis, the order that came first decides.
func TestReplicaofWhileFailingOver(t *testing.T) {
	master, other := startForTest(t), startForTest(t)
	b, replica := start(t, vfs.Default, t.TempDir())
	m, r := dial(t, master), dial(t, replica)
	host, port, _ := net.SplitHostPort(master)
	_, replicaPort, _ := net.SplitHostPort(replica)
	_, otherPort, _ := net.SplitHostPort(other)
	m.MustDo(t, "SET", "k", "v")
	r.MustDo(t, "REPLICAOF", host, port)
	await(t, func() bool { v, _ := r.Do("GET", "k"); return v.Str == "v" })
	await(t, func() bool { return strings.Contains(m.MustDo(t, "INFO", "replication").Str, "connected_slaves:1\r\n") })
	if reply, _ := m.Do("FAILOVER", "TO", host, otherPort); !strings.HasPrefix(reply.Str, "ERR FAILOVER target HOST and PORT is not a replica") {
		t.Errorf("FAILOVER to a stranger: %s", reply)
	}
	defer b.Close()
	reach := dial(t, replica)
	reach.MustDo(t, "DBSLAVEOF", "db0", "no", "one") // so that it does not catch up
	m.MustDo(t, "SET", "later", "v")
	m.MustDo(t, "FAILOVER", "TO", host, replicaPort)
	for _, args := range [][]any{{"REPLICAOF", host, otherPort}, {"REPLICAOF", "NO", "ONE"}} {
		if reply, _ := m.Do(args...); reply.Str != "ERR REPLICAOF not allowed while failing over." {
			t.Errorf("%v while failing over: %s", args, reply)
		}
	}
	if info := m.MustDo(t, "INFO", "replication").Str; !strings.Contains(info, "role:master\r\n") ||
		!strings.Contains(info, "master_failover_state:waiting-for-sync\r\n") {
		t.Errorf("INFO says\n%s", info)
	}
	m.MustDo(t, "FAILOVER", "ABORT")
	await(t, func() bool {
		return strings.Contains(m.MustDo(t, "INFO", "replication").Str, "master_failover_state:no-failover\r\n")
	})
	m.MustDo(t, "SET", "again", "v") // writes are open again
	m.MustDo(t, "REPLICAOF", host, otherPort)
	await(t, func() bool {
		return strings.Contains(m.MustDo(t, "INFO", "replication").Str, "master_link_status:up\r\n")
	})
}
