package command

import (
	"errors"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

var transactionRows = []Row{
	{Name: "discard", Arity: 1, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Handler: discard, Group: "transactions", Since: "2.0.0", Summary: "Drops the commands queued since MULTI and ends the transaction.",
		Syntax: "()", Complexity: "O(N) for N queued commands"},
	{Name: "exec", Arity: 1, Flags: NoScript | Loading | Stale | SkipSlowlog | Queued, Handler: exec, Group: "transactions", Since: "1.2.0", Summary: "Runs the commands queued since MULTI and returns all their replies.",
		Syntax: "()", Complexity: "Depends on the queued commands"},
	{Name: "multi", Arity: 1, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Handler: multi, Group: "transactions", Since: "1.2.0", Summary: "Opens a transaction, in which commands are queued until EXEC.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "unwatch", Arity: 1, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Handler: unwatch, Group: "transactions", Since: "2.2.0", Summary: "Takes back every WATCH of the connection.",
		Syntax: "()", Complexity: "O(N) for N watched keys"},
	{Name: "watch", Arity: -2, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Keys: AllKeys, Handler: watch, Group: "transactions", Since: "2.2.0", Summary: "Makes the next EXEC fail if one of the given keys changes first.",
		Syntax: "key...", Complexity: "O(N) for N keys"},
}

func multi(c *Ctx) error {
	if c.C.InMulti {
		return resp.ErrNestedMulti
	}
	c.C.InMulti = true
	noteMulti(c.C)
	return c.ok()
}

func exec(c *Ctx) error {
	switch {
	case !c.C.InMulti:
		return resp.ErrExecNoMulti
	case c.C.Poisoned:
		endMulti(c)
		return resp.ErrExecAbort
	}
	again := false
	defer func() { // after a panic, too, the transaction is over
		if !again {
			endMulti(c)
		}
	}()
	err := c.Txns.ExecQueue(c)
	again = errors.Is(err, datatype.ErrWouldBlock) // on a worker
	return err
}

func discard(c *Ctx) error {
	if !c.C.InMulti {
		return resp.ErrDiscardNoMulti
	}
	endMulti(c)
	return c.ok()
}

func watch(c *Ctx) error {
	if c.C.InMulti {
		return resp.ErrWatchInMulti
	}
	if err := c.Txns.Watch(c, c.Args[1:]); err != nil {
		return err
	}
	noteMulti(c.C)
	return c.ok()
}

func unwatch(c *Ctx) error {
	c.Txns.Unwatch(c.C)
	noteMulti(c.C)
	return c.ok()
}

// endMulti forgets what the client has queued and what it watches.
func endMulti(c *Ctx) {
	c.Txns.Unwatch(c.C)
	c.C.EndMulti()
}

func noteMulti(cl *client.Client) {
	queued := -1
	if cl.InMulti {
		queued = len(cl.Queue)
	}
	cl.NoteMulti(queued, len(cl.Watched))
}
