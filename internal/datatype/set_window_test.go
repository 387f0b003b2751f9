package datatype_test

import (
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
)

// TestSetWindow mixes what fills, follows and empties the window of a large set.
func TestSetWindow(t *testing.T) {
	for seed := range uint64(20) {
		datatype.SetWindowSize(t, []int{4, 30, 256}[seed%3])
		m := newSetModel(t, seed)
		fillSet(m, 200+m.rng.IntN(1500))
		pops := 1 + m.rng.IntN(8)
		for range 3000 {
			switch op := m.rng.IntN(12); {
			case op < pops:
				m.pop(1)
			case op == 8 && m.rng.IntN(20) == 0:
				m.pop(m.rng.IntN(400) + 1)
			case op == 9 && m.rng.IntN(20) == 0:
				m.undone()
			case op == 10:
				m.remove("member" + strconv.Itoa(m.rng.IntN(2000)))
			default:
				m.add("member" + strconv.Itoa(m.rng.IntN(2000)))
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		m.check()
	}
}

// TestSetPopCost: a run of pops shares its range reads.
func TestSetPopCost(t *testing.T) {
	m := newSetModel(t, 1)
	fillSet(m, 2000)
	iters := 0
	for range 1000 {
		s := m.load()
		if err := s.Pop(1, func([]byte) {}); err != nil {
			t.Fatal(err)
		}
		s.Save()
		iters += m.x.Iters
		m.x.End()
	}
	if iters > 8 { // a window in four may have to go on at the beginning, which is a walk more
		t.Errorf("%d range reads for 1000 pops", iters)
	}
}

// TestSetPopFair: members added to a set that the window shows whole are popped as
// often as the others.
func TestSetPopFair(t *testing.T) {
	late := 0
	const rounds = 2000
	for round := range uint64(rounds) {
		m := newSetModel(t, round)
		m.x.Lim.SetMaxListpackEntries = 1
		fillSet(m, 20)
		m.pop(1)
		m.add("late")
		m.pop(10)
		if !m.want["late"] {
			late++
		}
	}
	if late < rounds*4/10 || late > rounds*6/10 {
		t.Errorf("popped %d times in %d", late, rounds)
	}
}

func TestSetSample(t *testing.T) {
	for _, size := range []int{50, 1000} {
		m := newSetModel(t, 1)
		fillSet(m, size)
		for n := 1; n < size; n += 1 + n/3 {
			seen := map[string]bool{}
			s := m.load()
			if err := s.Sample(n, func(member []byte) { seen[string(member)] = m.want[string(member)] }); err != nil {
				t.Fatal(err)
			}
			m.x.End()
			if len(seen) != n {
				t.Errorf("%d of %d: got %d", n, size, len(seen))
			}
		}
	}
}

// TestSetRandom: every member of an expanded set is drawn about as often as the others.
func TestSetRandom(t *testing.T) {
	for size, most := range map[int]float64{20: 1.4, 1000: 2.5} {
		m := newSetModel(t, 1)
		m.x.Lim.SetMaxListpackEntries = 0
		fillSet(m, size)
		count := map[string]int{}
		s := m.load()
		if err := s.Random(100*size, func(member []byte) { count[string(member)]++ }); err != nil {
			t.Fatal(err)
		}
		m.x.End()
		low, high := 100*size, 0
		for name := range m.want {
			low, high = min(low, count[name]), max(high, count[name])
		}
		if float64(high) > 100*most || float64(low) < 100/most/2 {
			t.Errorf("%d members: drawn %d to %d times", size, low, high)
		}
	}
}
