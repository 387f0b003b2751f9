package datatype_test

import (
	"math"
	"slices"
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
	case op == 9:
		m.trim(m.rng.IntN(4), highest, m.rng.IntN(2) == 0)
	case op == 10:
		m.pop(m.rng.IntN(10), highest)
	case op == 11:
		m.peek()
	default:
		m.add(member, score, datatype.ZAdd{})
	}
}

// trim removes n members at an end as ZREMRANGEBYRANK and ZREMRANGEBYSCORE do: those that a read gives.
func (m *zsetModel) trim(n int, highest, byScore bool) {
	m.Helper()
	want := m.sorted()
	if highest {
		slices.Reverse(want)
	}
	n = min(n, len(want))
	if n == 0 {
		return
	}
	z := m.load()
	var items datatype.Items
	keep := func(member []byte, score float64) bool { items.Add(member, score); return true }
	var err error
	switch last := want[n-1].Score; {
	case byScore:
		for n < len(want) && want[n].Score == last {
			n++
		}
		r := datatype.NewScoreRange(math.Inf(-1), last, false, false)
		if highest {
			r = datatype.NewScoreRange(last, math.Inf(1), false, false)
		}
		err = z.RangeByScore(r, m.rng.IntN(2) == 0, keep)
	case highest:
		err = z.RangeByRank(len(want)-n, n, false, keep)
	default:
		err = z.RangeByRank(0, n, false, keep)
	}
	if err != nil || len(items.List) != n {
		m.Fatalf("a trim reads %d members, %v; want %d", len(items.List), err, n)
	}
	if err := z.RemoveItems(items.List); err != nil {
		m.Fatal(err)
	}
	z.Save()
	for _, it := range want[:n] {
		delete(m.want, string(it.Member))
	}
	m.x.End()
}

// TestZSetTrimCost: a rate limiter and a board, which are trimmed at each change, are served from what is remembered of the
// ends; so are reads there.
func TestZSetTrimCost(t *testing.T) {
	for _, byRank := range []bool{false, true} {
		m := newZSetModel(t, 1)
		m.x.Lim.ZSetMaxListpackEntries = 0
		iters, steps := 0, 0
		end := func() {
			iters, steps = iters+m.x.Iters, steps+m.x.Steps
			m.x.End()
		}
		const kept = 300
		for i := range 5000 {
			z := m.load()
			if _, _, err := z.Add([]byte("call"+strconv.Itoa(i)), float64(i), datatype.ZAdd{}); err != nil {
				t.Fatal(err)
			}
			z.Save()
			end()
			z = m.load()
			if z.Len() <= kept {
				continue
			}
			var items datatype.Items
			keep := func(member []byte, score float64) bool { items.Add(member, score); return true }
			var err error
			if byRank {
				err = z.RangeByRank(0, z.Len()-kept, false, keep)
			} else {
				err = z.RangeByScore(datatype.NewScoreRange(math.Inf(-1), float64(i-kept), false, false), false, keep)
			}
			if err == nil {
				err = z.RemoveItems(items.List)
			}
			if err != nil || len(items.List) != 1 {
				t.Fatalf("%d removed, %v", len(items.List), err)
			}
			z.Save()
			end()
			for _, rev := range []bool{false, true} {
				z = m.load()
				if err := z.RangeByRank(0, 10, rev, func([]byte, float64) bool { return true }); err != nil {
					t.Fatal(err)
				}
				end()
			}
		}
		if iters > 80 || steps > 20000 {
			t.Errorf("by rank %v: %d range reads, %d steps for 5000 trims", byRank, iters, steps)
		}
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
	from := m.rng.IntN(len(want))
	n := 1 + m.rng.IntN(len(want)-from)
	rev := m.rng.IntN(2) == 0
	ranks := slices.Clone(want)
	if rev {
		slices.Reverse(ranks)
	}
	m.sameItems("by rank", ranks[from:from+n], func(visit func([]byte, float64) bool) error { return z.RangeByRank(from, n, rev, visit) })
	m.sameItems("lowest", want[:1], func(visit func([]byte, float64) bool) error { return z.RangeByRank(0, 1, false, visit) })
	m.sameItems("highest", want[len(want)-1:], func(visit func([]byte, float64) bool) error { return z.RangeByRank(0, 1, true, visit) })
	r := datatype.NewScoreRange(math.Inf(-1), want[len(want)/2].Score, false, false)
	n = 0
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
