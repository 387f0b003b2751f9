package datatype

import "github.com/haypile/haypile/internal/layout"

// How far a group has read is counted, and its lag follows from the count, as long as
// the count can be trusted: XDEL in what lies ahead makes it a guess, trimming past the
// group outdates it, and XSETID may contradict it. These are the rules of Redis 7.0 with
// the mends of Redis 7.2 and 8.

// EntriesRead is how many entries a group has read, UnknownRead where that is not known.
func (g *Group) EntriesRead() int64 {
	if g.Read > int64(g.s.Meta.Added) { // XSETID or ENTRIESREAD has said what cannot be
		return g.s.readAt(g.Last)
	}
	return g.Read
}

// Lag is how many entries a group has yet to be given; false when it cannot be known.
func (g *Group) Lag() (int64, bool) {
	s := g.s
	switch {
	case s.Len() == 0:
		return 0, true
	case g.passed() && s.Meta.MaxDeleted.Less(s.Meta.First):
		return int64(s.Len()), true
	}
	read := g.EntriesRead()
	if read == layout.UnknownRead || s.deletedFrom(g.Last) {
		read = s.readAt(g.Last)
	}
	return int64(s.Meta.Added) - read, read != layout.UnknownRead
}

// passed says whether everything up to the group's position is gone, and perhaps more
// that it has not read and does not count.
func (g *Group) passed() bool { return g.Last.Less(g.s.Meta.First) }

// advance notes that an entry is delivered.
func (g *Group) advance(id layout.StreamID) {
	if !g.Last.Less(id) {
		return
	}
	read := g.EntriesRead()
	if read != layout.UnknownRead && !g.passed() && !g.s.deletedFrom(g.Last) {
		g.Read = read + 1
	} else if g.s.Meta.Added > 0 {
		g.Read = g.s.readAt(id)
	}
	g.Last = id
}

// deletedFrom says whether entries from an ID on may have been removed by XDEL.
func (s *Stream) deletedFrom(id layout.StreamID) bool {
	return s.Meta.MaxDeleted != layout.StreamID{} && !s.Meta.MaxDeleted.Less(id)
}

// readAt is how many entries were added up to an ID, where that can be known.
func (s *Stream) readAt(id layout.StreamID) int64 {
	added, size := int64(s.Meta.Added), int64(s.Len())
	switch {
	case added == 0:
		return 0
	case size == 0 && !s.Meta.Last.Less(id), id == s.Meta.Last:
		return added
	case s.Meta.Last.Less(id), id != layout.StreamID{} && id.Less(s.Meta.MaxDeleted):
		return layout.UnknownRead
	}
	if s.Meta.MaxDeleted.Less(s.Meta.First) {
		switch id.Compare(s.Meta.First) {
		case -1:
			return added - size
		case 0:
			return added - size + 1
		}
	}
	return layout.UnknownRead
}
