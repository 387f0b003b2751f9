package crash

import (
	"fmt"
	"math/rand/v2"

	"github.com/haypile/haypile/test/harness"
)

// writer sends operations on keys of its own and knows what must have become of them.
type writer struct {
	db      int
	prefix  string
	flushes bool // owns its database and empties it now and then
	rnd     *rand.Rand
	counter int
	version int

	model *model
	// pending are the operations that were sent and not answered when the connection was lost, in their order.
	pending      []op
	acknowledged int
}

func newWriter(number, db int, seed uint64) *writer {
	return &writer{
		db:     db,
		prefix: fmt.Sprintf("writer%d:", number),
		rnd:    newRand(seed, uint64(number)+1),
		model:  newModel(),
	}
}

// batchOpsMax is how many operations are sent at once.
const batchOpsMax = 8

// write works until the connection is lost; that is how a round ends, and no error. An error is a reply that must not be.
func (w *writer) write(addr string) error {
	c, err := harness.Dial(addr)
	if err != nil {
		return nil
	}
	defer c.Close()
	if r, err := c.Do("SELECT", w.db); err != nil || r.IsError() {
		return r.Err()
	}
	for {
		w.pending = w.pending[:0]
		for range 1 + w.rnd.IntN(batchOpsMax) {
			w.pending = append(w.pending, w.nextOp())
		}
		lost, err := w.sendBatch(c)
		if err != nil || lost {
			return err
		}
	}
}

// sendBatch sends what is pending as one pipeline and takes off what is answered.
func (w *writer) sendBatch(c *harness.Client) (lost bool, err error) {
	for _, o := range w.pending {
		for _, args := range o.wire() {
			if err := c.Send(args); err != nil {
				return true, nil
			}
		}
	}
	if err := c.Flush(); err != nil {
		return true, nil
	}
	for len(w.pending) > 0 {
		o := w.pending[0]
		var last harness.Reply
		for range o.wire() {
			if last, err = c.Receive(); err != nil {
				return true, nil
			}
			if last.IsError() {
				return false, fmt.Errorf("%v: %w", o, last.Err())
			}
		}
		if err := w.acknowledge(o, last); err != nil {
			return false, err
		}
		w.pending = w.pending[1:]
	}
	return false, nil
}

// wire is what is sent for an operation.
func (o op) wire() [][]string {
	if len(o) == 1 {
		return o
	}
	wire := [][]string{{"MULTI"}}
	wire = append(wire, o...)
	return append(wire, []string{"EXEC"})
}

// acknowledge applies an answered operation to the model and checks the reply against it (C6).
func (w *writer) acknowledge(o op, reply harness.Reply) error {
	var before [][]string // the history without this operation, for the message
	keys, _ := o.keys()
	for _, key := range keys {
		before = append(before, w.model.recent[key])
	}
	want := w.model.apply(o)
	got := []string{reply.Text()}
	if len(o) > 1 {
		got = reply.Strings()
	}
	w.acknowledged++
	if len(got) != len(want) {
		return fmt.Errorf("%v: got %v, want %d replies", o, reply, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("%v\nreply %d: got %q, want %q\nbefore, on these keys: %q", o, i+1, got[i], want[i], before)
		}
	}
	return nil
}
