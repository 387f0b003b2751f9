package config

import "strings"

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
	// One typing error for short names, up to three for long ones.
	best, limit := "", min(max(1, min(3, len(name)/4))+1, len(name))
	for _, p := range params.rows {
		for _, candidate := range p.names() {
			if d := editDistance(name, candidate, limit); d < limit {
				best, limit = candidate, d
			}
		}
	}
	return best
}

// editDistance counts insertions, deletions, changes and swaps of neighbours that
// turn a into b. Lengths that differ by limit or more are not looked at.
func editDistance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	var before, above []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
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
