package oracle

import (
	"slices"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// Conversations are for what changes a connection, or what arrives unasked: publish/subscribe, tracking, MONITOR, RESET, QUIT. They
// have two connections of their own, and all that came over each is compared.
var talkScenarios = []scenario{
	{"pub/sub", 10, func(g *gen) []step {
		channels := func() []string { return g.many(3, func() string { return g.one("ch1", "ch2", "ch3")[0] }) }
		var script []line
		for range 3 + g.IntN(10) {
			switch g.IntN(9) {
			case 0, 1:
				script = append(script, line{0, flat("SUBSCRIBE", channels())})
			case 2:
				script = append(script, line{0, flat("PSUBSCRIBE", g.many(2, func() string { return g.one("ch*", "*", "ch[12]", "x*")[0] }))})
			case 3:
				script = append(script, line{0, flat("SSUBSCRIBE", channels())})
			case 4:
				script = append(script, line{0, flat(g.one("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"), g.maybe(2, g.one("ch1", "ch*", "ch2")))})
			case 5:
				script = append(script, line{0, flat(g.one("GET s0", "PING hello", "MULTI", "EXEC", "SUBSCRIBE", "RESET", "DISCARD"))})
			case 6:
				script = append(script, line{1, flat("PUBSUB", g.one("NUMSUB ch1 ch2", "NUMPAT", "SHARDNUMSUB ch1", "CHANNELS nosuch*"))})
			default:
				script = append(script, line{1, flat(g.one("PUBLISH", "PUBLISH", "SPUBLISH"), g.one("ch1", "ch2", "ch3"), g.value())})
			}
		}
		return g.talk(script)
	}},
	{"tracking", 6, func(g *gen) []step {
		script := []line{{0, flat("CLIENT", "TRACKING", g.one("on", "on", "ON BCAST", "on BCAST PREFIX s PREFIX t", "on OPTIN", "on OPTOUT", "on NOLOOP", "off", "on BCAST OPTIN", "on PREFIX s", "x",
			"on BCAST PREFIX s PREFIX s1", "on REDIRECT 99999999", "on REDIRECT x"))}, {0, flat("CLIENT", "TRACKINGINFO")}}
		for range 2 + g.IntN(8) {
			who := g.IntN(2)
			key := g.one("s0", "s1", "t0", "s2")
			switch g.IntN(6) {
			case 0:
				script = append(script, line{0, flat("CLIENT", "CACHING", g.one("yes", "no"))}, line{0, flat("GET", key)})
			case 1, 2:
				script = append(script, line{0, flat("GET", key)})
			case 3:
				script = append(script, line{who, flat("DEL", key)})
			case 4:
				script = append(script, line{0, flat("CLIENT", "TRACKING", "on")}) // what off forgets is an intended difference
			default:
				script = append(script, line{who, flat("SET", key, g.goodInt())})
			}
		}
		return g.talk(script)
	}},
	{"keyspace events", 5, func(g *gen) []step {
		script := []line{{1, flat("CONFIG", "SET", "notify-keyspace-events", g.one("KEg$lshzt", "Eg$", "Kz", "Eg$lshzt"))}, {0, flat("PSUBSCRIBE", "__key*")}}
		for range 2 + g.IntN(6) {
			script = append(script, line{1, g.dataCommand()})
		}
		steps := g.talk(append(script, line{1, flat("CONFIG", "SET", "notify-keyspace-events", "")}))
		steps[0].probe.explain, steps[0].probe.onlyFirst = "everything that client a receives", true
		return steps
	}},
	{"MONITOR", 1, func(g *gen) []step {
		return g.talk([]line{{0, flat("MONITOR")}, {1, flat("SET", "s0", g.value())}, {1, flat("GET")}, {1, flat("NOSUCH")}, {1, flat("EVAL", "return redis.call('GET', 's0')", "0")}, {0, flat("RESET")}, {1, flat("GET", "s0")}})
	}},
	{"RESET", 2, func(g *gen) []step {
		return g.talk([]line{{0, flat("CLIENT", "SETNAME", "x")}, {0, flat("SELECT", "2")}, {0, flat("MULTI")}, {0, flat(g.one("RESET", "RESET", "RESET x"))}, {0, flat("CLIENT", "GETNAME")}, {0, flat("DBSIZE", "x")}})
	}},
	{"QUIT", 1, func(g *gen) []step {
		return g.talk([]line{{0, flat(g.one("QUIT", "quit now"))}})
	}},
}

// line is what one of two clients says.
type line struct {
	who  int
	args []string
}

func flat(args ...any) []string { return row{args: func(*gen) l { return args }}.command(nil) }

func (g *gen) talk(script []line) []step {
	var words []string
	for i, said := range script {
		if i > 0 {
			words = append(words, "/")
		}
		words = append(append(words, "client", []string{"a", "b"}[said.who]), said.args...)
	}
	return []step{{conn: connProbe, args: append([]string{"(conversation)"}, words...), probe: &probe{explain: "everything that two connections of its own receive", script: script}}}
}

// marker ends what belongs to a command: the answer to a PING that follows it.
const marker = "-- over --"

// quietTime is how long nothing must come before it is taken for the end of what comes unasked.
const quietTime = 20 * time.Millisecond

// converse plays a conversation.
func (s *side) converse(script []line, onlyFirst bool) (harness.Reply, error) {
	var clients [2]*harness.Client
	var heard [2][]harness.Reply
	for i := range clients {
		c, err := harness.Dial(s.server.Addr())
		if err != nil {
			return harness.Reply{}, err
		}
		defer func() { _ = c.Close() }()
		clients[i] = c
		if s.resp3 {
			if _, err := c.Do("HELLO", "3"); err != nil {
				return harness.Reply{}, err
			}
		}
	}
	for _, said := range script {
		got, err := hear(clients[said.who], s.told(said.args))
		heard[said.who] = append(heard[said.who], got...)
		if err != nil {
			heard[said.who] = append(heard[said.who], text("(connection ended)"))
			break
		}
	}
	for i, c := range clients {
		c.Timeout = quietTime
		for {
			r, err := c.Receive()
			if err != nil {
				break
			}
			heard[i] = append(heard[i], r)
		}
	}
	all := harness.Reply{Kind: harness.Array}
	for i := range heard {
		if onlyFirst && i > 0 {
			break
		}
		all.Elems = append(all.Elems, harness.Reply{Kind: harness.Array, Elems: inOrder(heard[i])})
	}
	return all, nil
}

// inOrder puts what comes unasked behind the replies, and sorts it: a message of another client need not arrive before the reply to a command sent
// after it, and one that matches several patterns comes in any order. The channels that UNSUBSCRIBE leaves all at once come in any order, and are sorted.
func inOrder(heard []harness.Reply) []harness.Reply {
	var replies, unasked []harness.Reply
	for _, r := range heard {
		switch kind := firstText(r); {
		case kind == "message" || kind == "pmessage" || kind == "smessage" || kind == "invalidate" || monitored(r.Str) != r.Str:
			unasked = append(unasked, r)
		default:
			replies = append(replies, r)
		}
	}
	for i := 0; i < len(replies); i++ {
		kind := firstText(replies[i])
		if !strings.HasSuffix(kind, "unsubscribe") || len(replies[i].Elems) < 2 {
			continue
		}
		end := i + 1
		for end < len(replies) && firstText(replies[end]) == kind {
			end++
		}
		var names []string
		for _, r := range replies[i:end] {
			names = append(names, r.Elems[1].Str)
		}
		slices.Sort(names)
		for j := range names {
			replies[i+j].Elems[1].Str = names[j]
		}
		i = end - 1
	}
	slices.SortStableFunc(unasked, func(a, b harness.Reply) int { return strings.Compare(monitored(a.String()), monitored(b.String())) })
	return append(replies, unasked...)
}

func firstText(r harness.Reply) string {
	if len(r.Elems) == 0 {
		return ""
	}
	return r.Elems[0].Str
}

// hear sends a command and a PING behind it, and returns what comes before the PING's answer.
func hear(c *harness.Client, args []string) ([]harness.Reply, error) {
	for _, a := range [][]string{args, {"PING", marker}} {
		if err := c.Send(a); err != nil {
			return nil, err
		}
	}
	if err := c.Flush(); err != nil {
		return nil, err
	}
	var got []harness.Reply
	for {
		r, err := c.Receive()
		if err != nil {
			return got, err
		}
		if r.Str == marker || len(r.Elems) == 2 && r.Elems[1].Str == marker || r.Kind == harness.Simple && r.Str == "QUEUED" && len(got) > 0 {
			return got, nil
		}
		got = append(got, r)
	}
}

// talkRule compares conversations: commands' own rules do not reach into them, and MONITOR prints times and ports.
func talkRule(_ []string, redis, ours harness.Reply) string {
	return sameTalk(redis, ours)
}

func sameTalk(redis, ours harness.Reply) string {
	if why := sameShape(redis, ours); why != "" {
		return why
	}
	for i := range redis.Elems {
		if why := sameTalk(redis.Elems[i], ours.Elems[i]); why != "" {
			return why
		}
	}
	if redis.Int != ours.Int || monitored(redis.Str) != monitored(ours.Str) {
		return "replies differ"
	}
	return ""
}

// monitored cuts the time and the address off a line of MONITOR.
func monitored(s string) string {
	if _, rest, found := strings.Cut(s, "] \""); found && strings.Contains(s, " [") {
		return rest
	}
	return s
}
