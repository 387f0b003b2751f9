package oracle

import (
	"slices"
	"strings"

	"github.com/haypile/haypile/test/harness"
)

// serverRows ask about the server, its clients and its commands what two servers must answer alike.
var serverRows = []row{
	{"CLIENT GETNAME", 4, func(*gen) l { return nil }},
	{"CLIENT SETNAME", 4, func(g *gen) l { return l{[]string{"", "name", "n2", "two words", "\x00", "caf\xc3\xa9"}[g.IntN(6)]} }},
	{"CLIENT ID", 1, func(*gen) l { return nil }},
	{"CLIENT INFO", 1, func(*gen) l { return nil }},
	{"CLIENT GETREDIR", 1, func(*gen) l { return nil }},
	{"CLIENT TRACKINGINFO", 1, func(*gen) l { return nil }},
	{"CLIENT CACHING", 1, func(g *gen) l { return l{g.one("yes", "NO", "x")} }},
	{"CLIENT NO-EVICT", 1, func(g *gen) l { return l{g.one("on", "OFF", "x")} }},
	{"CLIENT UNBLOCK", 2, func(g *gen) l { return l{g.one("99999999", "x", "-1"), g.maybe(2, g.one("TIMEOUT", "error", "x"))} }},
	{"CLIENT UNPAUSE", 1, func(*gen) l { return nil }},
	{"CLIENT LIST", 1, func(g *gen) l {
		return l{g.one("TYPE normal", "TYPE x", "ID 0", "ID x", "TYPE replica", "x", "ID 99999999")}
	}},
	{"CLIENT KILL", 1, func(g *gen) l {
		return l{g.one("ID 99999999", "ID x", "127.0.0.1:1", "TYPE x", "USER nobody", "ADDR 1.2.3.4:5", "LADDR 1.2.3.4:5", "x y", "ID 99999998 SKIPME no", "SKIPME maybe")}
	}},
	{"COMMAND GETKEYS", 8, func(g *gen) l { return l{g.dataCommand()} }},
	{"COMMAND GETKEYSANDFLAGS", 8, func(g *gen) l { return l{g.dataCommand()} }},
	{"COMMAND LIST", 2, func(g *gen) l {
		return l{"FILTERBY", g.one("PATTERN z*store", "PATTERN x*", "PATTERN *card", "MODULE nosuch", "ACLCAT nosuch", "ACLCAT hyperloglog", "X y")}
	}},
	{"CONFIG GET", 4, func(g *gen) l {
		return l{g.many(3, func() string {
			return g.one("zset-max-*", "list-max-*", "nosuch", "slowlog-max-len", "set-max-intset-entries", "hll-*", "MAXMEMORY-policy", "timeout", "notify-keyspace-events")[0]
		})}
	}},
	{"DEBUG", 1, func(g *gen) l { return l{g.one("OBJECT x", "SLEEP 0", "HELP", "JMAP")} }},
	{"FAILOVER", 1, func(g *gen) l {
		return l{g.one("", "ABORT", "TO 127.0.0.1", "TIMEOUT x", "FORCE", "TIMEOUT 0", "TO 127.0.0.1 1 TO 127.0.0.1 1", "X")}
	}},
	{"LATENCY LATEST", 1, func(*gen) l { return nil }},
	{"LATENCY HISTORY", 1, func(g *gen) l { return l{g.one("command", "fork", "nosuch")} }},
	{"LATENCY GRAPH", 1, func(g *gen) l { return l{g.one("command", "nosuch")} }},
	{"LATENCY RESET", 1, func(g *gen) l { return l{g.one("", "command", "nosuch fork")} }},
	{"LATENCY DOCTOR", 1, func(*gen) l { return nil }},
	{"LATENCY HISTOGRAM", 1, func(*gen) l { return l{"nosuch"} }},
	{"MEMORY USAGE", 4, func(g *gen) l { return l{g.anyKey(), g.maybe(3, "SAMPLES", g.one("0", "5", "-1", "x"))} }},
	{"MEMORY DOCTOR", 1, func(*gen) l { return nil }},
	{"MEMORY STATS", 1, func(*gen) l { return nil }},
	{"MEMORY PURGE", 1, func(*gen) l { return nil }},
	{"MEMORY MALLOC-STATS", 1, func(*gen) l { return nil }},
	{"OBJECT FREQ", 2, func(g *gen) l { return l{g.anyKey()} }},
	{"PUBLISH", 2, func(g *gen) l { return l{g.one("ch1", "ch2"), g.value()} }},
	{"SPUBLISH", 2, func(g *gen) l { return l{g.one("ch1", "ch2"), g.value()} }},
	{"PUBSUB CHANNELS", 1, func(g *gen) l { return l{g.maybe(2, g.pattern())} }},
	{"PUBSUB SHARDCHANNELS", 1, func(g *gen) l { return l{g.maybe(2, g.pattern())} }},
	{"PUBSUB NUMSUB", 1, func(g *gen) l { return l{g.elems(3)} }},
	{"PUBSUB SHARDNUMSUB", 1, func(g *gen) l { return l{g.elems(3)} }},
	{"PUBSUB NUMPAT", 1, func(*gen) l { return nil }},
	{"ROLE", 1, func(*gen) l { return nil }},
	{"SLOWLOG HELP", 1, func(*gen) l { return nil }},
	{"SLOWLOG GET", 1, func(g *gen) l { return l{g.one("0", "x", "-2")} }},
	{"WAIT", 1, func(g *gen) l { return l{g.one("0 0", "0 10", "x 0", "0 x", "0 -1", "-1 0")} }},
	{"LASTSAVE", 1, func(*gen) l { return nil }},
	{"TIME", 1, func(*gen) l { return nil }},
	{"LOLWUT", 1, func(g *gen) l { return l{g.maybe(2, "VERSION", g.one("5", "6", "x"))} }},
	{"READONLY", 1, func(*gen) l { return nil }},
	{"READWRITE", 1, func(*gen) l { return nil }},
	{"ASKING", 1, func(*gen) l { return nil }},
	{"CLUSTER", 3, func(g *gen) l {
		return l{g.one("ADDSLOTS", "ADDSLOTSRANGE", "BUMPEPOCH", "COUNT-FAILURE-REPORTS", "COUNTKEYSINSLOT", "DELSLOTS", "DELSLOTSRANGE", "FAILOVER", "FLUSHSLOTS", "FORGET",
			"GETKEYSINSLOT", "HELP", "INFO", "KEYSLOT", "LINKS", "MEET", "MYID", "NODES", "REPLICAS", "REPLICATE", "RESET", "SAVECONFIG", "SET-CONFIG-EPOCH", "SETSLOT", "SHARDS",
			"SLAVES", "SLOTS", "nosuch"), g.maybe(2, "1", g.maybe(2, "2"))}
	}},
	{"MODULE LIST", 1, func(*gen) l { return nil }},
	{"MODULE LOAD", 1, func(g *gen) l { return l{"nosuch", g.maybe(2, "arg")} }},
	{"MODULE LOADEX", 1, func(g *gen) l { return l{"nosuch", g.maybe(2, "CONFIG", "a", "b")} }},
	{"MODULE UNLOAD", 1, func(*gen) l { return l{"nosuch"} }},
	{"XGROUP HELP", 1, func(*gen) l { return nil }},
	{"XINFO HELP", 1, func(*gen) l { return nil }},
	{"PFSELFTEST", 1, func(*gen) l { return nil }},
	{"PFDEBUG", 2, func(g *gen) l { return l{g.one("DECODE", "ENCODING", "TODENSE", "GETREG", "x"), g.key(hlls)} }},
}

// helpRows ask each container of subcommands.
func helpRows() []row {
	var rows []row
	for _, container := range strings.Fields("ACL CLIENT COMMAND CONFIG FUNCTION LATENCY MEMORY OBJECT PUBSUB SCRIPT MODULE") {
		rows = append(rows, row{container + " HELP", 1, func(*gen) l { return nil }})
	}
	return rows
}

// Not for transactions and mutations: they would hold clients up, change the protocol, or last.
var serverScenarios = []scenario{
	{"CONFIG SET", 4, func(g *gen) []step {
		switch g.IntN(3) {
		case 0:
			return g.steps(l{"CONFIG", "SET", g.one("nosuch 1", "maxmemory", "slowlog-max-len x", "timeout -1", "port", "slowlog-max-len 5 slowlog-max-len 6", "appendonly maybe",
				"notify-keyspace-events Q", "maxmemory-policy nosuch", "list-max-listpack-size x")})
		case 1:
			n := g.one("10", "128", "77")
			return g.steps(l{"CONFIG", "SET", "slowlog-max-len", n}, l{"CONFIG", "GET", "slowlog-max-len"})
		}
		return g.steps(l{"CONFIG", "SET", "notify-keyspace-events", g.one("KEA", "Ex", "", "K$lshzx", "AKE", "gm")}, l{"CONFIG", "GET", "notify-keyspace-events"},
			l{"CONFIG", "SET", "notify-keyspace-events", ""})
	}},
	{"CONFIG", 1, func(g *gen) []step {
		return g.steps([]l{{"CONFIG", "RESETSTAT"}, {"CONFIG", "REWRITE"}, {"CONFIG", "GET"}, {"CONFIG"}, {"CONFIG", "NOSUCH"}}[g.IntN(5)])
	}},
	{"COMMAND", 1, func(g *gen) []step {
		return g.steps([]l{{"COMMAND", "NOSUCH"}, {"COMMAND", "INFO", "nosuch"}, {"COMMAND", "DOCS", "nosuch"}, {"COMMAND", "GETKEYS"}, {"COMMAND", "GETKEYS", "nosuch"}}[g.IntN(5)])
	}},
	{"COMMAND INFO", 3, func(g *gen) []step {
		args := g.dataCommand()
		if strings.HasSuffix(args[0], "RANK") || args[0] == "KEYS" { // take one argument more than in 7.0
			args[0] = "ZADD"
		}
		return g.probe([]string{"COMMAND", "INFO", args[0]}, "name, arity and places of keys", func(do doFunc, args []string) (harness.Reply, error) {
			r, err := do(args)
			if err != nil || len(r.Elems) != 1 || len(r.Elems[0].Elems) < 7 {
				return r, err
			}
			r.Elems[0].Elems = slicesOf(r.Elems[0].Elems, 0, 1, 3, 4, 5)
			return r, nil
		})
	}},
	{"CLIENT PAUSE", 1, func(g *gen) []step {
		return g.steps(l{"CLIENT", "PAUSE", g.one("0", "x", "-1", "0 ALL", "0 WRITE", "0 x", "")}, l{"CLIENT", "UNPAUSE"})
	}},
	{"CLIENT REPLY", 1, func(g *gen) []step { return g.steps(l{"CLIENT", "REPLY", g.one("ON", "x")}) }},
	{"SLOWLOG", 1, func(g *gen) []step {
		return g.steps(l{"SLOWLOG", "RESET"}, l{"SLOWLOG", g.one("GET 0", "NOSUCH", "GET x")})
	}},
	{"AUTH", 2, func(g *gen) []step {
		return g.steps(l{"AUTH", []string{"x", "default", "nobody"}[g.IntN(3)], g.maybe(2, "pw"), g.maybe(10, "more")})
	}},
	{"HELLO", 2, func(g *gen) []step {
		return g.steps(l{"HELLO", g.one("1", "4", "x", "3 AUTH a", "3 SETNAME", "3 X", "3 AUTH nobody pw", "-1")})
	}},
	{"REPLICAOF", 1, func(g *gen) []step {
		return g.steps(l{g.one("REPLICAOF", "SLAVEOF"), g.one("NO ONE", "no one", "a b c", "127.0.0.1 x", "x")})
	}},
	{"SCRIPT", 1, func(g *gen) []step {
		return g.steps([]l{{"SCRIPT", "KILL"}, {"FUNCTION", "KILL"}, {"EVALSHA_RO", scriptSHAs[0], "0"}, {"EVALSHA_RO", "x", "0"}}[g.IntN(4)])
	}},
	{"FUNCTION DUMP", 1, func(g *gen) []step {
		return g.probe([]string{"FUNCTION", "DUMP"}, "the libraries are restored from their payload", func(do doFunc, args []string) (harness.Reply, error) {
			payload, err := do(args)
			if err != nil {
				return payload, err
			}
			return do("FUNCTION", "RESTORE", payload.Str, "REPLACE")
		})
	}},
	{"FUNCTION RESTORE", 1, func(g *gen) []step {
		return g.steps(l{"FUNCTION", "RESTORE", g.payload(), g.one("", "APPEND", "FLUSH", "x")})
	}},
	{"INFO", 1, func(g *gen) []step {
		return g.probe([]string{"INFO", g.one("server", "clients", "memory", "stats", "replication", "cpu", "keyspace", "errorstats", "nosuch", "persistence")[0]},
			"the name of the section", func(do doFunc, args []string) (harness.Reply, error) {
				r, err := do(args)
				r.Str, _, _ = strings.Cut(r.Str, "\n")
				return r, err
			})
	}},
}

// slicesOf picks elements by their places.
func slicesOf(elems []harness.Reply, places ...int) []harness.Reply {
	picked := make([]harness.Reply, len(places))
	for i, p := range places {
		picked[i] = elems[p]
	}
	return picked
}

// dataRows are the rows of the families whose commands are about keys.
var dataRows = slices.Concat(keyRows, stringRows, bitmapRows, hashRows, listRows, setRows, zsetRows, zstoreRows, geoRows, hllRows, streamRows, sortRows)

// dataCommand draws a plain command about keys.
func (g *gen) dataCommand() []string {
	return dataRows[g.IntN(len(dataRows))].command(g)
}

// dbsize counts keys until both ways of counting agree. A key past its time is counted by DBSIZE until it is deleted, which happens soon, but not at once, on
// either side; SCAN shows no such key.
func (g *gen) dbsize() []step {
	return g.probe([]string{"DBSIZE"}, "as soon as it agrees with SCAN", func(do doFunc, _ []string) (harness.Reply, error) {
		names, err := countedNames(do)
		return text("%d keys", len(names)), err
	})
}
