package resp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Limits bound what a client may send before it is refused. All are bytes or
// counts; the zero value of a field means "nothing of that kind is allowed".
type Limits struct {
	MaxBulkBytes   int64 // one bulk string (proto-max-bulk-len)
	MaxArgs        int64 // arguments of one command
	MaxInlineBytes int   // one inline command, or one header line
}

// DefaultLimits are Redis's.
var DefaultLimits = Limits{MaxBulkBytes: 512 << 20, MaxArgs: 1 << 20 * 1024, MaxInlineBytes: 64 << 10}

// unauthenticated clients get Redis's much tighter limits, so that a stranger
// cannot make the server hold memory.
const (
	strangerMaxArgs = 10
	strangerMaxBulk = 16384
)

// Stranger returns the limits that hold before a client has authenticated.
func (l Limits) Stranger() Limits {
	l.MaxArgs = min(l.MaxArgs, strangerMaxArgs)
	l.MaxBulkBytes = min(l.MaxBulkBytes, strangerMaxBulk)
	return l
}

// ProtocolError is what a client did wrong on the wire. Its text is what
// follows "-ERR Protocol error: "; the connection is closed after it is sent.
type ProtocolError struct{ Reason string }

func (e *ProtocolError) Error() string { return "Protocol error: " + e.Reason }

// ErrIncomplete says that the bytes seen so far are the beginning of a command.
var ErrIncomplete = errors.New("resp: incomplete command")

func protoErrorf(format string, args ...any) error {
	return &ProtocolError{Reason: fmt.Sprintf(format, args...)}
}

// Parser reads commands from a byte stream that arrives in pieces. It keeps
// what it has learned about a half-received command, so that a large command
// that comes in many pieces costs time proportional to its size.
//
// The zero value is ready to use.
type Parser struct {
	args    [][]byte // of the command returned last; reused
	spans   []span   // arguments of the half-received command, by offset
	pos     int      // first byte not yet examined, from the command's start
	want    int64    // arguments still to come; valid while inArray
	inArray bool
	bulk    int64 // length of the bulk string to come, -1 before its header
}

type span struct{ from, to int }

// Next parses one command at the start of buf, which must begin where the
// previous command ended and hold everything received since.
//
// It returns the arguments (slices of buf, valid until buf changes or Next is
// called again) and the number of bytes the command occupies. An empty command
// (an empty line, or a multibulk of length zero) gives no arguments and n > 0.
// With ErrIncomplete, call again with the same start and more bytes.
func (p *Parser) Next(buf []byte, lim *Limits) (args [][]byte, n int, err error) {
	if !p.inArray {
		if len(buf) == 0 {
			return nil, 0, ErrIncomplete
		}
		if buf[0] != '*' {
			return p.inline(buf, lim)
		}
		line, next, err := headerLine(buf, 0, lim, "too big mbulk count string")
		if err != nil {
			return nil, 0, err
		}
		count, ok := parseInt(line)
		if !ok || count > lim.MaxArgs {
			if ok && lim.MaxArgs == strangerMaxArgs {
				return nil, 0, protoErrorf("unauthenticated multibulk length")
			}
			return nil, 0, protoErrorf("invalid multibulk length")
		}
		if count <= 0 {
			return nil, next, nil
		}
		p.inArray, p.want, p.bulk, p.pos = true, count, -1, next
		p.spans = p.spans[:0]
	}
	for p.want > 0 {
		if p.bulk < 0 {
			if p.pos >= len(buf) {
				return nil, 0, ErrIncomplete
			}
			if buf[p.pos] != '$' {
				return nil, 0, protoErrorf("expected '$', got '%c'", printable(buf[p.pos]))
			}
			line, next, err := headerLine(buf, p.pos, lim, "too big bulk count string")
			if err != nil {
				return nil, 0, err
			}
			size, ok := parseInt(line)
			if !ok || size < 0 || size > lim.MaxBulkBytes {
				if ok && lim.MaxArgs == strangerMaxArgs && size > lim.MaxBulkBytes {
					return nil, 0, protoErrorf("unauthenticated bulk length")
				}
				return nil, 0, protoErrorf("invalid bulk length")
			}
			p.bulk, p.pos = size, next
		}
		end := p.pos + int(p.bulk)
		if len(buf) < end+2 {
			return nil, 0, ErrIncomplete
		}
		p.spans = append(p.spans, span{p.pos, end})
		p.pos, p.bulk = end+2, -1
		p.want--
	}
	p.args = p.args[:0]
	for _, s := range p.spans {
		p.args = append(p.args, buf[s.from:s.to:s.to])
	}
	p.inArray = false
	if cap(p.spans) > 4096 { // one giant command must not hold memory for ever
		p.spans = nil
		args, p.args = p.args, nil
		return args, p.pos, nil
	}
	return p.args, p.pos, nil
}

// Need is the number of bytes, from the command's start, that must arrive
// before the half-received command can make progress; a hint for buffers.
func (p *Parser) Need() int64 {
	if p.inArray && p.bulk >= 0 {
		return int64(p.pos) + p.bulk + 2
	}
	return 0
}

// headerLine returns the text between the type byte at from and CRLF.
func headerLine(buf []byte, from int, lim *Limits, tooLong string) (line []byte, next int, err error) {
	i := bytes.IndexByte(buf[from:], '\r')
	if i < 0 {
		if len(buf)-from > lim.MaxInlineBytes {
			return nil, 0, protoErrorf("%s", tooLong)
		}
		return nil, 0, ErrIncomplete
	}
	if from+i+1 >= len(buf) {
		return nil, 0, ErrIncomplete
	}
	return buf[from+1 : from+i], from + i + 2, nil
}

func (p *Parser) inline(buf []byte, lim *Limits) ([][]byte, int, error) {
	nl := bytes.IndexByte(buf, '\n')
	if nl < 0 {
		if len(buf) > lim.MaxInlineBytes {
			return nil, 0, protoErrorf("too big inline request")
		}
		return nil, 0, ErrIncomplete
	}
	line := bytes.TrimSuffix(buf[:nl], []byte{'\r'})
	args, ok := SplitArgs(p.args[:0], line)
	if !ok {
		return nil, 0, protoErrorf("unbalanced quotes in request")
	}
	p.args = args
	return args, nl + 1, nil
}

func printable(c byte) byte {
	if c < ' ' || c > '~' {
		return '?'
	}
	return c
}

// parseInt reads the strict decimal of a protocol header.
func parseInt(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 || b[0] == '0' && (neg || len(b) > 1) {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// SplitArgs splits a line as redis-cli and redis.conf do: words separated by
// blanks, "double quoted" with escapes (\n \r \t \b \a \xHH), 'single quoted'
// with \' only. It reports false when quotes are unbalanced.
func SplitArgs(dst [][]byte, line []byte) ([][]byte, bool) {
	for i := 0; ; {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i >= len(line) {
			return dst, true
		}
		var word []byte
		var ok bool
		word, i, ok = splitWord(line, i)
		if !ok {
			return dst, false
		}
		dst = append(dst, word)
	}
}

func splitWord(line []byte, i int) (word []byte, next int, ok bool) {
	word = []byte{}
	for i < len(line) && !isSpace(line[i]) {
		switch c := line[i]; c {
		case '"', '\'':
			if word, i, ok = quoted(word, line, i+1, c); !ok {
				return nil, 0, false
			}
			if i < len(line) && !isSpace(line[i]) { // a closing quote must end the word
				return nil, 0, false
			}
			return word, i, true
		default:
			word = append(word, c)
			i++
		}
	}
	return word, i, true
}

func quoted(word, line []byte, i int, quote byte) ([]byte, int, bool) {
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case c == quote:
			return word, i + 1, true
		case c == '\\' && quote == '"' && i+3 < len(line) && line[i+1] == 'x' && isHex(line[i+2]) && isHex(line[i+3]):
			word = append(word, unhex(line[i+2])<<4|unhex(line[i+3]))
			i += 3
		case c == '\\' && quote == '"' && i+1 < len(line):
			i++
			word = append(word, unescape(line[i]))
		case c == '\\' && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
			word = append(word, '\'')
		default:
			word = append(word, c)
		}
	}
	return nil, 0, false
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// RequestLen is the number of bytes of a command as clients send it.
func RequestLen(args [][]byte) int64 {
	n := headerLen(len(args))
	for _, a := range args {
		n += headerLen(len(a)) + len(a) + 2
	}
	return int64(n)
}

// headerLen is the length of *N or $N with the end of its line.
func headerLen(n int) int { return 1 + len(strconv.Itoa(n)) + 2 }
