package command

import (
	"cmp"
	"slices"

	"github.com/haypile/haypile/internal/algo/geohash"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// geoForm is one of the commands that share the search.
type geoForm struct {
	search bool // GEOSEARCH: centre and shape are options
	store  bool // GEOSEARCHSTORE
	ro     bool // GEORADIUS_RO: no STORE
	name   string
}

// geoQuery are the arguments of a search.
type geoQuery struct {
	geoForm
	shape     geohash.Shape
	from, by  string // which option has given the centre and the shape
	withDist  bool
	withHash  bool
	withCoord bool
	any       bool
	sort      int // 1 nearest first, -1 farthest first
	count     int64
	storeKey  []byte
	storeDist bool
}

// geoPoint is a member found.
type geoPoint struct {
	member   []byte
	distance float64 // metres
	score    float64
	lon, lat float64
}

// radiusKeys finds the key, and those that STORE and STOREDIST name.
func radiusKeys(args [][]byte) ([]int, bool) {
	keys := []int{1}
	for i := 5; i+1 < len(args); i++ {
		if equalFold(args[i], "store") || equalFold(args[i], "storedist") {
			i++
			keys = append(keys, i)
		}
	}
	return keys, true
}

func georadius(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	q := geoQuery{geoForm: geoForm{ro: c.Row.Name == "georadius_ro"}}
	if q.shape.Lon, q.shape.Lat, err = parsePosition(c.Args[2:]); err != nil {
		return err
	}
	if err := q.parseRadius(c.Args[4:]); err != nil {
		return err
	}
	return q.run(c, &z, c.Args[6:])
}

func georadiusbymember(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	q := geoQuery{geoForm: geoForm{ro: c.Row.Name == "georadiusbymember_ro"}}
	if z.Exists { // without a key Redis does not even look at the radius
		if err := q.centreOn(&z, c.Args[2]); err != nil {
			return err
		}
		if err := q.parseRadius(c.Args[3:]); err != nil {
			return err
		}
	}
	return q.run(c, &z, c.Args[5:])
}

func geosearch(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	q := geoQuery{geoForm: geoForm{search: true, name: c.Arg(0)}}
	return q.run(c, &z, c.Args[2:])
}

func geosearchstore(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[2])
	if err != nil {
		return err
	}
	q := geoQuery{geoForm: geoForm{search: true, store: true, name: c.Arg(0)}, storeKey: c.Args[1]}
	return q.run(c, &z, c.Args[3:])
}

func (q *geoQuery) centreOn(z *datatype.ZSet, member []byte) error {
	lon, lat, found, err := position(z, member)
	if err == nil && !found {
		err = resp.Err("ERR could not decode requested zset member")
	}
	q.shape.Lon, q.shape.Lat = lon, lat
	return err
}

// parseRadius reads a radius and its unit.
func (q *geoQuery) parseRadius(args [][]byte) (err error) {
	radius, ok := numeric.ParseFloat(args[0])
	switch {
	case !ok:
		return resp.Err("ERR need numeric radius")
	case radius < 0:
		return resp.Err("ERR radius cannot be negative")
	}
	q.shape.Radius, q.shape.Box = radius, false
	q.shape.Unit, err = parseUnit(args[1])
	return err
}

// parseBox reads width, height and their unit.
func (q *geoQuery) parseBox(args [][]byte) (err error) {
	width, ok := numeric.ParseFloat(args[0])
	if !ok {
		return resp.Err("ERR need numeric width")
	}
	height, ok := numeric.ParseFloat(args[1])
	if !ok {
		return resp.Err("ERR need numeric height")
	}
	if width < 0 || height < 0 {
		return resp.Err("ERR height or width cannot be negative")
	}
	q.shape.Width, q.shape.Height, q.shape.Box = width, height, true
	q.shape.Unit, err = parseUnit(args[2])
	return err
}

// parse reads the options.
func (q *geoQuery) parse(z *datatype.ZSet, args [][]byte) error {
	for len(args) > 0 {
		n, err := q.parseOption(z, args)
		if err != nil {
			return err
		}
		args = args[n:]
	}
	return q.check()
}

// parseOption reads one option and returns the number of its arguments.
func (q *geoQuery) parseOption(z *datatype.ZSet, args [][]byte) (n int, err error) {
	switch a := args[0]; {
	case equalFold(a, "withdist"):
		q.withDist = true
	case equalFold(a, "withhash"):
		q.withHash = true
	case equalFold(a, "withcoord"):
		q.withCoord = true
	case equalFold(a, "any"):
		q.any = true
	case equalFold(a, "asc"):
		q.sort = 1
	case equalFold(a, "desc"):
		q.sort = -1
	case equalFold(a, "count") && len(args) > 1:
		return 2, q.parseCount(args[1])
	case q.search:
		return q.parseSearchOption(z, args)
	case !q.ro && len(args) > 1 && (equalFold(a, "store") || equalFold(a, "storedist")):
		q.storeKey, q.storeDist = args[1], len(a) > len("store")
		return 2, nil
	default:
		return 0, resp.ErrSyntax
	}
	return 1, nil
}

func (q *geoQuery) parseCount(b []byte) error {
	var ok bool
	if q.count, ok = numeric.ParseInt64(b); !ok {
		return resp.ErrNotInt
	}
	if q.count <= 0 {
		return resp.Err("ERR COUNT must be > 0")
	}
	return nil
}

// parseSearchOption reads an option that only GEOSEARCH and GEOSEARCHSTORE have.
func (q *geoQuery) parseSearchOption(z *datatype.ZSet, args [][]byte) (n int, err error) {
	switch a := args[0]; {
	case q.store && equalFold(a, "storedist"):
		q.storeDist = true
		return 1, nil
	case equalFold(a, "frommember") && len(args) > 1 && q.from != "fromlonlat":
		q.from = "frommember"
		if !z.Exists {
			return 2, nil
		}
		return 2, q.centreOn(z, args[1])
	case equalFold(a, "fromlonlat") && len(args) > 2 && q.from != "frommember":
		q.from = "fromlonlat"
		q.shape.Lon, q.shape.Lat, err = parsePosition(args[1:])
		return 3, err
	case equalFold(a, "byradius") && len(args) > 2 && q.by != "bybox":
		q.by = "byradius"
		return 3, q.parseRadius(args[1:])
	case equalFold(a, "bybox") && len(args) > 3 && q.by != "byradius":
		q.by = "bybox"
		return 4, q.parseBox(args[1:])
	}
	return 0, resp.ErrSyntax
}

// check refuses options that do not go together.
func (q *geoQuery) check() error {
	switch {
	case q.storeKey != nil && (q.withDist || q.withHash || q.withCoord):
		what := "STORE option in GEORADIUS"
		if q.store {
			what = "GEOSEARCHSTORE"
		}
		return resp.Err("ERR " + what + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
	case q.search && q.from == "":
		return resp.Err("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + q.name)
	case q.search && q.by == "":
		return resp.Err("ERR exactly one of BYRADIUS and BYBOX can be specified for " + q.name)
	case q.any && q.count == 0:
		return resp.Err("ERR the ANY argument requires COUNT argument")
	}
	return nil
}

// run reads the options, searches and replies.
func (q *geoQuery) run(c *Ctx, z *datatype.ZSet, options [][]byte) error {
	if err := q.parse(z, options); err != nil {
		return err
	}
	points, err := q.find(c, z)
	if err != nil {
		return err
	}
	if q.sort == 0 && q.count != 0 && !q.any {
		q.sort = 1 // to find the nearest
	}
	if q.sort != 0 {
		slices.SortStableFunc(points, func(a, b geoPoint) int { return q.sort * cmp.Compare(a.distance, b.distance) })
	}
	if q.count > 0 && int64(len(points)) > q.count {
		points = points[:q.count]
	}
	if q.storeKey != nil {
		return q.storePoints(c, points)
	}
	c.W.Array(len(points))
	for i := range points {
		q.reply(c, &points[i])
	}
	return nil
}

// geoStride is how many members are looked at between two words about it.
const geoStride = 512

// find returns the members inside the shape, in the order in which Redis finds them.
func (q *geoQuery) find(c *Ctx, z *datatype.ZSet) (points []geoPoint, err error) {
	if !z.Exists {
		return nil, nil
	}
	limit := 0
	if q.any {
		limit = int(q.count)
	}
	var members datatype.Items
	var heavy error
	looked := 0
	visit := func(member []byte, score float64) bool {
		if looked++; looked%geoStride == 0 {
			if heavy = c.T.Heavy(looked); heavy != nil {
				return false
			}
		}
		lon, lat := geohash.Decode(uint64(score))
		if d, ok := q.shape.Contains(lon, lat); ok {
			members.Add(member, score)
			last := members.List[len(members.List)-1]
			points = append(points, geoPoint{last.Member, d, score, lon, lat})
		}
		return limit == 0 || len(points) < limit
	}
	var room [9]geohash.Range
	for _, r := range q.shape.AppendRanges(room[:0]) {
		scores := datatype.NewScoreRange(float64(r.Min), float64(r.Max), false, true)
		if err := z.RangeByScore(scores, false, visit); err != nil {
			return nil, err
		}
		if heavy != nil {
			return nil, heavy
		}
		if limit > 0 && len(points) >= limit {
			break
		}
	}
	return points, nil
}

func (q *geoQuery) reply(c *Ctx, p *geoPoint) {
	n := 1
	for _, with := range [...]bool{q.withDist, q.withHash, q.withCoord} {
		if with {
			n++
		}
	}
	if n > 1 {
		c.W.Array(n)
	}
	c.W.Bulk(p.member)
	if q.withDist {
		replyDistance(c, p.distance/q.shape.Unit)
	}
	if q.withHash {
		c.W.Int(int64(p.score))
	}
	if q.withCoord {
		replyPosition(c, p.lon, p.lat)
	}
}

func (q *geoQuery) storePoints(c *Ctx, points []geoPoint) error {
	items := make([]datatype.ZItem, len(points))
	for i, p := range points {
		items[i] = datatype.ZItem{Member: p.member, Score: p.score}
		if q.storeDist {
			items[i].Score = p.distance / q.shape.Unit
		}
	}
	datatype.SortItems(items)
	event := "georadiusstore"
	if q.search {
		event = "geosearchstore"
	}
	return storeScored(c, q.storeKey, items, event)
}
