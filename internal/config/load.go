package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxFileBytes keeps a wrong path, such as a device or a data file, from
	// filling the memory.
	maxFileBytes = 16 << 20
	// maxIncludeDepth is deep enough for any sane layout.
	maxIncludeDepth = 16
	// maxReported is how many bad lines are reported at one time.
	maxReported = 20
)

// loader reads lines into values that are not published yet.
type loader struct {
	values   *Values
	warnings []string
	errs     []error
	stdin    io.Reader
	chain    []string // the files being read, each included by the one before
}

// place is where a line stands, for messages.
type place struct {
	file string
	line int
}

func (p place) String() string {
	if p.line == 0 { // the command line has none
		return p.file
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

func (l *loader) fail(at place, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%v: "+format, append([]any{at}, args...)...))
}

// err joins what was found, one line each.
func (l *loader) err() error {
	errs := slices.Clone(l.errs)
	if len(errs) > maxReported {
		errs = errs[:maxReported]
		errs[maxReported-1] = fmt.Errorf("%w (the rest was not looked at)", errs[maxReported-1])
	}
	return errors.Join(errs...)
}

// file reads the file at path, which no file of the chain may be.
func (l *loader) file(path string) error {
	switch {
	case slices.Contains(l.chain, path):
		return fmt.Errorf("%s includes itself: %s", path, strings.Join(append(l.chain, path), " > "))
	case len(l.chain) > maxIncludeDepth:
		return fmt.Errorf("%s is more than %d files deep", path, maxIncludeDepth)
	}
	text, err := l.read(path)
	if err != nil {
		return err
	}
	l.text(path, text)
	return nil
}

func (l *loader) read(path string) (string, error) {
	src := l.stdin
	if path != "-" || len(l.chain) > 0 { // "include -" is a file of that name
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		src = f
	}
	text, err := io.ReadAll(io.LimitReader(src, maxFileBytes+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxFileBytes {
		return "", fmt.Errorf("%s is larger than %s, which no configuration file is", path, formatBytes(maxFileBytes))
	}
	return string(text), nil
}

// text applies every line and collects what is wrong with it.
func (l *loader) text(file, text string) {
	l.chain = append(l.chain, file)
	defer func() { l.chain = l.chain[:len(l.chain)-1] }()
	if file == "-" {
		file = "(standard input)"
	}
	n := 0
	for raw := range strings.SplitSeq(text, "\n") {
		n++
		if len(l.errs) > maxReported { // this is no configuration file
			return
		}
		at := place{file, n}
		st, err := parseLine(raw)
		switch {
		case err != nil:
			l.fail(at, "%w", err)
		case st.name == "include":
			l.include(at, st.args)
		case st.name != "":
			l.apply(at, st.name, st.args)
		}
	}
}

// include reads the files that match the pattern. A relative one starts at the
// folder of the file that includes it, so that it does not depend on where the
// server was started. A pattern may match nothing, a plain name may not.
func (l *loader) include(at place, args []string) {
	if len(args) != 1 || args[0] == "" {
		l.fail(at, "include needs one file name")
		return
	}
	pattern := args[0]
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(at.file), pattern)
	}
	files := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if files, err = filepath.Glob(pattern); err != nil {
			l.fail(at, "include %q: %w", args[0], err)
			return
		}
	}
	for _, file := range files {
		if err := l.file(file); err != nil {
			l.fail(at, "include: %w", err)
		}
	}
}

// apply sets one parameter.
func (l *loader) apply(at place, name string, args []string) {
	p := lookup(name)
	if p == nil {
		l.unknown(at, name)
		return
	}
	// A refused value must not disturb the checks of the lines that follow.
	trial := l.values.clone()
	if err := p.apply(trial, args, fromFile); err != nil {
		l.fail(at, "%s", refusal(p, name, args, err))
		return
	}
	l.values = trial
	if p.Name == "user" {
		trial.userLines = append(slices.Clip(trial.userLines), at.String())
	}
	if p.warn != "" && p.get(trial) != p.Default {
		l.warnings = append(l.warnings, fmt.Sprintf("%v: %s %s has no effect: %s", at, name, p.get(trial), p.warn))
	}
}

func (l *loader) unknown(at place, name string) {
	if why, ok := ignoredReason(name); ok {
		l.warnings = append(l.warnings, fmt.Sprintf("%v: %s is ignored: %s", at, name, why))
		return
	}
	hint := ""
	if near := nearestName(name); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	l.fail(at, "unknown parameter %q%s", short(name), hint)
}

// refusal says what was wrong with a value and what would be right.
func refusal(p *Param, name string, args []string, err error) string {
	value := " " + short(quoteArgs(args))
	switch {
	case len(args) == 0:
		value = ""
	case p.Secret:
		value = " (hidden)"
	}
	text := fmt.Sprintf("%s%s: %v", name, value, err)
	if explained := (*explainedError)(nil); p.Kind == KindEnum || errors.As(err, &explained) {
		return text // it says already what is allowed
	}
	return text + "; allowed: " + p.Allowed()
}

// short keeps a message readable when a wrong file has very long lines.
func short(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// arguments reads a command line as Redis does: --name value …, up to the next --name, or --name=value, or "--name value …"
// as one argument. What follows a bare name is its value, even with dashes in front, as passwords may have; only save has
// none before the next name.
func (l *loader) arguments(args []string) {
	for i := 0; i < len(args); {
		option, words, ok := args[i], []string(nil), true
		i++
		if name, text, found := strings.Cut(option, " "); found && strings.HasPrefix(name, "--") && !strings.Contains(name, "=") {
			option = name
			if words, ok = splitArgs(text); !ok {
				l.errs = append(l.errs, fmt.Errorf("command line: %s: %w", option, errQuotes))
			}
		}
		bare := len(words) == 0 && !strings.Contains(option, "=")
		switch dashes := i < len(args) && strings.HasPrefix(args[i], "--"); {
		case bare && strings.EqualFold(option, "--save") && (i == len(args) || dashes):
			words = []string{""}
		case bare && dashes:
			words = append(words, args[i])
			i++
		}
		for ; i < len(args) && !strings.HasPrefix(args[i], "--"); i++ {
			words = append(words, args[i])
		}
		l.option(option, words)
	}
}

func (l *loader) option(option string, values []string) {
	name, ok := strings.CutPrefix(option, "--")
	if !ok || name == "" {
		l.errs = append(l.errs, fmt.Errorf("unexpected argument %q: parameters are written --name value", option))
		return
	}
	if before, value, found := strings.Cut(name, "="); found {
		name, values = before, append([]string{value}, values...)
	}
	name = strings.ToLower(name)
	at := place{file: "command line: --" + name}
	if name == "include" {
		at.file = "(command line)" // a relative path starts at the working directory
		l.include(at, values)
		return
	}
	l.apply(at, name, values)
}
