package node_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// A link that has become silent while new connections pass is made anew long before repl-timeout, and without a copy.
func TestASilentLinkIsMadeAnew(t *testing.T) {
	masterAddr, replicaAddr := startForTest(t), startForTest(t, "--replication-transport", "single")
	m, r := dial(t, masterAddr), dial(t, replicaAddr)
	p := harness.StartProxy(t, masterAddr)
	m.MustDo(t, "SET", "k", "0")
	r.MustDo(t, "REPLICAOF", "127.0.0.1", fmt.Sprint(p.Port))
	until(t, "the replica follows", func() bool { reply, err := r.Do("GET", "k"); return err == nil && reply.Str == "0" })
	copies := infoField(m.MustDo(t, "INFO", "stats").Str, "sync_full")
	p.Strand()
	begin := time.Now()
	m.MustDo(t, "SET", "k", "1")
	until(t, "it goes on over a new link", func() bool { return r.MustDo(t, "GET", "k").Str == "1" })
	if took := time.Since(begin); took < 3*time.Second {
		t.Errorf("the link was not silent: %s", took)
	}
	if got := infoField(m.MustDo(t, "INFO", "stats").Str, "sync_full"); got != copies {
		t.Errorf("it needed a copy: %s and %s", copies, got)
	}
}
