package command

import (
	"slices"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

// rangeKind says what the bounds of a range are.
type rangeKind uint8

const (
	rangeAuto rangeKind = iota // ZRANGE: rank, unless an option says otherwise
	rangeRank
	rangeScore
	rangeLex
)

// zrangeOptions are the arguments of ZRANGE and its elder forms.
type zrangeOptions struct {
	kind       rangeKind
	rev        bool
	withScores bool
	offset     int64
	limit      int64 // negative: no limit

	start, stop int64
	scores      datatype.ScoreRange
	lex         datatype.LexRange
}

// form is one of the commands that share ZRANGE's handler.
type form struct {
	kind  rangeKind
	rev   bool
	store bool // a destination stands before the key
}

func zrange(c *Ctx) error { return replyRange(c, form{}) }

func zrevrange(c *Ctx) error { return replyRange(c, form{kind: rangeRank, rev: true}) }

func zrangebyscore(c *Ctx) error { return replyRange(c, form{kind: rangeScore}) }

func zrevrangebyscore(c *Ctx) error { return replyRange(c, form{kind: rangeScore, rev: true}) }

func zrangebylex(c *Ctx) error { return replyRange(c, form{kind: rangeLex}) }

func zrevrangebylex(c *Ctx) error { return replyRange(c, form{kind: rangeLex, rev: true}) }

// parseZRange reads what follows the key: two bounds, then options.
func parseZRange(args [][]byte, f form) (o zrangeOptions, err error) {
	o.kind, o.rev, o.limit = f.kind, f.rev, -1
	for rest := args[2:]; len(rest) > 0; rest = rest[1:] {
		switch a := rest[0]; {
		case !f.store && equalFold(a, "withscores"):
			o.withScores = true
		case equalFold(a, "limit") && len(rest) >= 3:
			var ok1, ok2 bool
			o.offset, ok1 = numeric.ParseInt64(rest[1])
			o.limit, ok2 = numeric.ParseInt64(rest[2])
			if !ok1 || !ok2 {
				return o, resp.ErrNotInt
			}
			rest = rest[2:]
		case f.kind == rangeAuto && !o.rev && equalFold(a, "rev"):
			o.rev = true
		case o.kind == rangeAuto && equalFold(a, "bylex"):
			o.kind = rangeLex
		case o.kind == rangeAuto && equalFold(a, "byscore"):
			o.kind = rangeScore
		default:
			return o, resp.ErrSyntax
		}
	}
	if o.kind == rangeAuto {
		o.kind = rangeRank
	}
	if o.limit != -1 && o.kind == rangeRank {
		return o, resp.Err("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
	}
	if o.withScores && o.kind == rangeLex {
		return o, resp.Err("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
	}
	low, high := args[0], args[1]
	if o.rev && o.kind != rangeRank {
		low, high = high, low
	}
	return o, o.parseBounds(low, high)
}

func (o *zrangeOptions) parseBounds(low, high []byte) (err error) {
	switch o.kind {
	case rangeScore:
		o.scores, err = parseScoreRange(low, high)
	case rangeLex:
		o.lex, err = parseLexRange(low, high)
	default:
		o.start, o.stop, err = parseIndexes(low, high)
	}
	return err
}

func parseIndexes(low, high []byte) (start, stop int64, err error) {
	start, ok1 := numeric.ParseInt64(low)
	stop, ok2 := numeric.ParseInt64(high)
	if !ok1 || !ok2 {
		return 0, 0, resp.ErrNotInt
	}
	return start, stop, nil
}

func parseScoreRange(low, high []byte) (r datatype.ScoreRange, err error) {
	from, fromOpen, ok1 := parseScoreBound(low)
	to, toOpen, ok2 := parseScoreBound(high)
	if !ok1 || !ok2 {
		return r, resp.ErrMinMaxFloat
	}
	return datatype.NewScoreRange(from, to, fromOpen, toOpen), nil
}

func parseScoreBound(b []byte) (score float64, open, ok bool) {
	if len(b) > 0 && b[0] == '(' {
		b, open = b[1:], true
	}
	score, ok = numeric.ParseFloatLoose(b)
	return score, open, ok
}

func parseLexRange(low, high []byte) (r datatype.LexRange, err error) {
	var ok1, ok2 bool
	r.Min, ok1 = parseLexBound(low)
	r.Max, ok2 = parseLexBound(high)
	if !ok1 || !ok2 {
		return r, resp.ErrMinMaxString
	}
	return r, nil
}

func parseLexBound(b []byte) (bound datatype.LexBound, ok bool) {
	if len(b) == 0 {
		return bound, false
	}
	switch b[0] {
	case '-':
		return datatype.LexBound{Inf: -1}, len(b) == 1
	case '+':
		return datatype.LexBound{Inf: 1}, len(b) == 1
	case '(':
		return datatype.LexBound{Member: b[1:], Open: true}, true
	case '[':
		return datatype.LexBound{Member: b[1:]}, true
	}
	return bound, false
}

// walk visits the members that the options name.
func (o *zrangeOptions) walk(z *datatype.ZSet, visit func(member []byte, score float64) bool) error {
	if o.kind == rangeRank {
		from, n := datatype.Ranks(o.start, o.stop, z.Len())
		return z.RangeByRank(from, n, o.rev, visit)
	}
	if o.offset < 0 || o.limit == 0 { // an offset below 0 skips all, in Redis too
		return nil
	}
	skip, left := o.offset, o.limit
	limited := func(member []byte, score float64) bool {
		if skip > 0 {
			skip--
			return true
		}
		left--
		return visit(member, score) && left != 0
	}
	if o.kind == rangeScore {
		return z.RangeByScore(o.scores, o.rev, limited)
	}
	return z.RangeByLex(o.lex, o.rev, limited)
}

func replyRange(c *Ctx, f form) error {
	o, err := parseZRange(c.Args[2:], f)
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n, header, emit := 0, c.late(), scoredEmitter(c, o.withScores)
	err = o.walk(&z, func(member []byte, score float64) bool {
		emit(member, score)
		n++
		return true
	})
	if err != nil {
		return err
	}
	if o.withScores && c.W.Proto < 3 {
		n *= 2
	}
	return header.finish(c.W.Array, n)
}

func zrangestore(c *Ctx) error {
	o, err := parseZRange(c.Args[3:], form{store: true})
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[2])
	if err != nil {
		return err
	}
	items, err := gatherRange(&z, &o)
	if err != nil {
		return err
	}
	if o.rev {
		slices.Reverse(items)
	}
	return storeScored(c, c.Args[1], items, "zrangestore")
}

func gatherRange(z *datatype.ZSet, o *zrangeOptions) ([]datatype.ZItem, error) {
	var items datatype.Items
	err := o.walk(z, func(member []byte, score float64) bool {
		items.Add(member, score)
		return true
	})
	return items.List, err
}

// storeScored makes a key the sorted set of items, which are in order, and replies
// their number.
func storeScored(c *Ctx, name []byte, items []datatype.ZItem, event string) error {
	existed, err := datatype.StoreZSet(c.T, name, items)
	if err != nil {
		return err
	}
	switch {
	case len(items) > 0:
		c.T.Event(datatype.ClassZSet, event, name)
	case existed:
		c.T.Event(datatype.ClassGeneric, "del", name)
	}
	return c.int(int64(len(items)))
}

func zremrangebyrank(c *Ctx) error { return removeRange(c, rangeRank, "zremrangebyrank") }

func zremrangebyscore(c *Ctx) error { return removeRange(c, rangeScore, "zremrangebyscore") }

func zremrangebylex(c *Ctx) error { return removeRange(c, rangeLex, "zremrangebylex") }

func removeRange(c *Ctx, kind rangeKind, event string) error {
	o := zrangeOptions{kind: kind, limit: -1}
	if err := o.parseBounds(c.Args[2], c.Args[3]); err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	items, err := gatherRange(&z, &o)
	if err != nil {
		return err
	}
	if len(items) > 0 {
		if err := z.RemoveItems(items); err != nil {
			return err
		}
		saveSmallerZSet(c, &z, event)
	}
	return c.int(int64(len(items)))
}

func zcount(c *Ctx) error {
	r, err := parseScoreRange(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n, err := z.CountByScore(r)
	if err != nil {
		return err
	}
	return c.int(int64(n))
}

func zlexcount(c *Ctx) error {
	r, err := parseLexRange(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n, err := z.CountByLex(r)
	if err != nil {
		return err
	}
	return c.int(int64(n))
}
