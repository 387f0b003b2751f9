package consistency

import (
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

// verb is what an operation does to its key.
type verb string

const (
	get  verb = "GET"       // of a register or counter
	set  verb = "SET"       // to arg
	swap verb = "SET … GET" // to arg, replies the old value
	incr verb = "INCRBY"    // by arg, replies the new value
	push verb = "RPUSH"     // arg, replies the length
	pop  verb = "LPOP"      // replies the element
	list verb = "LRANGE"    // replies all elements
)

func (v verb) reads() bool { return v == get || v == list }

// call is what a client asks for.
type call struct {
	Verb verb
	Key  string
	Arg  string
}

// answer is what came back. Unknown: nothing that can be relied on.
type answer struct {
	Known bool
	Value string // "" for nothing; elements with a space between
}

// model says what the replies must be, key by key. A key's state is its value, the elements of a list with a space between.
var model = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return "" },
	Step: func(state, in, out any) (bool, any) {
		want, next := apply(state.(string), in.(call))
		got := out.(answer)
		return !got.Known || got.Value == want, next
	},
}

// apply is the reply of an operation, and the state after it.
func apply(state string, c call) (reply, next string) {
	elements := strings.Fields(state)
	switch c.Verb {
	case set:
		return "OK", c.Arg
	case swap:
		return state, c.Arg
	case incr:
		n, _ := strconv.Atoi(state)
		by, _ := strconv.Atoi(c.Arg)
		next = strconv.Itoa(n + by)
		return next, next
	case push:
		return strconv.Itoa(len(elements) + 1), strings.TrimSpace(state + " " + c.Arg)
	case pop:
		if len(elements) == 0 {
			return "", ""
		}
		return elements[0], strings.Join(elements[1:], " ")
	}
	return state, state
}

func byKey(history []porcupine.Operation) (parts [][]porcupine.Operation) {
	at := map[string]int{}
	for _, op := range history {
		key := op.Input.(call).Key
		i, seen := at[key]
		if !seen {
			i = len(parts)
			at[key], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}
