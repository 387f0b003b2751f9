package oracle

import (
	"fmt"
	"time"
)

// Sizes of a run. A sequence that starts from empty servers is short enough to be replayed many times while it is shrunk.
const (
	sequenceSteps   = 5000
	stateEverySteps = 1250
	chunkSteps      = 250
)

// config is one run.
type config struct {
	seed        uint64
	commands    int
	families    []family
	failuresMax int
}

// summary counts what a run did.
type summary struct {
	steps     int
	errors    int // how many steps were refused, rightly
	sequences int
	findings  []string
	took      time.Duration
}

// run generates, plays and compares until enough commands are done or enough findings made. Findings of one kind count once.
func run(p *pair, cfg config, logf func(format string, args ...any)) (summary, error) {
	started := time.Now()
	var sum summary
	known := map[string]bool{}
	for sum.steps < cfg.commands && len(sum.findings) < cfg.failuresMax {
		seed := cfg.seed + uint64(sum.sequences)
		pl, steps, f, err := p.sequence(seed, cfg.families, min(sequenceSteps, cfg.commands-sum.steps))
		if err != nil {
			return sum, err
		}
		sum.sequences++
		sum.errors += pl.errors
		sum.steps += len(steps)
		if f == nil || known[f.kind()] {
			continue
		}
		known[f.kind()] = true
		short, again := p.shrink(steps, f)
		if again == nil {
			again = f
			logf("the finding below did not come again in a replay; the script is not shrunk")
			short = short[max(0, len(short)-50):]
		}
		text := fmt.Sprintf("sequence seed %d: %s", seed, report(short, again, f.at+1))
		sum.findings = append(sum.findings, text)
		logf("%s", text)
	}
	sum.took = time.Since(started)
	return sum, nil
}

// sequence plays one sequence from empty servers and returns it with its first difference.
func (p *pair) sequence(seed uint64, families []family, length int) (pl *player, steps []step, f *finding, err error) {
	if err := p.reset(); err != nil {
		return nil, nil, nil, err
	}
	g := newGen(seed, families)
	pl = &player{pair: p}
	sinceState := 0
	for len(steps) < length {
		start := len(steps)
		for len(steps)-start < min(chunkSteps, length-start) {
			steps = append(steps, g.next()...)
		}
		if f := pl.play(steps[start:]); f != nil {
			return pl, steps, f, nil
		}
		if sinceState += len(steps) - start; sinceState >= stateEverySteps || len(steps) >= length {
			sinceState = 0
			if f := pl.compareState(); f != nil {
				return pl, steps, f, nil
			}
		}
	}
	return pl, steps, nil, nil
}
