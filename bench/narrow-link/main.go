// Command narrow-link makes a full copy over a link that is too narrow, in network namespaces
// (root and iproute2 are needed), and prints what it cost.
//
//	go run ./bench/narrow-link                 300 MB, 100 Mbit/s that become 20 Mbit/s in the middle
//	go run ./bench/narrow-link --silence 30s   and half a minute in which nothing passes at all
//	go run ./bench/narrow-link --server redis  the same with redis-server, to compare with
//
// The master has two links with a delay: a shaped one to the replica, and one to clients that is not. Clients on both are
// a load (--clients, --rate), and are measured before the copy and during it, up to the silence if there is one. It must be one copy,
// without a byte that was asked for twice.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

type options struct {
	mb       int
	fast     string
	slow     string
	narrowAt time.Duration
	silence  time.Duration
	fullRate string
	delay    time.Duration
	clients  int
	rate     int
	server   string
}

func main() {
	if len(os.Args) == 5 && os.Args[1] == "clients" {
		if err := clients(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, "clients:", err)
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
	flag.StringVar(&o.fullRate, "full-sync-rate", "auto", "the master's full-sync-rate")
	flag.DurationVar(&o.delay, "delay", time.Millisecond, "of each link, each way")
	flag.IntVar(&o.clients, "clients", 50, "connections of clients on each of the two links")
	flag.IntVar(&o.rate, "rate", 2000, "commands a second of all clients on a link together")
	flag.StringVar(&o.server, "server", "haypile", "haypile or redis")
	flag.Parse()
	if flag.NArg() > 0 || o.clients < 1 || o.rate < 1 || o.server != "haypile" && o.server != "redis" {
		flag.Usage()
		os.Exit(2)
	}
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

// network makes the namespaces and links; the first of these is the narrow one.
func network(o *options) (*link, *link, error) {
	tearDown()
	for _, ns := range []string{nsMaster, nsReplica, nsClient} {
		if err := sh("ip netns add %s", ns); err != nil {
			return nil, nil, err
		}
	}
	narrow, err := newLink(o.delay, nsMaster, "hpmr", nsReplica, "hprm")
	if err != nil {
		return nil, nil, err
	}
	wide, err := newLink(o.delay, nsMaster, "hpmc", nsClient, "hpcm")
	if err != nil {
		return nil, nil, err
	}
	for _, line := range []string{
		"ip -n " + nsMaster + " addr add " + masterAddr + "/24 dev hpmr", "ip -n " + nsReplica + " addr add 10.77.1.2/24 dev hprm",
		"ip -n " + nsMaster + " addr add " + masterForClients + "/24 dev hpmc", "ip -n " + nsClient + " addr add 10.77.2.2/24 dev hpcm",
		"ip -n " + nsMaster + " link set hpmr up", "ip -n " + nsReplica + " link set hprm up", "ip -n " + nsMaster + " link set hpmc up",
		"ip -n " + nsClient + " link set hpcm up", "ip -n " + nsMaster + " link set lo up", "ip -n " + nsReplica + " link set lo up",
	} {
		if err := sh("%s", line); err != nil {
			return nil, nil, err
		}
	}
	return narrow, wide, shape("add", o.fast)
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

// startServer runs a server in a namespace; args are for Haypile only.
func startServer(o *options, ns, dir string, args ...string) (*exec.Cmd, error) {
	common := []string{"--dir", dir, "--port", port, "--protected-mode", "no", "--enable-debug-command", "yes"}
	var line []string
	if o.server == "redis" {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		line = append(append([]string{"redis-server"}, common...), "--save", "", "--bind", "0.0.0.0")
	} else {
		bin, err := harness.Bin()
		if err != nil {
			return nil, err
		}
		line = append(append([]string{bin, "server"}, common...), args...)
	}
	cmd := inside(ns, line...)
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
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "narrow-link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	defer tearDown()
	narrowLink, wide, err := network(o)
	if err != nil {
		return err
	}
	defer narrowLink.close()
	defer wide.close()
	master, err := startServer(o, nsMaster, filepath.Join(dir, "master"), "--full-sync-rate", o.fullRate, "--compression", "none")
	if err != nil {
		return err
	}
	defer func() { _ = master.Process.Kill(); _ = master.Wait() }()
	replica, err := startServer(o, nsReplica, filepath.Join(dir, "replica"))
	if err != nil {
		return err
	}
	defer func() { _ = replica.Process.Kill(); _ = replica.Wait() }()
	if err := inside(nsMaster, "redis-benchmark", "-p", port, "-q", "-n", strconv.Itoa(o.mb*1000), "-r", "100000000", "-d", "1000", "-P", "16", "-t", "set").Run(); err != nil {
		return fmt.Errorf("fill the master: %w", err)
	}
	time.Sleep(5 * time.Second)
	baseShared, baseOther, err := measureClients(self, o, 8*time.Second)
	if err != nil {
		return err
	}
	rss, sent := number(nsMaster, "used_memory_rss"), wire()
	load, err := startClients(self, o)
	if err != nil {
		return err
	}
	defer load.stop()
	ask(nsReplica, "replicaof", masterAddr, port)
	begin := time.Now()
	var got progress
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
			load.stop() // during the silence there is nothing to measure
			before := got.look()
			narrowLink.silent.Store(true)
			time.Sleep(o.silence)
			narrowLink.silent.Store(false)
			last, idle = time.Now(), o.silence
			fmt.Printf("silence of %s, with %d MB of the copy there; ", o.silence, before>>20)
			for now := before; now == before && !streams(o); now = got.look() {
				time.Sleep(200 * time.Millisecond)
			}
			fmt.Printf("it goes on %.1f s after the silence\n", time.Since(last).Seconds())
		}
		got.look()
		if streams(o) {
			break
		}
		if time.Since(begin) > 20*time.Minute {
			return fmt.Errorf("not done after %s: %s", time.Since(begin), field(nsReplica, "repl_database_0"))
		}
	}
	took := time.Since(begin)
	carried := wire() - sent
	load.stop()
	shared, other, err := load.results()
	if err != nil {
		return err
	}
	equal := false
	for range 30 { // the log of the copy's time may still be on its way
		if equal = ask(nsMaster, "debug", "digest") == ask(nsReplica, "debug", "digest"); equal {
			break
		}
		time.Sleep(time.Second)
	}
	fmt.Printf("\n%s, %d clients with %d commands a second on each link, p50 / p99:\n\n", o.server, o.clients, o.rate)
	fmt.Printf("| clients | without the copy | during it | p50, times | p99, times |\n|---|---|---|---|---|\n")
	for _, row := range []struct {
		name         string
		base, during latency
	}{{"on the replica's link", baseShared, shared}, {"on another link", baseOther, other}} {
		fmt.Printf("| %s | %s | %s | %.2f | %.2f |\n", row.name, row.base, row.during, row.during.p50/row.base.p50, row.during.p99/row.base.p99)
	}
	fmt.Printf("\ncopy: %.0f s (%.0f s of them silence), %d MB on the wire, %.0f %% of what the link could carry\n",
		took.Seconds(), idle.Seconds(), carried>>20, 100*float64(carried)/capacity)
	if o.server == "haypile" {
		fmt.Printf("files: %d MB, %d MB sent in %d attempts, %d bytes asked for twice; full syncs: %s\n", got.total>>20,
			number(nsMaster, "full_sync_bytes_sent")>>20, got.attempts, got.twice(), field(nsMaster, "sync_full"))
	}
	fmt.Printf("master's memory grew by %d MB; data equal: %v\n", (peak-rss)>>20, equal)
	switch {
	case !equal:
		return fmt.Errorf("the data differs")
	case got.twice() > 0:
		return fmt.Errorf("%d bytes were asked for twice", got.twice())
	}
	return nil
}

// streams says that the copy is over.
func streams(o *options) bool {
	if o.server == "redis" {
		return field(nsReplica, "master_link_status") == "up"
	}
	return field(nsReplica, "master_link_status") == "up" && strings.Contains(field(nsReplica, "repl_database_0"), "state=connected")
}

// progress is what the replica says of its copy, over all attempts.
type progress struct {
	total, requested   int64
	received, attempts int64 // received: of the attempts before this one
	now                int64 // and of this one
}

// look returns how many bytes are there.
func (p *progress) look() int64 {
	text := field(nsReplica, "full_sync_receiving")
	if text == "" {
		return 0
	}
	v := map[string]int64{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		v[name], _ = strconv.ParseInt(value, 10, 64)
	}
	now := v["bytes"] - v["reused"]
	if p.attempts == 0 || now < p.now {
		p.attempts, p.received = p.attempts+1, p.received+p.now
	}
	p.total, p.requested, p.now = max(p.total, v["total"]), v["requested"], now
	return v["bytes"]
}

// twice is how many bytes have come, or in a single attempt were asked for, more than once.
func (p *progress) twice() int64 {
	if p.attempts > 1 {
		return max(0, p.received+p.now-p.total)
	}
	return max(0, p.requested-p.total)
}

func bits(rate string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(rate, "mbit"), 64)
	return n * 1e6
}
