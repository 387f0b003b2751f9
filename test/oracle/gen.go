package oracle

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// The key pools. A command mostly takes keys of its own pool, sometimes any, so that types collide.
const (
	strs    = "s"
	bits    = "b"
	hashes  = "h"
	lists   = "l"
	sets    = "t"
	zsets   = "z"
	geos    = "g"
	hlls    = "p"
	streams = "x"
	larges  = "w" // strings about the lengths from which they are kept in pieces: for their own family
	edges   = "e" // sorted sets with scores whose sums depend on the order of adding: never input of a union
)

const (
	keysPerPool = 4
	// dbCount is how many databases take part; servers have more, so that SELECT beyond them is possible.
	dbCount = 3
)

var pools = []string{strs, bits, hashes, lists, sets, zsets, geos, hlls, streams}

// gen draws what commands are made of. Everything comes from one seeded source.
type gen struct {
	*rand.Rand
	families []family
	conn     int // the connection that steps go to for now
	db       int // the database that probes look at
	counter  int // for values that must not repeat
}

func newGen(seed uint64, families []family) *gen {
	return &gen{Rand: rand.New(rand.NewPCG(seed, 0x48617970696c65)), families: families}
}

// next generates the next steps.
func (g *gen) next() []step {
	// Long stretches on one connection make long pipelines.
	if g.IntN(60) == 0 {
		g.conn = g.IntN(2)
	}
	f := g.family()
	total := 0
	for _, r := range f.rows {
		total += r.weight
	}
	rowsTotal := total
	for _, s := range f.scenarios {
		total += s.weight
	}
	n := g.IntN(total)
	if n < rowsTotal {
		return []step{g.step(pickRow(f.rows, n).command(g))}
	}
	n -= rowsTotal
	for _, s := range f.scenarios {
		if n -= s.weight; n < 0 {
			return s.steps(g)
		}
	}
	panic("weights")
}

func (g *gen) family() family {
	total := 0
	for _, f := range g.families {
		total += f.weight
	}
	n := g.IntN(total)
	for _, f := range g.families {
		if n -= f.weight; n < 0 {
			return f
		}
	}
	panic("weights")
}

func pickRow(rows []row, n int) row {
	for _, r := range rows {
		if n -= r.weight; n < 0 {
			return r
		}
	}
	panic("weights")
}

// anyCommand draws a plain command of any family; for transactions and mutations.
func (g *gen) anyCommand() []string {
	for {
		f := g.family()
		if len(f.rows) == 0 {
			continue
		}
		total := 0
		for _, r := range f.rows {
			total += r.weight
		}
		return pickRow(f.rows, g.IntN(total)).command(g)
	}
}

func (g *gen) step(args []string) step { return step{conn: g.conn, args: args} }

func (g *gen) steps(commands ...l) []step {
	steps := make([]step, len(commands))
	for i, c := range commands {
		steps[i] = g.step(row{args: func(*gen) l { return c }}.command(g))
	}
	return steps
}

// key draws a key, mostly of the given pool.
func (g *gen) key(pool string) string {
	switch g.IntN(100) {
	case 0:
		return ""
	case 1:
		return "\xff\x00 key"
	case 2, 3, 4:
		return "missing"
	case 5, 6, 7, 8, 9:
		pool = pools[g.IntN(len(pools))]
	}
	return pool + strconv.Itoa(g.IntN(keysPerPool))
}

func (g *gen) anyKey() string { return g.key(pools[g.IntN(len(pools))]) }

// keys draws up to n keys of a pool, at least one.
func (g *gen) keys(pool string, n int) []string {
	return g.many(n, func() string { return g.key(pool) })
}

// numKeys is a count followed by as many keys, as ZUNION and LMPOP take them.
func (g *gen) numKeys(pool string, n int) []string {
	keys := g.keys(pool, n)
	return append([]string{strconv.Itoa(len(keys))}, keys...)
}

// many draws one to n values.
func (g *gen) many(n int, f func() string) []string {
	values := make([]string, 1+g.IntN(n))
	for i := range values {
		values[i] = f()
	}
	return values
}

// one draws one of the words; a word with spaces stands for several arguments, "" for none.
func (g *gen) one(words ...string) []string { return strings.Fields(words[g.IntN(len(words))]) }

// maybe gives the arguments one time in n.
func (g *gen) maybe(n int, args ...any) []string {
	if g.IntN(n) != 0 {
		return nil
	}
	return row{args: func(*gen) l { return args }}.command(g)
}

// chance is true one time in n.
func (g *gen) chance(n int) bool { return g.IntN(n) == 0 }

// value draws a string value of any kind.
func (g *gen) value() string {
	switch g.IntN(16) {
	case 0:
		return ""
	case 1:
		return "\x00\xff\r\n\x80bin"
	case 2:
		return strings.Repeat("x", 40+g.IntN(10)) // about the limit of embstr, 44
	case 3:
		return strings.Repeat("long ", 100)
	case 4, 5, 6:
		return g.integer()
	case 7:
		return g.float()
	case 8:
		return strconv.Itoa(g.IntN(20000)) // about the limit of the shared integers, 10000
	default:
		return "v" + strconv.Itoa(g.IntN(50))
	}
}

// elem draws a member of a collection from a small domain, so that sets overlap; mostly short, rarely beyond the thresholds of
// packed encodings. No zero bytes: SORT ALPHA compares with strcoll, to which they are an end.
func (g *gen) elem() string {
	switch g.IntN(40) {
	case 0:
		return ""
	case 1:
		return "\xff\x01\r\n\xfe"
	case 2:
		return strings.Repeat("y", 60+g.IntN(8)) // about the default limit, 64
	case 3:
		return strings.Repeat("z", 17)
	case 4, 5, 6, 7, 8, 9, 10, 11, 12, 13:
		return strconv.Itoa(g.IntN(12) - 3)
	case 14:
		return g.integer()
	case 15:
		return "m" + strconv.Itoa(g.IntN(400))
	default:
		return "m" + strconv.Itoa(g.IntN(12))
	}
}

func (g *gen) elems(n int) []string { return g.many(n, g.elem) }

// numbered are n elements that differ, enough to leave the packed encodings.
func (g *gen) numbered(prefix string, n int) []string {
	first := g.IntN(50)
	values := make([]string, n)
	for i := range values {
		values[i] = prefix + strconv.Itoa(first+i)
	}
	return values
}

// field draws a field name.
func (g *gen) field() string {
	if g.chance(25) {
		return g.elem()
	}
	return "f" + strconv.Itoa(g.IntN(12))
}

// pairs draws one to n fields with values.
func (g *gen) pairs(n int) []string {
	var args []string
	for range 1 + g.IntN(n) {
		args = append(args, g.field(), g.value())
	}
	return args
}

// integer draws integers with the edges of 64 bits and what only looks like an integer among them.
func (g *gen) integer() string {
	if g.chance(3) {
		edge := []string{
			"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775806", "9223372036854775808",
			"-9223372036854775809", "18446744073709551615", "2147483647", "-2147483648", "2147483648", "4294967296", "127", "128",
			"32767", "32768", "-0", "+1", "01", " 1", "1 ", "1.0", "1e3", "0x10", "", "abc", "-",
		}
		return edge[g.IntN(len(edge))]
	}
	return strconv.Itoa(g.IntN(2000) - 1000)
}

// goodInt is an integer that is one.
func (g *gen) goodInt() string { return strconv.Itoa(g.IntN(40) - 10) }

// index draws a position in a collection: near both ends, beyond them, and absurd.
func (g *gen) index() string {
	switch g.IntN(20) {
	case 0:
		return "9223372036854775807"
	case 1:
		return "-9223372036854775808"
	case 2:
		return g.integer()
	case 3:
		return strconv.Itoa(g.IntN(600) - 300)
	default:
		return strconv.Itoa(g.IntN(16) - 6)
	}
}

// count draws how many.
func (g *gen) count() string {
	switch g.IntN(20) {
	case 0:
		return "0"
	case 1:
		return "-1"
	case 2:
		return "9223372036854775807"
	case 3:
		return g.integer()
	case 4:
		return "1000"
	default:
		return strconv.Itoa(1 + g.IntN(6))
	}
}

// float draws decimals, with infinities and what is no number.
func (g *gen) float() string {
	edge := []string{
		"0", "-0", "0.1", "0.2", "3.0e3", "1e17", "-1.5", "2.5", "100.25", "1e-5", "0.3", "3.14159265358979", "inf", "-inf", "+inf",
		"Infinity", "nan", "1e400", "abc", "", " 1.5", "1.5 ", "5e-324", "1.7976931348623157e+308", "123456789012345678", "0x1p3",
		"9007199254740993",
	}
	if g.chance(3) {
		return edge[g.IntN(len(edge))]
	}
	return strconv.FormatFloat(float64(g.IntN(4000)-2000)/8, 'g', -1, 64)
}

// score draws a score whose sums are exact in any order: small multiples of a half, and infinity (of one sign: two that
// cancel out make 0, and then the order matters). See [edges] for the others.
func (g *gen) score() string {
	switch g.IntN(24) {
	case 0:
		return "inf"
	case 1:
		return "0"
	}
	return strconv.FormatFloat(float64(g.IntN(40)-10)/2, 'g', -1, 64)
}

// scoreBound draws one end of a range of scores.
func (g *gen) scoreBound() string {
	switch g.IntN(16) {
	case 0, 1:
		return "-inf"
	case 2, 3:
		return "+inf"
	case 4:
		return g.float()
	}
	return []string{"", "(", ""}[g.IntN(3)] + g.score()
}

// lexBound draws one end of a lexicographical range.
func (g *gen) lexBound() string {
	switch g.IntN(10) {
	case 0, 1:
		return "-"
	case 2, 3:
		return "+"
	case 4:
		return g.elem() // no bracket: an error, unless it starts with one
	}
	return []string{"[", "("}[g.IntN(2)] + g.elem()
}

// unique numbers never repeat within a sequence.
func (g *gen) unique() int {
	g.counter++
	return g.counter
}

// pattern draws a glob over the names in use.
func (g *gen) pattern() string {
	patterns := []string{"*", "?0", "[hlz]*", "[^s]?", "m1*", "f[0-3]", "*1", "\\*", "s0", "", "m??", "[a-m]*[!0]", "*\xff*", "[", "nothing*", "h[1-", "**2"}
	return patterns[g.IntN(len(patterns))]
}
