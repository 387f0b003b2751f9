package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// expectation is a line of expected.txt.
type expectation struct {
	file, test, kind, reason string
}

// The kinds of expectations.
const (
	kindIntended = "intended" // differs on purpose
	kindOpen     = "open"     // ought to pass
	kindFlaky    = "flaky"    // passes or fails with the machine's speed
	kindLeftOut  = "left-out" // not run: it would hang, or take the machine with it
)

// counts is a line of baseline.txt: what redis-server gave.
type counts struct {
	passed, failed, skipped int
	seconds                 float64
}

type lists struct {
	dir      string
	expected []expectation
	baseline map[string]counts
}

func readLists() (*lists, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	l := &lists{dir: dir, baseline: map[string]counts{}}
	if err := l.each("expected.txt", l.addExpectation); err != nil {
		return nil, err
	}
	return l, l.each("baseline.txt", l.addBaseline)
}

// each calls add with every line that says something.
func (l *lists) each(name string, add func(line string) error) error {
	f, err := os.Open(filepath.Join(l.dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewScanner(f)
	for n := 1; r.Scan(); n++ {
		if line := r.Text(); line != "" && !strings.HasPrefix(line, "#") {
			if err := add(line); err != nil {
				return fmt.Errorf("%s, line %d: %w", name, n, err)
			}
		}
	}
	return r.Err()
}

func (l *lists) addExpectation(line string) error {
	f := strings.Split(line, "\t")
	if len(f) != 4 {
		return errors.New("want file, test, kind and reason, with a tab between")
	}
	if !slices.Contains([]string{kindIntended, kindOpen, kindFlaky, kindLeftOut}, f[2]) {
		return fmt.Errorf("unknown kind %q", f[2])
	}
	if strings.TrimSpace(f[3]) == "" {
		return errors.New("no reason")
	}
	l.expected = append(l.expected, expectation{f[0], f[1], f[2], f[3]})
	return nil
}

func (l *lists) addBaseline(line string) error {
	var file string
	var c counts
	if _, err := fmt.Sscan(line, &file, &c.passed, &c.failed, &c.skipped, &c.seconds); err != nil {
		return err
	}
	l.baseline[file] = c
	return nil
}

// why finds the expectation of a test, or nil.
func (l *lists) why(file, test string) *expectation {
	for i := range l.expected {
		if e := &l.expected[i]; e.file == file && e.test == test {
			return e
		}
	}
	return nil
}

// wholeFile is the line that leaves out a file.
func (l *lists) wholeFile(file string) *expectation { return l.why(file, "*") }

func (l *lists) leftOut(file string) (tests []string) {
	for _, e := range l.expected {
		if e.file == file && e.kind == kindLeftOut && e.test != "*" {
			tests = append(tests, e.test)
		}
	}
	return tests
}

// fastFile is how long redis-server may need for a file that test.sh runs.
const fastFile = 10 * time.Second

func (l *lists) fast(file string) bool {
	c, known := l.baseline[file]
	return known && c.passed > 0 && c.seconds < fastFile.Seconds() && !strings.HasSuffix(file, ownSuffix) && !strings.HasPrefix(file, sentinelPrefix)
}

// verdict compares the outcomes with the list.
func (l *lists) verdict(files []string, outcomes map[string]*outcome) error {
	var wrong []string
	for _, file := range files {
		res := outcomes[file]
		failed := map[string]bool{}
		for _, t := range res.failed {
			if failed[t.name] = true; l.why(file, t.name) == nil {
				wrong = append(wrong, fmt.Sprintf("%s: %s fails and is not in expected.txt", file, t.name))
			}
		}
		for _, e := range l.expected {
			if e.file == file && (e.kind == kindIntended || e.kind == kindOpen) && !failed[e.test] {
				wrong = append(wrong, fmt.Sprintf("%s: %s is in expected.txt and does not fail", file, e.test))
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%d differences from what is expected:\n%s", len(wrong), strings.Join(wrong, "\n"))
}

func (l *lists) writeBaseline(outcomes map[string]*outcome) error {
	for file, res := range outcomes {
		l.baseline[file] = counts{len(res.passed), len(res.failed), len(res.skipped), res.took.Seconds()}
	}
	var b strings.Builder
	b.WriteString("# What redis-server " + suiteVersion + " gives: file, passed, failed, skipped, seconds.\n# Written by `go run ./test/tcl --redis --baseline`.\n")
	files := make([]string, 0, len(l.baseline))
	for file := range l.baseline {
		files = append(files, file)
	}
	sort.Strings(files)
	for _, file := range files {
		c := l.baseline[file]
		fmt.Fprintf(&b, "%-30s %4d %3d %3d %7.1f\n", file, c.passed, c.failed, c.skipped, c.seconds)
	}
	return os.WriteFile(filepath.Join(l.dir, "baseline.txt"), []byte(b.String()), 0o644)
}
