package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

const (
	redisName   = "redis-server"
	haypileName = "haypile"
)

// contender is one of the two servers.
type contender struct {
	name   string
	server *harness.Server
	client *harness.Client
}

// preparingTimeout bounds single replies while a server is emptied and filled: a FLUSHALL of gigabytes takes its time.
const preparingTimeout = 2 * time.Minute

func start(name string, opts harness.Options) (*contender, error) {
	server, err := harness.Launch(opts)
	if err != nil {
		return nil, err
	}
	client, err := harness.Dial(server.Addr())
	if err != nil {
		return nil, err
	}
	client.Timeout = preparingTimeout
	return &contender{name: name, server: server, client: client}, nil
}

func (c *contender) finish(keep bool) {
	_ = c.client.Close()
	if err := c.server.Stop(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: stop: %v\n%s\n", c.name, err, c.server.LogTail(20))
	}
	if keep {
		fmt.Fprintf(os.Stderr, "%s: kept %s\n", c.name, c.server.Dir)
		return
	}
	if err := c.server.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func (c *contender) empty() error {
	r, err := c.client.Do("FLUSHALL")
	if err != nil {
		return err
	}
	return r.Err()
}

// result is one run of redis-benchmark.
type result struct {
	PerSecond       float64 `json:"per_second"`
	P50ms           float64 `json:"p50_ms"`
	P99ms           float64 `json:"p99_ms"`
	FsyncsPerSecond float64 `json:"fsyncs_per_second"` // negative: unknown
}

// measure runs a test once.
func (c *contender) measure(o *options, t test, pipeline, requests int) (result, error) {
	load := t.load
	if load == nil {
		load = t.benchmark
	}
	fsyncsBefore, known := c.fsyncs()
	started := time.Now()
	r, err := load(c, o, pipeline, requests)
	if err != nil {
		return result{}, err
	}
	took := time.Since(started)
	r.FsyncsPerSecond = -1
	if fsyncsAfter, _ := c.fsyncs(); known {
		r.FsyncsPerSecond = float64(fsyncsAfter-fsyncsBefore) / took.Seconds()
	}
	return r, nil
}

// benchmark runs redis-benchmark.
func (t test) benchmark(c *contender, o *options, pipeline, requests int) (result, error) {
	random := o.keyspace
	if t.random != nil {
		random = t.random(o)
	}
	args := []string{
		"-h", "127.0.0.1", "-p", strconv.Itoa(c.server.Port), "--csv",
		"-c", strconv.Itoa(o.clients), "-d", strconv.Itoa(o.dataBytes), "-r", strconv.Itoa(random), "-n", strconv.Itoa(requests), "-P", strconv.Itoa(pipeline),
	}
	if t.command != nil {
		args = append(args, substitute(t.command, "{value}", o.value(), "{middle}", strconv.Itoa(o.keyspace/2))...)
	} else {
		args = append(args, "-t", t.name)
	}
	var out, complaints bytes.Buffer
	benchmark := exec.Command("redis-benchmark", args...)
	benchmark.Stdout, benchmark.Stderr = &out, &complaints
	if err := benchmark.Run(); err != nil {
		return result{}, fmt.Errorf("redis-benchmark %s: %w\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return parseCSV(out.String())
}

// fillPipeline is how many preparing commands are sent at once.
const fillPipeline = 20

// prepare fills an empty server with what the test must find.
func (c *contender) prepare(o *options, t test, requests int) error {
	if t.prepare == nil {
		return nil
	}
	var batch [][]string
	flush := func() error {
		replies, err := c.client.Pipeline(batch)
		batch = batch[:0]
		if err != nil {
			return err
		}
		for _, r := range replies {
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
	send := func(args ...string) error {
		if batch = append(batch, args); len(batch) < fillPipeline {
			return nil
		}
		return flush()
	}
	if err := t.prepare(o, requests, send); err != nil {
		return err
	}
	return flush()
}

// fsyncs is the number of fsyncs of the log since the start, if the server counts them.
func (c *contender) fsyncs() (count int64, known bool) {
	r, err := c.client.Do("INFO", "everything")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(r.Str) {
		if digits, ok := strings.CutPrefix(strings.TrimSpace(line), "binlog_fsyncs:"); ok {
			count, err = strconv.ParseInt(digits, 10, 64)
			return count, err == nil
		}
	}
	return 0, false
}

// A server is at rest when it used less than a twentieth of a core for this long; work that never ends is not waited for.
const (
	quietWindow = 300 * time.Millisecond
	quietLimit  = 30 * time.Second
)

// waitQuiet waits until rewriting, compaction and deletion in the background are done, as far as the use of the processor tells.
func (c *contender) waitQuiet() {
	deadline := time.Now().Add(quietLimit)
	before := cpuTicks(c.server.Pid())
	for time.Now().Before(deadline) {
		time.Sleep(quietWindow) // a rate needs a duration
		now := cpuTicks(c.server.Pid())
		if now-before <= int64(quietWindow.Seconds()*ticksPerSecond/20)+1 {
			return
		}
		before = now
	}
}

// ticksPerSecond is the unit of /proc/PID/stat, the same on every Linux that Go runs on.
const ticksPerSecond = 100

// cpuTicks is the processor time of a process, or 0 if the system has no /proc.
func cpuTicks(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The second field is the name in parentheses and may contain anything; times are fields 14 and 15.
	rest := string(data[bytes.LastIndexByte(data, ')')+1:])
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return user + system
}

// parseCSV reads the one line of results that redis-benchmark --csv prints below the names of the columns.
func parseCSV(text string) (result, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return result{}, fmt.Errorf("redis-benchmark --csv: %w:\n%s", err, text)
	}
	if len(rows) != 2 {
		return result{}, fmt.Errorf("redis-benchmark --csv: want one line of results:\n%s", text)
	}
	var r result
	found := 0
	for i, column := range rows[0] {
		target := map[string]*float64{"rps": &r.PerSecond, "p50_latency_ms": &r.P50ms, "p99_latency_ms": &r.P99ms}[column]
		if target == nil {
			continue
		}
		if *target, err = strconv.ParseFloat(rows[1][i], 64); err != nil {
			return result{}, err
		}
		found++
	}
	if found != 3 {
		return result{}, fmt.Errorf("redis-benchmark --csv: columns are missing:\n%s", text)
	}
	return r, nil
}
