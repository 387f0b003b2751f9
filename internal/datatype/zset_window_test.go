package datatype_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
)

// TestZSetWindow mixes what fills, follows and empties the window of a large sorted
// set. Scores are few, so that much happens around the ends.
func TestZSetWindow(t *testing.T) {
	for seed := range uint64(120) {
		datatype.SetWindowSize(t, []int{4, 30, 256}[seed/3%3])
		m := newZSetModel(t, seed)
		m.x.Lim.ZSetMaxListpackEntries = 0
		size := 1 + m.rng.IntN(400)
		spread := []int{3, 50, 10000}[seed%3]
		for i := range size {
			m.add(windowMember(i), float64(m.rng.IntN(spread)), datatype.ZAdd{})
		}
		highest := seed%2 == 0
		pops := 1 + m.rng.IntN(6)
		for range 600 {
			if m.rng.IntN(200) == 0 {
				highest = !highest
			}
			m.windowStep(windowMember(m.rng.IntN(size+100)), spread, pops, highest)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		m.check()
	}
}

// windowMember makes some members too long for a window to keep.
func windowMember(i int) string {
	name := "member" + strconv.Itoa(i)
	if i%31 == 0 {
		name += strings.Repeat("x", 300)
	}
	return name
}

func (m *zsetModel) windowStep(member string, spread, pops int, highest bool) {
	m.Helper()
	score := float64(m.rng.IntN(spread))
	switch op := m.rng.IntN(12); {
	case op < pops:
		m.pop(1, highest)
	case op == 7:
		m.remove(member)
	case op == 8:
		m.add(member, score-float64(spread/2), datatype.ZAdd{Incr: true})
	case op == 9 && m.rng.IntN(20) == 0:
		z := m.load()
		z.Pop(1, highest, func([]byte, float64) {})
		z.Save()
		m.x.Undo()
	case op == 10:
		m.pop(m.rng.IntN(10), highest)
	case op == 11:
		m.peek()
	default:
		m.add(member, score, datatype.ZAdd{})
	}
}

// peek reads both ends, which the window helps to find.
func (m *zsetModel) peek() {
	m.Helper()
	want := m.sorted()
	if len(want) == 0 {
		return
	}
	z := m.load()
	m.sameItems("lowest", want[:1], func(visit func([]byte, float64) bool) error { return z.RangeByRank(0, 1, false, visit) })
	m.sameItems("highest", want[len(want)-1:], func(visit func([]byte, float64) bool) error { return z.RangeByRank(0, 1, true, visit) })
	r := datatype.NewScoreRange(math.Inf(-1), want[len(want)/2].Score, false, false)
	n := 0
	for n < len(want) && want[n].Score <= want[len(want)/2].Score {
		n++
	}
	if got, err := z.CountByScore(r); err != nil || got != n {
		m.Errorf("CountByScore = %d, %v; want %d", got, err, n)
	}
	m.x.End()
}

// TestZSetQueueCost: a queue is served from its window.
func TestZSetQueueCost(t *testing.T) {
	for _, highest := range []bool{false, true} {
		m := newZSetModel(t, 1)
		m.x.Lim.ZSetMaxListpackEntries = 0
		for i := range 1000 {
			m.add("job"+strconv.Itoa(i), float64(i), datatype.ZAdd{})
		}
		iters, steps := 0, 0
		for i := range 2000 {
			z := m.load()
			if err := z.Pop(1, highest, func([]byte, float64) {}); err != nil {
				t.Fatal(err)
			}
			z.Save()
			iters, steps = iters+m.x.Iters, steps+m.x.Steps
			m.x.End()
			next := float64(1000 + i)
			if highest {
				next = -next
			}
			z = m.load()
			if _, _, err := z.Add([]byte("job"+strconv.Itoa(1000+i)), next, datatype.ZAdd{}); err != nil {
				t.Fatal(err)
			}
			z.Save()
			m.x.End()
		}
		if iters > 10 || steps > 3000 {
			t.Errorf("%d range reads, %d steps for 2000 pops", iters, steps)
		}
	}
}
