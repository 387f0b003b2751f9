package script

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/haypile/haypile/internal/lua"
	"github.com/haypile/haypile/internal/resp"
)

// maxReplyDepth is how deep tables may be nested in a reply; Redis runs out of Lua's stack there.
const maxReplyDepth = 7990

// writeReply writes a Lua value as a reply; failed says that it is an error.
func (r *run) writeReply(w *resp.Writer, v lua.Value, depth int) (failed bool) {
	if depth > maxReplyDepth {
		w.Error("ERR reached lua stack limit")
		return false
	}
	if s, ok := v.AsString(); ok {
		w.BulkString(s)
		return false
	}
	if n, ok := v.AsNumber(); ok {
		w.Int(int64OfDouble(n))
		return false
	}
	if b, ok := v.AsBool(); ok {
		switch {
		case r.proto == 3:
			w.Bool(b)
		case b:
			w.Int(1)
		default:
			w.Null()
		}
		return false
	}
	if t := v.AsTable(); t != nil {
		return r.writeTable(w, t, depth)
	}
	w.Null()
	return false
}

// int64OfDouble converts as C does on the machines that matter.
func int64OfDouble(n float64) int64 {
	if n != n || n >= math.MaxInt64 || n < math.MinInt64 {
		return math.MinInt64
	}
	return int64(n)
}

var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

func (r *run) writeTable(w *resp.Writer, t *lua.Table, depth int) (failed bool) {
	if s, ok := t.GetString("err").AsString(); ok {
		w.Error(cString(s))
		return true
	}
	if s, ok := t.GetString("ok").AsString(); ok {
		w.Simple(lineBreaks.Replace(cString(s)))
		return false
	}
	if n, ok := t.GetString("double").AsNumber(); ok {
		w.Double(n)
		return false
	}
	if s, ok := t.GetString("big_number").AsString(); ok {
		w.BigNumber(lineBreaks.Replace(s))
		return false
	}
	if v := t.GetString("verbatim_string").AsTable(); v != nil {
		format, ok1 := v.GetString("format").AsString()
		text, ok2 := v.GetString("string").AsString()
		if ok1 && ok2 {
			w.Verbatim((cString(format) + "   ")[:3], text)
			return false
		}
	}
	if m := t.GetString("map").AsTable(); m != nil {
		w.Map(countPairs(m))
		m.Each(func(k, v lua.Value) {
			r.writeReply(w, k, depth+1)
			r.writeReply(w, v, depth+1)
		})
		return false
	}
	if m := t.GetString("set").AsTable(); m != nil {
		w.Set(countPairs(m))
		m.Each(func(k, _ lua.Value) { r.writeReply(w, k, depth+1) })
		return false
	}
	n := 0
	for !t.GetInt(n + 1).IsNil() {
		n++
	}
	w.Array(n)
	for i := range n {
		r.writeReply(w, t.GetInt(i+1), depth+1)
	}
	return false
}

func countPairs(t *lua.Table) (n int) {
	t.Each(func(_, _ lua.Value) { n++ })
	return n
}

// reader makes Lua values of replies. Replies are the server's own: they are well formed.
type reader struct {
	st *lua.State
	b  []byte
}

// line reads up to the end of the line.
func (p *reader) line() string {
	end := bytes.IndexByte(p.b, '\r')
	if end < 0 {
		end = len(p.b)
	}
	s := string(p.b[:end])
	p.b = p.b[min(len(p.b), end+2):]
	return s
}

func (p *reader) length() int {
	n, _ := strconv.Atoi(p.line())
	return n
}

// chunk reads n bytes and the line's end behind them.
func (p *reader) chunk(n int) string {
	n = min(n, len(p.b))
	s := string(p.b[:n])
	p.b = p.b[min(len(p.b), n+2):]
	return s
}

func (p *reader) single(name string, v lua.Value) lua.Value {
	t := p.st.NewTable(0, 1)
	t.SetString(name, v)
	return lua.TableValue(t)
}

// value reads one reply.
func (p *reader) value() lua.Value {
	if len(p.b) == 0 {
		return lua.Nil
	}
	kind := p.b[0]
	p.b = p.b[1:]
	switch kind {
	case ':':
		n, _ := strconv.ParseInt(p.line(), 10, 64)
		return lua.Number(float64(n))
	case '$':
		n := p.length()
		if n < 0 {
			return lua.False
		}
		return p.st.String(p.chunk(n))
	case '+':
		return p.single("ok", p.st.String(p.line()))
	case '-':
		t := p.st.NewTable(0, 2)
		t.SetString("err", p.st.String(errorWithCode("-"+p.line())))
		t.SetString("ignore_error_stats_update", lua.True)
		return lua.TableValue(t)
	case '_':
		p.line()
		return lua.Nil
	case '#':
		return lua.Bool(p.line() == "t")
	case ',':
		f, _ := lua.ParseNumber(p.line())
		return p.single("double", lua.Number(f))
	case '(':
		return p.single("big_number", p.st.String(p.line()))
	case '=':
		text := p.chunk(p.length())
		v := p.st.NewTable(0, 2)
		v.SetString("string", p.st.String(text[min(4, len(text)):]))
		v.SetString("format", p.st.String(text[:min(3, len(text))]))
		return p.single("verbatim_string", lua.TableValue(v))
	case '|':
		for range 2 * p.length() {
			p.value()
		}
		return p.value()
	}
	return p.collection(kind)
}

func (p *reader) collection(kind byte) lua.Value {
	n := p.length()
	if n < 0 {
		return lua.False
	}
	t := p.st.NewTable(0, 0)
	p.st.Root(lua.TableValue(t))
	defer p.st.Unroot()
	switch kind {
	case '%':
		for range n {
			k := p.value()
			v := p.value()
			if !k.IsNil() {
				t.Set(k, v)
			}
		}
		return p.single("map", lua.TableValue(t))
	case '~':
		for range n {
			if k := p.value(); !k.IsNil() {
				t.Set(k, lua.True)
			}
		}
		return p.single("set", lua.TableValue(t))
	}
	for i := range n {
		t.SetInt(i+1, p.value())
	}
	return lua.TableValue(t)
}

// errorWithCode is the text of an error in a table: what begins with - has a code already.
func errorWithCode(s string) string {
	code, msg := "ERR", s
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		msg = rest
		if before, after, found := strings.Cut(rest, " "); found {
			code, msg = before, after
		}
	}
	return code + " " + strings.Trim(msg, "\r\n")
}
