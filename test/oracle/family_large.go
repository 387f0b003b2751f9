package oracle

import (
	"strconv"
	"strings"
)

// Large strings are kept in pieces of 8 KiB, from 64 KiB on if they are set and from 16 KiB on if they are changed in place.
var largeRows = []row{
	{"SET", 3, func(g *gen) l { return l{g.key(larges), g.largeText(), g.maybe(6, "GET")} }},
	{"SETRANGE", 6, func(g *gen) l { return l{g.key(larges), g.largeOffset(), g.value()} }},
	{"APPEND", 5, func(g *gen) l { return l{g.key(larges), g.one("tail", strings.Repeat("ab", 2500))} }},
	{"SETBIT", 6, func(g *gen) l { return l{g.key(larges), g.largeBit(), g.one("0", "1", "1")} }},
	{"BITFIELD", 4, func(g *gen) l {
		return l{g.key(larges), g.one("SET i64", "INCRBY u13", "INCRBY i5"), g.largeBit(), "77", "GET", g.one("u8", "i33"), g.largeBit()}
	}},
	{"GETBIT", 3, func(g *gen) l { return l{g.key(larges), g.largeBit()} }},
	{"GETRANGE", 6, func(g *gen) l {
		from := g.largeAt()
		return l{g.key(larges), strconv.Itoa(from), g.one(strconv.Itoa(from+g.IntN(9000)), "-1", "-9000")}
	}},
	{"BITCOUNT", 3, func(g *gen) l { return l{g.key(larges), g.maybe(2, g.largeBit(), g.largeBit(), "BIT")} }},
	{"BITPOS", 3, func(g *gen) l {
		return l{g.key(larges), g.one("0", "1"), g.maybe(2, g.largeBit(), g.one("-1", "-70000"), "BIT")}
	}},
	{"BITOP", 2, func(g *gen) l { return l{g.one("AND", "OR", "XOR"), g.key(larges), g.key(larges), g.key(larges)} }},
	{"BITOP NOT", 1, func(g *gen) l { return l{g.key(larges), g.key(larges)} }},
	{"STRLEN", 3, func(g *gen) l { return l{g.key(larges)} }},
	{"GET", 1, func(g *gen) l { return l{g.key(larges)} }},
	{"MGET", 1, func(g *gen) l { return l{g.key(larges), g.key(strs), g.key(larges)} }},
	{"GETSET", 1, func(g *gen) l { return l{g.key(larges), g.largeText()} }},
	{"GETDEL", 1, func(g *gen) l { return l{g.key(larges)} }},
	{"GETEX", 1, func(g *gen) l { return l{g.key(larges), g.setExpiry()} }},
	{"COPY", 2, func(g *gen) l { return l{g.key(larges), g.key(larges), "REPLACE"} }},
	{"RENAME", 2, func(g *gen) l { return l{g.key(larges), g.key(larges)} }},
	{"INCR", 1, func(g *gen) l { return l{g.key(larges)} }},
	{"PFCOUNT", 1, func(g *gen) l { return l{g.key(larges)} }},
	{"DEL", 1, func(g *gen) l { return l{g.key(larges)} }},
}

func (g *gen) largeAt() int {
	near := [...]int{0, 8 << 10, 16 << 10, 24 << 10, 64 << 10}
	return max(0, near[g.IntN(len(near))]+g.IntN(7)-3)
}

func (g *gen) largeText() string { return strings.Repeat("0123456789abcdefghi", 1+g.largeAt()/19) }

func (g *gen) largeOffset() string { return strconv.Itoa(g.largeAt()) }

func (g *gen) largeBit() string { return strconv.Itoa(g.largeAt()*8 + g.IntN(8)) }
