package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/test/harness"
)

// rowDifferences are where rows differ from redis-server 7.0.15 on purpose.
var rowDifferences = map[string]string{
	"keys arity":                 "Pika's second argument, a type, is understood too",
	"sort key specifications":    "Redis has one of nothing for the keys that BY and GET make up",
	"sort_ro key specifications": "likewise",
	"replicaof arity":            "Pika's force is understood too",
	"slaveof arity":              "likewise",
	"zrank arity":                "7.2 has WITHSCORE",
	"zrevrank arity":             "7.2 has WITHSCORE",
}

// M3: what Redis knows too is described as Redis describes it.
func TestRowsAreRedis(t *testing.T) {
	c := harness.Start(t, harness.Options{Flavor: harness.Redis}).Client(t)
	redis := map[string]harness.Reply{}
	for _, r := range c.MustDo(t, "COMMAND").Elems {
		redis[r.Elems[0].Str] = r
		for _, sub := range r.Elems[9].Elems {
			redis[sub.Elems[0].Str] = sub
		}
	}
	seen := map[string]bool{}
	differ := func(row *command.Row, what string, want, got any) {
		if name := row.Full + " " + what; rowDifferences[name] != "" {
			seen[name] = true
		} else if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: redis-server says %v, the row %v", name, want, got)
		}
	}
	check := func(row *command.Row) {
		r, known := redis[row.Full]
		if !known {
			return
		}
		differ(row, "arity", r.Elems[1].Int, row.Arity)
		flags := slices.DeleteFunc(r.Elems[2].Strings(), func(f string) bool { return f == "no_async_loading" })
		differ(row, "flags", sorted(flags), sorted(row.FlagNames()))
		differ(row, "keys", []int64{r.Elems[3].Int, r.Elems[4].Int, r.Elems[5].Int}, []int{row.Keys.First, row.Keys.Last, row.Keys.Step})
		var cats []string
		for _, cat := range row.Categories() {
			cats = append(cats, "@"+cat)
		}
		differ(row, "categories", sorted(r.Elems[6].Strings()), sorted(cats))
		differ(row, "tips", r.Elems[7].Strings(), strings.Fields(row.Tips))
		differ(row, "key specifications", keyPlaces(r.Elems[8]), row.KeyPlaces())
		if (len(r.Elems[9].Elems) > 0) != (row.Sub != nil) {
			t.Errorf("%s: only one of both has subcommands", row.Full)
		}
	}
	for _, row := range command.NewTable(nil).Rows() {
		check(row)
		for i := range row.Sub {
			check(&row.Sub[i])
		}
	}
	for name := range rowDifferences {
		if !seen[name] {
			t.Errorf("the difference %q is none", name)
		}
	}
}

// keyPlaces are key specifications of redis-server as Row.KeyPlaces tells its own.
func keyPlaces(specs harness.Reply) (list []string) {
	for _, s := range specs.Elems {
		spec := fields(s)
		var halves []string
		for _, name := range []string{"begin_search", "find_keys"} {
			half := fields(spec[name])
			text := half["type"].Str
			for i, n := range half["spec"].Elems {
				if i%2 == 1 {
					text += " " + n.Text()
				}
			}
			halves = append(halves, text)
		}
		list = append(list, strings.Join(halves, ", "), fmt.Sprint(spec["flags"].Strings()))
	}
	return list
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// Rows hold what COMMAND DOCS needs, and nothing that contradicts itself.
func TestRowsAreComplete(t *testing.T) {
	names := map[string]bool{}
	var check func(row *command.Row)
	check = func(row *command.Row) {
		if names[row.Full] {
			t.Errorf("%s is there twice", row.Full)
		}
		names[row.Full] = true
		switch {
		case row.Summary == "" || row.Since == "" || row.Group == "":
			t.Errorf("%s lacks a summary, a version or a group", row.Full)
		case row.Handler != nil && (row.Syntax == "" || row.Complexity == ""):
			t.Errorf("%s lacks a syntax (which is () without arguments) or a complexity", row.Full)
		case row.Handler == nil && row.Syntax+row.Complexity != "":
			t.Errorf("%s does nothing itself", row.Full)
		case row.Handler == nil && row.Sub == nil:
			t.Errorf("%s does nothing", row.Full)
		case row.Is(command.Write | command.ReadOnly):
			t.Errorf("%s both writes and only reads", row.Full)
		case strings.ToLower(row.Full) != row.Full || len(row.Name) > 32:
			t.Errorf("%s cannot be found", row.Full)
		}
		if _, err := row.Arguments(); err != nil {
			t.Errorf("%s: %v", row.Full, err)
		}
		places := row.KeyPlaces()
		switch {
		case (len(places) > 0) != (row.Keys.First > 0 || row.GetKeys != nil):
			t.Errorf("%s: only one of the row and its syntax has keys", row.Full)
		case row.Keys.First > 0 && !strings.HasPrefix(places[0], fmt.Sprintf("index %d,", row.Keys.First)):
			t.Errorf("%s has its first key at %d, in its syntax at %s", row.Full, row.Keys.First, places[0])
		}
		for i := range row.Sub {
			check(&row.Sub[i])
		}
	}
	for _, row := range command.NewTable(nil).Rows() {
		check(row)
	}
}
