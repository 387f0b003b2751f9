package lua

import (
	"fmt"
	"runtime"
)

// Error is an error of a script: any value, mostly a string.
type Error struct {
	Value Value
	done  bool // a handler has seen it
}

func (e *Error) Error() string {
	if s, ok := e.Value.ToText(); ok {
		return s
	}
	return "(error object is a " + e.Value.Type() + " value)"
}

// level returns the frame at a level, 0 being the running function. found is false beyond the first call, and frame nil
// where a tail call has left none.
func (t *Thread) level(level int) (fr *frame, found bool) {
	i := len(t.frames) - 1
	for ; level > 0 && i >= 0; i-- {
		level--
		if t.frames[i].fn.native == nil {
			level -= t.frames[i].tails
		}
	}
	switch {
	case level < 0:
		return nil, true
	case i < 0:
		return nil, false
	}
	return &t.frames[i], true
}

// Where is "source:line: " of the function at a level, or empty if it is none in Lua.
func (t *Thread) Where(level int) string {
	source, line, ok := t.Position(level)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", source, line)
}

// Position is where the function at a level stands; ok is false if it is none in Lua.
func (t *Thread) Position(level int) (source string, line int, ok bool) {
	fr, _ := t.level(level)
	if fr == nil || fr.fn.native != nil {
		return "", 0, false
	}
	return fr.fn.proto.source, fr.line(), true
}

// Source is the name of the chunk of the function at a level as it was given to Compile, [C] for one in Go.
func (t *Thread) Source(level int) string {
	switch fr, found := t.level(level); {
	case !found:
		return ""
	case fr == nil:
		return "=(tail call)"
	case fr.fn.native != nil:
		return "=[C]"
	default:
		return fr.fn.proto.chunk
	}
}

// HasLevel says whether there are so many calls.
func (t *Thread) HasLevel(level int) bool {
	_, found := t.level(level)
	return found
}

func (fr *frame) line() int {
	return int(fr.fn.proto.lines[max(0, fr.pc-1)])
}

// Raise raises a value as an error.
func (t *Thread) Raise(v Value) {
	panic(&Error{Value: v})
}

// errorf raises a message with the place of the function at a level before it.
func (t *Thread) errorf(level int, format string, args ...any) {
	t.Raise(t.st.String(t.Where(level) + fmt.Sprintf(format, args...)))
}

// Errorf raises a message, as functions in Go do: with the place from which they were called.
func (t *Thread) Errorf(format string, args ...any) int {
	t.errorf(1, format, args...)
	return 0
}

// runError raises an error of the machine itself, at the running function.
func (t *Thread) runError(format string, args ...any) { t.errorf(0, format, args...) }

// typeError raises the error for an operation on a value of the wrong type.
func (t *Thread) typeError(v Value, name operand, verb string) {
	if name.kind != "" {
		t.runError("attempt to %s %s '%s' (a %s value)", verb, name.kind, name.name, v.Type())
	}
	t.runError("attempt to %s a %s value", verb, v.Type())
}

// operand is what the nth operand of the running instruction is called.
func (t *Thread) operand(n int) operand {
	if len(t.frames) == 0 || n < 0 {
		return operand{}
	}
	fr := &t.frames[len(t.frames)-1]
	if fr.fn.native != nil || fr.pc == 0 {
		return operand{}
	}
	return fr.fn.proto.operandAt(fr.pc-1, n)
}

// protect runs f and returns its error. Calls that f has begun are undone. handler, if any, sees the error where it
// happens and returns what takes its place.
func (t *Thread) protect(handler GoFunction, f func()) (err error) {
	frames, top, nested, pinned := len(t.frames), t.top, t.st.nested, t.st.pinned
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = t.caught(p)
		t.closeUpvalues(top)
		t.frames, t.top, t.st.nested, t.st.pinned = t.frames[:frames], top, nested, pinned
	}()
	if handler == nil {
		f()
		return nil
	}
	t.handled(handler, f)
	return nil
}

// handled runs f, and the handler on its error while the calls are still there.
func (t *Thread) handled(handler GoFunction, f func()) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		e, ok := p.(*Error)
		if !ok || e.done {
			panic(p)
		}
		e.done = true
		n := handler(t, []Value{e.Value})
		e.Value = Nil
		if n > 0 {
			e.Value = t.stack[t.top-n]
		}
		panic(e)
	}()
	f()
}

// caught turns what was panicked with into an error.
func (t *Thread) caught(p any) error {
	switch e := p.(type) {
	case *Error:
		e.done = false
		return e
	case *Abort:
		return e.Err
	case runtime.Error:
		panic(p) // a bug of ours: whoever runs commands deals with it
	}
	panic(p)
}
