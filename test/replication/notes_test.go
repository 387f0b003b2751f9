package replication

import (
	"fmt"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// A log that has notes of events in it, because a replica wants them, is replayed after a kill as any other, and the doctor finds nothing wrong with it.
func TestALogWithNotesAfterAKill(t *testing.T) {
	m := harness.Start(t, harness.Options{Name: "master", Args: []string{"--enable-debug-command", "yes"}})
	r := harness.Start(t, harness.Options{Name: "replica", Args: []string{"--notify-keyspace-events", "EA", "--replicaof", "127.0.0.1 " + strconv.Itoa(m.Port)}})
	c, sub := m.Client(t), r.Client(t)
	sub.MustDo(t, "PSUBSCRIBE", "__keyevent@0__:*")
	sub.Timeout = 200 * time.Millisecond
	for end := time.Now().Add(20 * time.Second); ; {
		c.MustDo(t, "SET", "warm", "1")
		if _, err := sub.Receive(); err == nil {
			break // so the log has notes from here on
		}
		if time.Now().After(end) {
			t.Fatal("no event arrives at the replica")
		}
	}
	for i := range 500 {
		c.MustDo(t, "SET", fmt.Sprint("k", i), "v")
		c.MustDo(t, "RPUSH", "l", strconv.Itoa(i))
	}
	before := c.MustDo(t, "DEBUG", "DIGEST").Str
	if err := m.Kill(); err != nil {
		t.Fatal(err)
	}
	bin, err := harness.Bin()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(bin, "doctor", m.DataDir()).CombinedOutput(); err != nil {
		t.Errorf("doctor: %v\n%s", err, out)
	}
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	if after := m.Client(t).MustDo(t, "DEBUG", "DIGEST").Str; after != before {
		t.Errorf("%s before the kill, %s after it", before, after)
	}
}
