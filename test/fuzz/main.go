// Command fuzz runs all fuzz targets of the module one after the other, each for a time, and prints a table:
//
//	go run ./test/fuzz                        each for a minute
//	go run ./test/fuzz --time 10m             each for ten minutes
//	go run ./test/fuzz --run 'rdb|acl' -v     only those whose package or name matches; prints what go test prints
//	go run ./test/fuzz --list                 their names
//
// What it promises: targets are found in the source, so that none is forgotten. A finding ends its target, not the run; the command fails in the
// end if there was one. The input that shows it is where go test puts it, in the package's testdata/fuzz, to be committed with the fix.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

func main() {
	each := flag.Duration("time", time.Minute, "time for each target")
	parallel := flag.Int("parallel", 1, "workers of a target")
	run := flag.String("run", "", "regular expression: only targets whose package and name match")
	list := flag.Bool("list", false, "print the names of the targets and end")
	verbose := flag.Bool("v", false, "print what go test prints")
	flag.Parse()
	if err := fuzz(*each, *parallel, *run, *list, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func fuzz(each time.Duration, parallel int, run string, list, verbose bool) error {
	root, err := harness.ModuleRoot()
	if err != nil {
		return err
	}
	wanted, err := regexp.Compile(run)
	if err != nil {
		return err
	}
	all, err := find(root)
	if err != nil {
		return err
	}
	var outcomes []outcome
	findings := 0
	for _, t := range all {
		if !wanted.MatchString(t.String()) {
			continue
		}
		if list {
			fmt.Println(t)
			continue
		}
		o := t.fuzz(root, each, parallel, verbose)
		outcomes = append(outcomes, o)
		fmt.Fprintf(os.Stderr, "%s  %-50s %12d executions\n", time.Now().Format("15:04:05"), t, o.executions)
		if o.failure != "" {
			findings++
			fmt.Fprintln(os.Stderr, o.failure)
		}
	}
	if list {
		return nil
	}
	fmt.Print(table(outcomes))
	switch {
	case len(outcomes) == 0:
		return fmt.Errorf("no target matches %q", run)
	case findings > 0:
		return fmt.Errorf("%d of %d targets have found something", findings, len(outcomes))
	}
	return nil
}

// target is one fuzz function.
type target struct{ dir, name string }

func (t target) String() string { return t.dir + " " + t.name }

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// find looks into all test files below root.
func find(root string) (all []target, err error) {
	err = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		for _, m := range fuzzFunc.FindAllStringSubmatch(string(text), -1) {
			all = append(all, target{dir, m[1]})
		}
		return err
	})
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	return all, err
}

// outcome is what a target gave.
type outcome struct {
	target
	executions  int64
	interesting int64 // inputs that reached new code
	failure     string
}

func (t target) fuzz(root string, each time.Duration, parallel int, verbose bool) outcome {
	command := exec.Command("go", "test", "./"+t.dir, "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), "-parallel", strconv.Itoa(parallel))
	command.Dir = root
	var out strings.Builder
	command.Stdout, command.Stderr = io.Writer(&out), io.Writer(&out)
	if verbose {
		command.Stdout = io.MultiWriter(&out, os.Stderr)
		command.Stderr = command.Stdout
	}
	err := command.Run()
	o := outcome{target: t}
	o.executions, o.interesting = progress(out.String())
	if err != nil && !onlyTimeUp(out.String()) {
		o.failure = out.String()
	}
	return o
}

// onlyTimeUp says that go test calls it a failure that its own time was up while an input was running, as it does now and
// then. A finding names the file of its input.
func onlyTimeUp(out string) bool {
	return strings.Contains(out, "context deadline exceeded") && !strings.Contains(out, "Failing input written to") &&
		!strings.Contains(out, "failure while testing seed corpus")
}

var progressLine = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// progress reads the last numbers that go test has printed.
func progress(out string) (executions, interesting int64) {
	lines := progressLine.FindAllStringSubmatch(out, -1)
	if len(lines) == 0 {
		return 0, 0
	}
	last := lines[len(lines)-1]
	executions, _ = strconv.ParseInt(last[1], 10, 64)
	interesting, _ = strconv.ParseInt(last[2], 10, 64)
	return executions, interesting
}

func table(outcomes []outcome) string {
	var b strings.Builder
	b.WriteString("| package | target | executions | new inputs | findings |\n|---|---|---:|---:|---:|\n")
	for _, o := range outcomes {
		findings := 0
		if o.failure != "" {
			findings = 1
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", o.dir, o.name, o.executions, o.interesting, findings)
	}
	return b.String()
}
