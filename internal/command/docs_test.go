package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/test/harness"
)

// docsDifferences are where arguments, and what else COMMAND DOCS says, differ from redis-server 7.0.15 on purpose.
var docsDifferences = map[string]string{
	"acl|cat category":                "7.2's name, of categoryname",
	"acl|cat categoryname":            "likewise",
	"bgsave mode":                     "Pika's list of databases is understood too",
	"bgsave schedule":                 "it is in mode",
	"bitop operation":                 "7.2 lists the operations",
	"client|kill filter":              "7.2's names; MAXAGE is of 7.4",
	"client|list client-id":           "in 7.2 no block",
	"client|list id-selector":         "likewise",
	"cluster|setslot subcommand":      "7.2's names: 7.0 has node-id three times",
	"command|getkeys arg":             "7.0 has no arguments",
	"command|getkeys command":         "likewise",
	"command|getkeysandflags arg":     "likewise",
	"command|getkeysandflags command": "likewise",
	"config|get parameter":            "in 7.2 no block",
	"debug arg":                       "Redis has no arguments",
	"debug subcommand":                "likewise",
	"geohash member":                  "as in 7.2 it may be left out, as the arity says",
	"geopos member":                   "likewise",
	"georadius key-2":                 "7.2 has one choice of STORE and STOREDIST",
	"georadius key-3":                 "likewise",
	"georadius store":                 "likewise",
	"georadiusbymember key-2":         "likewise",
	"georadiusbymember key-3":         "likewise",
	"georadiusbymember store":         "likewise",
	"hello arguments":                 "7.2's name of AUTH's block",
	"keys type":                       "Pika's second argument",
	"lcs len-2":                       "7.2's name is min-match-len: 7.0 has len twice",
	"lcs min-match-len":               "likewise",
	"migrate authentication":          "7.2's names",
	"migrate key":                     "7.2's name is keys: 7.0 has key twice",
	"migrate key-selector":            "in 7.2 the token of the empty string is not itself empty",
	"migrate keys":                    "see key",
	"module|loadex args":              "no block of one argument",
	"pfmerge sourcekey":               "as in 7.2 it may be left out, as the arity says",
	"psubscribe pattern":              "in 7.2 no block",
	"quit deprecated":                 "since 7.2",
	"quit flags":                      "likewise",
	"quit replaced":                   "likewise",
	"replconf data":                   "Redis has no arguments",
	"replicaof force":                 "Pika's option",
	"set condition":                   "Pika's VX",
	"slaveof force":                   "Pika's option",
	"sort by-pattern":                 "7.2's names: 7.0 has pattern twice",
	"sort destination":                "Redis has a specification of nothing for BY and GET, before that of STORE",
	"sort get-pattern":                "7.2's name",
	"sort pattern":                    "likewise",
	"sort pattern-2":                  "likewise",
	"sort_ro by-pattern":              "likewise",
	"sort_ro get-pattern":             "likewise",
	"sort_ro pattern":                 "likewise",
	"sort_ro pattern-2":               "likewise",
	"xclaim id-2":                     "7.2's name is lastid: 7.0 has id twice",
	"xclaim lastid":                   "likewise",
	"xinfo|stream full-block":         "in 7.2 FULL is in the block",
	"xsetid max-deleted-entry-id":     "7.2's name is max-deleted-id",
	"xsetid max-deleted-id":           "likewise",
	"zrank withscore":                 "of 7.2",
	"zrevrank withscore":              "of 7.2",
}

// later are the names that Redis 7.2 has for groups of arguments, and for a group and a consumer, by their names in 7.0 with
// hyphens for underscores.
var later = map[string]string{
	"async": "flush-type", "encoding-offset": "get-block", "encoding-offset-increment": "incrby-block", "encoding-offset-value": "set-block",
	"end-index": "end-unit-block", "field-value": "data", "full": "full-block", "groupname": "group", "consumername": "consumer", "group-consumer": "group-block", "hard-soft": "reset-type",
	"id": "id-selector", "id-or-auto": "id-selector", "index": "range", "index-unit": "unit", "key-or-empty-string": "key-selector",
	"key-value": "data", "longitude-latitude-member": "data", "nosave-save": "save-selector", "offset-count": "limit", "on-off-skip": "action",
	"parameter-value": "data", "score-member": "data", "start-slot-end-slot": "range", "count": "count-block", "timeout-error": "unblock-type",
	"wrap-sat-fail": "overflow-block", "longitude-latitude": "fromlonlat", "normal-master-slave-pubsub": "client-type",
	"normal-master-replica-pubsub": "client-type",
}

// TestDocsAreRedis: COMMAND DOCS describes what Redis knows too as Redis describes it.
func TestDocsAreRedis(t *testing.T) {
	c := harness.Start(t, harness.Options{Flavor: harness.Redis}).Client(t)
	redis := map[string]map[string]harness.Reply{}
	var collect func(harness.Reply)
	collect = func(docs harness.Reply) {
		for i := 0; i < len(docs.Elems); i += 2 {
			doc := fields(docs.Elems[i+1])
			redis[docs.Elems[i].Str] = doc
			collect(doc["subcommands"])
		}
	}
	collect(c.MustDo(t, "COMMAND", "DOCS"))

	seen := map[string]bool{}
	differ := func(name, theirs, ours string) {
		switch {
		case theirs == ours:
		case docsDifferences[name] != "":
			seen[name] = true
		default:
			t.Errorf("%s:\n  redis-server: %s\n  here:         %s", name, theirs, ours)
		}
	}
	for _, row := range allRows() {
		doc, known := redis[row.Full]
		if !known {
			continue
		}
		args, err := row.Arguments()
		if err != nil {
			t.Errorf("%s: %v", row.Full, err)
		}
		theirs, ours := drawn(formerArgs(doc["arguments"])), drawn(args)
		for _, name := range slices.Compact(sorted(append(names(theirs, nil), names(ours, nil)...))) {
			differ(row.Full+" "+name, theirs[name].text, ours[name].text)
		}
		differ(row.Full+" order", fmt.Sprint(names(theirs, ours)), fmt.Sprint(names(ours, theirs)))
		differ(row.Full+" deprecated", doc["deprecated_since"].Str, row.DeprecatedSince)
		differ(row.Full+" flags", strings.Join(doc["doc_flags"].Strings(), " "), strings.Join(row.DocFlags(), " "))
		differ(row.Full+" replaced", fmt.Sprint(doc["replaced_by"].Str != ""), fmt.Sprint(row.ReplacedBy != ""))
	}
	for name := range docsDifferences {
		if !seen[name] {
			t.Errorf("the difference %q is none", name)
		}
	}
}

func allRows() (rows []*command.Row) {
	for _, row := range command.NewTable(nil).Rows() {
		rows = append(rows, row)
		for i := range row.Sub {
			rows = append(rows, &row.Sub[i])
		}
	}
	return rows
}

func fields(r harness.Reply) map[string]harness.Reply {
	m := map[string]harness.Reply{}
	for i := 0; i < len(r.Elems); i += 2 {
		m[r.Elems[i].Str] = r.Elems[i+1]
	}
	return m
}

// formerArgs are arguments of redis-server 7.0, with the names of later versions.
func formerArgs(reply harness.Reply) (args []command.Arg) {
	for _, r := range reply.Elems {
		f := fields(r)
		a := command.Arg{
			Name: strings.ReplaceAll(f["name"].Str, "_", "-"), Type: command.ArgType(f["type"].Str), Token: f["token"].Str,
			Since: f["since"].Str, Until: f["deprecated_since"].Str, KeySpec: int(f["key_spec_index"].Int), Args: formerArgs(f["arguments"]),
		}
		flags := f["flags"].Strings()
		a.Optional, a.Multiple, a.MultipleToken = slices.Contains(flags, "optional"), slices.Contains(flags, "multiple"), slices.Contains(flags, "multiple_token")
		if name := later[a.Name]; name != "" && (a.Args != nil) == (name != "group" && name != "consumer") {
			a.Name = name
		}
		args = append(args, a)
	}
	return args
}

// drawing is an argument with its place among the others.
type drawing struct {
	at   int
	text string
}

func drawn(args []command.Arg) map[string]drawing {
	m := map[string]drawing{}
	undisplay(args)
	for i := range args {
		name := args[i].Name
		for n := 2; m[name].text != ""; n++ { // 7.0 has some names twice
			name = fmt.Sprintf("%s-%d", args[i].Name, n)
		}
		m[name] = drawing{i, draw(&args[i])}
	}
	return m
}

// undisplay takes the texts for display away, which 7.0 does not have.
func undisplay(args []command.Arg) {
	for i := range args {
		args[i].Display = ""
		undisplay(args[i].Args)
	}
}

// names are those of arguments in their order, of the ones that others have too.
func names(args, others map[string]drawing) []string {
	var list []string
	for name := range args {
		if _, too := others[name]; too || others == nil {
			list = append(list, name)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return args[a].at - args[b].at })
	return list
}

// arityDifferences are where Redis takes more arguments than it tells of.
var arityDifferences = map[string]string{
	"command": "its arity is that of the subcommands too",
	"psync":   "a newer replica may say more",
	"quit":    "what follows is ignored",
}

// The arity of a command follows from its arguments.
func TestArityIsThatOfTheSyntax(t *testing.T) {
	for _, row := range allRows() {
		args, err := row.Arguments()
		if err != nil || row.Handler == nil {
			continue
		}
		least, more := command.Span(args)
		arity := strings.Count(row.Full, "|") + 1 + least
		if more {
			arity = -arity
		}
		if arity != row.Arity && arityDifferences[row.Full] == "" {
			t.Errorf("%s has the arity %d, its syntax %q has %d", row.Full, row.Arity, row.Syntax, arity)
		}
	}
}
