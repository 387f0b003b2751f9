package oracle

import "strconv"

var geoRows = []row{
	{"GEOADD", 14, func(g *gen) l { return l{g.key(geos), g.places(3)} }},
	{"GEOADD", 4, func(g *gen) l { return l{g.key(geos), g.one("NX", "XX", "CH", "XX CH", "NX XX", "INCR"), g.places(2)} }},
	{"GEOPOS", 6, func(g *gen) l { return l{g.key(geos), g.many(3, g.place)} }},
	{"GEOHASH", 6, func(g *gen) l { return l{g.key(geos), g.many(3, g.place)} }},
	{"GEODIST", 6, func(g *gen) l { return l{g.key(geos), g.place(), g.place(), g.maybe(2, g.unit())} }},
	{"GEOSEARCH", 12, func(g *gen) l { return l{g.key(geos), g.geoFrom(), g.geoShape(), g.geoOptions(), g.geoWith()} }},
	{"GEOSEARCHSTORE", 5, func(g *gen) l {
		return l{g.key(geos), g.key(geos), g.geoFrom(), g.geoShape(), g.geoOptions(), g.maybe(3, "STOREDIST")}
	}},
	{"GEORADIUS", 5, func(g *gen) l {
		return l{g.key(geos), g.coordinates(), g.radius(), g.unit(), g.geoWith(), g.geoOptions()}
	}},
	{"GEORADIUS", 2, func(g *gen) l {
		return l{g.key(geos), g.coordinates(), g.radius(), g.unit(), g.geoOptions(), g.one("STORE", "STOREDIST"), g.key(geos)}
	}},
	{"GEORADIUS_RO", 2, func(g *gen) l { return l{g.key(geos), g.coordinates(), g.radius(), g.unit(), g.geoWith()} }},
	{"GEORADIUSBYMEMBER", 4, func(g *gen) l { return l{g.key(geos), g.place(), g.radius(), g.unit(), g.geoWith(), g.geoOptions()} }},
	{"GEORADIUSBYMEMBER_RO", 2, func(g *gen) l { return l{g.key(geos), g.place(), g.radius(), g.unit(), g.geoOptions()} }},
	{"ZSCORE", 2, func(g *gen) l { return l{g.key(geos), g.place()} }},
	{"ZRANGE", 2, func(g *gen) l { return l{g.key(geos), "0", "-1", "WITHSCORES"} }},
	{"ZREM", 2, func(g *gen) l { return l{g.key(geos), g.place()} }},
	{"DEL", 2, func(g *gen) l { return l{g.key(geos)} }},
}

func (g *gen) place() string { return "place" + strconv.Itoa(g.IntN(20)) }

// coordinates lie near each other (kilometers), spread over the world, on its edges, or beyond.
func (g *gen) coordinates() []string {
	longitude, latitude := 13.361389+g.Float64()/10, 38.115556+g.Float64()/10
	switch g.IntN(12) {
	case 0, 1, 2:
		longitude, latitude = g.Float64()*360-180, g.Float64()*170-85
	case 3:
		return g.one("180 85.05112878", "-180 -85.05112878", "0 0", "179.9999 0", "-179.9999 0", "0 85", "-0.0 -0.0", "181 0", "0 86", "x 1", "1 nan")
	}
	return []string{strconv.FormatFloat(longitude, 'f', 6, 64), strconv.FormatFloat(latitude, 'f', 6, 64)}
}

func (g *gen) places(n int) []string {
	var args []string
	for range 1 + g.IntN(n) {
		args = append(append(args, g.coordinates()...), g.place())
	}
	return args
}

func (g *gen) unit() []string { return g.one("m", "km", "km", "mi", "ft", "KM", "parsec") }

func (g *gen) radius() string {
	return g.one("0", "5", "100", "1000", "30000", "2.5", "-1", "x")[0]
}

func (g *gen) geoFrom() []string {
	if g.chance(3) {
		return []string{"FROMMEMBER", g.place()}
	}
	return append([]string{"FROMLONLAT"}, g.coordinates()...)
}

func (g *gen) geoShape() []string {
	if g.chance(2) {
		return append([]string{"BYBOX", g.radius(), g.radius()}, g.unit()...)
	}
	return append([]string{"BYRADIUS", g.radius()}, g.unit()...)
}

func (g *gen) geoOptions() []string {
	return g.one("", "ASC", "DESC", "ASC COUNT 3", "DESC COUNT 2", "COUNT 4", "COUNT 2 ANY", "ASC COUNT 5 ANY", "COUNT 0", "COUNT -1", "ANY", "COUNT x")
}

func (g *gen) geoWith() []string {
	return g.one("", "WITHDIST", "WITHCOORD", "WITHHASH", "WITHDIST WITHCOORD WITHHASH", "withcoord withdist", "WITH")
}
