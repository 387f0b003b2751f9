package oracle

import "strconv"

var sortRows = []row{
	{"SORT", 20, func(g *gen) l { return l{g.sortable(), g.sortOptions(true)} }},
	{"SORT_RO", 6, func(g *gen) l { return l{g.sortable(), g.sortOptions(g.chance(12))} }},
	// What can be sorted as numbers, and what BY and GET look up.
	{"RPUSH", 5, func(g *gen) l { return l{g.key(lists), g.many(5, g.goodInt)} }},
	{"SADD", 4, func(g *gen) l { return l{g.key(sets), g.many(5, g.goodInt)} }},
	{"SET", 6, func(g *gen) l { return l{"w" + strconv.Itoa(g.IntN(14)-3), g.goodInt()} }},
	{"HSET", 5, func(g *gen) l { return l{"o" + strconv.Itoa(g.IntN(14)-3), "weight", g.goodInt(), "name", g.value()} }},
	{"DEL", 2, func(g *gen) l { return l{g.key(lists), g.key(sets)} }},
}

func (g *gen) sortable() string { return g.key([]string{lists, lists, sets, zsets}[g.IntN(4)]) }

// sortOptions in any order. Where ties may fall either way nothing is stored: see the rule of SORT.
func (g *gen) sortOptions(store bool) []string {
	by := g.one("", "", "", "BY w*", "BY o*->weight", "BY nosort", "BY o*->missing", "BY missing*", "BY w*->weight")
	alpha := g.one("", "", "ALPHA", "ALPHA", "alpha")
	var options []string
	options = append(options, by...)
	options = append(options, alpha...)
	options = append(options, g.one("", "", "ASC", "DESC", "desc", "BAD")...)
	if g.chance(3) {
		options = append(options, "LIMIT", g.goodInt(), g.goodInt())
	}
	for range g.IntN(3) {
		options = append(options, g.one("GET #", "GET w*", "GET o*->name", "GET missing*", "GET o*->", "GET w")...)
	}
	if store && g.chance(5) && (len(by) == 0 || len(alpha) == 0) {
		options = append(options, "STORE", g.key(lists))
	}
	return options
}
