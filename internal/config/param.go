package config

import (
	"fmt"
	"strings"
)

// Kind is what a parameter's value looks like.
type Kind uint8

const (
	KindBool Kind = iota
	KindInt
	KindOctal
	KindBytes
	KindBytesOrPercent
	KindSeconds
	KindMillis
	KindMicros
	KindEnum
	KindString
	KindList // several words
)

// Param is the row of one parameter (C1).
type Param struct {
	Name     string
	Aliases  []string // other names that mean the same: of older Redis versions, of Pika
	Section  string
	Kind     Kind
	Default  string // as CONFIG GET shows it
	Min, Max int64
	Enum     []string

	Mutable   bool // CONFIG SET may change it
	Protected bool // … but only if enable-protected-configs agrees
	Compat    bool // accepted, shown, without effect
	Hidden    bool // CONFIG GET shows it only when asked by its exact name
	FileOnly  bool // no CONFIG GET or SET
	Secret    bool // its value must not be printed in logs and errors
	MultiLine bool // may stand on several lines, each adding to the others
	Shown     bool // stands in the default file without being commented out

	Doc     string // one to four sentences for an operator
	Example string // commented line for the default file when the default says too little

	codec    codec
	allowed  string // what Allowed says where the kind says too little
	synonyms map[string]string
	onSet    func(v *Values) // after a CONFIG SET, even to the same value
	warn     string          // printed when a file sets something else than the default
}

// codec moves a parameter between text and its field.
type codec struct {
	// set parses args into v. An error leaves v unusable.
	set func(v *Values, args []string, from origin) error
	// get is the value as CONFIG GET shows it.
	get func(v *Values) string
	// file gives the arguments of each line that a file needs; nil means one
	// line with one argument, which is what get returns.
	file func(v *Values) [][]string
}

// origin tells a setter who asks: repeated lines of a file add up, a CONFIG SET
// replaces.
type origin uint8

const (
	fromFile origin = iota
	fromSet
)

// change says when a parameter may change.
type change bool

const (
	fixed   change = false // needs a restart
	mutable change = true  // CONFIG SET
)

func newParam(name string, kind Kind, c change, doc string) Param {
	return Param{Name: name, Kind: kind, Mutable: bool(c), Doc: doc}
}

// The methods below add to a row what only a few rows need.

func (p Param) alias(names ...string) Param { p.Aliases = names; return p }
func (p Param) shown() Param                { p.Shown = true; return p }
func (p Param) secret() Param               { p.Secret = true; return p }
func (p Param) protected() Param            { p.Protected = true; return p }
func (p Param) hidden() Param               { p.Hidden = true; return p }
func (p Param) fileOnly() Param             { p.FileOnly, p.MultiLine = true, true; return p }
func (p Param) example(line string) Param   { p.Example = line; return p }
func (p Param) warnIfSet(text string) Param { p.warn = text; return p }
func (p Param) also(f func(*Values)) Param  { p.onSet = f; return p }

// oneWord marks a row that has a codec of its own and takes a single word.
func (p Param) oneWord() Param { p.Kind = KindString; return p }

// multiLine marks a row that may stand on several lines.
func (p Param) multiLine() Param { p.MultiLine = true; return p }

// takes says in words which values a row with a codec of its own accepts.
func (p Param) takes(text string) Param { p.allowed = text; return p }

// spelled accepts the spellings of other products for an enum's values.
func (p Param) spelled(synonyms map[string]string) Param { p.synonyms = synonyms; return p }

// check adds a condition on the value that was just set.
func (p Param) check(ok func(v *Values) error) Param {
	set := p.codec.set
	p.codec.set = func(v *Values, args []string, from origin) error {
		if err := set(v, args, from); err != nil {
			return err
		}
		if err := ok(v); err != nil {
			return &explainedError{err}
		}
		return nil
	}
	return p
}

// explainedError is a sentence which says itself what is allowed.
type explainedError struct{ error }

// apply parses args into v, which must not be published yet.
func (p *Param) apply(v *Values, args []string, from origin) error {
	if p.Kind != KindList {
		if len(args) != 1 {
			return errArgCount
		}
		if other, ok := p.synonyms[strings.ToLower(args[0])]; ok {
			args = []string{other}
		}
		return p.codec.set(v, args, from)
	}
	if len(args) == 1 && args[0] != "" {
		words, ok := splitArgs(args[0])
		if !ok {
			return errQuotes
		}
		args = words
	}
	if len(args) == 0 {
		return errArgCount
	}
	return p.codec.set(v, args, from)
}

// get is the value as CONFIG GET shows it.
func (p *Param) get(v *Values) string { return p.codec.get(v) }

// fileLines are the arguments of the lines which give v's value when loaded.
func (p *Param) fileLines(v *Values) [][]string {
	if p.codec.file == nil {
		return [][]string{{p.get(v)}}
	}
	return p.codec.file(v)
}

// names are the name and its aliases.
func (p *Param) names() []string { return append([]string{p.Name}, p.Aliases...) }

// Allowed says in words which values are accepted.
func (p *Param) Allowed() string {
	if p.allowed != "" {
		return p.allowed
	}
	switch p.Kind {
	case KindBool:
		return "yes or no"
	case KindEnum:
		return "one of " + strings.Join(p.Enum, ", ")
	case KindOctal:
		return fmt.Sprintf("an octal number from %o to %o", p.Min, p.Max)
	case KindBytes:
		return "a size such as 512mb" + p.limits(sizeText)
	case KindBytesOrPercent:
		return "a size such as 512mb, or a share of the memory such as 5%"
	case KindString:
		return "one value, in quotes if it has blanks"
	case KindList:
		return "one or more words"
	}
	return "a whole number" + kindUnits[p.Kind] + p.limits(formatInt)
}

var kindUnits = map[Kind]string{
	KindSeconds: " of seconds", KindMillis: " of milliseconds", KindMicros: " of microseconds",
}

func sizeText(n int64) string { return formatBytes(Bytes(n)) }

// limits leaves out an upper limit that only stands for "as large as you like".
func (p *Param) limits(text func(int64) string) string {
	if p.Max >= maxDurationLimit {
		return ", at least " + text(p.Min)
	}
	return ", from " + text(p.Min) + " to " + text(p.Max)
}
