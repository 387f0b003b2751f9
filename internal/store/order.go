package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/crlib/crbytes"
)

// item is an entry that is being put in order. Reading its key costs a wait for memory, so the first bytes
// behind what all keys of a run have in common are copied here: most comparisons end with them.
type item struct {
	hi, lo uint64
	idx    uint32
}

// sort puts items in the order of their keys, which agree in their first skip bytes.
func (t *table) sort(items []item, skip int) {
	skip = t.agree(items, skip)
	for i := range items {
		var b [16]byte
		key := t.keyOf(&t.entries[items[i].idx])
		copy(b[:], key[min(skip, len(key)):])
		items[i].hi, items[i].lo = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	}
	mask := distribute(items)
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && items[to].hi&mask == items[from].hi&mask {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(items[from:to], t.compare)
		}
		from = to
	}
}

func (t *table) compare(a, b item) int {
	if c := cmp.Compare(a.hi, b.hi); c != 0 {
		return c
	}
	if c := cmp.Compare(a.lo, b.lo); c != 0 {
		return c
	}
	return bytes.Compare(t.keyOf(&t.entries[a.idx]), t.keyOf(&t.entries[b.idx]))
}

// fewItems are sorted sooner by comparing.
const fewItems = 256

// distribute puts items in the order of their first bytes, which is that of mask: enough of them, leaving out those that are the
// same in all, that few items agree (a radix sort, last byte first).
func distribute(items []item) (mask uint64) {
	if len(items) < fewItems {
		return 0
	}
	var counts [8][256]uint32
	for i := range items {
		hi := items[i].hi
		for b := range counts {
			counts[b][byte(hi>>(56-8*b))]++
		}
	}
	var chosen []int
	for b, places := 0, 1; b < len(counts) && places < 16*len(items); b++ {
		different := 0
		for _, n := range counts[b] {
			if n > 0 {
				different++
			}
		}
		if places *= different; different > 1 {
			chosen = append(chosen, b)
		}
		mask = ^uint64(0) << (56 - 8*b)
	}
	from, to := items, make([]item, len(items))
	for _, b := range slices.Backward(chosen) {
		at, sum := &counts[b], uint32(0)
		for v, n := range at {
			at[v], sum = sum, sum+n
		}
		for i := range from {
			v := byte(from[i].hi >> (56 - 8*b))
			to[at[v]] = from[i]
			at[v]++
		}
		from, to = to, from
	}
	if len(chosen)%2 == 1 {
		copy(items, from)
	}
	return mask
}

// agree returns in how many of their first bytes the keys of items agree; in skip they do.
func (t *table) agree(items []item, skip int) int {
	if len(items) == 0 {
		return skip
	}
	first := t.keyOf(&t.entries[items[0].idx])
	n := len(first)
	for _, it := range items[1:] {
		if n = crbytes.CommonPrefix(first[:n], t.keyOf(&t.entries[it.idx])); n <= skip {
			return skip
		}
	}
	return n
}

// sorted returns the entries in key order. Those of a collection lie together: they are sorted among
// themselves, and the collections by their first entries.
func (t *table) sorted() []uint32 {
	ends := make([]uint32, len(t.chains)+1) // of the entries of each chain; those of none come first
	for i := range t.entries {
		ends[t.entries[i].chain]++
	}
	for i := range ends[1:] {
		ends[i+1] += ends[i]
	}
	items := make([]item, len(t.entries))
	at := slices.Insert(slices.Clone(ends[:len(ends)-1]), 0, 0)
	for i := range t.entries {
		c := t.entries[i].chain
		items[at[c]].idx = uint32(i)
		at[c]++
	}
	runs := t.bySpace(items[:ends[0]])
	for c := range t.chains {
		if run := items[ends[c]:ends[c+1]]; len(run) > 0 {
			t.sort(run, int(t.chains[c].prefix))
			runs = append(runs, run)
		}
	}
	firsts := make([]item, len(runs))
	byFirst := make(map[uint32][]item, len(runs))
	for i, run := range runs {
		firsts[i].idx = run[0].idx
		byFirst[run[0].idx] = run
	}
	t.sort(firsts, 0)
	order := make([]uint32, 0, len(items))
	for _, f := range firsts {
		for _, it := range byFirst[f.idx] {
			order = append(order, it.idx)
		}
	}
	return order
}

// bySpace sorts items, and returns those of each space for itself: collections lie between spaces.
func (t *table) bySpace(items []item) (runs [][]item) {
	space := func(it item) byte { return t.arena[t.entries[it.idx].key] }
	var ends [256]int
	for _, it := range items {
		ends[space(it)]++
	}
	sum := 0
	for v, n := range ends {
		ends[v], sum = sum, sum+n
	}
	parted := make([]item, len(items))
	for _, it := range items {
		v := space(it)
		parted[ends[v]] = it
		ends[v]++
	}
	from := 0
	for _, to := range ends {
		if run := parted[from:to]; len(run) > 0 {
			t.sort(run, 1)
			runs = append(runs, run)
		}
		from = to
	}
	return runs
}

// ordered returns the written entries of a chain in key order, but for the newest, of which there are at
// most maxMerge; it is remembered, so that a run of walks through a collection that much is written to
// does not sort each time.
func (t *table) ordered(c *chain) (order []uint32, newest uint32) {
	t.orderMu.Lock()
	defer t.orderMu.Unlock()
	newest = c.count - uint32(len(c.order))
	if newest <= maxMerge {
		return c.order, newest
	}
	items := make([]item, 0, c.count)
	for i := c.head; uint32(len(items)) < newest; i = t.entries[i-1].next {
		items = append(items, item{idx: i - 1})
	}
	t.sort(items, int(c.prefix))
	merged := make([]uint32, 0, c.count)
	old := c.order
	for _, it := range items {
		key := t.keyOf(&t.entries[it.idx])
		n, _ := slices.BinarySearchFunc(old, key, func(i uint32, key []byte) int { return bytes.Compare(t.keyOf(&t.entries[i]), key) })
		merged = append(append(merged, old[:n]...), it.idx)
		old = old[n:]
	}
	c.order = append(merged, old...)
	return c.order, 0
}

// build spells the table as one batch. Range deletes come first, and changes that were made before a range
// delete which covers them are left out: what was written since is what counts.
func (t *table) build(b *Builder) []byte {
	b.Begin(0)
	b.Reserve(len(t.arena) + (2*len(t.entries)+4*len(t.ranges))*binary.MaxVarintLen32 + StateBytes)
	for _, r := range t.ranges {
		b.DeleteRange(r.from, r.to)
	}
	order := t.sorted()
	covered := t.covered(order)
	for _, i := range order {
		e := &t.entries[i]
		switch {
		case covered != nil && covered[i]:
		case e.deleted:
			b.Delete(t.keyOf(e))
		default:
			b.Set(t.keyOf(e), t.valOf(e))
		}
	}
	b.State(&t.state)
	return b.Finish()
}

// covered tells which entries were changed for the last time before a range delete that covers them; nil if there
// is no range.
func (t *table) covered(order []uint32) []bool {
	if len(t.ranges) == 0 {
		return nil
	}
	covered := make([]bool, len(t.entries))
	compare := func(i uint32, key []byte) int { return bytes.Compare(t.keyOf(&t.entries[i]), key) }
	for n, r := range t.ranges {
		at, _ := slices.BinarySearchFunc(order, r.from, compare)
		for ; at < len(order) && compare(order[at], r.to) < 0; at++ {
			if i := order[at]; t.entries[i].ranges <= uint32(n) {
				covered[i] = true
			}
		}
	}
	return covered
}
