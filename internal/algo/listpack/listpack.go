// Package listpack reads and edits Redis listpacks in their serialized form.
//
// A listpack is a flat sequence of strings and integers:
//
//	total bytes  uint32 LE
//	entry count  uint16 LE, 0xFFFF when 65535 or more (then it is unknown)
//	entries      encoding byte(s), payload, backward length
//	0xFF
//
// The package promises bytes identical to Redis 7.0's for the same edits, and
// these invariants: a listpack is a []byte whose length equals its header's
// total; an offset is the index of an entry's first byte and is always
// positive, -1 standing for "none"; an edit may move the listpack to a new
// array exactly as append does, so only the returned slice is valid after it,
// and offsets beyond the edited place shift.
//
// Bytes from outside must pass Validate first. After that no function panics
// for offsets obtained from this package. Functions do not retain their
// arguments, and the value given to an edit may point into the listpack being
// edited. Readers may run concurrently; an edit needs exclusive access.
//
// The header's total is 32 bits wide: callers keep a listpack below MaxBytes
// (see SafeToAdd), which is Redis's own safety limit.
package listpack

import "encoding/binary"

const (
	headerLen    = 6
	unknownCount = 0xFFFF
	eof          = 0xFF

	// MinBytes is the size in bytes of an empty listpack.
	MinBytes = headerLen + 1
	// MaxBytes is the size in bytes past which Redis starts a new listpack or
	// converts the value instead of growing one.
	MaxBytes = 1 << 30
)

// New returns a fresh empty listpack.
func New() []byte { return []byte{MinBytes, 0, 0, 0, 0, 0, eof} }

// Bytes returns the total size in bytes recorded in the header.
func Bytes(lp []byte) int { return int(binary.LittleEndian.Uint32(lp)) }

// SafeToAdd reports whether n more bytes keep lp within MaxBytes.
func SafeToAdd(lp []byte, n int) bool { return len(lp)+n <= MaxBytes }

func headerCount(lp []byte) int { return int(binary.LittleEndian.Uint16(lp[4:])) }

func setHeaderCount(lp []byte, n int) {
	binary.LittleEndian.PutUint16(lp[4:], uint16(min(n, unknownCount)))
}

func setBytes(lp []byte) { binary.LittleEndian.PutUint32(lp, uint32(len(lp))) }

// Len returns the number of entries. It reads the header in O(1) unless the
// count is unknown, when it walks all entries. Unlike Redis's lpLength it
// never writes the count back; see RestoreLen.
func Len(lp []byte) int {
	if n := headerCount(lp); n != unknownCount {
		return n
	}
	n := 0
	for off := First(lp); off >= 0; off = Next(lp, off) {
		n++
	}
	return n
}

// RestoreLen returns Len(lp) and, as Redis's lpLength does, stores a count
// that had become unknown but fits the header again.
func RestoreLen(lp []byte) int {
	n := Len(lp)
	if n < unknownCount {
		setHeaderCount(lp, n)
	}
	return n
}

// First returns the offset of the first entry, or -1 if lp is empty.
func First(lp []byte) int {
	if lp[headerLen] == eof {
		return -1
	}
	return headerLen
}

// Last returns the offset of the last entry, or -1 if lp is empty.
func Last(lp []byte) int { return Prev(lp, len(lp)-1) }

// Next returns the offset of the entry after the one at off, or -1.
func Next(lp []byte, off int) int {
	off += entryLen(lp, off)
	if lp[off] == eof {
		return -1
	}
	return off
}

// Prev returns the offset of the entry before the one at off, or -1. The
// terminator's offset, len(lp)-1, is a valid off.
func Prev(lp []byte, off int) int {
	if off <= headerLen {
		return -1
	}
	n := decodeBacklen(lp, off-1)
	return off - n - backlenSize(n)
}

// Seek returns the offset of the entry at index, or -1 when there is none. A
// negative index counts from the end, -1 being the last entry. It walks from
// the nearer side when the count is known.
func Seek(lp []byte, index int) int {
	forward := index >= 0
	if n := headerCount(lp); n != unknownCount {
		if index < 0 {
			index += n
		}
		if index < 0 || index >= n {
			return -1
		}
		forward = index <= n/2
		if !forward {
			index -= n
		}
	}
	if forward {
		off := First(lp)
		for ; index > 0 && off >= 0; index-- {
			off = Next(lp, off)
		}
		return off
	}
	off := Last(lp)
	for ; index < -1 && off >= 0; index++ {
		off = Prev(lp, off)
	}
	return off
}
