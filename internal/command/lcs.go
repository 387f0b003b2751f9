package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// lcsOptions are the options of LCS.
type lcsOptions struct {
	length, ranges, withLen bool
	minLen                  int64
}

func parseLCS(args [][]byte) (o lcsOptions, err error) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case equalFold(a, "idx"):
			o.ranges = true
		case equalFold(a, "len"):
			o.length = true
		case equalFold(a, "withmatchlen"):
			o.withLen = true
		case equalFold(a, "minmatchlen") && i+1 < len(args):
			i++
			var ok bool
			if o.minLen, ok = numeric.ParseInt64(args[i]); !ok {
				return o, resp.ErrNotInt
			}
		default:
			return o, resp.ErrSyntax
		}
	}
	if o.ranges && o.length {
		return o, resp.Err("ERR If you want both the length and indexes, please just use IDX.")
	}
	return o, nil
}

func lcs(c *Ctx) error {
	var vals [2][]byte
	for i := range vals {
		val, _, err := datatype.GetString(c.T, c.Args[1+i])
		if err == resp.ErrWrongType {
			return resp.Err("ERR The specified keys must contain string values")
		}
		if err != nil {
			return err
		}
		vals[i] = val
	}
	o, err := parseLCS(c.Args[3:])
	if err != nil {
		return err
	}
	a, b := vals[0], vals[1]
	cells := (len(a) + 1) * (len(b) + 1)
	if int64(cells) > c.T.Limits().MaxStringBytes/4 {
		return resp.Err("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
	}
	if err := c.T.Heavy(cells / cellsPerElement); err != nil {
		return err
	}
	t := newLCSTable(a, b)
	switch {
	case o.length:
		return c.int(int64(t.length()))
	case o.ranges:
		return writeRanges(c, t, o)
	}
	common, _ := t.trace()
	return c.bulk(common)
}

// cellsPerElement is how many cells of a table take about as long as one element of a
// collection.
const cellsPerElement = 64

// lcsTable has the lengths of the longest common subsequences of all pairs of
// prefixes of a and b.
type lcsTable struct {
	a, b  []byte
	cells []uint32 // of a[:i], b[:j] at i*(len(b)+1)+j
}

func newLCSTable(a, b []byte) *lcsTable {
	t := &lcsTable{a, b, make([]uint32, (len(a)+1)*(len(b)+1))}
	width := len(b) + 1
	for i := range a {
		above, row := t.cells[i*width:(i+1)*width], t.cells[(i+1)*width:(i+2)*width]
		for j := range b {
			if a[i] == b[j] {
				row[j+1] = above[j] + 1
			} else {
				row[j+1] = max(above[j+1], row[j])
			}
		}
	}
	return t
}

func (t *lcsTable) at(i, j int) uint32 { return t.cells[i*(len(t.b)+1)+j] }

func (t *lcsTable) length() int { return int(t.at(len(t.a), len(t.b))) }

// lcsRange is a run that both strings have: a[aFrom:aFrom+n] and b[bFrom:bFrom+n].
type lcsRange struct{ aFrom, bFrom, n int }

// trace walks back from the end and returns the subsequence and its runs, the last
// run first, as Redis finds them.
func (t *lcsTable) trace() (common []byte, runs []lcsRange) {
	left := t.length()
	common = make([]byte, left)
	open := false // the last of runs can still grow
	for i, j := len(t.a), len(t.b); i > 0 && j > 0; {
		if t.a[i-1] != t.b[j-1] {
			open = false
			if t.at(i-1, j) > t.at(i, j-1) {
				i--
			} else {
				j--
			}
			continue
		}
		i, j, left = i-1, j-1, left-1
		common[left] = t.a[i]
		if !open {
			runs, open = append(runs, lcsRange{}), true
		}
		last := &runs[len(runs)-1]
		*last = lcsRange{i, j, last.n + 1}
	}
	return common, runs
}

func writeRanges(c *Ctx, t *lcsTable, o lcsOptions) error {
	_, runs := t.trace()
	n := 0
	for _, r := range runs {
		if int64(r.n) >= o.minLen {
			runs[n] = r
			n++
		}
	}
	c.W.Map(2)
	c.W.BulkString("matches")
	c.W.Array(n)
	for _, r := range runs[:n] {
		if o.withLen {
			c.W.Array(3)
		} else {
			c.W.Array(2)
		}
		for _, from := range [...]int{r.aFrom, r.bFrom} {
			c.W.Array(2)
			c.W.Int(int64(from))
			c.W.Int(int64(from + r.n - 1))
		}
		if o.withLen {
			c.W.Int(int64(r.n))
		}
	}
	c.W.BulkString("len")
	return c.int(int64(t.length()))
}
