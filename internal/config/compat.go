package config

import (
	"slices"
	"strings"
)

// compatParam is the row kind for names of Redis that make no sense here but which
// clients, tools and existing files set: the value is checked as Redis would, kept,
// shown by CONFIG GET and written by CONFIG REWRITE, and has no effect. why says
// why not.
func compatParam(name, def string, f form, why string) Param {
	p := newParam(name, f.kind, mutable, why)
	p.Compat = true
	p.Default, p.Min, p.Max, p.Enum, p.allowed = def, f.min, f.max, f.enum, f.allowed
	p.codec.get = func(v *Values) string {
		if text, ok := v.compat[name]; ok {
			return text
		}
		return def
	}
	p.codec.set = func(v *Values, args []string, from origin) error {
		text, err := f.canonical(args)
		if err != nil {
			return err
		}
		if f.adds && from == fromFile && text != "" && v.compat[name] != "" {
			text = v.compat[name] + " " + text
		}
		v.compat[name] = text
		return nil
	}
	if f.kind == KindList {
		p.codec.file = func(v *Values) [][]string { return [][]string{orEmpty(strings.Fields(p.codec.get(v)))} }
	}
	return p
}

// form is the shape of a value without effect.
type form struct {
	kind      Kind
	min, max  int64
	enum      []string
	adds      bool // several lines of a file add up
	allowed   string
	canonical func(args []string) (string, error)
}

var asBool = form{kind: KindBool, canonical: func(args []string) (string, error) {
	b, err := parseBool(args[0])
	return formatBool(b), err
}}

var asText = form{kind: KindString, canonical: func(args []string) (string, error) { return args[0], nil }}

func asInt(lo, hi int64) form {
	return form{kind: KindInt, min: lo, max: hi, canonical: func(args []string) (string, error) {
		n, err := parseRanged(args[0], lo, hi)
		return formatInt(n), err
	}}
}

// asClamped takes any int and moves it into the limits, as Redis does with hz.
func asClamped(lo, hi int64) form {
	return form{kind: KindInt, max: maxInt32, canonical: func(args []string) (string, error) {
		n, err := parseRanged(args[0], 0, maxInt32)
		return formatInt(max(lo, min(n, hi))), err
	}}
}

func asBytes(lo int64) form {
	return form{kind: KindBytes, min: lo, max: maxInt64, canonical: func(args []string) (string, error) {
		n, err := parseBytesRanged(args[0], lo, maxInt64)
		return formatInt(int64(n)), err
	}}
}

func asEnum(names ...string) form {
	return form{kind: KindEnum, enum: names, canonical: func(args []string) (string, error) {
		i, err := parseEnum(args[0], names)
		return names[i], err
	}}
}

// asSave is a list of pairs, seconds and number of changes.
var asSave = form{kind: KindList, adds: true, allowed: "pairs of seconds and number of changes, such as 3600 1", canonical: func(args []string) (string, error) {
	if len(args) == 1 && args[0] == "" {
		return "", nil
	}
	if len(args)%2 != 0 {
		return "", errSave
	}
	for pair := range slices.Chunk(args, 2) {
		seconds, err1 := parseInt(pair[0])
		changes, err2 := parseInt(pair[1])
		if err1 != nil || err2 != nil || seconds < 1 || changes < 0 {
			return "", errSave
		}
	}
	return strings.Join(args, " "), nil
}}

// asOOMScores is three scores, for master, replica and children.
var asOOMScores = form{kind: KindList, allowed: "three numbers from -2000 to 2000", canonical: func(args []string) (string, error) {
	if len(args) != 3 {
		return "", errArgCount
	}
	for _, arg := range args {
		if n, err := parseInt(arg); err != nil || n < -2000 || n > 2000 {
			return "", errOOMScore
		}
	}
	return strings.Join(args, " "), nil
}}
