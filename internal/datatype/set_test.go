package datatype_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/intset"
	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
)

var setName = []byte("s")

// setModel runs commands on a set and on a map beside it.
type setModel struct {
	*testing.T
	x    *datatypetest.Txn
	want map[string]bool
	rng  *rand.Rand
}

func newSetModel(t *testing.T, seed uint64) *setModel {
	return &setModel{t, datatypetest.New(), map[string]bool{}, rand.New(rand.NewPCG(seed, 1))}
}

func (m *setModel) load() datatype.Set {
	m.Helper()
	s, err := datatype.LoadSet(m.x, setName)
	if err != nil {
		m.Fatal(err)
	}
	return s
}

// member draws one of few members, so that they are met again.
func (m *setModel) member(kinds int) string {
	switch m.rng.IntN(kinds) {
	case 0:
		return strconv.Itoa(m.rng.IntN(40) - 5)
	case 1:
		return strconv.Itoa(m.rng.IntN(40) * 1e9)
	case 2:
		return "m" + strconv.Itoa(m.rng.IntN(60))
	}
	return fmt.Sprintf("a member of some length %d", m.rng.IntN(4))
}

func (m *setModel) add(member string) {
	s := m.load()
	created, err := s.Add([]byte(member))
	s.Save()
	if err != nil || created == m.want[member] {
		m.Fatalf("Add(%q) = %v, %v", member, created, err)
	}
	m.want[member] = true
	m.x.End()
}

func (m *setModel) remove(member string) {
	s := m.load()
	gone, err := s.Remove([]byte(member))
	s.Save()
	if err != nil || gone != m.want[member] {
		m.Fatalf("Remove(%q) = %v, %v", member, gone, err)
	}
	delete(m.want, member)
	m.x.End()
}

func (m *setModel) pop(n int) {
	s := m.load()
	count := 0
	err := s.Pop(n, func(member []byte) {
		count++
		if !m.want[string(member)] {
			m.Errorf("popped %q, which is not there", member)
		}
		delete(m.want, string(member))
	})
	s.Save()
	if err != nil || count != min(n, count+len(m.want)) {
		m.Fatalf("Pop(%d) gave %d, left %d: %v", n, count, len(m.want), err)
	}
	m.x.End()
}

// undone runs a change that the engine then takes back.
func (m *setModel) undone() {
	s := m.load()
	switch m.rng.IntN(3) {
	case 0:
		s.Add([]byte(m.member(4)))
	case 1:
		s.Remove([]byte(m.member(4)))
	case 2:
		s.Pop(1+m.rng.IntN(3), func([]byte) {})
	}
	s.Save()
	m.x.Undo()
}

// check compares everything that can be seen, and counts the pairs on disk.
func (m *setModel) check() {
	m.Helper()
	s := m.load()
	if s.Len() != len(m.want) || s.Exists != (len(m.want) > 0) {
		m.Fatalf("Len %d, want %d", s.Len(), len(m.want))
	}
	got := map[string]bool{}
	if err := s.Each(func(member []byte) bool { got[string(member)] = true; return true }); err != nil {
		m.Fatal(err)
	}
	for k := range m.want {
		if found, err := s.Has([]byte(k)); err != nil || !found || !got[k] {
			m.Fatalf("%q is missing: %v", k, err)
		}
	}
	if len(got) != len(m.want) {
		m.Fatalf("got %d members, want %d", len(got), len(m.want))
	}
	pairs := len(m.x.Pairs)
	switch {
	case !s.Exists:
		if pairs != 0 || m.x.NKeys != 0 {
			m.Fatalf("%d pairs are left, %d keys", pairs, m.x.NKeys)
		}
	case s.Packed() && pairs != 1, !s.Packed() && pairs != 1+len(m.want):
		m.Fatalf("%d pairs for %d members", pairs, len(m.want))
	}
	m.x.End()
}

func TestSetAgainstModel(t *testing.T) {
	for seed := range uint64(60) {
		m := newSetModel(t, seed)
		m.x.Lim.SetMaxIntsetEntries = int64(m.rng.IntN(12))
		m.x.Lim.SetMaxListpackEntries = int64(m.rng.IntN(12))
		m.x.Lim.SetMaxListpackValue = int64(m.rng.IntN(30))
		kinds, adds := 1+m.rng.IntN(4), 1+m.rng.IntN(8)
		for range 600 {
			switch op := m.rng.IntN(10); {
			case op < adds:
				m.add(m.member(kinds))
			case op == 8:
				m.pop(1 + m.rng.IntN(3))
			case op == 9:
				m.undone()
			default:
				m.remove(m.member(kinds))
			}
			m.check()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func TestSetEncodings(t *testing.T) {
	add := func(members ...string) func(s *datatype.Set) {
		return func(s *datatype.Set) {
			for _, m := range members {
				if _, err := s.Add([]byte(m)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	numbers := func(n int) (list []string) {
		for i := range n {
			list = append(list, strconv.Itoa(i))
		}
		return list
	}
	long := fmt.Sprintf("%065d", 1)
	for _, tc := range []struct {
		name    string
		members []string
		want    layout.Encoding
	}{
		{"integers", numbers(512), layout.EncIntset},
		{"too many integers", numbers(513), layout.EncExpanded},
		{"a word", []string{"a"}, layout.EncListpack},
		{"no canonical integer", []string{"01"}, layout.EncListpack},
		{"integers and a word", append(numbers(127), "a"), layout.EncListpack},
		{"many integers and a word", append(numbers(128), "a"), layout.EncExpanded},
		{"words up to the limit", append([]string{"a"}, numbers(127)...), layout.EncListpack},
		{"words beyond the limit", append([]string{"a"}, numbers(128)...), layout.EncExpanded},
		{"a long word", []string{long}, layout.EncExpanded},
		{"integers and a long word", []string{"1", long}, layout.EncExpanded},
		{"a word of just the limit", []string{long[:64]}, layout.EncListpack},
	} {
		m := newSetModel(t, 1)
		s := m.load()
		add(tc.members...)(&s)
		s.Save()
		m.x.End()
		if s = m.load(); s.Head.Encoding != tc.want || s.Len() != len(tc.members) {
			t.Errorf("%s: encoding %d of %d members, want %d", tc.name, s.Head.Encoding, s.Len(), tc.want)
		}
	}
}

// TestSetBytes: the bytes of a packed set are Redis's.
func TestSetBytes(t *testing.T) {
	m := newSetModel(t, 1)
	for _, s := range []string{"3", "70000", "-1"} {
		m.add(s)
	}
	is := intset.New()
	for _, n := range []int64{3, 70000, -1} {
		is, _ = intset.Add(is, n)
	}
	if s := m.load(); string(s.Head.Value) != string(is) || intset.Validate(s.Head.Value) != nil {
		t.Errorf("intset % x, want % x", s.Head.Value, is)
	}
	m.add("word")
	lp := listpack.New()
	for _, e := range []string{"-1", "3", "70000", "word"} {
		lp = listpack.Append(lp, []byte(e))
	}
	if s := m.load(); string(s.Head.Value) != string(lp) || listpack.Validate(s.Head.Value) != nil {
		t.Errorf("listpack % x, want % x", s.Head.Value, lp)
	}
}

func fillSet(m *setModel, n int) {
	s := m.load()
	for i := range n {
		member := "member" + strconv.Itoa(i)
		if _, err := s.Add([]byte(member)); err != nil {
			m.Fatal(err)
		}
		m.want[member] = true
	}
	s.Save()
	m.x.End()
}

func TestSetScan(t *testing.T) {
	m := newSetModel(t, 1)
	fillSet(m, 1000)
	seen := map[string]int{}
	for cursor, steps := uint64(0), 0; ; steps++ {
		s := m.load()
		next, err := s.Scan(cursor, 10, func(member []byte) { seen[string(member)]++ })
		if err != nil {
			t.Fatal(err)
		}
		m.x.End()
		if cursor = next; cursor == 0 {
			if steps != 100 && steps != 99 {
				t.Errorf("%d steps", steps)
			}
			break
		}
	}
	if len(seen) != 1000 {
		t.Errorf("saw %d members", len(seen))
	}
}

// TestSetAlgebra compares with maps, over all encodings.
func TestSetAlgebra(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		x := datatypetest.New()
		x.Lim.SetMaxIntsetEntries, x.Lim.SetMaxListpackEntries = 20, 20
		names, want := [][]byte{}, []map[string]bool{}
		for i := range 1 + rng.IntN(3) {
			name := []byte{'s', byte('0' + i)}
			s, _ := datatype.LoadSet(x, name)
			has := map[string]bool{}
			for range rng.IntN(40) {
				member := strconv.Itoa(rng.IntN(50))
				if rng.IntN(4) == 0 {
					member = "m" + member
				}
				s.Add([]byte(member))
				has[member] = true
			}
			s.Save()
			x.End()
			names, want = append(names, name), append(want, has)
		}
		in := func(member string, sets []map[string]bool) (n int) {
			for _, s := range sets {
				if s[member] {
					n++
				}
			}
			return n
		}
		var inter, union, diff []string
		for i := range 100 {
			member := strconv.Itoa(i % 50)
			if i >= 50 {
				member = "m" + member
			}
			n := in(member, want)
			if n == len(want) {
				inter = append(inter, member)
			}
			if n > 0 {
				union = append(union, member)
			}
			if want[0][member] && n == 1 {
				diff = append(diff, member)
			}
		}
		for i, op := range []func(sets []datatype.Set, visit func([]byte)) error{
			func(sets []datatype.Set, visit func([]byte)) error {
				return datatype.InterSets(sets, func(m []byte) bool { visit(m); return true })
			}, datatype.UnionSets, datatype.DiffSets,
		} {
			sets, err := datatype.LoadSets(x, names)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if err := op(sets, func(m []byte) { got = append(got, string(m)) }); err != nil {
				t.Fatal(err)
			}
			x.End()
			expect := [][]string{inter, union, diff}[i]
			slices.Sort(got)
			slices.Sort(expect)
			if !slices.Equal(got, expect) {
				t.Fatalf("operation %d: got %q, want %q", i, got, expect)
			}
		}
	}
}

func TestStoreSet(t *testing.T) {
	m := newSetModel(t, 1)
	fillSet(m, 300)
	members := [][]byte{[]byte("1"), []byte("2")}
	for range 2 {
		existed, err := datatype.StoreSet(m.x, setName, members)
		m.x.End()
		if err != nil || !existed {
			t.Fatal(existed, err)
		}
		m.want = map[string]bool{}
		for _, b := range members {
			m.want[string(b)] = true
		}
		m.check()
		members = nil
	}
}
