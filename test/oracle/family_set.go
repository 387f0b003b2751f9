package oracle

import (
	"slices"
	"strconv"

	"github.com/haypile/haypile/test/harness"
)

var setRows = []row{
	{"SADD", 20, func(g *gen) l { return l{g.key(sets), g.elems(5)} }},
	{"SADD", 4, func(g *gen) l { return l{g.key(sets), g.many(6, g.goodInt)} }},
	{"SADD", 1, func(g *gen) l { return l{g.key(sets), g.numbered("", 130+g.IntN(450))} }},
	{"SADD", 1, func(g *gen) l { return l{g.key(sets), g.numbered("m", 120+g.IntN(20))} }},
	{"SREM", 10, func(g *gen) l { return l{g.key(sets), g.elems(4)} }},
	{"SISMEMBER", 5, func(g *gen) l { return l{g.key(sets), g.elem()} }},
	{"SMISMEMBER", 5, func(g *gen) l { return l{g.key(sets), g.elems(4)} }},
	{"SCARD", 4, func(g *gen) l { return l{g.key(sets)} }},
	{"SMEMBERS", 5, func(g *gen) l { return l{g.key(sets)} }},
	{"SMOVE", 6, func(g *gen) l { return l{g.key(sets), g.key(sets), g.elem()} }},
	{"SUNION", 4, func(g *gen) l { return l{g.keys(sets, 3)} }},
	{"SINTER", 4, func(g *gen) l { return l{g.keys(sets, 3)} }},
	{"SDIFF", 4, func(g *gen) l { return l{g.keys(sets, 3)} }},
	{"SUNIONSTORE", 3, func(g *gen) l { return l{g.key(sets), g.keys(sets, 3)} }},
	{"SINTERSTORE", 3, func(g *gen) l { return l{g.key(sets), g.keys(sets, 3)} }},
	{"SDIFFSTORE", 3, func(g *gen) l { return l{g.key(sets), g.keys(sets, 3)} }},
	{"SINTERCARD", 4, func(g *gen) l { return l{g.numKeys(sets, 3), g.maybe(2, "LIMIT", g.count())} }},
	{"OBJECT ENCODING", 3, func(g *gen) l { return l{g.key(sets)} }},
	{"DEL", 3, func(g *gen) l { return l{g.key(sets)} }},
}

var setScenarios = []scenario{
	{"SSCAN", 4, func(g *gen) []step { return g.scanCollection("SSCAN", sets) }},
	{"SRANDMEMBER", 4, func(g *gen) []step { return g.randomMembers("SRANDMEMBER", sets, "SMEMBERS", "") }},
	{"SPOP", 5, func(g *gen) []step {
		args := []string{"SPOP", g.key(sets)}
		if g.chance(2) {
			args = append(args, []string{"0", "1", "3", "1000", "-1", "x"}[g.IntN(6)])
		}
		return g.probe(args, "how many, members all, gone after? Then DEL", popFromSet)
	}},
}

// popFromSet checks on one side that SPOP takes members, as many as it must, and no others; then it deletes the rest, which
// the two sides no longer share.
func popFromSet(do doFunc, args []string) (harness.Reply, error) {
	before, err := do("SMEMBERS", args[1])
	if err != nil {
		return before, err
	}
	popped, err := do(args)
	if err != nil || popped.IsError() || popped.Null {
		return popped, err
	}
	drawn := []string{popped.Str}
	if len(args) > 2 {
		drawn = popped.Strings()
	}
	after, err := do("SMEMBERS", args[1])
	if err != nil {
		return after, err
	}
	left := after.Strings()
	for _, d := range drawn {
		if slices.Contains(left, d) {
			return text("popped %q, which is still there", d), nil
		}
	}
	if len(left)+len(drawn) != len(before.Elems) {
		return text("%d members, %s popped, %d left", len(before.Elems), strconv.Itoa(len(drawn)), len(left)), nil
	}
	if len(drawn) > 0 {
		if r, err := do("DEL", args[1]); err != nil {
			return r, err
		}
	}
	return membership(drawn, before, true), nil
}
