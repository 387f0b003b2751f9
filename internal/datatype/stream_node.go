package datatype

import (
	"github.com/cespare/xxhash/v2"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/layout"
)

// Redis keeps the entries of a stream in nodes, listpacks of bounded size, and
// approximate trimming removes whole nodes only. Haypile keeps entries one by one and
// only marks those with which Redis would begin a node.

// joinNode puts an entry, whose strings have so many bytes, into the last node, and says whether
// it begins a new one.
func joinNode(n *layout.StreamNode, lim *Limits, id layout.StreamID, fields [][]byte, size int) (starts bool) {
	names := hashNames(fields)
	maxBytes := lim.StreamNodeMaxBytes
	if maxBytes == 0 || maxBytes > listpack.MaxBytes {
		maxBytes = listpack.MaxBytes
	}
	starts = n.Entries == 0 || int64(n.Bytes)+int64(size) >= maxBytes ||
		lim.StreamNodeMaxEntries > 0 && int64(n.Entries) >= lim.StreamNodeMaxEntries
	if starts {
		*n = layout.StreamNode{First: id, Fields: names, Bytes: nodeHeadBytes(fields)}
	}
	n.Bytes += nodeEntryBytes(n, id, fields, names == n.Fields)
	n.Entries++
	return starts
}

// nodeHeadBytes is what a node has before its entries: their number, that of the
// deleted ones, and the field names.
func nodeHeadBytes(fields [][]byte) uint32 {
	n := listpack.MinBytes + 2*listpack.IntBytes(1) + listpack.IntBytes(int64(len(fields)/2)) + listpack.IntBytes(0)
	for i := 0; i < len(fields); i += 2 {
		n += listpack.EntryBytes(fields[i])
	}
	return uint32(n)
}

// nodeEntryBytes is what an entry takes in a node: flags, the differences of its ID, the
// fields unless they are the node's, the values, and how many items these are.
func nodeEntryBytes(node *layout.StreamNode, id layout.StreamID, fields [][]byte, sameFields bool) uint32 {
	items := len(fields)/2 + 3
	n := listpack.IntBytes(1) + listpack.IntBytes(int64(id.MS-node.First.MS)) + listpack.IntBytes(int64(id.Seq-node.First.Seq))
	if !sameFields {
		items += len(fields)/2 + 1
		n += listpack.IntBytes(int64(len(fields) / 2))
	}
	for i := 0; i < len(fields); i += 2 {
		if !sameFields {
			n += listpack.EntryBytes(fields[i])
		}
		n += listpack.EntryBytes(fields[i+1])
	}
	return uint32(n + listpack.IntBytes(int64(items)))
}

// hashNames sums up the field names and their number.
func hashNames(fields [][]byte) uint64 {
	h := uint64(len(fields))
	for i := 0; i < len(fields); i += 2 {
		h = h*0x9e3779b97f4a7c15 + xxhash.Sum64(fields[i])
	}
	return h
}
