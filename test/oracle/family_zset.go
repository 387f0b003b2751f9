package oracle

import "strconv"

var zsetRows = []row{
	{"ZADD", 20, func(g *gen) l { return l{g.key(zsets), g.scored(4)} }},
	{"ZADD", 10, func(g *gen) l { return l{g.key(zsets), g.zaddFlags(), g.scored(3)} }},
	{"ZADD", 1, func(g *gen) l { return l{g.key(zsets), g.scoredMany(120 + g.IntN(20))} }},
	// All scores the same, as the lexicographical commands want.
	{"ZADD", 5, func(g *gen) l { return l{"zlex", "0", g.elem(), "0", g.elem(), "0", g.elem()} }},
	{"ZADD", 4, func(g *gen) l { return l{"e0", g.float(), g.elem(), g.float(), g.elem()} }},
	{"ZRANGE", 2, func(g *gen) l { return l{"e0", "0", "-1", "WITHSCORES"} }},
	{"ZINCRBY", 2, func(g *gen) l { return l{"e0", g.float(), g.elem()} }},
	{"ZSCORE", 1, func(g *gen) l { return l{"e0", g.elem()} }},

	{"ZREM", 8, func(g *gen) l { return l{g.key(zsets), g.elems(3)} }},
	{"ZINCRBY", 6, func(g *gen) l { return l{g.key(zsets), g.score(), g.elem()} }},
	{"ZSCORE", 5, func(g *gen) l { return l{g.key(zsets), g.elem()} }},
	{"ZMSCORE", 4, func(g *gen) l { return l{g.key(zsets), g.elems(4)} }},
	{"ZCARD", 3, func(g *gen) l { return l{g.key(zsets)} }},
	{"ZRANK", 4, func(g *gen) l { return l{g.key(zsets), g.elem()} }},
	{"ZREVRANK", 4, func(g *gen) l { return l{g.key(zsets), g.elem()} }},
	{"ZCOUNT", 4, func(g *gen) l { return l{g.key(zsets), g.scoreBound(), g.scoreBound()} }},
	{"ZLEXCOUNT", 3, func(g *gen) l { return l{g.lexKey(), g.lexBound(), g.lexBound()} }},

	{"ZRANGE", 6, func(g *gen) l {
		return l{g.key(zsets), g.index(), g.index(), g.maybe(3, "REV"), g.maybe(2, "WITHSCORES"), g.maybe(12, g.limit())}
	}},
	{"ZRANGE", 6, func(g *gen) l {
		return l{g.key(zsets), g.scoreBound(), g.scoreBound(), "BYSCORE", g.maybe(3, "REV"), g.maybe(3, g.limit()), g.maybe(2, "WITHSCORES")}
	}},
	{"ZRANGE", 4, func(g *gen) l {
		return l{g.lexKey(), g.lexBound(), g.lexBound(), "BYLEX", g.maybe(3, "REV"), g.maybe(3, g.limit()), g.maybe(15, "WITHSCORES")}
	}},
	{"ZREVRANGE", 4, func(g *gen) l { return l{g.key(zsets), g.index(), g.index(), g.maybe(2, "WITHSCORES")} }},
	{"ZRANGEBYSCORE", 5, func(g *gen) l {
		return l{g.key(zsets), g.scoreBound(), g.scoreBound(), g.maybe(2, "WITHSCORES"), g.maybe(3, g.limit())}
	}},
	{"ZREVRANGEBYSCORE", 4, func(g *gen) l {
		return l{g.key(zsets), g.scoreBound(), g.scoreBound(), g.maybe(2, "WITHSCORES"), g.maybe(3, g.limit())}
	}},
	{"ZRANGEBYLEX", 4, func(g *gen) l { return l{g.lexKey(), g.lexBound(), g.lexBound(), g.maybe(3, g.limit())} }},
	{"ZREVRANGEBYLEX", 3, func(g *gen) l { return l{g.lexKey(), g.lexBound(), g.lexBound(), g.maybe(3, g.limit())} }},
	{"ZREMRANGEBYRANK", 3, func(g *gen) l { return l{g.key(zsets), g.index(), g.index()} }},
	{"ZREMRANGEBYSCORE", 3, func(g *gen) l { return l{g.key(zsets), g.scoreBound(), g.scoreBound()} }},
	{"ZREMRANGEBYLEX", 3, func(g *gen) l { return l{g.lexKey(), g.lexBound(), g.lexBound()} }},
	{"ZPOPMIN", 4, func(g *gen) l { return l{g.key(zsets), g.maybe(2, g.count())} }},
	{"ZPOPMAX", 4, func(g *gen) l { return l{g.key(zsets), g.maybe(2, g.count())} }},
	{"ZMPOP", 4, func(g *gen) l {
		return l{g.numKeys(zsets, 3), g.one("MIN", "MAX", "min", "MID"), g.maybe(2, "COUNT", g.count())}
	}},
	{"OBJECT ENCODING", 3, func(g *gen) l { return l{g.key(zsets)} }},
	{"DEL", 3, func(g *gen) l { return l{g.key(zsets)} }},
	{"DEL", 1, func(g *gen) l { return l{"e0", "zlex"} }},
}

var zsetScenarios = []scenario{
	{"ZSCAN", 4, func(g *gen) []step { return g.scanCollection("ZSCAN", zsets) }},
	{"ZRANDMEMBER", 4, func(g *gen) []step { return g.randomMembers("ZRANDMEMBER", zsets, "ZRANGE", "WITHSCORES") }},
	{"BZPOPMIN", 2, func(g *gen) []step { return g.steps(l{"BZPOPMIN", g.keys(zsets, 3), g.timeout()}) }},
	{"BZPOPMAX", 2, func(g *gen) []step { return g.steps(l{"BZPOPMAX", g.keys(zsets, 3), g.timeout()}) }},
	{"BZMPOP", 2, func(g *gen) []step {
		return g.steps(l{"BZMPOP", g.timeout(), g.numKeys(zsets, 3), g.one("MIN", "MAX"), g.maybe(2, "COUNT", g.count())})
	}},
}

// scored draws one to n members with scores.
func (g *gen) scored(n int) []string {
	var args []string
	for range 1 + g.IntN(n) {
		score := g.score()
		if g.chance(40) {
			score = []string{"abc", "", "nan", "1e"}[g.IntN(4)]
		}
		args = append(args, score, g.elem())
	}
	return args
}

func (g *gen) scoredMany(n int) []string {
	var args []string
	for _, m := range g.numbered("m", n) {
		args = append(args, strconv.Itoa(g.IntN(30)), m)
	}
	return args
}

func (g *gen) zaddFlags() []string {
	return g.one("NX", "XX", "GT", "LT", "CH", "XX CH", "XX GT", "LT XX CH", "NX CH", "GT CH", "INCR", "XX INCR", "NX INCR", "GT INCR",
		"LT INCR", "NX XX", "NX GT", "GT LT", "nx", "FOO")
}

func (g *gen) limit() []string { return []string{"LIMIT", g.goodInt(), g.goodInt()} }

// lexKey is the sorted set with equal scores. In one with different scores a lexicographical range means nothing, and what Redis
// answers depends on the random levels of its skip list; so no key that other rows may have made such a set.
func (g *gen) lexKey() string { return "zlex" }
