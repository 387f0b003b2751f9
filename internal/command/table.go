package command

import (
	"bytes"
	"strings"

	"github.com/haypile/haypile/internal/acl"
)

// Table finds rows by name.
type Table struct {
	byName map[string]*Row
	rows   []*Row
	names  *acl.Commands
}

// families are all rows of the server, one list per file.
var families = [][]Row{
	connectionRows,
	serverRows,
	latencyRows,
	memoryRows,
	replicationRows,
	debugRows,
	clusterRows,
	keyRows,
	dumpRows,
	transactionRows,
	clientRows,
	pubsubRows,
	introspectRows,
	monitorRows,
	miscRows,
	stringRows,
	listRows,
	bitmapRows,
	hyperloglogRows,
	sortRows,
	hashRows,
	hashExpireRows,
	hashTimedRows,
	setRows,
	zsetRows,
	geoRows,
	streamRows,
	aclRows,
	scriptRows,
	functionRows,
	pikaRows,
	pikaServerRows,
}

// NewTable builds the table. renames maps a command's name to the name it is
// called by instead ("" takes it away), as rename-command does.
func NewTable(renames map[string]string) *Table {
	t := &Table{byName: map[string]*Row{}, names: acl.NewCommands(categoryNames[:])}
	for _, family := range families {
		for i := range family {
			row := family[i] // a copy: statistics belong to one table
			row.Full, row.Stats = row.Name, new(Stats)
			row.Sub = append([]Row(nil), row.Sub...)
			for j := range row.Sub {
				row.Sub[j].Full, row.Sub[j].Stats = row.Name+"|"+row.Sub[j].Name, new(Stats)
				row.Sub[j].Group = row.Group
			}
			t.describe(&row)
			t.rows = append(t.rows, &row)
			name := row.Name
			if to, ok := renames[name]; ok {
				name = strings.ToLower(to)
			}
			if name != "" {
				t.byName[name] = &row
			}
		}
	}
	addForeign(t.names)
	return t
}

// describe makes a row and its subcommands known to ACL, by the names that renames do not
// change.
func (t *Table) describe(row *Row) {
	row.setKeyUses()
	row.setArguments()
	cmd := t.names.Add(row.Full, nil, row.Categories())
	row.ID = cmd.ID
	for i := range row.Sub {
		sub := &row.Sub[i]
		sub.setKeyUses()
		sub.setArguments()
		sub.ID = t.names.Add(sub.Full, cmd, sub.Categories()).ID
	}
}

// ACL is what ACL rules can name.
func (t *Table) ACL() *acl.Commands { return t.names }

// maxNameLen bounds what is looked up; no command's name is longer.
const maxNameLen = 32

// Find returns the row of a command name in any case, or nil.
func (t *Table) Find(name []byte) *Row {
	if len(name) > maxNameLen {
		return nil
	}
	var lower [maxNameLen]byte
	n := lowerInto(lower[:], name)
	return t.byName[string(lower[:n])]
}

// Resolve returns the row that executes: the subcommand's, where the command
// has subcommands. It returns the container itself when none is named.
func (t *Table) Resolve(args [][]byte) *Row {
	row := t.Find(args[0])
	if row == nil || row.Sub == nil || len(args) < 2 {
		return row // COMMAND executes without a subcommand; others lack an argument
	}
	return row.FindSub(args[1])
}

// FindFull finds "get" or "config|get".
func (t *Table) FindFull(name []byte) *Row {
	name, sub, isSub := bytes.Cut(name, []byte{'|'})
	row := t.Find(name)
	if row == nil || !isSub {
		return row
	}
	return row.FindSub(sub)
}

// FindSub returns a subcommand's row, or nil.
func (r *Row) FindSub(name []byte) *Row {
	for i := range r.Sub {
		if len(r.Sub[i].Name) == len(name) && equalFold(name, r.Sub[i].Name) {
			return &r.Sub[i]
		}
	}
	return nil
}

// Rows are all rows in table order.
func (t *Table) Rows() []*Row { return t.rows }

// Executable are all rows that have a handler, subcommands included.
func (t *Table) Executable() []*Row {
	var list []*Row
	for _, r := range t.rows {
		if r.Handler != nil {
			list = append(list, r)
		}
		for i := range r.Sub {
			list = append(list, &r.Sub[i])
		}
	}
	return list
}

// parent is the command that a subcommand belongs to.
func (r *Row) parent() string {
	name, _, _ := strings.Cut(r.Full, "|")
	return name
}

func lowerInto(dst, src []byte) int {
	for i, c := range src {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst[i] = c
	}
	return len(src)
}

// equalFold compares an argument with a lower-case ASCII word.
func equalFold(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
