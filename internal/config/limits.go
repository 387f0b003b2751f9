package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// ClientClass is a kind of client with output limits of its own.
type ClientClass int

const (
	ClassNormal ClientClass = iota
	ClassReplica
	ClassPubSub
	clientClasses // how many there are
)

// OutputLimit bounds the replies waiting for one client: it is dropped at Hard at
// once, and when Soft is exceeded for SoftFor. 0 is no limit.
type OutputLimit struct {
	Hard, Soft Bytes
	SoftFor    time.Duration
}

// OutputLimits has a limit for each ClientClass.
type OutputLimits [clientClasses]OutputLimit

var defaultOutputLimits = OutputLimits{
	ClassReplica: {256 << 20, 64 << 20, 60 * time.Second},
	ClassPubSub:  {32 << 20, 8 << 20, 60 * time.Second},
}

// CONFIG GET still says slave, as Redis 7.0 does; files say replica.
var (
	classNamesGet  = [clientClasses]string{"normal", "slave", "pubsub"}
	classNamesFile = [clientClasses]string{"normal", "replica", "pubsub"}
)

func parseClass(s string) (ClientClass, bool) {
	s = strings.ToLower(s)
	if i := slices.Index(classNamesGet[:], s); i >= 0 {
		return ClientClass(i), true
	}
	return ClassReplica, s == "replica"
}

// parseOutputLimits reads groups of class, hard, soft and seconds. Classes that are
// not named keep their limits.
func parseOutputLimits(base OutputLimits, args []string) (OutputLimits, error) {
	if len(args) == 1 && args[0] == "" {
		return base, nil
	}
	if len(args)%4 != 0 || len(args) == 0 {
		return base, errLimitCount
	}
	for group := range slices.Chunk(args, 4) {
		class, ok := parseClass(group[0])
		if !ok {
			return base, errLimitClass
		}
		limit, err := parseOutputLimit(group[1:])
		if err != nil {
			return base, err
		}
		base[class] = limit
	}
	return base, nil
}

func parseOutputLimit(args []string) (OutputLimit, error) {
	hard, err1 := parseBytes(args[0])
	soft, err2 := parseBytes(args[1])
	seconds, err3 := parseInt(args[2])
	const maxSeconds = 1<<31 - 1
	if err1 != nil || err2 != nil || err3 != nil || hard > maxInt64 || soft > maxInt64 ||
		seconds < 0 || seconds > maxSeconds {
		return OutputLimit{}, errLimitValue
	}
	return OutputLimit{Bytes(hard), Bytes(soft), time.Duration(seconds) * time.Second}, nil
}

// text is the CONFIG GET form: every class, plain numbers.
func (o OutputLimits) text() string {
	var parts []string
	for class, l := range o {
		parts = append(parts, classNamesGet[class], formatInt(int64(l.Hard)), formatInt(int64(l.Soft)), l.seconds())
	}
	return strings.Join(parts, " ")
}

// fileLines has a line for each class that differs from the default, or all of them
// when none does.
func (o OutputLimits) fileLines() [][]string {
	var lines [][]string
	for class, l := range o {
		if o == defaultOutputLimits || l != defaultOutputLimits[class] {
			lines = append(lines, []string{classNamesFile[class], formatBytes(l.Hard), formatBytes(l.Soft), l.seconds()})
		}
	}
	return lines
}

func (l OutputLimit) seconds() string {
	return strconv.FormatInt(int64(l.SoftFor/time.Second), 10)
}
