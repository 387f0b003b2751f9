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
	var outside, own [2]counts
	for _, file := range files {
		res, r := outcomes[file], lists.baseline[file]
		a := counts{len(res.passed), len(res.failed), len(res.skipped), res.took.Seconds()}
		row(file, a, r)
		sum := &outside
		if strings.HasSuffix(file, ownSuffix) {
			sum = &own
		}
		sum[0], sum[1] = sum[0].plus(a), sum[1].plus(r)
	}
	row("**from outside**", outside[0], outside[1])
	row("**own servers**", own[0], own[1])
	for _, part := range []struct {
		name string
		sums [2]counts
	}{{"from outside", outside}, {"own servers", own}} {
		if r := part.sums[1].passed; r > 0 {
			fmt.Fprintf(&b, "\n%s: %d of redis-server's %d, %.1f %%\n", part.name, part.sums[0].passed, r, 100*float64(part.sums[0].passed)/float64(r))
		}
	}
	return b.String()
}

func (c counts) plus(d counts) counts {
	return counts{c.passed + d.passed, c.failed + d.failed, c.skipped + d.skipped, c.seconds + d.seconds}
}
