package command

import (
	"bytes"
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/script"
)

// Scripting is what the instance offers to scripts.
type Scripting interface {
	Scripts() *script.Host
	// MonitorScript tells monitors of a command that a script has called.
	MonitorScript(db int, args [][]byte)
	// OutOfMemory says that memory is above maxmemory, so that commands which add data are refused.
	OutOfMemory() bool
}

const evalFlags = Scripted | NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys

var scriptRows = []Row{
	{Name: "eval", Arity: -3, Flags: evalFlags, GetKeys: countedKeys, Handler: eval, Group: "scripting", Since: "2.6.0", Summary: "Runs a Lua script on the server.",
		Syntax: "script numkeys [key...] [arg...]", Complexity: "Depends on the script"},
	{Name: "evalsha", Arity: -3, Flags: evalFlags, GetKeys: countedKeys, Handler: evalSHA, Group: "scripting", Since: "2.6.0", Summary: "Runs a Lua script from the cache, found by its SHA1 digest.",
		Syntax: "sha1 numkeys [key...] [arg...]", Complexity: "Depends on the script"},
	{Name: "eval_ro", Arity: -3, Flags: evalFlags | ReadOnly, GetKeys: countedKeys, Handler: eval, Group: "scripting", Since: "7.0.0", Summary: "Runs a Lua script on the server and refuses its writes.",
		Syntax: "script numkeys [key...] [arg...]", Complexity: "Depends on the script"},
	{Name: "evalsha_ro", Arity: -3, Flags: evalFlags | ReadOnly, GetKeys: countedKeys, Handler: evalSHA, Group: "scripting", Since: "7.0.0", Summary: "Runs a Lua script from the cache and refuses its writes.",
		Syntax: "sha1 numkeys [key...] [arg...]", Complexity: "Depends on the script"},
	{Name: "script", Arity: -2, Group: "scripting", Since: "2.6.0", Summary: "Groups the commands about Lua scripts and their cache.", Sub: []Row{
		{Name: "debug", Arity: 3, Flags: NoScript, Handler: scriptDebug, Cats: "scripting", Since: "3.2.0", Summary: "Turns the debugger for the connection's Lua scripts on or off.",
			Syntax: "(mode: YES | SYNC | NO)", Complexity: "O(1)"},
		{Name: "exists", Arity: -3, Flags: NoScript, Handler: scriptExists, Cats: "scripting", Tips: "request_policy:all_shards response_policy:agg_logical_and", Since: "2.6.0", Summary: "Tells for each SHA1 digest whether the cache has its script.",
			Syntax: "sha1...", Complexity: "O(N) for N scripts asked for"},
		{Name: "flush", Arity: -2, Flags: NoScript, Handler: scriptFlush, Cats: "scripting", Tips: "request_policy:all_nodes response_policy:all_succeeded", Since: "2.6.0", Summary: "Empties the cache of Lua scripts.",
			Syntax: "[flush-type: ASYNC | SYNC]@6.2.0", Complexity: "O(N) for N scripts in the cache"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: scriptHelp, Cats: "scripting", Since: "5.0.0", Summary: "Lists the subcommands of SCRIPT with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "kill", Arity: 2, Flags: NoScript | AllowBusy, Handler: scriptKill, Cats: "scripting", Tips: "request_policy:all_shards response_policy:one_succeeded", Since: "2.6.0", Summary: "Stops the running Lua script, provided that it has written nothing yet.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "load", Arity: 3, Flags: NoScript | Stale, Handler: scriptLoad, Cats: "scripting", Tips: "request_policy:all_nodes response_policy:all_succeeded", Since: "2.6.0", Summary: "Puts a Lua script into the cache and returns its SHA1 digest.",
			Syntax: "script", Complexity: "O(N) for N bytes of the script"},
	}},
}

// countedKeys finds the keys behind their number, which is the third argument.
func countedKeys(args [][]byte) ([]int, bool) {
	n, ok := numeric.ParseInt64(args[2])
	if !ok || n < 0 || n > int64(len(args)-3) {
		return nil, false
	}
	keys := make([]int, n)
	for i := range keys {
		keys[i] = 3 + i
	}
	return keys, true
}

// keyCount reads the number of keys of a script.
func keyCount(c *Ctx, notInt error) (int, error) {
	n, ok := numeric.ParseInt64(c.Args[2])
	switch {
	case !ok:
		return 0, notInt
	case n > int64(len(c.Args)-3):
		return 0, resp.Err("ERR Number of keys can't be greater than number of args")
	case n < 0:
		return 0, resp.Err("ERR Number of keys can't be negative")
	}
	return int(n), nil
}

func eval(c *Ctx) error {
	n, err := keyCount(c, resp.ErrNotInt)
	if err != nil {
		return err
	}
	s, err := c.Host.Scripts().Load(c.Args[1])
	if err != nil {
		return err
	}
	return runScript(c, &script.Request{Script: s}, s.Flags, n)
}

func evalSHA(c *Ctx) error {
	if len(c.Args[1]) != 40 {
		return resp.ErrNoScript
	}
	n, err := keyCount(c, resp.ErrNotInt)
	if err != nil {
		return err
	}
	s := c.Host.Scripts().Find(string(bytes.ToLower(c.Args[1])))
	if s == nil {
		return resp.ErrNoScript
	}
	return runScript(c, &script.Request{Script: s}, s.Flags, n)
}

// loopBudget is how many steps a script may take on an event loop. It starts over on a worker when they are not enough.
const loopBudget = 20000

// mayWrite stands for what a script with flags, and without no-writes, may do.
var mayWrite = Row{Flags: Write}

// runScript runs a script or function with the first n of the arguments as its keys.
func runScript(c *Ctx, q *script.Request, flags script.Flags, n int) error {
	ro := c.Row.Is(ReadOnly)
	if flags&(script.Compat|script.NoWrites) == 0 && ro {
		return resp.Err("ERR Can not execute a script with write flag using *_ro command.")
	}
	if flags&(script.Compat|script.NoWrites) == 0 {
		if err := c.Host.Refuse(c.C, c.C.DB(), &mayWrite); err != nil {
			return err
		}
	}
	full := c.Host.OutOfMemory()
	if full && flags&(script.Compat|script.NoWrites|script.AllowOOM) == 0 {
		return resp.Err("OOM allow-oom flag is not set on the script, can't run it when used memory > 'maxmemory'")
	}
	caller := &scriptCaller{outer: c, db: c.C.DB(), readOnly: ro || flags&script.Compat == 0 && flags&script.NoWrites != 0}
	caller.denyOOM = full && flags&script.AllowOOM == 0
	q.Keys, q.Args, q.Command, q.Caller = c.Args[3:3+n], c.Args[3+n:], c.Args, caller
	if !c.Txns.MayWait() {
		q.Budget, q.Over = loopBudget, datatype.ErrWouldBlock
	}
	var outcome script.Outcome
	err := c.Txns.Scripted(c, func() (err error) {
		outcome, err = c.Host.Scripts().Run(q, c.W)
		return err
	})
	if outcome.Failed {
		c.Row.Stats.Failed.Add(1)
	}
	if outcome.Error != "" {
		c.Txns.CountError(outcome.Error)
	}
	return err
}

// scriptCaller runs commands for a script.
type scriptCaller struct {
	outer    *Ctx
	db       int // in which it began
	readOnly bool
	denyOOM  bool // until the script has written: a script is not stopped half-way
	ctx      Ctx
}

// MayReplicate lists commands that do not write and that a script for reading must not call all the same.
func (r *Row) MayReplicate() bool {
	switch r.Name {
	case "publish", "spublish", "pfcount":
		return true
	}
	return false
}

// refusal is the error for a command that a script may not call, or "".
func (s *scriptCaller) refusal(row *Row, args [][]byte) string {
	switch {
	case row == nil:
		return "ERR Unknown Redis command called from script"
	case !row.ArityOK(len(args)) || row.Handler == nil:
		return "ERR Wrong number of args calling Redis command from script"
	case row.Is(NoScript) && !s.outer.Host.Scripts().DenyNothing.Load():
		return "ERR This Redis command is not allowed from script"
	case s.readOnly && (row.Is(Write) || row.MayReplicate()):
		return "ERR Write commands are not allowed from read-only scripts."
	}
	if err := CheckInScript(s.outer, row, args); err != nil {
		return err.Error()
	}
	if db := s.outer.C.DB(); row.Is(Write) || db != s.db { // the gate has looked at the script's own database
		if err := s.outer.Host.Refuse(s.outer.C, db, row); err != nil {
			return err.Error()
		}
	}
	if s.denyOOM && row.Is(DenyOOM) {
		return string(resp.ErrOOM)
	}
	return ""
}

// Call implements script.Caller.
func (s *scriptCaller) Call(args [][]byte, w *resp.Writer) (dirty bool, err error) {
	o := s.outer
	row := o.Host.Table().Resolve(args)
	if text := s.refusal(row, args); text != "" {
		if row != nil {
			row.Stats.Rejected.Add(1)
		}
		o.Txns.CountError(text)
		w.Error(text)
		return false, nil
	}
	o.Host.MonitorScript(o.C.DB(), args)
	s.ctx = Ctx{Args: args, Row: row, W: w, Txns: o.Txns, C: o.C, Host: o.Host, NoWait: true, Script: true}
	began := time.Now()
	if err := o.Txns.CallInner(&s.ctx); err != nil {
		return false, err
	}
	took := time.Since(began).Nanoseconds()
	row.Stats.Calls.Add(1)
	row.Stats.Nanos.Add(took)
	row.Stats.Latency.Add(took)
	if row.Is(Write) {
		s.denyOOM = false
	}
	return row.Is(Write), nil
}

// Allowed implements script.Caller.
func (s *scriptCaller) Allowed(args [][]byte) (allowed, known bool) {
	row := s.outer.Host.Table().Resolve(args)
	if row == nil || !row.ArityOK(len(args)) {
		return false, false
	}
	denial := row.Check(s.outer.C.User(), args)
	return !denial.Denied(), true
}

func scriptLoad(c *Ctx) error {
	s, err := c.Host.Scripts().Load(c.Args[2])
	if err != nil {
		return err
	}
	c.W.BulkString(s.SHA)
	return nil
}

func scriptExists(c *Ctx) error {
	c.W.Array(len(c.Args) - 2)
	for _, sha := range c.Args[2:] {
		if c.Host.Scripts().Find(string(sha)) != nil {
			c.W.Int(1)
		} else {
			c.W.Int(0)
		}
	}
	return nil
}

func scriptFlush(c *Ctx) error {
	if len(c.Args) > 3 || len(c.Args) == 3 && !equalFold(c.Args[2], "sync") && !equalFold(c.Args[2], "async") {
		return resp.Err("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
	}
	c.Host.Scripts().Flush()
	return c.ok()
}

func scriptKill(c *Ctx) error {
	if err := c.Host.Scripts().Kill(true); err != nil {
		return err
	}
	return c.ok()
}

func scriptDebug(c *Ctx) error {
	switch {
	case equalFold(c.Args[2], "no"):
		return c.ok()
	case equalFold(c.Args[2], "yes"), equalFold(c.Args[2], "sync"):
		return resp.Err("ERR the Lua debugger is not supported")
	}
	return resp.Err("ERR Use SCRIPT DEBUG YES/SYNC/NO")
}

func scriptHelp(c *Ctx) error {
	return help(c, "SCRIPT",
		"DEBUG (YES|SYNC|NO)", "    Set the debug mode for subsequent scripts executed.",
		"EXISTS <sha1> [<sha1> ...]", "    Return information about the existence of the scripts in the script cache.",
		"FLUSH [ASYNC|SYNC]", "    Flush the Lua scripts cache. Very dangerous on replicas.",
		"    When called without the optional mode argument, the behavior is determined by the", "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
		"    * ASYNC: Asynchronously flush the scripts cache.", "    * SYNC: Synchronously flush the scripts cache.",
		"KILL", "    Kill the currently executing Lua script.",
		"LOAD <script>", "    Load a script into the scripts cache without executing it.")
}
