package script

import (
	"slices"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/lua"
	"github.com/haypile/haypile/internal/resp"
)

// Library is a library of functions. It is never changed.
type Library struct {
	Name      string
	Code      string
	Functions []*Function // by name
	proto     *lua.Proto
}

// Function is a function of a library.
type Function struct {
	Name        string
	Description string
	Described   bool
	Flags       Flags
	lib         *Library
}

// Libraries are all libraries at one time. They are never changed.
type Libraries struct {
	list      []*Library // by name
	functions map[string]*Function
}

// NoLibraries is what there is at first.
var NoLibraries = &Libraries{functions: map[string]*Function{}}

// List returns the libraries by name.
func (l *Libraries) List() []*Library { return l.list }

// Functions is the number of functions.
func (l *Libraries) Functions() int { return len(l.functions) }

// Find returns a library, or nil.
func (l *Libraries) Find(name string) *Library {
	for _, lib := range l.list {
		if lib.Name == name {
			return lib
		}
	}
	return nil
}

// Function returns a function by its name in any case, or nil.
func (l *Libraries) Function(name []byte) *Function {
	if f := l.functions[string(name)]; f != nil {
		return f
	}
	return l.functions[strings.ToLower(string(name))]
}

// Without returns the libraries without one.
func (l *Libraries) Without(name string) *Libraries {
	return newLibraries(slices.DeleteFunc(slices.Clone(l.list), func(lib *Library) bool { return lib.Name == name }))
}

// With returns the libraries with one more, whose functions must not be there.
func (l *Libraries) With(lib *Library) (*Libraries, error) {
	for _, f := range lib.Functions {
		if l.Function([]byte(f.Name)) != nil {
			return nil, resp.Err("ERR Function " + f.Name + " already exists")
		}
	}
	return newLibraries(append(slices.Clone(l.list), lib)), nil
}

// Join adds libraries to those that are there, in the place of which they come if replace is set.
func (l *Libraries) Join(more *Libraries, replace bool) (*Libraries, error) {
	joined := l
	for _, lib := range more.list {
		if joined.Find(lib.Name) == nil {
			continue
		}
		if !replace {
			return nil, resp.Err("ERR Library " + lib.Name + " already exists")
		}
		joined = joined.Without(lib.Name)
	}
	for _, lib := range more.list {
		var err error
		if joined, err = joined.With(lib); err != nil {
			return nil, err
		}
	}
	return joined, nil
}

func newLibraries(list []*Library) *Libraries {
	slices.SortFunc(list, func(a, b *Library) int { return strings.Compare(a.Name, b.Name) })
	l := &Libraries{list: list, functions: map[string]*Function{}}
	for _, lib := range list {
		for _, f := range lib.Functions {
			l.functions[strings.ToLower(f.Name)] = f
		}
	}
	return l
}

const badName resp.Err = "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// libraryHeader reads the first line of a library's code.
func libraryHeader(code string) (name, body string, err error) {
	if !strings.HasPrefix(code, "#!") {
		return "", "", resp.Err("ERR Missing library metadata")
	}
	end := strings.IndexByte(code, '\n')
	if end < 0 {
		return "", "", resp.Err("ERR Invalid library metadata")
	}
	parts, ok := splitArgs(code[:end])
	if !ok || len(parts) == 0 {
		return "", "", resp.Err("ERR Invalid library metadata")
	}
	named := false
	for _, part := range parts[1:] {
		if len(part) < 5 || !strings.EqualFold(part[:5], "name=") {
			return "", "", resp.Err("ERR Invalid metadata value given: " + part)
		}
		if named {
			return "", "", resp.Err("ERR Invalid metadata value, name argument was given multiple times")
		}
		name, named = part[5:], true
	}
	if !named {
		return "", "", resp.Err("ERR Library name was not given")
	}
	if !validName(name) {
		return "", "", badName
	}
	if engine := parts[0][2:]; !strings.EqualFold(engine, "lua") {
		return "", "", resp.Err("ERR Engine '" + engine + "' not found")
	}
	return name, code[end:], nil
}

// loadTime is how long a library may take to register its functions.
const loadTime = 500 * time.Millisecond

// LibraryName reads the name that a library's code gives it.
func LibraryName(code []byte) (string, error) {
	name, _, err := libraryHeader(string(code))
	return name, err
}

// LoadLibrary compiles a library and runs its code, which registers functions.
func (h *Host) LoadLibrary(code []byte) (*Library, error) {
	name, body, err := libraryHeader(string(code))
	if err != nil {
		return nil, err
	}
	p, err := lua.Compile(body, "@user_function")
	if err != nil {
		return nil, resp.Err("ERR Error compiling function: " + err.Error())
	}
	lib := &Library{Name: name, Code: string(code), proto: p}
	w := h.take()
	load, err := w.register(lib, time.Now().Add(loadTime))
	if err != nil {
		return nil, err // the interpreter may be in any state: it is not used again
	}
	h.give(w)
	if len(load.functions) == 0 {
		return nil, resp.Err("ERR No functions registered")
	}
	lib.Functions = load.functions
	slices.SortFunc(lib.Functions, func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
	w.libs[lib] = load.callbacks
	return lib, nil
}

// Restore loads libraries from their codes.
func (h *Host) Restore(codes [][]byte) (*Libraries, error) {
	all := NoLibraries
	for _, code := range codes {
		lib, err := h.LoadLibrary(code)
		if err != nil {
			return nil, err
		}
		if all.Find(lib.Name) != nil {
			return nil, resp.Err("ERR Library '" + lib.Name + "' already exists")
		}
		if all, err = all.With(lib); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// loading is the registration of a library's functions.
type loading struct {
	lib       *Library
	functions []*Function
	callbacks map[string]*lua.Function
}

// register runs a library's code.
func (w *world) register(lib *Library, until time.Time) (*loading, error) {
	st := w.functions()
	load := &loading{lib: lib, callbacks: map[string]*lua.Function{}}
	w.load = load
	w.shield.SetString("__index", lua.TableValue(w.libAPI))
	tick := st.Tick
	st.Tick = func() {
		if time.Now().After(until) {
			panic(&lua.Abort{Err: resp.Err("ERR Error registering functions: ERR FUNCTION LOAD timeout")})
		}
	}
	st.Begin(w.host.settings.Load().MemoryLimit)
	_, err := st.Call(st.Load(lib.proto), nil)
	st.Tick = tick
	w.shield.SetString("__index", lua.TableValue(w.global))
	w.load = nil
	st.Settle()
	if e, ok := err.(*lua.Error); ok {
		text, isText := e.Value.ToText()
		if tab := e.Value.AsTable(); tab != nil {
			text, _ = tab.GetString("err").ToText()
		} else if isText {
			text = "ERR " + text
		}
		return nil, resp.Err("ERR Error registering functions: " + cString(text))
	}
	if err != nil {
		if err == lua.ErrMemory {
			err = resp.Err("ERR Error registering functions: " + err.Error() + " (lua-memory-limit)")
		}
		return nil, err
	}
	return load, nil
}

// function returns the callback of a function in this interpreter, which loads the library if it has not yet.
func (w *world) function(f *Function) (*lua.Function, error) {
	callbacks := w.libs[f.lib]
	if callbacks == nil {
		for lib := range w.libs { // a newer version takes the place of an older one
			if lib.Name == f.lib.Name {
				delete(w.libs, lib)
			}
		}
		load, err := w.register(f.lib, time.Now().Add(loadTime))
		if err != nil {
			return nil, err
		}
		callbacks = load.callbacks
		w.libs[f.lib] = callbacks
	}
	return callbacks[f.Name], nil
}

// openLibraryAPI makes what a library sees while it is loaded.
func (w *world) openLibraryAPI(st *lua.State) {
	api := st.NewTable(0, 0)
	st.Register(api, map[string]lua.GoFunction{"register_function": w.apiRegister, "log": w.apiLog})
	w.constants(api)
	api.SetMeta(w.errorMeta(st))
	w.libAPI = st.NewTable(0, 0)
	w.libAPI.SetString("redis", lua.TableValue(api))
	w.libAPI.SetMeta(w.errorMeta(st))
	w.libAPI.Protect()
}

func (w *world) apiRegister(t *lua.Thread, args []lua.Value) int {
	if w.load == nil {
		return raise(t, "redis.register_function can only be called on FUNCTION LOAD command")
	}
	f := &Function{lib: w.load.lib}
	var callback *lua.Function
	problem := "wrong number of arguments to redis.register_function"
	switch len(args) {
	case 1:
		callback, problem = f.readNamed(args[0].AsTable())
	case 2:
		callback, problem = f.readPlaced(args)
	}
	switch {
	case problem != "":
	case !validName(f.Name):
		problem = strings.TrimPrefix(string(badName), "ERR ")
	case w.load.callbacks[f.Name] != nil:
		problem = "Function already exists in the library"
	}
	if problem != "" {
		return raise(t, problem)
	}
	w.load.functions = append(w.load.functions, f)
	w.load.callbacks[f.Name] = callback
	return 0
}

func (f *Function) readPlaced(args []lua.Value) (*lua.Function, string) {
	name, ok := args[0].ToText()
	if !ok {
		return nil, "first argument to redis.register_function must be a string"
	}
	f.Name = name
	if args[1].AsFunction() == nil {
		return nil, "second argument to redis.register_function must be a function"
	}
	return args[1].AsFunction(), ""
}

func (f *Function) readNamed(t *lua.Table) (callback *lua.Function, problem string) {
	if t == nil {
		return nil, "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments)."
	}
	named := false
	t.Each(func(k, v lua.Value) {
		if problem != "" {
			return
		}
		key, ok := k.ToText()
		if !ok {
			problem = "named argument key given to redis.register_function is not a string"
			return
		}
		switch strings.ToLower(key) {
		case "function_name":
			if f.Name, named = v.ToText(); !named {
				problem = "function_name argument given to redis.register_function must be a string"
			}
		case "description":
			if f.Description, f.Described = v.ToText(); !f.Described {
				problem = "description argument given to redis.register_function must be a string"
			}
		case "callback":
			if callback = v.AsFunction(); callback == nil {
				problem = "callback argument given to redis.register_function must be a function"
			}
		case "flags":
			problem = f.readFlags(v.AsTable())
		default:
			problem = "unknown argument given to redis.register_function"
		}
	})
	switch {
	case problem != "":
	case !named:
		problem = "redis.register_function must get a function name argument"
	case callback == nil:
		problem = "redis.register_function must get a callback argument"
	}
	return callback, problem
}

func (f *Function) readFlags(t *lua.Table) (problem string) {
	if t == nil {
		return "flags argument to redis.register_function must be a table representing function flags"
	}
	for i := 1; !t.GetInt(i).IsNil(); i++ {
		name, ok := t.GetInt(i).ToText()
		flag, known := flagOf(strings.ToLower(name))
		if !ok || !known {
			return "unknown flag given"
		}
		f.Flags |= flag
	}
	return ""
}
