package command

import (
	"math"
	"strconv"

	"github.com/haypile/haypile/internal/algo/geohash"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

var geoRows = []Row{
	{Name: "geoadd", Arity: -5, Flags: Write | DenyOOM, Keys: OneKey, Handler: geoadd, Group: "geo", Since: "3.2.0", Summary: "Puts members with their coordinates into a geospatial index, moving those already there.",
		Syntax: "key [condition: NX | XX]@6.2.0 [change: CH]@6.2.0 (longitude latitude member)...", Complexity: "O(log(N)) for each member added to N"},
	{Name: "geodist", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: geodist, Group: "geo", Since: "3.2.0", Summary: "Measures how far apart two members of a geospatial index lie.",
		Syntax: "key member1 member2 [unit: M | KM | FT | MI]", Complexity: "O(1)"},
	{Name: "geohash", Arity: -2, Flags: ReadOnly, Keys: OneKey, Handler: geohashCmd, Group: "geo", Since: "3.2.0", Summary: "Gives the positions of members as standard geohash strings.",
		Syntax: "key [member...]", Complexity: "O(M) for M members asked for"},
	{Name: "geopos", Arity: -2, Flags: ReadOnly, Keys: OneKey, Handler: geopos, Group: "geo", Since: "3.2.0", Summary: "Gives the positions of members as longitude and latitude.",
		Syntax: "key [member...]", Complexity: "O(M) for M members asked for"},
	{Name: "georadius", Arity: -6, Flags: Write | DenyOOM | MovableKeys, Keys: OneKey, GetKeys: radiusKeys, Handler: georadius, Group: "geo", Since: "3.2.0", Summary: "Finds members within a radius around a point, storing them on request.",
		Syntax: "key longitude latitude radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: COUNT count [ANY]@6.2.0] [order: ASC | DESC] [store: (storekey: STORE key) | (storedistkey: STOREDIST key)]", Complexity: "O(M+log(N)) for M members in the square around the circle, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`"},
	{Name: "georadius_ro", Arity: -6, Flags: ReadOnly, Keys: OneKey, Handler: georadius, Group: "geo", Since: "3.2.10", Summary: "Finds members within a radius around a point, never storing them.",
		Syntax: "key longitude latitude radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: COUNT count [ANY]@6.2.0] [order: ASC | DESC]", Complexity: "O(M+log(N)) for M members in the square around the circle, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` with `BYRADIUS`"},
	{Name: "georadiusbymember", Arity: -5, Flags: Write | DenyOOM | MovableKeys, Keys: OneKey, GetKeys: radiusKeys, Handler: georadiusbymember, Group: "geo", Since: "3.2.0", Summary: "Finds members within a radius around another member, storing them on request.",
		Syntax: "key member radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: COUNT count [ANY]] [order: ASC | DESC] [store: (storekey: STORE key) | (storedistkey: STOREDIST key)]", Complexity: "O(M+log(N)) for M members in the square around the circle, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`"},
	{Name: "georadiusbymember_ro", Arity: -5, Flags: ReadOnly, Keys: OneKey, Handler: georadiusbymember, Group: "geo", Since: "3.2.10", Summary: "Finds members within a radius around another member, never storing them.",
		Syntax: "key member radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: COUNT count [ANY]] [order: ASC | DESC]", Complexity: "O(M+log(N)) for M members in the square around the circle, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`"},
	{Name: "geosearch", Arity: -7, Flags: ReadOnly, Keys: OneKey, Handler: geosearch, Group: "geo", Since: "6.2.0", Summary: "Finds members within a circle or box around a point or another member.",
		Syntax: "key (from: FROMMEMBER member | FROMLONLAT (longitude latitude)) (by: (circle: BYRADIUS radius (unit: M | KM | FT | MI)) | (box: BYBOX width height (unit: M | KM | FT | MI))) [order: ASC | DESC] [count-block: COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]", Complexity: "O(M+log(N)) for M members in the cells that the shape touches, of N"},
	{Name: "geosearchstore", Arity: -8, Flags: Write | DenyOOM, Keys: TwoKeys, Handler: geosearchstore, Group: "geo", Since: "6.2.0", Summary: "Replaces the destination key with the result of GEOSEARCH.",
		Syntax: "destination source (from: FROMMEMBER member | FROMLONLAT (longitude latitude)) (by: (circle: BYRADIUS radius (unit: M | KM | FT | MI)) | (box: BYBOX width height (unit: M | KM | FT | MI))) [order: ASC | DESC] [count-block: COUNT count [ANY]] [STOREDIST]", Complexity: "O(M*log(M)+log(N)) for M members in the cells that the shape touches, of N"},
}

// geoadd is ZADD with the geohash of each position as its score.
func geoadd(c *Ctx) error {
	var o zaddOptions
	args := c.Args[2:]
options:
	for ; len(args) > 0; args = args[1:] {
		switch {
		case equalFold(args[0], "nx"):
			o.how.NX = true
		case equalFold(args[0], "xx"):
			o.how.XX = true
		case equalFold(args[0], "ch"):
			o.changed = true
		default:
			break options
		}
	}
	if len(args) == 0 || len(args)%3 != 0 || o.how.NX && o.how.XX {
		return resp.ErrSyntax
	}
	var scores []float64
	for i := 0; i < len(args); i += 3 {
		lon, lat, err := parsePosition(args[i:])
		if err != nil {
			return err
		}
		scores = append(scores, float64(geohash.Encode(lon, lat)))
	}
	return addPairs(c, &o, scores, func(i int) []byte { return args[3*i+2] })
}

// parsePosition reads a longitude and a latitude.
func parsePosition(args [][]byte) (lon, lat float64, err error) {
	lon, ok1 := numeric.ParseFloat(args[0])
	lat, ok2 := numeric.ParseFloat(args[1])
	if !ok1 || !ok2 {
		return 0, 0, resp.ErrNotFloat
	}
	if !geohash.Valid(lon, lat) {
		return 0, 0, resp.Err("ERR invalid longitude,latitude pair " + sixDigits(lon) + "," + sixDigits(lat))
	}
	return lon, lat, nil
}

// sixDigits is C's %f.
func sixDigits(f float64) string {
	if math.IsInf(f, 0) {
		return string(numeric.AppendFloat(nil, f))
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// parseUnit returns the length of a unit in metres.
func parseUnit(b []byte) (float64, error) {
	switch {
	case equalFold(b, "m"):
		return 1, nil
	case equalFold(b, "km"):
		return 1000, nil
	case equalFold(b, "ft"):
		return 0.3048, nil
	case equalFold(b, "mi"):
		return 1609.34, nil
	}
	return 0, resp.Err("ERR unsupported unit provided. please use M, KM, FT, MI")
}

// position returns where a member is.
func position(z *datatype.ZSet, member []byte) (lon, lat float64, found bool, err error) {
	score, found, err := z.Score(member)
	if err != nil || !found {
		return 0, 0, false, err
	}
	lon, lat = geohash.Decode(uint64(score))
	return lon, lat, true, nil
}

func geodist(c *Ctx) error {
	unit := 1.0
	if len(c.Args) > 5 {
		return resp.ErrSyntax
	}
	if len(c.Args) == 5 {
		var err error
		if unit, err = parseUnit(c.Args[4]); err != nil {
			return err
		}
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	lon1, lat1, found1, err := position(&z, c.Args[2])
	if err != nil {
		return err
	}
	lon2, lat2, found2, err := position(&z, c.Args[3])
	if err != nil {
		return err
	}
	if !found1 || !found2 {
		return c.null()
	}
	replyDistance(c, geohash.Distance(lon1, lat1, lon2, lat2)/unit)
	return nil
}

func replyDistance(c *Ctx, d float64) {
	var text [32]byte
	c.W.Bulk(geohash.AppendDistance(text[:0], d))
}

func geohashCmd(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		score, found, err := z.Score(member)
		if err != nil {
			return err
		}
		if !found {
			c.W.Null()
			continue
		}
		text := geohash.String(uint64(score))
		c.W.Bulk(text[:])
	}
	return nil
}

func geopos(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		lon, lat, found, err := position(&z, member)
		if err != nil {
			return err
		}
		if !found {
			c.W.NullArray()
			continue
		}
		replyPosition(c, lon, lat)
	}
	return nil
}

func replyPosition(c *Ctx, lon, lat float64) {
	c.W.Array(2)
	replyHuman(c, lon)
	replyHuman(c, lat)
}

// replyHuman writes a number without an exponent.
func replyHuman(c *Ctx, f float64) {
	var room [64]byte
	text := numeric.AppendHuman(room[:0], f)
	if c.W.Proto < 3 {
		c.W.Bulk(text)
		return
	}
	c.W.Raw([]byte{','})
	c.W.Raw(text)
	c.W.Raw([]byte{'\r', '\n'})
}
