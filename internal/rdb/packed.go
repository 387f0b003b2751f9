package rdb

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/haypile/haypile/internal/algo/intset"
	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/algo/numeric"
)

// packed reads a collection that is one string.
func (r *Reader) packed(code byte, s *counter) error {
	b, err := r.String()
	if err != nil {
		return err
	}
	if r.src != nil {
		b = bytes.Clone(b) // entries point into it
	}
	switch code {
	case codeHashZipmap:
		return zipmap(b, s)
	case codeSetIntset:
		return ints(b, s)
	case codeListZiplist:
		return spread(List, b, eachZiplist, s)
	case codeZSetZiplist:
		return spread(ZSet, b, eachZiplist, s)
	case codeHashZiplist:
		return spread(Hash, b, eachZiplist, s)
	case codeHashListpack:
		return spread(Hash, b, eachListpack, s)
	case codeZSetListpack:
		return spread(ZSet, b, eachListpack, s)
	case codeSetListpack:
		return spread(Set, b, eachListpack, s)
	}
	return timedFields(b, s)
}

// eachEntry visits the entries of packed bytes, which it checks.
type eachEntry func(b []byte, visit func(entry []byte) error) error

// spread gives the entries of packed bytes as elements.
func spread(kind Kind, b []byte, each eachEntry, s *counter) error {
	if err := s.Start(kind, 0); err != nil {
		return err
	}
	pairs := kind == Hash || kind == ZSet
	var first []byte
	half := false
	err := each(b, func(entry []byte) error {
		if pairs && !half {
			first, half = entry, true
			return nil
		}
		half = false
		switch kind {
		case Hash:
			return s.give(Element{Key: first, Value: entry})
		case ZSet:
			score, err := parseScore(entry)
			if err != nil {
				return err
			}
			return giveScored(s, first, score)
		}
		return s.give(Element{Key: entry})
	})
	if err == nil && half {
		err = fmt.Errorf("%w: half a pair", ErrCorrupt)
	}
	return err
}

// eachListpack visits the entries of a listpack.
func eachListpack(b []byte, visit func(entry []byte) error) error {
	if listpack.Validate(b) != nil {
		return fmt.Errorf("%w: not a listpack", ErrCorrupt)
	}
	for off := listpack.First(b); off >= 0; off = listpack.Next(b, off) {
		v := listpack.Get(b, off)
		if v.IsInt {
			v.Str = numeric.AppendInt(nil, v.Int)
		}
		if err := visit(v.Str); err != nil {
			return err
		}
	}
	return nil
}

// timedFields reads a listpack of field, value and time, which is 0 or absolute.
func timedFields(b []byte, s *counter) error {
	if err := s.Start(Hash, 0); err != nil {
		return err
	}
	var e [2][]byte
	at := 0
	err := eachListpack(b, func(entry []byte) error {
		if at < 2 {
			e[at] = entry
			at++
			return nil
		}
		at = 0
		ms, ok := numeric.ParseInt64(entry)
		if !ok || ms < 0 || ms > maxTime {
			return fmt.Errorf("%w: a field expires at %q", ErrCorrupt, entry)
		}
		return s.give(Element{Key: e[0], Value: e[1], ExpireMS: ms})
	})
	if err == nil && at != 0 {
		err = fmt.Errorf("%w: a field without its time", ErrCorrupt)
	}
	return err
}

func ints(b []byte, s *counter) error {
	if intset.Validate(b) != nil {
		return fmt.Errorf("%w: not an intset", ErrCorrupt)
	}
	if err := s.Start(Set, uint64(intset.Len(b))); err != nil {
		return err
	}
	var text [20]byte
	for i := range intset.Len(b) {
		if err := s.give(Element{Key: numeric.AppendInt(text[:0], intset.At(b, i))}); err != nil {
			return err
		}
	}
	return nil
}

// Kinds of nodes of a quicklist.
const (
	nodePlain  = 1
	nodePacked = 2
)

func (r *Reader) quicklist(second bool, s *counter) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	if err := s.Start(List, 0); err != nil {
		return err
	}
	for ; n > 0 && err == nil; n-- {
		err = r.node(second, s)
	}
	return err
}

func (r *Reader) node(second bool, s *counter) error {
	container, each := uint64(nodePacked), eachEntry(eachZiplist)
	if second {
		var err error
		if container, err = r.count(); err != nil {
			return err
		}
		each = eachListpack
	}
	b, err := r.String()
	switch {
	case err != nil:
		return err
	case container == nodePlain:
		return s.give(Element{Key: b})
	case container != nodePacked:
		return fmt.Errorf("%w: %d is no kind of a list's node", ErrCorrupt, container)
	}
	return each(b, func(entry []byte) error { return s.give(Element{Key: entry}) })
}

const (
	zipmapEnd  = 255
	zipmapLong = 254 // four bytes of length follow
)

// zipmap reads the small hashes of Redis before 2.6: the number of fields if it is below 254, then
// length, field, length, unused bytes, value.
func zipmap(b []byte, s *counter) error {
	if err := s.Start(Hash, 0); err != nil {
		return err
	}
	if len(b) < 2 {
		return errZipmap
	}
	claimed, rest := uint64(b[0]), b[1:]
	for {
		if len(rest) == 1 && rest[0] == zipmapEnd {
			if claimed < zipmapLong && claimed != s.n {
				return errZipmap
			}
			return nil
		}
		field, after, ok := zipmapText(rest, false)
		if !ok {
			return errZipmap
		}
		val, after, ok := zipmapText(after, true)
		if !ok {
			return errZipmap
		}
		if err := s.give(Element{Key: field, Value: val}); err != nil {
			return err
		}
		rest = after
	}
}

var errZipmap = fmt.Errorf("%w: not a zipmap", ErrCorrupt)

func zipmapText(b []byte, isValue bool) (text, rest []byte, ok bool) {
	if len(b) == 0 || b[0] == zipmapEnd {
		return nil, nil, false
	}
	n, head, unused := uint64(b[0]), 1, uint64(0)
	if n == zipmapLong {
		if len(b) < 5 {
			return nil, nil, false
		}
		n, head = uint64(binary.LittleEndian.Uint32(b[1:])), 5
	}
	if isValue {
		if len(b) <= head {
			return nil, nil, false
		}
		unused = uint64(b[head])
		head++
	}
	b = b[head:]
	if n+unused >= uint64(len(b)) { // the end mark must follow
		return nil, nil, false
	}
	return b[:n], b[n+unused:], true
}
