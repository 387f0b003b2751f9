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
