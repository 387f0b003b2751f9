package oracle

import (
	"strconv"

	"github.com/haypile/haypile/test/harness"
)

// The IDs are given, mostly from a counter that grows: the times of two servers are not the same. Idle times are either next to nothing
// or an hour, and what is compared with them lies between.
var streamRows = []row{
	{"XADD", 24, func(g *gen) l { return l{g.key(streams), g.newID(), g.pairs(3)} }},
	{"XADD", 6, func(g *gen) l {
		return l{g.key(streams), g.maybe(4, "NOMKSTREAM"), g.maybe(2, g.trim()), g.maybe(30, "LIMIT", g.count()), g.newID(), g.pairs(2)}
	}},
	{"XADD", 1, func(g *gen) l { return l{g.key(streams), g.entryID(), g.pairs(1)} }},
	{"XLEN", 3, func(g *gen) l { return l{g.key(streams)} }},
	{"XRANGE", 8, func(g *gen) l { return l{g.key(streams), g.idBound(), g.idBound(), g.maybe(2, "COUNT", g.count())} }},
	{"XREVRANGE", 8, func(g *gen) l { return l{g.key(streams), g.idBound(), g.idBound(), g.maybe(2, "COUNT", g.count())} }},
	{"XDEL", 8, func(g *gen) l { return l{g.key(streams), g.many(4, g.entryID)} }},
	{"XTRIM", 3, func(g *gen) l { return l{g.key(streams), g.trim(), g.maybe(20, "LIMIT", g.count())} }},
	{"XREAD", 8, func(g *gen) l {
		keys := g.keys(streams, 3)
		return l{g.maybe(2, "COUNT", g.count()), "STREAMS", keys, g.readIDs(len(keys), "$")}
	}},
	{"XSETID", 2, func(g *gen) l {
		return l{g.key(streams), g.entryID(), g.maybe(3, "ENTRIESADDED", g.count()), g.maybe(3, "MAXDELETEDID", g.entryID())}
	}},
	{"XINFO STREAM", 3, func(g *gen) l { return l{g.key(streams), g.maybe(2, "FULL", g.maybe(2, "COUNT", g.count()))} }},
	{"XINFO GROUPS", 3, func(g *gen) l { return l{g.key(streams)} }},
	{"XINFO CONSUMERS", 3, func(g *gen) l { return l{g.key(streams), g.group()} }},

	{"XGROUP CREATE", 8, func(g *gen) l {
		return l{g.key(streams), g.group(), g.groupID(), g.maybe(2, "MKSTREAM"), g.maybe(4, "ENTRIESREAD", g.count())}
	}},
	{"XGROUP SETID", 2, func(g *gen) l { return l{g.key(streams), g.group(), g.groupID(), g.maybe(3, "ENTRIESREAD", g.count())} }},
	{"XGROUP DESTROY", 1, func(g *gen) l { return l{g.key(streams), g.group()} }},
	{"XGROUP CREATECONSUMER", 3, func(g *gen) l { return l{g.key(streams), g.group(), g.consumer()} }},
	{"XGROUP DELCONSUMER", 2, func(g *gen) l { return l{g.key(streams), g.group(), g.consumer()} }},
	{"XACK", 8, func(g *gen) l { return l{g.key(streams), g.group(), g.many(4, g.entryID)} }},
	{"XPENDING", 3, func(g *gen) l { return l{g.key(streams), g.group()} }},
	{"XPENDING", 5, func(g *gen) l {
		return l{g.key(streams), g.group(), g.maybe(3, "IDLE", g.idle()), g.idBound(), g.idBound(), g.count(), g.maybe(2, g.consumer())}
	}},
	{"DEL", 2, func(g *gen) l { return l{g.key(streams)} }},
	{"OBJECT ENCODING", 1, func(g *gen) l { return l{g.key(streams)} }},
}

// What creates a consumer as it goes does so in other cases than Redis 7.0: the consumer is created first.
var streamScenarios = []scenario{
	{"XREADGROUP", 30, func(g *gen) []step {
		group, consumer, keys := g.group(), g.consumer(), g.keys(streams, 2)
		return g.withConsumer(keys, group, consumer, l{"XREADGROUP", g.maybe(3, "COUNT", g.count()), "GROUP", group, consumer,
			g.maybe(5, "NOACK"), g.maybe(6, "BLOCK", "10"), "STREAMS", keys, g.readIDs(len(keys), ">")})
	}},
	{"XCLAIM", 14, func(g *gen) []step {
		key, group, consumer := g.key(streams), g.group(), g.consumer()
		return g.withConsumer([]string{key}, group, consumer, l{"XCLAIM", key, group, consumer, g.idle(), g.many(4, g.entryID),
			g.maybe(4, "IDLE", g.one("0", "3600000", "x")), g.maybe(8, "TIME", g.one("1", "0", "-5", "99999999999999")),
			g.maybe(5, "RETRYCOUNT", g.count()), g.maybe(3, "FORCE"), g.maybe(4, "JUSTID"), g.maybe(8, "LASTID", g.entryID())})
	}},
	{"XAUTOCLAIM", 10, func(g *gen) []step {
		key, group, consumer := g.key(streams), g.group(), g.consumer()
		return g.withConsumer([]string{key}, group, consumer, l{"XAUTOCLAIM", key, group, consumer, g.idle(), g.idBound(),
			g.maybe(2, "COUNT", g.one("1", "2", "5", "0")), g.maybe(3, "JUSTID")})
	}},
	{"XREAD BLOCK", 3, func(g *gen) []step {
		keys := g.keys(streams, 2)
		return g.steps(l{"XREAD", "BLOCK", g.one("10", "10", "10", "-1", "x", "1.5"), "STREAMS", keys, g.readIDs(len(keys), "$")})
	}},
	// Approximate trimming, in streams of its own: XDEL makes nodes that Redis and Haypile part in different ways.
	{"nodes", 6, func(g *gen) []step {
		key := "y" + strconv.Itoa(g.IntN(2))
		var steps []step
		for range 1 + g.IntN(40) {
			fields := []string{"f", g.value()}
			if g.chance(3) {
				fields = g.pairs(3)
			}
			steps = append(steps, g.steps(l{"XADD", key, g.newID(), fields})...)
		}
		trim := []string{"MAXLEN", "~", strconv.Itoa(g.IntN(60))}
		if g.chance(3) {
			trim = []string{"MINID", "~", g.entryID()}
		}
		trim = append(trim, g.maybe(4, "LIMIT", g.IntN(200))...)
		if g.chance(2) {
			return append(steps, g.steps(l{"XADD", key, trim, g.newID(), "f", "v"}, l{"XLEN", key})...)
		}
		return append(steps, g.steps(l{"XTRIM", key, trim}, l{"XINFO", "STREAM", key})...)
	}},
	// More than a few entries, read and acknowledged in order as a queue does.
	{"queue", 4, func(g *gen) []step {
		key, group := "y2", "g0"
		steps := g.steps(l{"XGROUP", "CREATE", key, group, "0", "MKSTREAM"})
		var ids []string
		for range 1 + g.IntN(60) {
			n := g.unique()
			ids = append(ids, strconv.Itoa(n/4)+"-"+strconv.Itoa(n%4))
			steps = append(steps, g.steps(l{"XADD", key, ids[len(ids)-1], "f", g.value()})...)
		}
		consumer := g.consumer()
		for len(ids) > 0 {
			n := min(len(ids), 1+g.IntN(10))
			steps = append(steps, g.steps(l{"XREADGROUP", "GROUP", group, consumer, "COUNT", n, "STREAMS", key, ">"})...)
			if !g.chance(4) {
				steps = append(steps, g.steps(l{"XACK", key, group, ids[:n]})...)
			}
			ids = ids[n:]
		}
		return append(steps, g.steps(l{"XPENDING", key, group}, l{"XTRIM", key, "MAXLEN", g.one("0", "5", "100")}, l{"XINFO", "GROUPS", key})...)
	}},
}

// withConsumer makes one step of a command and of what creates its consumer, so that no shrunk script parts them.
func (g *gen) withConsumer(keys []string, group, consumer string, command l) []step {
	return g.probe(row{args: func(*gen) l { return command }}.command(g), "after XGROUP CREATECONSUMER", func(do doFunc, args []string) (harness.Reply, error) {
		for _, key := range keys {
			if r, err := do("XGROUP", "CREATECONSUMER", key, group, consumer); err != nil {
				return r, err
			}
		}
		return do(args)
	})
}

// newID draws an ID above those before.
func (g *gen) newID() string {
	ms := strconv.Itoa(g.unique() / 4)
	switch g.IntN(12) {
	case 0:
		return strconv.Itoa(g.counter/4 + 1)
	case 1:
		return ms + "-" + strconv.Itoa(1+g.IntN(3))
	case 2:
		return ms + "-0"
	}
	return ms + "-*"
}

// entryID draws an ID that may be in use.
func (g *gen) entryID() string {
	if g.chance(40) {
		return []string{"0", "0-0", "0-1", "-", "+", "$", "x", "", "1-", "-1", "5-*", " 7", "+7", "18446744073709551615", "18446744073709551615-18446744073709551615",
			"18446744073709551616", "7--1", "007-01"}[g.IntN(18)]
	}
	ms := strconv.Itoa(max(0, g.counter/4-g.IntN(1+g.IntN(60))))
	if g.chance(5) {
		return ms
	}
	return ms + "-" + strconv.Itoa(g.IntN(4))
}

// idBound draws one end of a range of IDs.
func (g *gen) idBound() string {
	switch g.IntN(6) {
	case 0:
		return "-"
	case 1:
		return "+"
	case 2:
		return "(" + g.entryID()
	}
	return g.entryID()
}

// readIDs draws an ID for each of n streams, often the given word.
func (g *gen) readIDs(n int, word string) []string {
	ids := make([]string, n)
	for i := range ids {
		switch g.IntN(6) {
		case 0, 1:
			ids[i] = g.entryID()
		case 2:
			ids[i] = "0"
		default:
			ids[i] = word
		}
	}
	if g.chance(40) {
		ids[0] = []string{"$", ">"}[g.IntN(2)]
	}
	return ids
}

// groupID is where a group begins.
func (g *gen) groupID() string {
	return []string{"$", "0", g.entryID(), g.entryID()}[g.IntN(4)]
}

func (g *gen) group() string {
	if g.chance(12) {
		return "missing"
	}
	return "g" + strconv.Itoa(g.IntN(2))
}

func (g *gen) consumer() string {
	if g.chance(20) {
		return []string{"", "\x00\xff", "a-longer-name-of-a-consumer"}[g.IntN(3)]
	}
	return "c" + strconv.Itoa(g.IntN(4))
}

// idle draws a least idle time.
func (g *gen) idle() string {
	return []string{"0", "0", "0", "600000", "600000", "999999999", "-1", "x"}[g.IntN(8)]
}

// trim draws an exact trim.
func (g *gen) trim() []string {
	sign := g.one("", "", "=")
	if g.chance(3) {
		return append(append([]string{"MINID"}, sign...), g.entryID())
	}
	return append(append([]string{"MAXLEN"}, sign...), g.one("0", "1", "3", "10", "10", "30", "30", "100", "-1", "x")...)
}

// streamTimes compares replies of XINFO and XPENDING, where times may differ a little. Redis's tree does not exist here, and its
// size is an estimate.
func streamTimes(_ []string, redis, ours harness.Reply) string {
	if why := sameShape(redis, ours); why != "" {
		return why
	}
	if redis.Str != ours.Str {
		return "replies differ"
	}
	pending := len(redis.Elems) >= 3 && redis.Elems[len(redis.Elems)-1].Kind == harness.Int && redis.Elems[len(redis.Elems)-2].Kind == harness.Int
	for i := range redis.Elems {
		a, b := redis.Elems[i], ours.Elems[i]
		if i > 0 {
			switch redis.Elems[i-1].Str {
			case "radix-tree-keys", "radix-tree-nodes":
				continue
			case "idle", "seen-time":
				if why := near(ttlToleranceMillis)(nil, a, b); why != "" {
					return why
				}
				continue
			}
		}
		if pending && i == len(redis.Elems)-2 { // ID, consumer perhaps, time, deliveries
			if why := near(ttlToleranceMillis)(nil, a, b); why != "" {
				return why
			}
			continue
		}
		if why := streamTimes(nil, a, b); why != "" {
			return why
		}
	}
	if redis.Int != ours.Int {
		return "replies differ"
	}
	return ""
}

// withoutActivity takes out of XINFO what 7.0 does not say of consumers.
func withoutActivity(r harness.Reply) harness.Reply {
	var elems []harness.Reply
	for i := 0; i < len(r.Elems); i++ {
		if s := r.Elems[i].Str; (s == "active-time" || s == "inactive") && i+1 < len(r.Elems) && r.Elems[i+1].Kind == harness.Int {
			i++
			continue
		}
		elems = append(elems, withoutActivity(r.Elems[i]))
	}
	r.Elems = elems
	return r
}

// withoutProgress takes out of XINFO how far a group has read.
func withoutProgress(r harness.Reply) harness.Reply {
	var elems []harness.Reply
	for i := 0; i < len(r.Elems); i++ {
		if s := r.Elems[i].Str; (s == "entries-read" || s == "lag") && i+1 < len(r.Elems) {
			i++
			continue
		}
		elems = append(elems, withoutProgress(r.Elems[i]))
	}
	r.Elems = elems
	return r
}
