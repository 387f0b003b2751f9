package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// A round's length, drawn between these. Short enough for many rounds, long enough that logs rotate and memory tables are flushed in
// some of them.
const (
	roundMin = 150 * time.Millisecond
	roundMax = 1500 * time.Millisecond
)

// loop is a server with its writers over many kills.
type loop struct {
	server  *harness.Server
	writers []*writer
	rnd     *rand.Rand
	logf    func(format string, args ...any)

	rounds    int
	restarts  []time.Duration
	total     tally
	keysMax   int
	deadStart int // kills while the server was starting
}

func newLoop(server *harness.Server, seed uint64, writers int, logf func(format string, args ...any)) *loop {
	l := &loop{server: server, rnd: newRand(seed, 0), logf: logf}
	for i := range writers {
		l.writers = append(l.writers, newWriter(i, 0, seed))
	}
	flusher := newWriter(writers, 1, seed)
	flusher.flushes = true
	l.writers = append(l.writers, flusher)
	return l
}

// round lets the writers work, kills the server under them, restarts it and verifies.
func (l *loop) round() error {
	l.rounds++
	errs := make([]error, len(l.writers))
	var working sync.WaitGroup
	for i, w := range l.writers {
		working.Go(func() {
			if err := w.write(l.server.Addr()); err != nil {
				errs[i] = fmt.Errorf("%s (while the server ran) %w", w.prefix, err)
			}
		})
	}
	select {
	case <-time.After(roundMin + time.Duration(l.rnd.Int64N(int64(roundMax-roundMin)))):
	case <-l.server.Exited():
		working.Wait()
		return fmt.Errorf("round %d: the server ended by itself\n%s", l.rounds, l.server.LogTail(40))
	}
	if err := l.server.Kill(); err != nil {
		return err
	}
	working.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("round %d: %w", l.rounds, err)
	}
	if err := l.restart(); err != nil {
		return fmt.Errorf("round %d: %w", l.rounds, err)
	}
	if err := l.verify(); err != nil {
		return fmt.Errorf("round %d: after the restart, %w", l.rounds, err)
	}
	return nil
}

// restart starts the server again; one time in four it is killed during that, too, once.
func (l *loop) restart() error {
	if l.rnd.IntN(4) == 0 {
		if err := l.server.StartOnly(); err != nil {
			return err
		}
		select {
		case <-time.After(time.Duration(l.rnd.IntN(60)) * time.Millisecond):
			l.deadStart++
		case <-l.server.Exited():
			return fmt.Errorf("the server ended while it started\n%s", l.server.LogTail(40))
		}
		if err := l.server.Kill(); err != nil {
			return err
		}
	}
	started := time.Now()
	if err := l.server.Start(); err != nil {
		return err
	}
	l.restarts = append(l.restarts, time.Since(started))
	return nil
}

func (l *loop) verify() error {
	c, err := harness.Dial(l.server.Addr())
	if err != nil {
		return err
	}
	defer c.Close()
	for _, w := range l.writers {
		t, err := w.verify(c)
		if err != nil {
			return err
		}
		l.total.inFlight += t.inFlight
		l.total.took += t.took
		l.total.left += t.left
	}
	keys := 0
	for db := range 2 {
		n, err := verifyCount(c, db)
		if err != nil {
			return err
		}
		keys += n
	}
	l.keysMax = max(l.keysMax, keys)
	return nil
}

func (l *loop) acknowledged() (n int) {
	for _, w := range l.writers {
		n += w.acknowledged
	}
	return n
}

// header and line are a table of results.
const header = "appendfsync | rounds | killed while starting | acknowledged | in flight: there | in flight: not there | keys (max) | restart median | restart max"

func (l *loop) line(mode string) string {
	sorted := slices.Sorted(slices.Values(l.restarts))
	var median, longest time.Duration
	if len(sorted) > 0 {
		median, longest = sorted[len(sorted)/2], sorted[len(sorted)-1]
	}
	cells := []any{mode, l.rounds, l.deadStart, l.acknowledged(), l.total.took, l.total.left, l.keysMax, seconds(median), seconds(longest)}
	texts := make([]string, len(cells))
	for i, name := range strings.Split(header, " | ") {
		texts[i] = fmt.Sprintf("%*v", len(name), cells[i])
	}
	return strings.Join(texts, " | ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
