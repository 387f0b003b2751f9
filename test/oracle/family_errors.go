package oracle

import (
	"slices"
	"strings"
)

var errorScenarios = []scenario{
	// A correct command with one argument dropped, doubled, or replaced.
	{"mutation", 20, func(g *gen) []step { return []step{g.step(g.mutate(g.anyCommand()))} }},
	{"unknown command", 1, func(g *gen) []step {
		return g.steps(l{g.one("NOSUCH", "GETT", "sett", "a:b"), g.elems(3)})
	}},
	{"unknown subcommand", 1, func(g *gen) []step {
		return g.steps(l{g.one("OBJECT", "OBJECT NOSUCH", "OBJECT NOSUCH k", "OBJECT ENCODING", "OBJECT ENCODING a b", "object freq")})
	}},
	{"cursors", 2, func(g *gen) []step {
		key := g.anyKey()
		return g.steps([]l{
			{"SCAN", "abc"}, {"SCAN", "1x"}, {"SCAN", "0", "COUNT", "0"}, {"SCAN", "0", "COUNT", "x"}, {"SCAN", "0", "BAD"}, {"SCAN", "0", "MATCH"},
			{"HSCAN", key, "x"}, {"SSCAN", key, "0", "COUNT", "-5"}, {"ZSCAN", "none", "0"}, {"HSCAN", "none", "5"}, {"SSCAN", key},
			{"SCAN", "99999999999999999999999"}, {"HSCAN", key, "0", "TYPE", "hash"},
		}[g.IntN(13)])
	}},
	{"small talk", 1, func(g *gen) []step {
		return g.steps([]l{{"PING"}, {"PING", g.value()}, {"PING", "a", "b"}, {"ECHO", g.value()}, {"ECHO"}, {"ping"}, {"TIME", "now"}}[g.IntN(7)])
	}},
}

func (g *gen) mutate(args []string) []string {
	args = slices.Clone(args)
	if len(args) == 1 {
		return append(args, g.elem())
	}
	if slices.Contains(args, "zlex") {
		return args // its scores must stay equal
	}
	at := 1 + g.IntN(len(args)-1)
	switch g.IntN(6) {
	case 0:
		return slices.Delete(args, at, at+1)
	case 1:
		return slices.Insert(args, at, args[at])
	case 2:
		return append(args, g.elem())
	case 3:
		return args[:at]
	case 4:
		// Changes upper case options to lower case, which must not matter; also of keys, which must.
		args[at] = strings.ToLower(args[at])
		return args
	}
	// No small positive numbers here: they might become times to live that end during the run.
	args[at] = []string{"", "abc", "0", "-1", "9223372036854775807", "99999999999999999999", "1.5", "\xff", "inf", "-9223372036854775808"}[g.IntN(10)]
	return args
}
