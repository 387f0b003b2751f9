package geohash

import "math"

// mercatorMax is half the circumference of the projected earth in metres.
const mercatorMax = 20037726.37

// Range is a half-open interval of scores: Min <= score < Max.
type Range struct{ Min, Max uint64 }

// box is a cell: a hash of step bits per coordinate. Step 0 marks one that the
// search excludes.
type box struct {
	bits uint64
	step uint
}

// move returns the cell dx columns east and dy rows north, wrapping around;
// dx and dy are -1, 0 or 1.
func (b box) move(dx, dy int) box {
	const odd, even = 0xAAAAAAAAAAAAAAAA, 0x5555555555555555
	unused := 64 - 2*b.step
	x, y := b.bits&odd, b.bits&even
	if dx != 0 {
		x = shift(x, even>>unused, dx) & (odd >> unused)
	}
	if dy != 0 {
		y = shift(y, odd>>unused, dy) & (even >> unused)
	}
	return box{x | y, b.step}
}

// shift adds d to a coordinate whose bits lie between those of gaps. Filling or
// borrowing the gaps lets the carry cross them.
func shift(v, gaps uint64, d int) uint64 {
	if d > 0 {
		return v + gaps + 1
	}
	return (v | gaps) - (gaps + 1)
}

// scores returns the range of 52-bit hashes inside the cell.
func (b box) scores() Range {
	up := 2 * (Step - b.step)
	return Range{b.bits << up, (b.bits + 1) << up}
}

// bounds returns the degrees that a shape may touch. The width is widened for
// the edge nearer to the pole, where meridians are closer.
func (s *Shape) bounds() area {
	height, width := s.Unit*s.Radius, s.Unit*s.Radius
	if s.Box {
		height, width = s.Unit*(s.Height/2), s.Unit*(s.Width/2)
	}
	latDelta := degrees(height / EarthRadius)
	edge := s.Lat + latDelta
	if s.Lat < 0 {
		edge = s.Lat - latDelta
	}
	lonDelta := degrees(width / EarthRadius / cosine(radians(edge)))
	return area{s.Lon - lonDelta, s.Lon + lonDelta, s.Lat - latDelta, s.Lat + latDelta}
}

// reach returns the distance in metres from the centre to the farthest point.
func (s *Shape) reach() float64 {
	if !s.Box {
		return s.Radius * s.Unit
	}
	w, h := s.Width/2, s.Height/2
	return math.Sqrt(float64(w*w)+float64(h*h)) * s.Unit
}

// estimateSteps returns how many bits per coordinate make cells about as large
// as the search.
func estimateSteps(metres, lat float64) uint {
	if metres == 0 {
		return Step
	}
	step := 1
	for metres < mercatorMax && step < 1000 {
		metres *= 2
		step++
	}
	step -= 2 // so that neighbours cover the range in most cases
	if lat > 66 || lat < -66 {
		step--
		if lat > 80 || lat < -80 {
			step--
		}
	}
	return uint(min(max(step, 1), Step))
}

// directions of the cells to search, in Redis's order: the centre, then N, S,
// E, W, NE, NW, SE, SW.
var directions = [9]struct{ dx, dy int }{
	{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1},
}

// AppendRanges appends to dst the score ranges that hold every position of the
// shape, at most nine, in the order in which Redis searches them. Candidates
// still need Contains.
func (s *Shape) AppendRanges(dst []Range) []Range {
	limits := s.bounds()
	steps := estimateSteps(s.reach(), s.Lat)
	if steps > 1 && !s.covered(steps, limits) {
		steps--
	}
	centre := s.cell(steps)
	cell := decodeArea(centre.bits, steps)
	last := -1
	var boxes [9]box
	for i, d := range directions {
		b := centre.move(d.dx, d.dy)
		boxes[i] = b
		if steps >= 2 && (d.dy < 0 && cell.latMin < limits.latMin ||
			d.dy > 0 && cell.latMax > limits.latMax ||
			d.dx < 0 && cell.lonMin < limits.lonMin ||
			d.dx > 0 && cell.lonMax > limits.lonMax) {
			continue
		}
		// With the largest cells opposite neighbours coincide. Redis compares
		// with the last searched one, unless that is the centre.
		if last > 0 && b == boxes[last] {
			continue
		}
		dst = append(dst, b.scores())
		last = i
	}
	return dst
}

func (s *Shape) cell(steps uint) box {
	return box{encode(s.Lon, s.Lat, LatMin, LatMax, steps), steps}
}

// covered reports whether the neighbours of the centre's cell extend to the
// limits in each direction; near a cell's edge they may not.
func (s *Shape) covered(steps uint, limits area) bool {
	c := s.cell(steps)
	side := func(dx, dy int) area { return decodeArea(c.move(dx, dy).bits, steps) }
	return side(0, 1).latMax >= limits.latMax &&
		side(0, -1).latMin <= limits.latMin &&
		side(1, 0).lonMax >= limits.lonMax &&
		side(-1, 0).lonMin <= limits.lonMin
}
