package datatype

import "github.com/haypile/haypile/internal/layout"

// How far a group has read is counted, and its lag follows from the count, as long as
// the count can be trusted: XDEL in what lies ahead makes it a guess. These are the
// rules of Redis 7.0.

// Lag is how many entries a group has yet to be given; false when it cannot be known.
func (g *Group) Lag() (int64, bool) {
	s := g.s
	if s.Meta.Added == 0 {
		return 0, true
	}
	read := g.Read
	if read == layout.UnknownRead || s.deletedFrom(g.Last) {
		read = s.readAt(g.Last)
	}
	return int64(s.Meta.Added) - read, read != layout.UnknownRead
}

// advance notes that an entry is delivered.
func (g *Group) advance(id layout.StreamID) {
	if !g.Last.Less(id) {
		return
	}
	if g.Read != layout.UnknownRead && !g.s.deletedFrom(id) {
		g.Read++
	} else if g.s.Meta.Added > 0 {
		g.Read = g.s.readAt(id)
	}
	g.Last = id
}

// deletedFrom says whether entries from an ID on may have been removed by XDEL, other
// than before the first one.
func (s *Stream) deletedFrom(id layout.StreamID) bool {
	return s.Len() > 0 && !s.Meta.MaxDeleted.Less(s.Meta.First) && !s.Meta.MaxDeleted.Less(id)
}

// readAt is how many entries were added up to an ID, where that can be known.
func (s *Stream) readAt(id layout.StreamID) int64 {
	added, size := int64(s.Meta.Added), int64(s.Len())
	switch {
	case added == 0:
		return 0
	case size == 0 && !s.Meta.Last.Less(id), id == s.Meta.Last:
		return added
	case s.Meta.Last.Less(id):
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
