package oracle

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/haypile/haypile/test/harness"
)

// A rule tells whether two replies to one command agree: "" if so, otherwise why not.
type rule func(args []string, redis, ours harness.Reply) string

// rules of the commands for which equal bytes would be asking too much. Everything else must be exactly the same.
// Where one side refuses or has nothing, every rule asks for exactly the same as well.
var rules = map[string]rule{
	// The order of these is nobody's promise.
	"KEYS": unordered, "SMEMBERS": unordered, "SUNION": unordered, "SINTER": unordered, "SDIFF": unordered,
	"HKEYS": unordered, "HVALS": unordered, "HGETALL": unorderedPairs,
	"SORT": sortRule, "SORT_RO": sortRule,
	"GEOSEARCH": geoRule, "GEORADIUS": geoRule, "GEORADIUS_RO": geoRule, "GEORADIUSBYMEMBER": geoRule, "GEORADIUSBYMEMBER_RO": geoRule,

	// Both servers run the same command, some milliseconds apart.
	"TTL": near(ttlToleranceMillis / 1000), "EXPIRETIME": near(ttlToleranceMillis / 1000),
	"PTTL": near(ttlToleranceMillis), "PEXPIRETIME": near(ttlToleranceMillis),

	// Scores may be written in fewer digits that mean the same.
	"ZSCORE": floats, "ZMSCORE": floats, "ZINCRBY": floats, "ZADD": floats, "ZRANGE": floats, "ZREVRANGE": floats,
	"ZRANGEBYSCORE": floats, "ZREVRANGEBYSCORE": floats, "ZPOPMIN": floats, "ZPOPMAX": floats, "ZMPOP": floats, "BZPOPMIN": floats,
	"BZPOPMAX": floats, "BZMPOP": floats, "ZUNION": floats, "ZINTER": floats, "ZDIFF": floats,
	"GEODIST": floats, "GEOPOS": floats,

	"XINFO": streamTimes, "XPENDING": streamTimes,

	"OBJECT": objectRule,

	// What these say is of one server alone; that they say it in the same form is not.
	"CLIENT": clientRule, "MEMORY": scalarRule, "LASTSAVE": scalarRule, "TIME": arrayRule, "LOLWUT": scalarRule, "ROLE": arrayRule, "LATENCY": scalarRule,
	"COMMAND": commandRule, "CONFIG": unorderedConfig, "(CONVERSATION)": talkRule,
}

// ttlToleranceMillis is how far apart two times to live may be: as long as a loaded machine may hold one server up.
const ttlToleranceMillis = 20_000

// compare judges the replies to one command, outside of a transaction's EXEC.
func compare(args []string, redis, ours harness.Reply) string {
	if redis.Equal(ours) {
		return ""
	}
	why := "replies differ"
	if len(args) > 0 {
		if len(args) == 2 && strings.EqualFold(args[1], "HELP") {
			why = helpRule(redis, ours)
		} else if r, ok := rules[strings.ToUpper(args[0])]; ok {
			why = r(args, redis, ours)
		}
	}
	if why != "" && intended(args, redis, ours) {
		return ""
	}
	return why
}

// sameShape holds for the top of both replies: same type, both null or neither, same number of elements.
func sameShape(redis, ours harness.Reply) string {
	switch {
	case redis.Kind != ours.Kind:
		return fmt.Sprintf("types differ: %c, %c", redis.Kind, ours.Kind)
	case redis.Null != ours.Null:
		return "one is nil"
	case len(redis.Elems) != len(ours.Elems):
		return fmt.Sprintf("%d and %d elements", len(redis.Elems), len(ours.Elems))
	case redis.IsError() && redis.Str != ours.Str:
		return "error texts differ"
	}
	return ""
}

func unordered(_ []string, redis, ours harness.Reply) string { return sameBag(redis, ours, 1) }

// unorderedPairs holds for HGETALL, where RESP2 sends the pairs flat.
func unorderedPairs(_ []string, redis, ours harness.Reply) string { return sameBag(redis, ours, 2) }

// sameBag compares elements, or groups of so many, without regard to order.
func sameBag(redis, ours harness.Reply, group int) string {
	if why := sameShape(redis, ours); why != "" || redis.IsError() {
		return why
	}
	if len(redis.Elems) == 0 {
		if redis.Equal(ours) {
			return ""
		}
		return "replies differ"
	}
	if !slices.Equal(bag(redis.Elems, group), bag(ours.Elems, group)) {
		return "elements differ, whatever their order"
	}
	return ""
}

func bag(elems []harness.Reply, group int) []string {
	var items []string
	for chunk := range slices.Chunk(elems, group) {
		var item strings.Builder
		for _, e := range chunk {
			item.WriteByte(byte(e.Kind))
			item.WriteString(e.String())
			item.WriteByte('\n')
		}
		items = append(items, item.String())
	}
	slices.Sort(items)
	return items
}

func near(tolerance int64) rule {
	return func(_ []string, redis, ours harness.Reply) string {
		if redis.Kind != harness.Int || ours.Kind != harness.Int || redis.Int < 0 || ours.Int < 0 {
			return "replies differ"
		}
		if d := redis.Int - ours.Int; d > tolerance || d < -tolerance {
			return fmt.Sprintf("%d apart, more than %d", d, tolerance)
		}
		return ""
	}
}

// floats compares replies in which texts that are numbers must have the same value, and everything else be the same.
func floats(_ []string, redis, ours harness.Reply) string {
	if why := sameShape(redis, ours); why != "" {
		return why
	}
	for i := range redis.Elems {
		if why := floats(nil, redis.Elems[i], ours.Elems[i]); why != "" {
			return why
		}
	}
	if redis.Int != ours.Int || (redis.Str != ours.Str && !sameFloat(redis.Str, ours.Str)) {
		return "replies differ"
	}
	return ""
}

// sameFloat allows for another way of writing a number, and for the last bits of a distance on the sphere, which depend on the
// library's sine.
func sameFloat(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return false
	}
	return x == y || math.Abs(x-y) <= 1e-12*max(math.Abs(x), math.Abs(y)) || (isDistance(a) && isDistance(b) && math.Abs(x-y) < 0.00015)
}

// isDistance recognizes the four decimals of GEODIST.
func isDistance(s string) bool {
	dot := strings.IndexByte(s, '.')
	return dot >= 0 && len(s)-dot == 5
}

// canonicalFloat writes a number in the shortest form.
func canonicalFloat(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// sortRule: with ALPHA and BY, elements of the same weight come in any order; without sorting, those of a set do. A LIMIT then cuts anywhere.
// To strcoll a zero byte is an end, so that elements with one may come in any order too; Haypile compares all bytes.
func sortRule(args []string, redis, ours harness.Reply) string {
	by, nosort := false, false
	for i, a := range args[:len(args)-1] {
		if strings.EqualFold(a, "BY") {
			by = true
			nosort = !strings.Contains(args[i+1], "*")
		}
	}
	if !nosort && !(hasWord(args, "ALPHA") && (by || hasZeroByte(redis))) {
		return "replies differ"
	}
	if hasWord(args, "LIMIT") {
		return sameShape(redis, ours)
	}
	return sameBag(redis, ours, 1)
}

func hasZeroByte(r harness.Reply) bool {
	return slices.ContainsFunc(r.Elems, func(e harness.Reply) bool { return strings.Contains(e.Str, "\x00") })
}

// geoRule: without ASC, DESC or COUNT the order is open; with ANY, so is the choice.
func geoRule(args []string, redis, ours harness.Reply) string {
	switch {
	case hasWord(args, "ANY"):
		return sameShape(redis, ours)
	case hasWord(args, "ASC") || hasWord(args, "DESC") || hasWord(args, "COUNT"):
		if why := sameShape(redis, ours); why != "" || redis.IsError() {
			return why
		}
		for i := range redis.Elems {
			if why := floats(args, redis.Elems[i], ours.Elems[i]); why != "" && !geoTie(redis.Elems[i], ours.Elems[i]) {
				return why
			}
		}
		return ""
	}
	if why := sameShape(redis, ours); why != "" || redis.IsError() {
		return why
	}
	byName := func(a, b harness.Reply) int { return strings.Compare(a.String(), b.String()) }
	redis.Elems, ours.Elems = slices.SortedFunc(slices.Values(redis.Elems), byName), slices.SortedFunc(slices.Values(ours.Elems), byName)
	return floats(args, redis, ours)
}

// geoTie says that two different members are at the same place. The oracle's places are not (family_geo.go names them); members that came to a
// geo key from a sorted set, by RENAME and the like, are: their scores are next to each other.
func geoTie(redis, ours harness.Reply) bool {
	if len(redis.Elems) != len(ours.Elems) {
		return false
	}
	name := func(r harness.Reply) string {
		if len(r.Elems) > 0 {
			return r.Elems[0].Str
		}
		return r.Str
	}
	for i := 1; i < len(redis.Elems); i++ {
		if floats(nil, redis.Elems[i], ours.Elems[i]) != "" {
			return false
		}
	}
	return !strings.HasPrefix(name(redis), "place") && !strings.HasPrefix(name(ours), "place")
}

func hasWord(args []string, word string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return strings.EqualFold(a, word) })
}

// objectRule: times and reference counts are only asked to be numbers.
func objectRule(args []string, redis, ours harness.Reply) string {
	if len(args) == 3 && (hasWord(args, "IDLETIME") || hasWord(args, "REFCOUNT")) {
		return sameShape(redis, ours)
	}
	return "replies differ"
}
