package lua

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// strFormat is string.format: C's printf for the conversions that Lua has.
func strFormat(t *Thread, args []Value) int {
	format := t.CheckString(args, 0)
	var b []byte
	charged, arg := 0, 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b = append(b, format[i])
			continue
		}
		if i++; i < len(format) && format[i] == '%' {
			b = append(b, '%')
			continue
		}
		arg++
		var spec conversion
		spec, i = t.conversion(format, i)
		b = t.convert(b, spec, args, arg)
		charged = t.st.Grow(charged, cap(b))
	}
	t.st.Drop(charged)
	return t.text(string(b))
}

// conversion is one %… of a format.
type conversion struct {
	flags     string
	width     int
	precision int // -1: none
	verb      byte
}

func (t *Thread) conversion(format string, i int) (c conversion, end int) {
	from := i
	for i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0 {
		i++
	}
	if i-from >= 6 {
		t.Errorf("invalid format (repeated flags)")
	}
	c.flags, c.precision = format[from:i], -1
	number := func() int {
		n, digits := 0, 0
		for ; i < len(format) && isDigit(format[i]) && digits < 2; i++ {
			n, digits = n*10+int(format[i]-'0'), digits+1
		}
		return n
	}
	c.width = number()
	if i < len(format) && format[i] == '.' {
		i++
		c.precision = number()
	}
	if i < len(format) && isDigit(format[i]) {
		t.Errorf("invalid format (width or precision too long)")
	}
	if i < len(format) {
		c.verb = format[i]
	}
	return c, i
}

func (c *conversion) has(flag byte) bool { return strings.IndexByte(c.flags, flag) >= 0 }

func (t *Thread) convert(b []byte, c conversion, args []Value, arg int) []byte {
	switch c.verb {
	case 'c':
		return c.pad(b, "", string([]byte{byte(t.CheckInt(args, arg))}), false)
	case 'd', 'i':
		return c.integer(b, t.CheckInt(args, arg))
	case 'o', 'u', 'x', 'X':
		return c.unsigned(b, unsignedOf(t.CheckNumber(args, arg)))
	case 'e', 'E', 'f', 'g', 'G':
		return c.float(b, t.CheckNumber(args, arg))
	case 'q':
		return quoted(b, t.CheckString(args, arg))
	case 's':
		s := t.CheckString(args, arg)
		if c.precision < 0 && len(s) >= 100 {
			return append(b, s...)
		}
		s = cString(s)
		if c.precision >= 0 {
			s = s[:min(len(s), c.precision)]
		}
		return c.pad(b, "", s, false)
	}
	verb := string([]byte{c.verb})
	if c.verb == 0 {
		verb = ""
	}
	t.Errorf("invalid option '%%%s' to 'format'", verb)
	return nil
}

// unsignedOf converts as C does on the machines that matter.
func unsignedOf(f float64) uint64 {
	if f >= math.MaxInt64 {
		if f >= math.MaxUint64 {
			return 0
		}
		return uint64(f)
	}
	return uint64(truncate(f))
}

// pad appends sign and digits in the width.
func (c *conversion) pad(b []byte, sign, digits string, zeros bool) []byte {
	missing := c.width - len(sign) - len(digits)
	switch {
	case missing <= 0:
		return append(append(b, sign...), digits...)
	case c.has('-'):
		b = append(append(b, sign...), digits...)
		return append(b, strings.Repeat(" ", missing)...)
	case zeros && c.has('0'):
		b = append(b, sign...)
		b = append(b, strings.Repeat("0", missing)...)
		return append(b, digits...)
	}
	b = append(b, strings.Repeat(" ", missing)...)
	return append(append(b, sign...), digits...)
}

func (c *conversion) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case c.has('+'):
		return "+"
	case c.has(' '):
		return " "
	}
	return ""
}

// digits applies the precision to an integer's digits.
func (c *conversion) digits(s string) string {
	if c.precision == 0 && s == "0" {
		return ""
	}
	return strings.Repeat("0", max(0, c.precision-len(s))) + s
}

func (c *conversion) integer(b []byte, n int) []byte {
	u := uint64(n)
	if n < 0 {
		u = -u
	}
	return c.pad(b, c.sign(n < 0), c.digits(strconv.FormatUint(u, 10)), c.precision < 0)
}

func (c *conversion) unsigned(b []byte, n uint64) []byte {
	prefix, s := "", ""
	switch c.verb {
	case 'o':
		s = c.digits(strconv.FormatUint(n, 8))
		if c.has('#') && !strings.HasPrefix(s, "0") {
			s = "0" + s
		}
	case 'u':
		s = c.digits(strconv.FormatUint(n, 10))
	default:
		s = c.digits(strconv.FormatUint(n, 16))
		if c.has('#') && n != 0 {
			prefix = "0x"
		}
		if c.verb == 'X' {
			prefix, s = strings.ToUpper(prefix), strings.ToUpper(s)
		}
	}
	return c.pad(b, prefix, s, c.precision < 0)
}

func (c *conversion) float(b []byte, f float64) []byte {
	negative := math.Signbit(f)
	sign := c.sign(negative)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		s := "inf"
		if math.IsNaN(f) {
			s = "nan"
		}
		if c.verb < 'a' {
			s = strings.ToUpper(s)
		}
		return c.pad(b, sign, s, false)
	}
	precision := c.precision
	if precision < 0 {
		precision = 6
	}
	f = math.Abs(f)
	var s string
	switch {
	case c.verb|0x20 == 'g' && !c.has('#'):
		s = string(appendG(nil, f, max(1, precision)))
	case c.has('#'):
		s = fmt.Sprintf("%#."+strconv.Itoa(precision)+string(rune(c.verb)), f)
	default:
		s = strconv.FormatFloat(f, c.verb|0x20, precision, 64)
	}
	if c.verb < 'a' {
		s = strings.ToUpper(s)
	}
	return c.pad(b, sign, s, true)
}

// quoted is %q: a string as Lua reads it.
func quoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, `\r`...)
		case 0:
			b = append(b, `\000`...)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
