package datatype

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/haypile/haypile/internal/layout"
)

// Random visits n random members, which may repeat.
func (s *Set) Random(n int, visit func(member []byte)) error {
	if s.Packed() {
		size := s.Len()
		for range n {
			visit(s.at(rand.IntN(size)))
		}
		return nil
	}
	if err := s.t.Heavy(n * seekCost); err != nil {
		return err
	}
	return randomMembers(s.t, s.Elements(), s.Len(), n, func(member, _ []byte) error { visit(member); return nil })
}

// Sample visits n distinct random members; n is less than Len.
func (s *Set) Sample(n int, visit func(member []byte)) error {
	if s.Packed() || n*seekCost > s.Len() {
		pick := sampler{n, s.Len()}
		return s.Each(func(member []byte) bool {
			if pick.take() {
				visit(member)
			}
			return pick.need > 0
		})
	}
	if err := s.t.Heavy(n * seekCost); err != nil {
		return err
	}
	return sampleMembers(s.t, s.Elements(), s.Len(), n, func(member, _ []byte) error { visit(member); return nil })
}

// sampler chooses need of left elements in one pass, each choice equally likely.
type sampler struct{ need, left int }

func (p *sampler) take() bool {
	take := rand.IntN(p.left) < p.need
	p.left--
	if take {
		p.need--
	}
	return take
}

// sampleMembers is randomMembers for distinct members, of which there are many
// more than n.
func sampleMembers(t Txn, prefix []byte, size, n int, visit func(member, raw []byte) error) error {
	seen := make(map[string]struct{}, n)
	take := func(member, raw []byte) error {
		if _, again := seen[string(member)]; again {
			return nil
		}
		seen[string(member)] = struct{}{}
		return visit(member, raw)
	}
	for range sampleTries {
		if err := randomMembers(t, prefix, size, n-len(seen), take); err != nil || len(seen) == n {
			return err
		}
	}
	return walkMembers(t, prefix, func(member, raw []byte) (bool, error) {
		err := take(member, raw)
		return len(seen) < n, err
	})
}

// sampleTries is more than enough unless someone has chosen members for their hash.
const sampleTries = 20

// Pop removes n random members, or all that there are, and visits them. Save must
// follow.
func (s *Set) Pop(n int, visit func(member []byte)) error {
	switch {
	case !s.Exists:
		return nil
	case n >= s.Len():
		if err := s.Each(func(m []byte) bool { visit(m); return true }); err != nil {
			return err
		}
		s.dropWindow()
		s.Key.Remove()
		s.changed = false
		return nil
	case s.Packed():
		for range n {
			m := s.at(rand.IntN(s.Len()))
			visit(m)
			if _, err := s.Remove(m); err != nil {
				return err
			}
		}
		return nil
	}
	w := s.t.Window(s.Name, s.Head.Version)
	if w.Kind != WindowRandom || len(w.Items) < n {
		if err := s.fillWindow(w, n); err != nil {
			return err
		}
	}
	if len(w.Items) < n {
		return layout.ErrCorrupt // fewer members than the head says
	}
	for _, item := range w.Items[:n] {
		visit(item.Member)
		s.t.Delete(s.Member(item.Member))
	}
	w.Items = w.Items[n:]
	s.Head.Count -= uint64(n)
	s.changed = true
	return nil
}

// fillWindow puts at least need members, of which there are more, into the window
// in random order: those behind a random position.
func (s *Set) fillWindow(w *Window, need int) error {
	if err := s.t.Heavy(need); err != nil {
		return err
	}
	w.Drop()
	prefix := s.Elements()
	from := append(s.t.Scratch(len(prefix)+8), prefix...)
	from = layout.AppendMemberHash(from, rand.Uint64N(layout.MemberHashMax+1))
	f, size := newWindowFiller(need), s.Len()
	add := func(key, _ []byte) (bool, error) {
		_, member, err := layout.SplitMember(key[len(prefix):])
		if err != nil {
			return false, err
		}
		f.Add(member, 0)
		return len(f.List) < size && !f.full(), nil
	}
	err := s.t.Walk(from, prefixEnd(s.t, prefix), false, add)
	if err == nil && len(f.List) < size && !f.full() { // go on at the beginning
		err = s.t.Walk(prefix, from, false, add)
	}
	if err != nil {
		return err
	}
	rand.Shuffle(len(f.List), func(i, j int) { f.List[i], f.List[j] = f.List[j], f.List[i] })
	w.Kind, w.Items = WindowRandom, f.List
	return nil
}

func (s *Set) dropWindow() {
	if !s.Packed() {
		s.t.Window(s.Name, s.Head.Version).Drop()
	}
}

// joinWindow lets a new member be popped with the others: into a window that shows
// most of the set it comes as likely as they did. Otherwise its turn comes with a
// later window.
func (s *Set) joinWindow(member []byte) {
	w := s.t.Window(s.Name, s.Head.Version)
	n, size := len(w.Items), s.Len()
	if w.Kind != WindowRandom || n == 0 || 2*n < size || n >= windowSize || len(member) > windowMember || rand.IntN(size) >= n {
		return
	}
	i := rand.IntN(n + 1)
	w.Items = append(w.Items, WindowItem{Member: bytes.Clone(member)})
	w.Items[i], w.Items[n] = w.Items[n], w.Items[i]
}

// leaveWindow follows the removal of a member.
func (s *Set) leaveWindow(member []byte) {
	w := s.t.Window(s.Name, s.Head.Version)
	i := slices.IndexFunc(w.Items, func(it WindowItem) bool { return bytes.Equal(it.Member, member) })
	if i < 0 {
		return
	}
	last := len(w.Items) - 1
	w.Items[i] = w.Items[last]
	w.Items = w.Items[:last]
}
