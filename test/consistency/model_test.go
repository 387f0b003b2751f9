package consistency

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

// step is an operation of a written history.
type step struct {
	from, to int64
	verb     verb
	arg      string
	reply    string // "?": unknown, without an end
}

// TestCheckerFindsPlantedBugs: each history is in order except for the bug in its name.
func TestCheckerFindsPlantedBugs(t *testing.T) {
	for _, c := range []struct {
		name  string
		right bool
		steps []step
	}{
		{"a register", true, []step{{1, 2, set, "a", "OK"}, {3, 4, get, "", "a"}, {5, 6, swap, "b", "a"}, {7, 8, get, "", "b"}}},
		{"a lost write", false, []step{{1, 2, set, "a", "OK"}, {3, 4, set, "b", "OK"}, {5, 6, get, "", "a"}}},
		{"a stale read", false, []step{{1, 2, set, "a", "OK"}, {3, 4, set, "b", "OK"}, {5, 6, get, "", "b"}, {7, 8, get, "", "a"}}},
		{"a read beside a write", true, []step{{1, 2, set, "a", "OK"}, {3, 9, set, "b", "OK"}, {4, 5, get, "", "b"}, {6, 7, get, "", "b"}}},
		{"a read that goes back beside a write", false, []step{{1, 2, set, "a", "OK"}, {3, 9, set, "b", "OK"}, {4, 5, get, "", "b"}, {6, 7, get, "", "a"}}},
		{"an unknown write that is seen late", true, []step{{1, 2, set, "a", "OK"}, {3, 0, set, "b", "?"}, {5, 6, get, "", "a"}, {7, 8, get, "", "b"}}},
		{"an unknown write that is never seen", true, []step{{1, 2, set, "a", "OK"}, {3, 0, set, "b", "?"}, {5, 6, get, "", "a"}}},
		{"an unknown write that is taken back", false, []step{{1, 2, set, "a", "OK"}, {3, 0, set, "b", "?"}, {5, 6, get, "", "b"}, {7, 8, get, "", "a"}}},
		{"a counter", true, []step{{1, 2, incr, "1", "1"}, {3, 5, incr, "2", "3"}, {6, 7, incr, "1", "4"}}},
		{"a doubled increment", false, []step{{1, 2, incr, "1", "1"}, {3, 4, incr, "1", "3"}}},
		{"a lost increment", false, []step{{1, 2, incr, "1", "1"}, {3, 4, incr, "1", "2"}, {5, 6, incr, "1", "2"}}},
		{"an unknown increment", true, []step{{1, 2, incr, "1", "1"}, {3, 0, incr, "1", "?"}, {5, 6, incr, "1", "3"}}},
		{"an unknown increment that counts twice", false, []step{{1, 2, incr, "1", "1"}, {3, 0, incr, "1", "?"}, {5, 6, incr, "1", "4"}}},
		{"a list", true, []step{{1, 2, push, "a", "1"}, {3, 4, push, "b", "2"}, {5, 6, pop, "", "a"}, {7, 8, list, "", "b"}, {9, 10, pop, "", "b"}, {11, 12, pop, "", ""}}},
		{"an element popped twice", false, []step{{1, 2, push, "a", "1"}, {3, 4, push, "b", "2"}, {5, 6, pop, "", "a"}, {7, 8, pop, "", "a"}}},
		{"a lost element", false, []step{{1, 2, push, "a", "1"}, {3, 4, push, "b", "2"}, {5, 6, list, "", "b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHistory()
			for i, s := range c.steps {
				op := porcupine.Operation{ClientId: i, Input: call{s.verb, "k", s.arg}, Output: answer{true, s.reply}, Call: s.from, Return: s.to}
				if s.reply == "?" {
					op.Output, op.Return = answer{}, math.MaxInt64
				}
				h.ops = append(h.ops, op)
			}
			if bad := h.check(t); (len(bad) == 0) != c.right {
				t.Errorf("the checker says in order: %v, want %v", len(bad) == 0, c.right)
			}
		})
	}
}
