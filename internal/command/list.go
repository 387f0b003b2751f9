package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
)

var listRows = []Row{
	{Name: "blmove", Arity: 6, Flags: Write | DenyOOM | NoScript | Blocking, Keys: TwoKeys, Handler: blmove, Group: "list", Since: "6.2.0", Summary: "Moves an end element of one list to an end of another, waiting if necessary.",
		Syntax: "source destination (wherefrom: LEFT | RIGHT) (whereto: LEFT | RIGHT) timeout:double", Complexity: "O(1)"},
	{Name: "blmpop", Arity: -5, Flags: Write | Frees | Blocking | MovableKeys, GetKeys: func(args [][]byte) ([]int, bool) { return numKeys(args, 2) }, Handler: blmpop, Group: "list", Since: "7.0.0", Summary: "Takes elements off an end of the first non-empty list, waiting if all are empty.",
		Syntax: "timeout:double numkeys key... (where: LEFT | RIGHT) [COUNT count]", Complexity: "O(N+M) for N keys and M elements popped"},
	{Name: "blpop", Arity: -3, Flags: Write | Frees | NoScript | Blocking, Keys: KeySpec{1, -2, 1}, Handler: blpop, Group: "list", Since: "2.0.0", Summary: "Takes the head of the first non-empty list, waiting if all are empty.",
		Syntax: "key... timeout:double", Complexity: "O(N) for N keys"},
	{Name: "brpop", Arity: -3, Flags: Write | Frees | NoScript | Blocking, Keys: KeySpec{1, -2, 1}, Handler: brpop, Group: "list", Since: "2.0.0", Summary: "Takes the tail of the first non-empty list, waiting if all are empty.",
		Syntax: "key... timeout:double", Complexity: "O(N) for N keys"},
	{Name: "brpoplpush", Arity: 4, Flags: Write | DenyOOM | NoScript | Blocking, Keys: TwoKeys, Handler: brpoplpush, Group: "list", Since: "2.2.0", Summary: "Moves the tail of one list to the head of another, waiting if necessary.",
		Syntax: "source destination timeout:double", Complexity: "O(1)", DeprecatedSince: "6.2.0", ReplacedBy: "`BLMOVE` with `RIGHT` and `LEFT`"},
	{Name: "lindex", Arity: 3, Flags: ReadOnly, Keys: OneKey, Handler: lindex, Group: "list", Since: "1.0.0", Summary: "Reads the element at a position of a list, counted from either end.",
		Syntax: "key index", Complexity: "O(1)"},
	{Name: "linsert", Arity: 5, Flags: Write | DenyOOM, Keys: OneKey, Handler: linsert, Group: "list", Since: "2.2.0", Summary: "Puts an element just before or after the first occurrence of a given one.",
		Syntax: "key (where: BEFORE | AFTER) pivot element", Complexity: "O(N+M) for N elements before the pivot and M moved, those of the shorter side"},
	{Name: "llen", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: llen, Group: "list", Since: "1.0.0", Summary: "Counts the elements of a list.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "lmove", Arity: 5, Flags: Write | DenyOOM, Keys: TwoKeys, Handler: lmove, Group: "list", Since: "6.2.0", Summary: "Moves an end element of one list to an end of another.",
		Syntax: "source destination (wherefrom: LEFT | RIGHT) (whereto: LEFT | RIGHT)", Complexity: "O(1)"},
	{Name: "lmpop", Arity: -4, Flags: Write | Frees | MovableKeys, GetKeys: func(args [][]byte) ([]int, bool) { return numKeys(args, 1) }, Handler: lmpop, Group: "list", Since: "7.0.0", Summary: "Takes elements off an end of the first non-empty list among several.",
		Syntax: "numkeys key... (where: LEFT | RIGHT) [COUNT count]", Complexity: "O(N+M) for N keys and M elements popped"},
	{Name: "lpop", Arity: -2, Flags: Write | Frees | Fast, Keys: OneKey, Handler: lpop, Group: "list", Since: "1.0.0", Summary: "Takes one or more elements off the head of a list.",
		Syntax: "key [count]@6.2.0", Complexity: "O(N) for N elements popped"},
	{Name: "lpos", Arity: -3, Flags: ReadOnly, Keys: OneKey, Handler: lpos, Group: "list", Since: "6.0.6", Summary: "Finds at which positions of a list an element occurs.",
		Syntax: "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]", Complexity: "O(N) for N elements looked at"},
	{Name: "lpush", Arity: -3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: lpush, Group: "list", Since: "1.0.0", Summary: "Adds elements at the head of a list, starting one if necessary.",
		Syntax: "key element...", Complexity: "O(N) for N elements pushed"},
	{Name: "lpushx", Arity: -3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: lpushx, Group: "list", Since: "2.2.0", Summary: "Adds elements at the head of a list that already exists.",
		Syntax: "key element...", Complexity: "O(N) for N elements pushed"},
	{Name: "lrange", Arity: 4, Flags: ReadOnly, Keys: OneKey, Handler: lrange, Group: "list", Since: "1.0.0", Summary: "Reads the elements of a list between two positions, both included.",
		Syntax: "key start:integer stop:integer", Complexity: "O(N) for N elements returned"},
	{Name: "lrem", Arity: 4, Flags: Write | Frees, Keys: OneKey, Handler: lrem, Group: "list", Since: "1.0.0", Summary: "Takes occurrences of an element out of a list, from either end.",
		Syntax: "key count:integer element", Complexity: "O(N) for N elements of the list"},
	{Name: "lset", Arity: 4, Flags: Write | DenyOOM, Keys: OneKey, Handler: lset, Group: "list", Since: "1.0.0", Summary: "Replaces the element at a position of a list.",
		Syntax: "key index element", Complexity: "O(1)"},
	{Name: "ltrim", Arity: 4, Flags: Write | Frees, Keys: OneKey, Handler: ltrim, Group: "list", Since: "1.0.0", Summary: "Cuts a list down to the elements between two positions.",
		Syntax: "key start:integer stop:integer", Complexity: "O(1): elements are deleted as a range"},
	{Name: "rpop", Arity: -2, Flags: Write | Frees | Fast, Keys: OneKey, Handler: rpop, Group: "list", Since: "1.0.0", Summary: "Takes one or more elements off the tail of a list.",
		Syntax: "key [count]@6.2.0", Complexity: "O(N) for N elements popped"},
	{Name: "rpoplpush", Arity: 3, Flags: Write | DenyOOM, Keys: TwoKeys, Handler: rpoplpush, Group: "list", Since: "1.2.0", Summary: "Moves the tail of one list to the head of another.",
		Syntax: "source destination", Complexity: "O(1)", DeprecatedSince: "6.2.0", ReplacedBy: "`LMOVE` with `RIGHT` and `LEFT`"},
	{Name: "rpush", Arity: -3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: rpush, Group: "list", Since: "1.0.0", Summary: "Adds elements at the tail of a list, starting one if necessary.",
		Syntax: "key element...", Complexity: "O(N) for N elements pushed"},
	{Name: "rpushx", Arity: -3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: rpushx, Group: "list", Since: "2.2.0", Summary: "Adds elements at the tail of a list that already exists.",
		Syntax: "key element...", Complexity: "O(N) for N elements pushed"},
}

// Names of events, by end.
var (
	pushEvents = [...]string{datatype.Left: "lpush", datatype.Right: "rpush"}
	popEvents  = [...]string{datatype.Left: "lpop", datatype.Right: "rpop"}
)

func lpush(c *Ctx) error { return push(c, datatype.Left, false) }

func rpush(c *Ctx) error { return push(c, datatype.Right, false) }

func lpushx(c *Ctx) error { return push(c, datatype.Left, true) }

func rpushx(c *Ctx) error { return push(c, datatype.Right, true) }

func push(c *Ctx, side datatype.Side, mustExist bool) error {
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if mustExist && !l.Exists {
		return c.int(0)
	}
	l.Push(side, c.Args[2:]...)
	if err := l.Save(); err != nil {
		return err
	}
	c.T.Event(datatype.ClassList, pushEvents[side], l.Name)
	return c.int(int64(l.Len()))
}

// removed saves a list that elements were taken from and tells of it.
func removed(c *Ctx, l *datatype.List, event string) error {
	if err := l.Save(); err != nil {
		return err
	}
	c.T.Event(datatype.ClassList, event, l.Name)
	if !l.Exists {
		c.T.Event(datatype.ClassGeneric, "del", l.Name)
	}
	return nil
}

func lpop(c *Ctx) error { return pop(c, datatype.Left) }

func rpop(c *Ctx) error { return pop(c, datatype.Right) }

func pop(c *Ctx, side datatype.Side) error {
	if len(c.Args) > 2 {
		return popCount(c, side)
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !l.Exists {
		return c.null()
	}
	val, err := l.Pop(side)
	if err != nil {
		return err
	}
	c.W.Bulk(val)
	return removed(c, &l, popEvents[side])
}

func popCount(c *Ctx, side datatype.Side) error {
	if len(c.Args) > 3 {
		return resp.WrongArity(c.Row.Name)
	}
	n, ok := numeric.ParseInt64(c.Args[2])
	if !ok || n < 0 {
		return resp.ErrNotPositive
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !l.Exists {
		c.W.NullArray()
		return nil
	}
	return popMany(c, &l, side, n)
}

// popMany replies with up to n elements from an end and removes them.
func popMany(c *Ctx, l *datatype.List, side datatype.Side, n int64) error {
	size := l.Len()
	count := int(min(n, int64(size)))
	c.W.Array(count)
	if count == 0 {
		return nil
	}
	from, to := 0, count-1
	if side == datatype.Right {
		from, to = size-1, size-count
	}
	if err := l.Each(from, to, func(_ int, val []byte) bool { c.W.Bulk(val); return true }); err != nil {
		return err
	}
	if err := l.Cut(side, count); err != nil {
		return err
	}
	return removed(c, l, popEvents[side])
}

func llen(c *Ctx) error {
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.int(int64(l.Len()))
}

// listIndex reads an index that counts from the end if negative; ok is false where no
// element is.
func listIndex(arg []byte, size int) (i int, ok bool, err error) {
	n, isInt := numeric.ParseInt64(arg)
	if !isInt {
		return 0, false, resp.ErrNotInt
	}
	if n < 0 {
		n += int64(size)
	}
	return int(n), n >= 0 && n < int64(size), nil
}

func lindex(c *Ctx) error {
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !l.Exists {
		return c.null()
	}
	i, ok, err := listIndex(c.Args[2], l.Len())
	if err != nil {
		return err
	}
	if !ok {
		return c.null()
	}
	val, err := l.At(i)
	if err != nil {
		return err
	}
	return c.bulk(val)
}

func lset(c *Ctx) error {
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !l.Exists {
		return resp.ErrNoSuchKey
	}
	i, ok, err := listIndex(c.Args[2], l.Len())
	if err != nil {
		return err
	}
	if !ok {
		return resp.ErrIndexRange
	}
	l.Set(i, c.Args[3])
	if err := l.Save(); err != nil {
		return err
	}
	c.T.Event(datatype.ClassList, "lset", l.Name)
	return c.ok()
}

// parseRange reads the two indexes that follow the key.
func parseRange(c *Ctx) (first, last int64, err error) {
	first, ok1 := numeric.ParseInt64(c.Args[2])
	last, ok2 := numeric.ParseInt64(c.Args[3])
	if !ok1 || !ok2 {
		return 0, 0, resp.ErrNotInt
	}
	return first, last, nil
}

// clampRange resolves indexes from the end and cuts off what is beyond. from is
// above to when no element is left.
func clampRange(first, last int64, size int) (from, to int) {
	n := int64(size)
	first = min(clampIndex(first, n), n)
	if last < 0 {
		last += n
	}
	return int(first), int(min(last, n-1))
}

func lrange(c *Ctx) error {
	first, last, err := parseRange(c)
	if err != nil {
		return err
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	from, to := clampRange(first, last, l.Len())
	if from > to {
		c.W.Array(0)
		return nil
	}
	c.W.Array(to - from + 1)
	return l.Each(from, to, func(_ int, val []byte) bool { c.W.Bulk(val); return true })
}

func ltrim(c *Ctx) error {
	first, last, err := parseRange(c)
	if err != nil {
		return err
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !l.Exists {
		return c.ok()
	}
	size := l.Len()
	from, to := clampRange(first, last, size)
	if from > to {
		from, to = size, size-1
	}
	if err := l.Cut(datatype.Left, from); err != nil {
		return err
	}
	if err := l.Cut(datatype.Right, size-1-to); err != nil {
		return err
	}
	if err := removed(c, &l, "ltrim"); err != nil {
		return err
	}
	return c.ok()
}

func linsert(c *Ctx) error {
	before := equalFold(c.Args[2], "before")
	if !before && !equalFold(c.Args[2], "after") {
		return resp.ErrSyntax
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !l.Exists {
		return c.int(0)
	}
	found, err := l.Insert(c.Args[3], c.Args[4], before)
	if err != nil {
		return err
	}
	if !found {
		return c.int(-1)
	}
	if err := l.Save(); err != nil {
		return err
	}
	c.T.Event(datatype.ClassList, "linsert", l.Name)
	return c.int(int64(l.Len()))
}

func lrem(c *Ctx) error {
	count, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n, err := l.DeleteEqual(c.Args[3], int(max(count, -math.MaxInt64)))
	if err != nil {
		return err
	}
	if n > 0 {
		if err := removed(c, &l, "lrem"); err != nil {
			return err
		}
	}
	return c.int(int64(n))
}

// posOptions are the options of LPOS.
type posOptions struct {
	rank     int64 // which match comes first; from 1 on
	back     bool  // counted from the end
	hasCount bool
	count    int64 // 0: all
	maxLen   int64 // 0: no bound
}

func parsePos(args [][]byte) (o posOptions, err error) {
	o.rank = 1
	for i := 0; i < len(args); i += 2 {
		if i+1 >= len(args) {
			return o, resp.ErrSyntax
		}
		n, ok := numeric.ParseInt64(args[i+1])
		switch {
		case equalFold(args[i], "rank"):
			if err := checkRank(n, ok); err != nil {
				return o, err
			}
			o.rank, o.back = max(n, -n), n < 0
		case equalFold(args[i], "count"):
			if !ok || n < 0 {
				return o, resp.Err("ERR COUNT can't be negative")
			}
			o.hasCount, o.count = true, n
		case equalFold(args[i], "maxlen"):
			if !ok || n < 0 {
				return o, resp.Err("ERR MAXLEN can't be negative")
			}
			o.maxLen = n
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func checkRank(n int64, ok bool) error {
	switch {
	case !ok:
		return resp.ErrNotInt
	case n == math.MinInt64:
		return resp.Err("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
	case n == 0:
		return resp.Err("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list")
	}
	return nil
}

func lpos(c *Ctx) error {
	o, err := parsePos(c.Args[3:])
	if err != nil {
		return err
	}
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	found, err := positions(&l, c.Args[2], &o)
	if err != nil {
		return err
	}
	if !o.hasCount {
		if len(found) == 0 {
			return c.null()
		}
		return c.int(int64(found[0]))
	}
	c.W.Array(len(found))
	for _, i := range found {
		c.W.Int(int64(i))
	}
	return nil
}
