package datatype

import (
	"encoding/binary"
	"math"

	"github.com/haypile/haypile/internal/layout"
)

// EachKey visits every key, those past their time included, as one read in order: a search for each would
// take many times as long where the data is larger than the cache. The key is valid during the visit.
func EachKey(t Txn, visit func(k *Key) error) error {
	it, err := t.Iter([]byte{layout.SpaceHead}, []byte{layout.SpaceHead + 1})
	if err != nil {
		return err
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		name, err := t.Keys().UserKey(it.Key())
		if err != nil {
			return err
		}
		k := Key{Name: name, t: t}
		if err := k.decode(it.Value()); err != nil {
			return err
		}
		if err := visit(&k); err != nil {
			return err
		}
	}
	return it.Error()
}

// Digest sums a value with the given hash function, so that equal values of any
// encoding have equal sums: members and fields in any order, lists in theirs.
func Digest(t Txn, k *Key, sum func(parts ...[]byte) [20]byte) (d [20]byte, err error) {
	unordered := func(parts ...[]byte) bool {
		for i, b := range sum(parts...) {
			d[i] ^= b
		}
		return true
	}
	switch k.Head.Type {
	case layout.TypeHash:
		h, err := LoadHash(t, k.Name)
		if err != nil {
			return d, err
		}
		err = h.Each(func(f, v []byte) bool { return unordered(f, v) })
		return d, err
	case layout.TypeSet:
		s, err := LoadSet(t, k.Name)
		if err != nil {
			return d, err
		}
		err = s.Each(func(m []byte) bool { return unordered(m) })
		return d, err
	case layout.TypeZSet:
		z, err := LoadZSet(t, k.Name)
		if err != nil {
			return d, err
		}
		err = z.Each(func(m []byte, score float64) bool {
			return unordered(m, binary.BigEndian.AppendUint64(nil, math.Float64bits(score)))
		})
		return d, err
	case layout.TypeList:
		l, err := LoadList(t, k.Name)
		if err != nil {
			return d, err
		}
		err = l.Each(0, l.Len()-1, func(_ int, v []byte) bool {
			d = sum(d[:], v)
			return true
		})
		return d, err
	case layout.TypeStream:
		return digestStream(t, k.Name, sum)
	}
	s := StringOf(*k)
	val, err := s.Bytes()
	return sum(val), err
}

// digestStream sums entries in their order, and of each group how far it is and what is
// pending, but no times.
func digestStream(t Txn, name []byte, sum func(parts ...[]byte) [20]byte) (d [20]byte, err error) {
	s, err := LoadStream(t, name)
	if err != nil {
		return d, err
	}
	d = sum(s.Meta.Last.Append(nil), s.Meta.MaxDeleted.Append(nil), binary.BigEndian.AppendUint64(nil, s.Meta.Added))
	all := EntryRange{From: s.Meta.First, To: s.Meta.Last}
	err = s.eachStored(all, func(id layout.StreamID, e layout.StreamEntry) bool { // the key is not locked: no window
		d = sum(d[:], id.Append(nil))
		for e.Strings > 0 {
			d = sum(d[:], e.Next())
		}
		return true
	})
	if err != nil {
		return d, err
	}
	err = s.EachGroup(func(g *Group) error {
		d = sum(d[:], g.Name, g.Last.Append(nil), binary.BigEndian.AppendUint64(nil, uint64(g.Read)))
		return g.EachPending(layout.StreamID{}, layout.MaxStreamID, func(p *Pending) bool {
			d = sum(d[:], p.ID.Append(nil), p.Consumer, binary.BigEndian.AppendUint64(nil, uint64(p.Deliveries)))
			return true
		})
	})
	return d, err
}
