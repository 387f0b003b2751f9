package oracle

import "strconv"

var listRows = []row{
	{"LPUSH", 14, func(g *gen) l { return l{g.key(lists), g.elems(4)} }},
	{"RPUSH", 14, func(g *gen) l { return l{g.key(lists), g.elems(4)} }},
	{"RPUSH", 2, func(g *gen) l { return l{g.key(lists), g.numbered("m", 100+g.IntN(60))} }},
	{"LPUSHX", 3, func(g *gen) l { return l{g.key(lists), g.elems(2)} }},
	{"RPUSHX", 3, func(g *gen) l { return l{g.key(lists), g.elems(2)} }},
	{"LPOP", 8, func(g *gen) l { return l{g.key(lists), g.maybe(2, g.count())} }},
	{"RPOP", 8, func(g *gen) l { return l{g.key(lists), g.maybe(2, g.count())} }},
	{"LLEN", 4, func(g *gen) l { return l{g.key(lists)} }},
	{"LRANGE", 8, func(g *gen) l { return l{g.key(lists), g.index(), g.index()} }},
	{"LINDEX", 6, func(g *gen) l { return l{g.key(lists), g.index()} }},
	{"LSET", 6, func(g *gen) l { return l{g.key(lists), g.index(), g.elem()} }},
	{"LINSERT", 6, func(g *gen) l { return l{g.key(lists), g.one("BEFORE", "AFTER", "before", "AMID"), g.elem(), g.elem()} }},
	{"LREM", 6, func(g *gen) l { return l{g.key(lists), g.one("0", "1", "-1", "2", "-2", "100", "x"), g.elem()} }},
	{"LTRIM", 4, func(g *gen) l { return l{g.key(lists), g.index(), g.index()} }},
	{"LPOS", 6, func(g *gen) l {
		return l{g.key(lists), g.elem(), g.maybe(2, "RANK", g.rank()), g.maybe(2, "COUNT", g.count()), g.maybe(3, "MAXLEN", g.count())}
	}},
	{"LMOVE", 6, func(g *gen) l { return l{g.key(lists), g.key(lists), g.end(), g.end()} }},
	{"RPOPLPUSH", 4, func(g *gen) l { return l{g.key(lists), g.key(lists)} }},
	{"LMPOP", 5, func(g *gen) l { return l{g.numKeys(lists, 3), g.end(), g.maybe(2, "COUNT", g.count())} }},
	{"OBJECT ENCODING", 2, func(g *gen) l { return l{g.key(lists)} }},
	{"DEL", 3, func(g *gen) l { return l{g.key(lists)} }},
}

// end names one end of a list.
func (g *gen) end() []string {
	return g.one("LEFT", "RIGHT", "LEFT", "RIGHT", "left", "right", "LEFT", "RIGHT", "MIDDLE")
}

func (g *gen) rank() string {
	return []string{"1", "2", "-1", "-2", "0", "3", "-9223372036854775808", "x"}[g.IntN(8)]
}

// Blocking commands, with data ready or a time-out that ends at once. They are kept apart from the rows so that no mutation makes
// a time-out of 0, for ever, out of them.
var listScenarios = []scenario{
	{"BLPOP", 2, func(g *gen) []step { return g.steps(l{"BLPOP", g.keys(lists, 3), g.timeout()}) }},
	{"BRPOP", 2, func(g *gen) []step { return g.steps(l{"BRPOP", g.keys(lists, 3), g.timeout()}) }},
	{"BLMOVE", 2, func(g *gen) []step {
		return g.steps(l{"BLMOVE", g.key(lists), g.key(lists), g.end(), g.end(), g.timeout()})
	}},
	{"BRPOPLPUSH", 1, func(g *gen) []step { return g.steps(l{"BRPOPLPUSH", g.key(lists), g.key(lists), g.timeout()}) }},
	{"BLMPOP", 2, func(g *gen) []step {
		return g.steps(l{"BLMPOP", g.timeout(), g.numKeys(lists, 3), g.end(), g.maybe(2, "COUNT", g.count())})
	}},
	// A list that is emptied and filled at both ends, so that its indexes wander.
	{"queue", 2, func(g *gen) []step {
		key := g.key(lists)
		var steps []step
		for i := range 2 + g.IntN(6) {
			steps = append(steps, g.steps(l{"RPUSH", key, "q" + strconv.Itoa(i)}, l{"LPUSH", key, g.elem()}, l{"LPOP", key, "2"})...)
		}
		return append(steps, g.steps(l{"LRANGE", key, "0", "-1"})...)
	}},
}

// timeout of a blocking command.
func (g *gen) timeout() string {
	if g.chance(10) {
		return []string{"-1", "abc", "", "1e400", "-0.5", "nan", "9223372036854775807"}[g.IntN(7)]
	}
	return "0.01"
}
