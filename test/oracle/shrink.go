package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// shrinkLimit bounds the time given to shortening one finding.
const shrinkLimit = 30 * time.Second

// shrink looks for a short sequence that, from an empty server, ends in the same kind of finding: delta debugging, that is leaving
// out ever smaller parts for as long as the finding stays.
func (p *pair) shrink(steps []step, found *finding) ([]step, *finding) {
	deadline := time.Now().Add(shrinkLimit)
	check := func(candidate []step) *finding {
		f := p.replay(candidate, found.command == stateCommand)
		if f != nil && f.kind() == found.kind() {
			return f
		}
		return nil
	}
	steps = slices.Clone(steps[:min(found.at+1, len(steps))])
	best := check(steps)
	if best == nil {
		return steps, nil
	}
	for size := (len(steps) + 1) / 2; size > 0; size = min(size/2, len(steps)) {
		for again := true; again; {
			again = false
			// From the end: what comes late depends on what comes early more often than the other way round.
			for end := len(steps); end > 0; {
				if time.Now().After(deadline) {
					return steps, best
				}
				start := max(0, end-size)
				candidate := slices.Delete(slices.Clone(steps), start, end)
				if f := check(candidate); f != nil {
					steps, best = candidate[:min(f.at+1, len(candidate))], f
					start = min(start, len(steps))
					again = size == 1 // leaving out one command may make another superfluous
				}
				end = start
			}
		}
	}
	return steps, best
}

// replay plays a sequence from an empty server.
func (p *pair) replay(steps []step, withState bool) *finding {
	if err := p.reset(); err != nil {
		return &finding{command: "(reset)", why: err.Error()}
	}
	pl := &player{pair: p}
	if f := pl.play(steps); f != nil || !withState {
		return f
	}
	return pl.compareState()
}

// report writes a finding with the sequence that leads to it.
func report(steps []step, f *finding, from int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\nscript of %d commands (of %d), on an empty server:\n", f.command, f.why, len(steps), from)
	for _, s := range steps {
		fmt.Fprintf(&b, "  %v\n", s)
	}
	if f.command == stateCommand {
		fmt.Fprintf(&b, "  then %s:\n", strings.Join(f.args, " "))
	}
	fmt.Fprintf(&b, "     redis-server: %s\n     haypile:      %s", indented(f.redis), indented(f.ours))
	return b.String()
}

// replyLinesMax bounds how much of a reply is printed.
const replyLinesMax = 40

func indented(reply string) string {
	lines := strings.Split(reply, "\n")
	if len(lines) > replyLinesMax {
		lines = append(lines[:replyLinesMax], fmt.Sprintf("… %d more lines", len(lines)-replyLinesMax))
	}
	return strings.Join(lines, "\n                   ")
}
