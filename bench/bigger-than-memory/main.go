// Command bigger-than-memory shows how Haypile behaves with far more data than memory.
//
//	go run ./bench/bigger-than-memory                           30 million keys, 512 MiB of memory; an hour or so
//	go run ./bench/bigger-than-memory --scale 0.0333            a smoke test: 1 million keys, the budget scaled, too
//
// It builds and starts a server of its own and takes it through phases, each of which prints its progress and adds rows to the table at
// the end:
//
//	load      all keys, pipelined
//	random    GET and overwriting SET of random keys, one request at a time per connection
//	hot       GET of a small part of the keys: alone, then beside random reads of all keys and a SCAN
//	disk      what the data directory takes, against the bytes of live keys and values
//	delete    every other key; how long until the disk has come down
//	expire    a quarter of the original keys; likewise
//	restart   kill -9, start; how long until it answers, and what it answers
//
// The memory of the server process (VmRSS of /proc/PID/status, of which anonymous and of files) is sampled through all of it.
// Latencies are those of closed loops: a connection that waits sends nothing meanwhile.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// options are the command line.
type options struct {
	keys         int
	valueBytes   int
	compressible float64
	budgetBytes  int64
	scale        float64
	dir          string
	keep         bool
	connections  int
	phase        time.Duration
	settle       time.Duration
	target       float64
	seed         uint64
	args         []string
	only         map[string]bool
	jsonPath     string
}

func main() {
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bigger-than-memory:", err)
		os.Exit(1)
	}
}

// budgetBytesMin is the least that a scaled budget becomes: below it a server is all fixed costs.
const budgetBytesMin = 64 << 20

func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bigger-than-memory", flag.ExitOnError)
	f.IntVar(&o.keys, "keys", 30_000_000, "number of keys")
	f.IntVar(&o.valueBytes, "value-size", 256, "bytes per value, at least 16")
	f.Float64Var(&o.compressible, "compressible", 0.5, "part of each value that is the same in all; the rest is random")
	budget := f.String("budget", "512mb", "memory-budget of the server")
	f.Float64Var(&o.scale, "scale", 1, "multiplies keys and budget (the budget stays above 64mb)")
	f.StringVar(&o.dir, "dir", "", "where the server's directory is made; the system's temporary directory if empty")
	f.BoolVar(&o.keep, "keep", false, "keep the server's directory")
	f.IntVar(&o.connections, "connections", 50, "connections of the random and hot phases")
	f.DurationVar(&o.phase, "phase", 30*time.Second, "length of each measured phase")
	f.DurationVar(&o.settle, "settle", 10*time.Minute, "how long to wait for the disk to come down")
	f.Float64Var(&o.target, "target", 1.3, "disk use, in multiples of the live data, that counts as come down")
	f.Uint64Var(&o.seed, "seed", 1, "of the random keys")
	serverArgs := f.String("args", "", `further parameters for the server, such as "--appendfsync no"`)
	only := f.String("phases", strings.Join(phaseNames(), ","), "which phases to run; load always is")
	f.StringVar(&o.jsonPath, "json", "", "also write the table to this file")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if o.budgetBytes, err = parseBytes(*budget); err != nil {
		return nil, err
	}
	o.keys = int(float64(o.keys) * o.scale)
	o.budgetBytes = max(min(budgetBytesMin, o.budgetBytes), int64(float64(o.budgetBytes)*o.scale))
	o.args = strings.Fields(*serverArgs)
	o.only = map[string]bool{"load": true}
	for _, name := range strings.Split(*only, ",") {
		o.only[name] = true
	}
	if o.keys < 1000 || o.valueBytes < valueHeadBytes || o.connections < 1 || f.NArg() > 0 {
		return nil, errors.New("want at least 1000 keys, 16 bytes of value, a connection, and no further arguments")
	}
	return o, nil
}

// parseBytes reads sizes as the server does: 512mb, 1gb.
func parseBytes(s string) (int64, error) {
	unit := int64(1)
	digits := strings.ToLower(s)
	for suffix, u := range map[string]int64{"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, unit = rest, u
		}
	}
	var n int64
	if _, err := fmt.Sscanf(digits, "%d", &n); err != nil || n <= 0 {
		return 0, fmt.Errorf("--budget %s: want a size such as 512mb", s)
	}
	return n * unit, nil
}

// phases in their order.
var phases = []struct {
	name string
	run  func(b *bench) error
}{
	{"load", (*bench).load},
	{"random", (*bench).random},
	{"hot", (*bench).hot},
	{"disk", (*bench).disk},
	{"delete", (*bench).deleteHalf},
	{"expire", (*bench).expireQuarter},
	{"restart", (*bench).restart},
}

func phaseNames() []string {
	names := make([]string, len(phases))
	for i, p := range phases {
		names[i] = p.name
	}
	return names
}

func run(o *options) error {
	server, err := harness.Launch(harness.Options{
		Dir:          o.dir,
		Args:         append([]string{"--memory-budget", fmt.Sprintf("%dmb", o.budgetBytes>>20)}, o.args...),
		StartTimeout: restartLimit,
	})
	if err != nil {
		return err
	}
	b := newBench(o, server)
	b.progress("%d keys of %d + %d bytes = %s; budget %s; seed %d; directory %s",
		o.keys, keyBytes, o.valueBytes, size(b.liveBytes(o.keys)), size(o.budgetBytes), o.seed, server.Dir)
	b.memory.watch(server)
	for _, p := range phases {
		if !o.only[p.name] {
			continue
		}
		b.phase = p.name
		if err = p.run(b); err != nil {
			err = fmt.Errorf("%s: %w\nend of the server's log:\n%s", p.name, err, server.LogTail(30))
			break
		}
		b.reportMemory()
	}
	b.memory.stop()
	b.reportWholeMemory()
	fmt.Print(b.report.markdown())
	if o.jsonPath != "" {
		err = errors.Join(err, b.report.writeJSON(o.jsonPath))
	}
	if stopErr := server.Stop(); stopErr != nil && err == nil {
		err = stopErr
	}
	if o.keep {
		fmt.Fprintln(os.Stderr, "kept", server.Dir)
		return err
	}
	return errors.Join(err, server.Remove())
}
