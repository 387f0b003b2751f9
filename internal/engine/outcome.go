package engine

import "github.com/haypile/haypile/internal/command"

// outcome is something to count of a command inside another one, once it is sure that the
// outer one is not run again.
type outcome struct {
	row    *command.Row
	called bool
	err    string
}

// called counts a command inside a transaction.
func (t *Turn) called(row *command.Row) {
	t.outcomes = append(t.outcomes, outcome{row: row, called: true})
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

// settle counts what has gathered.
func (t *Turn) settle() {
	for _, o := range t.outcomes {
		if o.called {
			o.row.Stats.Calls.Add(1)
			continue
		}
		o.row.Stats.Failed.Add(1)
		t.eng.Errors.Add(o.err)
	}
	t.outcomes = t.outcomes[:0]
}
