package datatype_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
)

func TestZSetEncodings(t *testing.T) {
	long := fmt.Sprintf("%065d", 1)
	for _, tc := range []struct {
		name   string
		n      int
		member string
		want   layout.Encoding
	}{
		{"few", 127, "x", layout.EncListpack},
		{"up to the limit", 128, "", layout.EncListpack},
		{"beyond the limit", 128, "x", layout.EncExpanded},
		{"a long member", 0, long, layout.EncExpanded},
		{"a member of just the limit", 3, long[1:], layout.EncListpack},
	} {
		m := newZSetModel(t, 1)
		for i := range tc.n {
			m.add(strconv.Itoa(i), float64(-i), datatype.ZAdd{})
		}
		if tc.member != "" {
			m.add(tc.member, 1, datatype.ZAdd{})
		}
		items := m.sorted()
		if z := m.load(); z.Head.Encoding != tc.want {
			t.Errorf("%s: encoding %d, want %d", tc.name, z.Head.Encoding, tc.want)
		}
		m.check()
		existed, err := datatype.StoreZSet(m.x, zsetName, items)
		m.x.End()
		if z := m.load(); err != nil || !existed || z.Head.Encoding != tc.want {
			t.Errorf("%s: stored as %d, want %d: %v", tc.name, z.Head.Encoding, tc.want, err)
		}
		m.check()
	}
}

// TestZSetBytes: the bytes of a packed sorted set are Redis's.
func TestZSetBytes(t *testing.T) {
	m := newZSetModel(t, 1)
	m.add("b", 2.5, datatype.ZAdd{})
	m.add("7", 1, datatype.ZAdd{})
	m.add("a", 2.5, datatype.ZAdd{})
	m.add("c", math.Inf(1), datatype.ZAdd{})
	lp := listpack.New()
	for _, e := range []string{"7", "1", "a", "2.5", "b", "2.5", "c", "inf"} {
		lp = listpack.Append(lp, []byte(e))
	}
	if z := m.load(); string(z.Head.Value) != string(lp) {
		t.Errorf("got % x, want % x", z.Head.Value, lp)
	}
}

// TestZSetMinusZero: an expanded sorted set keeps the sign of zero.
func TestZSetMinusZero(t *testing.T) {
	m := newZSetModel(t, 1)
	m.x.Lim.ZSetMaxListpackEntries = 0
	m.add("b", math.Copysign(0, -1), datatype.ZAdd{})
	m.add("a", 0, datatype.ZAdd{})
	m.add("c", 0, datatype.ZAdd{})
	z := m.load()
	got := ""
	z.RangeByRank(0, 3, false, func(member []byte, score float64) bool {
		got += fmt.Sprintf("%s %v ", member, math.Signbit(score))
		return true
	})
	if got != "a false b true c false " {
		t.Error(got)
	}
	if s, _, _ := z.Score([]byte("b")); !math.Signbit(s) {
		t.Error("the element pair has lost the sign")
	}
	m.x.End()
}

func TestZSetRemoveItems(t *testing.T) {
	for _, entries := range []int64{0, 100} {
		m := newZSetModel(t, 1)
		m.x.Lim.ZSetMaxListpackEntries = entries
		for i := range 20 {
			m.add(strconv.Itoa(i), float64(i/2), datatype.ZAdd{})
		}
		for _, n := range []int{5, 15} {
			items := m.sorted()[:n]
			z := m.load()
			if err := z.RemoveItems(items); err != nil {
				t.Fatal(err)
			}
			z.Save()
			m.x.End()
			for _, it := range items {
				delete(m.want, string(it.Member))
			}
			m.check()
		}
	}
}
