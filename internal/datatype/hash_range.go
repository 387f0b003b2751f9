package datatype

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// Field is a field of a hash with its value.
type Field struct{ Name, Val []byte }

// FieldRange returns the first n fields of a range in byte order, both ends included, that
// keep accepts, and the name of the one after them (nil: there is none). A range is as one
// of keys. Fields are not kept in this order, so that all are looked at.
func (h *Hash) FieldRange(r KeyRange, n int, keep func(field []byte) bool) (list []Field, next []byte, err error) {
	lo, hi := r.Start, r.End
	if r.Reverse {
		lo, hi = hi, lo
	}
	cut := func() {
		slices.SortFunc(list, func(a, b Field) int {
			if r.Reverse {
				a, b = b, a
			}
			return bytes.Compare(a.Name, b.Name)
		})
		list = list[:min(len(list), n+1)]
	}
	err = h.Each(func(field, val []byte) bool {
		if bytes.Compare(field, lo) < 0 || len(hi) > 0 && bytes.Compare(field, hi) > 0 || !keep(field) {
			return true
		}
		list = append(list, Field{bytes.Clone(field), bytes.Clone(val)})
		if len(list) > 2*n+1024 { // a page does not cost the memory of the hash
			cut()
		}
		return true
	})
	if cut(); len(list) > n {
		list, next = list[:n], list[n].Name
	}
	return list, next, err
}

// ScanFrom visits at least count fields from a field on, in the order of an expanded hash, and
// returns the one to go on from, nil at the end. Empty is the beginning. stop says whether
// a field can be a place to go on from.
func (h *Hash) ScanFrom(start []byte, count int, stop func(field []byte) bool, visit func(field, val []byte)) (next []byte, err error) {
	if !h.Exists {
		return nil, nil
	}
	each := h.eachFrom
	if h.Packed() {
		each = h.eachPackedFrom
	}
	err = each(start, count, func(field, val []byte) bool {
		if count <= 0 && stop(field) {
			next = bytes.Clone(field)
			return false
		}
		visit(field, val)
		count--
		return true
	})
	return next, err
}

func (h *Hash) eachFrom(start []byte, count int, visit func(field, val []byte) bool) error {
	if err := h.t.Heavy(count); err != nil {
		return err
	}
	prefix := h.Elements()
	from := prefix
	if len(start) > 0 {
		from = h.Member(start)
	}
	it, err := h.t.Iter(from, prefixEnd(h.t, prefix))
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		_, field, err := layout.SplitMember(it.Key()[len(prefix):])
		if err != nil {
			return err
		}
		val, at, err := splitField(it.Value())
		if err != nil {
			return err
		}
		if !h.past(at) && !visit(field, val) {
			break
		}
	}
	return it.Error()
}

// eachPackedFrom visits in the order that the fields will have when the hash is large.
func (h *Hash) eachPackedFrom(start []byte, _ int, visit func(field, val []byte) bool) error {
	order := func(a, b []byte) int {
		return cmp.Or(cmp.Compare(layout.MemberHash(a), layout.MemberHash(b)), bytes.Compare(a, b))
	}
	var list []Field
	err := h.Each(func(field, val []byte) bool {
		if len(start) == 0 || order(field, start) >= 0 {
			list = append(list, Field{field, val})
		}
		return true
	})
	slices.SortFunc(list, func(a, b Field) int { return order(a.Name, b.Name) })
	for _, f := range list {
		if !visit(f.Name, f.Val) {
			break
		}
	}
	return err
}
