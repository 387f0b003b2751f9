package command

import (
	"slices"
	"strconv"

	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/resp"
)

var monitorRows = []Row{
	{Name: "monitor", Arity: 1, Flags: Admin | NoScript | Loading | Stale | Once, Handler: monitor, Group: "server", Since: "1.0.0", Summary: "Streams every command to the connection as the server processes it.",
		Syntax: "()", Complexity: "O(1)"},
}

func monitor(c *Ctx) error {
	if c.NoWait {
		return resp.Err("ERR MONITOR isn't allowed for DENY BLOCKING client")
	}
	if c.C.Monitor {
		return nil // as in Redis: no second reply
	}
	c.Host.StartMonitor(c.C)
	return c.ok()
}

// AppendMonitor appends the line that monitors get for a command.
func AppendMonitor(dst []byte, unixNano int64, db int, addr string, args [][]byte) []byte {
	dst = append(dst, '+')
	dst = strconv.AppendInt(dst, unixNano/1e9, 10)
	dst = append(dst, '.')
	us := strconv.FormatInt(unixNano/1e3%1e6, 10)
	dst = append(append(dst, "000000"[len(us):]...), us...)
	dst = append(strconv.AppendInt(append(dst, " ["...), int64(db), 10), ' ')
	dst = append(append(dst, addr...), ']')
	for i, arg := range args {
		if secret(args, i) {
			arg = []byte("(redacted)")
		}
		dst = appendQuoted(append(dst, ' '), arg)
	}
	return append(dst, '\r', '\n')
}

// secret says whether an argument is a password, or the user it belongs to.
func secret(args [][]byte, i int) bool {
	switch {
	case i == 0:
		return false
	case equalFold(args[0], "auth"):
		return true
	case equalFold(args[0], "acl"):
		return i > 1 && equalFold(args[1], "setuser")
	case equalFold(args[0], "config"):
		return i > 2 && i%2 == 1 && equalFold(args[1], "set") && secretParam(args[i-1])
	case equalFold(args[0], "hello"):
		return i > 2 && equalFold(args[i-1], "auth") || i > 3 && equalFold(args[i-2], "auth")
	case equalFold(args[0], "migrate"):
		return i > 6 && secretOption(args[6:i])
	}
	return false
}

// secretOption says whether what follows the options of MIGRATE belongs to AUTH or AUTH2.
func secretOption(options [][]byte) bool {
	n := len(options)
	if slices.ContainsFunc(options, func(o []byte) bool { return equalFold(o, "keys") }) {
		return false
	}
	return equalFold(options[n-1], "auth") || equalFold(options[n-1], "auth2") || n > 1 && equalFold(options[n-2], "auth2")
}

func secretParam(name []byte) bool {
	p, _ := config.Lookup(string(name))
	return p.Secret
}

// Redacted are a command's arguments as the slow log may keep them.
func Redacted(row *Row, args [][]byte) [][]byte {
	if row.Name != "auth" && row.Name != "hello" && row.Name != "migrate" && row.Full != "config|set" && row.Full != "acl|setuser" {
		return args
	}
	shown := slices.Clone(args)
	for i := range shown {
		if secret(args, i) {
			shown[i] = []byte("(redacted)")
		}
	}
	return shown
}

// appendQuoted spells bytes as Redis quotes them in MONITOR and the slow log.
func appendQuoted(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, ch := range b {
		switch {
		case ch == '\\' || ch == '"':
			dst = append(dst, '\\', ch)
		case ch == '\n':
			dst = append(dst, '\\', 'n')
		case ch == '\r':
			dst = append(dst, '\\', 'r')
		case ch == '\t':
			dst = append(dst, '\\', 't')
		case ch == '\a':
			dst = append(dst, '\\', 'a')
		case ch == '\b':
			dst = append(dst, '\\', 'b')
		case ch < ' ' || ch > '~':
			dst = append(dst, '\\', 'x', hex[ch>>4], hex[ch&15])
		default:
			dst = append(dst, ch)
		}
	}
	return append(dst, '"')
}
