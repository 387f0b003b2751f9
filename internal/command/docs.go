package command

import "github.com/haypile/haypile/internal/resp"

func commandDocs(c *Ctx) error {
	var rows []*Row
	if len(c.Args) == 2 {
		rows = c.Host.Table().Rows()
	}
	for _, name := range c.Args[2:] {
		if r := c.Host.Table().FindFull(name); r != nil {
			rows = append(rows, r)
		}
	}
	c.W.Map(len(rows))
	for _, r := range rows {
		writeDocs(c.W, r)
	}
	return nil
}

// Arguments are what may follow the command's name, from its Syntax; a command that only holds others has none. The error is
// one of the row, and a test reads all rows.
func (r *Row) Arguments() ([]Arg, error) { return r.args, r.syntaxErr }

// setArguments fills in the arguments, and where keys are among them.
func (r *Row) setArguments() {
	if r.Handler != nil {
		r.args, r.syntaxErr = parseSyntax(r.Syntax)
		r.places = r.placeKeys(r.args)
	}
}

// DocFlags are those of COMMAND DOCS.
func (r *Row) DocFlags() (flags []string) {
	if r.DeprecatedSince != "" {
		flags = append(flags, "deprecated")
	}
	if r.SysCmd {
		flags = append(flags, "syscmd")
	}
	return flags
}

// complexity of a command that only holds others is that of its parts.
func (r *Row) complexity() string {
	if r.Handler == nil {
		return "Depends on the subcommand"
	}
	return r.Complexity
}

// writeDocs writes a row as COMMAND DOCS does, fields that say nothing left out. Redis's history of a command is not given.
func writeDocs(w *resp.Writer, r *Row) {
	args := r.args
	flags := r.DocFlags()
	w.BulkString(r.Full)
	w.Map(4 + count(flags != nil, r.DeprecatedSince != "", r.ReplacedBy != "", args != nil, r.Sub != nil))
	writeField(w, "summary", r.Summary)
	writeField(w, "since", r.Since)
	writeField(w, "group", string(r.Group))
	writeField(w, "complexity", r.complexity())
	if flags != nil {
		w.BulkString("doc_flags")
		writeSimpleSet(w, "", flags)
	}
	writeSaid(w, "deprecated_since", r.DeprecatedSince)
	writeSaid(w, "replaced_by", r.ReplacedBy)
	if args != nil {
		w.BulkString("arguments")
		writeArgs(w, args)
	}
	if r.Sub != nil {
		w.BulkString("subcommands")
		w.Map(len(r.Sub))
		for i := range r.Sub {
			writeDocs(w, &r.Sub[i])
		}
	}
}

func writeArgs(w *resp.Writer, args []Arg) {
	w.Array(len(args))
	for i := range args {
		a := &args[i]
		flags := a.Flags()
		w.Map(2 + count(a.Args == nil, a.Type == KeyName, a.Token != "", a.Since != "", a.Until != "", flags != nil, a.Args != nil))
		writeField(w, "name", a.Name)
		writeField(w, "type", string(a.Type))
		if a.Args == nil {
			writeField(w, "display_text", a.Display)
		}
		if a.Type == KeyName {
			w.BulkString("key_spec_index")
			w.Int(int64(a.KeySpec))
		}
		writeSaid(w, "token", a.Token)
		writeSaid(w, "since", a.Since)
		writeSaid(w, "deprecated_since", a.Until)
		if flags != nil {
			w.BulkString("flags")
			writeSimpleSet(w, "", flags)
		}
		if a.Args != nil {
			w.BulkString("arguments")
			writeArgs(w, a.Args)
		}
	}
}

// Flags are those of COMMAND DOCS.
func (a *Arg) Flags() (flags []string) {
	if a.Optional {
		flags = append(flags, "optional")
	}
	if a.Multiple {
		flags = append(flags, "multiple")
	}
	if a.MultipleToken {
		flags = append(flags, "multiple_token")
	}
	return flags
}

func writeField(w *resp.Writer, name, text string) {
	w.BulkString(name)
	w.BulkString(text)
}

// writeSaid writes a field that has something to say.
func writeSaid(w *resp.Writer, name, text string) {
	if text != "" {
		writeField(w, name, text)
	}
}

func count(conditions ...bool) (n int) {
	for _, is := range conditions {
		if is {
			n++
		}
	}
	return n
}
