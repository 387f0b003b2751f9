package oracle

import "strconv"

var bitmapRows = []row{
	{"SETBIT", 16, func(g *gen) l { return l{g.key(bits), g.bitOffset(), g.one("0", "1", "1", "1", "1", "2", "-1", "x")} }},
	{"GETBIT", 8, func(g *gen) l { return l{g.key(bits), g.bitOffset()} }},
	{"GET", 4, func(g *gen) l { return l{g.key(bits)} }},
	{"SET", 3, func(g *gen) l { return l{g.key(bits), g.value()} }},
	{"BITCOUNT", 8, func(g *gen) l { return l{g.bitKey(), g.bitRange()} }},
	{"BITPOS", 8, func(g *gen) l { return l{g.bitKey(), g.one("0", "1", "0", "1", "2", "x"), g.bitRangeFrom()} }},
	{"BITOP", 8, func(g *gen) l {
		return l{g.one("AND", "OR", "XOR", "NOT", "and", "NOR"), g.key(bits), g.many(3, g.bitKey)}
	}},
	{"BITFIELD", 10, func(g *gen) l { return l{g.key(bits), g.bitfieldOps(false)} }},
	{"BITFIELD_RO", 4, func(g *gen) l { return l{g.key(bits), g.bitfieldOps(true)} }},
	{"STRLEN", 2, func(g *gen) l { return l{g.key(bits)} }},
}

func (g *gen) bitKey() string {
	if g.chance(5) {
		return g.key(strs)
	}
	return g.key(bits)
}

// bitOffset stays small enough to keep values short, or is beyond the limit of 2^32 bits.
func (g *gen) bitOffset() string {
	switch g.IntN(20) {
	case 0:
		return []string{"-1", "4294967296", "9223372036854775807", "99999999999999999999", "abc", ""}[g.IntN(6)]
	case 1:
		return strconv.Itoa(g.IntN(20000))
	}
	return strconv.Itoa(g.IntN(70))
}

func (g *gen) bitRange() []string {
	switch g.IntN(4) {
	case 0:
		return nil
	case 1:
		return []string{g.index(), g.index()}
	case 2:
		return append([]string{g.index(), g.index()}, g.one("BYTE", "BIT", "bit", "BITS")...)
	}
	return g.one("0 -1", "1", "0 -1 BIT", "5 30 BIT", "a b", "0 -1 BIT BIT", "-5 -1")
}

func (g *gen) bitRangeFrom() []string {
	if g.chance(5) {
		return []string{g.index()}
	}
	return g.bitRange()
}

func (g *gen) bitfieldOps(readOnly bool) []string {
	var ops []string
	for range 1 + g.IntN(4) {
		if !readOnly && g.chance(3) {
			ops = append(ops, "OVERFLOW")
			ops = append(ops, g.one("WRAP", "SAT", "FAIL", "sat", "NONE")[0])
		}
		op := "GET"
		if !readOnly || g.chance(12) {
			op = g.one("GET", "SET", "INCRBY", "INCRBY", "get", "BAD")[0]
		}
		ops = append(ops, op, g.bitType(), g.bitfieldOffset())
		if op == "SET" || op == "INCRBY" {
			ops = append(ops, g.integer())
		}
	}
	return ops
}

func (g *gen) bitType() string {
	if g.chance(15) {
		return []string{"u64", "i65", "u0", "i0", "x8", "u", "", "8"}[g.IntN(8)]
	}
	width := []int{1, 2, 3, 5, 8, 13, 16, 31, 32, 33, 63, 64}[g.IntN(12)]
	if width < 64 && g.chance(2) {
		return "u" + strconv.Itoa(width)
	}
	return "i" + strconv.Itoa(width)
}

func (g *gen) bitfieldOffset() string {
	if g.chance(2) {
		return g.bitOffset()
	}
	return "#" + strconv.Itoa(g.IntN(6))
}
