package hyperloglog

import (
	"encoding/binary"
	"math"
	mathbits "math/bits"
)

// position returns the register that elem belongs to and the value it sets
// there: one more than the number of trailing zeros of the rest of its hash.
func position(elem []byte) (index int, value byte) {
	h := hash64(elem, hashSeed)
	rest := h>>precision | 1<<(64-precision)
	return int(h & (registers - 1)), byte(mathbits.TrailingZeros64(rest)) + 1
}

// hash64 is MurmurHash64A on little-endian words.
func hash64(p []byte, seed uint64) uint64 {
	const (
		m = 0xc6a4a7935bd1e995
		r = 47
	)
	h := seed ^ uint64(len(p))*m
	for ; len(p) >= 8; p = p[8:] {
		k := binary.LittleEndian.Uint64(p) * m
		k ^= k >> r
		h = (h ^ k*m) * m
	}
	if len(p) > 0 {
		var tail [8]byte
		copy(tail[:], p)
		h = (h ^ binary.LittleEndian.Uint64(tail[:])) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}

// denseGet returns register i of the packed registers p.
func denseGet(p []byte, i int) byte {
	at, shift := i*bits/8, i*bits%8
	v := uint(p[at]) >> shift
	if shift > 8-bits {
		v |= uint(p[at+1]) << (8 - shift)
	}
	return byte(v & (1<<bits - 1))
}

// denseSet raises register i to v and reports whether it was lower.
func denseSet(p []byte, i int, v byte) bool {
	if denseGet(p, i) >= v {
		return false
	}
	const mask = 1<<bits - 1
	at, shift := i*bits/8, i*bits%8
	p[at] = p[at]&^byte(mask<<shift) | v<<shift
	if shift > 8-bits {
		p[at+1] = p[at+1]&^byte(mask>>(8-shift)) | v>>(8-shift)
	}
	return true
}

// histogram counts registers by value.
type histogram [1 << bits]int

func denseHistogram(p []byte, h *histogram) {
	for ; len(p) >= 3; p = p[3:] { // four registers in three bytes
		w := uint(p[0]) | uint(p[1])<<8 | uint(p[2])<<16
		h[w&63]++
		h[w>>6&63]++
		h[w>>12&63]++
		h[w>>18&63]++
	}
}

// estimate is Ertl's improved raw estimator. Products are converted explicitly
// so that no architecture fuses them with the additions, which would round
// differently from Redis on x86.
func (h *histogram) estimate() uint64 {
	const (
		m        = float64(registers)
		q        = 64 - precision
		alphaInf = 0.721347520444481703680 // 1/(2 ln 2)
	)
	z := float64(m * tau((m-float64(h[q+1]))/m))
	for j := q; j >= 1; j-- {
		z += float64(h[j])
		z *= 0.5
	}
	z += float64(m * sigma(float64(h[0])/m))
	alpha := float64(alphaInf)
	e := math.Round(alpha * m * m / z)
	if !(e < 1<<63) { // all registers beyond any hash; C's llround gives this
		return 1 << 63
	}
	return uint64(e)
}

// sigma sums the series of Ertl's estimator for registers at 0.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		last := z
		z += float64(x * y)
		y += y
		if z == last {
			return z
		}
	}
}

// tau sums the series of Ertl's estimator for saturated registers.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		last := z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
		if z == last {
			return z / 3
		}
	}
}
