package oracle

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/haypile/haypile/test/harness"
)

// difference is a way in which Haypile means to reply otherwise than redis-server 7.0.15.
type difference struct {
	commands string // for the reader
	what     string
	reason   string
	// match recognizes it. It must not match anything else.
	match func(args []string, redis, ours harness.Reply) bool
}

// differences are all intended differences, in the order of the document. A row added here is a promise to users: it needs a reason
// that they would accept.
var differences = []difference{
	{
		commands: "CONFIG REWRITE",
		what:     "A server that was started without a configuration file writes `config-rewrite.conf` into its data directory, where Redis refuses.",
		reason:   "Codis and Sentinel store a promotion with it, and Codis takes a refusal for a failure.",
		match: func(args []string, redis, ours harness.Reply) bool {
			return len(args) == 2 && strings.EqualFold(args[0], "CONFIG") && strings.EqualFold(args[1], "REWRITE") &&
				strings.HasPrefix(redis.Str, "ERR The server is running without a config file") && ours.Str == "OK"
		},
	},
	{
		commands: "OBJECT ENCODING",
		what:     "A small list is `listpack`, where 7.0 has `quicklist` for every list.",
		reason:   "Haypile follows Redis 7.2, which packs small lists.",
		match:    encodings("quicklist", "listpack"),
	},
	{
		commands: "OBJECT ENCODING",
		what:     "A small set that is not all integers is `listpack`, where 7.0 has `hashtable`.",
		reason:   "Haypile follows Redis 7.2, which packs small sets.",
		match:    encodings("hashtable", "listpack"),
	},
	{
		commands: "OBJECT ENCODING",
		what:     "The encoding of a string (`int`, `embstr`, `raw`) follows from its value; in Redis also from how it came about (APPEND, SETRANGE).",
		reason:   "It says how Redis lays a string out in memory. Haypile keeps the value alone.",
		match: func(args []string, redis, ours harness.Reply) bool {
			return encodings("raw", "embstr")(args, redis, ours) || encodings("raw", "int")(args, redis, ours) || encodings("embstr", "int")(args, redis, ours)
		},
	},
	{
		commands: "OBJECT ENCODING",
		what:     "A small sorted set stays `listpack` when SORT reads it, where Redis makes it `skiplist`.",
		reason:   "A command that reads does not write.",
		match:    encodings("skiplist", "listpack"), // SORT of a sorted set
	},
	{
		commands: "BLPOP, BZPOPMIN and the like",
		what:     "A time-out that is too large to be held is `timeout is out of range`, where 7.0 says that it is negative.",
		reason:   "Haypile follows Redis 7.2.",
		match:    errorTexts("ERR timeout is negative", "ERR timeout is out of range"),
	},
	{
		commands: "LPOS … RANK",
		what:     "-9223372036854775808 is out of range, where 7.0 takes it for -1.",
		reason:   "Haypile follows Redis 7.2.",
		match: func(args []string, redis, ours harness.Reply) bool {
			return len(args) > 0 && strings.EqualFold(args[0], "LPOS") && ours.IsError() && strings.HasPrefix(ours.Str, "ERR value is out of range, value must between")
		},
	},
	{
		commands: "ACL LIST, ACL GETUSER",
		what:     "Rules about several commands are shown in the order given, without those that have no effect; 7.0 looks for the shortest rules that allow the same.",
		reason:   "Haypile follows Redis 7.2.",
		match:    never,
	},
	{
		commands: "ACL LOG",
		what:     "Entries have `entry-id`, `timestamp-created` and `timestamp-last-updated` as well.",
		reason:   "Haypile follows Redis 7.2.",
		match:    never,
	},
	{
		commands: "ACL SETUSER",
		what:     "Rules may name commands of Redis that Haypile does not have.",
		reason:   "Existing ACL files can be used; to forbid what is not there does no harm.",
		match:    never,
	},
	{
		commands: "RESTORE",
		what:     "Payloads of Redis 7.2 and 7.4 are taken; every payload is checked to the last byte, as with `sanitize-dump-payload yes`, and one that is cut off is refused.",
		reason:   "Data can be moved from later versions; damaged data must not get in.",
		match:    never,
	},
	{
		commands: "DUMP",
		what:     "Large lists are written element by element, small sets that are not all integers too; nothing is compressed.",
		reason:   "Redis reads all of it.",
		match:    never,
	},
	{
		commands: "MIGRATE",
		what:     "A connection is made each time, where Redis keeps one for ten seconds. Other keys can be used meanwhile.",
		reason:   "Move many keys at once with KEYS.",
		match:    never,
	},
	{
		commands: "ZRANK, ZREVRANK",
		what:     "A fourth argument is an option (WITHSCORE), so that a wrong one is a syntax error and not a wrong number of arguments.",
		reason:   "Haypile follows Redis 7.2.",
		match: func(args []string, redis, ours harness.Reply) bool {
			says := "ERR wrong number of arguments"
			if len(args) > 2 && strings.EqualFold(args[0], "COMMAND") && strings.HasPrefix(strings.ToUpper(args[1]), "GETKEYS") {
				args, says = args[2:], "ERR Invalid number of arguments"
			}
			return len(args) == 4 && (strings.EqualFold(args[0], "ZRANK") || strings.EqualFold(args[0], "ZREVRANK")) &&
				redis.IsError() && strings.HasPrefix(redis.Str, says)
		},
	},
	{
		commands: "KEYS",
		what:     "A second argument is a type (`KEYS * hash`), so that COMMAND INFO has -2 for the number of arguments.",
		reason:   "Pika has it.",
		match:    never,
	},
	{
		commands: "OBJECT IDLETIME",
		what:     "A key that is not in memory has been idle since the server started; one that was written in the last two seconds, not at all.",
		reason:   "To keep the time of every use on disk would cost a write for each read.",
		match:    never, // objectRule
	},
	{
		commands: "OBJECT FREQ, with a maxmemory-policy of lfu",
		what:     "The reply is 5, less one for each minute since the key was used, never below 0. OBJECT IDLETIME replies as with other policies.",
		reason:   "Nothing is evicted, so that uses are not counted; 5 is what Redis begins with, and it takes away one each minute.",
		match:    never,
	},
	{
		commands: "RESTORE with IDLETIME or FREQ",
		what:     "Both are checked and not kept: the key is new.",
		reason:   "They are for choosing what to evict, and nothing is evicted.",
		match:    never,
	},
	{
		commands: "RESTORE, FUNCTION RESTORE",
		what:     "A payload of an RDB version that is later than can be read is told so behind Redis's error, with what has written it and what to do.",
		reason:   "Redis's words leave open whether the payload is damaged.",
		match: func(_ []string, redis, ours harness.Reply) bool {
			return redis.IsError() && ours.IsError() && strings.HasPrefix(ours.Str, redis.Str+": it is of RDB version ")
		},
	},
	{
		commands: "GEOSEARCH and the like",
		what:     "The order of members at the same distance; with COUNT, which of them are returned.",
		reason:   "Redis's order comes from how it sorts, and is nobody's promise.",
		match:    never, // geoRule
	},
	{
		commands: "COMMAND DOCS",
		what:     "Arguments have the names, and the text for display, of Redis 7.2. There is no history, and the summary and the effort are Haypile's.",
		reason:   "In 7.0 arguments of one command may have the same name. What costs how much is otherwise on disk.",
		match:    never,
	},
	{
		commands: "COMMAND INFO",
		what:     "SORT has no key specification for the keys that BY and GET make up.",
		reason:   "Such keys have no place among the arguments.",
		match:    never,
	},
	{
		commands: "keyspace events on replicas",
		what:     "They are the master's: `spop` for SPOP and `expired` for a key that expired, where a replica of Redis publishes `srem` and `del`. Events of different databases have no order among each other. A replica that has just turned events on hears of changes from about 0.1 s later on; one that was away for more than a minute, or whose master has restarted, does not hear of what happened meanwhile.",
		reason:   "A replica follows effects; the master notes its events beside them while a replica asks for them.",
		match:    never,
	},
	{
		commands: "XREAD, XREADGROUP",
		what:     "A key without its ID is `Unbalanced 'xread' list of streams`, where 7.0 has XREAD for both and $ where > is meant.",
		reason:   "Haypile follows Redis 7.2.",
		match: func(_ []string, redis, ours harness.Reply) bool {
			return redis.IsError() && ours.IsError() && strings.HasPrefix(redis.Str, "ERR Unbalanced XREAD") && strings.HasPrefix(ours.Str, "ERR Unbalanced '")
		},
	},
	{
		commands: "XINFO CONSUMERS, XINFO STREAM … FULL",
		what:     "A consumer has `inactive`, `active-time`: when it last got something. `idle`, `seen-time` say when it last tried to; in 7.0 they are about the former.",
		reason:   "Haypile follows Redis 7.2.",
		match: func(args []string, redis, ours harness.Reply) bool {
			return len(args) > 1 && strings.EqualFold(args[0], "XINFO") && streamTimes(args, redis, withoutActivity(ours)) == ""
		},
	},
	{
		commands: "XINFO GROUPS, XINFO STREAM … FULL",
		what: "After XTRIM, XDEL or XADD with a limit past a group's position, `lag` is what the stream has left or null, and `entries-read` " +
			"is counted anew; neither is negative or more than XSETID has said. In 7.0 they go on from what was read before.",
		reason: "Haypile follows Redis 7.2 and 8, which have mended it: what scales consumers reads the lag.",
		match: func(args []string, redis, ours harness.Reply) bool {
			return len(args) > 1 && strings.EqualFold(args[0], "XINFO") && streamTimes(args, withoutProgress(redis), withoutProgress(withoutActivity(ours))) == ""
		},
	},
	{
		commands: "XSETID",
		what:     "An ID below the greatest one that XDEL has removed is refused.",
		reason:   "Haypile follows Redis 7.2.",
		match: func(args []string, redis, ours harness.Reply) bool {
			return len(args) > 2 && strings.EqualFold(args[0], "XSETID") && ours.Str == "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
		},
	},
	{
		commands: "XREADGROUP, XCLAIM, XAUTOCLAIM",
		what:     "The consumer is created in any case; in 7.0 only if it gets something.",
		reason:   "Haypile follows Redis 7.2.",
		match:    never,
	},
	{
		commands: "XREADGROUP … BLOCK",
		what:     "When the key or the group goes, who waits is told `NOGROUP No such key … or consumer group …`, or WRONGTYPE. 7.0 has other words.",
		reason:   "Haypile follows Redis 7.2: the command is run once more.",
		match:    never,
	},
	{
		commands: "XADD, XTRIM with ~",
		what:     "Nodes are those of Redis (`stream-node-max-entries`, `stream-node-max-bytes`) as long as nothing was removed with XDEL. If so, a node whose first entry was removed counts as part of the one before it, and removed entries do not keep a node from being trimmed by MINID.",
		reason:   "Entries are kept one by one; only where a node begins is remembered. What ~ removes is Redis's choice, within the bounds that the client gives.",
		match:    never,
	},
	{
		commands: "MEMORY STATS",
		what:     "The fields are the parts of Haypile's memory: caches, buffers, heap.",
		reason:   "There is no allocator of Redis to describe, and data is on disk.",
		match:    never,
	},
	{
		commands: "CLIENT TRACKING off",
		what:     "When the last client that tracks says so, the keys that were read are forgotten: no invalidation for them comes after CLIENT TRACKING on.",
		reason:   "The client has said that it keeps no copies any more.",
		match:    never,
	},
	{
		commands: "keyspace events of class m (keymiss)",
		what:     "Commands that write do not tell of the keys that they look for in vain, such as the source of ZRANGESTORE.",
		reason:   "The class is for finding what a cache misses.",
		match:    never,
	},
	{
		commands: "XINFO STREAM",
		what:     "`radix-tree-keys` and `radix-tree-nodes` are an estimate.",
		reason:   "There is no such tree.",
		match:    never, // streamTimes does not look at them
	},
	{
		commands: "EXEC, with RESP3",
		what: "Messages to the client itself that a transaction causes (PUBLISH, keyspace events) come before the reply to EXEC, " +
			"where 7.0 puts them among its elements.",
		reason: "RESP3 allows no push inside of another reply; Redis has mended it in 7.2.",
		match:  never, // TestOwnMessagesAmongReplies
	},
}

// never is for what is not generated.
func never([]string, harness.Reply, harness.Reply) bool { return false }

// encodings matches OBJECT ENCODING with this pair of replies. The spelling "object" stands for an encoding that must be the same.
func encodings(redisSays, oursSays string) func(args []string, redis, ours harness.Reply) bool {
	return func(args []string, redis, ours harness.Reply) bool {
		return len(args) == 3 && args[0] != freshEncoding && strings.EqualFold(args[0], "OBJECT") && strings.EqualFold(args[1], "ENCODING") &&
			redis.Str == redisSays && ours.Str == oursSays
	}
}

// errorTexts matches a refusal that the two put into different words.
func errorTexts(redisSays, oursSays string) func(args []string, redis, ours harness.Reply) bool {
	return func(_ []string, redis, ours harness.Reply) bool {
		return redis.IsError() && ours.IsError() && redis.Str == redisSays && ours.Str == oursSays
	}
}

// differencesSeen counts how often each row has been needed, for the log of a run.
var differencesSeen = make([]atomic.Int64, len(differences))

// intended reports whether a row of the table allows for the difference.
func intended(args []string, redis, ours harness.Reply) bool {
	for i, d := range differences {
		if d.match(args, redis, ours) {
			differencesSeen[i].Add(1)
			return true
		}
	}
	return false
}

// DifferencesDocument renders the table as docs/differences.md.
func DifferencesDocument() string {
	var b strings.Builder
	b.WriteString(`# Where Haypile replies otherwise than Redis

<!-- Written by ORACLE_WRITE_DOCS=1 go test ./test/oracle -run TestDifferencesDocument; the table is in test/oracle/differences.go. -->

The oracle test sends generated commands to redis-server 7.0.15 and to Haypile and compares the replies. These differences
are intended; every other one is a bug.

| commands | difference | reason |
|---|---|---|
`)
	for _, d := range differences {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", d.commands, d.what, d.reason)
	}
	b.WriteString(`
Not compared byte by byte, because Redis promises nothing there either: the order of the members of sets and of the fields of hashes,
which members a random command picks, the order of a SCAN, idle times and reference counts, and a score's number of digits
as long as its value is the same.
`)
	return b.String()
}
