package main

import (
	"strings"
	"testing"
)

func TestParseCSV(t *testing.T) {
	r, err := parseCSV(`"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"SET","161290.33","0.164","0.048","0.159","0.223","0.295","0.511"
`)
	if want := (result{PerSecond: 161290.33, P50ms: 0.159, P99ms: 0.295}); err != nil || r != want {
		t.Errorf("got %+v, %v, want %+v", r, err, want)
	}
	for _, bad := range []string{"", "ERROR: x", "\"test\",\"rps\"\n\"SET\",\"1\"\n"} {
		if _, err := parseCSV(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestTable(t *testing.T) {
	c := &cell{Test: "set", Pipeline: 1}
	for _, perSecond := range []float64{100, 300, 200} {
		c.add(redisName, result{PerSecond: perSecond})
		c.add(haypileName, result{PerSecond: perSecond / 2, FsyncsPerSecond: 10})
	}
	c.summarize()
	if c.Ratio != 0.5 {
		t.Errorf("ratio %v, want 0.5", c.Ratio)
	}
	if text := markdown([]*cell{c}, true); !strings.Contains(text, "**below 0.9**") || !strings.Contains(text, "| 10.0 | 10.0 |") {
		t.Errorf("unexpected table:\n%s", text)
	}
}

// TestForms looks at the command lines of the tests of packed and expanded collections.
func TestForms(t *testing.T) {
	want := map[string]string{
		"hset_packed":      "HSET small:__rand_int__ element:000000000007 xx",
		"hset_expanded":    "HSET large element:__rand_int__ xx",
		"lmove_packed":     "LMOVE small:__rand_int__ small:__rand_int__ LEFT RIGHT",
		"zincrby_expanded": "ZINCRBY large 1 element:__rand_int__",
	}
	o := &options{keyspace: 100, dataBytes: 2}
	for name, line := range want {
		chosen, err := chooseTests(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(substitute(chosen[0].command, "{value}", o.value()), " "); got != line {
			t.Errorf("%s: %s, want %s", name, got, line)
		}
		commands, items := 0, 0
		err = chosen[0].prepare(o, 1, func(args ...string) error { commands++; items += len(args) - 2; return nil })
		if items < 100 || err != nil || (commands > 1) != strings.HasSuffix(name, "_packed") {
			t.Errorf("%s: prepared by %d commands with %d arguments, %v", name, commands, items, err)
		}
	}
}
