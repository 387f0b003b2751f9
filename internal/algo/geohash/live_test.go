package geohash

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
	"github.com/haypile/haypile/internal/algo/numeric"
)

func exact(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

type point struct {
	name     string
	lon, lat float64
	bits     uint64
}

func randPoints(r *rand.Rand, n int) []point {
	ps := []point{{lon: LonMax, lat: LatMax}, {lon: LonMin, lat: LatMin}, {lon: LonMax, lat: 0}, {lon: 0, lat: LatMax}, {}, {lon: LonMin, lat: LatMax}}
	for len(ps) < n {
		p := point{lon: r.Float64()*360 - 180, lat: r.Float64()*2*LatMax - LatMax}
		if len(ps)%3 == 0 { // clusters, so that small shapes are not empty
			q := ps[r.IntN(len(ps))]
			p = point{lon: q.lon + r.NormFloat64()*.1, lat: q.lat + r.NormFloat64()*.1}
		}
		if len(ps)%7 == 0 {
			q := ps[r.IntN(len(ps))] // nearly antipodal
			p = point{lon: q.lon - 180 + r.NormFloat64()*1e-3, lat: -q.lat + r.NormFloat64()*1e-3}
		}
		if Valid(p.lon, p.lat) {
			ps = append(ps, p)
		}
	}
	for i := range ps {
		ps[i].name = fmt.Sprintf("p%05d", i)
		ps[i].bits = Encode(ps[i].lon, ps[i].lat)
	}
	return ps
}

func TestLivePoints(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(1, 2))
	ps := randPoints(r, 5000)
	var cmds [][]string
	for _, p := range ps {
		cmds = append(cmds, []string{"GEOADD", "g", exact(p.lon), exact(p.lat), p.name})
	}
	c.Pipeline(cmds)
	cmds = cmds[:0]
	for i, p := range ps {
		q := ps[r.IntN(len(ps))]
		if i+1 < len(ps) && i%7 == 6 {
			q = ps[i+1]
		}
		cmds = append(cmds, []string{"ZSCORE", "g", p.name}, []string{"GEOPOS", "g", p.name}, []string{"GEOHASH", "g", p.name}, []string{"GEODIST", "g", p.name, q.name}, []string{q.name})
	}
	var sent [][]string
	var others []string
	for i := 0; i < len(cmds); i += 5 {
		sent = append(sent, cmds[i:i+4]...)
		others = append(others, cmds[i+4][0])
	}
	byName := map[string]point{}
	for _, p := range ps {
		byName[p.name] = p
	}
	out := c.Pipeline(sent)
	wrong := 0
	for i, p := range ps {
		if got := string(numeric.AppendFloat(nil, float64(p.bits))); got != out[4*i] {
			t.Fatalf("%+v: score %v, ours %s", p, out[4*i], got)
		}
		lon, lat := Decode(p.bits)
		pos := out[4*i+1].([]any)[0].([]any)
		if string(numeric.AppendHuman(nil, lon)) != pos[0] || string(numeric.AppendHuman(nil, lat)) != pos[1] {
			t.Fatalf("%+v: position %v, ours %v %v", p, pos, lon, lat)
		}
		if text := String(p.bits); string(text[:]) != out[4*i+2].([]any)[0] {
			t.Fatalf("%+v: hash %v, ours %s", p, out[4*i+2], text)
		}
		lon2, lat2 := Decode(byName[others[i]].bits)
		d := Distance(lon, lat, lon2, lat2)
		if got := string(AppendDistance(nil, d)); got != out[4*i+3] {
			t.Errorf("%+v to %+v: distance %v, ours %s (%v)", p, byName[others[i]], out[4*i+3], got, d)
			if wrong++; wrong > 10 {
				t.FailNow()
			}
		}
	}
}

// TestLiveSearch compares members, order and distances of unsorted searches:
// the order shows which score ranges Redis walked and in what sequence.
func TestLiveSearch(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(3, 4))
	ps := randPoints(r, 3000)
	var cmds [][]string
	for _, p := range ps {
		cmds = append(cmds, []string{"GEOADD", "g", exact(p.lon), exact(p.lat), p.name})
	}
	c.Pipeline(cmds)
	sort.Slice(ps, func(i, j int) bool {
		return ps[i].bits < ps[j].bits || ps[i].bits == ps[j].bits && ps[i].name < ps[j].name
	})
	units := []struct {
		name string
		unit float64
	}{{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}}
	var shapes []Shape
	cmds = cmds[:0]
	for len(shapes) < 3000 {
		u := units[r.IntN(4)]
		size := func() float64 { return math.Exp(r.Float64()*20) / u.unit }
		s := Shape{Lon: r.Float64()*360 - 180, Lat: r.Float64()*2*LatMax - LatMax, Unit: u.unit, Box: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			p := ps[r.IntN(len(ps))]
			s.Lon, s.Lat = p.lon, p.lat
		}
		cmd := []string{"GEOSEARCH", "g", "FROMLONLAT", exact(s.Lon), exact(s.Lat)}
		if s.Box {
			s.Width, s.Height = size(), size()
			cmd = append(cmd, "BYBOX", exact(s.Width), exact(s.Height))
		} else {
			s.Radius = size()
			if r.IntN(20) == 0 {
				s.Radius = 0
			}
			cmd = append(cmd, "BYRADIUS", exact(s.Radius))
		}
		cmds = append(cmds, append(cmd, u.name, "WITHDIST"))
		shapes = append(shapes, s)
	}
	wrong, found := 0, 0
	for i, v := range c.Pipeline(cmds) {
		reply, ok := v.([]any)
		if !ok {
			t.Fatalf("%v: %v", cmds[i], v)
		}
		found += len(reply)
		if diff := firstDiff(reply, search(ps, &shapes[i])); diff != "" {
			t.Errorf("%v: %s", cmds[i], diff)
			if wrong++; wrong > 10 {
				t.FailNow()
			}
		}
	}
	t.Log(found, "members found")
}

func firstDiff(redis, ours []any) string {
	for i := range min(len(redis), len(ours)) {
		if a, b := fmt.Sprint(redis[i]), fmt.Sprint(ours[i]); a != b {
			return fmt.Sprintf("member %d: redis %s, ours %s", i, a, b)
		}
	}
	if len(redis) != len(ours) {
		return fmt.Sprintf("redis found %d members, ours %d", len(redis), len(ours))
	}
	return ""
}

func search(ps []point, s *Shape) (out []any) {
	for _, rg := range s.AppendRanges(nil) {
		at := sort.Search(len(ps), func(i int) bool { return ps[i].bits >= rg.Min })
		for ; at < len(ps) && ps[at].bits < rg.Max; at++ {
			lon, lat := Decode(ps[at].bits)
			if d, ok := s.Contains(lon, lat); ok {
				out = append(out, []any{ps[at].name, string(AppendDistance(nil, d/s.Unit))})
			}
		}
	}
	return out
}
