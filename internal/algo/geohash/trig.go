package geohash

import (
	"math"
	"math/big"
)

// Go's own sine, cosine and arcsine err by more than half a unit in the last
// place, which shows in GEODIST's fourth decimal for distant points. Here they
// are computed in double-double precision and rounded once, and so agree with
// glibc but for rounding cases too rare to meet.

// gridSteps is the number of table points in a unit of angle; a power of two,
// so that subtracting a point from an angle is exact.
const gridSteps = 64

// dd is an unevaluated sum of two float64s.
type dd struct{ hi, lo float64 }

type gridPoint struct{ sin, cos dd }

// grid holds the sine and cosine of i/gridSteps for angles up to 2.
var grid = makeGrid()

func makeGrid() (g [2*gridSteps + 1]gridPoint) {
	const prec = 256
	num := func(f float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(f) }
	mul := func(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Mul(a, b) }
	split := func(f *big.Float) dd {
		hi, _ := f.Float64()
		lo, _ := new(big.Float).SetPrec(prec).Sub(f, num(hi)).Float64()
		return dd{hi, lo}
	}
	sin1, cos1 := num(0), num(0)
	term := num(1) // x^n/n!
	for n := 0; n < 24; n++ {
		sum := cos1
		if n%2 == 1 {
			sum = sin1
		}
		if n%4 < 2 {
			sum.Add(sum, term)
		} else {
			sum.Sub(sum, term)
		}
		term = mul(term, num(1.0/gridSteps))
		term.Quo(term, num(float64(n+1)))
	}
	s, c := num(0), num(1)
	for i := range g {
		g[i] = gridPoint{split(s), split(c)}
		next := mul(s, cos1)
		next.Add(next, mul(c, sin1))
		c = mul(c, cos1)
		c.Sub(c, mul(s, sin1))
		s = next
	}
	return g
}

// twoSum returns a+b and its rounding error.
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	bb := sum - a
	return sum, (a - (sum - bb)) + (b - bb)
}

// twoMul returns a*b and its rounding error.
func twoMul(a, b float64) (prod, err float64) {
	prod = float64(a * b)
	return prod, math.FMA(a, b, -prod)
}

// sum3 returns a+b+c+low, the last being small, as a rounded pair.
func sum3(a, b, c, low float64) dd {
	s, e1 := twoSum(a, b)
	s, e2 := twoSum(s, c)
	hi, lo := twoSum(s, e1+e2+low)
	return dd{hi, lo}
}

// sincos returns the sine and cosine of x for 0 <= x <= 2 to about 75 bits.
func sincos(x float64) (sin, cos dd) {
	k := math.Round(x * gridSteps)
	g := &grid[int(k)]
	t := x - k/gridSteps // exact, at most 1/128
	t2, t2err := twoMul(t, t)
	// sin t = t + sinRest and cos t = 1 + cosMain + cosRest
	sinRest := t * t2 * (-1.0/6 + t2*(1.0/120+t2*(-1.0/5040+t2*(1.0/362880))))
	cosMain := -t2 / 2
	cosRest := -t2err/2 + t2*t2*(1.0/24+t2*(-1.0/720+t2*(1.0/40320)))

	a, aErr := twoMul(g.cos.hi, t)
	b, bErr := twoMul(g.sin.hi, cosMain)
	sin = sum3(g.sin.hi, a, b,
		aErr+bErr+g.sin.lo+g.cos.lo*t+g.cos.hi*sinRest+g.sin.hi*cosRest+g.sin.lo*cosMain)

	a, aErr = twoMul(-g.sin.hi, t)
	b, bErr = twoMul(g.cos.hi, cosMain)
	cos = sum3(g.cos.hi, a, b,
		aErr+bErr+g.cos.lo-g.sin.lo*t-g.sin.hi*sinRest+g.cos.hi*cosRest+g.cos.lo*cosMain)
	return sin, cos
}

// piLow is π minus the float64 nearest to it.
const piLow = 1.2246467991473532e-16

// sine returns the sine of x in radians.
func sine(x float64) float64 {
	ax := math.Abs(x)
	switch {
	case ax <= 2:
		s, _ := sincos(ax)
		return math.Copysign(s.hi, x)
	case ax <= math.Pi:
		// Mirror at π/2, where the small result keeps its precision.
		y, low := twoSum(float64(math.Pi)-ax, piLow)
		s, c := sincos(y)
		return math.Copysign(s.hi+(s.lo+low*c.hi), x)
	}
	return math.Sin(x)
}

// cosine returns the cosine of x in radians.
func cosine(x float64) float64 {
	if ax := math.Abs(x); ax <= 2 {
		_, c := sincos(ax)
		return c.hi
	}
	return math.Cos(x)
}

// arcsine returns the angle in radians whose sine is x, for x >= 0; it is NaN
// above 1. One Newton step in double-double sharpens the library's value.
func arcsine(x float64) float64 {
	y := math.Asin(x)
	if !(x < 1) {
		return y
	}
	s, c := sincos(y)
	return y + (x-s.hi-s.lo)/c.hi
}
