package command

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var sortRows = []Row{
	{Name: "sort", Arity: -2, Flags: Write | DenyOOM | MovableKeys | AnyKey, Keys: OneKey, GetKeys: sortKeys, Handler: sortCmd, Group: "generic", Cats: "-keyspace set sortedset list dangerous", Since: "1.0.0", Summary: "Puts the elements of a list, set or sorted set in order, storing them on request.",
		Syntax: "key [by-pattern: BY pattern] [LIMIT (offset count)] [get-pattern: GET pattern]... [order: ASC | DESC] [sorting: ALPHA] [STORE destination]", Complexity: "O(N+M*log(M)) for N elements, of which M are returned"},
	{Name: "sort_ro", Arity: -2, Flags: ReadOnly | MovableKeys | AnyKey, Keys: OneKey, Handler: sortCmd, Group: "generic", Cats: "-keyspace set sortedset list dangerous", Since: "7.0.0", Summary: "Puts the elements of a list, set or sorted set in order, never storing them.",
		Syntax: "key [by-pattern: BY pattern] [LIMIT (offset count)] [get-pattern: GET pattern]... [order: ASC | DESC] [sorting: ALPHA]", Complexity: "O(N+M*log(M)) for N elements, of which M are returned"},
}

// sortOptions are the arguments of SORT after the key.
type sortOptions struct {
	by           []byte
	hasBy        bool
	keepOrder    bool // BY names no key: nothing is sorted
	get          [][]byte
	first, count int64 // of LIMIT
	desc, alpha  bool
	store        []byte
	hasStore     bool
}

// BY and GET find keys in data, so they are for users who may read any.
const (
	errSortBy  resp.Err = "ERR BY option of SORT denied due to insufficient ACL permissions."
	errSortGet resp.Err = "ERR GET option of SORT denied due to insufficient ACL permissions."
)

func parseSort(c *Ctx) (o sortOptions, err error) {
	o.count = -1
	for args := c.Args[2:]; len(args) > 0; {
		n := 1
		switch more := len(args) - 1; {
		case equalFold(args[0], "asc"):
			o.desc = false
		case equalFold(args[0], "desc"):
			o.desc = true
		case equalFold(args[0], "alpha"):
			o.alpha = true
		case equalFold(args[0], "limit") && more >= 2:
			var ok1, ok2 bool
			o.first, ok1 = numeric.ParseInt64(args[1])
			o.count, ok2 = numeric.ParseInt64(args[2])
			if !ok1 || !ok2 {
				return o, resp.ErrNotInt
			}
			n = 3
		case equalFold(args[0], "store") && more >= 1 && c.Row.Is(Write):
			o.store, o.hasStore, n = args[1], true, 2
		case equalFold(args[0], "by") && more >= 1:
			o.by, o.hasBy, n = args[1], true, 2
			o.keepOrder = o.keepOrder || bytes.IndexByte(o.by, '*') < 0
			if !o.keepOrder && !c.mayReadAll() {
				return o, errSortBy
			}
		case equalFold(args[0], "get") && more >= 1:
			if !c.mayReadAll() {
				return o, errSortGet
			}
			o.get, n = append(o.get, args[1]), 2
		default:
			return o, resp.ErrSyntax
		}
		args = args[n:]
	}
	return o, nil
}

// sortKeys finds the key that is sorted and the one that STORE names.
func sortKeys(args [][]byte) ([]int, bool) {
	keys := []int{1}
	for i := 2; i < len(args); i++ {
		switch {
		case equalFold(args[i], "limit"):
			i += 2
		case equalFold(args[i], "get"), equalFold(args[i], "by"):
			i++
		case equalFold(args[i], "store") && i+1 < len(args):
			i++
			keys = append(keys[:1], i)
		}
	}
	return keys, true
}

// sortItem is one element and what it is compared by.
type sortItem struct {
	elem   []byte
	weight float64
	by     []byte // with BY … ALPHA
	found  bool   // by is there
}

func sortCmd(c *Ctx) error {
	o, err := parseSort(c)
	if err != nil {
		return err
	}
	k, err := datatype.Load(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if k.Exists && k.Head.Type == layout.TypeSet && o.keepOrder && (o.hasStore || c.Script) {
		o.keepOrder, o.hasBy, o.alpha = false, false, true // sets have no order worth storing
	}
	items, err := sortItems(c, &k, &o)
	if err != nil {
		return err
	}
	if !o.keepOrder {
		if err := weigh(c, items, &o); err != nil {
			return err
		}
		slices.SortStableFunc(items, o.compare)
		from, to := o.limits(len(items))
		items = items[from:to]
	}
	if o.hasStore {
		return storeSorted(c, items, &o)
	}
	return replySorted(c, items, &o)
}

// limits returns which of n elements LIMIT leaves, [from, to).
func (o *sortOptions) limits(n int) (from, to int) {
	size := int64(n)
	first, end := min(max(o.first, 0), size), size
	if o.count >= 0 {
		end = min(first+min(o.count, size), size)
	}
	return int(first), int(end)
}

// sortItems reads the elements: where they keep their order, only those that LIMIT
// leaves.
func sortItems(c *Ctx, k *datatype.Key, o *sortOptions) (items []sortItem, err error) {
	visit := func(elem []byte) bool {
		items = append(items, sortItem{elem: append(c.T.Scratch(len(elem)), elem...)})
		return true
	}
	switch {
	case !k.Exists:
	case k.Head.Type == layout.TypeList:
		err = sortList(c, o, visit)
	case k.Head.Type == layout.TypeZSet:
		err = sortZSet(c, o, visit)
	case k.Head.Type == layout.TypeSet:
		if err = sortSet(c, visit); err == nil && o.keepOrder {
			from, to := o.limits(len(items))
			items = items[from:to]
		}
	default:
		err = resp.ErrWrongType
	}
	return items, err
}

// span returns which of n elements must be read, [from, to), and whether from the end
// on.
func (o *sortOptions) span(n int) (from, to int, rev bool) {
	if !o.keepOrder {
		return 0, n, false
	}
	from, to = o.limits(n)
	return from, to, o.desc
}

func sortList(c *Ctx, o *sortOptions, visit func(elem []byte) bool) error {
	l, err := datatype.LoadList(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n := l.Len()
	from, to, rev := o.span(n)
	if from >= to {
		return nil
	}
	first, last := from, to-1
	if rev {
		first, last = n-1-first, n-1-last
	}
	return l.Each(first, last, func(_ int, val []byte) bool { return visit(val) })
}

func sortSet(c *Ctx, visit func(elem []byte) bool) error {
	s, err := datatype.LoadSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return s.Each(visit)
}

func sortZSet(c *Ctx, o *sortOptions, visit func(elem []byte) bool) error {
	z, err := datatype.LoadZSet(c.T, c.Args[1])
	if err != nil {
		return err
	}
	from, to, rev := o.span(z.Len())
	if from >= to {
		return nil
	}
	return z.RangeByRank(from, to-from, rev, func(member []byte, _ float64) bool { return visit(member) })
}

// weigh finds what the elements are compared by.
func weigh(c *Ctx, items []sortItem, o *sortOptions) error {
	if !o.hasBy && o.alpha {
		return nil
	}
	if err := c.T.Heavy(len(items)); err != nil {
		return err
	}
	by := newSortPattern(o.by)
	for i := range items {
		it := &items[i]
		it.by, it.found = it.elem, true
		if o.hasBy {
			var err error
			if it.by, it.found, err = by.lookup(c, it.elem); err != nil {
				return err
			}
		}
		if o.alpha || !it.found {
			continue
		}
		var ok bool
		if it.weight, ok = sortWeight(it.by); !ok {
			return resp.Err("ERR One or more scores can't be converted into double")
		}
	}
	return nil
}

// sortWeight reads a number as C's strtod does, which is laxer than other commands:
// blanks may precede it, and nothing at all is 0.
func sortWeight(b []byte) (float64, bool) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, true
	}
	return numeric.ParseFloat(bytes.TrimLeft(b, " \t\n\v\f\r"))
}

func (o *sortOptions) compare(a, b sortItem) int {
	var order int
	switch {
	case !o.alpha:
		if order = cmp.Compare(a.weight, b.weight); order == 0 {
			order = bytes.Compare(a.elem, b.elem)
		}
	case !o.hasBy:
		order = bytes.Compare(a.elem, b.elem)
	case a.found && b.found:
		order = bytes.Compare(a.by, b.by)
	case a.found:
		order = 1
	case b.found:
		order = -1
	}
	if o.desc {
		return -order
	}
	return order
}

// sorted visits what SORT returns; what a GET pattern does not find is nil.
func sorted(c *Ctx, items []sortItem, o *sortOptions, visit func(val []byte, found bool)) error {
	if err := c.T.Heavy(len(items) * len(o.get)); err != nil {
		return err
	}
	patterns := make([]sortPattern, 0, len(o.get))
	for _, p := range o.get {
		patterns = append(patterns, newSortPattern(p))
	}
	for i := range items {
		if len(patterns) == 0 {
			visit(items[i].elem, true)
		}
		for j := range patterns {
			val, found, err := patterns[j].lookup(c, items[i].elem)
			if err != nil {
				return err
			}
			visit(val, found)
		}
	}
	return nil
}

func replySorted(c *Ctx, items []sortItem, o *sortOptions) error {
	c.W.Array(len(items) * max(1, len(o.get)))
	return sorted(c, items, o, func(val []byte, found bool) {
		if found {
			c.W.Bulk(val)
		} else {
			c.W.Null()
		}
	})
}

func storeSorted(c *Ctx, items []sortItem, o *sortOptions) error {
	var vals [][]byte
	err := sorted(c, items, o, func(val []byte, _ bool) { vals = append(vals, val) })
	if err != nil {
		return err
	}
	if len(vals) > 0 {
		if err := datatype.StoreList(c.T, o.store, vals); err != nil {
			return err
		}
		c.T.Event(datatype.ClassList, "sortstore", o.store)
		return c.int(int64(len(vals)))
	}
	k, err := datatype.Load(c.T, o.store)
	if err != nil {
		return err
	}
	existed := k.Exists
	k.Remove()
	if existed {
		c.T.Event(datatype.ClassGeneric, "del", o.store)
	}
	return c.int(0)
}

// sortPattern is a pattern of BY or GET: the element itself, or a key, or a field of
// a hash, with the element in place of the first star.
type sortPattern struct {
	self, star            bool
	prefix, suffix, field []byte
}

func newSortPattern(p []byte) sortPattern {
	prefix, rest, star := bytes.Cut(p, []byte("*"))
	sp := sortPattern{self: string(p) == "#", star: star, prefix: prefix, suffix: rest}
	if key, field, ok := bytes.Cut(rest, []byte("->")); ok && len(field) > 0 {
		sp.suffix, sp.field = key, field
	}
	return sp
}

// lookup returns what the pattern stands for with an element; keys of another type
// count as absent.
func (p *sortPattern) lookup(c *Ctx, elem []byte) (val []byte, found bool, err error) {
	if p.self {
		return elem, true, nil
	}
	if !p.star {
		return nil, false, nil
	}
	name := append(c.T.Scratch(len(p.prefix)+len(elem)+len(p.suffix)), p.prefix...)
	name = append(append(name, elem...), p.suffix...)
	if p.field == nil {
		val, found, err = c.unnamed(name)
	} else {
		var h datatype.Hash
		if h, err = datatype.LoadHash(c.T, name); err == nil {
			val, found, err = h.Get(p.field)
		}
	}
	if err == resp.ErrWrongType {
		return nil, false, nil
	}
	return val, found, err
}

// unnamed reads a string that the row does not name. Its pieces must not change while they are read, so that a large one is
// locked then.
func (c *Ctx) unnamed(name []byte) (val []byte, found bool, err error) {
	s, err := datatype.LoadString(c.T, name)
	if err != nil || !s.Exists {
		return nil, false, err
	}
	if s.Len() > int64(len(s.Short())) {
		if err := c.Txns.Lock(c.C.DB(), name); err != nil {
			return nil, false, err
		}
		return datatype.GetString(c.T, name)
	}
	return s.Short(), true, nil
}
