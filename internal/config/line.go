package config

import (
	"errors"
	"strings"
)

// statement is one line of a configuration file taken apart, with what is needed
// to write it again with another value in the style of its author.
type statement struct {
	raw  string   // the line as it stands, without the newline
	name string   // lower case; empty for blank lines and comments
	args []string // what follows the name
	pika bool     // written "name : value"
	head string   // the line up to the value
}

var errNUL = errors.New("the line holds a NUL byte; is this a text file?")

// parseLine reads a line in Redis's form (name and quoted words) or in Pika's
// (name, colon, and the rest as it stands).
func parseLine(raw string) (statement, error) {
	st := statement{raw: raw}
	if strings.IndexByte(raw, 0) >= 0 {
		return st, errNUL
	}
	text := strings.Trim(raw, " \t\r\n")
	if text == "" || text[0] == '#' {
		return st, nil
	}
	if name, value, ok := cutPika(text); ok {
		st.pika, st.name = true, strings.ToLower(name)
		st.head = raw[:len(raw)-len(strings.TrimLeft(raw, " \t"))] + text[:len(text)-len(value)]
		st.args = []string{unquotePika(value)}
		return st, nil
	}
	words, ok := splitArgs(text)
	if !ok {
		return st, errQuotes
	}
	if len(words) == 0 { // only odd blanks such as \v
		return st, nil
	}
	st.name, st.args = strings.ToLower(words[0]), words[1:]
	st.head = redisHead(raw, words[0])
	return st, nil
}

// cutPika splits "name : value". After a blank the colon must stand alone, because
// "bind ::1" and "requirepass :x" are Redis's form.
func cutPika(text string) (name, value string, ok bool) {
	end := strings.IndexFunc(text, func(r rune) bool { return !isNameRune(r) })
	if end <= 0 {
		return "", "", false
	}
	name = text[:end]
	rest := strings.TrimLeft(text[end:], " \t")
	value, ok = strings.CutPrefix(rest, ":")
	if !ok || len(rest) < len(text)-end && value != "" && !strings.ContainsAny(value[:1], " \t") {
		return "", "", false
	}
	return name, strings.TrimLeft(value, " \t"), true
}

func isNameRune(r rune) bool {
	return r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// unquotePika takes double quotes off a value that is wholly inside them. Pika
// itself knows no quotes, but people who come from Redis write them.
func unquotePika(value string) string {
	if strings.HasPrefix(value, `"`) {
		if words, ok := splitArgs(value); ok && len(words) == 1 && strings.HasSuffix(value, `"`) {
			return words[0]
		}
	}
	return value
}

// redisHead is the line up to its value, with indentation and alignment kept.
func redisHead(raw, name string) string {
	body := strings.TrimLeft(raw, " \t\r\n\v\f")
	indent := raw[:len(raw)-len(body)]
	after, ok := strings.CutPrefix(body, name)
	if !ok { // the name was quoted
		return indent + strings.ToLower(name) + " "
	}
	value := strings.TrimLeft(after, " \t")
	gap := after[:len(after)-len(value)]
	if gap == "" || strings.Trim(value, "\r\n") == "" {
		gap = " "
	}
	return indent + name + gap
}

// with is the line with other arguments. A carriage return at its end stays.
func (st statement) with(args []string) string {
	value := quoteArgs(args)
	if st.pika && len(args) == 1 && isPlainPika(args[0]) {
		value = args[0]
	}
	end := ""
	if strings.HasSuffix(st.raw, "\r") {
		end = "\r"
	}
	head := st.head
	if st.pika && strings.HasSuffix(head, ":") {
		head += " "
	}
	return head + value + end
}

// isPlainPika tells whether a value may stand after a colon without quotes.
func isPlainPika(s string) bool {
	return s != "" && s[0] != '"' && strings.TrimSpace(s) == s && !strings.ContainsAny(s, "\n\r\x00")
}
