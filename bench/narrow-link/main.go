// Command narrow-link makes a full copy over a link that is too narrow, in network namespaces
// (root and iproute2 are needed), and prints what it cost.
//
//	go run ./bench/narrow-link                 300 MB, 100 Mbit/s that become 20 Mbit/s in the middle
//	go run ./bench/narrow-link --silence 30s   and half a minute in which nothing passes at all
//
// The master has two links: a shaped one to the replica, and one to clients that is not. Clients are
// measured on both, before the copy and during it. It must be one copy, without a byte that was asked for twice.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/haypile/haypile/test/harness"
)

type options struct {
	mb       int
	fast     string
	slow     string
	narrowAt time.Duration
	silence  time.Duration
	rate     string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		if err := probe(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "probe:", err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.IntVar(&o.mb, "mb", 300, "size of the data")
	flag.StringVar(&o.fast, "fast", "100mbit", "the link at first")
	flag.StringVar(&o.slow, "slow", "20mbit", "the link later; empty leaves it")
	flag.DurationVar(&o.narrowAt, "narrow-at", 10*time.Second, "when the link becomes narrow")
	flag.DurationVar(&o.silence, "silence", 0, "how long nothing passes, some time after that")
	flag.StringVar(&o.rate, "full-sync-rate", "auto", "the master's full-sync-rate")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "narrow-link:", err)
		os.Exit(1)
	}
}

const (
	nsMaster, nsReplica, nsClient = "hpmaster", "hpreplica", "hpclient"
	masterAddr                    = "10.77.1.1"
	masterForClients              = "10.77.2.1"
	port                          = "9221"
)

func sh(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, out)
	}
	return nil
}

// network makes the namespaces and links.
func network(o *options) error {
	tearDown()
	for _, line := range []string{
		"ip netns add " + nsMaster, "ip netns add " + nsReplica, "ip netns add " + nsClient,
		"ip link add hpmr netns " + nsMaster + " type veth peer name hprm netns " + nsReplica,
		"ip link add hpmc netns " + nsMaster + " type veth peer name hpcm netns " + nsClient,
		"ip -n " + nsMaster + " addr add " + masterAddr + "/24 dev hpmr", "ip -n " + nsReplica + " addr add 10.77.1.2/24 dev hprm",
		"ip -n " + nsMaster + " addr add " + masterForClients + "/24 dev hpmc", "ip -n " + nsClient + " addr add 10.77.2.2/24 dev hpcm",
		"ip -n " + nsMaster + " link set hpmr up", "ip -n " + nsReplica + " link set hprm up", "ip -n " + nsMaster + " link set hpmc up",
		"ip -n " + nsClient + " link set hpcm up", "ip -n " + nsMaster + " link set lo up", "ip -n " + nsReplica + " link set lo up",
	} {
		if err := sh("%s", line); err != nil {
			return err
		}
	}
	return shape("add", o.fast)
}

// shape gives the link a rate; its queue holds a tenth of a second, as cheap routers' do.
func shape(verb, rate string) error {
	return sh("tc -n %s qdisc %s dev hpmr root tbf rate %s burst 32kb latency 100ms", nsMaster, verb, rate)
}

func tearDown() {
	for _, ns := range []string{nsMaster, nsReplica, nsClient} {
		_ = exec.Command("ip", "netns", "del", ns).Run()
	}
}

func inside(ns string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", ns}, args...)...)
}

func startServer(bin, ns, dir string, args ...string) (*exec.Cmd, error) {
	cmd := inside(ns, append([]string{bin, "server", "--dir", dir, "--port", port, "--protected-mode", "no", "--enable-debug-command", "yes"}, args...)...)
	log, err := os.Create(dir + ".log")
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if out, _ := inside(ns, "redis-cli", "-p", port, "ping").Output(); strings.HasPrefix(string(out), "PONG") {
			return cmd, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, fmt.Errorf("the server in %s does not answer; see %s.log", ns, dir)
}

func ask(ns string, args ...string) string {
	out, _ := inside(ns, append([]string{"redis-cli", "-p", port}, args...)...).Output()
	return strings.TrimSpace(string(out))
}

func field(ns, name string) string {
	for line := range strings.Lines(ask(ns, "info", "everything")) {
		if k, v, _ := strings.Cut(strings.TrimSpace(line), ":"); k == name {
			return v
		}
	}
	return ""
}

func number(ns, name string) int64 {
	n, _ := strconv.ParseInt(field(ns, name), 10, 64)
	return n
}

// wire is how many bytes the master's side of the shaped link has sent.
func wire() int64 {
	out, _ := inside(nsMaster, "cat", "/sys/class/net/hpmr/statistics/tx_bytes").Output()
	n, _ := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return n
}

func run(o *options) error {
	bin, err := harness.Bin()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "narrow-link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := network(o); err != nil {
		return err
	}
	defer tearDown()
	master, err := startServer(bin, nsMaster, filepath.Join(dir, "master"), "--full-sync-rate", o.rate, "--compression", "none")
	if err != nil {
		return err
	}
	defer func() { _ = master.Process.Kill(); _ = master.Wait() }()
	replica, err := startServer(bin, nsReplica, filepath.Join(dir, "replica"))
	if err != nil {
		return err
	}
	defer func() { _ = replica.Process.Kill(); _ = replica.Wait() }()
	if err := inside(nsMaster, "redis-benchmark", "-p", port, "-q", "-n", strconv.Itoa(o.mb*1000), "-r", "100000000", "-d", "1000", "-P", "16", "-t", "set").Run(); err != nil {
		return fmt.Errorf("fill the master: %w", err)
	}
	time.Sleep(5 * time.Second)
	quietShared, quietOther, err := probes(self, "5s")
	if err != nil {
		return err
	}
	rss, sent := number(nsMaster, "used_memory_rss"), wire()
	ask(nsReplica, "replicaof", masterAddr, port)
	begin := time.Now()
	result := make(chan string, 1)
	go func() {
		a, b, err := probes(self, "25s")
		result <- fmt.Sprintf("| clients on the replica's link, p99 | %s | %s |\n| clients on another link, p99 | %s | %s |\n", quietShared, a, quietOther, b) + errText(err)
	}()
	peak, narrow, silent := rss, o.slow != "", o.silence > 0
	var idle time.Duration
	capacity := 0.0 // bytes that the link could have carried
	last := begin
	rate := bits(o.fast)
	for {
		time.Sleep(200 * time.Millisecond)
		now := time.Now()
		capacity += rate / 8 * now.Sub(last).Seconds()
		last = now
		peak = max(peak, number(nsMaster, "used_memory_rss"))
		if narrow && time.Since(begin) > o.narrowAt {
			narrow = false
			if err := shape("change", o.slow); err != nil {
				return err
			}
			rate = bits(o.slow)
		}
		if silent && time.Since(begin) > o.narrowAt+8*time.Second {
			silent = false
			if err := sh("ip -n %s link set hpmr down", nsMaster); err != nil {
				return err
			}
			time.Sleep(o.silence)
			if err := sh("ip -n %s link set hpmr up", nsMaster); err != nil {
				return err
			}
			last, idle = time.Now(), o.silence
		}
		if field(nsReplica, "master_link_status") == "up" && strings.Contains(field(nsReplica, "repl_db0"), "state=connected") {
			break
		}
		if time.Since(begin) > 20*time.Minute {
			return fmt.Errorf("not done after %s: %s", time.Since(begin), field(nsReplica, "repl_db0"))
		}
	}
	took := time.Since(begin)
	carried := wire() - sent
	text := <-result
	equal := ask(nsMaster, "debug", "digest") == ask(nsReplica, "debug", "digest")
	fmt.Printf("\n| | without the copy | during it |\n|---|---|---|\n%s\n", text)
	fmt.Printf("copy: %.0f s (%.0f s of them silence), %d MB of files sent, %d MB on the wire, %.0f %% of what the link could carry\n",
		took.Seconds(), idle.Seconds(), number(nsMaster, "full_sync_bytes_sent")>>20, carried>>20, 100*float64(carried)/capacity)
	fmt.Printf("full syncs: %s; master's memory grew by %d MB; data equal: %v\n", field(nsMaster, "sync_full"), (peak-rss)>>20, equal)
	if !equal {
		return fmt.Errorf("the data differs")
	}
	return nil
}

func errText(err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	return ""
}

func bits(rate string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(rate, "mbit"), 64)
	return n * 1e6
}

// probes measures clients on both links at the same time.
func probes(self, d string) (shared, other string, err error) {
	type outcome struct {
		text string
		err  error
	}
	do := func(ns, addr string, to chan outcome) {
		out, err := inside(ns, self, "probe", addr+":"+port, d).CombinedOutput()
		to <- outcome{strings.TrimSpace(string(out)), err}
	}
	a, b := make(chan outcome, 1), make(chan outcome, 1)
	go do(nsReplica, masterAddr, a)
	go do(nsClient, masterForClients, b)
	x, y := <-a, <-b
	if x.err != nil || y.err != nil {
		return "", "", fmt.Errorf("probe: %v %s %v %s", x.err, x.text, y.err, y.text)
	}
	return x.text, y.text, nil
}

// Clients of a probe: together 2,000 requests a second, a tenth of them writes, as an application with a pool has them.
const (
	connections = 50
	everyMS     = 25 // a request of each connection
)

// probe is the clients of one link; it prints the 99th percentile.
func probe(addr, duration string) error {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return err
	}
	end := time.Now().Add(d)
	took := make([][]time.Duration, connections)
	var work errgroup.Group
	for i := range connections {
		c, err := harness.Dial(addr)
		if err != nil {
			return err
		}
		defer c.Close()
		c.Timeout = 2 * time.Minute // the link may be silent
		work.Go(func() (err error) {
			time.Sleep(time.Duration(i) * everyMS * time.Millisecond / connections)
			took[i], err = requests(c, i, end)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	fmt.Printf("%.2f ms (p50 %.2f)", all[len(all)*99/100].Seconds()*1000, all[len(all)/2].Seconds()*1000)
	return nil
}

// requests measures one connection until the end.
func requests(c *harness.Client, id int, end time.Time) (took []time.Duration, err error) {
	tick := time.NewTicker(everyMS * time.Millisecond)
	defer tick.Stop()
	value := strings.Repeat("v", 100)
	for n := 0; time.Now().Before(end); n++ {
		args := []any{"GET", "key:000000000001"}
		if n%10 == 0 {
			args = []any{"SET", fmt.Sprint("client:", id, ":", n), value}
		}
		begin := time.Now()
		if _, err := c.Do(args...); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
		<-tick.C
	}
	return took, nil
}
