package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitArgs takes a line apart as redis-cli and redis-server do: words between
// blanks; "…" with the escapes \n \r \t \b \a \xHH and backslash before any other
// character; '…' with \' only. A quote may open inside a word, and a closing quote
// must end it. It is false when quotes do not balance.
func splitArgs(line string) ([]string, bool) {
	words := []string{}
	for {
		line = strings.TrimLeft(line, " \t\n\v\f\r")
		if line == "" {
			return words, true
		}
		word, rest, ok := splitWord(line)
		if !ok {
			return nil, false
		}
		words = append(words, word)
		line = rest
	}
}

// splitWord reads one word from the start of s, which is no blank.
func splitWord(s string) (word, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\n', '\r', '\t', 0:
			return b.String(), s[i+1:], true
		case '"', '\'':
			n, closed := readQuoted(&b, s[i+1:], c)
			rest := s[i+1+n:]
			if !closed || rest != "" && !strings.ContainsRune(" \t\n\v\f\r", rune(rest[0])) {
				return "", "", false
			}
			return b.String(), rest, true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", true
}

// readQuoted appends the text up to the closing quote to b and returns how many
// bytes it took, the quote included.
func readQuoted(b *strings.Builder, s string, quote byte) (n int, closed bool) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i + 1, true
		case s[i] == '\\' && quote == '\'' && strings.HasPrefix(s[i+1:], "'"):
			i++
			b.WriteByte('\'')
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			c, size := unescape(s[i+1:])
			b.WriteByte(c)
			i += size
		default:
			b.WriteByte(s[i])
		}
	}
	return len(s), false
}

// unescape reads what follows a backslash in double quotes.
func unescape(s string) (c byte, size int) {
	if len(s) >= 3 && s[0] == 'x' {
		high, ok1 := hexDigit(s[1])
		low, ok2 := hexDigit(s[2])
		if ok1 && ok2 {
			return high<<4 | low, 3
		}
	}
	if i := strings.IndexByte("nrtba", s[0]); i >= 0 {
		return "\n\r\t\b\a"[i], 1
	}
	return s[0], 1
}

func hexDigit(c byte) (byte, bool) {
	i := strings.IndexByte("0123456789abcdefABCDEF", c)
	if i >= 16 {
		i -= 6
	}
	return byte(i), i >= 0
}

// quoteArg writes a word so that splitArgs reads it back: bare when that is safe.
func quoteArg(s string) string {
	if isBare(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for _, c := range []byte(s[i : i+size]) {
				b.WriteString(escapeByte(c))
			}
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

func escapeByte(c byte) string {
	if i := strings.IndexByte("\n\r\t\b\a", c); i >= 0 {
		return `\` + "nrtba"[i:i+1]
	}
	return fmt.Sprintf(`\x%02x`, c)
}

// isBare tells whether s needs no quotes. A leading colon would look like Pika's
// "name : value", a leading # like a comment to a human.
func isBare(s string) bool {
	if s == "" || s[0] == '#' || s[0] == ':' && !strings.HasPrefix(s, "::") || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r == '"' || r == '\'' || r == '\\' || r == ' ' || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func quoteArgs(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = quoteArg(arg)
	}
	return strings.Join(quoted, " ")
}
