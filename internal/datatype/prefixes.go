package datatype

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/crlib/crbytes"

	"github.com/haypile/haypile/internal/layout"
)

// Prefixes is the dictionary behind the cursors of SCAN. User keys are kept in
// byte order, and a cursor must be a number below 2^53 (clients keep it in a
// double), so that it cannot hold a key. It holds the number of a known prefix
// and the five bytes that follow it:
//
//	cursor = number<<40 | five bytes, padded with zeros
//
// and stands for the place of the bytes so spelled, trailing zeros left out, in
// the order of keys. Number 1 is the empty prefix. Others are learned where five
// bytes do not tell keys apart, and are stored in the database for ever, so that
// cursors outlive the process.
//
// A place is always the beginning of the key it was made for, and gets longer,
// never shorter, when more prefixes are known. A Prefixes is never changed.
type Prefixes struct {
	byNumber [][]byte // of number i+1
	sorted   []numberedPrefix
}

type numberedPrefix struct {
	prefix []byte
	number int
}

const (
	cursorBytes   = 5
	cursorShift   = 8 * cursorBytes
	maxPrefixes   = 1<<13 - 1 // 13 bits are left of 53
	maxPrefixLen  = 1024      // bounds the memory of the dictionary
	prefixKeySize = 4
)

// prefixSpace is where prefixes are stored: prefixSpace, number → prefix.
var (
	prefixSpace    = []byte{layout.SpaceSystem, 'c'}
	prefixSpaceEnd = []byte{layout.SpaceSystem, 'c' + 1}
)

// NoPrefixes is the dictionary of an empty database.
var NoPrefixes = &Prefixes{byNumber: [][]byte{{}}, sorted: []numberedPrefix{{nil, 1}}}

// LoadPrefixes reads a database's dictionary.
func LoadPrefixes(t Txn) (*Prefixes, error) {
	it, err := t.Iter(prefixSpace, prefixSpaceEnd)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	p := &Prefixes{byNumber: slices.Clone(NoPrefixes.byNumber)}
	for ok := it.First(); ok; ok = it.Next() {
		key := it.Key()
		if len(key) != prefixKeySize || int(binary.BigEndian.Uint16(key[2:])) != len(p.byNumber)+1 {
			return nil, layout.ErrCorrupt
		}
		p.byNumber = append(p.byNumber, bytes.Clone(it.Value()))
	}
	p.sort()
	return p, it.Error()
}

func (p *Prefixes) sort() {
	p.sorted = p.sorted[:0]
	for i, prefix := range p.byNumber {
		p.sorted = append(p.sorted, numberedPrefix{prefix, i + 1})
	}
	slices.SortFunc(p.sorted, func(a, b numberedPrefix) int { return bytes.Compare(a.prefix, b.prefix) })
}

// Full says that no more can be learned.
func (p *Prefixes) Full() bool { return len(p.byNumber) >= maxPrefixes }

// Has says whether a prefix is known.
func (p *Prefixes) Has(prefix []byte) bool {
	_, found := p.search(prefix)
	return found
}

// With returns the dictionary with one more prefix.
func (p *Prefixes) With(prefix []byte) *Prefixes {
	q := &Prefixes{byNumber: append(slices.Clip(p.byNumber), bytes.Clone(prefix))}
	q.sort()
	return q
}

// StoreLast writes the prefix that With has added.
func (p *Prefixes) StoreLast(t Txn) {
	n := len(p.byNumber)
	key := append(t.Scratch(prefixKeySize), prefixSpace...)
	t.Put(binary.BigEndian.AppendUint16(key, uint16(n)), p.byNumber[n-1])
}

// DropPrefixes forgets all that was learned.
func DropPrefixes(t Txn) { t.DeleteRange(prefixSpace, prefixSpaceEnd) }

func (p *Prefixes) search(prefix []byte) (at int, found bool) {
	return slices.BinarySearchFunc(p.sorted, prefix, func(e numberedPrefix, b []byte) int { return bytes.Compare(e.prefix, b) })
}

// longest returns the longest known prefix of a key.
func (p *Prefixes) longest(key []byte) numberedPrefix {
	for {
		at, found := p.search(key)
		if !found {
			at-- // the empty prefix is below everything
		}
		e := p.sorted[at]
		if bytes.HasPrefix(key, e.prefix) {
			return e
		}
		key = key[:crbytes.CommonPrefix(key, e.prefix)]
	}
}

// place returns how many bytes of a key its cursor stands for.
func (p *Prefixes) place(key []byte) int {
	from := len(p.longest(key).prefix)
	to := min(from+cursorBytes, len(key))
	for to > from && key[to-1] == 0 {
		to--
	}
	return to
}

// cursor returns the cursor from which a scan goes on with key.
func (p *Prefixes) cursor(key []byte) uint64 {
	e := p.longest(key)
	var b [8]byte
	copy(b[8-cursorBytes:], key[len(e.prefix):])
	return uint64(e.number)<<cursorShift | binary.BigEndian.Uint64(b[:])
}

// seek appends the place of a cursor; false means that no scan gave it.
func (p *Prefixes) seek(dst []byte, cursor uint64) ([]byte, bool) {
	number := max(1, cursor>>cursorShift) // small numbers made up by a client are as good as any
	if number > uint64(len(p.byNumber)) {
		return dst, false
	}
	dst = append(dst, p.byNumber[number-1]...)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], cursor)
	rest := b[8-cursorBytes:]
	return append(dst, bytes.TrimRight(rest, "\x00")...), true
}
