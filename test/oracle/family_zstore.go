package oracle

var zstoreRows = []row{
	{"ZUNION", 5, func(g *gen) l { return l{g.zInputs(true), g.maybe(2, "WITHSCORES")} }},
	{"ZINTER", 5, func(g *gen) l { return l{g.zInputs(true), g.maybe(2, "WITHSCORES")} }},
	{"ZDIFF", 5, func(g *gen) l { return l{g.zInputs(false), g.maybe(2, "WITHSCORES")} }},
	{"ZUNIONSTORE", 5, func(g *gen) l { return l{g.key(zsets), g.zInputs(true)} }},
	{"ZINTERSTORE", 5, func(g *gen) l { return l{g.key(zsets), g.zInputs(true)} }},
	{"ZDIFFSTORE", 4, func(g *gen) l { return l{g.key(zsets), g.zInputs(false)} }},
	{"ZINTERCARD", 4, func(g *gen) l { return l{g.zKeys(), g.maybe(2, "LIMIT", g.count())} }},
	{"ZRANGESTORE", 3, func(g *gen) l { return l{g.key(zsets), g.key(zsets), g.index(), g.index(), g.maybe(3, "REV")} }},
	{"ZRANGESTORE", 3, func(g *gen) l {
		return l{g.key(zsets), g.key(zsets), g.scoreBound(), g.scoreBound(), "BYSCORE", g.maybe(3, "REV"), g.maybe(3, g.limit())}
	}},
	{"ZRANGESTORE", 2, func(g *gen) l {
		return l{g.key(zsets), g.lexKey(), g.lexBound(), g.lexBound(), "BYLEX", g.maybe(3, "REV"), g.maybe(3, g.limit())}
	}},
	{"ZRANGE", 2, func(g *gen) l { return l{g.key(zsets), "0", "-1", "WITHSCORES"} }},
	{"ZADD", 4, func(g *gen) l { return l{g.key(zsets), g.scored(4)} }},
	{"SADD", 2, func(g *gen) l { return l{g.key(sets), g.elems(4)} }},
}

// zKeys are sorted sets, and sets among them, which count with score 1.
func (g *gen) zKeys() []string {
	return g.numKeys([]string{zsets, zsets, zsets, sets}[g.IntN(4)], 3)
}

// zInputs are the sets to combine, with weights and the way to add up scores where the command has these.
func (g *gen) zInputs(weighted bool) []string {
	args := g.zKeys()
	if g.chance(30) {
		args[0] = []string{"0", "-1", "10", "x"}[g.IntN(4)]
	}
	if !weighted && !g.chance(20) {
		return args
	}
	if g.chance(3) {
		args = append(args, "WEIGHTS")
		for range len(args) - 2 {
			args = append(args, g.one("1", "2", "0.5", "-1", "0", "3", "inf", "x")[0])
		}
	}
	if g.chance(3) {
		args = append(args, "AGGREGATE", g.one("SUM", "MIN", "MAX", "max", "AVG")[0])
	}
	return args
}
