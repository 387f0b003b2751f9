package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const output = `Starting test server at port 21079
[ready]: 100
Testing unit/sort
[ok]: SORT BY key (12 ms)
[err]: SORT with STORE in tests/unit/sort.tcl
Expected '1' to be equal to '2'
second line
[ignore]: slow one: Not supported on external server
[skip]: left out
[ok]: SORT BY key (and more) (0 ms)
[err]: no such command
while executing
[1/1 done]: unit/sort (1 seconds)

                   The End

*** [err]: SORT with STORE in tests/unit/sort.tcl
`

func TestParser(t *testing.T) {
	p := newParser()
	for line := range strings.Lines(output) {
		if p.line(strings.TrimSuffix(line, "\n")); p.ended {
			break
		}
	}
	res := p.done()
	if want := []string{"SORT BY key", "SORT BY key (and more)"}; !slices.Equal(res.passed, want) {
		t.Errorf("passed %q, want %q", res.passed, want)
	}
	want := []failure{{"SORT with STORE", "Expected '1' to be equal to '2'\nsecond line"}, {noTest, "no such command\nwhile executing"}}
	if !slices.Equal(res.failed, want) {
		t.Errorf("failed %q, want %q", res.failed, want)
	}
	if len(res.skipped) != 2 || !p.ended {
		t.Errorf("skipped %q, ended %v", res.skipped, p.ended)
	}
}

func TestParserNamesWhatHangs(t *testing.T) {
	p := newParser()
	p.line("[TIMEOUT]: clients state report follows.")
	p.line("sock5585 => (IN PROGRESS) BLPOP with a timeout")
	if !p.timedOut || p.running() != "BLPOP with a timeout" {
		t.Errorf("%v, %q", p.timedOut, p.running())
	}
}

const sentinelOutput = `Starting sentinel #0 at port 20000
Testing unit: 02-x.tcl
10:00:00> (init) Restart killed instances: redis/0 sentinel/1 OK
10:00:01> Crash the master: Waiting for process 17 to exit...
OK
00:00:00> left out: SKIPPED
10:00:02> New master 127.0.0.1:30003 role matches: OK
10:00:03> Replicas follow: FAILED: Redis ID 2 not configured
second line
(Jumping to next unit after error)
FAILED: caught an error in the test
Cleaning up...
killing stale instance 12
WARNING 1 test(s) failed.
`

func TestSentinelParser(t *testing.T) {
	p := newSentinelParser()
	for line := range strings.Lines(sentinelOutput) {
		p.line(strings.TrimSuffix(line, "\n"))
	}
	res := p.done()
	if want := []string{"(init) Restart killed instances", "Crash the master", "New master (address) role matches"}; !slices.Equal(res.passed, want) {
		t.Errorf("passed %q, want %q", res.passed, want)
	}
	want := []failure{{"Replicas follow", "Redis ID 2 not configured\nsecond line\n(Jumping to next unit after error)"}}
	if !slices.Equal(res.failed, want) || len(res.skipped) != 1 || !p.ended {
		t.Errorf("failed %q, skipped %q, ended %v", res.failed, res.skipped, p.ended)
	}
}

func TestSentinelParserNamesWhatEndsAFile(t *testing.T) {
	p := newSentinelParser()
	p.line("10:00:00> Master reboots: FAILED: caught an error in the test ERR unknown subcommand")
	if res := p.done(); len(res.failed) != 1 || res.failed[0].name != "Master reboots" || p.ended {
		t.Errorf("%+v", res)
	}
}

func TestVerdict(t *testing.T) {
	l := &lists{expected: []expectation{
		{"f", "known", kindIntended, "r"}, {"f", "mended", kindOpen, "r"}, {"f", "sometimes", kindFlaky, "r"},
		{"f", "not run", kindLeftOut, "r"}, {"g", "another file", kindOpen, "r"},
	}}
	err := l.verdict([]string{"f"}, map[string]*outcome{"f": {failed: []failure{{"known", ""}, {"new", ""}}}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), "new fails") || !strings.Contains(err.Error(), "mended is in") {
		t.Errorf("got %v", err)
	}
	if err := l.verdict([]string{"f"}, map[string]*outcome{"f": {failed: []failure{{"known", ""}, {"mended", ""}}}}); err != nil {
		t.Error(err)
	}
}

func TestListsAreWhole(t *testing.T) {
	l, err := readLists()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]string]bool{}
	for _, e := range l.expected {
		if key := [2]string{e.file, e.test}; seen[key] {
			t.Errorf("%q is listed twice", key)
		} else {
			seen[key] = true
		}
	}
	if len(l.baseline) == 0 {
		t.Error("no baseline")
	}
	for _, bad := range []string{"f\tt\topen", "f\tt\twhatever\treason", "f\tt\topen\t "} {
		if err := l.addExpectation(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestTranslate(t *testing.T) {
	known := parameters("| name | default |\n|---|---|\n| `port` | `6379` |\n| `maxclients`<br>also `max-clients` | `no-such-name` |\n")
	kept, dropped := translate("port 7000\nno-such-name 1\n\nmaxclients none\n", known)
	if kept != "port 7000\n\nmaxclients none\n" || !slices.Equal(dropped, []string{"no-such-name 1"}) {
		t.Errorf("kept %q, dropped %q", kept, dropped)
	}
}

func TestToSourceEntries(t *testing.T) {
	for text, want := range map[string]string{
		"deb http://host/debian stable main\ndeb-src http://host/debian stable main\n# deb x\n": "deb-src http://host/debian stable main\n# deb x\n",
		"Types: deb deb-src\nURIs: http://host/debian\n":                                        "Types: deb-src\nURIs: http://host/debian\n",
	} {
		if got := toSourceEntries(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	l := &lists{baseline: map[string]counts{"f": {passed: 4}}}
	text := table([]string{"f"}, map[string]*outcome{"f": {passed: []string{"a", "b", "c"}}}, l, false)
	if !strings.Contains(text, "| f | 3 | 0 | 0 |") || !strings.Contains(text, "3 of redis-server's 4, 75.0 %") {
		t.Errorf("unexpected table:\n%s", text)
	}
}

func TestOptions(t *testing.T) {
	if _, err := parseOptions([]string{"--baseline"}); err == nil {
		t.Error("a baseline of Haypile was accepted")
	}
	if _, err := parseOptions([]string{"word"}); err == nil || errors.Unwrap(err) != nil {
		t.Errorf("got %v", err)
	}
}
