package geohash

import (
	"math"
	"strconv"
)

// EarthRadius is the radius of the sphere that distances are measured on, in
// metres.
const EarthRadius = 6372797.560856

// degree is one degree in radians.
var degree = math.Float64frombits(0x3f91df46a2529d39)

func radians(deg float64) float64 { return float64(deg * degree) }

func degrees(rad float64) float64 { return rad / degree }

// Distance returns the great-circle distance in metres between two positions,
// by the haversine formula.
func Distance(lon1, lat1, lon2, lat2 float64) float64 {
	v := sine((radians(lon2) - radians(lon1)) / 2)
	if v == 0 {
		return latDistance(lat1, lat2)
	}
	return haversine(radians(lat1), radians(lat2), v)
}

// haversine takes latitudes in radians and v, the sine of half the difference
// in longitude.
func haversine(lat1, lat2, v float64) float64 {
	u := sine((lat2 - lat1) / 2)
	a := float64(u*u) + float64(cosine(lat1)*cosine(lat2)*v*v)
	return 2 * EarthRadius * arcsine(math.Sqrt(a))
}

// latDistance returns the distance in metres along a meridian.
func latDistance(lat1, lat2 float64) float64 {
	return EarthRadius * math.Abs(radians(lat2)-radians(lat1))
}

// AppendDistance appends a distance, in the unit it is already divided by, as
// GEODIST and WITHDIST reply it: four decimals. Redis rounds the product with
// 10000 to an integer, which differs from rounding the exact value about once
// in a hundred thousand distances.
func AppendDistance(dst []byte, d float64) []byte {
	n := math.RoundToEven(d * 1e4)
	if !(n >= 0 && n < 1<<63) { // no distance is so large
		return strconv.AppendFloat(dst, d, 'f', 4, 64)
	}
	v := uint64(n)
	dst = strconv.AppendUint(dst, v/1e4, 10)
	frac := v % 1e4
	return append(dst, '.', byte('0'+frac/1000), byte('0'+frac/100%10), byte('0'+frac/10%10), byte('0'+frac%10))
}

// Shape is the region of a search: a circle, or a box when Box is set.
type Shape struct {
	Lon, Lat      float64 // centre, in degrees
	Radius        float64 // of a circle, in units
	Width, Height float64 // of a box, in units
	Unit          float64 // length of a unit in metres: 1, 1000, 0.3048, 1609.34
	Box           bool
}

// Contains reports whether a position lies within the shape, and if so its
// distance from the centre in metres.
func (s *Shape) Contains(lon, lat float64) (distance float64, ok bool) {
	if !s.Box {
		d := Distance(s.Lon, s.Lat, lon, lat)
		if d > s.Radius*s.Unit {
			return 0, false
		}
		return d, true
	}
	// Redis tests the latitude first because it is the cheaper one.
	if latDistance(lat, s.Lat) > s.Height*s.Unit/2 {
		return 0, false
	}
	if Distance(lon, lat, s.Lon, lat) > s.Width*s.Unit/2 {
		return 0, false
	}
	return Distance(s.Lon, s.Lat, lon, lat), true
}
