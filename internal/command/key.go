package command

import (
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var keyRows = []Row{
	{Name: "copy", Arity: -3, Flags: Write | DenyOOM, Keys: TwoKeys, Claims: copyClaims, Handler: copyKey, Group: "generic", Since: "6.2.0", Summary: "Duplicates a value under another key, replacing an existing one only with REPLACE.",
		Syntax: "source destination [DB destination-db:integer] [REPLACE]", Complexity: "O(N) for N elements, or bytes of a string, copied"},
	{Name: "dbsize", Arity: 1, Flags: ReadOnly | Fast, Handler: dbsize, Group: "server", Cats: "keyspace", Tips: "request_policy:all_shards response_policy:agg_sum", Since: "1.0.0", Summary: "Counts the keys of the current database.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "del", Arity: -2, Flags: Write | Frees, Keys: AllKeys, Handler: del, Group: "generic", Tips: "request_policy:multi_shard response_policy:agg_sum", Since: "1.0.0", Summary: "Removes the given keys and tells how many there were.",
		Syntax: "key...", Complexity: "O(N) for N keys; the elements of large ones are deleted as a range"},
	{Name: "exists", Arity: -2, Flags: ReadOnly | Fast | NoTouch, Keys: AllKeys, Handler: exists, Group: "generic", Tips: "request_policy:multi_shard response_policy:agg_sum", Since: "1.0.0", Summary: "Counts how many of the given keys are there.",
		Syntax: "key...", Complexity: "O(N) for N keys"},
	{Name: "expire", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: expire, Group: "generic", Since: "1.0.0", Summary: "Makes a key expire after a number of seconds.",
		Syntax: "key seconds [condition: NX | XX | GT | LT]@7.0.0", Complexity: "O(1)"},
	{Name: "expireat", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: expireAt, Group: "generic", Since: "1.2.0", Summary: "Makes a key expire at a Unix time given in seconds.",
		Syntax: "key unix-time-seconds [condition: NX | XX | GT | LT]@7.0.0", Complexity: "O(1)"},
	{Name: "expiretime", Arity: 2, Flags: ReadOnly | Fast | NoTouch, Keys: OneKey, Handler: expireTime, Group: "generic", Since: "7.0.0", Summary: "Tells at which Unix time, in seconds, a key will expire.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "flushall", Arity: -1, Flags: Write | Frees | ExclusiveAll, Handler: flushAll, Group: "server", Cats: "keyspace dangerous", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "1.0.0", Summary: "Empties every database of the server.",
		Syntax: "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]", Complexity: "O(N) for N keys that clients watch; all keys are deleted as a range, whatever their number"},
	{Name: "flushdb", Arity: -1, Flags: Write | Frees | Exclusive, Handler: flushDB, Group: "server", Cats: "keyspace dangerous", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "1.0.0", Summary: "Empties the database that the connection is using.",
		Syntax: "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]", Complexity: "O(N) for N keys that clients watch; all keys are deleted as a range, whatever their number"},
	{Name: "keys", Arity: -2, Flags: ReadOnly | Worker | AnyKey, Handler: keys, Group: "generic", Cats: "dangerous", Tips: "request_policy:all_shards nondeterministic_output_order", Since: "1.0.0", Summary: "Lists every key whose name fits a pattern.",
		Syntax: "pattern [type]", Complexity: "O(N) for N keys that begin as the pattern does"},
	{Name: "move", Arity: 3, Flags: Write | Fast, Keys: OneKey, Claims: moveClaims, Handler: move, Group: "generic", Since: "1.0.0", Summary: "Takes a key over into another database unless that has one of this name.",
		Syntax: "key db:integer", Complexity: "O(N) for N elements, or bytes of a string, moved"},
	{Name: "object", Arity: -2, Group: "generic", Since: "2.2.3", Summary: "Groups the commands that look inside the value of a key.", Sub: []Row{
		{Name: "encoding", Arity: 3, Flags: ReadOnly | NoTouch, Keys: KeySpec{2, 2, 1}, Handler: ofKey(objectEncoding), Tips: "nondeterministic_output", Since: "2.2.3", Summary: "Tells in which internal form a value is kept.",
			Syntax: "key", Complexity: "O(1)"},
		{Name: "freq", Arity: 3, Flags: ReadOnly | NoTouch, Keys: KeySpec{2, 2, 1}, Handler: ofKey(objectFreq), Tips: "nondeterministic_output", Since: "4.0.0", Summary: "Tells how often a key has been used lately, on a logarithmic scale.",
			Syntax: "key", Complexity: "O(1)"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: objectHelp, Since: "6.2.0", Summary: "Lists the subcommands of OBJECT with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "idletime", Arity: 3, Flags: ReadOnly | NoTouch, Keys: KeySpec{2, 2, 1}, Handler: ofKey(objectIdleTime), Tips: "nondeterministic_output", Since: "2.2.3", Summary: "Tells for how many seconds a key has not been used.",
			Syntax: "key", Complexity: "O(1)"},
		{Name: "refcount", Arity: 3, Flags: ReadOnly | NoTouch, Keys: KeySpec{2, 2, 1}, Handler: ofKey(objectRefCount), Tips: "nondeterministic_output", Since: "2.2.3", Summary: "Tells how many references the server holds to a value.",
			Syntax: "key", Complexity: "O(1)"},
	}},
	{Name: "persist", Arity: 2, Flags: Write | Fast, Keys: OneKey, Handler: persist, Group: "generic", Since: "2.2.0", Summary: "Makes a key stay until it is deleted, cancelling its expiration.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "pexpire", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: pexpire, Group: "generic", Since: "2.6.0", Summary: "Makes a key expire after a number of milliseconds.",
		Syntax: "key milliseconds [condition: NX | XX | GT | LT]@7.0.0", Complexity: "O(1)"},
	{Name: "pexpireat", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: pexpireAt, Group: "generic", Since: "2.6.0", Summary: "Makes a key expire at a Unix time given in milliseconds.",
		Syntax: "key unix-time-milliseconds [condition: NX | XX | GT | LT]@7.0.0", Complexity: "O(1)"},
	{Name: "pexpiretime", Arity: 2, Flags: ReadOnly | Fast | NoTouch, Keys: OneKey, Handler: pexpireTime, Group: "generic", Since: "7.0.0", Summary: "Tells at which Unix time, in milliseconds, a key will expire.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "pttl", Arity: 2, Flags: ReadOnly | Fast | NoTouch, Keys: OneKey, Handler: pttl, Group: "generic", Tips: "nondeterministic_output", Since: "2.6.0", Summary: "Tells how many milliseconds a key has left to live.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "randomkey", Arity: 1, Flags: ReadOnly | AnyKey, Handler: randomKey, Group: "generic", Tips: "request_policy:all_shards nondeterministic_output", Since: "1.0.0", Summary: "Picks a key of the database at random.",
		Syntax: "()", Complexity: "O(log(N)) for N keys: a few seeks"},
	{Name: "rename", Arity: 3, Flags: Write, Keys: TwoKeys, Handler: rename, Group: "generic", Since: "1.0.0", Summary: "Gives a key a new name, replacing any key that had it.",
		Syntax: "key newkey", Complexity: "O(1); O(N) for N elements or bytes where slots are kept apart and the names are of two"},
	{Name: "renamenx", Arity: 3, Flags: Write | Fast, Keys: TwoKeys, Handler: renameNX, Group: "generic", Since: "1.0.0", Summary: "Gives a key a new name unless another key already has it.",
		Syntax: "key newkey", Complexity: "O(1); O(N) for N elements or bytes where slots are kept apart and the names are of two"},
	{Name: "scan", Arity: -2, Flags: ReadOnly | AnyKey, Handler: scan, Group: "generic", Tips: "nondeterministic_output request_policy:special", Since: "2.8.0", Summary: "Walks through the keys of the database, some at each call.",
		Syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]@6.0.0", Complexity: "O(N) for a count of N"},
	{Name: "swapdb", Arity: 3, Flags: Write | Fast | Exclusive | Once, Claims: swapClaims, Handler: swapDB, Group: "server", Cats: "keyspace dangerous", Since: "4.0.0", Summary: "Exchanges the contents of two databases for all clients at once.",
		Syntax: "index1:integer index2:integer", Complexity: "O(N) for N clients that watch or wait for keys of both"},
	{Name: "touch", Arity: -2, Flags: ReadOnly | Fast, Keys: AllKeys, Handler: exists, Group: "generic", Tips: "request_policy:multi_shard response_policy:agg_sum", Since: "3.2.1", Summary: "Marks the given keys as just used and counts those that are there.",
		Syntax: "key...", Complexity: "O(N) for N keys"},
	{Name: "ttl", Arity: 2, Flags: ReadOnly | Fast | NoTouch, Keys: OneKey, Handler: ttl, Group: "generic", Tips: "nondeterministic_output", Since: "1.0.0", Summary: "Tells how many seconds a key has left to live.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "type", Arity: 2, Flags: ReadOnly | Fast | NoTouch, Keys: OneKey, Handler: typeOf, Group: "generic", Since: "1.0.0", Summary: "Names the data type of a key, or none if it is missing.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "unlink", Arity: -2, Flags: Write | Frees | Fast, Keys: AllKeys, Handler: unlink, Group: "generic", Tips: "request_policy:multi_shard response_policy:agg_sum", Since: "4.0.0", Summary: "Removes the given keys at once and frees their memory in the background.",
		Syntax: "key...", Complexity: "O(N) for N keys; the elements of large ones are deleted as a range"},
}

func del(c *Ctx) error { return delAll(c, func(*layout.Head) {}) }

// delAll shows what it deletes before it does.
func delAll(c *Ctx, show func(h *layout.Head)) error {
	n := int64(0)
	for _, name := range c.Args[1:] {
		k, err := datatype.Load(c.T, name)
		if err != nil {
			return err
		}
		existed := k.Exists
		if existed {
			show(&k.Head)
		}
		k.Remove()
		if existed {
			n++
			c.T.Event(datatype.ClassGeneric, "del", name)
		}
	}
	return c.int(n)
}

// lazyFreeEffort is the number of elements above which Redis leaves a key to a thread of its own.
const lazyFreeEffort = 64

// unlink is DEL, which takes the same short time; it counts what Redis counts.
func unlink(c *Ctx) error {
	large := int64(0)
	err := delAll(c, func(h *layout.Head) {
		if h.Encoding == layout.EncExpanded && h.Type != layout.TypeString && h.Count > lazyFreeEffort {
			large++
		}
	})
	if err == nil {
		lazyFreed(c, large)
	}
	return err
}

func dbsize(c *Ctx) error {
	keys, _ := c.T.KeyCounts()
	return c.int(keys)
}

// exists is TOUCH too: there is no access time to alter.
func exists(c *Ctx) error {
	n := int64(0)
	for _, name := range c.Args[1:] {
		k, err := datatype.Load(c.T, name)
		if err != nil {
			return err
		}
		if k.Exists {
			n++
		}
	}
	return c.int(n)
}

func typeOf(c *Ctx) error {
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !k.Exists {
		k.Head.Type = layout.TypeNone
	}
	c.W.Simple(k.Head.Type.String())
	return nil
}

func flushDB(c *Ctx) error {
	if err := checkFlushArgs(c.Args); err != nil {
		return err
	}
	return flushed(c)(c.Txns.FlushDB(c.C.DB()))
}

func flushAll(c *Ctx) error {
	if err := checkFlushArgs(c.Args); err != nil {
		return err
	}
	return flushed(c)(c.Txns.FlushAll())
}

// flushed ends a command that has deleted so many keys.
func flushed(c *Ctx) func(keys int64, err error) error {
	return func(keys int64, err error) error {
		if err != nil {
			return err
		}
		if len(c.Args) == 2 && equalFold(c.Args[1], "async") {
			lazyFreed(c, keys)
		}
		return c.ok()
	}
}

// lazyFreed counts what Redis leaves to a thread of its own, once it is sure that it is gone.
func lazyFreed(c *Ctx, n int64) {
	if n > 0 {
		c.Txns.AfterCommit(c, func(client.Place) { c.Host.CountLazyFreed(n) })
	}
}

// checkFlushArgs accepts ASYNC and SYNC; a flush takes the same short time either
// way.
func checkFlushArgs(args [][]byte) error {
	if len(args) > 2 || len(args) == 2 && !equalFold(args[1], "async") && !equalFold(args[1], "sync") {
		return resp.ErrSyntax
	}
	return nil
}

func rename(c *Ctx) error {
	if _, err := renameKey(c, true); err != nil {
		return err
	}
	return c.ok()
}

func renameNX(c *Ctx) error {
	done, err := renameKey(c, false)
	if err != nil {
		return err
	}
	return c.boolInt(done)
}

func renameKey(c *Ctx, replace bool) (done bool, err error) {
	src, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return false, err
	}
	if !src.Exists {
		return false, resp.ErrNoSuchKey
	}
	if string(c.Args[1]) == string(c.Args[2]) {
		return false, nil
	}
	dst, err := datatype.Load(c.T, c.Args[2])
	if err != nil || dst.Exists && !replace {
		return false, err
	}
	if err := datatype.MoveKey(&src, &dst); err != nil {
		return false, err
	}
	c.T.Event(datatype.ClassGeneric, "rename_from", src.Name)
	c.T.Event(datatype.ClassGeneric, "rename_to", dst.Name)
	return true, nil
}
