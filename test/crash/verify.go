package crash

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// tally counts what a verification found.
type tally struct {
	keys       int
	inFlight   int
	took, left int // of the operations in flight: found there, found not there
}

// verify compares one writer's keys with its model, settles what was in flight, and leaves the model as the server has it.
func (w *writer) verify(c *harness.Client) (tally, error) {
	if r, err := c.Do("SELECT", w.db); err != nil || r.IsError() {
		return tally{}, fmt.Errorf("SELECT: %v, %v", r, err)
	}
	seen, err := w.read(c)
	if err != nil {
		return tally{}, err
	}
	t := tally{keys: len(seen.values), inFlight: len(w.pending)}
	// C2: the keys are as after the first 0, 1, 2, … of the pending operations. Only the keys those touch can differ between the
	// candidates, but all are compared each time: it is simple, and pipelines are short.
	firstErr := seen.compare(w.model)
	if firstErr == nil {
		t.left = len(w.pending)
		w.pending = nil
		return t, nil
	}
	undo := w.model.snapshot()
	for i, o := range w.pending {
		w.model.apply(o)
		if seen.compare(w.model) == nil {
			t.took, t.left = i+1, len(w.pending)-i-1
			w.pending = nil
			return t, nil
		}
	}
	lastErr := seen.compare(w.model)
	w.model.keys = undo
	return t, fmt.Errorf("the keys of %s in database %d match no prefix of what was in flight\n"+
		"without any of it: %w\nwith all of it: %v\nin flight: %v", w.prefix, w.db, firstErr, lastErr, w.pending)
}

func (m *model) snapshot() map[string]*value {
	copied := make(map[string]*value, len(m.keys))
	for key, v := range m.keys {
		copied[key] = v.clone()
	}
	return copied
}

// observed is what the server has of one writer's keys.
type observed struct {
	values map[string]*value
	// The reading took place between these instants: what expires before the first must be gone, after the last must be there.
	fromMs, toMs int64
}

// read fetches all keys of the writer: those that the server lists and those that the model knows.
func (w *writer) read(c *harness.Client) (*observed, error) {
	listed, err := scan(c, w.prefix+"*")
	if err != nil {
		return nil, err
	}
	o := &observed{values: map[string]*value{}, fromMs: time.Now().UnixMilli()}
	for key := range w.model.keys {
		listed[key] = true
	}
	keys := slices.Sorted(maps.Keys(listed))
	var ask [][]string
	for _, key := range keys {
		ask = append(ask, []string{"TYPE", key}, []string{"PEXPIRETIME", key})
	}
	about, err := c.Pipeline(ask)
	if err != nil {
		return nil, err
	}
	ask = nil
	for i, key := range keys {
		ask = append(ask, reading(about[2*i].Str, key)...)
	}
	contents, err := c.Pipeline(ask)
	if err != nil {
		return nil, err
	}
	o.toMs = time.Now().UnixMilli()
	for i, key := range keys {
		kind := about[2*i].Str
		if kind == "none" {
			continue
		}
		v, err := parse(kind, contents[2*i], contents[2*i+1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w\nlast commands: %q", key, err, w.model.recent[key])
		}
		if v != nil {
			v.expireMs = max(0, about[2*i+1].Int)
			o.values[key] = v
		}
	}
	return o, nil
}

// reading is two commands, the count and the content, for each type.
func reading(kind, key string) [][]string {
	switch kind {
	case "hash":
		return [][]string{{"HLEN", key}, {"HGETALL", key}}
	case "list":
		return [][]string{{"LLEN", key}, {"LRANGE", key, "0", "-1"}}
	case "set":
		return [][]string{{"SCARD", key}, {"SMEMBERS", key}}
	case "zset":
		return [][]string{{"ZCARD", key}, {"ZRANGE", key, "0", "-1", "WITHSCORES"}}
	case "string":
		return [][]string{{"STRLEN", key}, {"GET", key}}
	}
	return [][]string{{"EXISTS", key}, {"EXISTS", key}}
}

// parse makes a value of what was read, and checks that the count is true (C5). It is nil if the key expired meanwhile.
func parse(kind string, count, content harness.Reply) (*value, error) {
	if content.Null || (count.Int == 0 && kind != "string") {
		return nil, nil
	}
	if err := content.Err(); err != nil {
		return nil, err
	}
	v := &value{kind: kind, str: content.Str}
	texts := content.Strings()
	n := len(texts)
	switch kind {
	case "string":
		n = len(content.Str)
	case "hash":
		v.hash = map[string]string{}
		for i := 0; i+1 < len(texts); i += 2 {
			v.hash[texts[i]] = texts[i+1]
		}
		n = len(v.hash)
	case "list":
		v.list = texts
	case "set":
		v.set = map[string]bool{}
		for _, e := range texts {
			v.set[e] = true
		}
		n = len(v.set)
	case "zset":
		v.zset = map[string]float64{}
		for i := 0; i+1 < len(texts); i += 2 {
			score, err := strconv.ParseFloat(texts[i+1], 64)
			if err != nil {
				return nil, err
			}
			v.zset[texts[i]] = score
		}
		n = len(v.zset)
	}
	if int64(n) != count.Int {
		return nil, fmt.Errorf("the %s's count says %d, its content has %d elements", kind, count.Int, n)
	}
	return v, nil
}

// compare returns the first way in which the server's keys are not the model's.
func (o *observed) compare(m *model) error {
	for key, want := range m.keys {
		got := o.values[key]
		if want.expireMs != 0 && want.expireMs <= o.toMs {
			if want.expireMs < o.fromMs && got != nil {
				return fmt.Errorf("%s expired at %d and is still there at %d\nlast commands: %q", key, want.expireMs, o.fromMs, m.recent[key])
			}
			continue
		}
		if err := sameValue(got, want); err != nil {
			return fmt.Errorf("%s: %w\nlast commands: %q", key, err, m.recent[key])
		}
	}
	for key := range o.values {
		if m.keys[key] == nil {
			return fmt.Errorf("%s is there and should not be\nlast commands: %q", key, m.recent[key])
		}
	}
	return nil
}

func sameValue(got, want *value) error {
	switch {
	case got == nil:
		return fmt.Errorf("missing: want a %s", want.kind)
	case got.kind != want.kind:
		return fmt.Errorf("got a %s, want a %s", got.kind, want.kind)
	case got.expireMs != want.expireMs:
		return fmt.Errorf("expires at %d, want %d", got.expireMs, want.expireMs)
	case got.kind == "string" && got.str != want.str:
		return fmt.Errorf("got %s, want %s", short(got.str), short(want.str))
	case got.kind == "list" && !slices.Equal(got.list, want.list):
		return fmt.Errorf("list differs: %d elements, want %d: %s, want %s", len(got.list), len(want.list), short(fmt.Sprint(got.list)), short(fmt.Sprint(want.list)))
	}
	return firstError(mapDifference(got.hash, want.hash), mapDifference(got.set, want.set), mapDifference(got.zset, want.zset))
}

func mapDifference[V comparable](got, want map[string]V) error {
	for name, v := range want {
		if g, ok := got[name]; !ok {
			return fmt.Errorf("%d elements, want %d; %s (%v) is missing", len(got), len(want), name, v)
		} else if g != v {
			return fmt.Errorf("element %s is %v, want %v", name, g, v)
		}
	}
	for name, v := range got {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("%d elements, want %d; %s (%v) should not be there", len(got), len(want), name, v)
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func short(s string) string {
	if len(s) > 200 {
		s = s[:100] + "…" + s[len(s)-100:]
	}
	return fmt.Sprintf("%q", s)
}

// verifyCount checks that DBSIZE is the number of keys of a complete SCAN (C5) and that each belongs to a writer (C4). Keys that expire
// between the two readings are why it may need more than one look.
func verifyCount(c *harness.Client, db int) (keys int, err error) {
	if r, err := c.Do("SELECT", db); err != nil || r.IsError() {
		return 0, fmt.Errorf("SELECT: %v, %v", r, err)
	}
	deadline := time.Now().Add(expirySettles)
	for {
		all, err := scan(c, "*")
		if err != nil {
			return 0, err
		}
		for key := range all {
			if !strings.HasPrefix(key, "writer") {
				return 0, fmt.Errorf("a key that nobody wrote: %q", key)
			}
		}
		size, err := c.Do("DBSIZE")
		if err != nil {
			return 0, err
		}
		if size.Int == int64(len(all)) {
			return len(all), nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("database %d: DBSIZE says %d, a complete SCAN gives %d keys", db, size.Int, len(all))
		}
		time.Sleep(20 * time.Millisecond) // expired keys count until the server has removed them, which nothing announces
	}
}

// expirySettles is how long a server may take to remove keys that expired, while it was down, too.
const expirySettles = 10 * time.Second

// scan gives the names of a complete SCAN.
func scan(c *harness.Client, pattern string) (map[string]bool, error) {
	names := map[string]bool{}
	cursor := "0"
	for range 1_000_000 {
		r, err := c.Do("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
		if err != nil {
			return nil, err
		}
		if len(r.Elems) != 2 {
			return nil, fmt.Errorf("SCAN: %v", r)
		}
		for _, name := range r.Elems[1].Strings() {
			names[name] = true
		}
		if cursor = r.Elems[0].Str; cursor == "0" {
			return names, nil
		}
	}
	return nil, fmt.Errorf("SCAN does not end")
}
