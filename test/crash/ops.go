package crash

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// opKinds says what writers do, and how often.
var opKinds = []struct {
	name   string
	weight int
	make   func(w *writer) op
}{
	{"string", 20, func(w *writer) op { return op{{"SET", w.key("str", 60), w.bytes()}} }},
	{"count", 12, func(w *writer) op { return op{{"INCRBY", w.key("count", 8), strconv.Itoa(1 + w.rnd.IntN(5))}} }},
	{"append", 8, func(w *writer) op { return op{{"APPEND", w.key("log", 4), w.word() + ";"}} }},
	{"delete", 6, func(w *writer) op { return op{{"DEL", w.key("str", 60), w.key("log", 4), w.key("str", 60)}} }},
	{"hash", 14, func(w *writer) op {
		return op{append([]string{"HSET", w.key("hash", 3)}, w.fields(1+w.rnd.IntN(6))...)}
	}},
	{"hash fields", 8, func(w *writer) op { return op{append([]string{"HDEL", w.key("hash", 3)}, w.names(4)...)} }},
	{"push", 12, func(w *writer) op {
		return op{{w.one("RPUSH", "RPUSH", "LPUSH"), w.key("list", 3), w.word(), w.bytes()}}
	}},
	{"pop", 14, func(w *writer) op { return op{{w.one("LPOP", "LPOP", "RPOP"), w.key("list", 3)}} }},
	{"score", 12, func(w *writer) op {
		return op{{"ZADD", w.key("zset", 3), strconv.Itoa(w.rnd.IntN(1000)), w.name(), strconv.Itoa(w.rnd.IntN(1000)), w.name()}}
	}},
	{"unscore", 5, func(w *writer) op { return op{append([]string{"ZREM", w.key("zset", 3)}, w.names(3)...)} }},
	{"set", 10, func(w *writer) op { return op{append([]string{"SADD", w.key("set", 3)}, w.names(4)...)} }},
	{"unset", 6, func(w *writer) op { return op{append([]string{"SREM", w.key("set", 3)}, w.names(4)...)} }},
	{"expire", 6, func(w *writer) op { return op{{"PEXPIREAT", w.any(), w.farAway()}} }},
	{"persist", 3, func(w *writer) op { return op{{"PERSIST", w.any()}} }},
	// Ends while the server runs, or while it is down.
	{"short life", 4, func(w *writer) op {
		end := time.Now().Add(time.Duration(20+w.rnd.IntN(1500)) * time.Millisecond)
		return op{{"SET", w.key("brief", 20), w.word(), "PXAT", strconv.FormatInt(end.UnixMilli(), 10)}}
	}},
	// Money is neither made nor lost.
	{"transfer", 10, func(w *writer) op {
		amount := 1 + w.rnd.IntN(100)
		return op{{"INCRBY", w.key("account", 5), strconv.Itoa(-amount)}, {"INCRBY", w.key("account", 5), strconv.Itoa(amount)}}
	}},
	// Several keys of one version.
	{"version", 6, func(w *writer) op {
		w.version++
		var o op
		for i := range 5 {
			o = append(o, []string{"SET", w.prefix + "version:" + strconv.Itoa(i), strconv.Itoa(w.version)})
		}
		return o
	}},
	{"mixed types", 6, func(w *writer) op {
		return op{
			append([]string{"HSET", w.key("hash", 3)}, w.fields(3)...), {"RPUSH", w.key("list", 3), w.word()},
			append([]string{"SREM", w.key("set", 3)}, w.names(2)...), {"DEL", w.key("str", 60)}, {"LPOP", w.key("list", 3)},
		}
	}},
	{"drop a collection", 1, func(w *writer) op { return op{{"DEL", w.collection()}} }},
	{"build a collection", 2, func(w *writer) op { return op{w.rebuild(w.collection())} }},
	{"replace a collection", 2, func(w *writer) op {
		key := w.collection()
		return op{{"DEL", key}, w.rebuild(key)}
	}},
}

var opWeightTotal = func() (total int) {
	for _, k := range opKinds {
		total += k.weight
	}
	return total
}()

// nextOp draws what the writer does next.
func (w *writer) nextOp() op {
	if w.flushes && w.rnd.IntN(300) == 0 {
		return op{{"FLUSHDB"}}
	}
	n := w.rnd.IntN(opWeightTotal)
	for _, k := range opKinds {
		if n -= k.weight; n < 0 {
			return k.make(w)
		}
	}
	panic("weights")
}

// rebuild fills a collection, far beyond the thresholds of the packed encodings.
func (w *writer) rebuild(key string) []string {
	n := 150 + w.rnd.IntN(500)
	switch {
	case strings.Contains(key, "hash"):
		return append([]string{"HSET", key}, w.fields(n)...)
	case strings.Contains(key, "list"):
		args := []string{"RPUSH", key}
		for range n {
			args = append(args, w.word())
		}
		return args
	case strings.Contains(key, "zset"):
		args := []string{"ZADD", key}
		for range n {
			args = append(args, strconv.Itoa(w.rnd.IntN(1000)), w.name())
		}
		return args
	}
	return append([]string{"SADD", key}, w.names(n)...)
}

func (w *writer) key(kind string, n int) string {
	return fmt.Sprintf("%s%s:%d", w.prefix, kind, w.rnd.IntN(n))
}

func (w *writer) collection() string { return w.key(w.one("hash", "list", "zset", "set"), 3) }

func (w *writer) any() string {
	if w.rnd.IntN(2) == 0 {
		return w.collection()
	}
	return w.key("str", 60)
}

func (w *writer) farAway() string {
	return strconv.FormatInt(4102444800000+w.rnd.Int64N(1_000_000_000), 10)
}

func (w *writer) name() string { return "n" + strconv.Itoa(w.rnd.IntN(3000)) }

func (w *writer) names(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = w.name()
	}
	return names
}

func (w *writer) fields(n int) []string {
	var args []string
	for range n {
		args = append(args, w.name(), w.word())
	}
	return args
}

// word never repeats, so that an old value cannot pass for a new one.
func (w *writer) word() string {
	w.counter++
	return "w" + strconv.Itoa(w.counter)
}

func (w *writer) bytes() string {
	word := w.word()
	if w.rnd.IntN(30) == 0 {
		return word + strings.Repeat("\x00large\xff", 200+w.rnd.IntN(2000))
	}
	return word + strings.Repeat("x", w.rnd.IntN(200))
}

func (w *writer) one(words ...string) string { return words[w.rnd.IntN(len(words))] }

func newRand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }
