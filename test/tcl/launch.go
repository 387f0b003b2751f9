package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/haypile/haypile/test/harness"
)

// launchWord is the first argument when this program stands in for redis-server.
const launchWord = "launch"

// launch turns into Haypile: args are those of redis-server. The process stays the same, because the suite signals it. The suite
// reads the log from the standard output, where it looks for the process number first.
func launch(args []string) error {
	bin, err := harness.Bin()
	if err != nil {
		return err
	}
	line := []string{bin, "server"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, err := translateFile(bin, args[0])
		if err != nil {
			return err
		}
		line, args = append(line, file), args[1:]
	}
	line = append(append(line, args...), haypileArgs...)
	fmt.Printf("haypile in the place of redis-server, PID: %d\n", os.Getpid())
	if err := syscall.Dup2(int(os.Stdout.Fd()), int(os.Stderr.Fd())); err != nil {
		return err
	}
	return syscall.Exec(bin, line, os.Environ())
}

// translateFile writes a copy of a configuration without the names that Haypile does not know, and returns its path.
// CONFIG REWRITE changes the copy, and a restart begins with the copy again, unless the suite has changed its file.
func translateFile(bin, path string) (string, error) {
	copied := path + ".haypile"
	from, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if to, err := os.Stat(copied); err == nil && !from.ModTime().After(to.ModTime()) {
		return copied, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	table, err := exec.Command(bin, "config", "--markdown").Output()
	if err != nil {
		return "", err
	}
	kept, dropped := translate(string(text), parameters(string(table)))
	for _, line := range dropped {
		fmt.Println("dropped from the configuration:", line)
	}
	copied, err = filepath.Abs(copied)
	if err != nil {
		return "", err
	}
	return copied, os.WriteFile(copied, []byte(kept), 0o644)
}

// translate drops lines with unknown names. Wrong values stay: the suite may want to see them refused.
func translate(text string, known map[string]bool) (kept string, dropped []string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && !known[strings.ToLower(name)] {
			dropped = append(dropped, strings.TrimSpace(line))
			continue
		}
		b.WriteString(line)
	}
	return b.String(), dropped
}

var quoted = regexp.MustCompile("`([a-z0-9_-]+)`")

// parameters are the names and aliases in the first column of the table that haypile config prints.
func parameters(table string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(table) {
		if column := strings.SplitN(line, "|", 3); len(column) == 3 {
			for _, m := range quoted.FindAllStringSubmatch(column[1], -1) {
				names[m[1]] = true
			}
		}
	}
	return names
}
