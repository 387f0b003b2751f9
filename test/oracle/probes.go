package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haypile/haypile/test/harness"
)

// iterate follows the cursor of SCAN and its kin to the end and returns everything seen, sorted. The cursor "0" among the arguments
// is replaced.
func iterate(do doFunc, args []string) (harness.Reply, error) {
	command := strings.ToUpper(args[0])
	at := 2 // where the cursor stands
	width := 1
	switch command {
	case "SCAN":
		at = 1
	case "HSCAN", "ZSCAN":
		width = 2
	}
	var seen []string
	next := slices.Clone(args)
	// A server that never ends an iteration must not hang the test.
	for range 100_000 {
		r, err := do(next)
		if err != nil || r.IsError() {
			return r, err
		}
		if len(r.Elems) != 2 || len(r.Elems[1].Elems)%width != 0 {
			return harness.Reply{}, fmt.Errorf("%s: not a cursor and its elements: %v", command, r)
		}
		page := r.Elems[1].Elems
		for i := 0; i < len(page); i += width {
			entry := harness.Quote(page[i].Str)
			if command == "HSCAN" {
				entry += " => " + harness.Quote(page[i+1].Str)
			} else if command == "ZSCAN" {
				entry += " => " + canonicalFloat(page[i+1].Str)
			}
			seen = append(seen, entry)
		}
		if next[at] = r.Elems[0].Str; next[at] == "0" {
			slices.Sort(seen)
			return textArray(slices.Compact(seen)), nil
		}
	}
	return harness.Reply{}, fmt.Errorf("%s: no end of the iteration after 100000 pages", command)
}

// membership sums up what a random command drew.
func membership(drawn []string, all harness.Reply, distinct bool) harness.Reply {
	members := map[string]bool{}
	for _, m := range all.Elems {
		members[m.Str] = true
	}
	seen := map[string]bool{}
	for _, d := range drawn {
		if !members[d] {
			return text("drew %q, which is no member", d)
		}
		if distinct && seen[d] {
			return text("drew %q twice", d)
		}
		seen[d] = true
	}
	return text("%d members", len(drawn))
}

func text(format string, args ...any) harness.Reply {
	return harness.Reply{Kind: harness.Simple, Str: fmt.Sprintf(format, args...)}
}

func textArray(texts []string) harness.Reply {
	elems := make([]harness.Reply, len(texts))
	for i, t := range texts {
		elems[i] = harness.Reply{Kind: harness.Simple, Str: t}
	}
	return harness.Reply{Kind: harness.Array, Elems: elems}
}
