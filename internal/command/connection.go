package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/resp"
)

var connectionRows = []Row{
	{Name: "echo", Arity: 2, Flags: Fast | Loading | Stale, Handler: echo, Group: "connection", Since: "1.0.0", Summary: "Returns the given string."},
	{Name: "ping", Arity: -1, Flags: Fast | Loading | Stale, Handler: ping, Group: "connection", Since: "1.0.0", Summary: "Returns the server's liveliness response."},
	{Name: "select", Arity: 2, Flags: Fast | Loading | Stale, Handler: selectDB, Group: "connection", Since: "1.0.0", Summary: "Changes the selected database."},
}

func echo(c *Ctx) error { return c.bulk(c.Args[1]) }

func ping(c *Ctx) error {
	if len(c.Args) > 2 {
		return resp.WrongArity("ping")
	}
	if c.C.Subscribed() && c.C.Proto < 3 {
		c.W.Array(2)
		c.W.BulkString("pong")
		if len(c.Args) == 2 {
			return c.bulk(c.Args[1])
		}
		return c.bulk(nil)
	}
	if len(c.Args) == 2 {
		return c.bulk(c.Args[1])
	}
	c.W.Simple("PONG")
	return nil
}

// DBIndex reads a database number as SELECT does; Pika's dbN is understood too.
func DBIndex(arg []byte) (int, bool) {
	if len(arg) > 2 && equalFold(arg[:2], "db") {
		arg = arg[2:]
	}
	n, ok := numeric.ParseInt64(arg)
	return int(n), ok && n >= 0 && n < 1<<31
}

func selectDB(c *Ctx) error {
	n, ok := DBIndex(c.Args[1])
	if !ok {
		if _, isInt := numeric.ParseInt64(c.Args[1]); isInt {
			return resp.ErrDBIndex
		}
		return resp.ErrInvalidDBIndex
	}
	if n >= c.Host.Databases() {
		return resp.ErrDBIndex
	}
	c.C.SelectDB(n)
	return c.ok()
}
