package listpack

import "errors"

// ErrCorrupt is returned by Validate for bytes that are not a listpack.
var ErrCorrupt = errors.New("listpack: corrupt")

// Validate checks every byte of a listpack from an untrusted source and
// returns nil or ErrCorrupt. It accepts what Redis's deep integrity check
// accepts: the length matches the header, every entry lies inside, backward
// lengths agree, the terminator is the last byte, and a known count is right.
func Validate(lp []byte) error {
	if len(lp) < MinBytes || Bytes(lp) != len(lp) || lp[len(lp)-1] != eof {
		return ErrCorrupt
	}
	count, off := 0, headerLen
	for lp[off] != eof {
		end := validEntry(lp, off)
		if end < 0 {
			return ErrCorrupt
		}
		off = end
		count++
	}
	if off != len(lp)-1 {
		return ErrCorrupt
	}
	if n := headerCount(lp); n != unknownCount && n != count {
		return ErrCorrupt
	}
	return nil
}

// validEntry returns the offset just past the entry at off, which is at most
// len(lp)-1, or -1 if the entry is malformed.
func validEntry(lp []byte, off int) int {
	if off+lenHeader(lp[off]) > len(lp)-1 {
		return -1
	}
	n := dataLen(lp, off)
	end := off + n + backlenSize(n)
	if n == 0 || end > len(lp)-1 || decodeBacklen(lp, end-1) != n {
		return -1
	}
	return end
}

// lenHeader returns how many bytes of an entry must be present for dataLen.
func lenHeader(c byte) int {
	switch {
	case c >= enc12BitStr && c < enc32BitStr:
		return 2
	case c == enc32BitStr:
		return 5
	}
	return 1
}
