package command

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// scanOptions are the arguments of SCAN, HSCAN, SSCAN and ZSCAN.
type scanOptions struct {
	cursor  uint64
	count   int
	pattern []byte // nil matches all
	typ     []byte // SCAN … TYPE
}

// scanKind says which options are allowed.
type scanKind uint8

const (
	scanElements scanKind = iota
	scanKeys
)

// parseScan reads what follows the key: cursor [MATCH p] [COUNT n] [TYPE t].
func parseScan(args [][]byte, kind scanKind) (o scanOptions, err error) {
	o.count = 10
	if o.cursor, err = strconv.ParseUint(string(args[0]), 10, 64); err != nil {
		return o, resp.ErrInvalidCursor
	}
	for i := 1; i < len(args); i += 2 {
		if i+1 >= len(args) {
			return o, resp.ErrSyntax
		}
		switch val := args[i+1]; {
		case equalFold(args[i], "match"):
			o.pattern = val
			if len(val) == 1 && val[0] == '*' {
				o.pattern = nil
			}
		case equalFold(args[i], "count"):
			n, ok := numeric.ParseInt64(val)
			if !ok {
				return o, resp.ErrNotInt
			}
			if n < 1 {
				return o, resp.ErrSyntax
			}
			o.count = int(min(n, 1<<30))
		case equalFold(args[i], "type") && kind == scanKeys:
			o.typ = val
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

// parseElementScan reads the arguments of HSCAN, SSCAN and ZSCAN. As in Redis,
// options that make no sense are an error only if the key is there and of the type.
func parseElementScan(c *Ctx, want layout.Type) (scanOptions, error) {
	o, err := parseScan(c.Args[2:], scanElements)
	if err == nil || err == resp.ErrInvalidCursor {
		return o, err
	}
	k, kerr := datatype.LoadType(c.T, c.Args[1], want)
	switch {
	case kerr != nil:
		return o, kerr
	case !k.Exists:
		return o, nil
	}
	return o, err
}

func (o *scanOptions) matches(b []byte) bool { return o.pattern == nil || glob.Match(o.pattern, b) }

// scanReply writes [cursor, [elements]] although the cursor and the number of
// elements are known last.
type scanReply struct {
	c     *Ctx
	items resp.Writer
	n     int
}

func newScanReply(c *Ctx, _ scanOptions) *scanReply {
	return &scanReply{c: c, items: resp.Writer{Proto: c.W.Proto, Buf: c.T.Scratch(1024)}}
}

func (r *scanReply) add(b []byte) {
	r.items.Bulk(b)
	r.n++
}

func (r *scanReply) finish(cursor uint64) error {
	r.c.W.Array(2)
	r.c.W.BulkString(strconv.FormatUint(cursor, 10))
	r.c.W.Array(r.n)
	r.c.W.Raw(r.items.Buf)
	return nil
}

// randomOptions are the arguments of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER
// after the key.
type randomOptions struct {
	count  int
	repeat bool // a negative count: members may repeat
	with   bool // values or scores too
}

// errCountRange is Redis's for a count of random members that cannot be negated.
const errCountRange resp.Err = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

// parseRandom reads count [WITH…].
func parseRandom(c *Ctx, withWord string) (r randomOptions, err error) {
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return r, resp.ErrNotInt
	}
	if n == math.MinInt64 {
		return r, errCountRange
	}
	if len(c.Args) > 4 || len(c.Args) == 4 && !equalFold(c.Args[3], withWord) {
		return r, resp.ErrSyntax
	}
	r.with = len(c.Args) == 4
	if r.with && (n < -math.MaxInt64/2 || n > math.MaxInt64/2) {
		return r, resp.ErrOutOfRange
	}
	if n < 0 {
		r.repeat, n = true, -n
	}
	r.count = int(n)
	return r, nil
}

// header writes the array header for n members.
func (r *randomOptions) header(c *Ctx, n int) {
	if r.with && c.W.Proto < 3 {
		n *= 2
	}
	c.W.Array(n)
}

// picker chooses n of size elements in one pass, each subset equally likely.
type picker struct{ need, left int }

func newPicker(n, size int) *picker { return &picker{n, size} }

// next says whether to take the next element.
func (p *picker) next() bool {
	take := rand.IntN(p.left) < p.need
	p.left--
	if take {
		p.need--
	}
	return take
}

func (p *picker) done() bool { return p.need == 0 }
