package rdb

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Kind is the data type of a value.
type Kind uint8

const (
	String Kind = iota
	List
	Set
	ZSet
	Hash
	Stream
)

// Codes of values. Those up to hashListpackEx are of Redis 7.4, which is RDB version 12.
const (
	codeString = iota
	codeList
	codeSet
	codeZSet // scores are text
	codeHash
	codeZSet2 // scores are binary
	codeModule
	codeModule2
	_
	codeHashZipmap
	codeListZiplist
	codeSetIntset
	codeZSetZiplist
	codeHashZiplist
	codeQuicklist
	codeStream
	codeHashListpack
	codeZSetListpack
	codeQuicklist2
	codeStream2
	codeSetListpack
	codeStream3
	codeHashTimesEarly // before 7.4 was released
	codeHashListpackTimesEarly
	codeHashTimes
	codeHashListpackTimes
)

// Element is one element of a collection, or the value of a string. What it points to is valid
// during the visit.
type Element struct {
	Key      []byte  // of a list, set or sorted set: the element; of a hash: the field; of a string: the value
	Value    []byte  // of a hash
	Score    float64 // of a sorted set
	ExpireMS int64   // of a field of a hash; 0: does not expire
}

// Visitor is told what a value consists of. Elements may be given twice if the bytes are wrong:
// who minds looks for that. An error of a Visitor ends the reading and is returned.
type Visitor interface {
	// Start comes first. n is how many elements there may be, as the bytes claim; 0 is unknown.
	Start(kind Kind, n uint64) error
	Element(e *Element) error
	StreamVisitor
}

// ErrModule is for values that are in order but cannot be taken.
var ErrModule = errors.New("the value belongs to a module of Redis")

// Value reads a value of the given code. A collection without elements is corrupt, as in Redis.
func (r *Reader) Value(code byte, v Visitor) error {
	s := counter{Visitor: v}
	if err := r.value(code, &s); err != nil {
		return err
	}
	if s.n == 0 && s.kind != Stream {
		return fmt.Errorf("%w: a collection without elements", ErrCorrupt)
	}
	return nil
}

// counter counts what a Visitor is given.
type counter struct {
	Visitor
	kind Kind
	n    uint64
	e    Element
}

func (s *counter) Start(kind Kind, n uint64) error {
	s.kind = kind
	return s.Visitor.Start(kind, n)
}

func (s *counter) give(e Element) error {
	s.n++
	s.e = e
	return s.Visitor.Element(&s.e)
}

func (r *Reader) value(code byte, s *counter) error {
	switch code {
	case codeString:
		return r.string(s)
	case codeList, codeSet:
		return r.plain(code, s)
	case codeZSet, codeZSet2:
		return r.zset(code == codeZSet2, s)
	case codeHash:
		return r.hash(s)
	case codeHashTimes, codeHashTimesEarly:
		return r.hashTimes(code == codeHashTimes, s)
	case codeQuicklist, codeQuicklist2:
		return r.quicklist(code == codeQuicklist2, s)
	case codeHashListpackTimes:
		if _, err := r.uint64(); err != nil { // the least time of all fields
			return err
		}
		return r.packed(code, s)
	case codeHashZipmap, codeListZiplist, codeSetIntset, codeZSetZiplist, codeHashZiplist, codeHashListpack, codeZSetListpack,
		codeSetListpack, codeHashListpackTimesEarly:
		return r.packed(code, s)
	case codeStream, codeStream2, codeStream3:
		return r.stream(code, s)
	case codeModule, codeModule2:
		return ErrModule
	}
	return fmt.Errorf("%w: %d is no type of a value up to Redis 7.4", ErrCorrupt, code)
}

func (r *Reader) string(s *counter) error {
	if err := s.Start(String, 1); err != nil {
		return err
	}
	val, err := r.String()
	if err != nil {
		return err
	}
	return s.give(Element{Key: val})
}

// start reads the number of elements and tells the Visitor.
func (r *Reader) start(kind Kind, s *counter) (uint64, error) {
	n, err := r.count()
	if err != nil {
		return 0, err
	}
	return n, s.Start(kind, n)
}

func (r *Reader) plain(code byte, s *counter) error {
	kind := List
	if code == codeSet {
		kind = Set
	}
	n, err := r.start(kind, s)
	for ; n > 0 && err == nil; n-- {
		var val []byte
		if val, err = r.String(); err == nil {
			err = s.give(Element{Key: val})
		}
	}
	return err
}

func (r *Reader) zset(binary bool, s *counter) error {
	n, err := r.start(ZSet, s)
	for ; n > 0 && err == nil; n-- {
		err = r.scored(binary, s)
	}
	return err
}

func (r *Reader) scored(binary bool, s *counter) error {
	member, err := r.String()
	if err != nil {
		return err
	}
	if r.src != nil { // reading on may move it
		r.key = append(r.key[:0], member...)
		member = r.key
	}
	score, err := r.score(binary)
	if err != nil {
		return err
	}
	return giveScored(s, member, score)
}

func giveScored(s *counter, member []byte, score float64) error {
	if math.IsNaN(score) {
		return fmt.Errorf("%w: a score that is no number", ErrCorrupt)
	}
	return s.give(Element{Key: member, Score: score})
}

// Lengths of scores in text that are none.
const (
	scoreNaN = 253
	scoreInf = 254
	scoreNeg = 255
)

func (r *Reader) score(binary bool) (float64, error) {
	if binary {
		return r.double()
	}
	n, err := r.byte()
	if err != nil {
		return 0, err
	}
	switch n {
	case scoreNaN:
		return math.NaN(), nil
	case scoreInf:
		return math.Inf(1), nil
	case scoreNeg:
		return math.Inf(-1), nil
	}
	text, err := r.next(uint64(n))
	if err != nil {
		return 0, err
	}
	return parseScore(text)
}

func parseScore(text []byte) (float64, error) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%w: %q is no score", ErrCorrupt, text)
	}
	return f, nil
}

func (r *Reader) hash(s *counter) error {
	n, err := r.start(Hash, s)
	for ; n > 0 && err == nil; n-- {
		var field, val []byte
		if field, val, err = r.pair(); err == nil {
			err = s.give(Element{Key: field, Value: val})
		}
	}
	return err
}

// maxTime is more milliseconds than Redis lets fields live.
const maxTime = 1 << 48

// hashTimes reads a hash with fields that expire. Their times count from the least of all, and 0 is
// none; early ones were absolute.
func (r *Reader) hashTimes(relative bool, s *counter) error {
	least := uint64(1)
	if relative {
		var err error
		if least, err = r.uint64(); err != nil {
			return err
		}
	}
	n, err := r.start(Hash, s)
	for ; n > 0 && err == nil; n-- {
		err = r.timedField(least, s)
	}
	return err
}

func (r *Reader) timedField(least uint64, s *counter) error {
	at, err := r.count()
	if err != nil {
		return err
	}
	if at != 0 {
		if at += least - 1; at > maxTime {
			return fmt.Errorf("%w: a field expires at %d", ErrCorrupt, at)
		}
	}
	field, val, err := r.pair()
	if err != nil {
		return err
	}
	return s.give(Element{Key: field, Value: val, ExpireMS: int64(at)})
}
