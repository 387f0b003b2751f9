package datatype

import "slices"

// LoadSets reads the heads of several sets.
func LoadSets(t Txn, names [][]byte) ([]Set, error) {
	sets := make([]Set, len(names))
	for i, name := range names {
		var err error
		if sets[i], err = LoadSet(t, name); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// InterSets visits the members that all sets have, until visit returns false. It
// looks up the members of the smallest in the others.
func InterSets(sets []Set, visit func(member []byte) bool) error {
	slices.SortStableFunc(sets, func(a, b Set) int { return a.Len() - b.Len() })
	smallest, others := &sets[0], sets[1:]
	if err := smallest.t.Heavy(smallest.Len() * len(sets)); err != nil {
		return err
	}
	return eachUntil(smallest, func(member []byte) (bool, error) {
		for i := range others {
			if found, err := others[i].Has(member); err != nil || !found {
				return err == nil, err
			}
		}
		return visit(member), nil
	})
}

// eachUntil is Each for visits that may fail.
func eachUntil(s *Set, visit func(member []byte) (bool, error)) error {
	var inner error
	err := s.Each(func(member []byte) bool {
		more, err := visit(member)
		inner = err
		return more && err == nil
	})
	if inner != nil {
		return inner
	}
	return err
}

// UnionSets visits the members that any of the sets has, each once.
func UnionSets(sets []Set, visit func(member []byte)) error {
	seen, err := newMemberSet(sets[0].t, sets)
	if err != nil {
		return err
	}
	for i := range sets {
		err := sets[i].Each(func(member []byte) bool {
			if seen.add(member) {
				visit(member)
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// DiffSets visits the members of the first set that no other has. It walks what is
// smaller: the first set, to look its members up in the others, or the others, to
// gather theirs.
func DiffSets(sets []Set, visit func(member []byte)) error {
	first, others := &sets[0], sets[1:]
	total := 0
	for i := range others {
		total += others[i].Len()
	}
	if total >= first.Len() {
		return diffByLookup(first, others, visit)
	}
	gone, err := newMemberSet(first.t, others)
	if err != nil {
		return err
	}
	for i := range others {
		if err := others[i].Each(func(member []byte) bool { gone.add(member); return true }); err != nil {
			return err
		}
	}
	return first.Each(func(member []byte) bool {
		if !gone.has(member) {
			visit(member)
		}
		return true
	})
}

func diffByLookup(first *Set, others []Set, visit func(member []byte)) error {
	if err := first.t.Heavy(first.Len() * len(others)); err != nil {
		return err
	}
	return eachUntil(first, func(member []byte) (bool, error) {
		for i := range others {
			if found, err := others[i].Has(member); err != nil || found {
				return true, err
			}
		}
		visit(member)
		return true, nil
	})
}

// memberSet holds members in memory.
type memberSet map[string]struct{}

// newMemberSet makes room for the members of sets.
func newMemberSet(t Txn, sets []Set) (memberSet, error) {
	n := 0
	for i := range sets {
		n += sets[i].Len()
	}
	return make(memberSet, n), t.Heavy(n)
}

func (m memberSet) has(member []byte) bool {
	_, found := m[string(member)]
	return found
}

func (m memberSet) add(member []byte) (isNew bool) {
	if m.has(member) {
		return false
	}
	m[string(member)] = struct{}{}
	return true
}
