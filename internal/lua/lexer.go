package lua

import (
	"fmt"
	"strings"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokName
	tokString
	tokNumber
	tokKeyword // text tells which
	tokSymbol  // text tells which
)

type token struct {
	kind tokenKind
	text string // of names, keywords, symbols; the value of strings
	num  float64
	line int
	from int // where it stands in the source
	to   int
}

var keywords = map[string]bool{}

func init() {
	for _, w := range strings.Fields("and break do else elseif end false for function if in local nil not or repeat return then true until while") {
		keywords[w] = true
	}
}

// SyntaxError is an error of compilation; Msg is as Lua says it, with source and line.
type SyntaxError struct{ Msg string }

func (e *SyntaxError) Error() string { return e.Msg }

// lexer splits source text into tokens. Errors are panics of *SyntaxError.
type lexer struct {
	src   string
	chunk string // name for messages
	pos   int
	line  int
	tok   token // the current token
	ahead token
	peeks bool
	last  int // line of the token before
}

func newLexer(src, chunk string) *lexer {
	l := &lexer{src: src, chunk: chunk, line: 1}
	if strings.HasPrefix(src, "#") {
		for l.pos < len(src) && src[l.pos] != '\n' {
			l.pos++
		}
	}
	return l
}

// fail raises an error, near a text if there is one.
func (l *lexer) fail(line int, near, format string, args ...any) {
	msg := fmt.Sprintf("%s:%d: %s", l.chunk, line, fmt.Sprintf(format, args...))
	if near != "" {
		msg += " near '" + cString(near) + "'"
	}
	panic(&SyntaxError{msg})
}

// cString ends a text where C's functions do.
func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// failHere raises a syntax error at the current token.
func (l *lexer) failHere(format string, args ...any) {
	near := "<eof>"
	if l.tok.kind != tokEOF {
		near = l.src[l.tok.from:l.tok.to]
		if l.tok.kind == tokSymbol && (near[0] < ' ' || near[0] == 0x7f) {
			near = fmt.Sprintf("char(%d)", near[0])
		}
	}
	l.fail(l.line, near, format, args...)
}

func (l *lexer) next() {
	l.last = l.line
	if l.peeks {
		l.tok, l.peeks = l.ahead, false
		return
	}
	l.tok = l.scan()
}

func (l *lexer) peek() token {
	if !l.peeks {
		l.ahead, l.peeks = l.scan(), true
	}
	return l.ahead
}

func (l *lexer) at(i int) byte {
	if l.pos+i < len(l.src) {
		return l.src[l.pos+i]
	}
	return 0
}

// newline steps over a line's end, which may have two bytes.
func (l *lexer) newline() {
	first := l.src[l.pos]
	l.pos++
	if c := l.at(0); l.pos < len(l.src) && (c == '\n' || c == '\r') && c != first {
		l.pos++
	}
	l.line++
}

func (l *lexer) scan() token {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == '\n' || c == '\r':
			l.newline()
		case isSpace(c):
			l.pos++
		case c == '-' && l.at(1) == '-':
			l.comment()
		default:
			t := token{from: l.pos, line: l.line}
			l.scanAt(c, &t)
			t.to = l.pos
			return t
		}
	}
	return token{kind: tokEOF, from: l.pos, to: l.pos, line: l.line}
}

func (l *lexer) comment() {
	l.pos += 2
	if l.at(0) == '[' {
		if level := l.longLevel(); level >= 0 {
			l.longString(level, "comment")
			return
		}
	}
	for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
		l.pos++
	}
}

var symbols = [...]string{"...", "..", "==", "~=", "<=", ">="}

func (l *lexer) scanAt(c byte, t *token) {
	switch {
	case isAlpha(c) || c == '_':
		from := l.pos
		for l.pos < len(l.src) && (isAlpha(l.src[l.pos]) || isDigit(l.src[l.pos]) || l.src[l.pos] == '_') {
			l.pos++
		}
		t.kind, t.text = tokName, l.src[from:l.pos]
		if keywords[t.text] {
			t.kind = tokKeyword
		}
	case isDigit(c) || c == '.' && isDigit(l.at(1)):
		l.number(t)
	case c == '"' || c == '\'':
		l.quoted(c, t)
	case c == '[' && (l.at(1) == '[' || l.at(1) == '='):
		level := l.longLevel()
		if level < 0 {
			l.fail(l.line, l.src[l.pos:l.pos+1], "invalid long string delimiter")
		}
		t.kind, t.text = tokString, l.longString(level, "string")
	default:
		t.kind = tokSymbol
		for _, s := range symbols {
			if strings.HasPrefix(l.src[l.pos:], s) {
				t.text = s
				l.pos += len(s)
				return
			}
		}
		t.text = l.src[l.pos : l.pos+1]
		l.pos++
	}
}

func (l *lexer) number(t *token) {
	from := l.pos
	for l.pos < len(l.src) && (isDigit(l.src[l.pos]) || l.src[l.pos] == '.') {
		l.pos++
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		l.pos++
		if c := l.at(0); c == '+' || c == '-' {
			l.pos++
		}
	}
	for l.pos < len(l.src) && (isAlpha(l.src[l.pos]) || isDigit(l.src[l.pos]) || l.src[l.pos] == '_') {
		l.pos++
	}
	n, ok := ParseNumber(l.src[from:l.pos])
	if !ok {
		l.fail(l.line, l.src[from:l.pos], "malformed number")
	}
	t.kind, t.num = tokNumber, n
}

// longLevel returns the number of = in an opening long bracket, or -1.
func (l *lexer) longLevel() int {
	i := 1
	for l.at(i) == '=' {
		i++
	}
	if l.at(i) == '[' {
		return i - 1
	}
	return -1
}

func (l *lexer) longString(level int, what string) string {
	start := l.pos
	l.pos += level + 2
	end := "]" + strings.Repeat("=", level) + "]"
	if c := l.at(0); l.pos < len(l.src) && (c == '\n' || c == '\r') {
		l.newline()
	}
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == ']' && strings.HasPrefix(l.src[l.pos:], end):
			l.pos += len(end)
			return b.String()
		case c == '[' && level == 0 && what == "string" && l.at(1) == '[':
			l.fail(l.line, l.src[start:l.pos+2], "nesting of [[...]] is deprecated")
		case c == '\n' || c == '\r':
			l.newline()
			b.WriteByte('\n')
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	l.fail(l.line, "<eof>", "unfinished long %s", what)
	return ""
}

func (l *lexer) quoted(quote byte, t *token) {
	from := l.pos
	l.pos++
	var b strings.Builder
	for {
		if l.pos >= len(l.src) {
			l.fail(l.line, "<eof>", "unfinished string")
		}
		c := l.src[l.pos]
		switch c {
		case quote:
			l.pos++
			t.kind, t.text = tokString, b.String()
			return
		case '\n', '\r':
			l.fail(l.line, l.src[from:l.pos], "unfinished string")
		case '\\':
			l.escape(&b, from)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
}

var escapes = map[byte]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

func (l *lexer) escape(b *strings.Builder, from int) {
	l.pos++
	if l.pos >= len(l.src) {
		return // the caller finds the end
	}
	c := l.src[l.pos]
	if e, ok := escapes[c]; ok {
		b.WriteByte(e)
		l.pos++
		return
	}
	switch {
	case c == '\n' || c == '\r':
		l.newline()
		b.WriteByte('\n')
	case isDigit(c):
		n := 0
		for i := 0; i < 3 && isDigit(l.at(0)); i++ {
			n = n*10 + int(l.src[l.pos]-'0')
			l.pos++
		}
		if n > 255 {
			l.fail(l.line, l.src[from:l.pos], "escape sequence too large")
		}
		b.WriteByte(byte(n))
	default:
		b.WriteByte(c)
		l.pos++
	}
}
