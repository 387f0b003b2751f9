// Package intset reads and edits Redis intsets in their serialized form.
//
// An intset is a sorted array of distinct integers of one width:
//
//	width in bytes  uint32 LE, 2, 4 or 8
//	element count   uint32 LE
//	elements        signed LE integers, ascending
//
// The package promises bytes identical to Redis 7.0's for the same edits, and
// these invariants: the slice's length is exactly 8 + width*count; the width
// is the narrowest that held every element ever added, so it never shrinks;
// an edit may move the set to a new array exactly as append does, and only the
// returned slice is valid after it.
//
// Bytes from outside must pass Validate first; after that nothing panics
// except At for an index outside [0, Len). Readers may run concurrently; an
// edit needs exclusive access.
package intset

import (
	"encoding/binary"
	"errors"
	"math"
)

const headerLen = 8

// ErrCorrupt is returned by Validate for bytes that are not an intset.
var ErrCorrupt = errors.New("intset: corrupt")

// New returns a fresh empty intset.
func New() []byte { return []byte{2, 0, 0, 0, 0, 0, 0, 0} }

// Len returns the number of elements.
func Len(is []byte) int { return int(binary.LittleEndian.Uint32(is[4:])) }

// Width returns the size of one element in bytes: 2, 4 or 8.
func Width(is []byte) int { return int(binary.LittleEndian.Uint32(is)) }

// At returns the i-th smallest element; i must be in [0, Len).
func At(is []byte, i int) int64 { return load(is, Width(is), i) }

func load(is []byte, width, i int) int64 {
	p := is[headerLen+width*i:]
	switch width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(p)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(p)))
	}
	return int64(binary.LittleEndian.Uint64(p))
}

func store(is []byte, width, i int, v int64) {
	p := is[headerLen+width*i:]
	switch width {
	case 2:
		binary.LittleEndian.PutUint16(p, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(p, uint32(v))
	default:
		binary.LittleEndian.PutUint64(p, uint64(v))
	}
}

func setHeader(is []byte, width, n int) {
	binary.LittleEndian.PutUint32(is, uint32(width))
	binary.LittleEndian.PutUint32(is[4:], uint32(n))
}

// widthOf returns the narrowest element size in bytes that holds v.
func widthOf(v int64) int {
	switch {
	case v < math.MinInt32 || v > math.MaxInt32:
		return 8
	case v < math.MinInt16 || v > math.MaxInt16:
		return 4
	}
	return 2
}

// Search returns the index of v, or the index where v would be inserted and
// false.
func Search(is []byte, v int64) (pos int, found bool) {
	width, lo, hi := Width(is), 0, Len(is)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if load(is, width, mid) < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < Len(is) && load(is, width, lo) == v
}

// Has reports whether v is an element.
func Has(is []byte, v int64) bool {
	_, found := Search(is, v)
	return found
}

// Add returns the set with v in it and whether v was new.
func Add(is []byte, v int64) ([]byte, bool) {
	width, n := Width(is), Len(is)
	if need := widthOf(v); need > width {
		return widen(is, width, need, n, v), true
	}
	pos, found := Search(is, v)
	if found {
		return is, false
	}
	is = append(is, make([]byte, width)...)
	at := headerLen + width*pos
	copy(is[at+width:], is[at:])
	store(is, width, pos, v)
	setHeader(is, width, n+1)
	return is, true
}

// widen re-encodes n elements from width to need bytes each and adds v, which
// lies outside the old range and therefore goes to one of the ends.
func widen(is []byte, width, need, n int, v int64) []byte {
	is = append(is, make([]byte, need*(n+1)-width*n)...)
	shift := 0
	if v < 0 {
		shift = 1
	}
	// From the last element down, so that no element is overwritten unread.
	for i := n - 1; i >= 0; i-- {
		store(is, need, i+shift, load(is, width, i))
	}
	if v < 0 {
		store(is, need, 0, v)
	} else {
		store(is, need, n, v)
	}
	setHeader(is, need, n+1)
	return is
}

// Remove returns the set without v and whether v was in it.
func Remove(is []byte, v int64) ([]byte, bool) {
	pos, found := Search(is, v)
	if !found {
		return is, false
	}
	width, n := Width(is), Len(is)
	at := headerLen + width*pos
	copy(is[at:], is[at+width:])
	is = is[:len(is)-width]
	setHeader(is, width, n-1)
	return is, true
}

// Validate checks every byte of an intset from an untrusted source and returns
// nil or ErrCorrupt. As in Redis's deep integrity check an empty set is
// refused, because no stored key may be empty.
func Validate(is []byte) error {
	if len(is) < headerLen {
		return ErrCorrupt
	}
	width, n := Width(is), Len(is)
	if width != 2 && width != 4 && width != 8 {
		return ErrCorrupt
	}
	if n == 0 || uint64(len(is)) != headerLen+uint64(width)*uint64(n) {
		return ErrCorrupt
	}
	for i := 1; i < n; i++ {
		if load(is, width, i-1) >= load(is, width, i) {
			return ErrCorrupt
		}
	}
	return nil
}
