package crash

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haypile/haypile/test/harness"
)

// value is one key's. The field of its type is set; a collection that becomes empty goes away, as in Redis.
type value struct {
	kind     string // as TYPE says
	str      string
	hash     map[string]string
	list     []string
	set      map[string]bool
	zset     map[string]float64
	expireMs int64 // absolute; 0: never
}

func (v *value) clone() *value {
	if v == nil {
		return nil
	}
	c := *v
	c.hash, c.set, c.zset, c.list = maps.Clone(v.hash), maps.Clone(v.set), maps.Clone(v.zset), slices.Clone(v.list)
	return &c
}

// size is the number of elements of a collection.
func (v *value) size() int { return len(v.hash) + len(v.list) + len(v.set) + len(v.zset) }

// model is what the keys of one writer must be.
type model struct {
	keys map[string]*value
	// recent are the last commands that touched a key, for messages.
	recent map[string][]string
}

func newModel() *model { return &model{keys: map[string]*value{}, recent: map[string][]string{}} }

// recentMax is how many commands a message shows of a key's history.
const recentMax = 6

// commands is the tiny Redis: each entry changes the model and returns the reply that the server must give. Writers send nothing
// that could be refused.
var commands = map[string]func(m *model, args []string) string{
	"SET": func(m *model, a []string) string {
		v := &value{kind: "string", str: a[2]}
		if len(a) == 5 && a[3] == "PXAT" {
			v.expireMs = atoi(a[4])
		}
		m.keys[a[1]] = v
		return "OK"
	},
	"APPEND": func(m *model, a []string) string {
		v := m.get(a[1], "string")
		v.str += a[2]
		return strconv.Itoa(len(v.str))
	},
	"INCRBY": func(m *model, a []string) string {
		v := m.get(a[1], "string")
		v.str = strconv.FormatInt(atoi("0"+v.str)+atoi(a[2]), 10)
		return v.str
	},
	"DEL": func(m *model, a []string) string {
		n := 0
		for _, key := range a[1:] {
			if m.keys[key] != nil {
				n++
				delete(m.keys, key)
			}
		}
		return strconv.Itoa(n)
	},
	"HSET": func(m *model, a []string) string {
		v, n := m.get(a[1], "hash"), 0
		for i := 2; i < len(a); i += 2 {
			if _, had := v.hash[a[i]]; !had {
				n++
			}
			v.hash[a[i]] = a[i+1]
		}
		return strconv.Itoa(n)
	},
	"HDEL": func(m *model, a []string) string {
		return m.remove(a, "hash", func(v *value, e string) bool {
			_, had := v.hash[e]
			delete(v.hash, e)
			return had
		})
	},
	"SADD": func(m *model, a []string) string {
		v, n := m.get(a[1], "set"), 0
		for _, e := range a[2:] {
			if !v.set[e] {
				n++
			}
			v.set[e] = true
		}
		return strconv.Itoa(n)
	},
	"SREM": func(m *model, a []string) string {
		return m.remove(a, "set", func(v *value, e string) bool {
			had := v.set[e]
			delete(v.set, e)
			return had
		})
	},
	"ZADD": func(m *model, a []string) string {
		v, n := m.get(a[1], "zset"), 0
		for i := 2; i < len(a); i += 2 {
			if _, had := v.zset[a[i+1]]; !had {
				n++
			}
			v.zset[a[i+1]] = float64(atoi(a[i]))
		}
		return strconv.Itoa(n)
	},
	"ZREM": func(m *model, a []string) string {
		return m.remove(a, "zset", func(v *value, e string) bool {
			_, had := v.zset[e]
			delete(v.zset, e)
			return had
		})
	},
	"RPUSH": func(m *model, a []string) string {
		v := m.get(a[1], "list")
		v.list = append(v.list, a[2:]...)
		return strconv.Itoa(len(v.list))
	},
	"LPUSH": func(m *model, a []string) string {
		v := m.get(a[1], "list")
		for _, e := range a[2:] {
			v.list = slices.Insert(v.list, 0, e)
		}
		return strconv.Itoa(len(v.list))
	},
	"LPOP": func(m *model, a []string) string { return m.pop(a[1], true) },
	"RPOP": func(m *model, a []string) string { return m.pop(a[1], false) },
	"PEXPIREAT": func(m *model, a []string) string {
		if m.keys[a[1]] == nil {
			return "0"
		}
		m.keys[a[1]].expireMs = atoi(a[2])
		return "1"
	},
	"PERSIST": func(m *model, a []string) string {
		v := m.keys[a[1]]
		if v == nil || v.expireMs == 0 {
			return "0"
		}
		v.expireMs = 0
		return "1"
	},
	"FLUSHDB": func(m *model, a []string) string {
		clear(m.keys)
		return "OK"
	},
}

// get returns the value of a key, made if it is not there.
func (m *model) get(key, kind string) *value {
	if v := m.keys[key]; v != nil {
		return v
	}
	v := &value{kind: kind}
	switch kind {
	case "hash":
		v.hash = map[string]string{}
	case "set":
		v.set = map[string]bool{}
	case "zset":
		v.zset = map[string]float64{}
	}
	m.keys[key] = v
	return v
}

func (m *model) remove(a []string, kind string, from func(v *value, e string) bool) string {
	n := 0
	v := m.get(a[1], kind)
	for _, e := range a[2:] {
		if from(v, e) {
			n++
		}
	}
	m.dropEmpty(a[1])
	return strconv.Itoa(n)
}

func (m *model) pop(key string, left bool) string {
	v := m.keys[key]
	if v == nil {
		return ""
	}
	at := 0
	if !left {
		at = len(v.list) - 1
	}
	e := v.list[at]
	v.list = slices.Delete(v.list, at, at+1)
	m.dropEmpty(key)
	return e
}

func (m *model) dropEmpty(key string) {
	if v := m.keys[key]; v != nil && v.kind != "string" && v.size() == 0 {
		delete(m.keys, key)
	}
}

// op is one write: a command, or the commands of a MULTI/EXEC.
type op [][]string

func (o op) String() string {
	lines := make([]string, len(o))
	for i, args := range o {
		if lines[i] = harness.CommandLine(args); len(lines[i]) > 120 {
			lines[i] = lines[i][:120] + "…"
		}
	}
	if len(o) > 1 {
		return "MULTI; " + strings.Join(lines, "; ") + "; EXEC"
	}
	return lines[0]
}

// keys are those that the operation touches; all is set if it touches every key.
func (o op) keys() (keys []string, all bool) {
	for _, args := range o {
		switch args[0] {
		case "FLUSHDB":
			all = true
		case "DEL":
			keys = append(keys, args[1:]...)
		default:
			keys = append(keys, args[1])
		}
	}
	return keys, all
}

// apply performs the operation on the model and returns the replies that the server must give to its commands.
func (m *model) apply(o op) []string {
	line := o.String()
	keys, _ := o.keys()
	for _, key := range keys {
		lines := append(m.recent[key], line)
		m.recent[key] = lines[max(0, len(lines)-recentMax):]
	}
	replies := make([]string, len(o))
	for i, args := range o {
		replies[i] = commands[args[0]](m, args)
	}
	return replies
}

func atoi(s string) int64 {
	if rest, negative := strings.CutPrefix(s, "0-"); negative { // INCRBY puts a zero before what may be empty
		s = "-" + rest
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("the model was given %q for a number", s))
	}
	return n
}
