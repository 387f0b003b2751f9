package oracle

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// entry is one key with everything that can be read about it.
type entry struct {
	kind    harness.Reply // TYPE
	expires harness.Reply // PEXPIRETIME
	content harness.Reply
	reading []string // the command that gave the content
}

// readings give the complete content of each type.
var readings = map[string]func(key string) []string{
	"string": func(key string) []string { return []string{"GET", key} },
	"hash":   func(key string) []string { return []string{"HGETALL", key} },
	"list":   func(key string) []string { return []string{"LRANGE", key, "0", "-1"} },
	"set":    func(key string) []string { return []string{"SMEMBERS", key} },
	"zset":   func(key string) []string { return []string{"ZRANGE", key, "0", "-1", "WITHSCORES"} },
	"stream": func(key string) []string { return []string{"XINFO", "STREAM", key, "FULL", "COUNT", "0"} },
}

// contents reads a whole database, and checks that its count of keys is the number of keys.
func (s *side) contents(db int) (map[string]entry, error) {
	c := s.conns[connProbe]
	do := func(args ...any) (harness.Reply, error) { return c.Do(args...) }
	if r, err := do("SELECT", db); err != nil || r.IsError() {
		return nil, fmt.Errorf("SELECT: %v, %v", r, err)
	}
	names, err := countedNames(do)
	if err != nil {
		return nil, err
	}
	var commands [][]string
	for _, key := range names {
		commands = append(commands, []string{"TYPE", key}, []string{"PEXPIRETIME", key})
	}
	about, err := c.Pipeline(commands)
	if err != nil {
		return nil, err
	}
	entries := map[string]entry{}
	commands = nil
	for i, key := range names {
		e := entry{kind: about[2*i], expires: about[2*i+1], reading: []string{"TYPE", key}}
		if reading, ok := readings[e.kind.Str]; ok {
			e.reading = reading(key)
		}
		entries[key] = e
		commands = append(commands, e.reading)
	}
	contents, err := c.Pipeline(commands)
	if err != nil {
		return nil, err
	}
	for i, key := range names {
		e := entries[key]
		e.content = contents[i]
		entries[key] = e
	}
	return entries, nil
}

// countedNames scans a database until DBSIZE agrees, which also counts keys past their time until they are deleted, soon.
func countedNames(do doFunc) ([]string, error) {
	for deadline := time.Now().Add(5 * time.Second); ; {
		names, err := scanNames(do)
		if err != nil {
			return nil, err
		}
		size, err := do("DBSIZE")
		if err != nil || size.Int == int64(len(names)) {
			return names, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("DBSIZE says %d, SCAN gives %d keys", size.Int, len(names))
		}
	}
}

func scanNames(do doFunc) ([]string, error) {
	seen := map[string]bool{}
	cursor := "0"
	for range 100_000 {
		r, err := do("SCAN", cursor, "COUNT", 1000)
		if err != nil {
			return nil, err
		}
		if len(r.Elems) != 2 {
			return nil, fmt.Errorf("SCAN: %v", r)
		}
		for _, key := range r.Elems[1].Strings() {
			seen[key] = true
		}
		if cursor = r.Elems[0].Str; cursor == "0" {
			return slices.Sorted(maps.Keys(seen)), nil
		}
	}
	return nil, fmt.Errorf("SCAN: no end of the iteration")
}

// compareState compares the complete key spaces and returns the first difference.
func (p *player) compareState() *finding {
	for db := range dbCount {
		f := &finding{at: p.played, command: stateCommand, args: []string{"SELECT", fmt.Sprint(db)}}
		redis, redisErr := p.pair.redis.contents(db)
		ours, oursErr := p.pair.ours.contents(db)
		if redisErr != nil || oursErr != nil {
			f.why, f.redis, f.ours = "reading the key space failed", fmt.Sprint(redisErr), fmt.Sprint(oursErr)
			return f
		}
		names := slices.Sorted(maps.Keys(redis))
		for key := range maps.Keys(ours) {
			if _, both := redis[key]; !both {
				names = append(names, key)
			}
		}
		for _, key := range names {
			if f.args, f.redis, f.ours, f.why = compareEntry(key, redis, ours); f.why != "" {
				f.why += fmt.Sprintf("\nin database %d, when the key spaces were compared", db)
				return f
			}
		}
	}
	return nil
}

func compareEntry(key string, redis, ours map[string]entry) (args []string, redisSays, oursSays, why string) {
	r, inRedis := redis[key]
	o, inOurs := ours[key]
	if !inRedis || !inOurs {
		return []string{"EXISTS", key}, fmt.Sprint(inRedis), fmt.Sprint(inOurs), "a key is on one side only"
	}
	if !r.kind.Equal(o.kind) {
		return []string{"TYPE", key}, r.kind.String(), o.kind.String(), "types differ"
	}
	if args := []string{"PEXPIRETIME", key}; compare(args, r.expires, o.expires) != "" {
		return args, r.expires.String(), o.expires.String(), "times of expiry differ"
	}
	if compare(r.reading, r.content, o.content) != "" {
		return r.reading, r.content.String(), o.content.String(), "contents differ"
	}
	return nil, "", "", ""
}
