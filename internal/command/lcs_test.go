package command

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLCS(t *testing.T) {
	for _, c := range []struct {
		a, b, want string
		runs       []lcsRange
	}{
		{"ohmytext", "mynewtext", "mytext", []lcsRange{{4, 5, 4}, {2, 0, 2}}},
		{"", "abc", "", nil},
		{"abc", "abc", "abc", []lcsRange{{0, 0, 3}}},
		{"abc", "xyz", "", nil},
		{"aXbXc", "abc", "abc", []lcsRange{{4, 2, 1}, {2, 1, 1}, {0, 0, 1}}},
	} {
		table := newLCSTable([]byte(c.a), []byte(c.b))
		common, runs := table.trace()
		if string(common) != c.want || table.length() != len(c.want) || !slices.Equal(runs, c.runs) {
			t.Errorf("%q, %q: %q %v", c.a, c.b, common, runs)
		}
	}
}

// TestLCSIsCommon holds for random strings that the result is a subsequence of both,
// and that the runs spell it.
func TestLCSIsCommon(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func() []byte {
		b := make([]byte, r.IntN(30))
		for i := range b {
			b[i] = "abc"[r.IntN(3)]
		}
		return b
	}
	for range 2000 {
		a, b := text(), text()
		common, runs := newLCSTable(a, b).trace()
		var inA, inB []byte
		for _, run := range slices.Backward(runs) {
			inA = append(inA, a[run.aFrom:run.aFrom+run.n]...)
			inB = append(inB, b[run.bFrom:run.bFrom+run.n]...)
		}
		if string(inA) != string(common) || string(inB) != string(common) {
			t.Fatalf("%s, %s: %s, but the runs are %v", a, b, common, runs)
		}
	}
}
