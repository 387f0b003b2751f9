package command

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/metric"
	"github.com/haypile/haypile/internal/resp"
)

var latencyRows = []Row{
	{Name: "latency", Arity: -2, Group: "server", Since: "2.8.13", Summary: "Groups the commands about latency and its causes.", Sub: []Row{
		{Name: "doctor", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Handler: latencyDoctor, Tips: "nondeterministic_output request_policy:all_nodes response_policy:special", Since: "2.8.13", Summary: "Explains the latency seen so far in prose and gives advice.",
			Syntax: "()", Complexity: "O(N) for N events"},
		{Name: "graph", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Handler: latencyGraph, Tips: "nondeterministic_output request_policy:all_nodes response_policy:special", Since: "2.8.13", Summary: "Draws the recent latency of an event as text art.",
			Syntax: "event", Complexity: "O(N) for N samples, which are 160 at most"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: latencyHelp, Since: "2.8.13", Summary: "Lists the subcommands of LATENCY with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "histogram", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Handler: latencyHistogram, Tips: "nondeterministic_output request_policy:all_nodes response_policy:special", Since: "7.0.0", Summary: "Shows how the durations of commands are distributed, for the named commands or all.",
			Syntax: "[command...]", Complexity: "O(N) for N commands asked for"},
		{Name: "history", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Handler: latencyHistory, Tips: "nondeterministic_output request_policy:all_nodes response_policy:special", Since: "2.8.13", Summary: "Lists the recent latency spikes of an event, each with its time.",
			Syntax: "event", Complexity: "O(N) for N samples, which are 160 at most"},
		{Name: "latest", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Handler: latencyLatest, Tips: "nondeterministic_output request_policy:all_nodes response_policy:special", Since: "2.8.13", Summary: "Shows the most recent latency spike of every event.",
			Syntax: "()", Complexity: "O(N) for N events"},
		{Name: "reset", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Handler: latencyReset, Tips: "request_policy:all_nodes response_policy:all_succeeded", Since: "2.8.13", Summary: "Forgets the latency spikes of the named events, or of all.",
			Syntax: "[event...]", Complexity: "O(N) for N events"},
	}},
}

func latencyLatest(c *Ctx) error {
	events := c.Host.Latency().Events()
	c.W.Array(len(events))
	for _, e := range events {
		last := e.Samples[len(e.Samples)-1]
		c.W.Array(4)
		c.W.BulkString(e.Name)
		c.W.Int(last.UnixTime)
		c.W.Int(last.MS)
		c.W.Int(e.MaxMS)
	}
	return nil
}

func findEvent(c *Ctx, name string) (metric.LatencyEvent, bool) {
	for _, e := range c.Host.Latency().Events() {
		if e.Name == name {
			return e, true
		}
	}
	return metric.LatencyEvent{}, false
}

func latencyHistory(c *Ctx) error {
	e, _ := findEvent(c, c.Arg(2))
	c.W.Array(len(e.Samples))
	for _, s := range e.Samples {
		c.W.Array(2)
		c.W.Int(s.UnixTime)
		c.W.Int(s.MS)
	}
	return nil
}

func latencyReset(c *Ctx) error {
	return c.int(int64(c.Host.Latency().Reset(words(c, 2)...)))
}

// latencyGraph draws one column per sample, ten rows high.
func latencyGraph(c *Ctx) error {
	e, ok := findEvent(c, c.Arg(2))
	if !ok {
		return resp.Err("ERR No samples available for event '" + c.Arg(2) + "'")
	}
	low, high := e.Samples[0].MS, e.Samples[0].MS
	for _, s := range e.Samples {
		low, high = min(low, s.MS), max(high, s.MS)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", e.Name, high, low, e.MaxMS)
	b.WriteString(strings.Repeat("-", 80) + "\n")
	const rows = 10
	for row := rows; row >= 1; row-- {
		for _, s := range e.Samples[max(0, len(e.Samples)-80):] {
			height := 1 + int(math.Round(float64(s.MS-low)/float64(max(1, high-low))*(rows-1)))
			if height >= row {
				b.WriteByte('#')
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	c.W.Verbatim("txt", b.String())
	return nil
}

func latencyDoctor(c *Ctx) error {
	events := c.Host.Latency().Events()
	var b strings.Builder
	switch {
	case !c.Host.Latency().Enabled():
		b.WriteString("The latency monitor is off. Switch it on with CONFIG SET latency-monitor-threshold <milliseconds>.\n")
	case len(events) == 0:
		b.WriteString("No latency event above the threshold has been seen.\n")
	default:
		sort.Slice(events, func(i, j int) bool { return events[i].MaxMS > events[j].MaxMS })
		for _, e := range events {
			sum := int64(0)
			for _, s := range e.Samples {
				sum += s.MS
			}
			last := e.Samples[len(e.Samples)-1]
			fmt.Fprintf(&b, "%s: %d spikes, mean %d ms, worst %d ms, last %d ms at %s.\n", e.Name, len(e.Samples),
				sum/int64(len(e.Samples)), e.MaxMS, last.MS, time.Unix(last.UnixTime, 0).UTC().Format(time.RFC3339))
			b.WriteString("  " + latencyAdvice(e.Name) + "\n")
		}
	}
	c.W.Verbatim("txt", b.String())
	return nil
}

func latencyAdvice(event string) string {
	switch event {
	case "command", "fast-command":
		return "Look at SLOWLOG GET for the commands; large ranges and cold keys are read from disk."
	}
	return "See INFO persistence and the metrics of the store (stalls, compaction debt)."
}

func latencyHistogram(c *Ctx) error {
	var rows []*Row
	wanted := map[string]bool{}
	for _, w := range words(c, 2) {
		wanted[strings.ToLower(w)] = true
	}
	for _, r := range c.Host.Table().Executable() {
		if r.Stats.Calls.Load() > 0 && (len(wanted) == 0 || wanted[r.Full] || wanted[r.parent()]) {
			rows = append(rows, r)
		}
	}
	c.W.Map(len(rows))
	for _, r := range rows {
		c.W.BulkString(r.Full)
		c.W.Map(2)
		c.W.BulkString("calls")
		c.W.Int(r.Stats.Calls.Load())
		c.W.BulkString("histogram_usec")
		uppers, counts := cumulativeUsec(&r.Stats.Latency)
		c.W.Map(len(uppers))
		for i := range uppers {
			c.W.Int(uppers[i])
			c.W.Int(counts[i])
		}
	}
	return nil
}

// cumulativeUsec gives the distribution at powers of two of microseconds, as
// Redis prints it.
func cumulativeUsec(h *Histogram) (uppers, counts []int64) {
	bounds, n := h.Buckets()
	sum, limit := int64(0), int64(1)
	for i := range bounds {
		us := (bounds[i] + 999) / 1000
		for us > limit {
			limit *= 2
		}
		sum += n[i]
		if k := len(uppers); k > 0 && uppers[k-1] == limit {
			counts[k-1] = sum
		} else {
			uppers, counts = append(uppers, limit), append(counts, sum)
		}
	}
	return uppers, counts
}

func latencyHelp(c *Ctx) error {
	return help(c, "LATENCY",
		"DOCTOR", "    Return a human readable latency analysis report.",
		"GRAPH <event>", "    Return an ASCII latency graph for the <event> class.",
		"HISTORY <event>", "    Return time-latency samples for the <event> class.",
		"LATEST", "    Return the latest latency samples for all events.",
		"RESET [<event> ...]", "    Reset latency data of one or more <event> classes.", "    (default: reset all data for all event classes)",
		"HISTOGRAM [COMMAND ...]", "    Return a cumulative distribution of commands in histogram format.")
}
