package main

import (
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
	case m != nil:
		p.res.failed = append(p.res.failed, failure{p.running(), m[1] + "\n"})
		p.open, p.parser.open = false, true
	case p.open && (said == "OK" || strings.HasSuffix(said, " OK")):
		p.res.passed, p.open = append(p.res.passed, p.current), false
	case strings.HasPrefix(line, "Cleaning up") || strings.HasPrefix(line, "Testing unit"):
		p.current, p.open, p.parser.open = "", false, false
	case p.parser.open:
		p.res.failed[len(p.res.failed)-1].detail += line + "\n"
	}
}
