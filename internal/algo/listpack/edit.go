package listpack

import (
	"bytes"
	"unsafe"

	"github.com/haypile/haypile/internal/algo/numeric"
)

// Append adds v as the last entry and returns the listpack. A v that is the
// canonical decimal form of an int64 is stored as an integer.
func Append(lp, v []byte) []byte {
	return splice(lp, len(lp)-1, 0, formOf(detach(lp, v)), 1)
}

// AppendInt adds n as the last entry and returns the listpack.
func AppendInt(lp []byte, n int64) []byte {
	return splice(lp, len(lp)-1, 0, formOfInt(n), 1)
}

// Prepend adds v as the first entry and returns the listpack.
func Prepend(lp, v []byte) []byte {
	return splice(lp, headerLen, 0, formOf(detach(lp, v)), 1)
}

// Insert adds v before or after the entry at off and returns the listpack.
// Before, the new entry is at off; after, it is at Next of off. The
// terminator's offset with before set appends.
func Insert(lp []byte, off int, before bool, v []byte) []byte {
	if !before {
		off += entryLen(lp, off)
	}
	return splice(lp, off, 0, formOf(detach(lp, v)), 1)
}

// Replace stores v in place of the entry at off, which stays its offset, and
// returns the listpack.
func Replace(lp []byte, off int, v []byte) []byte {
	return splice(lp, off, entryLen(lp, off), formOf(detach(lp, v)), 0)
}

// ReplaceInt stores n in place of the entry at off, which stays its offset,
// and returns the listpack.
func ReplaceInt(lp []byte, off int, n int64) []byte {
	return splice(lp, off, entryLen(lp, off), formOfInt(n), 0)
}

// splice puts f over the old bytes at off and adds added to the count.
func splice(lp []byte, off, old int, f form, added int) []byte {
	size, was := f.total(), len(lp)
	if grow := size - old; grow > 0 {
		lp = append(lp, make([]byte, grow)...)
	}
	copy(lp[off+size:], lp[off+old:was])
	lp = lp[:was+size-old]
	f.put(lp[off:])
	setBytes(lp)
	if n := headerCount(lp); n != unknownCount {
		setHeaderCount(lp, n+added)
	}
	return lp
}

// detach copies v when it shares memory with lp's array, because an edit moves
// bytes of that array before it writes v.
func detach(lp, v []byte) []byte {
	if len(v) == 0 || cap(lp) == 0 {
		return v
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(lp)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(v)))
	if at+uintptr(len(v)) <= start || at >= start+uintptr(cap(lp)) {
		return v
	}
	return bytes.Clone(v)
}

// Delete removes up to n consecutive entries starting with the one at off and
// returns the listpack; the entry that follows them, if any, is then at off.
func Delete(lp []byte, off, n int) []byte {
	if off < 0 || n <= 0 {
		return lp
	}
	tail, deleted := off, 0
	for deleted < n && lp[tail] != eof {
		tail += entryLen(lp, tail)
		deleted++
	}
	kept := copy(lp[off:], lp[tail:])
	lp = lp[:off+kept]
	setBytes(lp)
	if c := headerCount(lp); c != unknownCount {
		setHeaderCount(lp, c-deleted)
	}
	return lp
}

// Merge returns a with all entries of b after its own. It may reuse a's array
// and never writes to b.
func Merge(a, b []byte) []byte {
	n := Len(a) + Len(b)
	b = detach(a, b)
	a = append(a[:len(a)-1], b[headerLen:]...)
	setBytes(a)
	setHeaderCount(a, n)
	return a
}

// Find returns the offset of the first entry equal to v, looking at the entry
// at start and then at every (skip+1)-th one, or -1. Integers match the
// canonical decimal form only.
func Find(lp []byte, start int, v []byte, skip int) int {
	if start < 0 {
		return -1
	}
	num, isInt := numeric.ParseInt64(v)
	left := 0
	for off := start; lp[off] != eof; {
		if left > 0 {
			left--
			off += entryLen(lp, off)
			continue
		}
		e := Get(lp, off)
		if e.IsInt {
			if isInt && e.Int == num {
				return off
			}
		} else if bytes.Equal(e.Str, v) {
			return off
		}
		left = skip
		off += entryLen(lp, off)
	}
	return -1
}
