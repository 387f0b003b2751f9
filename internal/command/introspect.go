package command

import (
	"strings"

	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/resp"
)

var introspectRows = []Row{
	{Name: "command", Arity: -1, Flags: Loading | Stale, Handler: commandAll, Group: "server", Cats: "connection", Tips: "nondeterministic_output_order", Since: "2.8.13", Summary: "Describes every command that the server knows.",
		Syntax: "()", Complexity: "O(N) for N commands", Sub: []Row{
			{Name: "count", Arity: 2, Flags: Loading | Stale, Handler: commandCount, Cats: "connection", Since: "2.8.13", Summary: "Counts the commands that the server knows.",
				Syntax: "()", Complexity: "O(1)"},
			{Name: "docs", Arity: -2, Flags: Loading | Stale, Handler: commandDocs, Cats: "connection", Tips: "nondeterministic_output_order", Since: "7.0.0", Summary: "Shows the documentation of the named commands, or of all.",
				Syntax: "[command-name...]", Complexity: "O(N) for N commands asked for"},
			{Name: "getkeys", Arity: -4, Flags: Loading | Stale, Handler: commandGetKeys, Cats: "connection", Since: "2.8.13", Summary: "Finds the keys among the arguments of a full command.",
				Syntax: "command arg...", Complexity: "O(N) for N arguments"},
			{Name: "getkeysandflags", Arity: -4, Flags: Loading | Stale, Handler: commandGetKeysAndFlags, Cats: "connection", Since: "7.0.0", Summary: "Finds the keys of a full command and how it uses each.",
				Syntax: "command arg...", Complexity: "O(N) for N arguments"},
			{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: commandHelp, Cats: "connection", Since: "5.0.0", Summary: "Lists the subcommands of COMMAND with a line about each.",
				Syntax: "()", Complexity: "O(1)"},
			{Name: "info", Arity: -2, Flags: Loading | Stale, Handler: commandInfo, Cats: "connection", Tips: "nondeterministic_output_order", Since: "2.8.13", Summary: "Describes the named commands, or all, for use by client libraries.",
				Syntax: "[command-name...]", Complexity: "O(N) for N commands asked for"},
			{Name: "list", Arity: -2, Flags: Loading | Stale, Handler: commandList, Cats: "connection", Tips: "nondeterministic_output_order", Since: "7.0.0", Summary: "Names the commands of the server, filtered on request.",
				Syntax: "[FILTERBY (MODULE module-name | ACLCAT category | PATTERN pattern)]", Complexity: "O(N) for N commands"},
		}},
}

func commandAll(c *Ctx) error {
	rows := c.Host.Table().Rows()
	c.W.Array(len(rows))
	for _, r := range rows {
		writeInfo(c.W, r)
	}
	return nil
}

func commandCount(c *Ctx) error { return c.int(int64(len(c.Host.Table().Rows()))) }

func commandInfo(c *Ctx) error {
	if len(c.Args) == 2 {
		return commandAll(c)
	}
	c.W.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if r := c.Host.Table().FindFull(name); r != nil {
			writeInfo(c.W, r)
		} else {
			c.null()
		}
	}
	return nil
}

// writeInfo writes a row as COMMAND INFO does.
func writeInfo(w *resp.Writer, r *Row) {
	first, last, step := r.Keys.First, r.Keys.Last, r.Keys.Step
	w.Array(10)
	w.BulkString(r.Full)
	w.Int(int64(r.Arity))
	writeSimpleSet(w, "", r.FlagNames())
	w.Int(int64(first))
	w.Int(int64(last))
	w.Int(int64(step))
	writeSimpleSet(w, "@", r.Categories())
	tips := strings.Fields(r.Tips)
	w.Set(len(tips))
	for _, tip := range tips {
		w.BulkString(tip)
	}
	writeKeySpecs(w, r)
	if r.Sub == nil {
		w.Set(0) // as Redis does, where those that there are stand in an array
		return
	}
	w.Array(len(r.Sub))
	for i := range r.Sub {
		writeInfo(w, &r.Sub[i])
	}
}

func writeSimpleSet(w *resp.Writer, prefix string, items []string) {
	w.Set(len(items))
	for _, s := range items {
		w.Simple(prefix + s)
	}
}

func commandList(c *Ctx) error {
	keep := func(*Row) bool { return true }
	switch {
	case len(c.Args) == 2:
	case len(c.Args) != 5 || !equalFold(c.Args[2], "filterby"):
		return resp.ErrSyntax
	case equalFold(c.Args[3], "module"):
		keep = func(*Row) bool { return false }
	case equalFold(c.Args[3], "aclcat"):
		keep = func(r *Row) bool { return r.inCategory(c.Args[4]) }
	case equalFold(c.Args[3], "pattern"):
		keep = func(r *Row) bool { return glob.MatchFold(c.Args[4], []byte(r.Full)) }
	default:
		return resp.ErrSyntax
	}
	var names []string
	for _, r := range c.Host.Table().Rows() {
		if keep(r) {
			names = append(names, r.Full)
		}
		for i := range r.Sub {
			if keep(&r.Sub[i]) {
				names = append(names, r.Sub[i].Full)
			}
		}
	}
	c.W.Array(len(names))
	for _, name := range names {
		c.W.BulkString(name)
	}
	return nil
}

func (r *Row) inCategory(name []byte) bool {
	for _, cat := range r.Categories() {
		if equalFold(name, cat) {
			return true
		}
	}
	return false
}

func commandGetKeys(c *Ctx) error {
	_, keys, err := keysOfCommand(c)
	if err != nil {
		return err
	}
	c.W.Array(len(keys))
	for _, key := range keys {
		c.W.Bulk(key)
	}
	return nil
}

func commandGetKeysAndFlags(c *Ctx) error {
	row, keys, err := keysOfCommand(c)
	if err != nil {
		return err
	}
	c.W.Array(len(keys))
	for i, key := range keys {
		c.W.Array(2)
		c.W.Bulk(key)
		writeSimpleSet(c.W, "", row.useOf(i, c.Args[2:]).flags)
	}
	return nil
}

// keysOfCommand finds the keys of the command that follows GETKEYS.
func keysOfCommand(c *Ctx) (row *Row, keys [][]byte, err error) {
	args := c.Args[2:]
	row = c.Host.Table().Resolve(args)
	switch {
	case row == nil:
		return nil, nil, resp.Err("ERR Invalid command specified")
	case !row.hasKeys():
		return nil, nil, resp.Err("ERR The command has no key arguments")
	case !row.ArityOK(len(args)):
		return nil, nil, resp.Err("ERR Invalid number of arguments specified for command")
	}
	idx, ok := row.AppendKeys(nil, args)
	if !ok && row.Is(NoMandatoryKeys) {
		return row, nil, nil
	}
	if !ok {
		return nil, nil, resp.Err("ERR Invalid arguments specified for command")
	}
	for _, i := range idx {
		keys = append(keys, args[i])
	}
	return row, keys, nil
}

func commandHelp(c *Ctx) error {
	return help(c, "COMMAND",
		"(no subcommand)", "    Return details about all Redis commands.",
		"COUNT", "    Return the total number of commands in this Redis server.",
		"LIST", "    Return a list of all commands in this Redis server.",
		"INFO [<command-name> ...]", "    Return details about multiple Redis commands.", "    If no command names are given, documentation details for all", "    commands are returned.",
		"DOCS [<command-name> ...]", "    Return documentation details about multiple Redis commands.", "    If no command names are given, documentation details for all", "    commands are returned.",
		"GETKEYS <full-command>", "    Return the keys from a full Redis command.",
		"GETKEYSANDFLAGS <full-command>", "    Return the keys and the access flags from a full Redis command.")
}
