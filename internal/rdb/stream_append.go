package rdb

import (
	"encoding/binary"

	"github.com/haypile/haypile/internal/algo/listpack"
)

// A stream is written as AppendStream, its nodes, AppendStreamMeta; then each group as AppendStreamGroup, its pending
// entries, the number of its consumers, and those.

// AppendStream begins a stream of so many nodes.
func AppendStream(dst []byte, nodes int) []byte {
	return AppendLength(append(dst, codeStream2), uint64(nodes))
}

// StreamNode gathers the entries of a node.
type StreamNode struct {
	first  StreamID
	n      int
	shared [][]byte // fields of the first entry
	lp     []byte   // entries
}

// Len is the number of entries.
func (s *StreamNode) Len() int { return s.n }

// Add adds an entry of fields and values.
func (s *StreamNode) Add(id StreamID, fields [][]byte) {
	if s.n == 0 {
		s.first, s.shared, s.lp = id, s.shared[:0], append(s.lp[:0], listpack.New()...)
		for i := 0; i < len(fields); i += 2 {
			s.shared = append(s.shared, append([]byte(nil), fields[i]...))
		}
	}
	s.n++
	shares := s.shares(fields)
	flags, parts := int64(0), int64(len(fields)+4)
	if shares {
		flags, parts = entryShares, int64(len(fields)/2+3)
	}
	lp := listpack.AppendInt(s.lp, flags)
	lp = listpack.AppendInt(listpack.AppendInt(lp, int64(id.MS-s.first.MS)), int64(id.Seq-s.first.Seq))
	if !shares {
		lp = listpack.AppendInt(lp, int64(len(fields)/2))
	}
	for i, f := range fields {
		if i%2 == 1 || !shares {
			lp = listpack.Append(lp, f)
		}
	}
	s.lp = listpack.AppendInt(lp, parts)
}

func (s *StreamNode) shares(fields [][]byte) bool {
	if len(fields) != 2*len(s.shared) {
		return false
	}
	for i, name := range s.shared {
		if string(name) != string(fields[2*i]) {
			return false
		}
	}
	return true
}

// Append appends the node and empties it.
func (s *StreamNode) Append(dst []byte) []byte {
	lp := listpack.AppendInt(listpack.AppendInt(listpack.New(), int64(s.n)), 0) // none deleted
	lp = listpack.AppendInt(lp, int64(len(s.shared)))
	for _, name := range s.shared {
		lp = listpack.Append(lp, name)
	}
	lp = listpack.Merge(listpack.AppendInt(lp, 0), s.lp)
	s.n = 0
	return AppendString(AppendString(dst, s.first.appendRaw(nil)), lp)
}

func (id StreamID) appendRaw(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, id.MS), id.Seq)
}

func (id StreamID) append(dst []byte) []byte { return AppendLength(AppendLength(dst, id.MS), id.Seq) }

// AppendStreamMeta appends what follows the nodes. first is 0-0 if there is no entry.
func AppendStreamMeta(dst []byte, m StreamMeta, first StreamID, groups int) []byte {
	dst = m.Last.append(AppendLength(dst, m.Length))
	dst = AppendLength(m.MaxDeleted.append(first.append(dst)), m.Added)
	return AppendLength(dst, uint64(groups))
}

// AppendStreamGroup begins a group with so many pending entries.
func AppendStreamGroup(dst, name []byte, last StreamID, read int64, pending uint64) []byte {
	return AppendLength(AppendLength(last.append(AppendString(dst, name)), uint64(read)), pending)
}

// AppendStreamPending appends a pending entry of a group; they are in order.
func AppendStreamPending(dst []byte, p StreamPending) []byte {
	dst = binary.LittleEndian.AppendUint64(p.ID.appendRaw(dst), uint64(p.DeliveredMS))
	return AppendLength(dst, p.Deliveries)
}

// AppendStreamConsumer begins a consumer with so many pending entries.
func AppendStreamConsumer(dst, name []byte, seenMS int64, pending uint64) []byte {
	return AppendLength(binary.LittleEndian.AppendUint64(AppendString(dst, name), uint64(seenMS)), pending)
}

// AppendStreamOwned appends a pending entry of a consumer.
func AppendStreamOwned(dst []byte, id StreamID) []byte { return id.appendRaw(dst) }
