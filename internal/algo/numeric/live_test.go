package numeric_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/algo/numeric"
)

func randFloat(r *rand.Rand) float64 {
	switch r.IntN(5) {
	case 0:
		return math.Float64frombits(r.Uint64())
	case 1:
		return float64(int64(r.Uint64()) >> r.IntN(64))
	case 2:
		return math.Round(r.NormFloat64()*1e6) / 1e3
	case 3:
		return math.Ldexp(r.NormFloat64(), r.IntN(200)-100)
	}
	return r.Float64()
}

func TestLiveScores(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(1, 2))
	in := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324, 1e17, 1e16, 1e-4, 1e-5, 123456789012345680, 1e17, 4e18, 4.7e18, 1 << 62, -(1 << 62), 1 << 63, 1 << 52, 1<<52 - 1, -(1 << 52), -(1<<52 - 1), -(1<<52 - 2), 1<<53 + 2}
	for len(in) < 12000 {
		if f := randFloat(r); !math.IsNaN(f) {
			in = append(in, f)
		}
	}
	var cmds [][]string
	for _, f := range in {
		cmds = append(cmds, []string{"DEL", "z"}, []string{"ZADD", "z", strconv.FormatFloat(f, 'g', -1, 64), "m"}, []string{"ZSCORE", "z", "m"}, []string{"DUMP", "z"})
	}
	out := c.Pipeline(cmds)
	for i, f := range in {
		want := string(numeric.AppendFloat(nil, f))
		if f == 0 {
			want = "0" // a listpack holds no negative zero
		}
		if want != out[4*i+2] {
			t.Fatalf("%v: %q, redis %q", f, want, out[4*i+2])
		}
		lp := listpack.Append(listpack.New(), []byte("m"))
		if n, ok := numeric.ScoreInt(f); ok {
			lp = listpack.AppendInt(lp, n)
		} else {
			lp = listpack.Append(lp, numeric.AppendScore(nil, f))
		}
		if _, got := liveredis.Payload(t, []byte(out[4*i+3].(string))); !bytes.Equal(lp, got) {
			t.Fatalf("%v: %q, redis %q", f, lp, got)
		}
	}
}

// randText makes number-like text, well formed or not.
func randText(r *rand.Rand) string {
	const alphabet = "0123456789.eE+-xXpPaAinfINFty ()_\x00"
	switch r.IntN(4) {
	case 0:
		b := make([]byte, r.IntN(8))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	case 1:
		s := []byte(strconv.FormatFloat(randFloat(r), 'g', -1, 64))
		s[r.IntN(len(s))] = alphabet[r.IntN(len(alphabet))]
		return string(s)
	case 2:
		return fmt.Sprintf("%d.%de%d", r.IntN(1000), r.Uint64(), r.IntN(700)-350)
	}
	return fmt.Sprintf("0x%x.%xp%d", r.Uint32(), r.Uint64(), r.IntN(2300)-1150)
}

func TestLiveParse(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(3, 4))
	in := []string{"", "nan", "NaN", "nan(12)", "-nan", "inf", "INFINITY", "+inf", "-iNf", "0x", "0x10", "0x1p3", "0x.8", "0x1.", "1e-400", "1e400", "2e-324", "3e-324", "4e-324", "1e-310", "1.", ".1", ".", "0x1p-1075", "0x1.8p-1075", "0x1p-1074", "1\x00", "infinit", "0x1p1024", "1.7976931348623158e308", "1.7976931348623159e308", "\v1", "1_000"}
	for len(in) < 8000 {
		in = append(in, randText(r))
	}
	var cmds [][]string
	for _, s := range in {
		cmds = append(cmds, []string{"ZADD", "z", s, "m"}, []string{"ZSCORE", "z", "m"},
			[]string{"SET", "n", "0"}, []string{"INCRBYFLOAT", "n", s})
	}
	out := c.Pipeline(cmds)
	for i, s := range in {
		f, ok := numeric.ParseFloat([]byte(s))
		_, refused := out[4*i].(liveredis.Error)
		if ok == refused {
			t.Fatalf("%q: accepted %v, redis %v", s, ok, out[4*i])
		}
		if ok && string(numeric.AppendFloat(nil, f)) != out[4*i+1] && f != 0 {
			t.Fatalf("%q: %v, redis %v", s, f, out[4*i+1])
		}
		compareIncr(t, "0", s, out[4*i+3])
	}
}

func compareIncr(t *testing.T, a, b string, reply any) {
	t.Helper()
	got, err := numeric.AddLongDouble([]byte(a), []byte(b))
	switch v := reply.(type) {
	case liveredis.Error:
		if err == nil || !strings.Contains(string(v), err.Error()) {
			t.Fatalf("%.80q + %.80q: %v (%s), redis %v", a, b, err, got, v)
		}
	default:
		if err != nil || string(got) != v {
			t.Fatalf("%.80q + %.80q: %s (%v), redis %v", a, b, got, err, v)
		}
	}
}

func TestLiveIncrByFloat(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(5, 6))
	text := func() string {
		switch r.IntN(5) {
		case 0:
			return strconv.FormatFloat(randFloat(r), 'g', -1, 64)
		case 1:
			return fmt.Sprintf("%d.%0*d", r.IntN(100000)-50000, 1+r.IntN(25), r.IntN(1000000))
		case 2:
			return fmt.Sprintf("%d.%de%d", r.IntN(1000)-500, r.Uint64(), r.IntN(40)-20)
		case 3:
			return fmt.Sprintf("%d%d.%d%d", int64(r.Uint64()), r.Uint64(), r.Uint64(), r.Uint64())
		}
		return fmt.Sprintf("%de%d", r.IntN(1000)-500, r.IntN(10000)-5000)
	}
	pairs := [][2]string{{"0.1", "0.2"}, {"10.50", "0.1"}, {"5.0e3", "200"}, {"3", "-3"}, {"-0", "-0"}, {"1e4932", "1e4932"},
		{"1.18973149535723176502e4932", "0"}, {"1.18973149535723176508e4932", "0"}, {"1.1897314953572317650e4932", "1e4912"},
		{"0x1p-16445", "0"}, {"0x1p-16446", "0"}, {"0x1.00001p-16446", "0"}, {"1.8e-4951", "0"}, {"1.9e-4951", "0"}, {"0x1p16384", "0"},
		{"0x1.fffffffffffffffefp16383", "0"}, {"0x1.ffffffffffffffffp16383", "0"}, {"0.5e-17", "0"}, {"0x1p-18", "0"}, {"0x3p-18", "0"}, {strings.Repeat("0", 5119), "1"}, {strings.Repeat("9", 5000), "1"},
		{strings.Repeat("0", 5000) + "1" + strings.Repeat("0", 50), "1"}, {"0." + strings.Repeat("0", 4940) + "12", "1"}, {strings.Repeat("9", 4900), "-1"}}
	for len(pairs) < 8000 {
		pairs = append(pairs, [2]string{text(), text()})
	}
	var cmds [][]string
	for _, p := range pairs {
		cmds = append(cmds, []string{"SET", "n", p[0]}, []string{"INCRBYFLOAT", "n", p[1]})
	}
	out := c.Pipeline(cmds)
	for i, p := range pairs {
		compareIncr(t, p[0], p[1], out[2*i+1])
	}
}
