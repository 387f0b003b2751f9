package node_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// While a replica's disk is full, its database is in the state of an error with a reason and pauses that grow; the link stays up, nothing is
// sent in vain, and when there is space it goes on by itself, without a copy.
func TestAFullDiskOfAReplicaBacksOff(t *testing.T) {
	masterAddr, replicaAddr := startForTest(t), startForTest(t)
	m, r := dial(t, masterAddr), dial(t, replicaAddr)
	_, port, _ := strings.Cut(masterAddr, ":")
	m.MustDo(t, "SET", "k", "0")
	r.MustDo(t, "REPLICAOF", "127.0.0.1", port)
	until(t, "the replica follows", func() bool { reply, err := r.Do("GET", "k"); return err == nil && reply.Str == "0" })
	info := func() string { return r.MustDo(t, "INFO", "replication").Str }
	counted := func(name string) int {
		n, _ := strconv.Atoi(infoField(m.MustDo(t, "INFO", "stats").Str, name))
		return n
	}
	copies := counted("sync_full")

	r.MustDo(t, "CONFIG", "SET", "disk-resume-writes-free", "9000gb", "disk-stop-writes-free", "8000gb")
	until(t, "the guard closes", func() bool { return strings.Contains(r.MustDo(t, "INFO").Str, "disk_writes_stopped:1") })
	m.MustDo(t, "SET", "k", "1")
	until(t, "an error with a reason", func() bool {
		line := infoField(info(), "repl_database_0")
		return strings.Contains(line, "state=error") && strings.Contains(line, "disk")
	})
	asked := counted("sync_partial_ok")
	value := strings.Repeat("v", 1<<20)
	for begin, sent := time.Now(), 0; time.Since(begin) < 3*time.Second; time.Sleep(100 * time.Millisecond) {
		if sent++; sent <= 8 {
			m.MustDo(t, "SET", "big", value)
		}
		if !strings.Contains(info(), "repl_connect_status:connected") {
			t.Fatal("the link is given up")
		}
	}
	if n := counted("sync_partial_ok") - asked; n > 4 {
		t.Errorf("it asked %d times within three seconds", n)
	}
	// For a moment after each question it streams.
	until(t, "the master does not count it as good", func() bool {
		return !strings.Contains(infoField(m.MustDo(t, "INFO", "replication").Str, "slave0"), "state=online")
	})
	r.MustDo(t, "CONFIG", "SET", "disk-stop-writes-free", "1mb", "disk-resume-writes-free", "2mb")
	until(t, "it goes on by itself", func() bool {
		return r.MustDo(t, "GET", "k").Str == "1" && len(r.MustDo(t, "GET", "big").Str) == len(value)
	})
	if n := counted("sync_full") - copies; n != 0 {
		t.Errorf("it needed %d copies", n)
	}
}
