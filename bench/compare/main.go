// Command compare runs redis-benchmark against redis-server and Haypile in turn and prints the ratio.
//
//	go run ./bench/compare                                  everything, an hour or more
//	go run ./bench/compare --tests set,get --pipelines 16   a part
//	go run ./bench/compare --tests xadd,xreadgroup_xack,eval
//	go run ./bench/compare --tests hget_packed,hget_expanded   many small hashes, one large one (see forms.go)
//	go run ./bench/compare --fsync-always                   commands beside fsyncs, appendfsync always on both
//
// What it promises: both servers run on this machine, on loopback, with fresh data directories; Redis with its log on (appendonly yes,
// appendfsync everysec, no snapshots), Haypile as it comes. Each cell of the table is a test at a pipeline depth; it is run in
// several rounds, the two servers in turn and the first one changing, and the median counts. Before each run both
// servers are emptied and filled alike, with what the test needs to find (see tests.go), and are left to come to rest. Numbers of one
// table may be compared with each other; those of different machines or hours may not.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// options are the command line.
type options struct {
	tests       []test
	pipelines   []int
	rounds      int
	requests    int
	clients     int
	dataBytes   int
	keyspace    int
	haypileArgs []string
	fsyncAlways bool
	keep        bool
	jsonPath    string
	dir         string
}

func main() {
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		err = compare(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("compare", flag.ExitOnError)
	tests := f.String("tests", "", "comma-separated; all if empty: "+strings.Join(testNames(), " "))
	pipelines := f.String("pipelines", "1,16", "pipeline depths")
	haypileArgs := f.String("haypile-args", "", `further parameters for Haypile, such as "--memory-budget 1gb"`)
	f.IntVar(&o.rounds, "rounds", 3, "runs of each cell, of which the median counts")
	f.IntVar(&o.requests, "requests", 0, "requests per run; 0: enough for some 3 seconds, depending on test and pipeline")
	f.IntVar(&o.clients, "clients", 50, "connections")
	f.IntVar(&o.dataBytes, "data-size", 100, "bytes per value")
	f.IntVar(&o.keyspace, "keyspace", 1_000_000, "how many different keys, fields and members")
	f.BoolVar(&o.fsyncAlways, "fsync-always", false, "appendfsync always on both; reports fsyncs, too")
	f.BoolVar(&o.keep, "keep", false, "keep the servers' directories")
	f.StringVar(&o.jsonPath, "json", "", "also write the results to this file")
	f.StringVar(&o.dir, "dir", "", "where the servers' directories are made; the system's temporary directory if empty")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 1 || o.clients < 1 || o.keyspace < 1 {
		return nil, fmt.Errorf("rounds, clients and keyspace must be at least 1")
	}
	o.haypileArgs = strings.Fields(*haypileArgs)
	for _, p := range strings.Split(*pipelines, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("--pipelines %s: want numbers", *pipelines)
		}
		o.pipelines = append(o.pipelines, n)
	}
	if *tests == "" && o.fsyncAlways {
		*tests = "set,incr" // reading needs no fsync
	}
	var err error
	o.tests, err = chooseTests(*tests)
	return o, err
}

func compare(o *options) error {
	if _, err := exec.LookPath("redis-benchmark"); err != nil {
		return fmt.Errorf("needs redis-benchmark (Debian's package redis-tools): %w", err)
	}
	contenders, err := startBoth(o)
	for _, c := range contenders {
		defer c.finish(o.keep)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d clients, %d bytes, %d keys, median of %d\n", o.clients, o.dataBytes, o.keyspace, o.rounds)
	var cells []*cell
	for _, pipeline := range o.pipelines {
		for _, t := range o.tests {
			c, err := measureCell(o, contenders, t, pipeline)
			if err != nil {
				return fmt.Errorf("%s, pipeline %d: %w", t.name, pipeline, err)
			}
			cells = append(cells, c)
		}
	}
	fmt.Print(markdown(cells, o.fsyncAlways))
	if o.jsonPath == "" {
		return nil
	}
	return writeJSON(o, cells)
}

// measureCell runs all rounds of one test at one pipeline depth.
func measureCell(o *options, contenders []*contender, t test, pipeline int) (*cell, error) {
	c := &cell{Test: t.name, Pipeline: pipeline, Requests: t.requests(o, pipeline)}
	for round := range o.rounds {
		for i := range contenders {
			// The first one changes from round to round, so that neither always comes after the other's warmth.
			who := contenders[(i+round)%len(contenders)]
			for _, each := range contenders {
				if err := each.empty(); err != nil {
					return nil, err
				}
			}
			if err := who.prepare(o, t, c.Requests); err != nil {
				return nil, fmt.Errorf("%s: preparing: %w", who.name, err)
			}
			for _, each := range contenders { // the other one's background work would take processor time, too
				each.waitQuiet()
			}
			r, err := who.measure(o, t, pipeline, c.Requests)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", who.name, err)
			}
			c.add(who.name, r)
			fmt.Fprintf(os.Stderr, "%s  P=%-3d %-11s round %d  %-12s %9.0f/s  p50 %.3f ms  p99 %.3f ms\n",
				time.Now().Format("15:04:05"), pipeline, t.name, round+1, who.name, r.PerSecond, r.P50ms, r.P99ms)
		}
	}
	c.summarize()
	return c, nil
}

func startBoth(o *options) ([]*contender, error) {
	fsync := "everysec"
	if o.fsyncAlways {
		fsync = "always"
	}
	redis, err := start(redisName, harness.Options{
		Flavor: harness.Redis,
		Dir:    o.dir,
		Args:   []string{"--appendonly", "yes", "--appendfsync", fsync},
	})
	if err != nil {
		return nil, err
	}
	args := o.haypileArgs
	if o.fsyncAlways {
		args = append([]string{"--appendfsync", "always"}, args...)
	}
	haypile, err := start(haypileName, harness.Options{Flavor: harness.Haypile, Dir: o.dir, Args: args})
	if err != nil {
		return []*contender{redis}, err
	}
	return []*contender{redis, haypile}, nil
}

// document is what --json writes.
type document struct {
	Time      time.Time `json:"time"`
	Host      string    `json:"host"`
	Clients   int       `json:"clients"`
	DataBytes int       `json:"data_bytes"`
	Keyspace  int       `json:"keyspace"`
	Rounds    int       `json:"rounds"`
	Args      []string  `json:"haypile_args"`
	Fsync     bool      `json:"fsync_always"`
	Cells     []*cell   `json:"cells"`
}

func writeJSON(o *options, cells []*cell) error {
	host, _ := os.Hostname() // only a label
	data, err := json.MarshalIndent(document{
		Time: time.Now().UTC(), Host: host, Clients: o.clients, DataBytes: o.dataBytes, Keyspace: o.keyspace, Rounds: o.rounds,
		Args: o.haypileArgs, Fsync: o.fsyncAlways, Cells: cells,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.jsonPath, append(data, '\n'), 0o644)
}
