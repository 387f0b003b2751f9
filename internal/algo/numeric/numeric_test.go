package numeric

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestParseInt64(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "7": 7, "-1": -1, "10": 10, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		if got, ok := ParseInt64([]byte(s)); !ok || got != want || IntLen(want) != len(s) {
			t.Errorf("%q: %d %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "a", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "18446744073709551616", "123456789012345678901", "1\x00", "/", ":",
	} {
		if got, ok := ParseInt64([]byte(s)); ok {
			t.Errorf("%q accepted as %d", s, got)
		}
	}
}

func TestParseFloat(t *testing.T) {
	for s, want := range map[string]float64{
		"1": 1, "+1.5e3": 1500, ".5": .5, "5.": 5, "0x10": 16, "0X.8p1": 1, "-0x1P-2": -.25, "inf": math.Inf(1), "+INF": math.Inf(1),
		"-Infinity": math.Inf(-1), "1e-320": 1e-320, "0e999999999999": 0, "00012": 12, "4e-324": 5e-324,
	} {
		if got, ok := ParseFloat([]byte(s)); !ok || got != want {
			t.Errorf("%q: %v %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "nan", "-nan", "nan(1)", " 1", "1 ", "1e", "1e+", ".", "+", "0x", "0xg", "0x1p", "1_0", "0x_1p0", "1e400", "-1e400",
		"1e-400", "2e-324", "infi", "1\x00", "--1", "1..2", "0x.p1", "e5", "1p5", "\t1",
	} {
		if got, ok := ParseFloat([]byte(s)); ok {
			t.Errorf("%q accepted as %v", s, got)
		}
	}
}

func TestAppendScore(t *testing.T) {
	for want, f := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "3": 3, "-4503599627370494": -4503599627370494, "4503599627370495": 4503599627370495,
		"4503599627370496": 1 << 52, "0.10000000000000001": 0.1, "1e+30": 1e30, "9.9999999999999992e+22": 1e23, "inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
	} {
		if got := string(AppendScore(nil, f)); got != want {
			t.Errorf("%v: %q want %q", f, got, want)
		}
	}
}

func TestAppendHuman(t *testing.T) {
	for want, f := range map[string]float64{
		"0": math.Copysign(0, -1), "13.36138933897018433": 13.36138933897018433, "-1.5": -1.5, "100": 100, "0.1": 0, "inf": math.Inf(1),
	} {
		if want == "0.1" {
			want, f = "0.10000000000000001", 0.1
		}
		if got := string(AppendHuman(nil, f)); got != want {
			t.Errorf("%v: %q want %q", f, got, want)
		}
	}
	if got := string(AppendHuman([]byte("x"), -1e-30)); got != "x0" {
		t.Error(got)
	}
}

func TestAddLongDoubleErrors(t *testing.T) {
	for _, c := range []struct {
		a, b string
		err  error
	}{
		{"x", "1", ErrNotFloat}, {"1", "1 ", ErrNotFloat}, {"inf", "1", ErrNaNOrInf}, {"-inf", "inf", ErrNaNOrInf},
		{"1.1e4932", "1.1e4932", ErrNaNOrInf}, {"1e4933", "0", ErrNotFloat}, {"1e-5000", "0", ErrNotFloat},
		{"1e999999999999", "0", ErrNotFloat}, {"0x1p-99999999", "0", ErrNotFloat}, {strings.Repeat("0", 5120), "0", ErrNotFloat},
	} {
		if _, err := AddLongDouble([]byte(c.a), []byte(c.b)); err != c.err {
			t.Errorf("%q+%q: %v", c.a, c.b, err)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	buf, text := make([]byte, 0, 64), []byte("-1234.5678e10")
	if n := testing.AllocsPerRun(100, func() {
		f, _ := ParseFloat(text)
		buf = AppendHuman(AppendScore(AppendFloat(buf[:0], f), f), 1.25)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-9223372036854775808", "0x1.8p3", "1e-320", "inf", "nan", ".5e+07"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := ParseInt64(b); ok && string(AppendInt(nil, n)) != string(b) {
			t.Fatalf("%q is not canonical", b)
		}
		v, ok := ParseFloat(b)
		if ok && !math.IsInf(v, 0) {
			back, err := strconv.ParseFloat(string(AppendFloat(nil, v)), 64)
			if err != nil || back != v {
				t.Fatalf("%q: %v became %v", b, v, back)
			}
		}
		d, okLong := ParseLongDouble(b)
		if okLong {
			d.Append(nil)
		} else if ok && len(b) < ldMaxText {
			t.Fatalf("%q fits a double but not a long double", b)
		}
	})
}
