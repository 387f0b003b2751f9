package config

import (
	"strings"

	"github.com/haypile/haypile/internal/algo/spelling"
)

// section groups rows for readers of the default file and the reference page.
type section struct {
	title string
	intro string
	rows  []Param
}

// sections is the whole list, in the order in which it is printed.
var sections = []section{
	{"Network", "Where clients connect, and how much one client may ask for.", networkRows},
	{"TLS", "Encrypted connections. All of it can change while running: new connections use the new files.", tlsRows},
	{"Process", "How the server runs on its machine.", processRows},
	{"Access", "Who may do what.", accessRows},
	{"Storage", "Where data lives and how much memory and disk it may use.", storageRows},
	{"Binlog", "The log of all changes: what survives a crash, and what replicas continue from.", binlogRows},
	{"Data types", "When small collections change their form, expiry and notifications.", dataRows},
	{"Replication", "Following a master, and serving replicas.", replicationRows},
	{"Logging", "What the server tells about itself.", logRows},
	{"Measuring", "Slow commands, latency and metrics.", measureRows},
	{compatTitle,
		"Names that existing files, clients and tools of Redis set. Values are checked, kept and shown, and have no effect.",
		compatRows},
}

// table holds the rows and finds them by any of their names.
type table struct {
	rows   []*Param
	byName map[string]*Param
}

var params = buildTable(sections)

func buildTable(sections []section) *table {
	t := &table{byName: map[string]*Param{}}
	for _, s := range sections {
		for _, row := range s.rows {
			p := &row
			p.Section = s.title
			t.rows = append(t.rows, p)
			for _, name := range p.names() {
				t.byName[name] = p
			}
		}
	}
	return t
}

// lookup finds a row by name or alias in any case; nil if there is none.
func lookup(name string) *Param { return params.byName[strings.ToLower(name)] }

// Lookup returns the row of a name or alias.
func Lookup(name string) (Param, bool) {
	if p := lookup(name); p != nil {
		return *p, true
	}
	return Param{}, false
}

// Params lists all rows in printing order.
func Params() []Param {
	list := make([]Param, len(params.rows))
	for i, p := range params.rows {
		list[i] = *p
	}
	return list
}

// ignoredReason says why a name of Pika or Redis has no meaning here and what
// replaces it.
func ignoredReason(name string) (string, bool) {
	// Pika spells some names with underscores in one place and hyphens in another.
	for _, spelling := range []string{name, strings.ReplaceAll(name, "_", "-")} {
		for _, list := range []map[string]string{ignoredPika, ignoredRedis} {
			if why, ok := list[spelling]; ok {
				return why, true
			}
		}
	}
	return "", false
}

// nearestName is the known name that a mistyped one most likely meant, or "".
func nearestName(name string) string {
	return spelling.Nearest(name, func(yield func(string) bool) {
		for _, p := range params.rows {
			for _, candidate := range p.names() {
				if !yield(candidate) {
					return
				}
			}
		}
	})
}

// defaultValues parses the default of every row, so that a default is subject to
// the same limits as what an operator writes.
func defaultValues() *Values {
	v := (&Values{}).clone()
	for _, p := range params.rows {
		if p.FileOnly {
			continue
		}
		if err := p.apply(v, []string{p.Default}, fromSet); err != nil {
			panic("config: default of " + p.Name + ": " + err.Error())
		}
	}
	clear(v.compat)
	return v
}

const compatTitle = "Accepted for compatibility"
