package command

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func argsOf(line string) (args [][]byte) {
	for _, w := range strings.Fields(line) {
		args = append(args, []byte(w))
	}
	return args
}

func TestSortKeys(t *testing.T) {
	for line, want := range map[string][]int{
		"SORT k": {1}, "SORT k STORE d": {1, 3}, "SORT k BY store GET d": {1}, "SORT k LIMIT 0 1 STORE d": {1, 6},
		"SORT k LIMIT STORE d STORE e": {1, 6}, "SORT k STORE a store b": {1, 5}, "SORT k GET STORE STORE x": {1, 5}, "SORT k STORE": {1},
	} {
		if got, ok := sortKeys(argsOf(line)); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

func TestNumKeys(t *testing.T) {
	for line, want := range map[string][]int{
		"LMPOP 2 a b LEFT": {2, 3}, "LMPOP 1 a RIGHT COUNT 2": {2}, "LMPOP 4 a b LEFT": nil, "LMPOP 0 a LEFT": nil, "LMPOP x a LEFT": nil,
		"LMPOP -1 a LEFT": nil, "LMPOP 9223372036854775807 a LEFT": nil,
	} {
		if got, ok := numKeys(argsOf(line), 1); ok != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

func TestSortLimits(t *testing.T) {
	for _, c := range []struct {
		first, count int64
		n, from, to  int
	}{
		{0, -1, 5, 0, 5}, {2, -1, 5, 2, 5}, {1, 2, 5, 1, 3}, {-3, 2, 5, 0, 2}, {4, 10, 5, 4, 5}, {5, 1, 5, 5, 5}, {99, -1, 5, 5, 5},
		{0, 0, 5, 0, 0}, {0, -9, 5, 0, 5}, {math.MaxInt64, math.MaxInt64, 5, 5, 5}, {1, math.MaxInt64, 5, 1, 5}, {0, -1, 0, 0, 0},
	} {
		o := sortOptions{first: c.first, count: c.count}
		if from, to := o.limits(c.n); from != c.from || to != c.to {
			t.Errorf("%+v: %d to %d", c, from, to)
		}
	}
}

func TestSortWeight(t *testing.T) {
	for s, want := range map[string]float64{"": 0, "1.5": 1.5, " \t-2": -2, "0x10": 16, "1e3": 1000, "inf": math.Inf(1), "5\x00abc": 5, "\x00": 0} {
		if got, ok := sortWeight([]byte(s)); !ok || got != want {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{" ", "1 ", "abc", "nan", "1e400", "1,5"} {
		if got, ok := sortWeight([]byte(s)); ok {
			t.Errorf("%q is taken for %v", s, got)
		}
	}
}

func TestSortPattern(t *testing.T) {
	for p, want := range map[string]sortPattern{
		"w_*":       {star: true, prefix: []byte("w_")},
		"*":         {star: true},
		"a*b->f":    {star: true, prefix: []byte("a"), suffix: []byte("b"), field: []byte("f")},
		"a*->":      {star: true, prefix: []byte("a"), suffix: []byte("->")},
		"x->y*":     {star: true, prefix: []byte("x->y")},
		"*->f->g*":  {star: true, field: []byte("f->g*")},
		"nothing":   {prefix: []byte("nothing")},
		"#":         {self: true, prefix: []byte("#")},
		"#*":        {star: true, prefix: []byte("#")},
		"a*b*c->ff": {star: true, prefix: []byte("a"), suffix: []byte("b*c"), field: []byte("ff")},
	} {
		got := newSortPattern([]byte(p))
		same := string(got.prefix) == string(want.prefix) && string(got.suffix) == string(want.suffix) && string(got.field) == string(want.field)
		if got.self != want.self || got.star != want.star || !same {
			t.Errorf("%q: %+v", p, got)
		}
	}
}
