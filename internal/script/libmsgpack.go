package script

import (
	"encoding/binary"
	"math"

	"github.com/haypile/haypile/internal/lua"
)

// openMsgpack registers cmsgpack: MessagePack.
func openMsgpack(st *lua.State) {
	lib := st.NewTable(0, 0)
	st.Register(lib, map[string]lua.GoFunction{
		"pack": msgPack,
		"unpack": func(t *lua.Thread, args []lua.Value) int {
			return msgUnpack(t, args, 0, 0)
		},
		"unpack_one": func(t *lua.Thread, args []lua.Value) int {
			return msgUnpack(t, args, 1, t.OptInt(args, 1, 0))
		},
		"unpack_limit": func(t *lua.Thread, args []lua.Value) int {
			limit := t.CheckInt(args, 1)
			return msgUnpack(t, args, limit, t.OptInt(args, 2, 0))
		},
	})
	lib.SetString("_NAME", lua.String("cmsgpack"))
	lib.SetString("_VERSION", lua.String("lua-cmsgpack 0.4.0"))
	lib.SetString("_COPYRIGHT", lua.String("Copyright (C) 2012, Salvatore Sanfilippo"))
	lib.SetString("_DESCRIPTION", lua.String("MessagePack C implementation for Lua"))
	st.Globals.SetString("cmsgpack", lua.TableValue(lib))
}

// msgNesting is how deep tables are packed; deeper ones become nil.
const msgNesting = 16

// packer gathers what is packed, and counts its memory as it grows.
type packer struct {
	st      *lua.State
	b       []byte
	charged int
}

func (p *packer) charge() {
	p.charged = p.st.Grow(p.charged, cap(p.b))
}

func msgPack(t *lua.Thread, args []lua.Value) int {
	if len(args) == 0 {
		t.ArgError(-1, "MessagePack pack needs input.")
	}
	p := packer{st: t.State()}
	for _, v := range args {
		p.value(v, 0)
	}
	p.st.Drop(p.charged)
	return t.Return(p.st.String(string(p.b)))
}

func (p *packer) value(v lua.Value, level int) {
	p.st.Steps(1)
	p.charge()
	if s, ok := v.AsString(); ok {
		p.head(len(s), 0xa0, 32, 0xd9, 0xda)
		p.b = append(p.b, s...)
		return
	}
	if n, ok := v.AsNumber(); ok {
		p.number(n)
		return
	}
	if b, ok := v.AsBool(); ok {
		p.b = append(p.b, 0xc2)
		if b {
			p.b[len(p.b)-1] = 0xc3
		}
		return
	}
	if t := v.AsTable(); t != nil && level < msgNesting {
		p.table(t, level)
		return
	}
	p.b = append(p.b, 0xc0)
}

// head writes a length: in the first byte if it is below small, else behind it. short 0: there is no form of one byte.
func (p *packer) head(n int, fix byte, small int, short, code16 byte) {
	switch {
	case n < small:
		p.b = append(p.b, fix|byte(n))
	case n <= 0xff && short != 0:
		p.b = append(p.b, short, byte(n))
	case n <= 0xffff:
		p.b = binary.BigEndian.AppendUint16(append(p.b, code16), uint16(n))
	default:
		p.b = binary.BigEndian.AppendUint32(append(p.b, code16+1), uint32(n))
	}
}

func (p *packer) number(n float64) {
	if i := int64OfDouble(n); float64(i) == n && n < math.MaxInt64 {
		p.integer(i)
		return
	}
	if f := float32(n); float64(f) == n {
		p.b = binary.BigEndian.AppendUint32(append(p.b, 0xca), math.Float32bits(f))
		return
	}
	p.b = binary.BigEndian.AppendUint64(append(p.b, 0xcb), math.Float64bits(n))
}

func (p *packer) integer(n int64) {
	switch {
	case n >= -32 && n <= 127:
		p.b = append(p.b, byte(n))
	case n >= 0 && n <= 0xff:
		p.b = append(p.b, 0xcc, byte(n))
	case n >= 0 && n <= 0xffff:
		p.b = binary.BigEndian.AppendUint16(append(p.b, 0xcd), uint16(n))
	case n >= 0 && n <= 0xffffffff:
		p.b = binary.BigEndian.AppendUint32(append(p.b, 0xce), uint32(n))
	case n >= 0:
		p.b = binary.BigEndian.AppendUint64(append(p.b, 0xcf), uint64(n))
	case n >= math.MinInt8:
		p.b = append(p.b, 0xd0, byte(n))
	case n >= math.MinInt16:
		p.b = binary.BigEndian.AppendUint16(append(p.b, 0xd1), uint16(n))
	case n >= math.MinInt32:
		p.b = binary.BigEndian.AppendUint32(append(p.b, 0xd2), uint32(n))
	default:
		p.b = binary.BigEndian.AppendUint64(append(p.b, 0xd3), uint64(n))
	}
}

func (p *packer) table(t *lua.Table, level int) {
	pairs, most, array := 0, 0.0, true
	t.Each(func(k, _ lua.Value) {
		pairs++
		n, ok := k.AsNumber()
		if !ok || n <= 0 || n != float64(int32(int64OfDouble(n))) {
			array = false
		}
		most = max(most, n)
	})
	if array && most == float64(pairs) {
		p.head(pairs, 0x90, 16, 0, 0xdc)
		for i := range pairs {
			p.value(t.GetInt(i+1), level+1)
		}
		return
	}
	p.head(pairs, 0x80, 16, 0, 0xde)
	t.Each(func(k, v lua.Value) {
		p.value(k, level+1)
		p.value(v, level+1)
	})
}

// unpacker reads packed values.
type unpacker struct {
	t     *lua.Thread
	b     string
	depth int
}

// msgDepth bounds Go's stack; Redis runs out of Lua's before.
const msgDepth = 8000

func msgUnpack(t *lua.Thread, args []lua.Value, limit, offset int) int {
	s := t.CheckString(args, 0)
	switch {
	case offset < 0 || limit < 0:
		return t.Errorf("Invalid request to unpack with offset of %d and limit of %d.", offset, len(s))
	case offset > len(s):
		return t.Errorf("Start offset %d greater than input length %d.", offset, len(s))
	}
	all := limit == 0 && offset == 0
	if all {
		limit = math.MaxInt32
	}
	u := unpacker{t: t, b: s[offset:]}
	var out []lua.Value
	for n := 0; u.b != "" && n < limit; n++ {
		t.CheckRoom(n+1, "too many return values at once; use unpack_one or unpack_limit instead.")
		out = append(out, u.value())
		u.t.State().Root(out[n])
	}
	for range out {
		u.t.State().Unroot()
	}
	pushed := len(out)
	if !all {
		next := -1
		if u.b != "" {
			next = len(s) - len(u.b)
		}
		t.Push(lua.Int(next))
		pushed++
	}
	for _, v := range out {
		t.Push(v)
	}
	return pushed
}

// take returns the next n bytes.
func (u *unpacker) take(n int) string {
	if n > len(u.b) {
		u.t.Errorf("Missing bytes in input.")
	}
	s := u.b[:n]
	u.b = u.b[n:]
	return s
}

// size reads an unsigned number of so many bytes.
func (u *unpacker) size(bytes int) uint64 {
	var n uint64
	for _, c := range []byte(u.take(bytes)) {
		n = n<<8 | uint64(c)
	}
	return n
}

func (u *unpacker) text(n int) lua.Value {
	return u.t.State().String(string([]byte(u.take(n))))
}

func (u *unpacker) value() lua.Value {
	u.t.State().Steps(1)
	c := u.take(1)[0]
	switch {
	case c < 0x80:
		return lua.Int(int(c))
	case c >= 0xe0:
		return lua.Int(int(int8(c)))
	case c < 0x90:
		return u.pairs(int(c & 15))
	case c < 0xa0:
		return u.items(int(c & 15))
	case c < 0xc0:
		return u.text(int(c & 31))
	}
	switch c {
	case 0xc0:
		return lua.Nil
	case 0xc2:
		return lua.False
	case 0xc3:
		return lua.True
	case 0xca:
		return lua.Number(float64(math.Float32frombits(uint32(u.size(4)))))
	case 0xcb:
		return lua.Number(math.Float64frombits(u.size(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return lua.Number(float64(u.size(1 << (c - 0xcc))))
	case 0xd0:
		return lua.Number(float64(int8(u.size(1))))
	case 0xd1:
		return lua.Number(float64(int16(u.size(2))))
	case 0xd2:
		return lua.Number(float64(int32(u.size(4))))
	case 0xd3:
		return lua.Number(float64(int64(u.size(8))))
	case 0xd9, 0xda, 0xdb:
		return u.text(int(u.size(1 << (c - 0xd9))))
	case 0xdc, 0xdd:
		return u.items(int(u.size(2 << (c - 0xdc))))
	case 0xde, 0xdf:
		return u.pairs(int(u.size(2 << (c - 0xde))))
	}
	u.t.Errorf("Bad data format in input.")
	return lua.Nil
}

func (u *unpacker) enter() {
	if u.depth++; u.depth > msgDepth {
		u.t.Errorf("stack overflow (in function mp_decode_to_lua_array)")
	}
}

func (u *unpacker) items(n int) lua.Value {
	u.enter()
	t := u.t.State().NewTable(0, 0)
	u.t.State().Root(lua.TableValue(t))
	for i := range n {
		t.SetInt(i+1, u.value())
	}
	u.t.State().Unroot()
	u.depth--
	return lua.TableValue(t)
}

func (u *unpacker) pairs(n int) lua.Value {
	u.enter()
	t := u.t.State().NewTable(0, 0)
	u.t.State().Root(lua.TableValue(t))
	for range n {
		k := u.value()
		v := u.value()
		if f, ok := k.AsNumber(); k.IsNil() || ok && f != f {
			u.t.Errorf("table index is nil")
		}
		t.Set(k, v)
	}
	u.t.State().Unroot()
	u.depth--
	return lua.TableValue(t)
}
