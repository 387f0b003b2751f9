package script

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/haypile/haypile/internal/lua"
)

// openStruct registers struct: packing of binary structures.
func openStruct(st *lua.State) {
	lib := st.NewTable(0, 0)
	st.Register(lib, map[string]lua.GoFunction{"pack": structPack, "unpack": structUnpack, "size": structSize})
	st.Globals.SetString("struct", lua.TableValue(lib))
}

const (
	structAlign   = 8  // the greatest that the machine asks for
	structIntSize = 32 // the largest integer
)

// layout is a format and the options that it has set so far.
type layout struct {
	t     *lua.Thread
	fmt   string
	order binary.ByteOrder
	align int
}

func newLayout(t *lua.Thread, args []lua.Value) *layout {
	return &layout{t: t, fmt: cString(t.CheckString(args, 0)), order: binary.LittleEndian, align: 1}
}

// number reads a number in the format.
func (l *layout) number(otherwise int) int {
	if l.fmt == "" || l.fmt[0] < '0' || l.fmt[0] > '9' {
		return otherwise
	}
	n := 0
	for l.fmt != "" && l.fmt[0] >= '0' && l.fmt[0] <= '9' {
		d := int(l.fmt[0] - '0')
		if n > math.MaxInt32/10 || n*10 > math.MaxInt32-d {
			l.t.Errorf("integral size overflow")
		}
		n = n*10 + d
		l.fmt = l.fmt[1:]
	}
	return n
}

// next takes an option and its size off the format; 0 for those that have none.
func (l *layout) next() (opt byte, size int) {
	opt = l.fmt[0]
	l.fmt = l.fmt[1:]
	switch opt {
	case 'B', 'b', 'x':
		size = 1
	case 'H', 'h':
		size = 2
	case 'L', 'l', 'T', 'd':
		size = 8
	case 'f':
		size = 4
	case 'c':
		size = l.number(1)
	case 'i', 'I':
		if size = l.number(4); size > structIntSize {
			l.t.Errorf("integral size %d is larger than limit of %d", size, structIntSize)
		}
	}
	return opt, size
}

// padding is what an item of a size needs before it at a place.
func (l *layout) padding(at int, opt byte, size int) int {
	if size == 0 || opt == 'c' {
		return 0
	}
	size = min(size, l.align)
	return (size - at&(size-1)) & (size - 1)
}

// control does an option that sets something.
func (l *layout) control(opt byte) {
	switch opt {
	case ' ':
	case '>':
		l.order = binary.BigEndian
	case '<':
		l.order = binary.LittleEndian
	case '!':
		a := l.number(structAlign)
		if a <= 0 || a&(a-1) != 0 {
			l.t.Errorf("alignment %d is not a power of 2", a)
		}
		l.align = a
	default:
		l.t.ArgError(0, "invalid format option '"+string([]byte{opt})+"'")
	}
}

func isInteger(opt byte) bool { return bytes.IndexByte([]byte("bBhHlLTiI"), opt) >= 0 }

func structPack(t *lua.Thread, args []lua.Value) int {
	l := newLayout(t, args)
	var b []byte
	arg := 1
	for l.fmt != "" {
		opt, size := l.next()
		b = append(b, make([]byte, l.padding(len(b), opt, size))...)
		switch {
		case isInteger(opt):
			b = l.putInteger(b, t.CheckNumber(args, arg), size)
			arg++
		case opt == 'x':
			b = append(b, 0)
		case opt == 'f':
			b = l.put(b, uint64(math.Float32bits(float32(t.CheckNumber(args, arg)))), 4)
			arg++
		case opt == 'd':
			b = l.put(b, math.Float64bits(t.CheckNumber(args, arg)), 8)
			arg++
		case opt == 'c' || opt == 's':
			s := t.CheckString(args, arg)
			arg++
			if size == 0 {
				size = len(s)
			}
			if len(s) < size {
				t.ArgError(arg, "string too short")
			}
			t.State().Alloc(size)
			b = append(b, s[:size]...)
			if opt == 's' {
				b = append(b, 0)
			}
		default:
			l.control(opt)
		}
	}
	return t.Return(t.State().String(string(b)))
}

func (l *layout) putInteger(b []byte, n float64, size int) []byte {
	var v uint64
	switch {
	case n < 0:
		v = uint64(int64OfDouble(n))
	case n >= math.MaxInt64:
		if n < math.MaxUint64 {
			v = uint64(n)
		}
	default:
		v = uint64(int64OfDouble(n))
	}
	return l.put(b, v, size)
}

// put appends the low bytes of a value in the order of the format.
func (l *layout) put(b []byte, v uint64, size int) []byte {
	from := len(b)
	b = append(b, make([]byte, size)...)
	for i := range size {
		at := from + i
		if l.order == binary.BigEndian {
			at = from + size - 1 - i
		}
		b[at] = byte(v)
		v >>= 8
	}
	return b
}

// get reads a value of a size.
func (l *layout) get(b []byte) (v uint64) {
	for i := range b {
		c := b[i]
		if l.order == binary.LittleEndian {
			c = b[len(b)-1-i]
		}
		v = v<<8 | uint64(c)
	}
	return v
}

func (l *layout) getInteger(b []byte, signed bool) float64 {
	v := l.get(b)
	if !signed {
		return float64(v)
	}
	mask := ^uint64(0) << ((len(b)*8 - 1) & 63) // as the machine shifts
	if v&mask != 0 {
		v |= mask
	}
	return float64(int64(v))
}

func structUnpack(t *lua.Thread, args []lua.Value) int {
	l := newLayout(t, args)
	data := []byte(t.CheckString(args, 1))
	pos := t.OptInt(args, 2, 1)
	if pos <= 0 {
		t.ArgError(2, "offset must be 1 or greater")
	}
	pos--
	var out []lua.Value
	enough := func(size int) {
		if size > len(data) || pos > len(data)-size {
			t.ArgError(1, "data string too short")
		}
	}
	for l.fmt != "" {
		opt, size := l.next()
		pos += l.padding(pos, opt, size)
		enough(size)
		t.CheckRoom(len(out)+2, "too many results")
		switch {
		case isInteger(opt):
			out = append(out, lua.Number(l.getInteger(data[pos:pos+size], opt >= 'a')))
		case opt == 'x':
		case opt == 'f':
			out = append(out, lua.Number(float64(math.Float32frombits(uint32(l.get(data[pos:pos+4]))))))
		case opt == 'd':
			out = append(out, lua.Number(math.Float64frombits(l.get(data[pos:pos+8]))))
		case opt == 'c':
			if size == 0 {
				size, out = l.previousSize(out)
				enough(size)
			}
			out = append(out, t.State().String(string(data[pos:pos+size])))
		case opt == 's':
			end := bytes.IndexByte(data[pos:], 0)
			if end < 0 {
				t.Errorf("unfinished string in data")
			}
			out = append(out, t.State().String(string(data[pos:pos+end])))
			size = end + 1
		default:
			l.control(opt)
		}
		pos += size
	}
	for _, v := range out {
		t.Push(v)
	}
	t.Push(lua.Int(pos + 1))
	return len(out) + 1
}

// previousSize takes the size of a c0 off the results.
func (l *layout) previousSize(out []lua.Value) (int, []lua.Value) {
	if len(out) > 0 {
		if n, ok := out[len(out)-1].ToNumber(); ok {
			if n < 0 || n > math.MaxInt32 {
				n = math.MaxInt32 // more than any data has
			}
			return int(n), out[:len(out)-1]
		}
	}
	l.t.Errorf("format 'c0' needs a previous size")
	return 0, nil
}

func structSize(t *lua.Thread, args []lua.Value) int {
	l := newLayout(t, args)
	pos := 0
	for l.fmt != "" {
		opt, size := l.next()
		pos += l.padding(pos, opt, size)
		switch {
		case opt == 's':
			t.ArgError(0, "option 's' has no fixed size")
		case opt == 'c' && size == 0:
			t.ArgError(0, "option 'c0' has no fixed size")
		}
		if c := opt | 0x20; (c < 'a' || c > 'z') && (opt < '0' || opt > '9') {
			l.control(opt)
		}
		pos += size
	}
	return t.Return(lua.Int(pos))
}
