package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// suite is a copy of the tests, in which the suite runs: it writes there, and src/ holds what it is to start.
type suite struct {
	o   *options
	dir string
	bin string // of Haypile
}

func newSuite(o *options, source string) (*suite, error) {
	dir, err := os.MkdirTemp("", "haypile-tcl-")
	if err != nil {
		return nil, err
	}
	s := &suite{o: o, dir: dir}
	if out, err := exec.Command("cp", "-r", filepath.Join(source, "tests"), filepath.Join(source, "runtest"),
		filepath.Join(source, "runtest-sentinel"), dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	for _, sub := range []string{"src", "tests/tmp", "tests/sentinel/tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	if !o.redis {
		if s.bin, err = harness.Bin(); err != nil {
			return nil, err
		}
	}
	return s, s.place()
}

// place fills src/: the tools are those of Redis, the server is the one under test.
func (s *suite) place() error {
	programs := []string{"redis-cli", "redis-benchmark", "redis-sentinel"}
	if s.o.redis {
		programs = append(programs, "redis-server")
	}
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			return err
		}
		if err := os.Symlink(path, filepath.Join(s.dir, "src", program)); err != nil {
			return err
		}
	}
	if s.o.redis {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\n[ -z \"$%s\" ] || exec >>\"$1.out\"\nHAYPILE_BIN='%s' exec '%s' %s \"$@\"\n", outputVariable, s.bin, self, launchWord)
	return os.WriteFile(filepath.Join(s.dir, "src", "redis-server"), []byte(script), 0o755)
}

// outputVariable is set where the output of a server would be mixed with the suite's.
const outputVariable = "TCL_SERVER_OUTPUT"

func (s *suite) remove() { _ = os.RemoveAll(s.dir) }

// failure is a test that failed, and what the suite said.
type failure struct{ name, detail string }

// outcome is what one file gave.
type outcome struct {
	passed  []string
	failed  []failure
	skipped []string // with the suite's reason; a group of tests counts as one
	took    time.Duration
}

// maxRounds bounds how often a file is run again behind a test that hangs.
const maxRounds = 8

// runFile runs a file; leftOut are the tests that are not run at all.
func (s *suite) runFile(file string, leftOut []string) (*outcome, error) {
	skip := append([]string(nil), leftOut...)
	var hung []failure
	for range maxRounds {
		res, stuck, err := s.round(file, skip)
		if err != nil {
			return nil, err
		}
		if stuck == "" {
			res.failed = append(res.failed, hung...)
			return res, nil
		}
		hung = append(hung, failure{stuck, fmt.Sprintf("hung for %v", s.o.quiet)})
		skip = append(skip, stuck)
		if len(hung) == maxRounds || stuck == noTest {
			res.failed = append(res.failed, hung...)
			return res, nil
		}
	}
	return &outcome{failed: hung}, nil
}

// round runs a file once. stuck names the test that hung.
func (s *suite) round(file string, skip []string) (res *outcome, stuck string, err error) {
	if name, is := strings.CutPrefix(file, sentinelPrefix); is {
		if err := s.leaveOut(skip); err != nil {
			return nil, "", err
		}
		return s.listen(newSentinelParser(), "./runtest-sentinel", "--single", name+".tcl")
	}
	name, own := strings.CutSuffix(file, ownSuffix)
	args := []string{"--durable", "--single", name, "--clients", "1", "--timeout", strconv.Itoa(int(s.o.quiet.Seconds())),
		"--baseport", strconv.Itoa(s.o.basePort), "--portcount", "500"}
	if s.o.only != "" {
		args = append(args, "--only", s.o.only)
	}
	for _, t := range skip {
		args = append(args, "--skiptest", t)
	}
	if !own {
		server, err := s.startServer()
		if err != nil {
			return nil, "", err
		}
		defer func() {
			_ = server.Kill()
			_ = server.Remove()
		}()
		args = append(args, "--host", "127.0.0.1", "--port", strconv.Itoa(server.Port))
	}
	return s.listen(newParser(), "./runtest", args...)
}

func (s *suite) startServer() (*harness.Server, error) {
	opts := harness.Options{Flavor: harness.Haypile, Dir: s.dir, Port: s.o.port}
	opts.Args = []string{"--enable-debug-command", "yes", "--enable-protected-configs", "yes"}
	if s.o.redis {
		opts.Flavor = harness.Redis
		opts.Args = append(opts.Args, "--save", "")
	} else {
		opts.Args = append(opts.Args, haypileArgs...)
	}
	return harness.Launch(opts)
}

// haypileArgs are what Haypile is given beyond the defaults.
var haypileArgs = []string{"--object-encoding-compat", "7.0"}

// listen starts the suite and reads what it prints until it ends, or nothing comes for too long.
func (s *suite) listen(p reader, script string, args ...string) (res *outcome, stuck string, err error) {
	command := exec.Command(script, args...)
	command.Dir = s.dir
	command.Env = append(os.Environ(), "TERM=dumb")
	if _, is := p.(*sentinelParser); is {
		command.Env = append(command.Env, outputVariable+"=1")
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, in := io.Pipe()
	command.Stdout, command.Stderr = in, in
	if err := command.Start(); err != nil {
		return nil, "", err
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		r := bufio.NewScanner(out)
		r.Buffer(nil, 64<<20)
		for r.Scan() {
			lines <- r.Text()
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	go func() {
		_ = command.Wait() // failed tests make it exit with 1; the lines say more
		_ = in.Close()
	}()
	hung, got := s.read(lines, p), p.parsed()
	// The servers that the suite started are of its process group as well.
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	switch {
	case hung || got.timedOut:
		stuck = got.running()
	case !got.ended:
		got.failed("the suite stopped")
	}
	return got.done(), stuck, nil
}

func (s *suite) read(lines <-chan string, p reader) (hung bool) {
	for {
		select {
		case line, more := <-lines:
			if !more {
				return false
			}
			if s.o.verbose {
				fmt.Println(line)
			}
			p.line(line)
			if p.parsed().ended {
				return false
			}
		case <-time.After(s.o.quiet + time.Minute): // the suite should have noticed
			return true
		}
	}
}

// noTest stands for the code of a file outside of its tests.
const noTest = "(outside of a test)"

// reader makes an outcome of what a suite prints.
type reader interface {
	line(line string)
	parsed() *parser
}

// parser reads the suite's output.
type parser struct {
	res     *outcome
	current string // the test that hangs, according to the suite
	open    bool   // lines of a failure's explanation follow

	ended, timedOut bool
}

func newParser() *parser { return &parser{res: &outcome{}} }

func (p *parser) parsed() *parser { return p }

var (
	statusLine = regexp.MustCompile(`^\[(ok|err|skip|ignore|exception)\]: (.*)$`)
	okTime     = regexp.MustCompile(` \(-?\d+ ms\)$`)
	inFile     = regexp.MustCompile(` in tests/\S+\.tcl$`)
	inProgress = regexp.MustCompile(`^\S+ => \(IN PROGRESS\) (.*)$`)
	otherLine  = regexp.MustCompile(`^\[(ready|\d+/\d+ done|server-\S+)\]: |^Testing |^Starting test server|^Cleanup: `)
)

func (p *parser) line(line string) {
	m := statusLine.FindStringSubmatch(line)
	if m == nil {
		p.other(line)
		return
	}
	p.open = false
	switch status, text := m[1], m[2]; status {
	case "ok":
		p.res.passed = append(p.res.passed, okTime.ReplaceAllString(text, ""))
	case "skip", "ignore":
		p.res.skipped = append(p.res.skipped, text)
	case "err":
		p.failed(text)
	case "exception":
		p.failed(text)
		p.res.failed[len(p.res.failed)-1].name = p.running()
	}
}

func (p *parser) failed(text string) {
	f := failure{name: inFile.ReplaceAllString(text, "")}
	if f.name == text { // not the line of a test: an error between tests
		f = failure{name: noTest, detail: text + "\n"}
	}
	p.res.failed = append(p.res.failed, f)
	p.open = true
}

func (p *parser) other(line string) {
	switch {
	case strings.Contains(line, "The End"):
		p.ended = true
	case strings.HasPrefix(line, "[TIMEOUT]"):
		p.timedOut, p.open = true, false
	case p.timedOut && inProgress.MatchString(line):
		p.current = inProgress.FindStringSubmatch(line)[1]
	case otherLine.MatchString(line):
		p.open = false
	case p.open:
		f := &p.res.failed[len(p.res.failed)-1]
		f.detail += line + "\n"
	}
}

func (p *parser) running() string {
	if p.current == "" {
		return noTest
	}
	return p.current
}

// done cuts explanations to what a person reads.
func (p *parser) done() *outcome {
	for i, f := range p.res.failed {
		lines := strings.SplitN(strings.TrimSpace(f.detail), "\n", 9)
		p.res.failed[i].detail = strings.Join(lines[:min(len(lines), 8)], "\n")
	}
	return p.res
}
