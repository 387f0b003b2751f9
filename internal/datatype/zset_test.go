package datatype_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/resp"
)

var zsetName = []byte("z")

// zsetModel runs commands on a sorted set and on a map beside it.
type zsetModel struct {
	*testing.T
	x    *datatypetest.Txn
	want map[string]float64
	rng  *rand.Rand
}

func newZSetModel(t *testing.T, seed uint64) *zsetModel {
	return &zsetModel{t, datatypetest.New(), map[string]float64{}, rand.New(rand.NewPCG(seed, 1))}
}

func (m *zsetModel) load() datatype.ZSet {
	m.Helper()
	z, err := datatype.LoadZSet(m.x, zsetName)
	if err != nil {
		m.Fatal(err)
	}
	return z
}

func (m *zsetModel) member() string {
	if m.rng.IntN(3) == 0 {
		return strconv.Itoa(m.rng.IntN(30) - 5)
	}
	return "m" + strconv.Itoa(m.rng.IntN(30))
}

func (m *zsetModel) score() float64 {
	switch m.rng.IntN(12) {
	case 0:
		return []float64{math.Inf(1), math.Inf(-1), 1e300, -1e-300, math.Copysign(0, -1), 0, 1 << 53, 4611686018427387904}[m.rng.IntN(8)]
	case 1:
		return m.rng.NormFloat64()
	}
	return float64(m.rng.IntN(20) - 5)
}

// sorted is the model in order.
func (m *zsetModel) sorted() []datatype.ZItem {
	var list []datatype.ZItem
	for k, v := range m.want {
		list = append(list, datatype.ZItem{Member: []byte(k), Score: v})
	}
	datatype.SortItems(list)
	return list
}

func (m *zsetModel) add(member string, score float64, how datatype.ZAdd) {
	m.Helper()
	z := m.load()
	did, now, err := z.Add([]byte(member), score, how)
	old, found := m.want[member]
	if how.Incr && found {
		score += old
	}
	want := datatype.ZUpdated
	switch {
	case !found && how.XX, found && how.NX, found && how.LT && score >= old, found && how.GT && score <= old:
		want = datatype.ZRefused
	case !found:
		want = datatype.ZCreated
	case score == old:
		want = datatype.ZKept
	}
	if math.IsNaN(score) && found && !how.NX {
		if !errors.Is(err, resp.ErrScoreNaN) {
			m.Fatalf("Add gave %v, want a refusal of NaN", err)
		}
		m.x.Undo()
		return
	}
	if err != nil || did != want || did != datatype.ZRefused && now != score {
		m.Fatalf("Add(%q, %v, %+v) = %d, %v, %v; want %d; was %v", member, score, how, did, now, err, want, old)
	}
	z.Save()
	if did >= datatype.ZUpdated {
		m.want[member] = score
	}
	m.x.End()
}

func (m *zsetModel) remove(member string) {
	m.Helper()
	z := m.load()
	gone, err := z.Remove([]byte(member))
	z.Save()
	if _, found := m.want[member]; err != nil || gone != found {
		m.Fatalf("Remove(%q) = %v, %v", member, gone, err)
	}
	delete(m.want, member)
	m.x.End()
}

func (m *zsetModel) pop(n int, highest bool) {
	m.Helper()
	expect := m.sorted()
	if highest {
		for i, j := 0, len(expect)-1; i < j; i, j = i+1, j-1 {
			expect[i], expect[j] = expect[j], expect[i]
		}
	}
	expect = expect[:min(n, len(expect))]
	z := m.load()
	i := 0
	err := z.Pop(n, highest, func(member []byte, score float64) {
		if i >= len(expect) || string(expect[i].Member) != string(member) || expect[i].Score != score {
			m.Errorf("popped %q %v at %d, want %v", member, score, i, expect)
		}
		delete(m.want, string(member))
		i++
	})
	z.Save()
	if err != nil || i != len(expect) {
		m.Fatalf("popped %d of %d: %v", i, len(expect), err)
	}
	m.x.End()
}

func (m *zsetModel) undone() {
	z := m.load()
	switch m.rng.IntN(3) {
	case 0:
		z.Add([]byte(m.member()), m.score(), datatype.ZAdd{})
	case 1:
		z.Remove([]byte(m.member()))
	case 2:
		z.Pop(1+m.rng.IntN(3), m.rng.IntN(2) == 0, func([]byte, float64) {})
	}
	z.Save()
	m.x.Undo()
}

// check compares everything in the sorted set with the model.
func (m *zsetModel) check() {
	m.Helper()
	want := m.sorted()
	z := m.load()
	if z.Len() != len(want) || z.Exists != (len(want) > 0) {
		m.Fatalf("Len %d, want %d", z.Len(), len(want))
	}
	m.sameItems("all", want, func(visit func([]byte, float64) bool) error { return z.RangeByRank(0, z.Len(), false, visit) })
	n := 0
	err := z.Each(func(member []byte, score float64) bool {
		n++
		if s, found := m.want[string(member)]; !found || s != score {
			m.Errorf("Each: %q %v, want %v", member, score, s)
		}
		return true
	})
	if err != nil || n != len(want) {
		m.Fatalf("Each: %d, %v", n, err)
	}
	for _, it := range want {
		if s, found, err := z.Score(it.Member); err != nil || !found || s != it.Score {
			m.Fatalf("Score(%q) = %v, %v, %v", it.Member, s, found, err)
		}
	}
	pairs := len(m.x.Pairs)
	switch {
	case !z.Exists:
		if pairs != 0 || m.x.NKeys != 0 {
			m.Fatalf("%d pairs are left, %d keys", pairs, m.x.NKeys)
		}
	case z.Packed() && pairs != 1, !z.Packed() && pairs != 1+2*len(want):
		m.Fatalf("%d pairs for %d members", pairs, len(want))
	}
	if z.Packed() && z.Exists {
		if err := listpack.Validate(z.Head.Value); err != nil {
			m.Fatal(err)
		}
	}
	m.x.End()
}

func (m *zsetModel) sameItems(what string, want []datatype.ZItem, walk func(visit func([]byte, float64) bool) error) {
	m.Helper()
	i := 0
	err := walk(func(member []byte, score float64) bool {
		if i >= len(want) || string(want[i].Member) != string(member) || want[i].Score != score {
			m.Errorf("%s: got %q %v at %d of %d", what, member, score, i, len(want))
			return false
		}
		i++
		return true
	})
	if err != nil || i != len(want) {
		m.Errorf("%s: %d members, want %d: %v", what, i, len(want), err)
	}
}

// step changes something.
func (m *zsetModel) step(adds int) {
	m.Helper()
	switch op := m.rng.IntN(12); {
	case op < adds:
		how := datatype.ZAdd{}
		switch m.rng.IntN(8) {
		case 0:
			how.NX = true
		case 1:
			how.XX = true
		case 2:
			how.GT = true
		case 3:
			how.LT = true
		}
		how.Incr = m.rng.IntN(5) == 0
		m.add(m.member(), m.score(), how)
	case op == 9:
		m.pop(m.rng.IntN(4), m.rng.IntN(3) == 0)
	case op == 10:
		m.undone()
	default:
		m.remove(m.member())
	}
}

func TestZSetAgainstModel(t *testing.T) {
	for seed := range uint64(60) {
		m := newZSetModel(t, seed)
		m.x.Lim.ZSetMaxListpackEntries = int64(m.rng.IntN(30))
		m.x.Lim.ZSetMaxListpackValue = int64(m.rng.IntN(5))
		adds := 2 + m.rng.IntN(7)
		for range 500 {
			m.step(adds)
			m.check()
			m.ranges()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// ranges compares a range of each kind with the model.
func (m *zsetModel) ranges() {
	m.Helper()
	want := m.sorted()
	z := m.load()
	rev := m.rng.IntN(2) == 0
	seen := want
	if rev {
		seen = nil
		for i := len(want) - 1; i >= 0; i-- {
			seen = append(seen, want[i])
		}
	}
	from, n := datatype.Ranks(int64(m.rng.IntN(30)-15), int64(m.rng.IntN(30)-15), len(want))
	m.sameItems("ranks", seen[from:from+n], func(visit func([]byte, float64) bool) error { return z.RangeByRank(from, n, rev, visit) })

	low, high, lowOpen, highOpen := m.score(), m.score(), m.rng.IntN(2) == 0, m.rng.IntN(2) == 0
	var in []datatype.ZItem
	for _, it := range seen {
		if (it.Score > low || it.Score == low && !lowOpen) && (it.Score < high || it.Score == high && !highOpen) {
			in = append(in, it)
		}
	}
	r := datatype.NewScoreRange(low, high, lowOpen, highOpen)
	what := fmt.Sprintf("scores %v %v %v %v rev %v packed %v", low, lowOpen, high, highOpen, rev, z.Packed())
	m.sameItems(what, in, func(visit func([]byte, float64) bool) error { return z.RangeByScore(r, rev, visit) })
	if n, err := z.CountByScore(r); err != nil || n != len(in) {
		m.Errorf("CountByScore %s = %d, %v; want %d", what, n, err, len(in))
	}
	m.rank(&z, want, rev)
	m.x.End()
}

func (m *zsetModel) rank(z *datatype.ZSet, want []datatype.ZItem, rev bool) {
	m.Helper()
	member := m.member()
	expect := -1
	for i, it := range want {
		if string(it.Member) == member {
			expect = i
			if rev {
				expect = len(want) - 1 - i
			}
		}
	}
	rank, score, found, err := z.Rank([]byte(member), rev)
	if err != nil || found != (expect >= 0) || found && (rank != expect || score != m.want[member]) {
		m.Errorf("Rank(%q, %v) = %d, %v, %v; want %d", member, rev, rank, found, err, expect)
	}
}

func TestZSetLex(t *testing.T) {
	for seed := range uint64(40) {
		m := newZSetModel(t, seed)
		m.x.Lim.ZSetMaxListpackEntries = []int64{0, 1000}[seed%2]
		score := []float64{0, -3, math.Inf(1), math.Inf(-1)}[seed%4]
		for range m.rng.IntN(60) + 1 {
			m.add(m.member(), score, datatype.ZAdd{})
		}
		want := m.sorted()
		for range 100 {
			bound := func() datatype.LexBound {
				above, below := max(0, m.rng.IntN(8)-5), max(0, m.rng.IntN(8)-5)
				return datatype.LexBound{Member: []byte(m.member()), Open: m.rng.IntN(2) == 0, Inf: above - below}
			}
			r := datatype.LexRange{Min: bound(), Max: bound()}
			r.Min.Inf, r.Max.Inf = max(-1, min(1, r.Min.Inf)), max(-1, min(1, r.Max.Inf))
			var in []datatype.ZItem
			for _, it := range want {
				s := string(it.Member)
				lowOK := r.Min.Inf < 0 || r.Min.Inf == 0 && (s > string(r.Min.Member) || s == string(r.Min.Member) && !r.Min.Open)
				highOK := r.Max.Inf > 0 || r.Max.Inf == 0 && (s < string(r.Max.Member) || s == string(r.Max.Member) && !r.Max.Open)
				if lowOK && highOK {
					in = append(in, it)
				}
			}
			z := m.load()
			if n, err := z.CountByLex(r); err != nil || n != len(in) {
				t.Fatalf("CountByLex(%+v) = %d, %v; want %d", r, n, err, len(in))
			}
			m.sameItems("lex", in, func(visit func([]byte, float64) bool) error { return z.RangeByLex(r, false, visit) })
			for i, j := 0, len(in)-1; i < j; i, j = i+1, j-1 {
				in[i], in[j] = in[j], in[i]
			}
			m.sameItems("lex rev", in, func(visit func([]byte, float64) bool) error { return z.RangeByLex(r, true, visit) })
			m.x.End()
		}
	}
}
