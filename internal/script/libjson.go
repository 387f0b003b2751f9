package script

import (
	"fmt"
	"math"

	"github.com/haypile/haypile/internal/lua"
)

// jsonConfig is what the functions of one cjson module share.
type jsonConfig struct {
	sparseConvert  bool
	sparseRatio    int
	sparseSafe     int
	encodeDepth    int
	decodeDepth    int
	encodeInvalid  int // 0 refuse, 1 as they are, 2 null
	decodeInvalid  bool
	keepBuffer     bool
	numberPrecison int
}

func newJSONConfig() *jsonConfig {
	return &jsonConfig{sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, decodeInvalid: true, keepBuffer: true, numberPrecison: 14}
}

// openJSON registers cjson.
func openJSON(st *lua.State) {
	st.Globals.SetString("cjson", lua.TableValue(newJSON(st)))
}

func newJSON(st *lua.State) *lua.Table {
	c := newJSONConfig()
	lib := st.NewTable(0, 0)
	st.Register(lib, map[string]lua.GoFunction{
		"encode": c.encode, "decode": c.decode,
		"encode_sparse_array": c.setSparse,
		"encode_max_depth": func(t *lua.Thread, args []lua.Value) int {
			return jsonInt(t, args, 0, 1, &c.encodeDepth, 1, math.MaxInt32)
		},
		"decode_max_depth": func(t *lua.Thread, args []lua.Value) int {
			return jsonInt(t, args, 0, 1, &c.decodeDepth, 1, math.MaxInt32)
		},
		"encode_number_precision": func(t *lua.Thread, args []lua.Value) int {
			return jsonInt(t, args, 0, 1, &c.numberPrecison, 1, 14)
		},
		"encode_keep_buffer":     func(t *lua.Thread, args []lua.Value) int { return jsonSwitch(t, args, 0, 1, &c.keepBuffer) },
		"decode_invalid_numbers": func(t *lua.Thread, args []lua.Value) int { return jsonSwitch(t, args, 0, 1, &c.decodeInvalid) },
		"encode_invalid_numbers": c.setInvalid,
		"new":                    func(t *lua.Thread, _ []lua.Value) int { return t.Return(lua.TableValue(newJSON(t.State()))) },
	})
	lib.SetString("null", lua.Light)
	lib.SetString("_NAME", lua.String("cjson"))
	lib.SetString("_VERSION", lua.String("2.1.0"))
	return lib
}

func tooManyArgs(t *lua.Thread, args []lua.Value, most int) {
	if len(args) > most {
		t.ArgError(most, "found too many arguments")
	}
}

// jsonInt sets and returns an integer parameter.
func jsonInt(t *lua.Thread, args []lua.Value, i, most int, p *int, lo, hi int) int {
	tooManyArgs(t, args, most)
	if !lua.Arg(args, i).IsNil() {
		n := t.CheckInt(args, i)
		if n < lo || n > hi {
			t.ArgError(0, fmt.Sprintf("expected integer between %d and %d", lo, hi))
		}
		*p = n
	}
	return t.Return(lua.Int(*p))
}

// jsonSwitch sets and returns a boolean parameter.
func jsonSwitch(t *lua.Thread, args []lua.Value, i, most int, p *bool) int {
	tooManyArgs(t, args, most)
	if v := lua.Arg(args, i); !v.IsNil() {
		b, ok := v.AsBool()
		if !ok {
			b = jsonOption(t, args, i, "off", "on") == 1
		}
		*p = b
	}
	return t.Return(lua.Bool(*p))
}

// jsonOption reads one of some words.
func jsonOption(t *lua.Thread, args []lua.Value, i int, words ...string) int {
	s := t.CheckString(args, i)
	for n, word := range words {
		if s == word {
			return n
		}
	}
	t.ArgError(i, "invalid option '"+s+"'")
	return 0
}

func (c *jsonConfig) setSparse(t *lua.Thread, args []lua.Value) int {
	jsonSwitch(t, args, 0, 3, &c.sparseConvert)
	jsonInt(t, args, 1, 3, &c.sparseRatio, 0, math.MaxInt32)
	jsonInt(t, args, 2, 3, &c.sparseSafe, 0, math.MaxInt32)
	return 3
}

func (c *jsonConfig) setInvalid(t *lua.Thread, args []lua.Value) int {
	tooManyArgs(t, args, 1)
	if v := lua.Arg(args, 0); !v.IsNil() {
		if b, ok := v.AsBool(); !ok {
			c.encodeInvalid = jsonOption(t, args, 0, "off", "on", "null")
		} else if c.encodeInvalid = 0; b {
			c.encodeInvalid = 1
		}
	}
	if c.encodeInvalid == 2 {
		return t.Return(lua.String("null"))
	}
	return t.Return(lua.Bool(c.encodeInvalid == 1))
}

// encoder writes JSON.
type encoder struct {
	*jsonConfig
	t       *lua.Thread
	b       []byte
	charged int
}

func (c *jsonConfig) encode(t *lua.Thread, args []lua.Value) int {
	if len(args) != 1 {
		t.ArgError(0, "expected 1 argument")
	}
	e := encoder{jsonConfig: c, t: t}
	e.value(args[0], 0)
	t.State().Drop(e.charged)
	return t.Return(t.State().String(string(e.b)))
}

// charge counts the memory of the text, and the work.
func (e *encoder) charge() {
	e.t.State().Steps(1)
	e.charged = e.t.State().Grow(e.charged, cap(e.b))
}

func (e *encoder) refuse(v lua.Value, why string) {
	e.t.Errorf("Cannot serialise %s: %s", v.Type(), why)
}

func (e *encoder) value(v lua.Value, depth int) {
	e.charge()
	if s, ok := v.AsString(); ok {
		e.text(s)
		return
	}
	if n, ok := v.AsNumber(); ok {
		e.number(v, n)
		return
	}
	if b, ok := v.AsBool(); ok {
		word := "false"
		if b {
			word = "true"
		}
		e.b = append(e.b, word...)
		return
	}
	if t := v.AsTable(); t != nil {
		e.table(t, depth+1)
		return
	}
	if !v.IsNil() && !v.IsLight() {
		e.refuse(v, "type not supported")
	}
	e.b = append(e.b, "null"...)
}

func (e *encoder) number(v lua.Value, n float64) {
	invalid := math.IsNaN(n) || math.IsInf(n, 0)
	switch {
	case !invalid:
	case e.encodeInvalid == 0:
		e.refuse(v, "must not be NaN or Inf")
	case e.encodeInvalid == 2:
		e.b = append(e.b, "null"...)
		return
	case math.IsNaN(n):
		e.b = append(e.b, "nan"...)
		return
	}
	e.b = lua.AppendNumber(e.b, n, e.numberPrecison)
}

const hexDigits = "0123456789abcdef"

// jsonEscapes are the characters that are written in two, and what they become.
var jsonEscapes = [128]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '/': '/', '\\': '\\'}

func (e *encoder) text(s string) {
	e.b = append(e.b, '"')
	plain := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 || c >= ' ' && c != '"' && c != '/' && c != '\\' && c != 0x7f {
			continue
		}
		e.b = append(e.b, s[plain:i]...)
		plain = i + 1
		if short := jsonEscapes[c]; short != 0 {
			e.b = append(e.b, '\\', short)
		} else {
			e.b = append(e.b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	e.b = append(append(e.b, s[plain:]...), '"')
	e.t.State().Steps(len(s) >> 8)
}

// arrayLength is the length of a table that is written as an array, or -1.
func (e *encoder) arrayLength(t *lua.Table) int {
	most, items, array := 0.0, 0, true
	t.Each(func(k, _ lua.Value) {
		n, ok := k.AsNumber()
		if !ok || n < 1 || math.Floor(n) != n {
			array = false
			return
		}
		most = max(most, n)
		items++
	})
	if !array {
		return -1
	}
	if e.sparseRatio > 0 && most > float64(items*e.sparseRatio) && most > float64(e.sparseSafe) {
		if !e.sparseConvert {
			e.t.Errorf("Cannot serialise table: excessively sparse array")
		}
		return -1
	}
	return int(min(most, math.MaxInt32))
}

func (e *encoder) table(t *lua.Table, depth int) {
	if depth > e.encodeDepth || depth > maxJSONDepth {
		e.t.Errorf("Cannot serialise, excessive nesting (%d)", depth)
	}
	if n := e.arrayLength(t); n > 0 {
		e.b = append(e.b, '[')
		for i := range n {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.value(t.GetInt(i+1), depth)
		}
		e.b = append(e.b, ']')
		return
	}
	e.b = append(e.b, '{')
	first := true
	t.Each(func(k, v lua.Value) {
		if !first {
			e.b = append(e.b, ',')
		}
		first = false
		if s, ok := k.AsString(); ok {
			e.text(s)
		} else if n, ok := k.AsNumber(); ok {
			e.b = append(e.b, '"')
			e.number(k, n)
			e.b = append(e.b, '"')
		} else {
			e.refuse(k, "table key must be a number or string")
		}
		e.b = append(e.b, ':')
		e.value(v, depth)
	})
	e.b = append(e.b, '}')
}

// maxJSONDepth is where Redis runs out of Lua's stack, whatever the settings.
const maxJSONDepth = 3900
