// Package script is Redis's scripting: EVAL's scripts and libraries of functions, in Lua, with the API that they see.
// It knows neither data nor connections: what a script asks for goes to a Caller.
//
// Promises:
//   - P1. A script sees what redis-server 7.0 lets it see, with the same texts of errors.
//   - P2. A script can be run again from its start: all that it changes goes through its Caller.
//   - P3. A script ends within StepsPerTick steps of being killed, of its budget's end, or of holding more than the memory
//     limit, whatever it is doing.
//   - P4. Scripts do not see one another: nothing that one leaves behind reaches the next.
package script

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/haypile/haypile/internal/lua"
	"github.com/haypile/haypile/internal/resp"
)

// Flags of a script or function.
type Flags uint8

const (
	NoWrites Flags = 1 << iota
	AllowOOM
	AllowStale
	NoCluster
	AllowCrossSlot
	Compat // EVAL without a shebang: what it may do shows when it does it
)

// PromiseNotToWrite says that the flag no-writes was given.
func (f Flags) PromiseNotToWrite() bool { return f&(Compat|NoWrites) == NoWrites }

// flagNames are in the order in which Redis lists them.
var flagNames = [...]struct {
	flag Flags
	name string
}{{NoWrites, "no-writes"}, {AllowOOM, "allow-oom"}, {AllowStale, "allow-stale"}, {NoCluster, "no-cluster"}, {AllowCrossSlot, "allow-cross-slot-keys"}}

// Names lists the flags as FUNCTION LIST does.
func (f Flags) Names() (names []string) {
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

func flagOf(name string) (Flags, bool) {
	for _, n := range flagNames {
		if n.name == name {
			return n.flag, true
		}
	}
	return 0, false
}

// Script is a script of EVAL.
type Script struct {
	SHA   string
	Flags Flags
	proto *lua.Proto
	bytes int
}

// SHA1 is the hexadecimal SHA-1 by which scripts are known.
func SHA1(body []byte) string {
	sum := sha1.Sum(body)
	return hex.EncodeToString(sum[:])
}

// compile makes a script of its text.
func compile(sha string, body []byte) (*Script, error) {
	text := string(body)
	s := &Script{SHA: sha, Flags: Compat, bytes: len(body)}
	if strings.HasPrefix(text, "#!") {
		var err error
		if text, s.Flags, err = shebang(text); err != nil {
			return nil, err
		}
	}
	p, err := lua.Compile(text, "@user_script")
	if err != nil {
		return nil, resp.Err("ERR Error compiling script (new function): " + err.Error())
	}
	s.proto = p
	return s, nil
}

// shebang takes the first line off a script; its line feed stays, so that lines keep their numbers.
func shebang(text string) (rest string, flags Flags, err error) {
	end := strings.IndexByte(text, '\n')
	if end < 0 {
		return "", 0, resp.Err("ERR Invalid script shebang")
	}
	parts, ok := splitArgs(text[:end])
	if !ok || len(parts) == 0 {
		return "", 0, resp.Err("ERR Invalid engine in script shebang")
	}
	if parts[0] != "#!lua" {
		return "", 0, resp.Err("ERR Unexpected engine in script shebang: " + parts[0])
	}
	for _, part := range parts[1:] {
		list, ok := strings.CutPrefix(part, "flags=")
		if !ok {
			return "", 0, resp.Err("ERR Unknown lua shebang option: " + part)
		}
		if list == "" {
			continue
		}
		for name := range strings.SplitSeq(list, ",") {
			f, ok := flagOf(name)
			if !ok {
				return "", 0, resp.Err("ERR Unexpected flag in script shebang: " + name)
			}
			flags |= f
		}
	}
	return text[end:], flags, nil
}

// splitArgs splits a line into words, of which some may be quoted, as redis.conf's are.
func splitArgs(line string) (words []string, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t\r\n\v\f")
		if line == "" {
			return words, true
		}
		var b strings.Builder
		quote := byte(0)
		i := 0
	word:
		for ; i < len(line); i++ {
			c := line[i]
			switch {
			case quote == 0 && strings.IndexByte(" \t\r\n\v\f\x00", c) >= 0:
				break word
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == quote:
				if i+1 < len(line) && strings.IndexByte(" \t\r\n\v\f", line[i+1]) < 0 {
					return nil, false // something follows the closing quote
				}
				quote = 0
			case quote == '"' && c == '\\' && i+1 < len(line):
				i++
				b.WriteByte(unescape(line[i]))
			case quote == '\'' && c == '\\' && i+1 < len(line) && line[i+1] == '\'':
				i++
				b.WriteByte('\'')
			default:
				b.WriteByte(c)
			}
		}
		if quote != 0 {
			return nil, false
		}
		words = append(words, b.String())
		line = line[i:]
		if strings.HasPrefix(line, "\x00") {
			return words, true
		}
	}
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	}
	return c
}
