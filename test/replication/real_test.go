package replication

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// TestRealInput is a node's life: a master with data of all types, under the load of redis-benchmark, gets an empty replica; then either side
// is killed, again and again, also while a wiped replica is copied to. After each, what both have is the same.
func TestRealInput(t *testing.T) {
	mb, kills := 200, 4
	if testing.Short() {
		mb, kills = 70, 2 // each half is too long to be read from the log
	}
	for name, to := range map[string]*int{"REAL_INPUT_MB": &mb, "REAL_INPUT_KILLS": &kills} {
		if s := os.Getenv(name); s != "" {
			var err error
			if *to, err = strconv.Atoi(s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	r := &real{t: t, rnd: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))}
	r.bench = harness.Need(t, "redis-benchmark")
	budget := min(512, 96+mb/4)
	args := []string{"--enable-debug-command", "yes", "--metrics-port", "0", "--databases", "6", "--requirepass", "", "--repl-timeout", "20",
		"--memory-budget", strconv.Itoa(budget) + "mb"}
	r.master = harness.Start(t, harness.Options{Name: "master", Args: args})
	r.replica = harness.Start(t, harness.Options{Name: "replica", Args: args})
	defer r.table()

	r.phase("fill", func() { r.fill(mb) })
	r.row().mb = float64(mb)
	r.startLoad()
	r.replica.SetArgs(append(args, "--replicaof", "127.0.0.1 "+strconv.Itoa(r.master.Port)))
	r.phase("full copy under load, until it streams", func() {
		follow(t, r.replica, r.master.Port)
		r.streams()
	})
	r.phase("stream", func() { r.pause(time.Second, 3*time.Second) })
	r.compare()
	faults := []struct {
		name string
		do   func()
	}{
		{"wipe the replica, kill it in the copy", func() { r.wipe(); r.inTheCopy(); r.again(r.replica) }},
		{"kill the master", func() { r.again(r.master) }},
		{"wipe the replica, kill the master in the copy", func() { r.wipe(); r.inTheCopy(); r.again(r.master) }},
		{"kill the replica", func() { r.again(r.replica) }},
	}
	for i := range kills {
		f := faults[i%len(faults)]
		r.pause(200*time.Millisecond, 3*time.Second)
		r.phase(f.name, func() {
			f.do()
			r.streams()
		})
		r.compare()
	}
	if r.acked.Load() == 0 || r.benches.Load() == 0 {
		t.Errorf("the load was none: %d commands acknowledged, %d runs of redis-benchmark", r.acked.Load(), r.benches.Load())
	}
}

type real struct {
	t               *testing.T
	rnd             *rand.Rand
	bench           string
	master, replica *harness.Server
	rows            []realRow
	load            *load
	acked, benches  atomic.Int64
	stopBench       func()
}

// realRow is a line of the table; a copy's numbers come from the replica's log.
type realRow struct {
	phase   string
	seconds float64
	mb      float64
	keys    int64
	copies  int
}

func (r *real) row() *realRow { return &r.rows[len(r.rows)-1] }

func (r *real) phase(name string, do func()) {
	copies, mb := r.copied()
	begin := time.Now()
	do()
	row := realRow{phase: name, seconds: time.Since(begin).Seconds()}
	row.copies, row.mb = r.copied()
	row.copies, row.mb = row.copies-copies, row.mb-mb
	for db := range 6 {
		c, err := harness.Dial(r.master.Addr())
		if err != nil {
			break
		}
		replies, err := c.Pipeline([][]string{{"SELECT", strconv.Itoa(db)}, {"DBSIZE"}})
		c.Close()
		if err == nil {
			row.keys += replies[1].Int
		}
	}
	r.rows = append(r.rows, row)
	r.t.Logf("%s: %.1f s", name, row.seconds)
}

// copied counts the copies that have come to the replica and their size.
func (r *real) copied() (n int, mb float64) {
	for line := range strings.Lines(r.replica.LogTail(1 << 20)) {
		if _, text, ok := strings.Cut(line, "full sync: the copy is complete"); ok {
			n++
			for _, f := range strings.Fields(text) {
				if name, v, _ := strings.Cut(f, "="); name == "received_mb" || name == "reused_mb" {
					x, _ := strconv.ParseFloat(v, 64)
					mb += x
				}
			}
		}
	}
	return n, mb
}

func (r *real) table() {
	var b strings.Builder
	b.WriteString("\n| phase | seconds | MB | MB/s | keys | copies of a database |\n|---|---|---|---|---|---|\n")
	for _, w := range r.rows {
		fmt.Fprintf(&b, "| %s | %.1f | %.0f | %.1f | %d | %d |\n", w.phase, w.seconds, w.mb, w.mb/w.seconds, w.keys, w.copies)
	}
	fmt.Fprintf(&b, "%d runs of redis-benchmark, %d other commands acknowledged\n", r.benches.Load(), r.acked.Load())
	r.t.Log(b.String())
}

func (r *real) pause(lo, hi time.Duration) {
	time.Sleep(lo + time.Duration(r.rnd.Int64N(int64(hi-lo))))
}

func (r *real) again(s *harness.Server) {
	r.pause(time.Millisecond, 300*time.Millisecond)
	if err := s.Kill(); err != nil {
		r.t.Fatal(err)
	}
	r.pause(time.Millisecond, time.Second)
	if err := s.Start(); err != nil {
		r.t.Fatal(err)
	}
}

// wipe gives the replica an empty directory.
func (r *real) wipe() {
	err := r.replica.Kill()
	err = errors.Join(err, os.RemoveAll(r.replica.DataDir()), os.Mkdir(r.replica.DataDir(), 0o755))
	if err = errors.Join(err, r.replica.Start()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *real) inTheCopy() {
	within(r.t, time.Minute, "the replica receives a copy", func() string {
		if received(r.replica) > 0 {
			return ""
		}
		return info(r.replica.Addr(), "repl_database_3")
	})
}

// streams waits until the replica has everything but what is on its way.
func (r *real) streams() {
	within(r.t, 20*time.Minute, "the replica streams", func() string {
		if link := info(r.replica.Addr(), "master_link_status"); link != "up" {
			return "link " + link + ": " + info(r.replica.Addr(), "repl_connect_reason") + " " + info(r.replica.Addr(), "repl_database_3")
		}
		return ""
	})
}

// compare stops the load, waits for the replica, compares all databases, and lets the load go on.
func (r *real) compare() {
	r.stopLoad()
	r.phase("catch up", func() {
		within(r.t, 10*time.Minute, "the replica has everything", func() string {
			m, s := info(r.master.Addr(), "master_repl_offset"), info(r.replica.Addr(), "slave_repl_offset")
			if m != s || m == "" || info(r.replica.Addr(), "master_link_status") != "up" {
				return "offsets " + m + " and " + s
			}
			return ""
		})
	})
	r.phase("digest of both", func() {
		// Keys go on to expire for a second after the load, and the two are not read at the same moment.
		for try := 1; ; try++ {
			mine := make(chan string, 1)
			go func() { mine <- digest(r.master.Addr()) }()
			theirs := digest(r.replica.Addr())
			if m := <-mine; m == theirs && len(m) == 40 {
				return
			} else if try == 5 {
				r.t.Fatalf("after %q the digests are %s and %s", r.rows[len(r.rows)-2].phase, m, theirs)
			}
			time.Sleep(time.Second)
		}
	})
	r.startLoad()
}

func (r *real) stopLoad() {
	r.stopBench()
	r.load.end()
}

// startLoad runs redis-benchmark in database 3, again and again, and a writer that also flushes and exchanges, in 0 to 2.
func (r *real) startLoad() {
	r.load = startLoad(r.t, r.master.Addr(), 1, &r.acked)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		common := []string{"-p", strconv.Itoa(r.master.Port), "--dbnum", "3", "-c", "20", "-P", "16", "-r", "1000000", "-q"}
		for i := 0; ctx.Err() == nil; i++ {
			what := []string{"-n", "20000", "-t", "set,hset,lpush,sadd,zadd"}
			if i%3 == 2 {
				what = []string{"-n", "20000", "XADD", "stream:bench", "*", "field:__rand_int__", "value"}
			}
			if exec.CommandContext(ctx, r.bench, append(common, what...)...).Run() == nil {
				r.benches.Add(1)
				continue
			}
			select { // the master has been killed
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	r.stopBench = sync.OnceFunc(func() { cancel(); done.Wait() })
	r.t.Cleanup(r.stopBench)
}

// fill writes data of all types to databases 3 and 4, about a megabyte in each step.
func (r *real) fill(mb int) {
	var both sync.WaitGroup
	for db := range 2 {
		c := r.master.Client(r.t)
		c.MustDo(r.t, "SELECT", 3+db)
		both.Add(1)
		go func() {
			defer both.Done()
			rnd := rand.New(rand.NewPCG(uint64(db), 1))
			for i := db; i < mb; i += 2 {
				replies, err := c.Pipeline(realMegabyte(rnd, i))
				for _, reply := range replies {
					if err == nil {
						err = reply.Err()
					}
				}
				if err != nil {
					r.t.Error("fill: ", err)
					return
				}
			}
		}()
	}
	both.Wait()
	if r.t.Failed() {
		r.t.FailNow()
	}
}

// realMegabyte is commands with 1000 values of 1000 bytes. What expires does so within seconds, or not during a test: keys that
// expire while digests are made would make them differ.
func realMegabyte(rnd *rand.Rand, i int) (list [][]string) {
	n := strconv.Itoa(i)
	value := func() string { return noise(rnd, 1000) }
	for k := range 400 {
		set := []string{"SET", "string:" + n + ":" + strconv.Itoa(k), value()}
		switch k % 8 {
		case 0:
			set = append(set, "PX", strconv.Itoa(1000+rnd.IntN(4000)))
		case 1:
			set = append(set, "EX", strconv.Itoa(86400+rnd.IntN(1e6)))
		}
		list = append(list, set)
	}
	for k := range 75 {
		field := strconv.Itoa(k)
		list = append(list,
			[]string{"HSET", "hash:" + n, field, value()},
			[]string{"RPUSH", "list:" + n, value()},
			[]string{"SADD", "set:" + n, value()},
			[]string{"ZADD", "zset:" + n, strconv.Itoa(rnd.IntN(1000)), value()},
			[]string{"XADD", "stream:" + n, "*", "field", value()},
			[]string{"HSET", "big:hash", n + ":" + field, value()},
			[]string{"ZADD", "big:zset", strconv.Itoa(rnd.IntN(1e6)), value()},
			[]string{"RPUSH", "big:list", value()})
	}
	return append(list, []string{"XGROUP", "CREATE", "stream:" + n, "group", "0"}, []string{"XREADGROUP", "GROUP", "group", "reader", "COUNT", "5", "STREAMS", "stream:" + n, ">"},
		[]string{"EXPIRE", "hash:" + n, strconv.Itoa(86400 + rnd.IntN(1e6))}, []string{"PFADD", "hll:" + n, n, value()}, []string{"SETBIT", "bits:" + n, "100000", "1"})
}
