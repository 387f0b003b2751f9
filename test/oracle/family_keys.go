package oracle

import (
	"strconv"
	"time"

	"github.com/haypile/haypile/test/harness"
)

var keyRows = []row{
	{"DEL", 10, func(g *gen) l { return l{g.many(3, g.anyKey)} }},
	{"UNLINK", 3, func(g *gen) l { return l{g.many(3, g.anyKey)} }},
	{"EXISTS", 6, func(g *gen) l { return l{g.many(4, g.anyKey)} }},
	{"TOUCH", 2, func(g *gen) l { return l{g.many(3, g.anyKey)} }},
	{"TYPE", 6, func(g *gen) l { return l{g.anyKey()} }},
	{"RENAME", 5, func(g *gen) l { return l{g.anyKey(), g.anyKey()} }},
	{"RENAMENX", 4, func(g *gen) l { return l{g.anyKey(), g.anyKey()} }},
	{"COPY", 6, func(g *gen) l { return l{g.anyKey(), g.anyKey(), g.maybe(2, "REPLACE")} }},
	{"KEYS", 2, func(g *gen) l { return l{g.pattern()} }},
	{"OBJECT ENCODING", 6, func(g *gen) l { return l{g.anyKey()} }},
	{"OBJECT IDLETIME", 1, func(g *gen) l { return l{g.anyKey()} }},
	{"OBJECT REFCOUNT", 1, func(g *gen) l { return l{g.anyKey()} }},

	{"EXPIRE", 6, func(g *gen) l { return l{g.anyKey(), g.relativeSeconds(), g.maybe(6, "NX")} }},
	{"EXPIRE", 2, func(g *gen) l { return l{g.anyKey(), g.uniqueSeconds(), g.one("GT", "LT", "XX", "XX GT", "LT XX")} }},
	{"PEXPIRE", 4, func(g *gen) l { return l{g.anyKey(), g.relativeMillis(), g.maybe(6, "NX")} }},
	{"EXPIREAT", 4, func(g *gen) l { return l{g.anyKey(), g.absoluteSeconds(), g.expireFlags()} }},
	{"PEXPIREAT", 6, func(g *gen) l { return l{g.anyKey(), g.absoluteMillis(), g.expireFlags()} }},
	{"PERSIST", 5, func(g *gen) l { return l{g.anyKey()} }},
	{"TTL", 4, func(g *gen) l { return l{g.anyKey()} }},
	{"PTTL", 4, func(g *gen) l { return l{g.anyKey()} }},
	{"EXPIRETIME", 3, func(g *gen) l { return l{g.anyKey()} }},
	{"PEXPIRETIME", 3, func(g *gen) l { return l{g.anyKey()} }},
	{"RESTORE", 8, func(g *gen) l { return l{g.anyKey(), g.restoreTTL(), g.payload(), g.restoreOptions()} }},
	{"RESTORE", 1, func(g *gen) l { return l{g.anyKey(), g.absoluteMillis(), g.payload(), "REPLACE", "ABSTTL"} }},
	{"MIGRATE", 1, func(g *gen) l {
		return l{"127.0.0.1", "1", g.one("missing"), g.one("0", "x"), g.one("100", "x"), g.one("", "COPY", "AUTH", "FOO", "KEYS a b")}
	}},
	{"FLUSHDB", 1, func(g *gen) l { return l{g.one("", "", "ASYNC", "SYNC", "BAD")} }},
}

// Relative times are hours ahead, so that nothing ends during a run, and keep away from absolute ones, which are decades
// ahead or past: two servers execute a command some milliseconds apart, and no comparison (GT, LT) may hang on those.

func (g *gen) relativeSeconds() string {
	if g.chance(6) {
		return []string{"0", "-1", "-100000", "9223372036854775807", "-9223372036854775808", "9223372036854775", "abc", "", "1.5"}[g.IntN(9)]
	}
	return strconv.Itoa(20000 + g.IntN(10000))
}

// uniqueSeconds never meet an earlier relative time again.
func (g *gen) uniqueSeconds() string {
	if g.chance(2) {
		return strconv.Itoa(19000 - g.unique()%10000)
	}
	return strconv.Itoa(50000 + 17*g.unique())
}

func (g *gen) relativeMillis() string {
	if g.chance(6) {
		return []string{"0", "-1", "-100000", "9223372036854775807", "-9223372036854775808", "abc", ""}[g.IntN(7)]
	}
	return strconv.Itoa(20_000_000 + g.IntN(10_000_000))
}

func (g *gen) absoluteSeconds() string {
	if g.chance(5) {
		return []string{"0", "1", "-1", "1000000000", "9223372036854775807", "9223372036854775", "9223372036854776", "x"}[g.IntN(8)]
	}
	return strconv.Itoa(4102444800 + 86400*g.IntN(200))
}

func (g *gen) absoluteMillis() string {
	if g.chance(5) {
		return []string{"0", "1", "-1", "1000000000000", "9223372036854775807", "-9223372036854775808", "x"}[g.IntN(7)]
	}
	return strconv.Itoa(4102444800123 + 1000*g.IntN(2000))
}

func (g *gen) expireFlags() []string {
	if g.chance(2) {
		return nil
	}
	return g.one("NX", "XX", "GT", "LT", "XX LT", "NX XX", "NX GT", "GT LT", "gt", "FOO")
}

// pauseForExpiry is longer than the short times to live that are generated.
const pauseForExpiry = 25 * time.Millisecond

var keyScenarios = []scenario{
	{"SCAN", 5, func(g *gen) []step {
		args := row{"SCAN", 0, func(g *gen) l {
			return l{"0", g.maybe(3, "MATCH", g.pattern()), g.maybe(3, "COUNT", 1+g.IntN(50)), g.maybe(4, "TYPE", g.one("string", "hash", "list", "set", "zset", "ZSET", "nosuch"))}
		}}.command(g)
		return g.probe(args, "complete iteration, as a set", iterate)
	}},
	{"RANDOMKEY", 2, func(g *gen) []step {
		return g.probe([]string{"RANDOMKEY"}, "is the reply an existing key?", func(do doFunc, args []string) (harness.Reply, error) {
			r, err := do(args)
			if err != nil || r.Null {
				return r, err
			}
			return do("EXISTS", r.Str)
		})
	}},
	{"DBSIZE", 2, (*gen).dbsize},
	{"DUMP", 3, (*gen).dumpAndRestore},
	{"short life", 1, func(g *gen) []step {
		key := g.anyKey()
		ttl := strconv.Itoa(1 + g.IntN(10))
		set := []l{
			{"PEXPIRE", key, ttl},
			{"SET", key, g.value(), "PX", ttl},
			{"PSETEX", key, ttl, g.value()},
			{"GETEX", key, "PX", ttl},
		}[g.IntN(4)]
		steps := g.steps(set)
		steps[0].pause = pauseForExpiry
		return append(steps, g.steps(l{"EXISTS", key}, l{"TYPE", key}, l{"PTTL", key})...)
	}},
}

// probe makes a step of a probe.
func (g *gen) probe(args []string, explain string, run func(do doFunc, args []string) (harness.Reply, error)) []step {
	if g.chance(20) {
		g.db = g.IntN(dbCount)
	} else if g.chance(3) {
		g.db = 0
	}
	return []step{{conn: connProbe, args: args, probe: &probe{db: g.db, explain: explain, run: run}}}
}
