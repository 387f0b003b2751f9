package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/haypile/haypile/internal/config"
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
		file, err := translateFile(args[0])
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
// CONFIG REWRITE changes the copy, and a restart begins with the copy again.
func translateFile(path string) (string, error) {
	copied := path + ".haypile"
	if _, err := os.Stat(copied); err == nil {
		return copied, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	kept, dropped := translate(string(text))
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
func translate(text string) (kept string, dropped []string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		err := config.New().ApplyArgs([]string{"--" + name, value})
		if name != "" && err != nil && strings.Contains(err.Error(), "unknown parameter") {
			dropped = append(dropped, strings.TrimSpace(line))
			continue
		}
		b.WriteString(line)
	}
	return b.String(), dropped
}
