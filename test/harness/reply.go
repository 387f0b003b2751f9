package harness

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the type byte a reply came with.
type Kind byte

// The types of RESP2 and RESP3. A RESP2 null keeps the kind it was sent as (Bulk or Array) and has Reply.Null set;
// the null of RESP3 has a kind of its own.
const (
	Simple    Kind = '+'
	Error     Kind = '-'
	Int       Kind = ':'
	Bulk      Kind = '$'
	Array     Kind = '*'
	Null      Kind = '_'
	Double    Kind = ','
	Bool      Kind = '#'
	Map       Kind = '%'
	Set       Kind = '~'
	Verbatim  Kind = '='
	Push      Kind = '>'
	BigNumber Kind = '('
	BlobError Kind = '!'
	attribute Kind = '|'
)

// Reply is one reply as it came over the wire.
type Reply struct {
	Kind  Kind
	Null  bool    // $-1, *-1 or _
	Str   string  // text of every kind but Int and the aggregates; of Double, Bool and BigNumber as sent
	Int   int64   // Int only
	Elems []Reply // Array, Set, Push; of Map, keys and values in turn
	Attr  []Reply // an attribute that preceded the reply, keys and values in turn
}

// IsError reports whether the server refused.
func (r Reply) IsError() bool { return r.Kind == Error || r.Kind == BlobError }

// Err is the server's refusal as a Go error, or nil.
func (r Reply) Err() error {
	if r.IsError() {
		return fmt.Errorf("server replied: %s", r.Str)
	}
	return nil
}

// Strings are the texts of the elements; integers in decimal, nulls as "".
func (r Reply) Strings() []string {
	texts := make([]string, len(r.Elems))
	for i, e := range r.Elems {
		texts[i] = e.Text()
	}
	return texts
}

// Text is the text of a scalar reply: the string itself, or an integer in decimal.
func (r Reply) Text() string {
	if r.Kind == Int {
		return strconv.FormatInt(r.Int, 10)
	}
	return r.Str
}

// Equal reports whether two replies are the same bytes on the wire, attributes aside.
func (r Reply) Equal(o Reply) bool {
	if r.Kind != o.Kind || r.Null != o.Null || r.Str != o.Str || r.Int != o.Int || len(r.Elems) != len(o.Elems) {
		return false
	}
	for i := range r.Elems {
		if !r.Elems[i].Equal(o.Elems[i]) {
			return false
		}
	}
	return true
}

// String shows the reply as redis-cli does on a terminal.
func (r Reply) String() string {
	var b strings.Builder
	r.format(&b, "")
	return b.String()
}

func (r Reply) format(b *strings.Builder, indent string) {
	if r.Null {
		b.WriteString("(nil)")
		return
	}
	switch r.Kind {
	case Simple:
		b.WriteString(r.Str)
	case Error, BlobError:
		b.WriteString("(error) " + r.Str)
	case Int:
		b.WriteString("(integer) " + strconv.FormatInt(r.Int, 10))
	case Bulk:
		b.WriteString(Quote(r.Str))
	case Verbatim:
		b.WriteString("(verbatim) " + Quote(r.Str))
	case Double:
		b.WriteString("(double) " + r.Str)
	case BigNumber:
		b.WriteString("(big number) " + r.Str)
	case Bool:
		if r.Str == "t" {
			b.WriteString("(true)")
		} else {
			b.WriteString("(false)")
		}
	case Array, Set, Push, Map:
		r.formatAggregate(b, indent)
	default:
		fmt.Fprintf(b, "(unknown type %q)", byte(r.Kind))
	}
}

func (r Reply) formatAggregate(b *strings.Builder, indent string) {
	name := map[Kind]string{Array: "array", Set: "set", Push: "push", Map: "hash"}[r.Kind]
	if len(r.Elems) == 0 {
		b.WriteString("(empty " + name + ")")
		return
	}
	sign := map[Kind]byte{Array: ')', Set: '~', Push: '>', Map: '#'}[r.Kind]
	step := 1
	if r.Kind == Map {
		step = 2
	}
	width := len(strconv.Itoa(len(r.Elems) / step))
	deeper := indent + strings.Repeat(" ", width+2)
	for i := 0; i < len(r.Elems); i += step {
		if i > 0 {
			b.WriteString("\n" + indent)
		}
		fmt.Fprintf(b, "%*d%c ", width, i/step+1, sign)
		r.Elems[i].format(b, deeper)
		if step == 2 && i+1 < len(r.Elems) {
			b.WriteString(" => ")
			r.Elems[i+1].format(b, deeper)
		}
	}
}

// Quote writes a string the way redis-cli shows it and also reads it back in its arguments.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\a':
			b.WriteString(`\a`)
		case '\b':
			b.WriteString(`\b`)
		default:
			if c < ' ' || c > '~' {
				fmt.Fprintf(&b, `\x%02x`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// CommandLine writes a command as it can be typed into redis-cli: arguments quoted only where they must be.
func CommandLine(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a
		if a == "" || strings.ContainsFunc(a, needsQuote) {
			words[i] = Quote(a)
		}
	}
	return strings.Join(words, " ")
}

func needsQuote(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' }
