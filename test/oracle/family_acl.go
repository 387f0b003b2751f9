package oracle

// Users are made anew by each scenario: a sequence must not depend on what is left of another. What rules about several commands
// are described by is not compared: 7.0 looks for the shortest rules, 7.2 and Haypile keep those that were given.
var aclScenarios = []scenario{
	{"what a user may do", 10, func(g *gen) []step {
		steps := g.steps(l{"ACL", "SETUSER", "u", "reset", g.many(6, g.rule)})
		for range 1 + g.IntN(4) {
			steps = append(steps, g.step(append([]string{"ACL", "DRYRUN", "u"}, g.anyCommand()...)))
		}
		return steps
	}},
	{"what a user is described by", 4, func(g *gen) []step {
		rules := g.many(5, func() string {
			return g.one("on", "off", "nopass", ">pw", "<pw", "~a*", "%R~b*", "%W~b*", "%RW~c", "&x", "&y*", "allkeys", "resetkeys", "allchannels", "resetchannels", "(+get ~a)", "clearselectors", "resetpass")[0]
		})
		return g.steps(l{"ACL", "SETUSER", "v", "reset", rules, g.one("", "+get", "+@read", "-@all +config|get", "+@all -set", "+@all -@write")},
			l{"ACL", "GETUSER", "v"})
	}},
	{"bad rules", 3, func(g *gen) []step {
		return g.steps(l{"ACL", "SETUSER", "w", "reset", g.one("+nosuch", "+@nosuch", "-get|x", "+config|x", "+config|get|x", "+select|", "%X~a", "%~a", "nonsense",
			"~* ~a", "&* &a", "<pw", "#12", "!12", "(", ")", "(on)", "(+get", "(&* &a)", "on off", "+@all +@nosuch")},
			l{"ACL", "GETUSER", "w"})
	}},
	{"around it", 2, func(g *gen) []step {
		return g.steps([]l{{"ACL", "WHOAMI"}, {"ACL", "CAT"}, {"ACL", "CAT", "nosuch"}, {"ACL", "GETUSER", "nobody"}, {"ACL", "DRYRUN", "nobody", "get", "k"},
			{"ACL", "DELUSER", "default"}, {"ACL", "DELUSER", "u", "u"}, {"ACL", "GENPASS", g.one("0", "4097", "x", "-1")}, {"ACL", "LOG", "RESET"},
			{"ACL", "SAVE"}, {"ACL", "HELP"}, {"ACL"}, {"ACL", "SETUSER"}, {"ACL", "CAT", "a", "b"}}[g.IntN(14)])
	}},
}

// rule draws a rule that is right wherever it stands. Keys are those that commands are generated with.
func (g *gen) rule() string {
	if g.chance(3) {
		return g.one("+@read", "+@write", "+@all", "-@all", "-@dangerous", "-@write", "+@keyspace", "+@slow", "-@fast", "+@hash", "+get", "-get", "+set", "+sort",
			"+object|encoding", "-object", "+select|1", "nocommands", "allcommands")[0]
	}
	pool := pools[g.IntN(len(pools))]
	return g.one("~", "%R~", "%W~", "%RW~")[0] + pool + g.one("*", "[0-2]", "?", "1")[0]
}
