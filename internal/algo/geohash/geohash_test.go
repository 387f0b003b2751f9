package geohash

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestKnown(t *testing.T) {
	for _, c := range []struct {
		lon, lat float64
		bits     uint64
		text     string
	}{
		{13.361389, 38.115556, 3479099956230698, "sqc8b49rny0"},
		{15.087269, 37.502669, 3479447370796909, "sqdtr74hyu0"},
	} {
		bits := Encode(c.lon, c.lat)
		text := String(bits)
		if bits != c.bits || string(text[:]) != c.text {
			t.Errorf("%v %v: %d %s", c.lon, c.lat, bits, text)
		}
	}
	if Encode(181, 0) != 0 || Encode(math.NaN(), 0) != 0 || Valid(0, 86) || Valid(math.NaN(), 0) {
		t.Error("limits")
	}
}

func TestAppendDistance(t *testing.T) {
	for want, d := range map[string]float64{
		"0.0000": 0, "166274.1516": 166274.15156960033, "0.0001": 0.00006, "12.3400": 12.34, "10.0501": 10.05005000001,
	} {
		if got := string(AppendDistance(nil, d)); got != want {
			t.Errorf("%v: %s want %s", d, got, want)
		}
	}
}

func TestConstants(t *testing.T) {
	pi, d := math.Pi, 180.0
	if degree != pi/d {
		t.Error("degree")
	}
	if spread(0xFFFFFFFF) != 0x5555555555555555 || squash(0x5555555555555555) != 0xFFFFFFFF {
		t.Error("interleave")
	}
}

// bigSine sums the Taylor series with 300 bits.
func bigSine(x float64, cos bool) float64 {
	const prec = 300
	bx := new(big.Float).SetPrec(prec).SetFloat64(x)
	sum, term := new(big.Float).SetPrec(prec), new(big.Float).SetPrec(prec).SetFloat64(1)
	for n := range 60 {
		if (n%2 == 0) == cos {
			if n%4 < 2 {
				sum.Add(sum, term)
			} else {
				sum.Sub(sum, term)
			}
		}
		term.Mul(term, bx)
		term.Quo(term, new(big.Float).SetPrec(prec).SetInt64(int64(n+1)))
	}
	f, _ := sum.Float64()
	return f
}

func TestTrigIsCorrectlyRounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	xs := []float64{0, 1, 2, -2, math.Pi, -math.Pi, math.Pi / 2, 1e-9, 1.5, 3, 2.0000001}
	for len(xs) < 3000 {
		xs = append(xs, (r.Float64()*2-1)*math.Pi, r.NormFloat64()*1e-4)
	}
	for _, x := range xs {
		if got, want := sine(x), bigSine(x, false); got != want {
			t.Errorf("sine(%v) = %v want %v", x, got, want)
		}
		if math.Abs(x) <= 1.55 { // latitudes stay below
			if got, want := cosine(x), bigSine(x, true); got != want {
				t.Errorf("cosine(%v) = %v want %v", x, got, want)
			}
		}
	}
	for range 2000 {
		x := r.Float64()
		y := arcsine(x)
		lo, hi := math.Nextafter(y, 0), math.Nextafter(y, 2)
		if !(bigSine(lo, false) <= x && x <= bigSine(hi, false)) {
			t.Errorf("arcsine(%v) = %v", x, y)
		}
	}
	if arcsine(1) != math.Pi/2 || !math.IsNaN(arcsine(1.1)) || arcsine(0) != 0 {
		t.Error("arcsine at its ends")
	}
}

func FuzzShape(f *testing.F) {
	f.Add(15.0, 37.0, 200.0, 400.0, true, uint64(3479099956230698))
	f.Fuzz(func(t *testing.T, lon, lat, a, b float64, isBox bool, bits uint64) {
		s := Shape{Lon: lon, Lat: lat, Radius: a, Width: a, Height: b, Unit: 1000, Box: isBox}
		if n := len(s.AppendRanges(nil)); n < 1 || n > 9 {
			t.Fatal(n)
		}
		x, y := Decode(bits)
		if !Valid(x, y) {
			t.Fatal(x, y)
		}
		s.Contains(x, y)
		String(bits)
	})
}

func BenchmarkDistance(b *testing.B) {
	for b.Loop() {
		Distance(13.361389, 38.115556, 15.087269, 37.502669)
	}
}
