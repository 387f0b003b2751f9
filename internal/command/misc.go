package command

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/resp"
)

var miscRows = []Row{
	{Name: "lolwut", Arity: -1, Flags: ReadOnly | Fast, Handler: lolwut, Group: "server", Since: "5.0.0", Summary: "Draws a piece of computer art and tells the server's version.",
		Syntax: "[VERSION version:integer]", Complexity: "O(1)"},
	{Name: "time", Arity: 1, Flags: Loading | Stale | Fast, Handler: timeNow, Group: "server", Tips: "nondeterministic_output", Since: "2.6.0", Summary: "Tells the server's clock, in seconds and microseconds.",
		Syntax: "()", Complexity: "O(1)"},
}

func timeNow(c *Ctx) error {
	us := time.Now().UnixMicro()
	c.W.Array(2)
	c.W.BulkInt(us / 1e6)
	c.W.BulkInt(us % 1e6)
	return nil
}

// lolwut heaps hay, differently each time.
func lolwut(c *Ctx) error {
	if len(c.Args) > 2 && equalFold(c.Args[1], "version") {
		if _, ok := numeric.ParseInt64(c.Args[2]); !ok {
			return resp.ErrNotInt
		}
	}
	const height, width, straws = 12, 60, `/\|-_,'/\|/\`
	var art strings.Builder
	for row := range height {
		half := 1 + (width/2-2)*(row+1)*(2*height-row)/(height*(height+1))
		half = min(half, width/2-1)
		art.WriteString(strings.Repeat(" ", width/2-half))
		for range 2 * half {
			art.WriteByte(straws[rand.IntN(len(straws))])
		}
		art.WriteByte('\n')
	}
	art.WriteString("\nSomewhere in here is your needle. Haypile finds it by key.\nHaypile, compatible with Redis ver. " + ServerVersion + "\n")
	c.W.Verbatim("txt", art.String())
	return nil
}
