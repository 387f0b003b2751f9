package datatype_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
)

// listModel plays the same operations on a list and on a slice.
type listModel struct {
	t    *testing.T
	r    *rand.Rand
	x    *datatypetest.Txn
	want []string
	long bool // elements are long enough to fill a listpack by bytes
	most int  // the most that are pushed at once
}

var listName = []byte("list")

func (m *listModel) load() datatype.List {
	l, err := datatype.LoadList(m.x, listName)
	m.check(err)
	return l
}

func (m *listModel) check(err error) {
	if err != nil {
		m.t.Helper()
		m.t.Fatal(err)
	}
}

func (m *listModel) val() string {
	if m.long && m.r.IntN(4) == 0 {
		return strings.Repeat(string(rune('a'+m.r.IntN(3))), m.r.IntN(600))
	}
	if m.r.IntN(3) == 0 {
		return fmt.Sprint(m.r.IntN(5))
	}
	return string(rune('a' + m.r.IntN(5)))
}

// step does one random operation as one command.
func (m *listModel) step() {
	l := m.load()
	n := len(m.want)
	switch op := m.r.IntN(11); {
	case op < 4 || n == 0:
		m.push(&l)
	case op < 6:
		m.pop(&l)
	case op == 6:
		m.cut(&l)
	case op == 7:
		i, v := m.r.IntN(n), m.val()
		l.Set(i, []byte(v))
		m.want[i] = v
	case op == 8:
		m.insert(&l)
	case op == 9:
		m.deleteEqual(&l)
	default:
		m.rotate(&l)
	}
	m.check(l.Save())
	m.x.End()
	m.compare()
}

func (m *listModel) push(l *datatype.List) {
	side := datatype.Side(m.r.IntN(2))
	var vals [][]byte
	for range 1 + m.r.IntN(1+m.r.IntN(m.most)) {
		v := m.val()
		vals = append(vals, []byte(v))
		if side == datatype.Left {
			m.want = slices.Insert(m.want, 0, v)
		} else {
			m.want = append(m.want, v)
		}
	}
	l.Push(side, vals...)
}

func (m *listModel) pop(l *datatype.List) {
	side := datatype.Side(m.r.IntN(2))
	got, err := l.Pop(side)
	m.check(err)
	i := 0
	if side == datatype.Right {
		i = len(m.want) - 1
	}
	if string(got) != m.want[i] {
		m.t.Fatalf("popped %q, want %q", got, m.want[i])
	}
	m.want = slices.Delete(m.want, i, i+1)
}

func (m *listModel) cut(l *datatype.List) {
	side, n := datatype.Side(m.r.IntN(2)), m.r.IntN(len(m.want)+1)
	m.check(l.Cut(side, n))
	if side == datatype.Left {
		m.want = m.want[n:]
	} else {
		m.want = m.want[:len(m.want)-n]
	}
}

func (m *listModel) insert(l *datatype.List) {
	pivot, v, before := m.val(), m.val(), m.r.IntN(2) == 0
	found, err := l.Insert([]byte(pivot), []byte(v), before)
	m.check(err)
	i := slices.Index(m.want, pivot)
	if found != (i >= 0) {
		m.t.Fatalf("pivot %q: %v, want at %d", pivot, found, i)
	}
	if found && !before {
		i++
	}
	if found {
		m.want = slices.Insert(m.want, i, v)
	}
}

func (m *listModel) deleteEqual(l *datatype.List) {
	v, count := m.val(), m.r.IntN(9)-4
	got, err := l.DeleteEqual([]byte(v), count)
	m.check(err)
	var keep []string
	gone := 0
	from := slices.Clone(m.want)
	if count < 0 {
		slices.Reverse(from)
	}
	for _, s := range from {
		if s == v && (count == 0 || gone < max(count, -count)) {
			gone++
		} else {
			keep = append(keep, s)
		}
	}
	if count < 0 {
		slices.Reverse(keep)
	}
	if got != gone {
		m.t.Fatalf("deleted %d, want %d", got, gone)
	}
	m.want = keep
}

func (m *listModel) rotate(l *datatype.List) {
	v, err := l.Pop(datatype.Left)
	m.check(err)
	l.Push(datatype.Right, v)
	m.want = append(slices.Clone(m.want[1:]), m.want[0])
}

// compare reads the list in every way and looks at its pairs.
func (m *listModel) compare() {
	l := m.load()
	n := len(m.want)
	if l.Len() != n || l.Exists != (n > 0) || m.x.NKeys != int64(min(n, 1)) {
		m.t.Fatalf("%d elements, want %d", l.Len(), n)
	}
	elements := m.x.CountPrefix([]byte{layout.SpaceElement})
	if n == 0 {
		if len(m.x.Pairs) != 0 {
			m.t.Fatalf("pairs are left of an empty list: %q", m.x.Pairs)
		}
		return
	}
	if l.Packed() && elements != 0 || !l.Packed() && (int64(elements) != l.Head.High-l.Head.Low || l.Head.Count != uint64(n)) {
		m.t.Fatalf("%d element pairs of %d, packed: %v", elements, n, l.Packed())
	}
	if most := max(n/4, 16); !l.Packed() && (l.Head.First-l.Head.Low >= int64(most) || l.Head.High-l.Head.Next >= int64(most)) {
		m.t.Fatalf("%d and %d spent pairs beside %d elements", l.Head.First-l.Head.Low, l.Head.High-l.Head.Next, n)
	}
	a, b := m.r.IntN(n), m.r.IntN(n)
	m.compareRange(&l, 0, n-1)
	m.compareRange(&l, a, b)
	got, err := l.At(a)
	m.check(err)
	if string(got) != m.want[a] {
		m.t.Fatalf("at %d %q, want %q", a, got, m.want[a])
	}
	m.x.End()
}

func (m *listModel) compareRange(l *datatype.List, from, to int) {
	step, at := 1, from
	if to < from {
		step = -1
	}
	m.check(l.Each(from, to, func(i int, val []byte) bool {
		if i != at || string(val) != m.want[i] {
			m.t.Fatalf("range %d to %d: at %d %q, want at %d %q", from, to, i, val, at, m.want[at])
		}
		at += step
		return true
	}))
	if at != to+step {
		m.t.Fatalf("range %d to %d ended at %d", from, to, at)
	}
}

func TestListModel(t *testing.T) {
	for _, c := range []struct {
		size int64
		long bool
		most int
	}{{4, false, 300}, {1, false, 60}, {0, false, 10}, {100, true, 60}, {-1, true, 60}, {-2, true, 60}, {300, false, 800}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			datatype.SetWindowSize(t, []int{2, 5, 256}[int(c.most)%3])
			m := listModel{t: t, r: rand.New(rand.NewPCG(7, uint64(c.size))), x: datatypetest.New(), long: c.long, most: c.most}
			m.x.Lim.ListMaxListpackSize = c.size
			seen, changes, was := map[bool]int{}, 0, true
			for range 3000 {
				m.step()
				l := m.load()
				if l.Packed() != was {
					was = !was
					changes++
				}
				seen[was]++
			}
			if changes < 4 {
				t.Fatalf("packed %d times, expanded %d times, changed %d times", seen[true], seen[false], changes)
			}
			t.Logf("packed %d times, expanded %d times, changed %d times", seen[true], seen[false], changes)
		})
	}
}

// TestListThresholds holds the encodings that Redis 7.2 has.
func TestListThresholds(t *testing.T) {
	small := func(n int) (vals [][]byte) {
		for range n {
			vals = append(vals, []byte("x"))
		}
		return vals
	}
	for _, c := range []struct {
		size   int64
		vals   [][]byte
		packed bool
	}{
		{4, small(4), true}, {4, small(5), false}, {0, small(1), true}, {0, small(2), false},
		{-1, [][]byte{make([]byte, 4096-7)}, true}, {-1, [][]byte{make([]byte, 4096-6)}, false},
		{-2, [][]byte{make([]byte, 8192-7)}, true}, {-2, [][]byte{make([]byte, 8192-6)}, false},
		{-5, [][]byte{make([]byte, 65536-7)}, true}, {-5, [][]byte{make([]byte, 65536-6)}, false},
		{-9, [][]byte{make([]byte, 65536-7)}, true},
		{100, [][]byte{make([]byte, 8192-7)}, true}, {100, [][]byte{make([]byte, 8192-6)}, false},
	} {
		x := datatypetest.New()
		x.Lim.ListMaxListpackSize = c.size
		if err := datatype.StoreList(x, listName, c.vals); err != nil {
			t.Fatal(err)
		}
		x.End()
		l, _ := datatype.LoadList(x, listName)
		if l.Packed() != c.packed {
			t.Errorf("size %d, %d values: packed %v", c.size, len(c.vals), l.Packed())
		}
	}
}

// TestListPacksAgain pops down to half the limit.
func TestListPacksAgain(t *testing.T) {
	x := datatypetest.New()
	x.Lim.ListMaxListpackSize = 10
	for i := range 20 {
		l, _ := datatype.LoadList(x, listName)
		l.Push(datatype.Right, []byte(fmt.Sprint("v", i)))
		if err := l.Save(); err != nil {
			t.Fatal(err)
		}
		x.End()
	}
	for n := 19; n > 0; n-- {
		l, _ := datatype.LoadList(x, listName)
		if _, err := l.Pop(datatype.Left); err != nil {
			t.Fatal(err)
		}
		if err := l.Save(); err != nil {
			t.Fatal(err)
		}
		x.End()
		if l, _ = datatype.LoadList(x, listName); l.Packed() != (n <= 5) {
			t.Fatalf("%d elements: packed %v", n, l.Packed())
		}
	}
}

// TestListEndsCostNothing holds that pushing to and popping from a large list reads
// and writes one element, and no range.
func TestListEndsCostNothing(t *testing.T) {
	x := datatypetest.New()
	var vals [][]byte
	for i := range 5000 {
		vals = append(vals, []byte(fmt.Sprint(i)))
	}
	if err := datatype.StoreList(x, listName, vals); err != nil {
		t.Fatal(err)
	}
	x.End()
	x.HeavyLimit = 1
	for i := range 100 {
		l, _ := datatype.LoadList(x, listName)
		l.Push(datatype.Side(i%2), []byte("new"))
		val, err := l.Pop(datatype.Side(i % 2))
		if err != nil || string(val) != "new" {
			t.Fatal(err, val)
		}
		if err := l.Save(); err != nil {
			t.Fatal(err)
		}
		if x.Iters != 0 {
			t.Fatal("an iterator was opened")
		}
		x.End()
	}
}

// TestListEmptied holds that what is left of a large list goes with one range delete,
// and that a small one leaves nothing either.
func TestListEmptied(t *testing.T) {
	for _, n := range []int{1, 100, 5000} {
		x := datatypetest.New()
		x.Lim.ListMaxListpackSize = 1
		vals := slices.Repeat([][]byte{bytes.Repeat([]byte("v"), 9000)}, n)
		if err := datatype.StoreList(x, listName, vals); err != nil {
			t.Fatal(err)
		}
		x.End()
		l, _ := datatype.LoadList(x, listName)
		if err := l.Cut(datatype.Left, n); err != nil {
			t.Fatal(err)
		}
		if err := l.Save(); err != nil {
			t.Fatal(err)
		}
		if len(x.Pairs) != 0 || x.NKeys != 0 || l.Exists {
			t.Errorf("%d pairs are left of %d", len(x.Pairs), n)
		}
	}
}

// Runs of pops from either end, between all that changes what the window of the list has read.
func TestListWindow(t *testing.T) {
	for seed := range uint64(60) {
		datatype.SetWindowSize(t, []int{2, 7, 256}[seed%3])
		r := rand.New(rand.NewPCG(seed, 3))
		x := datatypetest.New()
		x.Lim.ListMaxListpackSize = 4
		var want []string
		next := 0
		for step := range 1500 {
			l, err := datatype.LoadList(x, []byte("l"))
			if err != nil {
				t.Fatal(err)
			}
			side := datatype.Side(r.IntN(2))
			switch op := r.IntN(12); {
			case op < 3 || len(want) < 5:
				for range 1 + r.IntN(6) {
					v := fmt.Sprint("v", next)
					next++
					l.Push(side, []byte(v))
					if side == datatype.Left {
						want = slices.Insert(want, 0, v)
					} else {
						want = append(want, v)
					}
				}
			case op < 8:
				for range min(1+r.IntN(9), len(want)-1) {
					got, err := l.Pop(side)
					if err != nil {
						t.Fatal(err)
					}
					i := 0
					if side == datatype.Right {
						i = len(want) - 1
					}
					if string(got) != want[i] {
						t.Fatalf("seed %d step %d: popped %q from side %d, want %q", seed, step, got, side, want[i])
					}
					want = slices.Delete(want, i, i+1)
				}
			case op == 8:
				i := r.IntN(len(want))
				want[i] = fmt.Sprint("set", step)
				l.Set(i, []byte(want[i]))
			case op == 9:
				n := r.IntN(min(4, len(want)))
				if err := l.Cut(side, n); err != nil {
					t.Fatal(err)
				}
				if side == datatype.Left {
					want = want[n:]
				} else {
					want = want[:len(want)-n]
				}
			case op == 10:
				i := r.IntN(len(want))
				v := fmt.Sprint("ins", step)
				if ok, err := l.Insert([]byte(want[i]), []byte(v), true); err != nil || !ok {
					t.Fatal(ok, err)
				}
				want = slices.Insert(slices.Clone(want), i, v)
			default:
				i := r.IntN(len(want))
				if n, err := l.DeleteEqual([]byte(want[i]), 1); err != nil || n != 1 {
					t.Fatal(n, err)
				}
				want = slices.Delete(slices.Clone(want), i, i+1)
			}
			if err := l.Save(); err != nil {
				t.Fatal(err)
			}
			x.End()
		}
	}
}
