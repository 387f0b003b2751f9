package datatype

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/layout"
)

// ZItem is a member of a sorted set, in memory.
type ZItem = WindowItem

// compareItems is the order of sorted sets.
func compareItems(a, b ZItem) int {
	if c := cmp.Compare(a.Score, b.Score); c != 0 {
		return c
	}
	return bytes.Compare(a.Member, b.Member)
}

// SortItems puts items into the order of sorted sets.
func SortItems(items []ZItem) { slices.SortFunc(items, compareItems) }

// StoreZSet makes a key the sorted set of the given items, which are in order, with
// distinct members, whatever it held before; no items remove it. It says whether there
// was a key.
func StoreZSet(t Txn, name []byte, items []ZItem) (existed bool, err error) {
	k, err := Load(t, name)
	if err != nil {
		return false, err
	}
	existed = k.Exists
	if len(items) == 0 {
		k.Remove()
		return existed, nil
	}
	k.Reset(layout.TypeZSet, layout.EncListpack)
	z := ZSet{Key: k, changed: true}
	if z.allFit(items) {
		z.lp = append(t.Scratch(32*len(items)), emptyListpack...)
		for _, it := range items {
			z.lp = listpack.Append(listpack.Append(z.lp, it.Member), scoreText(t, it.Score))
		}
	} else {
		z.Expand()
		z.Head.Count = uint64(len(items))
		for _, it := range items {
			z.putPairs(it.Member, it.Score)
		}
	}
	z.Save()
	return existed, nil
}

func (z *ZSet) allFit(items []ZItem) bool {
	lim := z.t.Limits()
	longest, total := 0, 0
	for _, it := range items {
		longest = max(longest, len(it.Member))
		total += len(it.Member)
	}
	return int64(len(items)) <= lim.ZSetMaxListpackEntries && int64(longest) <= lim.ZSetMaxListpackValue &&
		listpack.SafeToAdd(emptyListpack, total)
}

// Items gathers copies of members.
type Items struct {
	List  []ZItem
	arena []byte
}

// Add appends a copy of a member.
func (l *Items) Add(member []byte, score float64) {
	from := len(l.arena)
	l.arena = append(l.arena, member...)
	l.List = append(l.List, ZItem{l.arena[from:len(l.arena):len(l.arena)], score})
}
