package node_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/test/harness"
)

// An empty replica that reads its master's log from the start is killed, or loses power, at many moments of it. Whatever it is then told to
// be, it never answers with the beginning: it has nothing, or everything, or says that it is not whole; and it becomes whole
// when it follows again.
func TestAnInterruptedReadingIsRemembered(t *testing.T) {
	const keys, size = 1500, 4000
	master, masterAddr := start(t, vfs.NewMem(), "/data")
	defer master.Close()
	m := dial(t, masterAddr)
	value := strings.Repeat("v", size)
	for i := range keys {
		m.MustDo(t, "SET", fmt.Sprint("k", i), value)
	}
	_, masterPort, _ := strings.Cut(masterAddr, ":")

	slow := harness.StartProxy(t, masterAddr)
	slow.Rate(4 << 20)
	parts := crashesWhileReading(t, slow.Port, keys)
	if len(parts) < 3 {
		t.Fatalf("only %d crashes left the beginning of the data: the moment was not met", len(parts))
	}

	t.Run("alone", func(t *testing.T) {
		n, addr := start(t, killed(parts[0]), "/data")
		defer n.Close()
		d := dial(t, addr)
		for _, args := range [][]any{{"GET", "k0"}, {"SET", "k0", "x"}, {"EXISTS", "k1"}, {"FLUSHDB"}} {
			if r, err := d.Do(args...); err != nil || !strings.HasPrefix(r.Str, "LOADING This database is only the beginning") {
				t.Errorf("%v: %q %v", args, r.Str, err)
			}
		}
		// Nor is there a way from another database.
		d.MustDo(t, "SELECT", "1")
		for _, args := range [][]any{{"MULTI"}, {"SELECT", "0"}, {"DBSIZE"}, {"SELECT", "99"}, {"SELECT", "x"}} {
			d.MustDo(t, args...)
		}
		if r, err := d.Do("EXEC"); err != nil || !strings.Contains(r.Str, "LOADING") {
			t.Errorf("EXEC: %v %v", r, err)
		}
		if r, err := d.Do("EVAL", "redis.call('SELECT', 0) return redis.call('GET', 'k0')", "0"); err != nil || !strings.Contains(r.Str, "LOADING") {
			t.Errorf("EVAL: %v %v", r, err)
		}
		d.MustDo(t, "SET", "elsewhere", "1")
		d.MustDo(t, "SELECT", "0")
		if r, _ := d.Do("REPLICAOF", "NO", "ONE"); !strings.Contains(r.Str, "REPLICAOF NO ONE FORCE") {
			t.Errorf("REPLICAOF NO ONE: %q", r.Str)
		}
		if r, _ := d.Do("CLEARREPLICATIONID"); !r.IsError() {
			t.Errorf("CLEARREPLICATIONID: %q", r.Str)
		}
		// A replica of it gets nothing.
		below, belowAddr := start(t, vfs.NewMem(), "/data")
		defer below.Close()
		b := dial(t, belowAddr)
		_, port, _ := strings.Cut(addr, ":")
		b.MustDo(t, "REPLICAOF", "127.0.0.1", port)
		time.Sleep(700 * time.Millisecond)
		if r, _ := b.Do("DBSIZE"); r.Int > 0 {
			t.Errorf("a replica of it has %d keys", r.Int)
		}
		d.MustDo(t, "REPLICAOF", "127.0.0.1", masterPort)
		becomesWhole(t, d, keys)
		d.MustDo(t, "REPLICAOF", "NO", "ONE") // whole now
		d.MustDo(t, "SET", "mine", "1")
	})
	t.Run("at a master that is away", func(t *testing.T) {
		free, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		disk := killed(parts[2])
		n, addr := start(t, disk, "/data", "--replicaof", fmt.Sprint("127.0.0.1 ", free))
		d := dial(t, addr)
		if r, _ := d.Do("GET", "k0"); !strings.HasPrefix(r.Str, "LOADING") {
			t.Errorf("GET: %q", r.Str)
		}
		if info := d.MustDo(t, "INFO", "replication").Str; !strings.Contains(info, "slave_priority:0") {
			t.Error("it may be promoted")
		}
		// An orderly stop changes nothing.
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		n, addr = start(t, disk, "/data", "--replicaof", fmt.Sprint("127.0.0.1 ", free))
		defer n.Close()
		d = dial(t, addr)
		if r, _ := d.Do("GET", "k0"); !strings.HasPrefix(r.Str, "LOADING") {
			t.Errorf("GET after a restart: %q", r.Str)
		}
		// Another master without that data: everything is copied.
		other, otherAddr := start(t, vfs.NewMem(), "/data")
		defer other.Close()
		dial(t, otherAddr).MustDo(t, "SET", "other", "1")
		_, port, _ := strings.Cut(otherAddr, ":")
		d.MustDo(t, "REPLICAOF", "127.0.0.1", port)
		becomesWhole(t, d, 1)
	})
	t.Run("given up", func(t *testing.T) {
		disk := killed(parts[1])
		n, addr := start(t, disk, "/data")
		d := dial(t, addr)
		d.MustDo(t, "REPLICAOF", "NO", "ONE", "FORCE")
		d.MustDo(t, "SET", "mine", "1")
		size := d.MustDo(t, "DBSIZE").Int
		if size < 2 || size >= keys {
			t.Errorf("DBSIZE %d", size)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		n, addr = start(t, disk, "/data")
		defer n.Close()
		if again := dial(t, addr).MustDo(t, "DBSIZE").Int; again != size {
			t.Errorf("DBSIZE %d after a restart, %d before", again, size)
		}
	})
}

// crashesWhileReading returns disks that hold the beginning of the master's data, and checks what all of the others hold.
func crashesWhileReading(t *testing.T, masterPort int, keys int64) (parts []*vfs.MemFS) {
	disk := vfs.NewCrashableMem()
	replica, addr := start(t, disk, "/data", "--replication-transport", "single", "--replicaof", fmt.Sprint("127.0.0.1 ", masterPort))
	defer replica.Close()
	r := dial(t, addr)
	rng := rand.New(rand.NewPCG(1, 1))
	var crashes []*vfs.MemFS
	var last string
	for end := time.Now().Add(20 * time.Second); ; {
		if at := infoField(r.MustDo(t, "INFO", "replication").Str, "slave_repl_offset"); at != last && len(crashes) < 8 {
			last = at
			crashes = append(crashes, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{100, 50, 100, 0}[len(crashes)%4], RNG: rng}))
		}
		if reply, err := r.Do("DBSIZE"); err == nil && reply.Int == keys {
			break
		} else if err == nil && !reply.IsError() && reply.Int != 0 {
			t.Fatalf("while it reads it answers that there are %d keys", reply.Int)
		}
		if time.Now().After(end) {
			t.Fatal("the replica does not become whole")
		}
	}
	for i, crash := range crashes {
		kept := killed(crash)
		n, addr := start(t, crash, "/data")
		reply, err := dial(t, addr).Do("DBSIZE")
		switch {
		case err != nil:
			t.Error(err)
		case strings.HasPrefix(reply.Str, "LOADING"):
			parts = append(parts, kept)
		case reply.Int != 0 && reply.Int != keys:
			t.Errorf("crash %d of %d: it answers that there are %d keys of %d", i, len(crashes), reply.Int, keys)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d crashes, %d with the beginning", len(crashes), len(parts))
	return parts
}

// killed is the disk of a process that was killed: everything written is there.
func killed(disk *vfs.MemFS) *vfs.MemFS {
	return disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

func infoField(text, name string) string {
	_, rest, _ := strings.Cut(text, "\n"+name+":")
	value, _, _ := strings.Cut(rest, "\r")
	return value
}

func becomesWhole(t *testing.T, d *harness.Client, keys int64) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		reply, err := d.Do("DBSIZE")
		switch {
		case err == nil && reply.Int == keys:
			return
		case err == nil && !reply.IsError():
			t.Fatalf("DBSIZE %d and not %d", reply.Int, keys)
		case time.Now().After(end):
			t.Fatalf("it does not become whole: %q %v", reply.Str, err)
		}
	}
}
