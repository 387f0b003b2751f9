package main

import (
	"fmt"
	"slices"
	"strings"
)

// cell is one test at one pipeline depth.
type cell struct {
	Test     string   `json:"test"`
	Pipeline int      `json:"pipeline"`
	Requests int      `json:"requests"`
	Redis    []result `json:"redis_rounds"`
	Haypile  []result `json:"haypile_rounds"`

	RedisMedian   result  `json:"redis"`
	HaypileMedian result  `json:"haypile"`
	Ratio         float64 `json:"ratio"`
	Target        float64 `json:"target"`
}

func (c *cell) add(name string, r result) {
	if name == redisName {
		c.Redis = append(c.Redis, r)
	} else {
		c.Haypile = append(c.Haypile, r)
	}
}

func (c *cell) summarize() {
	c.RedisMedian, c.HaypileMedian = medianResult(c.Redis), medianResult(c.Haypile)
	if c.RedisMedian.PerSecond > 0 {
		c.Ratio = c.HaypileMedian.PerSecond / c.RedisMedian.PerSecond
	}
	c.Target = target(c.Pipeline)
}

// target is the share of Redis's speed that Haypile must reach: with pipelining all of it, without a little less, as a
// single round trip is mostly the kernel's work.
func target(pipeline int) float64 {
	if pipeline == 1 {
		return 0.9
	}
	return 1.0
}

// medianResult takes the median of each column by itself.
func medianResult(results []result) result {
	column := func(get func(result) float64) float64 {
		values := make([]float64, len(results))
		for i, r := range results {
			values[i] = get(r)
		}
		return median(values)
	}
	return result{
		PerSecond:       column(func(r result) float64 { return r.PerSecond }),
		P50ms:           column(func(r result) float64 { return r.P50ms }),
		P99ms:           column(func(r result) float64 { return r.P99ms }),
		FsyncsPerSecond: column(func(r result) float64 { return r.FsyncsPerSecond }),
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// markdown is the table of all cells.
func markdown(cells []*cell, withFsyncs bool) string {
	var b strings.Builder
	columns := []string{"test", "P", "redis/s", "haypile/s", "ratio", "", "redis p50", "haypile p50", "redis p99", "haypile p99"}
	if withFsyncs {
		columns = append(columns, "haypile fsyncs/s", "commands per fsync")
	}
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	below := 0
	for _, c := range cells {
		mark := ""
		if c.Ratio < c.Target {
			mark = fmt.Sprintf("**below %.1f**", c.Target)
			below++
		}
		r, h := c.RedisMedian, c.HaypileMedian
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.0f | %.2f | %s | %.3f | %.3f | %.3f | %.3f |",
			c.Test, c.Pipeline, r.PerSecond, h.PerSecond, c.Ratio, mark, r.P50ms, h.P50ms, r.P99ms, h.P99ms)
		if withFsyncs {
			fmt.Fprintf(&b, " %s | %s |", orUnknown(h.FsyncsPerSecond), orUnknown(perFsync(h)))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n%d of %d below target; latencies in ms.\n", below, len(cells))
	return b.String()
}

func perFsync(r result) float64 {
	if r.FsyncsPerSecond <= 0 {
		return -1
	}
	return r.PerSecond / r.FsyncsPerSecond
}

func orUnknown(f float64) string {
	if f < 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.1f", f)
}
