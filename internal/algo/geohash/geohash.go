// Package geohash implements the geometry of Redis's GEO commands.
//
// A position is a 52-bit hash: longitude and latitude each as 26 bits of their
// fraction of ±180 and ±85.05112878 degrees, interleaved with latitude in the
// even bits. The hash is a sorted set's score. Angles are in degrees and
// distances in metres unless a name says otherwise.
//
// The package promises the results of Redis 7.0.15 on x86-64: the same scores,
// coordinates, geohash texts, distances to the last digit replied, the same
// score ranges in the same order for a search, and the same verdict on whether
// a position lies in a shape. Products are converted explicitly to float64
// before an addition so that no architecture fuses the two operations.
//
// All functions are pure, safe for concurrent use, and never panic; positions
// outside the limits give unspecified but harmless results.
package geohash

// Limits of the coordinates in degrees.
const (
	LonMin, LonMax = -180.0, 180.0
	LatMin, LatMax = -85.05112878, 85.05112878
)

// Step is the number of bits of each coordinate in a score.
const Step = 26

const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// Valid reports whether the position is within the limits.
func Valid(lon, lat float64) bool {
	return lon >= LonMin && lon <= LonMax && lat >= LatMin && lat <= LatMax
}

// Encode returns the 52-bit hash of a valid position.
func Encode(lon, lat float64) uint64 { return encode(lon, lat, LatMin, LatMax, Step) }

// encode hashes with step bits a coordinate and the given limits of latitude.
// A coordinate at its upper limit carries into the bit above, as in Redis.
func encode(lon, lat, latMin, latMax float64, step uint) uint64 {
	if !(lon >= LonMin && lon <= LonMax && lat >= latMin && lat <= latMax) {
		return 0
	}
	cells := float64(uint64(1) << step)
	y := (lat - latMin) / (latMax - latMin) * cells
	x := (lon - LonMin) / (LonMax - LonMin) * cells
	return spread(uint32(y)) | spread(uint32(x))<<1
}

// Decode returns the centre of the cell that the 52-bit hash bits names.
func Decode(bits uint64) (lon, lat float64) {
	a := decodeArea(bits, Step)
	lon = min(max((a.lonMin+a.lonMax)/2, LonMin), LonMax)
	lat = min(max((a.latMin+a.latMax)/2, LatMin), LatMax)
	return lon, lat
}

// area is a cell in degrees.
type area struct{ lonMin, lonMax, latMin, latMax float64 }

func decodeArea(bits uint64, step uint) area {
	cells := float64(uint64(1) << step)
	edge := func(low, high float64, i uint32) float64 {
		return low + float64(float64(i)/cells*(high-low))
	}
	y, x := squash(bits), squash(bits>>1)
	return area{
		latMin: edge(LatMin, LatMax, y), latMax: edge(LatMin, LatMax, y+1),
		lonMin: edge(LonMin, LonMax, x), lonMax: edge(LonMin, LonMax, x+1),
	}
}

// String returns the standard geohash text of the 52-bit hash bits, as the
// GEOHASH command gives it: the centre hashed anew with latitudes of ±90.
// 52 bits make ten characters; the eleventh is always '0'.
func String(bits uint64) (text [11]byte) {
	lon, lat := Decode(bits)
	std := encode(lon, lat, -90, 90, Step)
	for i := range 10 {
		text[i] = alphabet[std>>(47-5*i)&31]
	}
	text[10] = alphabet[0]
	return text
}

// spread moves bit i of v to bit 2i.
func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000FFFF0000FFFF
	x = (x | x<<8) & 0x00FF00FF00FF00FF
	x = (x | x<<4) & 0x0F0F0F0F0F0F0F0F
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// squash moves bit 2i of x to bit i and drops the odd bits.
func squash(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0F0F0F0F0F0F0F0F
	x = (x | x>>4) & 0x00FF00FF00FF00FF
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	return uint32(x | x>>16)
}
