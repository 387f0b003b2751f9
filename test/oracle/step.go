package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// The connections to each side. Transactions of one can be disturbed by the other; probes have one that is never in a transaction.
const (
	connA = iota
	connB
	connProbe
	connCount
)

// step is the unit of a sequence: one command on one connection, or one probe.
type step struct {
	conn int
	args []string
	// pause is waited after the reply, on both sides, so that a short time to live ends.
	pause time.Duration
	probe *probe
}

// name is the command in capitals.
func (s step) name() string {
	if len(s.args) == 0 {
		return ""
	}
	return strings.ToUpper(s.args[0])
}

// String is the step as a line of a script for redis-cli.
func (s step) String() string {
	line := fmt.Sprintf("%c> %s", 'A'+s.conn, harness.CommandLine(s.args))
	if s.probe != nil && s.probe.script != nil {
		line = fmt.Sprintf("P> %s   # %s", harness.CommandLine(s.args), s.probe.explain)
	} else if s.probe != nil {
		line = fmt.Sprintf("P> SELECT %d; %s   # %s", s.probe.db, harness.CommandLine(s.args), s.probe.explain)
	}
	if s.pause > 0 {
		line += fmt.Sprintf("   # then wait %v", s.pause)
	}
	return line
}

// probe is a command whose replies two correct servers need not share, with a program that makes something comparable of them.
type probe struct {
	db      int
	explain string
	// run executes on one side. What it returns must be equal on both. It must leave both sides in the same state.
	run func(do doFunc, args []string) (harness.Reply, error)
	// script, if set, is played instead, on two connections of its own.
	script []line
	// onlyFirst leaves out what the second connection receives.
	onlyFirst bool
}

type doFunc func(args ...any) (harness.Reply, error)

// l is a list of arguments, of strings, numbers and string lists, flattened by [row.command].
type l = []any

// row says how one command is generated.
type row struct {
	name   string // may have two words: "OBJECT ENCODING"
	weight int    // against the other rows of the family
	args   func(g *gen) l
}

func (r row) command(g *gen) []string {
	args := strings.Fields(r.name)
	for _, a := range r.args(g) {
		args = append(args, harness.Args(a)...)
	}
	return args
}

// scenario generates several steps that belong together.
type scenario struct {
	name   string
	weight int
	steps  func(g *gen) []step
}

// family is a group of commands that is switched on and off as a whole.
type family struct {
	name   string
	weight int // against the other families
	rows   []row
	// scenarios are drawn beside the rows, by weight.
	scenarios []scenario
}

// families is everything that is generated.
func families() []family {
	return []family{
		{"keys", 14, keyRows, keyScenarios},
		{"string", 12, stringRows, stringScenarios},
		{"bitmap", 6, bitmapRows, nil},
		{"large", 2, largeRows, nil},
		{"hash", 10, hashRows, hashScenarios},
		{"list", 12, listRows, listScenarios},
		{"set", 10, setRows, setScenarios},
		{"zset", 14, zsetRows, zsetScenarios},
		{"zstore", 6, zstoreRows, nil},
		{"geo", 4, geoRows, nil},
		{"hll", 3, hllRows, nil},
		{"stream", 5, streamRows, streamScenarios},
		{"script", 3, scriptRows, nil},
		{"sort", 4, sortRows, nil},
		{"db", 2, dbRows, dbScenarios},
		{"tx", 3, nil, txScenarios},
		{"server", 4, slices.Concat(serverRows, helpRows()), serverScenarios},
		{"talk", 1, nil, talkScenarios},
		{"errors", 4, nil, errorScenarios},
		{"acl", 3, nil, aclScenarios},
	}
}
