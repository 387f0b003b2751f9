package oracle

var dbRows = []row{
	{"SELECT", 8, func(g *gen) l { return l{g.dbIndex()} }},
	{"SELECT", 8, func(g *gen) l { return l{"0"} }},
	{"MOVE", 10, func(g *gen) l { return l{g.anyKey(), g.dbIndex()} }},
	{"COPY", 8, func(g *gen) l { return l{g.anyKey(), g.anyKey(), "DB", g.dbIndex(), g.maybe(2, "REPLACE")} }},
	{"SWAPDB", 3, func(g *gen) l { return l{g.dbIndex(), g.dbIndex()} }},
	{"FLUSHDB", 1, func(g *gen) l { return l{} }},
}

// dbIndex is rarely a database that does not take part, and then one that does not exist.
func (g *gen) dbIndex() string {
	if g.chance(12) {
		return []string{"16", "-1", "abc", "", "9223372036854775807", "1.0"}[g.IntN(6)]
	}
	return []string{"0", "0", "1", "2"}[g.IntN(4)]
}

var dbScenarios = []scenario{
	{"DBSIZE", 4, (*gen).dbsize},
	{"FLUSHALL", 1, func(g *gen) []step { return g.steps(l{"FLUSHALL", g.one("", "ASYNC", "SYNC", "NOW")}) }},
}
