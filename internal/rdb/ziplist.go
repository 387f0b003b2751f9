package rdb

import (
	"encoding/binary"
	"fmt"

	"github.com/haypile/haypile/internal/algo/numeric"
)

// A ziplist is what Redis had before the listpack: total bytes u32, offset of the last entry u32, number of
// entries u16 (65535: many), entries, 0xff. An entry has the length of the one before, an encoding, and data.
const (
	zipHeader   = 10
	zipEnd      = 255
	zipLongPrev = 254
	zipMany     = 65535
)

var errZiplist = fmt.Errorf("%w: not a ziplist", ErrCorrupt)

// eachZiplist visits the entries of a ziplist.
func eachZiplist(b []byte, visit func(entry []byte) error) error {
	if len(b) < zipHeader+1 || int(binary.LittleEndian.Uint32(b)) != len(b) || b[len(b)-1] != zipEnd {
		return errZiplist
	}
	tail, claimed := int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint16(b[8:]))
	n, at, last := 0, zipHeader, zipHeader
	for before := 0; at < len(b)-1; n++ {
		text, size, ok := zipEntry(b[at:len(b)-1], before)
		if !ok {
			return errZiplist
		}
		if err := visit(text); err != nil {
			return err
		}
		last, before = at, size
		at += size
	}
	if tail != last || claimed != zipMany && claimed != n {
		return errZiplist
	}
	return nil
}

// zipEntry reads the entry at the beginning of b. before is the size of the one before it.
func zipEntry(b []byte, before int) (text []byte, size int, ok bool) {
	if len(b) == 0 {
		return nil, 0, false
	}
	prev, head := int(b[0]), 1
	switch {
	case prev == zipEnd:
		return nil, 0, false
	case prev == zipLongPrev:
		if len(b) < 5 {
			return nil, 0, false
		}
		prev, head = int(binary.LittleEndian.Uint32(b[1:])), 5
	}
	if prev != before || len(b) <= head {
		return nil, 0, false
	}
	text, used, ok := zipData(b[head:])
	return text, head + used, ok
}

func zipData(b []byte) (text []byte, used int, ok bool) {
	c := b[0]
	n, head := uint64(c&63), 1
	switch {
	case c>>6 == 3:
		return zipInt(b)
	case c>>6 == 1:
		if len(b) < 2 {
			return nil, 0, false
		}
		n, head = n<<8|uint64(b[1]), 2
	case c>>6 == 2:
		if len(b) < 5 {
			return nil, 0, false
		}
		n, head = uint64(binary.BigEndian.Uint32(b[1:])), 5
	}
	if n > uint64(len(b)-head) {
		return nil, 0, false
	}
	return b[head : head+int(n)], head + int(n), true
}

// zipInt reads an integer; small ones are in the encoding.
func zipInt(b []byte) (text []byte, used int, ok bool) {
	sizes := map[byte]int{0xc0: 2, 0xd0: 4, 0xe0: 8, 0xf0: 3, 0xfe: 1}
	c := b[0]
	size, known := sizes[c]
	switch {
	case !known && c > 0xf0 && c < 0xfe:
		return numeric.AppendInt(nil, int64(c&15)-1), 1, true
	case !known || len(b) < 1+size:
		return nil, 0, false
	}
	var n uint64
	for i := size; i > 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	shift := 64 - 8*size
	return numeric.AppendInt(nil, int64(n<<shift)>>shift), 1 + size, true
}
