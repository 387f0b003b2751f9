package engine

import (
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
)

// outcome is something to count of a command inside another one, once it is sure that the
// outer one is not run again.
type outcome struct {
	row   *command.Row
	call  *client.Queued // it was called; nil: it failed
	cl    *client.Client
	nanos int64
	err   string
}

// called counts a command inside a transaction.
func (t *Turn) called(cl *client.Client, q *client.Queued, took time.Duration) {
	t.outcomes = append(t.outcomes, outcome{row: q.Row.(*command.Row), call: q, cl: cl, nanos: int64(took)})
}

// failedWith counts a command that has replied with an error.
func (t *Turn) failedWith(row *command.Row, text string) {
	if t.depth > 0 {
		t.outcomes = append(t.outcomes, outcome{row: row, err: text})
		return
	}
	row.Stats.Failed.Add(1)
	t.eng.Errors.Add(text)
}

// CountError implements command.Txns.
func (t *Turn) CountError(text string) {
	if t.depth > 0 {
		t.outcomes = append(t.outcomes, outcome{err: text})
		return
	}
	t.eng.Errors.Add(text)
}

// settle counts what has gathered.
func (t *Turn) settle() {
	for _, o := range t.outcomes {
		if o.call != nil {
			o.row.Stats.Calls.Add(1)
			o.row.Stats.Nanos.Add(o.nanos)
			o.row.Stats.Latency.Add(o.nanos)
			if t.eng.opts.Observe != nil {
				t.eng.opts.Observe(o.cl, o.row, o.call.Args, o.nanos)
			}
			continue
		}
		if o.row != nil {
			o.row.Stats.Failed.Add(1)
		}
		t.eng.Errors.Add(o.err)
	}
	t.outcomes = t.outcomes[:0]
}
