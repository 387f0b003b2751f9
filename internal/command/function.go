package command

import (
	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/rdb"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/script"
)

var functionRows = []Row{
	{Name: "fcall", Arity: -3, Flags: evalFlags, GetKeys: countedKeys, Handler: fcall, Group: "scripting", Since: "7.0.0", Summary: "Runs a function from a loaded library.",
		Syntax: "function numkeys [key...] [arg...]", Complexity: "Depends on the function"},
	{Name: "fcall_ro", Arity: -3, Flags: evalFlags | ReadOnly, GetKeys: countedKeys, Handler: fcall, Group: "scripting", Since: "7.0.0", Summary: "Runs a function from a loaded library and refuses its writes.",
		Syntax: "function numkeys [key...] [arg...]", Complexity: "Depends on the function"},
	{Name: "function", Arity: -2, Group: "scripting", Since: "7.0.0", Summary: "Groups the commands about functions and their libraries.", Sub: []Row{
		{Name: "delete", Arity: 3, Flags: Write | Frees | NoScript | Worker, Claims: functionClaims, Handler: functionDelete, Cats: "scripting", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "7.0.0", Summary: "Removes a library together with the functions it holds.",
			Syntax: "library-name", Complexity: "O(N) for N functions of the library"},
		{Name: "dump", Arity: 2, Flags: NoScript, Handler: functionDump, Cats: "scripting", Since: "7.0.0", Summary: "Serializes every library into a form that FUNCTION RESTORE accepts.",
			Syntax: "()", Complexity: "O(N) for N functions"},
		{Name: "flush", Arity: -2, Flags: Write | Frees | NoScript | Worker, Claims: functionClaims, Handler: functionFlush, Cats: "scripting", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "7.0.0", Summary: "Removes every library together with its functions.",
			Syntax: "[flush-type: ASYNC | SYNC]", Complexity: "O(N) for N functions"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: functionHelp, Cats: "scripting", Since: "7.0.0", Summary: "Lists the subcommands of FUNCTION with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "kill", Arity: 2, Flags: NoScript | AllowBusy, Handler: functionKill, Cats: "scripting", Tips: "request_policy:all_shards response_policy:one_succeeded", Since: "7.0.0", Summary: "Stops the running function, provided that it has written nothing yet.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "list", Arity: -2, Flags: NoScript, Handler: functionList, Cats: "scripting", Tips: "nondeterministic_output_order", Since: "7.0.0", Summary: "Describes the loaded libraries and their functions, with the code on request.",
			Syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]", Complexity: "O(N) for N functions"},
		{Name: "load", Arity: -3, Flags: Write | DenyOOM | NoScript | Worker, Claims: functionClaims, Handler: functionLoad, Cats: "scripting", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "7.0.0", Summary: "Adds a library from its source code and returns its name.",
			Syntax: "[REPLACE] function-code", Complexity: "O(N) for N bytes of code"},
		{Name: "restore", Arity: -3, Flags: Write | DenyOOM | NoScript | Worker, Claims: functionClaims, Handler: functionRestore, Cats: "scripting", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "7.0.0", Summary: "Brings back the libraries that FUNCTION DUMP returned.",
			Syntax: "serialized-value [policy: FLUSH | APPEND | REPLACE]", Complexity: "O(N) for N functions in the payload"},
		{Name: "stats", Arity: 2, Flags: NoScript | AllowBusy, Handler: functionStats, Cats: "scripting", Tips: "nondeterministic_output request_policy:all_shards response_policy:special", Since: "7.0.0", Summary: "Tells which function is running now and what each engine holds.",
			Syntax: "()", Complexity: "O(1)"},
	}},
}

// functionClaims orders those who change the libraries, which database 0 keeps.
func functionClaims([][]byte) []Claim { return []Claim{{DB: 0, Key: []byte("\x00functions")}} }

func fcall(c *Ctx) error {
	f := c.Txns.Libraries().Function(c.Args[1])
	if f == nil {
		return resp.Err("ERR Function not found")
	}
	n, err := keyCount(c, resp.Err("ERR Bad number of keys provided"))
	if err != nil {
		return err
	}
	return runScript(c, &script.Request{Function: f}, f.Flags, n)
}

func functionLoad(c *Ctx) error {
	replace := false
	for _, option := range c.Args[2 : len(c.Args)-1] {
		if !equalFold(option, "replace") {
			return resp.Err("ERR Unknown option given: " + string(option))
		}
		replace = true
	}
	code := c.Args[len(c.Args)-1]
	name, err := script.LibraryName(code)
	if err != nil {
		return err
	}
	libs := c.Txns.Libraries()
	if libs.Find(name) != nil {
		if !replace {
			return resp.Err("ERR Library '" + name + "' already exists")
		}
		libs = libs.Without(name)
	}
	lib, err := c.Host.Scripts().LoadLibrary(code)
	if err != nil {
		return err
	}
	if libs, err = libs.With(lib); err != nil {
		return err
	}
	if err := c.Txns.SetLibraries(libs); err != nil {
		return err
	}
	c.W.BulkString(name)
	return nil
}

func functionDelete(c *Ctx) error {
	libs := c.Txns.Libraries()
	if libs.Find(c.Arg(2)) == nil {
		return resp.Err("ERR Library not found")
	}
	if err := c.Txns.SetLibraries(libs.Without(c.Arg(2))); err != nil {
		return err
	}
	return c.ok()
}

func functionFlush(c *Ctx) error {
	if len(c.Args) > 3 {
		return unknownSubcommand(c)
	}
	if len(c.Args) == 3 && !equalFold(c.Args[2], "sync") && !equalFold(c.Args[2], "async") {
		return resp.Err("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
	}
	if err := c.Txns.SetLibraries(script.NoLibraries); err != nil {
		return err
	}
	return c.ok()
}

func functionDump(c *Ctx) error {
	var codes []string
	for _, lib := range c.Txns.Libraries().List() {
		codes = append(codes, lib.Code)
	}
	return c.bulk(rdb.AppendFunctions(nil, codes))
}

func functionRestore(c *Ctx) error {
	if len(c.Args) > 4 {
		return unknownSubcommand(c)
	}
	replace, flush := false, false
	if len(c.Args) == 4 {
		replace, flush = equalFold(c.Args[3], "replace"), equalFold(c.Args[3], "flush")
		if !replace && !flush && !equalFold(c.Args[3], "append") {
			return resp.Err("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
		}
	}
	codes, notFunction, err := rdb.Functions(c.Args[2])
	if err != nil {
		return footerError(err)
	}
	if notFunction {
		return resp.Err("ERR given type is not a function")
	}
	libs, err := c.Host.Scripts().Restore(codes)
	if err != nil {
		return err
	}
	if !flush {
		if libs, err = c.Txns.Libraries().Join(libs, replace); err != nil {
			return err
		}
	}
	if err := c.Txns.SetLibraries(libs); err != nil {
		return err
	}
	return c.ok()
}

func functionList(c *Ctx) error {
	withCode := false
	var pattern []byte
	for i := 2; i < len(c.Args); i++ {
		switch {
		case !withCode && equalFold(c.Args[i], "withcode"):
			withCode = true
		case pattern == nil && equalFold(c.Args[i], "libraryname"):
			if i++; i >= len(c.Args) {
				return resp.Err("ERR library name argument was not given")
			}
			pattern = c.Args[i]
		default:
			return resp.Err("ERR Unknown argument " + c.Arg(i))
		}
	}
	var list []*script.Library
	for _, lib := range c.Txns.Libraries().List() {
		if pattern == nil || glob.MatchFold(pattern, []byte(lib.Name)) {
			list = append(list, lib)
		}
	}
	c.W.Array(len(list))
	for _, lib := range list {
		writeLibrary(c.W, lib, withCode)
	}
	return nil
}

func writeLibrary(w *resp.Writer, lib *script.Library, withCode bool) {
	if withCode {
		w.Map(4)
	} else {
		w.Map(3)
	}
	w.BulkString("library_name")
	w.BulkString(lib.Name)
	w.BulkString("engine")
	w.BulkString("LUA")
	w.BulkString("functions")
	w.Array(len(lib.Functions))
	for _, f := range lib.Functions {
		w.Map(3)
		w.BulkString("name")
		w.BulkString(f.Name)
		w.BulkString("description")
		if f.Described {
			w.BulkString(f.Description)
		} else {
			w.Null()
		}
		w.BulkString("flags")
		writeSimpleSet(w, "", f.Flags.Names())
	}
	if withCode {
		w.BulkString("library_code")
		w.BulkString(lib.Code)
	}
}

func functionKill(c *Ctx) error {
	if err := c.Host.Scripts().Kill(false); err != nil {
		return err
	}
	return c.ok()
}

func functionStats(c *Ctx) error {
	running, err := c.Host.Scripts().Running()
	if err != nil {
		return err
	}
	c.W.Map(2)
	c.W.BulkString("running_script")
	if running == nil {
		c.W.Null()
	} else {
		c.W.Map(3)
		c.W.BulkString("name")
		c.W.BulkString(running.Name)
		c.W.BulkString("command")
		c.W.Array(len(running.Command))
		for _, arg := range running.Command {
			c.W.Bulk(arg)
		}
		c.W.BulkString("duration_ms")
		c.W.Int(running.For.Milliseconds())
	}
	libs := c.Txns.Libraries()
	c.W.BulkString("engines")
	c.W.Map(1)
	c.W.BulkString("LUA")
	c.W.Map(2)
	c.W.BulkString("libraries_count")
	c.W.Int(int64(len(libs.List())))
	c.W.BulkString("functions_count")
	c.W.Int(int64(libs.Functions()))
	return nil
}

func functionHelp(c *Ctx) error {
	return help(c, "FUNCTION",
		"LOAD [REPLACE] <FUNCTION CODE>", "    Create a new library with the given library name and code.",
		"DELETE <LIBRARY NAME>", "    Delete the given library.",
		"LIST [LIBRARYNAME PATTERN] [WITHCODE]", "    Return general information on all the libraries:", "    * Library name", "    * The engine used to run the Library",
		"    * Library description", "    * Functions list", "    * Library code (if WITHCODE is given)",
		"    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
		"STATS", "    Return information about the current function running:", "    * Function name", "    * Command used to run the function",
		"    * Duration in MS that the function is running", "    If no function is running, return nil", "    In addition, returns a list of available engines.",
		"KILL", "    Kill the current running function.",
		"FLUSH [ASYNC|SYNC]", "    Delete all the libraries.", "    When called without the optional mode argument, the behavior is determined by the",
		"    lazyfree-lazy-user-flush configuration directive. Valid modes are:", "    * ASYNC: Asynchronously flush the libraries.", "    * SYNC: Synchronously flush the libraries.",
		"DUMP", "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
		"RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]", "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
		"    control how to handle existing libraries (default APPEND):", "    * FLUSH: delete all existing libraries.",
		"    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
		"    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
		"      libraries with the new libraries (notice that even on this option there is a chance of failure",
		"      in case of functions name collision with another library).")
}
