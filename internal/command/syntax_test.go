package command_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/command"
)

// draw spells an argument with everything that COMMAND DOCS says about it.
func draw(a *command.Arg) string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "%s:%s", a.Name, a.Type)
	if a.Display != a.Name && a.Display != "" {
		fmt.Fprintf(b, " shown %s", a.Display)
	}
	if a.Token != "" {
		fmt.Fprintf(b, " token %s", a.Token)
	}
	if a.Type == command.KeyName {
		fmt.Fprintf(b, " spec %d", a.KeySpec)
	}
	if a.Since != "" || a.Until != "" {
		fmt.Fprintf(b, " %s-%s", a.Since, a.Until)
	}
	if a.Optional {
		b.WriteString(" optional")
	}
	switch {
	case a.MultipleToken:
		b.WriteString(" repeated")
	case a.Multiple:
		b.WriteString(" multiple")
	}
	if a.Args != nil {
		fmt.Fprintf(b, " {%s}", drawAll(a.Args))
	}
	return b.String()
}

func drawAll(args []command.Arg) string {
	var all []string
	for i := range args {
		all = append(all, draw(&args[i]))
	}
	return strings.Join(all, ", ")
}

func TestSyntax(t *testing.T) {
	for _, test := range []struct{ syntax, want, usage string }{
		{"()", "", ""},
		{"key value", "key:key spec 0, value:string", "key value"},
		{"key newkey n:integer", "key:key spec 0, newkey:key spec 0, n:integer", "key newkey n"},
		{"key:string...", "key:string multiple", "key [key ...]"},
		{"key (field value)...", "key:key spec 0, data:block multiple {field:string, value:string}", "key field value [field value ...]"},
		{"[GET@6.2.0]", "get:pure-token token GET 6.2.0- optional", "[GET]"},
		{"[GET]@6.2.0-7.2.0", "get:pure-token token GET 6.2.0-7.2.0 optional", "[GET]"},
		{"[change: CH]", "change:pure-token token CH optional", "[CH]"},
		{"NO ONE", "no:pure-token token NO, one:pure-token token ONE", "NO ONE"},
		{"[COUNT count]", "count:integer token COUNT optional", "[COUNT count]"},
		{"[WEIGHTS weight:integer...]", "weight:integer token WEIGHTS optional multiple", "[WEIGHTS weight [weight ...]]"},
		{"[by: GET pattern]...", "by:pattern shown pattern token GET optional repeated", "[GET pattern [GET pattern ...]]"},
		{"(GET (a b))...", "get:block token GET repeated {a:string, b:string}", "GET a b [GET a b ...]"},
		{"[LIMIT (offset count)]", "limit:block token LIMIT optional {offset:integer, count:integer}", "[LIMIT offset count]"},
		{"[x: COUNT count [ANY]]", "x:block optional {count:integer token COUNT, any:pure-token token ANY optional}", "[COUNT count [ANY]]"},
		{"[when: NX | XX]@7.0.0", "when:oneof 7.0.0- optional {nx:pure-token token NX, xx:pure-token token XX}", "[NX | XX]"},
		{"(where: LEFT | RIGHT)", "where:oneof {left:pure-token token LEFT, right:pure-token token RIGHT}", "<LEFT | RIGHT>"},
		{"TYPE (A | B)", "type:oneof token TYPE {a:pure-token token A, b:pure-token token B}", "TYPE <A | B>"},
		{"(w: (a: X) | (b: Y y z) | (c: *))", "w:oneof {a:pure-token token X, b:block {y:string token Y, z:string}, c:pure-token token *}", "<X | Y y z | *>"},
		{"[x: A | B b]...", "x:oneof optional multiple {a:pure-token token A, b:string token B}", "[<A | B b> [...]]"},
		{`(k: key | (none: ""))`, `k:oneof {key:key spec 0, none:pure-token token ""}`, `<key | "">`},
		{"(addr: ADDR ip:port)", "addr:string shown ip:port token ADDR", "ADDR ip:port"},

		{"", "there is no syntax", "!"},
		{"[", "nothing before", "!"},
		{"a [b", "where \"]\" was expected", "!"},
		{"a)", "outside of brackets", "!"},
		{"a | b", "outside of brackets", "!"},
		{"(A | B)", "need a label", "!"},
		{"(=)", "\"=\" is not a name", "!"},
		{"n:intger", "its type is wrong", "!"},
		{"X [Y]... Z (Q)", "stands before a token", "!"},
		{"(a...)...", "repeated twice", "!"},
		{"...", "a suffix without a word", "!"},
		{strings.Repeat("(", 99), "more than 16 brackets", "!"},
	} {
		args, err := command.ParseSyntax(test.syntax)
		got := drawAll(args)
		if err != nil {
			got = err.Error()
		}
		if test.usage == "!" {
			if err == nil || !strings.Contains(got, test.want) {
				t.Errorf("%q is %s, want an error with %q", test.syntax, got, test.want)
			}
			continue
		}
		if usage := command.Usage(args); got != test.want || usage != test.usage {
			t.Errorf("%q is\n  %s\nshown as %s, want\n  %s\nshown as %s", test.syntax, got, usage, test.want, test.usage)
		}
	}
}

// What the parser accepts makes sense, and it refuses the rest without harm.
func FuzzSyntax(f *testing.F) {
	for _, row := range command.NewTable(nil).Executable() {
		f.Add(row.Syntax)
	}
	f.Fuzz(func(t *testing.T, syntax string) {
		args, err := command.ParseSyntax(syntax)
		if err != nil {
			return
		}
		keys := 0
		var check func(args []command.Arg)
		check = func(args []command.Arg) {
			for _, a := range args {
				group := a.Type == command.OneOf || a.Type == command.Block
				switch {
				case a.Name == "" || strings.ContainsAny(a.Name, " ()[]|:@."):
					t.Errorf("%q has the name %q", syntax, a.Name)
				case group && (len(a.Args) < 2 || a.Display != "") || !group && (a.Args != nil || a.Display == ""):
					t.Errorf("%q: %s is half a group", syntax, draw(&a))
				case a.Type == command.PureToken && a.Token == "", a.MultipleToken && !(a.Multiple && a.Token != ""):
					t.Errorf("%q: %s lacks a token", syntax, draw(&a))
				}
				if a.Type == command.KeyName {
					keys++
				}
				check(a.Args)
			}
		}
		check(args)
		if usage := command.Usage(args); len(args) > 0 && usage == "" {
			t.Errorf("%q is shown as nothing", syntax)
		}
	})
}
