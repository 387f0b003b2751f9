package lua

import (
	"fmt"
	"math"
)

// Helpers for functions in Go: they check arguments and raise the errors of PUC-Rio's library.

// Arg returns the nth argument, from 0, or nil.
func Arg(args []Value, n int) Value {
	if n < len(args) {
		return args[n]
	}
	return Nil
}

// caller is what the running function in Go was called as.
func (t *Thread) caller() operand {
	if len(t.frames) < 2 {
		return operand{}
	}
	fr := &t.frames[len(t.frames)-2]
	if fr.fn.native != nil || fr.pc == 0 {
		return operand{}
	}
	switch fr.fn.proto.code[fr.pc-1].op {
	case opCall, opTailCall, opTForCall:
		return fr.fn.proto.operandAt(fr.pc-1, 0)
	}
	return operand{}
}

// ArgError raises the error for the nth argument, from 0.
func (t *Thread) ArgError(n int, what string) {
	n++
	who := t.caller()
	if who.kind == "method" {
		if n--; n == 0 {
			t.Errorf("calling '%s' on bad self (%s)", who.name, what)
		}
	}
	if who.kind == "" {
		who.name = "?"
	}
	t.Errorf("bad argument #%d to '%s' (%s)", n, who.name, what)
}

func (t *Thread) wrongType(args []Value, n int, want string) {
	got := "no value"
	if n < len(args) {
		got = args[n].Type()
	}
	t.ArgError(n, fmt.Sprintf("%s expected, got %s", want, got))
}

// CheckAny wants an argument, nil or not.
func (t *Thread) CheckAny(args []Value, n int) Value {
	if n >= len(args) {
		t.ArgError(n, "value expected")
	}
	return args[n]
}

// CheckString wants a string, or a number, which is converted.
func (t *Thread) CheckString(args []Value, n int) string {
	s, ok := Arg(args, n).ToText()
	if !ok {
		t.wrongType(args, n, "string")
	}
	return s
}

// OptString is CheckString with a default for nil.
func (t *Thread) OptString(args []Value, n int, otherwise string) string {
	if Arg(args, n).IsNil() {
		return otherwise
	}
	return t.CheckString(args, n)
}

// CheckNumber wants a number, or a string that can be converted.
func (t *Thread) CheckNumber(args []Value, n int) float64 {
	f, ok := Arg(args, n).ToNumber()
	if !ok {
		t.wrongType(args, n, "number")
	}
	return f
}

// CheckInt is CheckNumber, cut to an integer as C cuts.
func (t *Thread) CheckInt(args []Value, n int) int { return truncate(t.CheckNumber(args, n)) }

// OptInt is CheckInt with a default for nil.
func (t *Thread) OptInt(args []Value, n, otherwise int) int {
	if Arg(args, n).IsNil() {
		return otherwise
	}
	return t.CheckInt(args, n)
}

// CheckTable wants a table.
func (t *Thread) CheckTable(args []Value, n int) *Table {
	tab := Arg(args, n).AsTable()
	if tab == nil {
		t.wrongType(args, n, "table")
	}
	return tab
}

// CheckWritable wants a table that scripts may change.
func (t *Thread) CheckWritable(args []Value, n int) *Table {
	tab := t.CheckTable(args, n)
	if tab.ReadOnly {
		t.runError("%s", readOnlyText)
	}
	return tab
}

// CheckFunction wants a function.
func (t *Thread) CheckFunction(args []Value, n int) Value {
	if Arg(args, n).AsFunction() == nil {
		t.wrongType(args, n, "function")
	}
	return args[n]
}

// CheckRoom raises an error unless n more values may be pushed by a function in Go.
func (t *Thread) CheckRoom(n int, what string) {
	if fr := &t.frames[len(t.frames)-1]; t.top-fr.base+n > goStack {
		t.Errorf("stack overflow (%s)", what)
	}
}

// truncate is C's conversion to a 64-bit integer, on the machines that matter.
func truncate(f float64) int {
	if f != f || f >= math.MaxInt64 || f <= math.MinInt64 {
		return math.MinInt64
	}
	return int(f)
}
