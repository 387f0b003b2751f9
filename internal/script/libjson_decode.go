package script

import (
	"strings"
	"unicode/utf8"

	"github.com/haypile/haypile/internal/lua"
)

// decoder reads JSON, as leniently as cjson.
type decoder struct {
	*jsonConfig
	t     *lua.Thread
	src   string
	pos   int
	depth int
	tok   jsonToken
}

type jsonToken struct {
	kind string // as errors name it
	at   int
	text string
	num  float64
	yes  bool
}

const (
	jsonObjBegin = "T_OBJ_BEGIN"
	jsonObjEnd   = "T_OBJ_END"
	jsonArrBegin = "T_ARR_BEGIN"
	jsonArrEnd   = "T_ARR_END"
	jsonString   = "T_STRING"
	jsonNumber   = "T_NUMBER"
	jsonBoolean  = "T_BOOLEAN"
	jsonNull     = "T_NULL"
	jsonColon    = "T_COLON"
	jsonComma    = "T_COMMA"
	jsonEnd      = "T_END"
	jsonError    = "T_ERROR" // text says which
)

func (c *jsonConfig) decode(t *lua.Thread, args []lua.Value) int {
	if len(args) != 1 {
		t.ArgError(0, "expected 1 argument")
	}
	d := decoder{jsonConfig: c, t: t, src: t.CheckString(args, 0)}
	if len(d.src) >= 2 && (d.src[0] == 0 || d.src[1] == 0) {
		t.Errorf("JSON parser does not support UTF-16 or UTF-32")
	}
	d.next()
	v := d.value()
	if d.next(); d.tok.kind != jsonEnd {
		d.fail("the end")
	}
	return t.Return(v)
}

func (d *decoder) fail(expected string) {
	found := d.tok.kind
	if found == jsonError {
		found = d.tok.text
	}
	d.t.Errorf("Expected %s but found %s at character %d", expected, found, d.tok.at+1)
}

// byteAt returns a byte, 0 behind the end, where C finds one as well.
func (d *decoder) byteAt(i int) byte {
	if i < len(d.src) {
		return d.src[i]
	}
	return 0
}

func (d *decoder) bad(what string) { d.tok = jsonToken{kind: jsonError, at: d.pos, text: what} }

var jsonSigns = map[byte]string{'{': jsonObjBegin, '}': jsonObjEnd, '[': jsonArrBegin, ']': jsonArrEnd, ',': jsonComma, ':': jsonColon}

// next reads a token.
func (d *decoder) next() {
	d.t.State().Steps(1)
	c := d.byteAt(d.pos)
	for c == ' ' || c == '\t' || c == '\n' || c == '\r' {
		d.pos++
		c = d.byteAt(d.pos)
	}
	d.tok = jsonToken{at: d.pos}
	rest := d.src[min(d.pos, len(d.src)):]
	sign := jsonSigns[c]
	switch {
	case c == 0:
		d.tok.kind = jsonEnd
	case sign != "":
		d.tok.kind = sign
		d.pos++
	case c == '"':
		d.text()
	case c == '-' || c >= '0' && c <= '9':
		if !d.decodeInvalid && invalidNumber(rest) {
			d.bad("invalid number")
			return
		}
		d.number(rest)
	case strings.HasPrefix(rest, "true"):
		d.tok.kind, d.tok.yes = jsonBoolean, true
		d.pos += 4
	case strings.HasPrefix(rest, "false"):
		d.tok.kind = jsonBoolean
		d.pos += 5
	case strings.HasPrefix(rest, "null"):
		d.tok.kind = jsonNull
		d.pos += 4
	case strings.IndexByte("fiInNt+", c) >= 0 && d.decodeInvalid && invalidNumber(rest):
		d.number(rest)
	default:
		d.bad("invalid token")
	}
}

// invalidNumber finds what C reads as a number and JSON does not allow.
func invalidNumber(s string) bool {
	if strings.HasPrefix(s, "+") {
		return true
	}
	s = strings.TrimPrefix(s, "-")
	switch {
	case s == "":
		return false
	case s[0] == '0':
		return len(s) > 1 && (s[1]|0x20 == 'x' || s[1] >= '0' && s[1] <= '9')
	case s[0] <= '9':
		return false
	}
	return len(s) >= 3 && (strings.EqualFold(s[:3], "inf") || strings.EqualFold(s[:3], "nan"))
}

func (d *decoder) number(rest string) {
	n, used := lua.ParseFloatPrefix(rest[:min(len(rest), 1024)])
	if used == 0 {
		d.bad("invalid number")
		return
	}
	d.tok.kind, d.tok.num = jsonNumber, n
	d.pos += used
}

var jsonUnescapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'u': 'u'}

func (d *decoder) text() {
	at := d.pos
	d.pos++
	from := d.pos
	for d.pos < len(d.src) && d.src[d.pos] != '"' && d.src[d.pos] != '\\' && d.src[d.pos] != 0 {
		d.pos++
	}
	if d.byteAt(d.pos) == '"' && d.pos < len(d.src) { // nothing to translate
		d.tok = jsonToken{kind: jsonString, at: at, text: strings.Clone(d.src[from:d.pos])}
		d.pos++
		d.t.State().Steps((d.pos - from) >> 8)
		return
	}
	b := []byte(d.src[from:d.pos])
	for {
		c := d.byteAt(d.pos)
		switch c {
		case '"':
			d.pos++
			d.t.State().Steps(len(b) >> 8)
			d.tok = jsonToken{kind: jsonString, at: at, text: string(b)}
			return
		case 0:
			d.bad("unexpected end of string")
			return
		case '\\':
			c = jsonUnescapes[d.byteAt(d.pos+1)]
			if c == 'u' {
				var ok bool
				if b, ok = d.unicode(b); !ok {
					d.bad("invalid unicode escape code")
					return
				}
				continue
			}
			if c == 0 {
				d.bad("invalid escape code")
				return
			}
			d.pos++
		}
		b = append(b, c)
		d.pos++
	}
}

// hex4 reads four hexadecimal digits, or returns -1.
func (d *decoder) hex4(at int) rune {
	n := rune(0)
	for i := range 4 {
		c := d.byteAt(at + i)
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return n
}

// unicode reads an escape of four hex digits, and the second half of a surrogate pair.
func (d *decoder) unicode(b []byte) ([]byte, bool) {
	r := d.hex4(d.pos + 2)
	size := 6
	switch {
	case r < 0:
		return b, false
	case r&0xf800 == 0xd800:
		if r&0x400 != 0 || d.byteAt(d.pos+6) != '\\' || d.byteAt(d.pos+7) != 'u' {
			return b, false
		}
		low := d.hex4(d.pos + 8)
		if low < 0 || low&0xfc00 != 0xdc00 {
			return b, false
		}
		r = (r&0x3ff<<10 | low&0x3ff) + 0x10000
		size = 12
	}
	d.pos += size
	return utf8.AppendRune(b, r), true
}

// value makes a value of the current token and those that follow.
func (d *decoder) value() lua.Value {
	switch d.tok.kind {
	case jsonString:
		return d.t.State().String(d.tok.text)
	case jsonNumber:
		return lua.Number(d.tok.num)
	case jsonBoolean:
		return lua.Bool(d.tok.yes)
	case jsonNull:
		return lua.Light
	case jsonObjBegin:
		return d.object()
	case jsonArrBegin:
		return d.array()
	}
	d.fail("value")
	return lua.Nil
}

func (d *decoder) descend() {
	if d.depth++; d.depth > d.decodeDepth || d.depth > maxJSONDepth {
		d.t.Errorf("Found too many nested data structures (%d) at character %d", d.depth, d.pos)
	}
}

func (d *decoder) ascend() {
	d.depth--
	d.t.State().Unroot()
}

func (d *decoder) object() lua.Value {
	d.descend()
	t := d.t.State().NewTable(0, 0)
	d.t.State().Root(lua.TableValue(t))
	if d.next(); d.tok.kind == jsonObjEnd {
		d.ascend()
		return lua.TableValue(t)
	}
	for {
		if d.tok.kind != jsonString {
			d.fail("object key string")
		}
		key := d.t.State().String(d.tok.text)
		if d.next(); d.tok.kind != jsonColon {
			d.fail("colon")
		}
		d.next()
		t.Set(key, d.value())
		if d.next(); d.tok.kind == jsonObjEnd {
			break
		}
		if d.tok.kind != jsonComma {
			d.fail("comma or object end")
		}
		d.next()
	}
	d.ascend()
	return lua.TableValue(t)
}

func (d *decoder) array() lua.Value {
	d.descend()
	t := d.t.State().NewTable(0, 0)
	d.t.State().Root(lua.TableValue(t))
	d.next()
	if d.tok.kind == jsonArrEnd {
		d.ascend()
		return lua.TableValue(t)
	}
	for i := 1; ; i++ {
		t.SetInt(i, d.value())
		if d.next(); d.tok.kind == jsonArrEnd {
			break
		}
		if d.tok.kind != jsonComma {
			d.fail("comma or array end")
		}
		d.next()
	}
	d.ascend()
	return lua.TableValue(t)
}
