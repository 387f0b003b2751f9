package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what came out into the scenarios; review the diff")

var sectionHead = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

// scenario is a text file: prose, then sections headed "-- name --".
type scenario struct {
	path  string
	intro string
	names []string
	body  map[string]string
}

func readScenario(t *testing.T, path string) *scenario {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	heads := sectionHead.FindAllStringSubmatchIndex(text, -1)
	s := &scenario{path: path, body: map[string]string{}}
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		name := text[h[2]:h[3]]
		s.names = append(s.names, name)
		s.body[name] = text[h[1]:end]
	}
	s.intro = text[:heads[0][0]]
	return s
}

// files writes the sections that are files into a fresh directory and goes there.
func (s *scenario) files(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range s.names {
		if strings.HasSuffix(name, ".conf") {
			if err := os.WriteFile(name, []byte(s.body[name]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// expect compares a section with what came out.
func (s *scenario) expect(t *testing.T, name, got string) {
	t.Helper()
	if got == s.body[name] {
		return
	}
	if !*update {
		t.Errorf("%s: section %s\n--- got\n%s--- want\n%s", s.path, name, got, s.body[name])
		return
	}
	if _, ok := s.body[name]; !ok {
		s.names = append(s.names, name)
	}
	s.body[name] = got
	text := s.intro
	for _, name := range s.names {
		text += "-- " + name + " --\n" + s.body[name]
	}
	if err := os.WriteFile(s.path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func eachScenario(t *testing.T, pattern string, run func(t *testing.T, s *scenario)) {
	paths, _ := filepath.Glob(pattern)
	if len(paths) == 0 {
		t.Fatalf("no scenario matches %s", pattern)
	}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { run(t, readScenario(t, abs)) })
	}
}

// TestLoad loads haypile.conf and the arguments of section args; section result
// has the errors, or the warnings and the values that are not the default.
func TestLoad(t *testing.T) {
	eachScenario(t, "testdata/load/*.txt", func(t *testing.T, s *scenario) {
		s.files(t)
		c := New()
		err := c.LoadFile("haypile.conf")
		if args, ok := s.body["args"]; ok && err == nil {
			words, _ := splitArgs(args)
			err = c.ApplyArgs(words)
		}
		if err == nil {
			err = Validate(c.Load())
		}
		s.expect(t, "result", result(c, err))
	})
}

func result(c *Config, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "%v\n", err)
		return b.String()
	}
	for _, w := range c.Warnings() {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	v := c.Load()
	for _, p := range params.rows {
		if p.get(v) != p.Default {
			fmt.Fprintf(&b, "%s = %s\n", p.Name, strings.TrimSuffix(p.get(v), "\n"))
		}
	}
	return b.String()
}

// TestRewrite loads haypile.conf and args, does the CONFIG SETs of section set (one
// a line), rewrites, and compares the file with section want. Sections set2 and
// want2 go on from there.
func TestRewrite(t *testing.T) {
	eachScenario(t, "testdata/rewrite/*.txt", func(t *testing.T, s *scenario) {
		s.files(t)
		c := New()
		if err := c.LoadFile("haypile.conf"); err != nil {
			t.Fatal(err)
		}
		words, _ := splitArgs(s.body["args"])
		if err := c.ApplyArgs(words); err != nil {
			t.Fatal(err)
		}
		for _, round := range []string{"", "2"} {
			if _, ok := s.body["set"+round]; ok {
				rewriteRound(t, s, c, round)
			}
		}
	})
}

func rewriteRound(t *testing.T, s *scenario, c *Config, round string) {
	t.Helper()
	for line := range strings.Lines(s.body["set"+round]) {
		words, _ := splitArgs(line)
		if err := c.SetLocal(pairs(words...)); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	if err := c.Rewrite(); err != nil {
		got = err.Error() + "\n"
	} else if raw, err := os.ReadFile("haypile.conf"); err == nil {
		got = string(raw)
	}
	s.expect(t, "want"+round, got)
	left, _ := filepath.Glob("*.tmp")
	if len(left) > 0 {
		t.Errorf("temporary files are left behind: %v", left)
	}
}
