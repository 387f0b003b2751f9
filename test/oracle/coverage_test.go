package oracle

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// notGenerated are commands of Redis that no family generates, with the reason.
var notGenerated = map[string]string{
	"BGREWRITEAOF": "there is no AOF to rewrite; test/node looks at its reply", "BGSAVE": "what it writes is each server's own", "SAVE": "what it writes is each server's own",
	"SHUTDOWN": "ends the server", "COMMAND|COUNT": "Haypile has later commands",
	"PSYNC": "the replication streams are different ones", "SYNC": "the replication streams are different ones", "REPLCONF": "the replication streams are different ones",
	"SCRIPT|DEBUG": "must not be in a pipeline, and there is no debugger", "RESTORE-ASKING": "a part of Redis Cluster", "ACL|LOAD": "reads a file, which the servers are not given", "ACL|LIST": "rules are described in other words, see ACL GETUSER",
	"ACL|USERS": "users are what is left of scenarios", "SLOWLOG|LEN": "what was slow is each server's own",
}

// TestEveryCommandIsGenerated finds commands that redis-server and Haypile both have and that nothing here generates.
func TestEveryCommandIsGenerated(t *testing.T) {
	p := startPair(t, false, nil, nil)
	if err := p.reset(); err != nil {
		t.Fatal(err)
	}
	ours, redis := commandList(t, p.ours), commandList(t, p.redis)
	generated := generatedCommands(300_000)
	for _, name := range slices.Sorted(maps.Keys(redis)) {
		container, sub, _ := strings.Cut(name, "|")
		why, excepted := notGenerated[name]
		switch {
		case !ours[name] && excepted, !ours[name] && container == "CLUSTER":
		case !ours[name]:
			t.Errorf("Haypile has no %s", name)
		case sub == "" && hasSubcommands(redis, name) && !excepted: // its parts are looked at
		case generated[name] && excepted:
			t.Errorf("%s is generated and in the list of exceptions (%s)", name, why)
		case !generated[name] && !excepted:
			t.Errorf("%s is in no family and not in the list of exceptions", name)
		}
	}
	for name := range notGenerated {
		if !redis[name] {
			t.Errorf("%s of the list of exceptions is no command", name)
		}
	}
}

func hasSubcommands(all map[string]bool, name string) bool {
	for other := range all {
		if strings.HasPrefix(other, name+"|") {
			return true
		}
	}
	return false
}

func commandList(t *testing.T, s *side) map[string]bool {
	t.Helper()
	r, err := s.conns[connProbe].Do("COMMAND", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, name := range r.Strings() {
		names[strings.ToUpper(name)] = true
	}
	return names
}

// generatedCommands draws n times and collects the names, with and without the first argument as a subcommand.
func generatedCommands(n int) map[string]bool {
	g := newGen(1, families())
	seen := map[string]bool{}
	note := func(args []string) {
		seen[strings.ToUpper(args[0])] = true
		if len(args) > 1 {
			seen[strings.ToUpper(args[0]+"|"+args[1])] = true
		}
	}
	for range n {
		for _, s := range g.next() {
			if len(s.args) == 0 {
				continue
			}
			note(s.args)
			if s.probe != nil {
				for _, said := range s.probe.script {
					note(said.args)
				}
			}
		}
	}
	seen["XGROUP|CREATECONSUMER"] = true // see withConsumer
	return seen
}
