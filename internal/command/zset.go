package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var zsetRows = []Row{
	{Name: "bzmpop", Arity: -5, Flags: Write | Frees | Blocking | MovableKeys, GetKeys: keysNumberedAt(2), Handler: bzmpop, Group: "sorted-set", Since: "7.0.0", Summary: "Takes lowest- or highest-scored members off the first non-empty sorted set, waiting if all are empty.",
		Syntax: "timeout:double numkeys key... (where: MIN | MAX) [COUNT count]", Complexity: "O(K+M*log(N)) for K keys and M members popped of N"},
	{Name: "bzpopmax", Arity: -3, Flags: Write | Frees | NoScript | Blocking | Fast, Keys: KeySpec{1, -2, 1}, Handler: bzpopmax, Group: "sorted-set", Since: "5.0.0", Summary: "Takes the highest-scored member of the first non-empty sorted set, waiting if all are empty.",
		Syntax: "key... timeout:double", Complexity: "O(log(N)) for N members"},
	{Name: "bzpopmin", Arity: -3, Flags: Write | Frees | NoScript | Blocking | Fast, Keys: KeySpec{1, -2, 1}, Handler: bzpopmin, Group: "sorted-set", Since: "5.0.0", Summary: "Takes the lowest-scored member of the first non-empty sorted set, waiting if all are empty.",
		Syntax: "key... timeout:double", Complexity: "O(log(N)) for N members"},
	{Name: "zadd", Arity: -4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: zadd, Group: "sorted-set", Since: "1.2.0", Summary: "Puts members with their scores into a sorted set, rescoring those already there.",
		Syntax: "key [condition: NX | XX]@3.0.2 [comparison: GT | LT]@6.2.0 [change: CH]@3.0.2 [increment: INCR]@3.0.2 (score member)...", Complexity: "O(log(N)) for each member added to N"},
	{Name: "zcard", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zcard, Group: "sorted-set", Since: "1.2.0", Summary: "Counts the members of a sorted set.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "zcount", Arity: 4, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zcount, Group: "sorted-set", Since: "2.0.0", Summary: "Counts the members of a sorted set with scores between two bounds.",
		Syntax: "key min:double max:double", Complexity: "O(log(N)+M) for M members in the range or outside of it, whichever are fewer, of N"},
	{Name: "zdiff", Arity: -3, Flags: ReadOnly | MovableKeys, GetKeys: keysNumberedAt(1), Handler: zdiff, Group: "sorted-set", Since: "6.2.0", Summary: "Lists the members of the first sorted set that none of the others has.",
		Syntax: "numkeys key... [WITHSCORES]", Complexity: "O(N*K+M*log(M)) for N members of the first of K sorted sets and M returned"},
	{Name: "zdiffstore", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Keys: OneKey, GetKeys: storeAndNumberedKeys, Handler: zdiffstore, Group: "sorted-set", Since: "6.2.0", Summary: "Replaces the destination key with the result of ZDIFF.",
		Syntax: "destination numkeys key...", Complexity: "O(N*K+M*log(M)) for N members of the first of K sorted sets and M stored"},
	{Name: "zincrby", Arity: 4, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: zincrby, Group: "sorted-set", Since: "1.2.0", Summary: "Adds to the score of a member, taking a missing one as 0.",
		Syntax: "key increment:integer member", Complexity: "O(log(N)) for N members"},
	{Name: "zinter", Arity: -3, Flags: ReadOnly | MovableKeys, GetKeys: keysNumberedAt(1), Handler: zinter, Group: "sorted-set", Since: "6.2.0", Summary: "Lists the members that all the given sorted sets share, combining their scores.",
		Syntax: "numkeys key... [WEIGHTS weight:integer...] [AGGREGATE (SUM | MIN | MAX)] [WITHSCORES]", Complexity: "O(N*K+M*log(M)) for N members of the smallest of K sorted sets and M returned"},
	{Name: "zintercard", Arity: -3, Flags: ReadOnly | MovableKeys, GetKeys: keysNumberedAt(1), Handler: zintercard, Group: "sorted-set", Since: "7.0.0", Summary: "Counts the members that all the given sorted sets share, up to a limit.",
		Syntax: "numkeys key... [LIMIT limit]", Complexity: "O(N*K) for N members of the smallest of K sorted sets"},
	{Name: "zinterstore", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Keys: OneKey, GetKeys: storeAndNumberedKeys, Handler: zinterstore, Group: "sorted-set", Since: "2.0.0", Summary: "Replaces the destination key with the result of ZINTER.",
		Syntax: "destination numkeys key... [WEIGHTS weight:integer...] [AGGREGATE (SUM | MIN | MAX)]", Complexity: "O(N*K+M*log(M)) for N members of the smallest of K sorted sets and M stored"},
	{Name: "zlexcount", Arity: 4, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zlexcount, Group: "sorted-set", Since: "2.8.9", Summary: "Counts the members of a sorted set between two strings in byte order.",
		Syntax: "key min max", Complexity: "O(log(N)+M) for M members in the range or outside of it, whichever are fewer, of N"},
	{Name: "zmpop", Arity: -4, Flags: Write | Frees | MovableKeys, GetKeys: keysNumberedAt(1), Handler: zmpop, Group: "sorted-set", Since: "7.0.0", Summary: "Takes lowest- or highest-scored members off the first non-empty sorted set among several.",
		Syntax: "numkeys key... (where: MIN | MAX) [COUNT count]", Complexity: "O(K+M*log(N)) for K keys and M members popped of N"},
	{Name: "zmscore", Arity: -3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zmscore, Group: "sorted-set", Since: "6.2.0", Summary: "Tells the scores of several members, giving nil for those that are missing.",
		Syntax: "key member...", Complexity: "O(N) for N members asked for"},
	{Name: "zpopmax", Arity: -2, Flags: Write | Frees | Fast, Keys: OneKey, Handler: zpopmax, Group: "sorted-set", Since: "5.0.0", Summary: "Takes the highest-scored member, or several, off a sorted set.",
		Syntax: "key [count]", Complexity: "O(M*log(N)) for M members popped of N"},
	{Name: "zpopmin", Arity: -2, Flags: Write | Frees | Fast, Keys: OneKey, Handler: zpopmin, Group: "sorted-set", Since: "5.0.0", Summary: "Takes the lowest-scored member, or several, off a sorted set.",
		Syntax: "key [count]", Complexity: "O(M*log(N)) for M members popped of N"},
	{Name: "zrandmember", Arity: -2, Flags: ReadOnly | Random, Keys: OneKey, Handler: zrandmember, Group: "sorted-set", Tips: "nondeterministic_output", Since: "6.2.0", Summary: "Picks members of a sorted set at random, with their scores on request.",
		Syntax: "key [options: count [WITHSCORES]]", Complexity: "O(N) for N members returned"},
	{Name: "zrange", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: zrange, Group: "sorted-set", Since: "1.2.0", Summary: "Lists the members of a sorted set between two ranks, scores or strings.",
		Syntax: "key start stop [sortby: BYSCORE | BYLEX]@6.2.0 [REV]@6.2.0 [LIMIT (offset count)]@6.2.0 [WITHSCORES]", Complexity: "O(log(N)+S+M) for S members skipped, from the nearer end, and M returned, of N"},
	{Name: "zrangebylex", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: zrangebylex, Group: "sorted-set", Since: "2.8.9", Summary: "Lists the members of a sorted set between two strings in byte order.",
		Syntax: "key min max [LIMIT (offset count)]", Complexity: "O(log(N)+S+M) for S members skipped by LIMIT and M returned, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` with `BYLEX`"},
	{Name: "zrangebyscore", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: zrangebyscore, Group: "sorted-set", Since: "1.0.5", Summary: "Lists the members of a sorted set with scores between two bounds.",
		Syntax: "key min:double max:double [WITHSCORES]@2.0.0 [LIMIT (offset count)]", Complexity: "O(log(N)+S+M) for S members skipped by LIMIT and M returned, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` with `BYSCORE`"},
	{Name: "zrangestore", Arity: -5, Flags: Write | DenyOOM, Keys: TwoKeys, Handler: zrangestore, Group: "sorted-set", Since: "6.2.0", Summary: "Replaces the destination key with the result of ZRANGE.",
		Syntax: "dst src min max [sortby: BYSCORE | BYLEX] [REV] [LIMIT (offset count)]", Complexity: "O(log(N)+S+M*log(M)) for S members skipped, from the nearer end, and M stored, of N"},
	{Name: "zrank", Arity: -3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zrank, Group: "sorted-set", Since: "2.0.0", Summary: "Tells the rank of a member, counted from the lowest score.",
		Syntax: "key member [WITHSCORE]@7.2.0", Complexity: "O(log(N)+S) for S members between this one and the nearer end, of N"},
	{Name: "zrem", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: zrem, Group: "sorted-set", Since: "1.2.0", Summary: "Takes members out of a sorted set and tells how many there were.",
		Syntax: "key member...", Complexity: "O(M*log(N)) for M members removed of N"},
	{Name: "zremrangebylex", Arity: 4, Flags: Write | Frees, Keys: OneKey, Handler: zremrangebylex, Group: "sorted-set", Since: "2.8.9", Summary: "Deletes the members of a sorted set between two strings in byte order.",
		Syntax: "key min max", Complexity: "O(log(N)+M) for M members removed of N"},
	{Name: "zremrangebyrank", Arity: 4, Flags: Write | Frees, Keys: OneKey, Handler: zremrangebyrank, Group: "sorted-set", Since: "2.0.0", Summary: "Deletes the members of a sorted set between two ranks.",
		Syntax: "key start:integer stop:integer", Complexity: "O(log(N)+S+M) for S members skipped, from the nearer end, and M removed, of N"},
	{Name: "zremrangebyscore", Arity: 4, Flags: Write | Frees, Keys: OneKey, Handler: zremrangebyscore, Group: "sorted-set", Since: "1.2.0", Summary: "Deletes the members of a sorted set with scores between two bounds.",
		Syntax: "key min:double max:double", Complexity: "O(log(N)+M) for M members removed of N"},
	{Name: "zrevrange", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: zrevrange, Group: "sorted-set", Since: "1.2.0", Summary: "Lists the members of a sorted set between two ranks, highest score first.",
		Syntax: "key start:integer stop:integer [WITHSCORES]", Complexity: "O(log(N)+S+M) for S members skipped, from the nearer end, and M returned, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` with `REV`"},
	{Name: "zrevrangebylex", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: zrevrangebylex, Group: "sorted-set", Since: "2.8.9", Summary: "Lists the members of a sorted set between two strings, last one first.",
		Syntax: "key max min [LIMIT (offset count)]", Complexity: "O(log(N)+S+M) for S members skipped by LIMIT and M returned, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` with `REV` and `BYLEX`"},
	{Name: "zrevrangebyscore", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: zrevrangebyscore, Group: "sorted-set", Since: "2.2.0", Summary: "Lists the members of a sorted set with scores between two bounds, highest first.",
		Syntax: "key max:double min:double [WITHSCORES] [LIMIT (offset count)]", Complexity: "O(log(N)+S+M) for S members skipped by LIMIT and M returned, of N", DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` with `REV` and `BYSCORE`"},
	{Name: "zrevrank", Arity: -3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zrevrank, Group: "sorted-set", Since: "2.0.0", Summary: "Tells the rank of a member, counted from the highest score.",
		Syntax: "key member [WITHSCORE]@7.2.0", Complexity: "O(log(N)+S) for S members between this one and the nearer end, of N"},
	{Name: "zscan", Arity: -3, Flags: ReadOnly | Random, Keys: OneKey, Handler: zscan, Group: "sorted-set", Tips: "nondeterministic_output", Since: "2.8.0", Summary: "Walks through the members and scores of a sorted set, some at each call.",
		Syntax: "key cursor [MATCH pattern] [COUNT count]", Complexity: "O(N) for a count of N"},
	{Name: "zscore", Arity: 3, Flags: ReadOnly | Fast, Keys: OneKey, Handler: zscore, Group: "sorted-set", Since: "1.2.0", Summary: "Tells the score of a member, giving nil when it is missing.",
		Syntax: "key member", Complexity: "O(1)"},
	{Name: "zunion", Arity: -3, Flags: ReadOnly | MovableKeys, GetKeys: keysNumberedAt(1), Handler: zunion, Group: "sorted-set", Since: "6.2.0", Summary: "Lists the members that any of the given sorted sets has, combining their scores.",
		Syntax: "numkeys key... [WEIGHTS weight:integer...] [AGGREGATE (SUM | MIN | MAX)] [WITHSCORES]", Complexity: "O(N+M*log(M)) for N members in all sorted sets and M returned"},
	{Name: "zunionstore", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Keys: OneKey, GetKeys: storeAndNumberedKeys, Handler: zunionstore, Group: "sorted-set", Since: "2.0.0", Summary: "Replaces the destination key with the result of ZUNION.",
		Syntax: "destination numkeys key... [WEIGHTS weight:integer...] [AGGREGATE (SUM | MIN | MAX)]", Complexity: "O(N+M*log(M)) for N members in all sorted sets and M stored"},
}

func keysNumberedAt(at int) func(args [][]byte) ([]int, bool) {
	return func(args [][]byte) ([]int, bool) { return numKeys(args, at) }
}

// storeAndNumberedKeys finds a destination and the keys that follow their number.
func storeAndNumberedKeys(args [][]byte) ([]int, bool) {
	keys, ok := numKeys(args, 2)
	return append([]int{1}, keys...), ok
}

// zaddOptions are the options of ZADD.
type zaddOptions struct {
	how     datatype.ZAdd
	changed bool // count updates too
}

// parseZAdd reads options and returns what follows them: scores and members.
func parseZAdd(args [][]byte, o *zaddOptions) (pairs [][]byte, err error) {
	for ; len(args) > 0; args = args[1:] {
		switch a := args[0]; {
		case equalFold(a, "nx"):
			o.how.NX = true
		case equalFold(a, "xx"):
			o.how.XX = true
		case equalFold(a, "gt"):
			o.how.GT = true
		case equalFold(a, "lt"):
			o.how.LT = true
		case equalFold(a, "ch"):
			o.changed = true
		case equalFold(a, "incr"):
			o.how.Incr = true
		default:
			return args, o.check(args)
		}
	}
	return nil, resp.ErrSyntax
}

func (o *zaddOptions) check(pairs [][]byte) error {
	h := &o.how
	switch {
	case len(pairs)%2 != 0:
		return resp.ErrSyntax
	case h.NX && h.XX:
		return resp.Err("ERR XX and NX options at the same time are not compatible")
	case h.GT && h.NX || h.LT && h.NX || h.GT && h.LT:
		return resp.Err("ERR GT, LT, and/or NX options at the same time are not compatible")
	case h.Incr && len(pairs) > 2:
		return resp.Err("ERR INCR option supports a single increment-element pair")
	}
	return nil
}

func zadd(c *Ctx) error { return addScored(c, zaddOptions{}) }

func zincrby(c *Ctx) error { return addScored(c, zaddOptions{how: datatype.ZAdd{Incr: true}}) }

func addScored(c *Ctx, o zaddOptions) error {
	pairs, err := parseZAdd(c.Args[2:], &o)
	if err != nil {
		return err
	}
	var few [8]float64
	scores := few[:0]
	for i := 0; i < len(pairs); i += 2 {
		score, ok := numeric.ParseFloat(pairs[i])
		if !ok {
			return resp.ErrNotFloat
		}
		scores = append(scores, score)
	}
	return addPairs(c, &o, scores, func(i int) []byte { return pairs[2*i+1] })
}

// addPairs gives members scores and replies as ZADD.
func addPairs(c *Ctx, o *zaddOptions, scores []float64, member func(i int) []byte) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	var did datatype.ZAdded
	var score float64
	created, updated := int64(0), int64(0)
	for i := range scores {
		if did, score, err = z.Add(member(i), scores[i], o.how); err != nil {
			return err
		}
		switch did {
		case datatype.ZCreated:
			created++
		case datatype.ZUpdated:
			updated++
		}
	}
	event := "zadd"
	if o.how.Incr {
		event = "zincr"
	}
	if created+updated > 0 {
		z.Save()
		c.T.Event(datatype.ClassZSet, event, z.Name)
	}
	switch {
	case o.how.Incr && did == datatype.ZRefused:
		c.W.Null()
	case o.how.Incr:
		c.W.Double(score)
	case o.changed:
		c.W.Int(created + updated)
	default:
		c.W.Int(created)
	}
	return nil
}

func zrem(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := int64(0)
	for _, member := range c.Args[2:] {
		gone, err := z.Remove(member)
		if err != nil {
			return err
		}
		if gone {
			n++
		}
	}
	if n > 0 {
		saveSmallerZSet(c, &z, "zrem")
	}
	return c.int(n)
}

// saveSmallerZSet saves a sorted set that has lost members, and tells of it.
func saveSmallerZSet(c *Ctx, z *datatype.ZSet, event string) {
	z.Save()
	c.T.Event(datatype.ClassZSet, event, z.Name)
	if !z.Exists {
		c.T.Event(datatype.ClassGeneric, "del", z.Name)
	}
}

func zcard(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.int(int64(z.Len()))
}

func zscore(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return replyScore(c, &z, c.Args[2])
}

func zmscore(c *Ctx) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	c.W.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		if err := replyScore(c, &z, member); err != nil {
			return err
		}
	}
	return nil
}

func replyScore(c *Ctx, z *datatype.ZSet, member []byte) error {
	score, found, err := z.Score(member)
	if err != nil {
		return err
	}
	if !found {
		return c.null()
	}
	c.W.Double(score)
	return nil
}

func zrank(c *Ctx) error { return replyRank(c, false) }

func zrevrank(c *Ctx) error { return replyRank(c, true) }

func replyRank(c *Ctx, rev bool) error {
	withScore := len(c.Args) == 4
	if len(c.Args) > 4 {
		return resp.WrongArity(c.Row.Name)
	}
	if withScore && !equalFold(c.Args[3], "withscore") {
		return resp.ErrSyntax
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	rank, score, found, err := z.Rank(c.Args[2], rev)
	switch {
	case err != nil:
		return err
	case !found && withScore:
		c.W.NullArray()
	case !found:
		c.W.Null()
	case withScore:
		c.W.Array(2)
		c.W.Int(int64(rank))
		c.W.Double(score)
	default:
		c.W.Int(int64(rank))
	}
	return nil
}

func zscan(c *Ctx) error {
	o, err := parseElementScan(c, layout.TypeZSet)
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	reply := newScanReply(c, o)
	text := c.T.Scratch(32)
	next, err := z.Scan(o.cursor, o.count, func(member []byte, score float64) {
		if !o.matches(member) {
			return
		}
		reply.add(member)
		if n, whole := numeric.ScoreInt(score); whole && z.Packed() {
			reply.add(numeric.AppendInt(text, n)) // as a listpack holds it
		} else {
			reply.add(numeric.AppendFloat(text, score))
		}
	})
	if err != nil {
		return err
	}
	return reply.finish(next)
}

func zrandmember(c *Ctx) error {
	if len(c.Args) == 2 {
		z, err := datatype.LoadZSet(c.T, c.Args[1])
		if err != nil {
			return err
		}
		if !z.Exists {
			return c.null()
		}
		return z.Random(1, func(member []byte, _ float64) { c.W.Bulk(member) })
	}
	r, err := parseRandom(c, "withscores")
	if err != nil {
		return err
	}
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	emit := scoredEmitter(c, r.with)
	switch {
	case !z.Exists || r.count == 0:
		c.W.Array(0)
		return nil
	case r.repeat:
		r.header(c, r.count)
		return z.Random(r.count, emit)
	case r.count >= z.Len():
		r.header(c, z.Len())
		return z.Each(func(member []byte, score float64) bool { emit(member, score); return true })
	}
	r.header(c, r.count)
	return z.Sample(r.count, emit)
}

// scoredEmitter writes members, with their scores if asked for: side by side in
// RESP2, as pairs in RESP3.
func scoredEmitter(c *Ctx, withScores bool) func(member []byte, score float64) {
	return func(member []byte, score float64) {
		if withScores && c.W.Proto >= 3 {
			c.W.Array(2)
		}
		c.W.Bulk(member)
		if withScores {
			c.W.Double(score)
		}
	}
}
