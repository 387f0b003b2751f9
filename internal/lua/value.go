// Package lua runs Lua 5.1, as redis-server embeds it: the same language, library, texts of errors and order of
// tables. It knows nothing of Redis.
//
// Promises:
//   - U1. What a script can use up is bounded from outside: every loop, call and long library function reports
//     steps to State.Tick, and what it holds in memory is counted against State.MemoryLimit.
//   - U2. Errors of a script are values that it may catch; an Abort is not to be caught, and ends it at once.
//   - U3. Tables have the places and the order of PUC-Rio's implementation, so that pairs, next and # answer the same.
//   - U4. A Proto is never changed once compiled and may be shared by states; a State belongs to one goroutine at a time.
//
// The language: https://www.lua.org/manual/5.1/
package lua

import (
	"math"
	"strconv"
)

// Value is a Lua value. The zero Value is nil.
type Value struct {
	o any // nil, numTag, boolTag, lightTag, *Str, *Table, *Function, *Thread, *Userdata
	n float64
}

type (
	numTag   struct{}
	boolTag  struct{}
	lightTag struct{}
)

// Str is a string with its hash.
type Str struct {
	s    string
	hash uint32
}

// Userdata is an opaque object; scripts make it with newproxy.
type Userdata struct {
	id   uint32
	mark uint32
	meta *Table
}

// Nil is nil, and Light the null pointer, of which there is one.
var (
	Nil   = Value{}
	True  = Value{boolTag{}, 1}
	False = Value{boolTag{}, 0}
	Light = Value{lightTag{}, 0}
)

// Number makes a number.
func Number(n float64) Value { return Value{numTag{}, n} }

// Int makes a number of an integer.
func Int(n int) Value { return Value{numTag{}, float64(n)} }

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

// String makes a string that no state is charged for; see State.String.
func String(s string) Value { return Value{o: newStr(s)} }

func newStr(s string) *Str { return &Str{s: s, hash: hashString(s)} }

// hashString is PUC-Rio's: it looks at 32 bytes at most.
func hashString(s string) uint32 {
	h := uint32(len(s))
	step := len(s)>>5 + 1
	for i := len(s); i >= step; i -= step {
		h ^= h<<5 + h>>2 + uint32(s[i-1])
	}
	return h
}

// TableValue, FunctionValue and the like wrap objects.
func TableValue(t *Table) Value { return Value{o: t} }

// FunctionValue wraps a function.
func FunctionValue(f *Function) Value { return Value{o: f} }

// IsNil says whether v is nil.
func (v Value) IsNil() bool { return v.o == nil }

// IsNumber says whether v is a number.
func (v Value) IsNumber() bool {
	_, ok := v.o.(numTag)
	return ok
}

// IsLight says whether v is the null pointer.
func (v Value) IsLight() bool {
	_, ok := v.o.(lightTag)
	return ok
}

// AsNumber returns a number; strings are not converted.
func (v Value) AsNumber() (float64, bool) {
	_, ok := v.o.(numTag)
	return v.n, ok
}

// AsBool returns a boolean.
func (v Value) AsBool() (b, ok bool) {
	_, ok = v.o.(boolTag)
	return v.n != 0, ok
}

// AsString returns a string; numbers are not converted.
func (v Value) AsString() (string, bool) {
	if s, ok := v.o.(*Str); ok {
		return s.s, true
	}
	return "", false
}

// AsTable returns a table, or nil.
func (v Value) AsTable() *Table {
	t, _ := v.o.(*Table)
	return t
}

// AsFunction returns a function, or nil.
func (v Value) AsFunction() *Function {
	f, _ := v.o.(*Function)
	return f
}

// Truth is false for nil and false.
func (v Value) Truth() bool {
	if v.o == nil {
		return false
	}
	_, isBool := v.o.(boolTag)
	return !isBool || v.n != 0
}

// Type is the name of the type, as type() says it.
func (v Value) Type() string {
	switch v.o.(type) {
	case nil:
		return "nil"
	case numTag:
		return "number"
	case boolTag:
		return "boolean"
	case *Str:
		return "string"
	case *Table:
		return "table"
	case *Function:
		return "function"
	case *Thread:
		return "thread"
	}
	return "userdata"
}

// rawEqual is equality without metamethods.
func rawEqual(a, b Value) bool {
	switch x := a.o.(type) {
	case nil:
		return b.o == nil
	case numTag:
		_, ok := b.o.(numTag)
		return ok && a.n == b.n
	case boolTag:
		_, ok := b.o.(boolTag)
		return ok && a.n == b.n
	case *Str:
		y, ok := b.o.(*Str)
		return ok && (x == y || x.hash == y.hash && x.s == y.s)
	}
	return a.o == b.o
}

// ToNumber converts as arithmetic does.
func (v Value) ToNumber() (float64, bool) {
	switch x := v.o.(type) {
	case numTag:
		return v.n, true
	case *Str:
		return ParseNumber(x.s)
	}
	return 0, false
}

// ToText converts numbers as concatenation does; ok is false for all that is neither a string nor a number.
func (v Value) ToText() (string, bool) {
	switch x := v.o.(type) {
	case *Str:
		return x.s, true
	case numTag:
		return FormatNumber(v.n), true
	}
	return "", false
}

// FormatNumber prints a number as tostring does: %.14g.
func FormatNumber(n float64) string {
	var b [32]byte
	return string(AppendNumber(b[:0], n, 14))
}

// AppendNumber appends a number as C's %.*g prints it.
func AppendNumber(dst []byte, n float64, precision int) []byte {
	switch {
	case n == math.Trunc(n) && math.Abs(n) < 1e14 && precision >= 14 && (n != 0 || !math.Signbit(n)):
		return strconv.AppendInt(dst, int64(n), 10)
	case math.IsNaN(n) && math.Signbit(n):
		return append(dst, "-nan"...)
	case math.IsNaN(n):
		return append(dst, "nan"...)
	case math.IsInf(n, 1):
		return append(dst, "inf"...)
	case math.IsInf(n, -1):
		return append(dst, "-inf"...)
	}
	return appendG(dst, n, precision)
}

// appendG is %.*g of a finite number: Go writes the same digits, but keeps trailing zeros.
func appendG(dst []byte, n float64, precision int) []byte {
	from := len(dst)
	dst = strconv.AppendFloat(dst, n, 'g', precision, 64)
	mantissa := len(dst)
	point := false
	for i := from; i < len(dst); i++ {
		if dst[i] == 'e' {
			mantissa = i
			break
		}
		point = point || dst[i] == '.'
	}
	if !point {
		return dst
	}
	keep := mantissa
	for dst[keep-1] == '0' {
		keep--
	}
	if dst[keep-1] == '.' {
		keep--
	}
	return append(dst[:keep], dst[mantissa:]...)
}
