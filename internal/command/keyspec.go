package command

import (
	"slices"
	"strings"

	"github.com/haypile/haypile/internal/resp"
)

// A keyPlace is a key specification of COMMAND INFO: where some of a command's keys are.
type keyPlace struct {
	// The first key is argument at, or follows a keyword that is looked for from there on (backwards from the end, if
	// negative). Where the search is "unknown" only COMMAND GETKEYS can tell.
	search  string // "index", "keyword" or "unknown"
	at      int
	keyword string

	// counted: what is found is the number of keys, and they follow. Otherwise the last key is so far behind the first, or
	// from the end if negative, and one argument of step is a key; with limit n, in the first nth of them.
	counted           bool
	last, step, limit int
}

// keyPlacer finds the key specifications of a row in its arguments.
type keyPlacer struct {
	row    *Row
	places []keyPlace
	at     int  // the next argument, at least
	exact  bool // and no further
}

// placeKeys gives keys among the arguments their specifications.
func (r *Row) placeKeys(args []Arg) []keyPlace {
	p := keyPlacer{row: r, at: 1 + strings.Count(r.Full, "|"), exact: true}
	for i := range args {
		a := &args[i]
		counted := i > 0 && args[i-1].Name == "numkeys"
		if counted && a.Type == KeyName {
			p.add(a, keyPlace{search: "index", at: p.at - 1, counted: true})
		} else {
			p.place(a, args, args[i+1:])
		}
		least, more := a.span()
		if a.Optional || a.Multiple || more {
			p.exact = false
		}
		if !a.Optional {
			p.at += least
		}
	}
	return p.places
}

// place finds the keys in one of all arguments; rest are those behind it.
func (p *keyPlacer) place(a *Arg, all, rest []Arg) {
	place := keyPlace{search: "index", at: p.at, step: 1}
	switch {
	case a.Token != "":
		place.search, place.keyword = "keyword", a.Token
		if takesText(all, a) {
			if place.search = "unknown"; a.Multiple && len(rest) == 0 {
				place.search, place.at = "keyword", -2 // before one key at least
			}
		}
	case !p.exact:
		place.search = "unknown"
	}
	behind, _ := Span(rest)
	if a.Multiple {
		place.last = -1 - behind
	}
	switch {
	case p.isKey(a):
		p.add(a, place)
	case a.Type == Block && p.isKey(&a.Args[0]):
		if place.step = len(a.Args); a.Token != "" { // as many keys as of what follows them
			place.last, place.step, place.limit = -1, 1, len(a.Args)
		}
		p.add(&a.Args[0], place)
	case a.Type == OneOf && a.Token == "":
		for i := range a.Args {
			p.place(&a.Args[i], all, rest)
		}
	}
}

// isKey: shard channels are found as keys are.
func (p *keyPlacer) isKey(a *Arg) bool {
	return a.Type == KeyName || a.Name == "shardchannel" && p.row.Keys.First > 0
}

func (p *keyPlacer) add(a *Arg, place keyPlace) {
	n := len(p.places)
	before := keyPlace{search: "index", at: place.at - 1, step: 1}
	if n > 0 && len(p.row.uses) == 1 && !a.Multiple && p.places[n-1] == before {
		p.places[n-1].last = 1 // one after the other, for the same use
		a.KeySpec = n - 1
		return
	}
	a.KeySpec = n
	p.places = append(p.places, place)
}

// takesText says whether an option other than one takes any text, which could be the same as that one's token.
func takesText(args []Arg, but *Arg) bool {
	for i := range args {
		if a := &args[i]; a != but && a.Optional && a.takesText() {
			return true
		}
	}
	return false
}

func (a *Arg) takesText() bool {
	if a.Type == String || a.Type == Pattern {
		return true
	}
	for i := range a.Args {
		if a.Args[i].takesText() {
			return true
		}
	}
	return false
}

// writeKeySpecs writes where the keys are, in the form that Redis 7 has added.
func writeKeySpecs(w *resp.Writer, r *Row) {
	w.Set(len(r.places))
	for n, place := range r.places {
		if r.Is(Scripted) {
			w.Map(4)
			writeField(w, "notes", "what the script does with its keys is not known before it runs")
		} else {
			w.Map(3)
		}
		w.BulkString("flags")
		writeSimpleSet(w, "", r.placeFlags(n))
		w.BulkString("begin_search")
		switch place.search {
		case "index":
			writeSpec(w, "index", "index", place.at)
		case "keyword":
			w.Map(2)
			writeField(w, "type", "keyword")
			w.BulkString("spec")
			w.Map(2)
			writeField(w, "keyword", place.keyword)
			w.BulkString("startfrom")
			w.Int(int64(place.at))
		default:
			writeSpec(w, "unknown")
		}
		w.BulkString("find_keys")
		switch {
		case place.search == "unknown":
			writeSpec(w, "unknown")
		case place.counted:
			writeSpec(w, "keynum", "keynumidx", 0, "firstkey", 1, "keystep", 1)
		default:
			writeSpec(w, "range", "lastkey", place.last, "keystep", place.step, "limit", place.limit)
		}
	}
}

// placeFlags are what the command does with the keys of its nth specification. Where a keyword is looked for from the end, a
// key of that name hides others.
func (r *Row) placeFlags(n int) []string {
	flags := slices.Clip(r.uses[min(n, len(r.uses)-1)].flags)
	if p := r.places[n]; p.search == "keyword" && p.at < 0 {
		flags = append(flags, "incomplete")
	}
	return flags
}

// writeSpec writes a type and its numbers: names and values in turn.
func writeSpec(w *resp.Writer, typ string, numbers ...any) {
	w.Map(2)
	writeField(w, "type", typ)
	w.BulkString("spec")
	w.Map(len(numbers) / 2)
	for _, n := range numbers {
		switch n := n.(type) {
		case string:
			w.BulkString(n)
		case int:
			w.Int(int64(n))
		}
	}
}
