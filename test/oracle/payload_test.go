package oracle

import (
	"fmt"
	"slices"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// TestPayloadsBothWays takes every value that generated commands have left on one server to the other in
// its DUMP payload: by RESTORE, and by MIGRATE.
func TestPayloadsBothWays(t *testing.T) {
	data := slices.DeleteFunc(families(), func(f family) bool {
		return !slices.Contains([]string{"string", "bitmap", "hash", "list", "set", "zset", "geo", "hll", "stream"}, f.name)
	})
	f := func(name string, redisArgs, oursArgs []string) {
		t.Run(name, func(t *testing.T) {
			p := startPair(t, false, redisArgs, oursArgs)
			moved := 0
			for seed := range uint64(4) {
				if _, _, found, err := p.sequence(seed+1, data, 400); err != nil || found != nil {
					t.Fatal(found, err)
				}
				moved += carry(t, p.ours, p.redis) + carry(t, p.redis, p.ours)
			}
			if moved < 50 {
				t.Errorf("only %d values were moved", moved)
			}
		})
	}
	f("default", nil, nil)
	f("tiny", tiny, append(slices.Clone(tiny), tinySets...))
}

// carry takes the values of database 0 from one side to a new name on the other.
func carry(t *testing.T, from, to *side) (moved int) {
	t.Helper()
	values, err := from.contents(0)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "carried:"
	for key, e := range values {
		if len(key) > len(prefix) && key[:len(prefix)] == prefix {
			continue
		}
		do := func(s *side, args ...any) harness.Reply {
			r, err := s.conns[connProbe].Do(args...)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		do(from, "SELECT", 0)
		do(to, "SELECT", 0)
		payload := do(from, "DUMP", key)
		if r := do(to, "RESTORE", prefix+key, max(0, e.expires.Int), payload.Str, "ABSTTL", "REPLACE"); r.IsError() {
			t.Errorf("%s refuses %s %q of %s: %v\n%q", to.name, e.kind.Str, key, from.name, r, payload.Str)
			continue
		}
		sameValue(t, to, prefix+key, e)
		do(from, "COPY", key, prefix+key, "REPLACE")
		if r := do(from, "MIGRATE", "127.0.0.1", fmt.Sprint(to.server.Port), prefix+key, 0, 5000, "REPLACE"); r.Str != "OK" {
			t.Errorf("%s does not take %q from %s: %v", to.name, key, from.name, r)
			continue
		}
		if r := do(from, "EXISTS", prefix+key); r.Int != 0 {
			t.Errorf("%s has moved %q and still has it", from.name, key)
		}
		e.expires = do(to, "PEXPIRETIME", prefix+key) // which is relative on its way
		sameValue(t, to, prefix+key, e)
		do(to, "DEL", prefix+key)
		moved++
	}
	return moved
}

func sameValue(t *testing.T, s *side, key string, want entry) {
	t.Helper()
	all, err := s.contents(0)
	if err != nil {
		t.Fatal(err)
	}
	got, there := all[key]
	if !there {
		t.Errorf("%s has no %q", s.name, key)
		return
	}
	redis, ours := want.content, got.content
	if s.name != "haypile" {
		redis, ours = ours, redis
	}
	if !got.kind.Equal(want.kind) || compare(want.reading, redis, ours) != "" || !got.expires.Equal(want.expires) {
		t.Errorf("%s has %q otherwise:\n%v\nbefore:\n%v", s.name, key, got, want)
	}
}
