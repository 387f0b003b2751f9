package node_test

import (
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/test/harness"
)

// COMMAND DOCS is made of maps, sets and arrays in RESP3, and of arrays in RESP2.
func TestDocsOnTheWire(t *testing.T) {
	c := dial(t, startForTest(t))
	const resp3 = "{getbit {summary Reads the bit at an offset, 0 beyond the end of the string. since 2.2.0 group bitmap complexity O(1) arguments " +
		"[{name key type key display_text key key_spec_index 0} {name offset type integer display_text offset}]} " +
		"substr {summary Reads part of a string; the older name of GETRANGE. since 1.0.0 group string complexity O(N) for N bytes returned " +
		"doc_flags <deprecated> deprecated_since 2.0.0 replaced_by `GETRANGE` arguments " +
		"[{name key type key display_text key key_spec_index 0} {name start type integer display_text start} {name end type integer display_text end}]} " +
		"xinfo|stream {summary Describes a stream, with FULL including its messages and consumer groups. since 5.0.0 group stream complexity O(log(N)) for N entries: the first and the last are looked up; with FULL also O(M) for M entries, groups and consumers shown arguments " +
		"[{name key type key display_text key key_spec_index 0} {name full-block type block flags <optional> arguments " +
		"[{name full type pure-token display_text full token FULL} {name count type integer display_text count token COUNT flags <optional>}]}]}}"
	resp2 := strings.NewReplacer("{", "[", "}", "]", "<", "[", ">", "]").Replace(resp3)
	for proto, want := range []string{2: resp2, 3: resp3} {
		if want == "" {
			continue
		}
		c.MustDo(t, "HELLO", proto)
		if got := written(c.MustDo(t, "COMMAND", "DOCS", "GETBIT", "nosuch", "substr", "xinfo|stream", "xinfo|nosuch")); got != want {
			t.Errorf("RESP%d:\n%s\nwant\n%s", proto, got, want)
		}
	}
	if all := c.MustDo(t, "COMMAND", "DOCS"); int64(len(all.Elems)) != 2*c.MustDo(t, "COMMAND", "COUNT").Int {
		t.Errorf("documents %d commands", len(all.Elems)/2)
	}
}

// Key specifications are sets of maps.
func TestKeySpecsOnTheWire(t *testing.T) {
	c := dial(t, startForTest(t))
	index := func(n int) string { return fmt.Sprintf("begin_search {type index spec {index %d}}", n) }
	const one, all = "find_keys {type range spec {lastkey 0 keystep 1 limit 0}}", "find_keys {type range spec {lastkey -1 keystep 1 limit 2}}"
	c.MustDo(t, "HELLO", "3")
	for name, want := range map[string]string{
		"rename":       "<{flags <RW access delete> " + index(1) + " " + one + "} {flags <OW update> " + index(2) + " " + one + "}>",
		"xread":        "<{flags <RO access> begin_search {type keyword spec {keyword STREAMS startfrom 1}} " + all + "}>",
		"zunion":       "<{flags <RO access> " + index(1) + " find_keys {type keynum spec {keynumidx 0 firstkey 1 keystep 1}}}>",
		"sort":         "<{flags <RO access> " + index(1) + " " + one + "} {flags <OW update> begin_search {type unknown spec {}} find_keys {type unknown spec {}}}>",
		"memory|usage": "<{flags <RO> " + index(2) + " " + one + "}>",
		"ping":         "<>",
	} {
		info := c.MustDo(t, "COMMAND", "INFO", name).Elems[0].Elems
		if got := written(info[8]); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
		if info[9].Kind != harness.Set {
			t.Errorf("%s: no subcommands are a %c", name, info[9].Kind)
		}
	}
}

// written spells a reply with {} for a map, <> for a set and [] for an array.
func written(r harness.Reply) string {
	var parts []string
	for _, e := range r.Elems {
		parts = append(parts, written(e))
	}
	text := strings.Join(parts, " ")
	switch r.Kind {
	case harness.Map:
		return "{" + text + "}"
	case harness.Set:
		return "<" + text + ">"
	case harness.Array:
		return "[" + text + "]"
	}
	return r.Text()
}

// redis-cli asks for the documentation when it connects, and helps with it.
func TestDocsHelpRedisCLI(t *testing.T) {
	cli := harness.Need(t, "redis-cli")
	_, port, err := net.SplitHostPort(startForTest(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, proto := range []string{"-2", "-3"} {
		args := []string{"-p", port, "-3"}
		if proto == "-2" {
			args = args[:2] // its default; older ones do not know the option
		}
		run := exec.Command(cli, args...)
		run.Stdin = strings.NewReader("help zrank\nhelp delvx\nset a 1\n")
		out, err := run.CombinedOutput()
		for _, want := range []string{"key member [WITHSCORE]", "Deletes a string if it has a value (Pika).", "OK"} {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("redis-cli %s does not say %q (%v):\n%s", proto, want, err, out)
			}
		}
	}
}

// What the syntax of a command that works on data allows is understood by the command: each option, and each alternative.
func TestSyntaxIsUnderstood(t *testing.T) {
	c := dial(t, startForTest(t))
	refusals := []string{"ERR syntax error", "ERR wrong number of arguments", "ERR unknown argument", "ERR Unsupported option", "ERR Unrecognized",
		"ERR Mandatory argument", "ERR unsupported unit", "ERR Invalid"}
	// In these a second option is missing that the syntax cannot ask for, or one of the arguments is of its own kind.
	needsMore := []string{"LIMIT cannot be used without", "LIMIT is only supported in combination"}
	tried := 0
	for _, row := range command.NewTable(nil).Executable() {
		args, err := row.Arguments()
		if err != nil || row.Name == "migrate" || !slices.Contains([]command.Group{
			"bitmap", "generic", "geo", "hash", "hyperloglog", "list", "set", "sorted-set", "stream", "string"}, row.Group) {
			continue
		}
		for _, words := range invocations(args) {
			for i, w := range words {
				words[i] = strings.Replace(w, anyKey, row.Name, 1) // a key of its own, of the type that it wants
			}
			line := append(strings.Split(row.Full, "|"), words...)
			r, err := c.Do(anys(line)...)
			if err != nil {
				t.Fatalf("%s: %v", strings.Join(line, " "), err)
			}
			tried++
			if !r.IsError() || slices.ContainsFunc(needsMore, func(text string) bool { return strings.Contains(r.Str, text) }) {
				continue
			}
			if slices.ContainsFunc(refusals, func(text string) bool { return strings.HasPrefix(r.Str, text) }) {
				t.Errorf("%s: %s", strings.Join(line, " "), r.Str)
			}
		}
	}
	if tried < 400 {
		t.Errorf("tried %d commands only", tried)
	}
}

func anys(words []string) (list []any) {
	for _, w := range words {
		list = append(list, w)
	}
	return list
}

// invocations are the arguments that must be, and the same with each option and each alternative in turn.
func invocations(args []command.Arg) [][]string {
	choices := make([][][]string, len(args))
	for i, a := range args {
		choices[i] = alternatives(a)
		if a.Optional {
			choices[i] = append([][]string{nil}, choices[i]...)
		}
	}
	pick := func(at, choice int) (words []string) {
		for i := range choices {
			if i == at {
				words = append(words, choices[i][choice]...)
			} else {
				words = append(words, choices[i][0]...)
			}
		}
		return words
	}
	list := [][]string{pick(-1, 0)}
	for i := range choices {
		for choice := 1; choice < len(choices[i]); choice++ {
			list = append(list, pick(i, choice))
		}
	}
	return list
}

func alternatives(a command.Arg) (list [][]string) {
	switch a.Type {
	case command.PureToken:
		return [][]string{{strings.Trim(a.Token, `"`)}}
	case command.Block:
		list = invocations(a.Args)
	case command.OneOf:
		for _, b := range a.Args {
			list = append(list, alternatives(b)...)
		}
	default:
		list = [][]string{{sample(a)}}
	}
	if a.Token != "" {
		for i := range list {
			list[i] = append([]string{a.Token}, list[i]...)
		}
	}
	return list
}

// anyKey begins the samples of keys.
const anyKey = "KEY"

// sample is a value that an argument may have.
func sample(a command.Arg) string {
	if text := map[string]string{"encoding": "u8", "type": "string", "subcommand": "encoding", "timeout": "0.01"}[a.Name]; text != "" &&
		(a.Name != "timeout" || a.Type == command.Double) {
		return text
	}
	switch a.Type {
	case command.KeyName:
		return anyKey + "'s " + a.Name
	case command.Integer, command.Double:
		return "1"
	case command.UnixTime:
		return fmt.Sprint(1 << 33)
	case command.Pattern:
		return "*"
	}
	return "1"
}
