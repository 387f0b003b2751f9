package script

import (
	"math"
	"math/bits"

	"github.com/haypile/haypile/internal/lua"
)

// openBit registers bit: operations on 32-bit integers, after Lua BitOp.
func openBit(st *lua.State) {
	lib := st.NewTable(0, 0)
	fold := func(op func(a, b uint32) uint32) lua.GoFunction {
		return func(t *lua.Thread, args []lua.Value) int {
			n := bitArg(t, args, 0)
			for i := len(args) - 1; i > 0; i-- {
				n = op(n, bitArg(t, args, i))
			}
			return bitReturn(t, n)
		}
	}
	shift := func(op func(n uint32, by int) uint32) lua.GoFunction {
		return func(t *lua.Thread, args []lua.Value) int {
			n := bitArg(t, args, 0)
			return bitReturn(t, op(n, int(bitArg(t, args, 1)&31)))
		}
	}
	st.Register(lib, map[string]lua.GoFunction{
		"tobit": func(t *lua.Thread, args []lua.Value) int { return bitReturn(t, bitArg(t, args, 0)) },
		"bnot":  func(t *lua.Thread, args []lua.Value) int { return bitReturn(t, ^bitArg(t, args, 0)) },
		"bswap": func(t *lua.Thread, args []lua.Value) int {
			return bitReturn(t, bits.ReverseBytes32(bitArg(t, args, 0)))
		},
		"band":    fold(func(a, b uint32) uint32 { return a & b }),
		"bor":     fold(func(a, b uint32) uint32 { return a | b }),
		"bxor":    fold(func(a, b uint32) uint32 { return a ^ b }),
		"lshift":  shift(func(n uint32, by int) uint32 { return n << by }),
		"rshift":  shift(func(n uint32, by int) uint32 { return n >> by }),
		"arshift": shift(func(n uint32, by int) uint32 { return uint32(int32(n) >> by) }),
		"rol":     shift(bits.RotateLeft32),
		"ror":     shift(func(n uint32, by int) uint32 { return bits.RotateLeft32(n, -by) }),
		"tohex":   bitHex,
	})
	st.Globals.SetString("bit", lua.TableValue(lib))
}

// bitArg converts to 32 bits by the rounding of an addition, which also wraps.
func bitArg(t *lua.Thread, args []lua.Value, i int) uint32 {
	n, ok := lua.Arg(args, i).ToNumber()
	if !ok {
		t.CheckNumber(args, i)
	}
	return uint32(math.Float64bits(n + 6755399441055744)) // 2^52 + 2^51
}

func bitReturn(t *lua.Thread, n uint32) int { return t.Return(lua.Number(float64(int32(n)))) }

func bitHex(t *lua.Thread, args []lua.Value) int {
	b := bitArg(t, args, 0)
	n := 8
	if len(args) > 1 {
		n = int(int32(bitArg(t, args, 1)))
	}
	digits := "0123456789abcdef"
	if n < 0 {
		n, digits = -n, "0123456789ABCDEF"
	}
	n = max(0, min(n, 8))
	var buf [8]byte
	for i := n - 1; i >= 0; i-- {
		buf[i] = digits[b&15]
		b >>= 4
	}
	return t.Return(lua.String(string(buf[:n])))
}
