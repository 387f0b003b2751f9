package oracle

import (
	"strconv"

	"github.com/haypile/haypile/test/harness"
)

var hashRows = []row{
	{"HSET", 22, func(g *gen) l { return l{g.key(hashes), g.pairs(4), g.maybe(20, "odd")} }},
	{"HSET", 2, func(g *gen) l { return l{g.key(hashes), g.manyPairs(130 + g.IntN(30))} }},
	{"HMSET", 3, func(g *gen) l { return l{g.key(hashes), g.pairs(4)} }},
	{"HSETNX", 4, func(g *gen) l { return l{g.key(hashes), g.field(), g.value()} }},
	{"HGET", 8, func(g *gen) l { return l{g.key(hashes), g.field()} }},
	{"HMGET", 5, func(g *gen) l { return l{g.key(hashes), g.many(5, g.field)} }},
	{"HDEL", 10, func(g *gen) l { return l{g.key(hashes), g.many(4, g.field)} }},
	{"HEXISTS", 4, func(g *gen) l { return l{g.key(hashes), g.field()} }},
	{"HSTRLEN", 4, func(g *gen) l { return l{g.key(hashes), g.field()} }},
	{"HLEN", 4, func(g *gen) l { return l{g.key(hashes)} }},
	{"HKEYS", 3, func(g *gen) l { return l{g.key(hashes)} }},
	{"HVALS", 3, func(g *gen) l { return l{g.key(hashes)} }},
	{"HGETALL", 5, func(g *gen) l { return l{g.key(hashes)} }},
	{"HINCRBY", 8, func(g *gen) l { return l{g.key(hashes), g.field(), g.integer()} }},
	{"HINCRBYFLOAT", 6, func(g *gen) l { return l{g.key(hashes), g.field(), g.float()} }},
	{"OBJECT ENCODING", 3, func(g *gen) l { return l{g.key(hashes)} }},
	{"DEL", 3, func(g *gen) l { return l{g.key(hashes)} }},
}

func (g *gen) manyPairs(n int) []string {
	var args []string
	for _, f := range g.numbered("f", n) {
		args = append(args, f, g.value())
	}
	return args
}

var hashScenarios = []scenario{
	{"HSCAN", 5, func(g *gen) []step { return g.scanCollection("HSCAN", hashes) }},
	{"HRANDFIELD", 4, func(g *gen) []step { return g.randomMembers("HRANDFIELD", hashes, "HKEYS", "WITHVALUES") }},
}

// scanCollection iterates a collection to its end.
func (g *gen) scanCollection(command, pool string) []step {
	args := row{command, 0, func(g *gen) l {
		return l{g.key(pool), "0", g.maybe(3, "MATCH", g.pattern()), g.maybe(3, "COUNT", 1+g.IntN(50))}
	}}.command(g)
	return g.probe(args, "complete iteration, as a set", iterate)
}

// randomMembers draws from a collection; the reply must consist of members, as many as there must be, and
// not twice the same unless the count is negative.
func (g *gen) randomMembers(command, pool, listing, withValues string) []step {
	args := []string{command, g.key(pool)}
	count, hasCount := 1, g.chance(2)
	if hasCount {
		count = []int{0, 1, 2, 5, 200, -1, -3, -20}[g.IntN(8)]
		args = append(args, strconv.Itoa(count))
	}
	pairs := hasCount && withValues != "" && g.chance(2)
	if pairs {
		args = append(args, withValues)
	}
	list := l{listing, args[1]}
	if listing == "ZRANGE" {
		list = append(list, "0", "-1")
	}
	return g.probe(args, "how many, members all?", func(do doFunc, args []string) (harness.Reply, error) {
		all, err := do(list...)
		if err != nil {
			return all, err
		}
		drawn, err := do(args)
		if err != nil || drawn.IsError() || drawn.Null {
			return drawn, err
		}
		if !hasCount {
			return membership([]string{drawn.Str}, all, false), nil
		}
		return membership(firsts(drawn.Elems, pairs), all, count > 0), nil
	})
}

// firsts are the names in a reply of names, or of pairs, which RESP2 sends flat and RESP3 nested.
func firsts(elems []harness.Reply, pairs bool) []string {
	var names []string
	for i, e := range elems {
		switch {
		case len(e.Elems) > 0:
			names = append(names, e.Elems[0].Str)
		case !pairs || i%2 == 0:
			names = append(names, e.Str)
		}
	}
	return names
}
