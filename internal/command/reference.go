package command

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteMarkdown writes the reference page of all commands, docs/commands.md, from their rows.
func WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "# Commands\n\n<!-- Written by haypile commands --markdown from the rows in internal/command. -->\n\n"+
		"Brackets are what may be left out, `<A | B>` is a choice, and `[… ...]` is what may follow any number of times. Arity counts the name; a\n"+
		"negative one means at least. Where replies differ from Redis's: [differences](differences.md). Commands and\n"+
		"options beyond Redis 7.2: [commands of Pika and of later versions](operate/commands.md).\n")
	groups := map[Group][]*Row{}
	for _, row := range NewTable(nil).Rows() {
		groups[row.Group] = append(groups[row.Group], row)
		for i := range row.Sub {
			groups[row.Group] = append(groups[row.Group], &row.Sub[i])
		}
	}
	var names []Group
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		rows := groups[name]
		slices.SortFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Full, b.Full) })
		fmt.Fprintf(b, "\n## %s\n\n| command | arity | since | what it does | effort | flags | ACL categories |\n|---|---|---|---|---|---|---|\n", name)
		for _, r := range rows {
			if r.Sub == nil {
				fmt.Fprintf(b, "| `%s` | %d | %s | %s | %s | %s | %s |\n", cell(r.usage()), r.Arity, r.Since, cell(r.summary()), cell(r.Complexity),
					strings.Join(r.FlagNames(), " "), strings.Join(r.Categories(), " "))
			}
		}
	}
	return b.Flush()
}

// usage is the command with its arguments.
func (r *Row) usage() string {
	return strings.TrimSpace(strings.ToUpper(strings.Replace(r.Full, "|", " ", 1)) + " " + Usage(r.args))
}

func (r *Row) summary() string {
	if r.DeprecatedSince == "" {
		return r.Summary
	}
	return strings.TrimSuffix(r.Summary, ".") + ". Deprecated since " + r.DeprecatedSince + "; instead: " + r.ReplacedBy + "."
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
