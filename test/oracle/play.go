package oracle

import (
	"fmt"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// side is one of the two servers with the connections to it.
type side struct {
	name   string
	server *harness.Server
	resp3  bool
	conns  [connCount]*harness.Client
	// distort, if set, changes what this side is told: a planted bug, to test the test.
	distort func(args []string) []string
}

// reset brings the server to the state in which every sequence starts: empty, fresh connections, database 0. A server that has
// crashed is started again.
func (s *side) reset() error {
	s.hangUp()
	if !s.server.Alive() {
		if err := s.server.Start(); err != nil {
			return err
		}
	}
	for i := range s.conns {
		c, err := harness.Dial(s.server.Addr())
		if err != nil {
			return err
		}
		s.conns[i] = c
		if s.resp3 {
			if r, err := c.Do("HELLO", "3"); err != nil || r.IsError() {
				return fmt.Errorf("HELLO 3: %v, %v", r, err)
			}
		}
	}
	if r, err := s.conns[connProbe].Do("FLUSHALL"); err != nil || r.IsError() {
		return fmt.Errorf("FLUSHALL: %v, %v", r, err)
	}
	return nil
}

func (s *side) hangUp() {
	for i, c := range s.conns {
		if c != nil {
			_ = c.Close()
			s.conns[i] = nil
		}
	}
}

// play executes steps, commands in a row on one connection as one pipeline. On an I/O error it returns the replies until then.
func (s *side) play(steps []step) ([]harness.Reply, error) {
	replies := make([]harness.Reply, 0, len(steps))
	for len(steps) > 0 {
		n := pipelineLength(steps)
		got, err := s.playRun(steps[:n])
		replies = append(replies, got...)
		if err != nil {
			return replies, err
		}
		steps = steps[n:]
	}
	return replies, nil
}

// pipelineLength is how many of the steps can be sent at once.
func pipelineLength(steps []step) int {
	for i, s := range steps {
		if s.probe != nil || s.conn != steps[0].conn {
			return max(i, 1)
		}
		if s.pause > 0 {
			return i + 1
		}
	}
	return len(steps)
}

func (s *side) playRun(run []step) ([]harness.Reply, error) {
	c := s.conns[run[0].conn]
	if p := run[0].probe; p != nil {
		r, err := s.runProbe(c, run[0])
		if err != nil {
			return nil, err
		}
		return []harness.Reply{r}, nil
	}
	commands := make([][]string, len(run))
	for i, step := range run {
		commands[i] = s.told(step.args)
	}
	replies, err := c.Pipeline(commands)
	if pause := run[len(run)-1].pause; pause > 0 && err == nil {
		time.Sleep(pause) // a time to live has to pass; there is no event to wait for
	}
	return replies, err
}

func (s *side) runProbe(c *harness.Client, step step) (harness.Reply, error) {
	if step.probe.script != nil {
		return s.converse(step.probe.script, step.probe.onlyFirst)
	}
	if r, err := c.Do("SELECT", step.probe.db); err != nil || r.IsError() {
		return r, err
	}
	do := func(args ...any) (harness.Reply, error) {
		flat := row{args: func(*gen) l { return args }}.command(nil)
		return c.Do(s.told(flat))
	}
	return step.probe.run(do, step.args)
}

func (s *side) told(args []string) []string {
	if s.distort != nil {
		return s.distort(args)
	}
	return args
}

// pair is both sides.
type pair struct {
	redis, ours *side
}

func (p *pair) reset() error {
	if err := p.redis.reset(); err != nil {
		return fmt.Errorf("redis-server: %w", err)
	}
	if err := p.ours.reset(); err != nil {
		return fmt.Errorf("haypile: %w", err)
	}
	return nil
}

// finding is the first difference in a sequence.
type finding struct {
	at          int    // index of the step; the length of the sequence if only the key spaces differ
	command     string // name of the command, or stateCommand
	args        []string
	redis, ours string
	why         string
}

// stateCommand stands for the command in a finding of the key space comparison.
const stateCommand = "(key space)"

// kind is what makes two findings the same one, for shrinking and for counting.
func (f *finding) kind() string {
	return f.command + " " + firstLine(f.why) + " " + errorPrefix(f.redis) + " " + errorPrefix(f.ours)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.Map(func(r rune) rune { // numbers change while a sequence shrinks
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, line)
}

func errorPrefix(reply string) string {
	if rest, ok := strings.CutPrefix(reply, "(error) "); ok {
		word, _, _ := strings.Cut(rest, " ")
		return word
	}
	return ""
}

// player plays a sequence bit by bit and compares as it goes.
type player struct {
	pair   *pair
	played int
	errors int // how many replies were refusals, on both sides
	// queues are the commands that each connection has in its transaction, which EXEC answers.
	queues [connCount][][]string
}

// play executes the next steps on both sides at once and returns the first difference.
func (p *player) play(steps []step) *finding {
	type result struct {
		replies []harness.Reply
		err     error
	}
	other := make(chan result, 1)
	go func() {
		replies, err := p.pair.redis.play(steps)
		other <- result{replies, err}
	}()
	ours, oursErr := p.pair.ours.play(steps)
	redis := <-other
	base := p.played
	p.played += len(steps)
	for i, s := range steps {
		f := &finding{at: base + i, command: s.name(), args: s.args}
		if i >= len(ours) || i >= len(redis.replies) {
			f.why, f.redis, f.ours = "connection lost", outcome(redis.replies, redis.err, i), outcome(ours, oursErr, i)
			return f
		}
		if f.why = p.judge(s, redis.replies[i], ours[i]); f.why != "" {
			f.redis, f.ours = redis.replies[i].String(), ours[i].String()
			return f
		}
		if ours[i].IsError() {
			p.errors++
		}
	}
	return nil
}

func outcome(replies []harness.Reply, err error, i int) string {
	if i < len(replies) {
		return replies[i].String()
	}
	return fmt.Sprintf("(no reply: %v)", err)
}

// judge compares the replies to one step, following which commands a transaction has queued.
func (p *player) judge(s step, redis, ours harness.Reply) string {
	queue := p.queues[s.conn]
	switch {
	case redis.Kind == harness.Simple && redis.Str == "QUEUED":
		p.queues[s.conn] = append(queue, s.args)
	case s.name() == "EXEC" && len(s.args) == 1:
		p.queues[s.conn] = nil
		if redis.Kind != harness.Array || ours.Kind != harness.Array || len(redis.Elems) != len(queue) || len(ours.Elems) != len(queue) {
			break
		}
		for i, args := range queue {
			if why := compare(args, redis.Elems[i], ours.Elems[i]); why != "" {
				return fmt.Sprintf("%s\nin reply %d of EXEC, %s", why, i+1, harness.CommandLine(args))
			}
		}
		return ""
	case s.name() == "DISCARD" && len(s.args) == 1:
		p.queues[s.conn] = nil
	}
	return compare(s.args, redis, ours)
}
