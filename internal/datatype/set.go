package datatype

import (
	"github.com/haypile/haypile/internal/algo/intset"
	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/layout"
)

// Set is a set as one command sees it. While small it is an intset (integers
// only) or a listpack in the head; when it outgrows the limits it becomes one
// element pair per member, without a value.
//
// Packed changes gather in memory: call Save when all are made.
type Set struct {
	Key
	body    []byte // packed: the current bytes; owned when owned is set
	owned   bool
	changed bool // the head must be written
}

// intsetMost is more members than Redis keeps in an intset, whatever the limit.
const intsetMost = 1 << 30

// LoadSet reads the head of a set; one that does not exist is empty.
func LoadSet(t Txn, name []byte) (Set, error) {
	k, err := LoadType(t, name, layout.TypeSet)
	return openSet(k), err
}

func openSet(k Key) Set {
	s := Set{Key: k}
	if k.Exists {
		s.body = k.Head.Value
	}
	return s
}

// StoreSet makes a key the set of the given members, which are distinct, whatever
// it held before; no members remove it. It says whether there was a key.
func StoreSet(t Txn, name []byte, members [][]byte) (existed bool, err error) {
	k, err := Load(t, name)
	if err != nil {
		return false, err
	}
	if len(members) == 0 {
		existed = k.Exists
		k.Remove()
		return existed, nil
	}
	s := Set{Key: k}
	existed, s.Exists = s.Exists, false
	for _, m := range members {
		if _, err := s.add(m, true); err != nil {
			return existed, err
		}
	}
	s.Save()
	return existed, nil
}

// Packed says whether the set is one pair.
func (s *Set) Packed() bool { return !s.Exists || s.Head.Encoding != layout.EncExpanded }

// Len is the number of members.
func (s *Set) Len() int {
	switch {
	case !s.Exists:
		return 0
	case s.Head.Encoding == layout.EncIntset:
		return intset.Len(s.body)
	case s.Head.Encoding == layout.EncListpack:
		return listpack.Len(s.body)
	}
	return int(s.Head.Count)
}

// Has says whether member belongs to the set.
func (s *Set) Has(member []byte) (bool, error) {
	switch {
	case !s.Exists:
		return false, nil
	case s.Head.Encoding == layout.EncIntset:
		n, isInt := numeric.ParseInt64(member)
		return isInt && intset.Has(s.body, n), nil
	case s.Head.Encoding == layout.EncListpack:
		return listpack.Find(s.body, listpack.First(s.body), member, 0) >= 0, nil
	}
	_, found, err := s.t.Get(s.Member(member))
	return found, err
}

// Add adds a member and says whether it is new. Save must follow.
func (s *Set) Add(member []byte) (created bool, err error) { return s.add(member, false) }

// add is Add; with isNew the member is known not to be there.
func (s *Set) add(member []byte, isNew bool) (created bool, err error) {
	if !s.Exists {
		s.start(member)
	}
	switch s.Head.Encoding {
	case layout.EncIntset:
		if n, isInt := numeric.ParseInt64(member); isInt {
			return s.addInt(n), nil
		}
		if s.intsFit(member) {
			s.toListpack()
			s.body = listpack.Append(s.body, member)
			return true, nil
		}
		s.unpack()
	case layout.EncListpack:
		if !isNew && listpack.Find(s.body, listpack.First(s.body), member, 0) >= 0 {
			return false, nil
		}
		if s.fits(member) {
			s.own()
			s.body, s.changed = listpack.Append(s.body, member), true
			return true, nil
		}
		s.unpack()
	}
	return s.addExpanded(member, isNew)
}

// start makes the key an empty set in the encoding that its first member wants.
func (s *Set) start(first []byte) {
	if _, isInt := numeric.ParseInt64(first); isInt && s.t.Limits().SetMaxIntsetEntries > 0 {
		s.Reset(layout.TypeSet, layout.EncIntset)
		s.body = append(s.t.Scratch(64), intset.New()...)
	} else {
		s.Reset(layout.TypeSet, layout.EncListpack)
		s.body = append(s.t.Scratch(256), emptyListpack...)
	}
	s.owned = true
}

func (s *Set) own() {
	if !s.owned {
		s.body, s.owned = append(s.t.Scratch(len(s.body)+256), s.body...), true
	}
}

func (s *Set) addInt(n int64) bool {
	if intset.Has(s.body, n) {
		return false
	}
	s.own()
	s.body, _ = intset.Add(s.body, n)
	s.changed = true
	if int64(intset.Len(s.body)) > min(s.t.Limits().SetMaxIntsetEntries, intsetMost) {
		s.unpack()
	}
	return true
}

// fits says whether a listpack takes one more member.
func (s *Set) fits(member []byte) bool {
	lim := s.t.Limits()
	return int64(listpack.Len(s.body)) < lim.SetMaxListpackEntries && int64(len(member)) <= lim.SetMaxListpackValue &&
		listpack.SafeToAdd(s.body, len(member))
}

// intsFit says whether the members of an intset, and one more that is no integer,
// go into a listpack.
func (s *Set) intsFit(member []byte) bool {
	lim := s.t.Limits()
	n, longest := intset.Len(s.body), 0
	if n > 0 {
		longest = max(numeric.IntLen(intset.At(s.body, 0)), numeric.IntLen(intset.At(s.body, n-1)))
	}
	return int64(n) < lim.SetMaxListpackEntries && int64(max(longest, len(member))) <= lim.SetMaxListpackValue &&
		listpack.SafeToAdd(emptyListpack, n*(longest+entryRoom)+len(member))
}

func (s *Set) toListpack() {
	n := intset.Len(s.body)
	lp := append(s.t.Scratch(len(s.body)+4*n+256), emptyListpack...)
	for i := range n {
		lp = listpack.AppendInt(lp, intset.At(s.body, i))
	}
	s.Head.Encoding = layout.EncListpack
	s.body, s.owned, s.changed = lp, true, true
}

// unpack gives each member a pair of its own.
func (s *Set) unpack() {
	packed := *s
	s.Expand()
	s.body, s.owned, s.changed = nil, false, true
	s.Head.Count = uint64(packed.Len())
	packed.eachPacked(func(member []byte) bool {
		s.t.Put(s.Member(member), nil)
		return true
	})
}

func (s *Set) addExpanded(member []byte, isNew bool) (bool, error) {
	key := s.Member(member)
	if !isNew {
		if _, found, err := s.t.Get(key); err != nil || found {
			return false, err
		}
	}
	s.t.Put(key, nil)
	s.joinWindow(member)
	s.Head.Count++
	s.changed = true
	return true, nil
}

// Remove takes a member out and says whether it was there. Save must follow.
func (s *Set) Remove(member []byte) (bool, error) {
	switch {
	case !s.Exists:
		return false, nil
	case s.Head.Encoding == layout.EncIntset:
		n, isInt := numeric.ParseInt64(member)
		if !isInt || !intset.Has(s.body, n) {
			return false, nil
		}
		s.own()
		s.body, _ = intset.Remove(s.body, n)
		s.changed = true
		return true, nil
	case s.Head.Encoding == layout.EncListpack:
		off := listpack.Find(s.body, listpack.First(s.body), member, 0)
		if off < 0 {
			return false, nil
		}
		s.own()
		s.body, s.changed = listpack.Delete(s.body, off, 1), true
		return true, nil
	}
	key := s.Member(member)
	if _, found, err := s.t.Get(key); err != nil || !found {
		return false, err
	}
	s.t.Delete(key)
	s.leaveWindow(member)
	s.Head.Count--
	s.changed = true
	return true, nil
}

// Save writes what Add, Remove and Pop have changed; an empty set is removed (D3).
func (s *Set) Save() {
	if !s.changed {
		return
	}
	s.changed = false
	if s.Len() == 0 {
		s.Key.Remove()
		return
	}
	if s.Packed() {
		s.Head.Value = s.body
	}
	s.Key.Save()
}

// Each visits all members until visit returns false. What it is given is valid
// for the visit only.
func (s *Set) Each(visit func(member []byte) bool) error {
	if s.Packed() {
		s.eachPacked(visit)
		return nil
	}
	if err := s.t.Heavy(s.Len()); err != nil {
		return err
	}
	return walkMembers(s.t, s.Elements(), func(member, _ []byte) (bool, error) { return visit(member), nil })
}

func (s *Set) eachPacked(visit func(member []byte) bool) {
	if !s.Exists {
		return
	}
	text := s.t.Scratch(20)
	if s.Head.Encoding == layout.EncIntset {
		for i := range intset.Len(s.body) {
			if !visit(numeric.AppendInt(text, intset.At(s.body, i))) {
				return
			}
		}
		return
	}
	for off := listpack.First(s.body); off >= 0; off = listpack.Next(s.body, off) {
		v := listpack.Get(s.body, off)
		if v.IsInt {
			v.Str = v.Append(text)
		}
		if !visit(v.Str) {
			return
		}
	}
}

// at returns a packed set's member by its place.
func (s *Set) at(i int) []byte {
	if s.Head.Encoding == layout.EncIntset {
		return numeric.AppendInt(s.t.Scratch(20), intset.At(s.body, i))
	}
	return entryText(s.t, s.body, listpack.Seek(s.body, i))
}

// Scan visits at least count members from a cursor on and returns the next one, 0
// at the end, as Hash.Scan does.
func (s *Set) Scan(cursor uint64, count int, visit func(member []byte)) (next uint64, err error) {
	if s.Packed() {
		s.eachPacked(func(m []byte) bool { visit(m); return true })
		return 0, nil
	}
	if err := s.t.Heavy(count); err != nil {
		return 0, err
	}
	return scanMembers(s.t, s.Elements(), cursor, count, func(member, _ []byte) error { visit(member); return nil })
}
