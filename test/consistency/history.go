package consistency

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// fate is what became of an operation.
type fate int

const (
	confirmed fate = iota
	undone         // certainly
	unknown
)

// history is written by many clients.
type history struct {
	begin time.Time

	mu    sync.Mutex
	ops   []porcupine.Operation
	fates [3]int
}

func newHistory() *history { return &history{begin: time.Now()} }

// add enters an operation that began at a moment and is over now.
func (h *history) add(client int, began time.Time, c call, value string, f fate) {
	op := porcupine.Operation{ClientId: client, Input: c, Output: answer{Known: true, Value: value}, Call: int64(began.Sub(h.begin)), Return: int64(time.Since(h.begin))}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fates[f]++
	switch {
	case f == undone, f == unknown && c.Verb.reads():
		return
	case f == unknown:
		op.Output, op.Return = answer{}, math.MaxInt64
	}
	h.ops = append(h.ops, op)
}

// keys are those that occur.
func (h *history) keys() (list []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, op := range h.ops {
		list = append(list, op.Input.(call).Key)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// checkTime bounds the search for one key; a history that is in order takes milliseconds.
const checkTime = 2 * time.Minute

// check returns the keys whose history no order explains, with the history. A search that does not end in time
// ends the test: it has shown nothing.
func (h *history) check(t testing.TB) (bad map[string]string) {
	t.Helper()
	bad = map[string]string{}
	for _, part := range byKey(h.ops) {
		key := part[0].Input.(call).Key
		switch porcupine.CheckOperationsTimeout(model, part, checkTime) {
		case porcupine.Illegal:
			bad[key] = describe(part)
		case porcupine.Unknown:
			t.Fatalf("%s: no verdict within %v\n%s", key, checkTime, describe(part))
		}
	}
	return bad
}

func describe(part []porcupine.Operation) string {
	slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, op := range part {
		in, out := op.Input.(call), op.Output.(answer)
		end, value := "never", "?"
		if out.Known {
			end, value = time.Duration(op.Return).String(), fmt.Sprintf("%q", out.Value)
		}
		fmt.Fprintf(&b, "client %d, %v to %s: %s %s -> %s\n", op.ClientId, time.Duration(op.Call), end, in.Verb, in.Arg, value)
	}
	return b.String()
}
