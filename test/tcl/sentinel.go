package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// sentinelParser reads the output of tests/sentinel, which has a form of its own: "time> name: OK", with words of the code that the test
// runs in between, and after a failure the rest of the file is not run.
type sentinelParser struct {
	parser
	open bool // the current test has no outcome yet
}

func newSentinelParser() *sentinelParser { return &sentinelParser{parser: *newParser()} }

var (
	sentinelTest   = regexp.MustCompile(`^\d\d:\d\d:\d\d> (.*?): (.*)$`)
	sentinelFailed = regexp.MustCompile(`FAILED: (.*)$`)
	sentinelEnd    = regexp.MustCompile(`^(GOOD! No errors\.|WARNING \d+ test\(s\) failed\.)`)
	anyAddress     = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// skipping makes tests/sentinel leave out what a list names, which its runner cannot.
const skipping = `
rename test run_test
proc test {name code} {
	if {[lsearch -exact $::left_out $name] >= 0} {
		puts "00:00:00> $name: SKIPPED"
		return
	}
	uplevel 1 [list run_test $name $code]
}
`

// leaveOut prepares the copy of the suite for a run without some tests.
func (s *suite) leaveOut(tests []string) error {
	path := filepath.Join(s.dir, "tests", "instances.tcl")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	own, _, _ := strings.Cut(string(text), "\nset ::left_out")
	var list strings.Builder
	for _, t := range tests {
		list.WriteString(" {" + t + "}")
	}
	return os.WriteFile(path, []byte(own+"\nset ::left_out {"+list.String()+"}\n"+skipping), 0o644)
}

func (p *sentinelParser) parsed() *parser { return &p.parser }

func (p *sentinelParser) line(line string) {
	if sentinelEnd.MatchString(line) {
		p.ended = true
		return
	}
	said := line
	if m := sentinelTest.FindStringSubmatch(line); m != nil {
		p.current, said, p.open = anyAddress.ReplaceAllString(m[1], "(address)"), m[2], true
		p.parser.open = false
	}
	switch m := sentinelFailed.FindStringSubmatch(said); {
	case m != nil && !p.open && len(p.res.failed) > 0 && p.res.failed[len(p.res.failed)-1].name == p.current:
		// The end of the file that follows from the failure.
	case m != nil:
		p.res.failed = append(p.res.failed, failure{p.running(), m[1] + "\n"})
		p.open, p.parser.open = false, true
	case p.open && (said == "OK" || strings.HasSuffix(said, " OK")):
		p.res.passed, p.open = append(p.res.passed, p.current), false
	case said == "SKIPPED":
		p.res.skipped, p.open = append(p.res.skipped, p.current), false
	case strings.HasPrefix(line, "Cleaning up") || strings.HasPrefix(line, "Testing unit"):
		p.current, p.open, p.parser.open = "", false, false
	case p.parser.open:
		p.res.failed[len(p.res.failed)-1].detail += line + "\n"
	}
}
