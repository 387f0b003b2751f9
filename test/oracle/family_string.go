package oracle

import "strconv"

var stringRows = []row{
	{"GET", 14, func(g *gen) l { return l{g.key(strs)} }},
	{"SET", 20, func(g *gen) l { return l{g.key(strs), g.value()} }},
	{"SET", 12, func(g *gen) l {
		return l{g.key(strs), g.value(), g.maybe(3, g.one("NX", "XX", "nx", "xx")), g.maybe(3, "GET"), g.maybe(2, g.setExpiry()), g.maybe(12, g.setExpiry())}
	}},
	{"SETNX", 3, func(g *gen) l { return l{g.key(strs), g.value()} }},
	{"SETEX", 3, func(g *gen) l { return l{g.key(strs), g.relativeSeconds(), g.value()} }},
	{"PSETEX", 3, func(g *gen) l { return l{g.key(strs), g.relativeMillis(), g.value()} }},
	{"GETSET", 3, func(g *gen) l { return l{g.key(strs), g.value()} }},
	{"GETDEL", 3, func(g *gen) l { return l{g.key(strs)} }},
	{"GETEX", 4, func(g *gen) l { return l{g.key(strs), g.maybe(2, g.one("PERSIST", "persist", "KEEPTTL", "FOO"))} }},
	{"GETEX", 3, func(g *gen) l { return l{g.key(strs), g.setExpiry(), g.maybe(6, g.setExpiry())} }},
	{"MGET", 5, func(g *gen) l { return l{g.many(5, g.anyKey)} }},
	{"MSET", 4, func(g *gen) l { return l{g.keyValues(4), g.maybe(15, "odd")} }},
	{"MSETNX", 3, func(g *gen) l { return l{g.keyValues(2), g.maybe(15, "odd")} }},
	{"APPEND", 6, func(g *gen) l { return l{g.key(strs), g.value()} }},
	{"STRLEN", 4, func(g *gen) l { return l{g.key(strs)} }},
	{"GETRANGE", 6, func(g *gen) l { return l{g.key(strs), g.index(), g.index()} }},
	{"SUBSTR", 1, func(g *gen) l { return l{g.key(strs), g.index(), g.index()} }},
	{"SETRANGE", 5, func(g *gen) l { return l{g.key(strs), g.rangeOffset(), g.value()} }},
	{"INCR", 6, func(g *gen) l { return l{g.key(strs)} }},
	{"DECR", 4, func(g *gen) l { return l{g.key(strs)} }},
	{"INCRBY", 6, func(g *gen) l { return l{g.key(strs), g.integer()} }},
	{"DECRBY", 4, func(g *gen) l { return l{g.key(strs), g.integer()} }},
	{"INCRBYFLOAT", 6, func(g *gen) l { return l{g.key(strs), g.float()} }},
	{"LCS", 3, func(g *gen) l {
		return l{g.key(strs), g.key(strs), g.maybe(3, "LEN"), g.maybe(3, "IDX"), g.maybe(3, "MINMATCHLEN", g.goodInt()), g.maybe(3, "WITHMATCHLEN")}
	}},
	{"OBJECT ENCODING", 2, func(g *gen) l { return l{g.key(strs)} }},
}

var stringScenarios = []scenario{
	// Right after SET the encoding follows from the value alone; later it depends on the way the value came about.
	{"fresh encoding", 4, func(g *gen) []step {
		key := g.key(strs)
		return g.steps(l{"SET", key, g.value()}, l{freshEncoding, "ENCODING", key})
	}},
	// Something to count in, so that INCR and APPEND do not mostly fail.
	{"counter", 4, func(g *gen) []step {
		key := g.key(strs)
		return g.steps(l{"SET", key, g.goodInt()}, l{"INCRBY", key, g.integer()}, l{"INCRBYFLOAT", key, g.float()}, l{"INCRBYFLOAT", key, "0.1"})
	}},
}

// freshEncoding is OBJECT in a spelling of its own, by which compare.go knows that the encoding must be the same.
const freshEncoding = "object"

func (g *gen) setExpiry() []string {
	switch g.IntN(6) {
	case 0:
		return []string{"EX", g.relativeSeconds()}
	case 1:
		return []string{"PX", g.relativeMillis()}
	case 2:
		return []string{"EXAT", g.absoluteSeconds()}
	case 3:
		return []string{"pxat", g.absoluteMillis()}
	case 4:
		return []string{"KEEPTTL"}
	}
	return g.one("EX", "PX abc", "EX 10 PX 10", "EX 100000 KEEPTTL", "BAD", "EXAT 0", "PXAT -1")
}

func (g *gen) keyValues(n int) []string {
	var args []string
	for range 1 + g.IntN(n) {
		args = append(args, g.key(strs), g.value())
	}
	return args
}

// rangeOffset stays small, or far beyond the longest string: nothing between, which would be half a gigabyte of zeros.
func (g *gen) rangeOffset() string {
	if g.chance(10) {
		return []string{"-1", "536870912", "4294967296", "9223372036854775807", "abc", ""}[g.IntN(6)]
	}
	return strconv.Itoa(g.IntN(100))
}
