package main

import (
	"fmt"
	"strings"
)

// table prints the outcome by file, redis-server's numbers beside it.
func table(files []string, outcomes map[string]*outcome, lists *lists, redis bool) string {
	var b strings.Builder
	name := "Haypile"
	if redis {
		name = "redis-server now"
	}
	fmt.Fprintf(&b, "| file | %s: passed | failed | skipped | s | redis-server: passed | failed | skipped | s |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n", name)
	row := func(file string, a, r counts) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %.1f | %d | %d | %d | %.1f |\n", file, a.passed, a.failed, a.skipped, a.seconds,
			r.passed, r.failed, r.skipped, r.seconds)
	}
	parts := []part{{name: "from outside"}, {name: "own servers"}, {name: "sentinel"}}
	for _, file := range files {
		res, r := outcomes[file], lists.baseline[file]
		a := counts{len(res.passed), len(res.failed), len(res.skipped), res.took.Seconds()}
		row(file, a, r)
		p := &parts[0]
		switch {
		case strings.HasSuffix(file, ownSuffix):
			p = &parts[1]
		case strings.HasPrefix(file, sentinelPrefix):
			p = &parts[2]
		}
		p.files, p.ours, p.theirs = p.files+1, p.ours.plus(a), p.theirs.plus(r)
	}
	for _, p := range parts {
		if p.files > 0 {
			row("**"+p.name+"**", p.ours, p.theirs)
		}
	}
	for _, p := range parts {
		if r := p.theirs.passed; r > 0 {
			fmt.Fprintf(&b, "\n%s: %d of redis-server's %d, %.1f %%\n", p.name, p.ours.passed, r, 100*float64(p.ours.passed)/float64(r))
		}
	}
	return b.String()
}

// part is a group of files that run in the same way.
type part struct {
	name         string
	files        int
	ours, theirs counts
}

func (c counts) plus(d counts) counts {
	return counts{c.passed + d.passed, c.failed + d.failed, c.skipped + d.skipped, c.seconds + d.seconds}
}
