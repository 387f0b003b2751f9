// Command tcl runs the tests of Redis 7.0.15, which are written in Tcl, against Haypile, and compares the outcome with two lists:
//
//	go run ./test/tcl                          every file, an hour or so
//	go run ./test/tcl --files unit/sort,unit/type/set -v
//	go run ./test/tcl --fast                   only what test.sh runs: files that take seconds
//	go run ./test/tcl --sentinel               only Redis's own tests of Sentinel, with Haypile as its servers
//	go run ./test/tcl --redis --baseline       redis-server instead; writes its numbers to baseline.txt
//
// What it promises: the suite comes from Debian's source package of redis and is not changed. Each file has a server of its own with an empty
// directory. Files run from outside (the suite connects to a running server and leaves out what it marks external:skip), or, those of
// ownFiles and of tests/sentinel, with servers that the suite starts itself; src/redis-server is then a script that leads to launch.go,
// and src/redis-sentinel is always Redis's. A test that
// hangs counts as failed and is left out when the file is run again for the tests behind it.
//
// expected.txt has a line for each test that fails or is left out, with the reason. The command fails when another test
// fails, and when a test of the list passes, so that the list stays true. Streams and times: a line of kind "flaky" forgives both.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// options are the command line.
type options struct {
	files    []string
	redis    bool
	fast     bool
	sentinel bool
	baseline bool
	verbose  bool
	optional bool
	cache    string
	port     int
	basePort int
	quiet    time.Duration
	only     string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == launchWord {
		fail(launch(os.Args[2:]))
	}
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	fail(err)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tcl:", err)
		os.Exit(1)
	}
}

func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("tcl", flag.ExitOnError)
	files := f.String("files", "", "comma-separated, such as unit/sort; with +own behind the name: with servers that the suite starts; all if empty")
	f.BoolVar(&o.redis, "redis", false, "run redis-server instead of Haypile")
	f.BoolVar(&o.fast, "fast", false, "only files that take seconds")
	f.BoolVar(&o.sentinel, "sentinel", false, "only the files of tests/sentinel")
	f.BoolVar(&o.baseline, "baseline", false, "with --redis: enter the numbers into baseline.txt")
	f.BoolVar(&o.verbose, "v", false, "print what the suite prints")
	f.BoolVar(&o.optional, "optional", false, "succeed, with a word, when the suite cannot be had")
	f.StringVar(&o.cache, "cache", defaultCache(), "where the source package is kept")
	f.IntVar(&o.port, "port", 0, "port of the server; 0: a free one")
	f.IntVar(&o.basePort, "baseport", 21111, "first port of the servers that the suite starts")
	f.DurationVar(&o.quiet, "quiet", 2*time.Minute, "a test that takes longer hangs")
	f.StringVar(&o.only, "only", "", "run only the test of this name, or /regexp; the lists are not looked at")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.baseline && !o.redis {
		return nil, fmt.Errorf("--baseline needs --redis")
	}
	if *files != "" {
		o.files = strings.Split(*files, ",")
	}
	return o, nil
}

func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "haypile-redis-suite")
}

func run(o *options) error {
	lists, err := readLists()
	if err != nil {
		return err
	}
	source, err := fetch(o.cache)
	if err != nil && o.optional {
		fmt.Println("the Tcl suite is not run:", err)
		return nil
	}
	if err != nil {
		return err
	}
	s, err := newSuite(o, source)
	if err != nil {
		return err
	}
	defer s.remove()
	chosen, err := chooseFiles(o, source, lists)
	if err != nil {
		return err
	}
	outcomes := map[string]*outcome{}
	for _, file := range chosen {
		began := time.Now()
		res, err := s.runFile(file, lists.leftOut(file))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		res.took = time.Since(began)
		outcomes[file] = res
		fmt.Fprintf(os.Stderr, "%s  %-28s %4d passed %3d failed %3d skipped  %5.1f s\n", time.Now().Format("15:04:05"),
			file, len(res.passed), len(res.failed), len(res.skipped), res.took.Seconds())
		for _, t := range res.failed {
			if why := lists.why(file, t.name); o.redis || why == nil {
				fmt.Fprintf(os.Stderr, "    FAILED %s\n        %s\n", t.name, strings.ReplaceAll(t.detail, "\n", "\n        "))
			}
		}
	}
	if o.baseline {
		return lists.writeBaseline(outcomes)
	}
	fmt.Print(table(chosen, outcomes, lists, o.redis))
	if o.redis || o.only != "" {
		return nil
	}
	return lists.verdict(chosen, outcomes)
}

// root is the folder of the lists.
func root() (string, error) {
	dir, err := harness.ModuleRoot()
	return filepath.Join(dir, "test", "tcl"), err
}
