package config

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

const (
	maxInt64 = math.MaxInt64
	maxInt32 = math.MaxInt32 // Redis keeps many settings in an int; its limits appear in error texts
)

// Texts of refused values, word for word those of Redis 7.0 (C5).
var (
	errNotBool          = errors.New("argument must be 'yes' or 'no'")
	errNotInt           = errors.New("argument couldn't be parsed into an integer")
	errNotOctal         = errors.New("argument couldn't be parsed as an octal number")
	errNotMemory        = errors.New("argument must be a memory value")
	errNotMemoryPercent = errors.New("argument must be a memory or percent value")
	errPercentRange     = errors.New("percentage argument must be less or equal to 100")
	errArgCount         = errors.New("wrong number of arguments")
	errEventClass       = errors.New("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
	errLimitCount       = errors.New("Wrong number of arguments in buffer limit configuration.")
	errLimitClass       = errors.New("Invalid client class specified in buffer limit configuration.")
	errLimitValue       = errors.New("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
	errPercentiles      = errors.New("Invalid latency-tracking-info-percentiles parameters")
	errPercentileRange  = errors.New("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
	errSave             = errors.New("Invalid save parameters")
	errOOMScore         = errors.New("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
)

// errQuotes is what Redis says of a line it cannot split.
var errQuotes = errors.New("Unbalanced quotes in configuration line")

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, errNotBool
}

func formatBool(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// parseInt is as strict as Redis's string2ll: no blanks, no plus, no leading zeros.
func parseInt(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, errNotInt
	}
	return n, nil
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

func parseRanged(s string, lo, hi int64) (int64, error) {
	n, err := parseInt(s)
	if err != nil {
		return 0, err
	}
	return n, checkRange(n, lo, hi)
}

func formatOctal(n int64) string { return strconv.FormatInt(n, 8) }

func checkRange(n, lo, hi int64) error {
	if n < lo || n > hi {
		return rangeError(lo, hi)
	}
	return nil
}

func rangeError(lo, hi int64) error {
	return fmt.Errorf("argument must be between %d and %d inclusive", lo, hi)
}

func parseOctal(s string, lo, hi int64) (int64, error) {
	n, err := strconv.ParseInt(s, 8, 64)
	if err != nil {
		return 0, errNotOctal
	}
	if n < lo || n > hi {
		return 0, fmt.Errorf("argument must be between %o and %o inclusive", lo, hi)
	}
	return n, nil
}

var byteUnits = map[string]uint64{
	"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30,
}

// parseBytes reads a size with Redis's units. What does not fit in 64 bits becomes
// the largest number, so that the range check names the limit.
func parseBytes(s string) (uint64, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	unit, known := byteUnits[strings.ToLower(s[end:])]
	if !known || end == 0 {
		return 0, errNotMemory
	}
	n, err := strconv.ParseUint(s[:end], 10, 64)
	high, low := bits.Mul64(n, unit)
	if err != nil || high != 0 {
		return math.MaxUint64, nil
	}
	return low, nil
}

func parseBytesRanged(s string, lo, hi int64) (Bytes, error) {
	n, err := parseBytes(s)
	if err != nil {
		return 0, err
	}
	if n > maxInt64 {
		return 0, rangeError(lo, hi)
	}
	return Bytes(n), checkRange(int64(n), lo, hi)
}

// formatBytes is the form for files: the largest binary unit that divides n.
func formatBytes(n Bytes) string {
	for _, u := range []struct {
		size Bytes
		name string
	}{{1 << 30, "gb"}, {1 << 20, "mb"}, {1 << 10, "kb"}} {
		if n != 0 && n%u.size == 0 {
			return formatInt(int64(n/u.size)) + u.name
		}
	}
	return formatInt(int64(n))
}

func parseBytesOrPercent(s string) (BytesOrPercent, error) {
	if digits, ok := strings.CutSuffix(s, "%"); ok {
		n, err := parseInt(digits)
		if err != nil || n < 0 {
			return BytesOrPercent{}, errNotMemoryPercent
		}
		if n > 100 {
			return BytesOrPercent{}, errPercentRange
		}
		return BytesOrPercent{Percent: n}, nil
	}
	n, err := parseBytesRanged(s, 0, maxInt64)
	if errors.Is(err, errNotMemory) {
		err = errNotMemoryPercent
	}
	return BytesOrPercent{Bytes: n}, err
}

func (b BytesOrPercent) text(bytes func(Bytes) string) string {
	if b.Percent != 0 {
		return formatInt(b.Percent) + "%"
	}
	return bytes(b.Bytes)
}

// parseEnum returns the index of s in names.
func parseEnum(s string, names []string) (int, error) {
	if i := slices.Index(names, strings.ToLower(s)); i >= 0 {
		return i, nil
	}
	return 0, errors.New("argument(s) must be one of the following: " + strings.Join(names, ", "))
}

func parsePercentiles(args []string) ([]float64, error) {
	list := []float64{}
	if len(args) == 1 && args[0] == "" {
		return list, nil
	}
	for _, arg := range args {
		f, err := strconv.ParseFloat(arg, 64)
		if err != nil || math.IsNaN(f) {
			return nil, errPercentiles
		}
		if f < 0 || f > 100 {
			return nil, errPercentileRange
		}
		list = append(list, f)
	}
	return list, nil
}

func formatPercentiles(list []float64) string {
	parts := make([]string, len(list))
	for i, f := range list {
		parts[i] = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strings.Join(parts, " ")
}
