package config

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Config is the parameters of one server: the Values in force, the file they came
// from, and who wants to know of changes.
type Config struct {
	current atomic.Pointer[Values]

	// Warned is told what a CONFIG SET has named that means nothing here; nil is nobody.
	Warned func(text string)
	// Stdin is what LoadFile("-") reads.
	Stdin io.Reader

	mu       sync.Mutex // serialises everything that changes the fields below and current
	path     string     // absolute; empty when there is no file
	hooks    []Hook
	warnings []string
}

// Hook is told of a change before it is published. It applies next and returns nil,
// or leaves everything as it was and returns an error, which undoes the change. It
// may be called again with the two swapped, to undo what it applied. It must not
// change the Config. A hook that can name the guilty parameter returns a
// *ParamError.
type Hook func(old, next *Values) error

// Pair is a name and a value as CONFIG GET shows them.
type Pair struct{ Name, Value string }

// New returns the defaults.
func New() *Config {
	c := &Config{Stdin: os.Stdin}
	c.current.Store(defaultValues())
	return c
}

// Load returns the values in force. They never change (C2).
func (c *Config) Load() *Values { return c.current.Load() }

// Path is the file that was loaded and that Rewrite writes; empty if there is none.
func (c *Config) Path() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.path
}

// Warnings lists what was loaded but means nothing here, one sentence each.
func (c *Config) Warnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.warnings)
}

// OnChange adds a hook. Hooks run in the order in which they were added.
func (c *Config) OnChange(h Hook) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = append(c.hooks, h)
}

// LoadFile reads a configuration file over the values in force; "-" is standard
// input. Nothing changes if any line is wrong. Relations between parameters are
// not checked here, because the command line may still follow: call Validate.
func (c *Config) LoadFile(file string) error {
	abs := ""
	if file != "-" {
		var err error
		if abs, err = filepath.Abs(file); err != nil {
			return err
		}
	}
	err := c.load(func(l *loader) {
		if err := l.file(filepath.Clean(file)); err != nil {
			l.errs = append(l.errs, fmt.Errorf("cannot read the configuration: %w", err))
		}
	})
	if err == nil {
		c.mu.Lock()
		c.path = abs
		c.mu.Unlock()
	}
	return err
}

// ApplyArgs reads parameters from a command line, as redis-server does:
// "--name value …" or "--name=value". Nothing changes if any is wrong.
func (c *Config) ApplyArgs(args []string) error {
	return c.load(func(l *loader) { l.arguments(args) })
}

// load runs read on a copy of the values and publishes it if nothing was wrong.
func (c *Config) load(read func(*loader)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.Load()
	l := &loader{values: old.clone(), stdin: c.Stdin}
	read(l)
	if err := l.err(); err != nil {
		return err
	}
	if err := c.publish(old, l.values); err != nil {
		return err
	}
	c.warnings = append(c.warnings, l.warnings...)
	return nil
}

// publish asks the hooks and puts next in force. The caller holds c.mu.
func (c *Config) publish(old, next *Values) error {
	for i, hook := range c.hooks {
		err := hook(old, next)
		if err == nil {
			continue
		}
		for _, done := range slices.Backward(c.hooks[:i]) {
			if undo := done(next, old); undo != nil {
				err = fmt.Errorf("%w (and undoing failed: %v)", err, undo)
			}
		}
		return err
	}
	c.current.Store(next)
	return nil
}

// Get answers CONFIG GET: every name and alias that one of the patterns matches,
// once. A name without wildcards is shown as the client spelled it.
func (c *Config) Get(patterns ...string) []Pair {
	v := c.Load()
	list := []Pair{}
	seen := map[string]bool{}
	add := func(shown, name string, p *Param) {
		if !p.FileOnly && !seen[name] {
			seen[name] = true
			list = append(list, Pair{shown, p.get(v)})
		}
	}
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "*?[") {
			if p := lookup(pattern); p != nil {
				add(pattern, strings.ToLower(pattern), p)
			}
			continue
		}
		for _, p := range params.rows {
			for _, name := range p.names() {
				if match, _ := path.Match(strings.ToLower(pattern), name); match && !p.Hidden {
					add(name, name, p)
				}
			}
		}
	}
	return list
}
