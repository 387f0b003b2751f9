package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// ownSuffix marks a file that runs with servers that the suite starts itself.
const ownSuffix = "+own"

// ownFiles are the files of which most tests start servers of their own.
var ownFiles = []string{
	"unit/acl", "unit/acl-v2", "unit/auth", "unit/info", "unit/introspection", "unit/limits", "unit/networking", "unit/pubsubshard",
	"unit/shutdown", "unit/tracking", "unit/wait", "integration/block-repl", "integration/replication", "integration/replication-2",
	"integration/replication-3", "integration/replication-4",
}

// sentinelPrefix marks a file of tests/sentinel: five servers and five of Redis's own sentinels.
const sentinelPrefix = "sentinel/"

// noFiles are not run at all.
var noFiles = map[string]string{
	"unit/tls": "needs certificates that the source package makes with a script of its own, and a Tcl with TLS",
}

// chooseFiles are all files, or those that the options name.
func chooseFiles(o *options, source string, lists *lists) ([]string, error) {
	all, err := allFiles(source)
	if err != nil {
		return nil, err
	}
	var chosen []string
	for _, file := range all {
		switch {
		case len(o.files) > 0 && !slices.Contains(o.files, file):
		case o.fast && !lists.fast(file):
		case o.sentinel && !strings.HasPrefix(file, sentinelPrefix):
		case lists.wholeFile(file) != nil && !slices.Contains(o.files, file) && !o.redis:
		default:
			chosen = append(chosen, file)
		}
	}
	for _, file := range o.files {
		if !slices.Contains(chosen, file) {
			return nil, fmt.Errorf("there is no file %s", file)
		}
	}
	return chosen, nil
}

func allFiles(source string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"unit/*.tcl", "unit/type/*.tcl"} {
		paths, err := filepath.Glob(filepath.Join(source, "tests", pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name, _ := strings.CutSuffix(filepath.Join(filepath.Dir(pattern), filepath.Base(path)), ".tcl")
			if noFiles[name] == "" {
				files = append(files, name)
			}
		}
	}
	sort.Strings(files)
	for _, name := range ownFiles {
		files = append(files, name+ownSuffix)
	}
	sentinel, err := filepath.Glob(filepath.Join(source, "tests", "sentinel", "tests", "*.tcl"))
	for _, path := range sentinel {
		files = append(files, sentinelPrefix+strings.TrimSuffix(filepath.Base(path), ".tcl"))
	}
	return files, err
}
