package script

import (
	"strconv"
	"strings"

	"github.com/haypile/haypile/internal/lua"
)

// Replication flags, of which only the check is left: what a script changes is always logged.
const (
	replAOF     = 1
	replReplica = 2
)

// openAPI registers the table redis, as scripts and functions see it while they run, and what differs from plain Lua.
func (w *world) openAPI(st *lua.State) *lua.Table {
	api := st.NewTable(0, 0)
	st.Register(api, map[string]lua.GoFunction{
		"call":          func(t *lua.Thread, args []lua.Value) int { return w.call(t, args, true) },
		"pcall":         func(t *lua.Thread, args []lua.Value) int { return w.call(t, args, false) },
		"log":           w.apiLog,
		"setresp":       w.apiSetResp,
		"sha1hex":       apiSHA1,
		"error_reply":   apiErrorReply,
		"status_reply":  apiStatusReply,
		"set_repl":      w.apiSetRepl,
		"acl_check_cmd": w.apiACL,
	})
	w.constants(api)
	for name, n := range map[string]int{"REPL_NONE": 0, "REPL_AOF": replAOF, "REPL_SLAVE": replReplica, "REPL_REPLICA": replReplica, "REPL_ALL": replAOF | replReplica} {
		api.SetString(name, lua.Int(n))
	}
	st.Globals.SetString("redis", lua.TableValue(api))
	st.Register(st.Globals, map[string]lua.GoFunction{"pcall": apiPcall})
	math := st.Globals.GetString("math").AsTable()
	for _, name := range [...]string{"random", "randomseed"} {
		plain := math.GetString(name)
		math.SetString(name, st.NewFunction(func(t *lua.Thread, args []lua.Value) int {
			if w.run == nil {
				return t.Errorf("math.%s can only be called inside a script invocation", name)
			}
			return t.Invoke(plain, -1, args...)
		}))
	}
	return api
}

func (w *world) constants(api *lua.Table) {
	for name, n := range map[string]int{"LOG_DEBUG": LogDebug, "LOG_VERBOSE": LogVerbose, "LOG_NOTICE": LogNotice, "LOG_WARNING": LogWarning} {
		api.SetString(name, lua.Int(n))
	}
	api.SetString("REDIS_VERSION", lua.String(w.host.version))
	num := 0
	for part := range strings.SplitSeq(w.host.version, ".") {
		n, _ := strconv.Atoi(part)
		num = num<<8 | n
	}
	api.SetString("REDIS_VERSION_NUM", lua.Int(num))
}

// openEvalAPI adds what only EVAL has: the debugger's functions, which do nothing without it.
func (w *world) openEvalAPI(st *lua.State, api *lua.Table) {
	st.Register(api, map[string]lua.GoFunction{
		"breakpoint":         func(t *lua.Thread, _ []lua.Value) int { return t.Return(lua.False) },
		"debug":              func(*lua.Thread, []lua.Value) int { return 0 },
		"replicate_commands": func(t *lua.Thread, _ []lua.Value) int { return t.Return(lua.True) },
	})
	st.Register(st.Globals, map[string]lua.GoFunction{"__redis__err__handler": handleError})
}

// errorTable is the table that stands for an error.
func errorTable(t *lua.Thread, text string) lua.Value {
	tab := t.State().NewTable(0, 2)
	tab.SetString("err", t.State().String(errorWithCode(text)))
	return lua.TableValue(tab)
}

// raise raises a text as an error table.
func raise(t *lua.Thread, text string) int {
	t.Raise(errorTable(t, text))
	return 0
}

// apiPcall is pcall, which gives the text of errors that are tables, as before Redis 7.
func apiPcall(t *lua.Thread, args []lua.Value) int {
	t.Push(lua.True)
	n, err := t.PCall(args, nil)
	if err == nil {
		return n + 1
	}
	v := err.Value
	if tab := v.AsTable(); tab != nil {
		if _, ok := tab.GetString("err").ToText(); ok {
			v = tab.GetString("err")
		}
	}
	t.Push(lua.False)
	t.Push(v)
	return 2
}

// arguments makes the arguments of a command of Lua's values. Numbers have 17 digits, or they would lose some.
func (r *run) arguments(t *lua.Thread, args []lua.Value) (argv [][]byte, problem string) {
	if len(args) == 0 {
		return nil, "Please specify at least one argument for this redis lib call"
	}
	r.argText = r.argText[:0]
	size := 0
	for _, v := range args {
		s, ok := v.AsString()
		if _, isNumber := v.AsNumber(); !ok && !isNumber {
			return nil, "Lua redis lib command arguments must be strings or integers"
		}
		size += len(s) + 24
	}
	if size > 1<<20 {
		t.State().Steps(size >> 12)
	}
	if cap(r.argText) < size {
		r.argText = make([]byte, 0, size)
	}
	argv = r.argv[:0]
	for _, v := range args {
		from := len(r.argText)
		if s, ok := v.AsString(); ok {
			r.argText = append(r.argText, s...)
		} else {
			n, _ := v.AsNumber()
			r.argText = lua.AppendNumber(r.argText, n, 17)
		}
		argv = append(argv, r.argText[from:len(r.argText):len(r.argText)])
	}
	r.argv = argv
	return argv, ""
}

// call is redis.call, which raises errors, and redis.pcall, which returns them.
func (w *world) call(t *lua.Thread, args []lua.Value, raises bool) int {
	r := w.run
	if r == nil || w.load != nil {
		return raise(t, "redis.call/pcall can only be called inside a script invocation")
	}
	argv, problem := r.arguments(t, args)
	if problem != "" {
		if raises {
			return raise(t, problem)
		}
		return t.Return(errorTable(t, problem))
	}
	st := t.State()
	st.Steps(callCost)
	r.reply.Buf, r.reply.Proto = r.reply.Buf[:0], r.proto
	dirty, err := r.Caller.Call(argv, &r.reply)
	if err != nil {
		panic(&lua.Abort{Err: err})
	}
	if dirty {
		r.dirty.Store(true)
	}
	if n := len(r.reply.Buf); n > 1<<16 {
		st.Steps(n >> 10)
	}
	reader := reader{st, r.reply.Buf}
	v := reader.value()
	if cap(r.reply.Buf) > 1<<20 {
		r.reply.Buf = nil
	}
	if raises && len(r.reply.Buf) > 0 && r.reply.Buf[0] == '-' {
		t.Raise(v)
	}
	return t.Return(v)
}

func (w *world) apiLog(t *lua.Thread, args []lua.Value) int {
	if len(args) < 2 {
		return raise(t, "redis.log() requires two arguments or more.")
	}
	n, ok := args[0].ToNumber()
	if !ok {
		return raise(t, "First argument must be a number (log level).")
	}
	level := int(n)
	if level < LogDebug || level > LogWarning {
		return raise(t, "Invalid debug level.")
	}
	if level < w.host.settings.Load().LogLevel {
		return 0
	}
	var parts []string
	for _, v := range args[1:] {
		if s, ok := v.ToText(); ok {
			parts = append(parts, s)
		}
	}
	w.host.log(level, strings.Join(parts, " "))
	return 0
}

func (w *world) apiSetResp(t *lua.Thread, args []lua.Value) int {
	if w.run == nil {
		return raise(t, "redis.setresp can only be called inside a script invocation")
	}
	if len(args) != 1 {
		return raise(t, "redis.setresp() requires one argument.")
	}
	n, _ := args[0].ToNumber()
	if n = float64(int(n)); n != 2 && n != 3 {
		return raise(t, "RESP version must be 2 or 3.")
	}
	w.run.proto = int(n)
	return 0
}

func apiSHA1(t *lua.Thread, args []lua.Value) int {
	if len(args) != 1 {
		return raise(t, "wrong number of arguments")
	}
	s, _ := args[0].ToText()
	t.State().Steps(len(s) >> 8)
	return t.Return(lua.String(SHA1([]byte(s))))
}

func apiErrorReply(t *lua.Thread, args []lua.Value) int {
	s, ok := lua.Arg(args, 0).AsString()
	if len(args) != 1 || !ok {
		return t.Return(errorTable(t, "wrong number or type of arguments"))
	}
	if s = cString(s); !strings.HasPrefix(s, "-") {
		s = "-" + s
	}
	return t.Return(errorTable(t, s))
}

func apiStatusReply(t *lua.Thread, args []lua.Value) int {
	if _, ok := lua.Arg(args, 0).AsString(); len(args) != 1 || !ok {
		return t.Return(errorTable(t, "wrong number or type of arguments"))
	}
	tab := t.State().NewTable(0, 1)
	tab.SetString("ok", args[0])
	return t.Return(lua.TableValue(tab))
}

func (w *world) apiSetRepl(t *lua.Thread, args []lua.Value) int {
	if w.run == nil {
		return raise(t, "redis.set_repl can only be called inside a script invocation")
	}
	if len(args) != 1 {
		return raise(t, "redis.set_repl() requires two arguments.")
	}
	n, _ := args[0].ToNumber()
	if int(n)&^(replAOF|replReplica) != 0 {
		return raise(t, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	return 0
}

func (w *world) apiACL(t *lua.Thread, args []lua.Value) int {
	r := w.run
	if r == nil {
		return raise(t, "redis.acl_check_cmd can only be called inside a script invocation")
	}
	argv, problem := r.arguments(t, args)
	if problem != "" {
		return raise(t, problem)
	}
	allowed, known := r.Caller.Allowed(argv)
	if !known {
		return raise(t, "Invalid command passed to redis.acl_check_cmd()")
	}
	return t.Return(lua.Bool(allowed))
}
