package oracle

import (
	"slices"
	"strings"

	"github.com/haypile/haypile/test/harness"
)

// helpRule: the words are each server's own.
func helpRule(redis, ours harness.Reply) string {
	if redis.Kind != ours.Kind || len(redis.Elems) == 0 != (len(ours.Elems) == 0) {
		return "replies differ"
	}
	for _, e := range slices.Concat(redis.Elems, ours.Elems) {
		if e.Kind != harness.Simple {
			return "help is not made of simple strings"
		}
	}
	return ""
}

// scalarRule holds for a number or text that is each server's own.
func scalarRule(args []string, redis, ours harness.Reply) string {
	if redis.Kind != ours.Kind || redis.Null != ours.Null || redis.IsError() {
		return "replies differ"
	}
	if hasWord(args, "HISTORY") || hasWord(args, "LATEST") || hasWord(args, "RESET") {
		return "" // how long something has taken on this machine
	}
	return ""
}

// arrayRule looks at the number and the types of elements.
func arrayRule(_ []string, redis, ours harness.Reply) string {
	if why := sameShape(redis, ours); why != "" || redis.IsError() {
		return why
	}
	for i := range redis.Elems {
		if redis.Elems[i].Kind != ours.Elems[i].Kind {
			return "types of elements differ"
		}
	}
	return ""
}

// clientRule: numbers of clients and their descriptions are each server's own.
func clientRule(args []string, redis, ours harness.Reply) string {
	if len(args) == 1 || redis.IsError() || redis.Kind != ours.Kind || redis.Null != ours.Null {
		return "replies differ"
	}
	switch strings.ToUpper(args[1]) {
	case "ID", "INFO", "LIST":
		if redis.Str == "" != (ours.Str == "") {
			return "replies differ"
		}
		return ""
	}
	return "replies differ"
}

// commandRule: lists of commands come in any order, and are longer where Haypile has later commands.
func commandRule(args []string, redis, ours harness.Reply) string {
	if len(args) == 1 && redis.Kind == ours.Kind && len(redis.Elems) <= len(ours.Elems) {
		return ""
	}
	if len(args) > 1 && strings.EqualFold(args[1], "LIST") && redis.Kind == ours.Kind && !redis.IsError() {
		names := ours.Strings()
		for _, name := range redis.Strings() {
			if !slices.Contains(names, name) {
				return "no command " + name
			}
		}
		return ""
	}
	if len(args) > 1 && strings.EqualFold(args[1], "GETKEYSANDFLAGS") {
		return unorderedFlags(redis, ours)
	}
	return "replies differ"
}

// unorderedFlags: the flags of a key are a set.
func unorderedFlags(redis, ours harness.Reply) string {
	if why := sameShape(redis, ours); why != "" || redis.IsError() {
		return why
	}
	for i := range redis.Elems {
		a, b := redis.Elems[i], ours.Elems[i]
		if len(a.Elems) != 2 || len(b.Elems) != 2 || !a.Elems[0].Equal(b.Elems[0]) {
			return "keys differ"
		}
		if why := sameBag(a.Elems[1], b.Elems[1], 1); why != "" {
			return why
		}
	}
	return ""
}

// unorderedConfig: CONFIG GET lists parameters in any order.
func unorderedConfig(args []string, redis, ours harness.Reply) string {
	if len(args) > 1 && strings.EqualFold(args[1], "GET") {
		return sameBag(redis, ours, 2)
	}
	return "replies differ"
}
