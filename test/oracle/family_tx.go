package oracle

// Transactions stand as whole scenarios, so that a connection is not lost in a MULTI for long.
var txScenarios = []scenario{
	{"MULTI", 8, func(g *gen) []step {
		steps := g.steps(l{"MULTI"})
		steps = append(steps, g.queued(8)...)
		return append(steps, g.steps(l{g.one("EXEC", "EXEC", "EXEC", "DISCARD")})...)
	}},
	// A watched key, perhaps touched by this connection or the other between WATCH and EXEC.
	{"WATCH", 10, func(g *gen) []step {
		steps := g.steps(l{"WATCH", g.many(3, g.anyKey)})
		for range g.IntN(3) {
			touch := g.step(g.anyCommand())
			if g.chance(2) {
				touch.conn = connA + connB - touch.conn
			}
			steps = append(steps, touch)
		}
		if g.chance(6) {
			steps = append(steps, g.steps(l{"UNWATCH"})...)
		}
		steps = append(steps, g.steps(l{"MULTI"})...)
		steps = append(steps, g.queued(4)...)
		if g.chance(3) {
			touch := g.step(g.anyCommand())
			touch.conn = connA + connB - touch.conn
			steps = append(steps, touch)
		}
		return append(steps, g.steps(l{"EXEC"})...)
	}},
	// The same with keys that are sure to be touched, or sure not to be.
	{"WATCH one key", 6, func(g *gen) []step {
		key := g.anyKey()
		steps := g.steps(l{"WATCH", key})
		touch := g.steps(g.touch(key))
		touch[0].conn = connA + connB - touch[0].conn
		steps = append(steps, touch...)
		return append(steps, g.steps(l{"MULTI"}, l{"SET", "watched", "1"}, l{"EXEC"})...)
	}},
	{"errors while queueing", 3, func(g *gen) []step {
		bad := []l{{"GET"}, {"NOSUCH", "a"}, {"SET", "k"}, {"WATCH", "k"}, {"MULTI"}, {"OBJECT"}, {"OBJECT", "NOSUCH", "k"}, {"EXEC", "now"}}[g.IntN(8)]
		steps := g.steps(l{"MULTI"}, l{"SET", "s0", "queued"}, bad)
		return append(steps, g.steps(l{g.one("EXEC", "EXEC", "DISCARD")}, l{"GET", "s0"})...)
	}},
	{"without MULTI", 1, func(g *gen) []step {
		return g.steps(l{g.one("EXEC", "DISCARD", "UNWATCH", "DISCARD x", "MULTI x")}, l{"DISCARD"})
	}},
	// What blocks outside of a transaction does not within.
	{"blocking in MULTI", 2, func(g *gen) []step {
		return g.steps(l{"MULTI"}, l{"BLPOP", g.key(lists), "0"}, l{"BLMOVE", g.key(lists), g.key(lists), "LEFT", "LEFT", "0"},
			l{"BZPOPMIN", g.key(zsets), "0"}, l{"BLMPOP", "0", "1", g.key(lists), "LEFT"},
			l{"XREAD", "BLOCK", "0", "STREAMS", g.key(streams), "$"}, l{"EXEC"})
	}},
	{"SELECT in MULTI", 1, func(g *gen) []step {
		return g.steps(l{"MULTI"}, l{"SELECT", "1"}, l{"SET", "s0", g.value()}, l{"SELECT", "0"}, l{"GET", "s0"}, l{"EXEC"}, l{"SELECT", "0"})
	}},
}

// queued are one to n commands for the inside of a transaction. No SELECT: a shrunk sequence must not depend on it.
func (g *gen) queued(n int) []step {
	var steps []step
	for range 1 + g.IntN(n) {
		steps = append(steps, g.step(g.anyCommand()))
	}
	return steps
}

// touch is a command on one key that may or may not count as a change of it.
func (g *gen) touch(key string) l {
	return []l{
		{"SET", key, g.value()}, {"DEL", key}, {"EXPIRE", key, "30000"}, {"PERSIST", key}, {"GET", key}, {"SADD", key, "m1"}, {"SREM", key, "absent"},
		{"LPUSH", key, "m1"}, {"LREM", key, "0", "absent"}, {"ZADD", key, "1", "m1"}, {"HSET", key, "f1", "v1"}, {"HDEL", key, "absent"},
		{"RENAME", key, key}, {"COPY", key, "copied"}, {"FLUSHDB"}, {"SWAPDB", "0", "1"}, {"MOVE", key, "2"}, {"TOUCH", key},
		{"PEXPIREAT", key, "1"}, {"SETRANGE", key, "0", ""}, {"APPEND", key, ""}, {"SORT", key, "STORE", key}, {"GETEX", key, "PERSIST"},
		{"XADD", key, g.newID(), "f", "v"}, {"XDEL", key, "1-1"}, {"XTRIM", key, "MAXLEN", "1"}, {"XGROUP", "CREATE", key, g.group(), "$", "MKSTREAM"},
		{"XGROUP", "DESTROY", key, g.group()}, {"XGROUP", "SETID", key, g.group(), "0"}, {"XGROUP", "CREATECONSUMER", key, g.group(), "c9"}, {"XACK", key, "g0", g.entryID()},
		{"XSETID", key, "99999999"},
	}[g.IntN(32)]
}
