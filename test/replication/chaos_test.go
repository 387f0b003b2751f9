package replication

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// TestChaos lets faults of all kinds happen to a master under load and two replicas, the
// second of which follows the first. At the end, and now and then, all stream again and have the
// same data, and nobody has helped them.
func TestChaos(t *testing.T) {
	duration := 25 * time.Second
	if testing.Short() {
		duration = 10 * time.Second
	}
	if s := os.Getenv("CHAOS_DURATION"); s != "" {
		var err error
		if duration, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CHAOS_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("CHAOS_SEED=%d", seed)
	c := newChaos(t, rand.New(rand.NewPCG(seed, 0)))
	end := time.Now().Add(duration)
	for round := 1; time.Now().Before(end); round++ {
		for range 1 + c.rnd.IntN(3) {
			c.fault()
		}
		if round%4 == 0 {
			c.settle()
		}
	}
	c.settle()
	t.Logf("faults: %v; commands acknowledged: %d; full syncs: %s", c.count, c.acked.Load(), info(c.master.Addr(), "sync_full"))
}

type chaos struct {
	t        *testing.T
	rnd      *rand.Rand
	master   *harness.Server
	replicas []*harness.Server
	links    []*harness.Proxy // before each replica's master
	load     *load
	acked    atomic.Int64
	count    map[string]int
}

func newChaos(t *testing.T, rnd *rand.Rand) *chaos {
	c := &chaos{t: t, rnd: rnd, count: map[string]int{}}
	args := []string{"--binlog-retention-bytes", "4mb", "--requirepass", "", "--repl-max-pinned-bytes", "64mb"}
	c.master = start(t, args...)
	above := c.master
	for range 2 {
		r := start(t, args...)
		p := harness.StartProxy(t, above.Addr())
		follow(t, r, p.Port)
		r.SetArgs(append(append(append([]string(nil), common...), args...), "--replicaof", "127.0.0.1 "+strconv.Itoa(p.Port)))
		c.replicas, c.links = append(c.replicas, r), append(c.links, p)
		above = r
	}
	c.load = startLoad(t, c.master.Addr(), 3, &c.acked)
	return c
}

func (c *chaos) pause(lo, hi time.Duration) {
	time.Sleep(lo + time.Duration(c.rnd.Int64N(int64(hi-lo))))
}

func (c *chaos) fault() {
	link, replica := c.links[c.rnd.IntN(2)], c.replicas[c.rnd.IntN(2)]
	faults := []struct {
		name string
		do   func()
	}{
		{"cut", link.Cut},
		{"silence", func() {
			link.Silence(true)
			c.pause(500*time.Millisecond, 6*time.Second)
			link.Silence(false)
		}},
		{"unreachable", func() {
			link.Refuse(true)
			link.Cut()
			c.pause(500*time.Millisecond, 4*time.Second)
			link.Refuse(false)
		}},
		{"slow", func() {
			link.Rate(2 << 20)
			c.pause(time.Second, 3*time.Second)
			link.Rate(0)
		}},
		{"kill replica", func() { c.restart(replica) }},
		{"kill master", func() { c.restart(c.master) }},
		{"freeze replica", func() { c.freeze(replica) }},
		{"freeze master", func() { c.freeze(c.master) }},
		{"wrong password", func() {
			c.set(replica, "masterauth", "wrong")
			link.Cut()
			c.pause(500*time.Millisecond, 2*time.Second)
			c.set(replica, "masterauth", "")
		}},
		{"full disk", func() {
			c.set(replica, "disk-resume-writes-free", "9000gb")
			c.set(replica, "disk-stop-writes-free", "8000gb")
			c.pause(time.Second, 3*time.Second)
			c.set(replica, "disk-stop-writes-free", "1mb")
			c.set(replica, "disk-resume-writes-free", "2mb")
		}},
		{"new history", func() { _, _ = c.do(c.master, "CLEARREPLICATIONID") }},
		{"clock jumps", func() {
			s := append([]*harness.Server{c.master}, c.replicas...)[c.rnd.IntN(3)]
			c.shiftClock(s, c.rnd.Int64N(7_200_000)-3_600_000)
			c.pause(200*time.Millisecond, 3*time.Second)
			c.shiftClock(s, 0)
		}},
		{"empty master", c.replaceMaster},
	}
	f := faults[c.rnd.IntN(len(faults))]
	c.count[f.name]++
	f.do()
	c.pause(50*time.Millisecond, 1500*time.Millisecond)
}

func (c *chaos) do(s *harness.Server, args ...any) (harness.Reply, error) {
	conn, err := harness.Dial(s.Addr())
	if err != nil {
		return harness.Reply{}, err
	}
	defer conn.Close()
	return conn.Do(args...)
}

func (c *chaos) set(s *harness.Server, name, value string) {
	if r, err := c.do(s, "CONFIG", "SET", name, value); err != nil || r.IsError() {
		c.t.Fatalf("CONFIG SET %s: %v %v", name, r, err)
	}
}

func (c *chaos) restart(s *harness.Server) {
	if err := s.Kill(); err != nil {
		c.t.Fatal(err)
	}
	c.pause(10*time.Millisecond, 2*time.Second)
	if err := s.Start(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) shiftClock(s *harness.Server, ms int64) {
	if r, err := c.do(s, "DEBUG", "SHIFT-CLOCK", ms); err != nil || r.IsError() {
		c.t.Fatalf("DEBUG SHIFT-CLOCK: %v %v", r, err)
	}
}

// replaceMaster puts an empty server in the place of the master, as who restores a machine does.
func (c *chaos) replaceMaster() {
	if err := c.master.Kill(); err != nil {
		c.t.Fatal(err)
	}
	if err := os.RemoveAll(c.master.DataDir()); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Mkdir(c.master.DataDir(), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := c.master.Start(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) freeze(s *harness.Server) {
	p, err := os.FindProcess(s.Pid())
	if err != nil {
		c.t.Fatal(err)
	}
	_ = p.Signal(syscall.SIGSTOP)
	c.pause(200*time.Millisecond, 6*time.Second)
	_ = p.Signal(syscall.SIGCONT)
}

// settle stops the load and waits until all have the same data.
func (c *chaos) settle() {
	c.t.Helper()
	c.load.end()
	if last := c.load.last.Load(); last != nil {
		c.t.Logf("the last error of a writer: %s", *last)
	}
	begin := time.Now()
	for i, r := range c.replicas {
		same(c.t, 90*time.Second, c.master, r)
		c.t.Logf("replica %d equals the master after %s", i+1, time.Since(begin).Round(time.Millisecond))
	}
	c.load = startLoad(c.t, c.master.Addr(), 3, &c.acked)
	if n, err := c.do(c.master, "DBSIZE"); err != nil || n.IsError() {
		c.t.Fatal(fmt.Sprint(n, err))
	}
}
