package oracle

import "strconv"

// The bytes of a HyperLogLog are part of the contract (dumps and replicas carry them), hence GET.
var hllRows = []row{
	{"PFADD", 14, func(g *gen) l { return l{g.key(hlls), g.elems(5)} }},
	{"PFADD", 4, func(g *gen) l {
		return l{g.key(hlls), g.many(40, func() string { return "u" + strconv.Itoa(g.IntN(100000)) })}
	}},
	{"PFADD", 1, func(g *gen) l { return l{g.key(hlls)} }},
	// Enough to leave the sparse form.
	{"PFADD", 1, func(g *gen) l { return l{g.key(hlls), g.numbered("dense"+strconv.Itoa(g.IntN(1000)), 1500)} }},
	{"PFCOUNT", 8, func(g *gen) l { return l{g.keys(hlls, 3)} }},
	{"PFMERGE", 5, func(g *gen) l { return l{g.key(hlls), g.maybe(1, g.keys(hlls, 3))} }},
	{"GET", 8, func(g *gen) l { return l{g.key(hlls)} }},
	{"STRLEN", 2, func(g *gen) l { return l{g.key(hlls)} }},
	{"SET", 1, func(g *gen) l { return l{g.key(hlls), g.value()} }},
	{"DEL", 3, func(g *gen) l { return l{g.key(hlls)} }},
}
