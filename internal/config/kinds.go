package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The constructors of rows. Each takes the name, the default, limits, the field,
// when it may change, and the text for operators.

func boolParam(name string, def bool, field func(*Values) *bool, c change, doc string) Param {
	p := newParam(name, KindBool, c, doc)
	p.Default = formatBool(def)
	p.codec = scalar(field, parseBool, formatBool)
	return p
}

func intParam(name string, def, lo, hi int64, field func(*Values) *int64, c change, doc string) Param {
	p := newParam(name, KindInt, c, doc)
	p.Default, p.Min, p.Max = formatInt(def), lo, hi
	p.codec = scalar(field, func(s string) (int64, error) { return parseRanged(s, lo, hi) }, formatInt)
	return p
}

func octalParam(name string, def, lo, hi int64, field func(*Values) *int64, c change, doc string) Param {
	p := newParam(name, KindOctal, c, doc)
	p.Min, p.Max = lo, hi
	p.Default = formatOctal(def)
	p.codec = scalar(field, func(s string) (int64, error) { return parseOctal(s, lo, hi) }, formatOctal)
	return p
}

func bytesParam(name string, def, lo, hi Bytes, field func(*Values) *Bytes, c change, doc string) Param {
	p := newParam(name, KindBytes, c, doc)
	p.Min, p.Max = int64(lo), int64(hi)
	p.Default = formatInt(int64(def))
	parse := func(s string) (Bytes, error) { return parseBytesRanged(s, p.Min, p.Max) }
	p.codec = scalar(field, parse, func(b Bytes) string { return formatInt(int64(b)) })
	p.codec.file = func(v *Values) [][]string { return [][]string{{formatBytes(*field(v))}} }
	return p
}

func bytesOrPercentParam(name, def string, field func(*Values) *BytesOrPercent, c change, doc string) Param {
	p := newParam(name, KindBytesOrPercent, c, doc)
	p.Default, p.Max = def, maxInt64
	plain := func(b Bytes) string { return formatInt(int64(b)) }
	p.codec = scalar(field, parseBytesOrPercent, func(b BytesOrPercent) string { return b.text(plain) })
	p.codec.file = func(v *Values) [][]string { return [][]string{{field(v).text(formatBytes)}} }
	return p
}

// maxDurationLimit is the largest number of milliseconds, the coarsest unit with
// Redis's "as large as you like", that a time.Duration can hold.
const maxDurationLimit = maxInt64 / int64(time.Millisecond)

var kindUnit = map[Kind]time.Duration{
	KindSeconds: time.Second, KindMillis: time.Millisecond, KindMicros: time.Microsecond,
}

// durationParam is a whole number of the unit that its kind names.
func durationParam(kind Kind, name string, def, lo, hi int64, field func(*Values) *time.Duration, c change, doc string) Param {
	p := newParam(name, kind, c, doc)
	unit := kindUnit[kind]
	p.Default, p.Min, p.Max = formatInt(def), lo, min(hi, maxInt64/int64(unit))
	parse := func(s string) (time.Duration, error) {
		n, err := parseRanged(s, p.Min, p.Max)
		return time.Duration(n) * unit, err
	}
	p.codec = scalar(field, parse, func(d time.Duration) string { return formatInt(int64(d / unit)) })
	return p
}

func stringParam(name, def string, field func(*Values) *string, c change, doc string) Param {
	p := newParam(name, KindString, c, doc)
	p.Default = def
	same := func(s string) string { return s }
	p.codec = scalar(field, func(s string) (string, error) { return s, nil }, same)
	return p
}

// enumParam takes the names in the order of the type's constants, so that a value
// is the index of its name.
func enumParam[T ~uint8](name string, def T, names []string, field func(*Values) *T, c change, doc string) Param {
	p := newParam(name, KindEnum, c, doc)
	p.Default, p.Enum = names[def], names
	parse := func(s string) (T, error) {
		i, err := parseEnum(s, names)
		return T(i), err
	}
	p.codec = scalar(field, parse, func(t T) string { return names[t] })
	return p
}

// wordsParam is a list of words.
func wordsParam(name string, def []string, field func(*Values) *[]string, c change, doc string) Param {
	p := listParam(name, strings.Join(def, " "), c, doc, codec{
		set: func(v *Values, args []string, _ origin) error {
			if len(args) == 1 && args[0] == "" {
				args = nil
			}
			for _, a := range args {
				if len(strings.Fields(a)) != 1 { // nor could CONFIG GET show it
					return fmt.Errorf("argument %q is not a word", a)
				}
			}
			*field(v) = slices.Clone(args)
			return nil
		},
		get:  func(v *Values) string { return strings.Join(*field(v), " ") },
		file: func(v *Values) [][]string { return [][]string{orEmpty(*field(v))} },
	})
	return p
}

// listParam is a parameter of several words with a codec of its own.
func listParam(name, def string, c change, doc string, codec codec) Param {
	p := newParam(name, KindList, c, doc)
	p.Default, p.codec = def, codec
	return p
}

// scalar is the codec of a field that has one word.
func scalar[T any](field func(*Values) *T, parse func(string) (T, error), format func(T) string) codec {
	return codec{
		set: func(v *Values, args []string, _ origin) (err error) {
			*field(v), err = parse(args[0])
			return err
		},
		get: func(v *Values) string { return format(*field(v)) },
	}
}

// orEmpty makes an empty list visible in a file, as "".
func orEmpty(words []string) []string {
	if len(words) == 0 {
		return []string{""}
	}
	return words
}
