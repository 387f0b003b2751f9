package replication

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// Five empty replicas within a second at a master under load: few snapshots, a queue, all the same in the end, and at no
// moment does any of them answer with a key missing. Then the same with a fault in the middle of the copies.
func TestManyReplicasAtOnce(t *testing.T) {
	for _, c := range []struct {
		name      string
		fault     func(*many)
		snapshots int  // of a database, at most
		small     bool // the disk of the first replica is one that can be made full
	}{
		{"no fault", nil, 2, false},
		{"master killed", (*many).killMaster, 3, false},
		{"replicas killed", (*many).killReplicas, 2, false},
		{"disk full", (*many).fillDisk, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.fault != nil {
				t.Skip("a fault: not with -short")
			}
			m := newMany(t, c.small)
			m.attach()
			m.queueSeen()
			if c.fault != nil {
				c.fault(m)
			}
			m.end(c.snapshots)
		})
	}
}

// many is a master with replicas.
type many struct {
	t        *testing.T
	master   *harness.Server
	replicas []*harness.Server
	marks    []marked
	ends     []func() *witness
	load     *load
	acked    atomic.Int64
}

// newMany starts all; nobody follows yet. Of the marked databases one is short enough to be read from the log, one is copied.
func newMany(t *testing.T, small bool) *many {
	own := []string{"--databases", "5", "--requirepass", ""}
	m := &many{t: t, marks: []marked{{3, 8_000}, {4, 36_000}}}
	m.master = start(t, append(own, "--max-concurrent-full-syncs", "2", "--throttle-bytes-per-second", "60000000")...)
	for _, of := range m.marks {
		of.write(t, m.master)
	}
	if !testing.Short() {
		fill(t, m.master, 40)
	}
	own = append(own, "--replica-serve-stale-data", "no")
	for i := range 5 {
		r := start(t, own...)
		if i == 0 && small {
			onSmallDisk(t, r)
		}
		r.SetArgs(slices.Concat(common, own, []string{"--replicaof", "127.0.0.1 " + strconv.Itoa(m.master.Port)}))
		m.replicas = append(m.replicas, r)
	}
	m.load = startLoad(t, m.master.Addr(), 1, &m.acked)
	return m
}

func (m *many) attach() {
	for i, r := range m.replicas {
		for _, of := range m.marks {
			m.ends = append(m.ends, watch(m.t, fmt.Sprintf("replica %d", i+1), r, of))
		}
	}
	begin := time.Now()
	for _, r := range m.replicas {
		follow(m.t, r, m.master.Port)
	}
	if took := time.Since(begin); took > time.Second {
		m.t.Logf("attaching took %s", took)
	}
}

func (m *many) queueSeen() {
	within(m.t, 20*time.Second, "a queue is seen", func() string {
		if n, _ := strconv.Atoi(info(m.master.Addr(), "full_sync_queue")); n > 0 {
			return ""
		}
		return "no queue"
	})
}

// received is how many bytes of the copy that is on its way a replica has.
func received(s *harness.Server) (n int64) {
	_, text, _ := strings.Cut(info(s.Addr(), "full_sync_receiving"), ",bytes=")
	text, _, _ = strings.Cut(text, ",")
	n, _ = strconv.ParseInt(text, 10, 64)
	return n
}

// receiving waits until n replicas are in the middle of a copy.
func (m *many) receiving(n int) (list []*harness.Server) {
	within(m.t, 20*time.Second, fmt.Sprint(n, " replicas receive a copy"), func() string {
		list = nil
		for _, r := range m.replicas {
			if received(r) > 2<<20 {
				list = append(list, r)
			}
		}
		if len(list) < n {
			return fmt.Sprint(len(list))
		}
		return ""
	})
	return list[:n]
}

func (m *many) again(servers ...*harness.Server) {
	for _, s := range servers {
		if err := s.Kill(); err != nil {
			m.t.Fatal(err)
		}
	}
	for _, s := range servers {
		if err := s.Start(); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *many) killMaster() {
	m.receiving(2)
	m.again(m.master)
}

func (m *many) killReplicas() { m.again(m.receiving(2)...) }

// onSmallDisk gives a server that has nothing yet a file system of its own.
func onSmallDisk(t *testing.T, s *harness.Server) {
	if os.Geteuid() != 0 {
		t.Skip("a disk that can be made full is a tmpfs, which only root can mount")
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4g", "haypile-test", s.DataDir()).CombinedOutput(); err != nil {
		t.Skipf("a disk that can be made full is a tmpfs, which cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		_ = s.Kill()
		if out, err := exec.Command("umount", s.DataDir()).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", s.DataDir(), err, out)
		}
	})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
}

func (m *many) resizeDisk(s *harness.Server, size string) error {
	if out, err := exec.Command("mount", "-o", "remount,size="+size, s.DataDir()).CombinedOutput(); err != nil {
		return fmt.Errorf("remount with %s: %w: %s", size, err, out)
	}
	return nil
}

// fillDisk takes all that is free of a replica's disk while a copy comes in, and gives it back when the replica has noticed.
func (m *many) fillDisk() {
	r := m.replicas[0]
	within(m.t, 30*time.Second, "the replica receives a copy", func() string {
		if n := received(r); n < 2<<20 {
			return fmt.Sprint(n, " bytes")
		}
		return ""
	})
	within(m.t, 5*time.Second, "the disk is full", func() string { // what is used grows meanwhile
		kb, err := exec.Command("df", "--output=used", "-k", r.DataDir()).Output()
		if err != nil {
			m.t.Fatal(err)
		}
		fields := strings.Fields(string(kb))
		used, _ := strconv.Atoi(fields[len(fields)-1])
		if err := m.resizeDisk(r, strconv.Itoa(used+1024)+"k"); err != nil {
			return err.Error()
		}
		return ""
	})
	within(m.t, 20*time.Second, "the replica says that its disk is full", func() string {
		for i := range 5 {
			if text := info(r.Addr(), "repl_database_"+strconv.Itoa(i)); strings.Contains(text, "state=error") && strings.Contains(text, "space") {
				m.t.Log(text)
				return ""
			}
		}
		if !r.Alive() {
			m.t.Fatal("the process has ended")
		}
		return info(r.Addr(), "repl_connect_reason") + " " + info(r.Addr(), "repl_database_0")
	})
	time.Sleep(time.Second) // with a disk that stays full for a while
	if !r.Alive() {
		m.t.Fatal("the process has ended")
	}
	if err := m.resizeDisk(r, "4g"); err != nil {
		m.t.Fatal(err)
	}
}

// end stops the load and waits for all; the log of the master says how often it has made a snapshot.
func (m *many) end(snapshots int) {
	time.Sleep(time.Second)
	m.load.end()
	if m.acked.Load() == 0 {
		m.t.Error("nothing was written")
	}
	begin := time.Now()
	for i, r := range m.replicas { // a digest reads everything, so it is not asked for before the time has come
		within(m.t, 90*time.Second, fmt.Sprint("replica ", i+1, " has caught up"), func() string {
			if m, r := info(m.master.Addr(), "master_repl_offset"), info(r.Addr(), "slave_repl_offset"); m != r {
				return "offsets " + m + " and " + r
			}
			return ""
		})
	}
	m.t.Logf("all have caught up %.1f s after the load", time.Since(begin).Seconds())
	for _, r := range m.replicas {
		same(m.t, 90*time.Second, m.master, r)
	}
	m.t.Logf("all equal %.1f s after the load", time.Since(begin).Seconds())
	for i, end := range m.ends {
		w := end()
		m.t.Logf("replica %d, database %d: %v", i/len(m.marks)+1, w.of.db, w.seen)
		if !w.whole {
			m.t.Errorf("replica %d was never seen with all keys of database %d", i/len(m.marks)+1, w.of.db)
		}
	}
	count := map[string]int{}
	for line := range strings.Lines(m.master.LogTail(1 << 20)) {
		if _, db, ok := strings.Cut(line, "full sync: snapshot made\" db="); ok {
			count[strings.Fields(db)[0]]++
		}
	}
	m.t.Logf("snapshots: %v", count)
	for db, n := range count {
		if n > snapshots {
			m.t.Errorf("%d snapshots of %s for 5 replicas, %d are enough", n, db, snapshots)
		}
	}
	if count["db4"] == 0 {
		m.t.Error("no snapshot was made of a database that is longer than what is read from the log")
	}
}
