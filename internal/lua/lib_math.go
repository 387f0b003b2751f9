package lua

import "math"

// Random gives numbers to math.random: the generator of drand48, as redis-server has it, so that a seed gives the same
// numbers everywhere.
type Random struct{ x uint64 }

// Seed is srand48.
func (r *Random) Seed(seed int32) { r.x = uint64(uint32(seed))<<16 | 0x330e }

// Next is lrand48: 31 bits.
func (r *Random) Next() int32 {
	r.x = (r.x*0x5deece66d + 0xb) & (1<<48 - 1)
	return int32(r.x >> 17)
}

// OpenMath registers the mathematical library.
func (st *State) OpenMath(random *Random) {
	lib := st.NewTable(0, 0)
	for name, f := range map[string]func(float64) float64{
		"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos,
		"cosh": math.Cosh, "exp": math.Exp, "floor": math.Floor, "log": math.Log, "log10": math.Log10, "sin": math.Sin,
		"sinh": math.Sinh, "sqrt": math.Sqrt, "tan": math.Tan, "tanh": math.Tanh,
		"deg": func(x float64) float64 { return x / (math.Pi / 180) },
		"rad": func(x float64) float64 { return x * (math.Pi / 180) },
	} {
		lib.SetString(name, st.NewFunction(func(t *Thread, args []Value) int {
			return t.Return(Number(f(t.CheckNumber(args, 0))))
		}))
	}
	for name, f := range map[string]func(a, b float64) float64{"atan2": math.Atan2, "fmod": math.Mod, "mod": math.Mod, "pow": math.Pow} {
		lib.SetString(name, st.NewFunction(func(t *Thread, args []Value) int {
			return t.Return(Number(f(t.CheckNumber(args, 0), t.CheckNumber(args, 1))))
		}))
	}
	st.Register(lib, map[string]GoFunction{
		"frexp": mathFrexp, "ldexp": mathLdexp, "modf": mathModf, "max": mathMax, "min": mathMin,
		"random":     func(t *Thread, args []Value) int { return mathRandom(t, args, random) },
		"randomseed": func(t *Thread, args []Value) int { random.Seed(int32(t.CheckInt(args, 0))); return 0 },
	})
	lib.SetString("pi", Number(math.Pi))
	lib.SetString("huge", Number(math.Inf(1)))
	st.Globals.SetString("math", Value{o: lib})
}

func mathFrexp(t *Thread, args []Value) int {
	f, e := math.Frexp(t.CheckNumber(args, 0))
	t.push(Number(f))
	t.push(Int(e))
	return 2
}

func mathLdexp(t *Thread, args []Value) int {
	e := max(-1<<20, min(1<<20, t.CheckInt(args, 1)))
	return t.Return(Number(math.Ldexp(t.CheckNumber(args, 0), e)))
}

func mathModf(t *Thread, args []Value) int {
	x := t.CheckNumber(args, 0)
	whole := math.Trunc(x)
	rest := x - whole
	if math.IsInf(x, 0) {
		rest = 0
	}
	t.push(Number(whole))
	t.push(Number(math.Copysign(rest, x)))
	return 2
}

func mathMax(t *Thread, args []Value) int {
	most := t.CheckNumber(args, 0)
	for i := range args {
		if n := t.CheckNumber(args, i); n > most {
			most = n
		}
	}
	return t.Return(Number(most))
}

func mathMin(t *Thread, args []Value) int {
	least := t.CheckNumber(args, 0)
	for i := range args {
		if n := t.CheckNumber(args, i); n < least {
			least = n
		}
	}
	return t.Return(Number(least))
}

func mathRandom(t *Thread, args []Value, random *Random) int {
	const span = 1<<31 - 1
	r := float64(random.Next()%span) / span
	switch len(args) {
	case 0:
		return t.Return(Number(r))
	case 1:
		to := int(int32(t.CheckInt(args, 0)))
		if to < 1 {
			t.ArgError(0, "interval is empty")
		}
		return t.Return(Number(math.Floor(r*float64(to)) + 1))
	case 2:
		from, to := int(int32(t.CheckInt(args, 0))), int(int32(t.CheckInt(args, 1)))
		if from > to {
			t.ArgError(1, "interval is empty")
		}
		return t.Return(Number(math.Floor(r*float64(to-from+1)) + float64(from)))
	}
	return t.Errorf("wrong number of arguments")
}
