// Command replication measures what replicas cost and how fast they are: a master's throughput with none, one
// and two of them attached, whether they keep up, and a full copy over loopback beside cp of the same files.
//
//	go run ./bench/replication [--requests 2000000] [--mb 1000]
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

	"github.com/haypile/haypile/test/harness"
)

func main() {
	requests := flag.Int("requests", 1_500_000, "commands of a run")
	rounds := flag.Int("rounds", 3, "runs of each line, of which the median counts")
	mb := flag.Int("mb", 1000, "size of the data for the full copy")
	flag.Parse()
	if err := run(*requests, *rounds, *mb); err != nil {
		fmt.Fprintln(os.Stderr, "replication:", err)
		os.Exit(1)
	}
}

func run(requests, rounds, mb int) error {
	fmt.Println("| replicas | SET -P 16, ops/s | most bytes behind | behind after the run, until equal |\n|---|---|---|---|")
	base := 0.0
	for n := range 3 {
		rate, behind, after, err := load(n, requests, rounds)
		if err != nil {
			return err
		}
		if n == 0 {
			base = rate
		}
		fmt.Printf("| %d | %.0f (%.0f %%) | %d KB | %.1f s |\n", n, rate, 100*rate/base, behind>>10, after.Seconds())
	}
	return fullCopy(mb)
}

func start(args ...string) (*harness.Server, error) {
	return harness.Launch(harness.Options{Args: append([]string{"--memory-budget", "1gb"}, args...)})
}

func stop(s *harness.Server) {
	_ = s.Kill()
	_ = s.Remove()
}

// load runs redis-benchmark against a master with n replicas.
func load(n, requests, rounds int) (rate float64, behind int64, after time.Duration, err error) {
	master, err := start()
	if err != nil {
		return 0, 0, 0, err
	}
	defer stop(master)
	for range n {
		r, err := start("--replicaof", "127.0.0.1 "+strconv.Itoa(master.Port))
		if err != nil {
			return 0, 0, 0, err
		}
		defer stop(r)
	}
	var rates []float64
	for range rounds {
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(100 * time.Millisecond):
					behind = max(behind, lag(master))
				}
			}
		}()
		out, err := exec.Command("redis-benchmark", "-p", strconv.Itoa(master.Port), "-q", "--csv", "-n", strconv.Itoa(requests), "-r", "1000000", "-d", "100", "-P", "16", "-t", "set").Output()
		close(done)
		if err != nil {
			return 0, 0, 0, err
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		f := strings.Split(lines[len(lines)-1], ",")
		v, err := strconv.ParseFloat(strings.Trim(f[1], `"`), 64)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("redis-benchmark says %q", out)
		}
		rates = append(rates, v)
	}
	begin := time.Now()
	for lag(master) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	slices.Sort(rates)
	return rates[len(rates)/2], behind, time.Since(begin), nil
}

// lag is how many bytes the replica that is furthest behind is behind.
func lag(s *harness.Server) (most int64) {
	for k, v := range info(s) {
		if _, rest, ok := strings.Cut(v, "lag_bytes="); ok && strings.HasPrefix(k, "slave") {
			n, _ := strconv.ParseInt(rest, 10, 64)
			most = max(most, n)
		}
	}
	return most
}

func info(s *harness.Server) map[string]string {
	f := map[string]string{}
	c, err := harness.Dial(s.Addr())
	if err != nil {
		return f
	}
	defer c.Close()
	r, err := c.Do("INFO", "everything")
	if err != nil {
		return f
	}
	for line := range strings.Lines(r.Str) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ":")
		f[k] = v
	}
	return f
}

// fullCopy attaches a replica to a master with data, and copies the same files with cp.
func fullCopy(mb int) error {
	master, err := start("--compression", "none")
	if err != nil {
		return err
	}
	defer stop(master)
	if err := exec.Command("redis-benchmark", "-p", strconv.Itoa(master.Port), "-q", "-n", strconv.Itoa(mb*1000), "-r", "100000000", "-d", "1000", "-P", "16", "-t", "set").Run(); err != nil {
		return err
	}
	time.Sleep(5 * time.Second)
	for _, rate := range []string{"unlimited", "auto"} {
		c, err := harness.Dial(master.Addr())
		if err != nil {
			return err
		}
		if r, err := c.Do("CONFIG", "SET", "full-sync-rate", rate); err != nil || r.IsError() {
			return fmt.Errorf("%v %v", r, err)
		}
		c.Close()
		replica, err := start()
		if err != nil {
			return err
		}
		before, _ := strconv.ParseInt(info(master)["full_sync_bytes_sent"], 10, 64)
		begin := time.Now()
		rc, err := harness.Dial(replica.Addr())
		if err != nil {
			return err
		}
		if r, err := rc.Do("REPLICAOF", "127.0.0.1", strconv.Itoa(master.Port)); err != nil || r.IsError() {
			return fmt.Errorf("%v %v", r, err)
		}
		for f := info(replica); f["master_link_status"] != "up" || !strings.Contains(f["repl_database_0"], "state=connected"); f = info(replica) {
			time.Sleep(5 * time.Millisecond)
		}
		took := time.Since(begin)
		after, _ := strconv.ParseInt(info(master)["full_sync_bytes_sent"], 10, 64)
		fmt.Printf("full copy, full-sync-rate %s: %d MB in %.2f s, %.2f GB/s, until it streams\n", rate, (after-before)>>20, took.Seconds(), float64(after-before)/1e9/took.Seconds())
		rc.Close()
		stop(replica)
	}
	files, _ := filepath.Glob(filepath.Join(master.DataDir(), "db0", "store", "*.sst"))
	to, err := os.MkdirTemp("", "copy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(to)
	var size int64
	for _, f := range files {
		if st, err := os.Stat(f); err == nil {
			size += st.Size()
		}
	}
	begin := time.Now()
	if err := exec.Command("cp", append(files, to)...).Run(); err != nil {
		return err
	}
	if err := exec.Command("sync", "-f", to).Run(); err != nil {
		return err
	}
	took := time.Since(begin)
	fmt.Printf("cp and sync of its %d table files: %d MB in %.2f s, %.2f GB/s\n", len(files), size>>20, took.Seconds(), float64(size)/1e9/took.Seconds())
	return nil
}
