package layout

import (
	"encoding/binary"
	"fmt"
)

// Type is the data type of a user key. The numbers are on disk.
type Type uint8

const (
	TypeNone Type = iota
	TypeString
	TypeList
	TypeSet
	TypeZSet
	TypeHash
	TypeStream
)

var typeNames = [...]string{"none", "string", "list", "set", "zset", "hash", "stream"}

// String is the name that TYPE replies.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// Encoding is how the value of a key is kept. The numbers are on disk.
type Encoding uint8

const (
	EncRaw      Encoding = iota // string bytes
	EncEdited                   // string bytes that were changed in place; OBJECT ENCODING says raw
	EncListpack                 // a whole small collection in Redis's listpack bytes
	EncIntset                   // a whole small set of integers in Redis's intset bytes
	EncExpanded                 // counters here, one pair per element, or piece of a string, elsewhere
)

// Head is the value of a head pair:
//
//	byte 0     type | encoding<<4
//	byte 1     flags
//	8 bytes    expiry, Unix ms (if flagExpires)
//	8 bytes    time of the first field that expires, Unix ms (if flagFields)
//	uvarint n, n bytes: the name that the elements' keys have (if flagHome)
//	rest       EncExpanded: version 8, count 8, for lists first 8, next 8 (if flagSpent:
//	           low 8, high 8), and for streams their StreamMeta as Value
//	           otherwise: the value itself
type Head struct {
	Type     Type
	Encoding Encoding
	ExpireMS int64 // 0: does not expire
	FieldsMS int64 // expanded hashes: no field expires before; 0: none has a time

	// Value holds string bytes, a listpack, an intset or the StreamMeta of a stream
	// (which is always expanded); nil in other expanded collections.
	Value []byte

	// Home is the name that the keys of the elements have, where that is not the key's own: it was renamed. The head of
	// such a key is written with every change of its elements, as replicas find by names in pairs whom to tell of a change.
	Home []byte

	// Of expanded collections, and of strings in pieces.
	Version uint64
	Count   uint64 // elements; bytes of a string
	First   int64  // lists: position of the first element
	Next    int64  // lists: position after the last element
	Low     int64  // lists: position of the first pair; those before First are spent
	High    int64  // lists: position after the last pair
}

const (
	flagExpires = 1 << 0
	flagFields  = 1 << 1
	flagSpent   = 1 << 2
	flagHome    = 1 << 3
	knownFlags  = flagExpires | flagFields | flagSpent | flagHome
)

// Expired says whether the key is past its time at now (Unix ms).
func (h *Head) Expired(nowMS int64) bool { return h.ExpireMS != 0 && h.ExpireMS <= nowMS }

// Spent says that a list has pairs of elements that were popped: they are deleted many at a time.
func (h *Head) Spent() bool {
	return h.Type == TypeList && h.Encoding == EncExpanded && (h.Low < h.First || h.High > h.Next)
}

// HeadMetaMax is the most that AppendMeta appends, Home aside.
const HeadMetaMax = 2 + 8 + 8 + 48 + binary.MaxVarintLen32

// AppendMeta appends everything but Value, which follows it.
func (h *Head) AppendMeta(dst []byte) []byte {
	var flags byte
	if h.ExpireMS != 0 {
		flags |= flagExpires
	}
	if h.FieldsMS != 0 {
		flags |= flagFields
	}
	if h.Spent() {
		flags |= flagSpent
	}
	if h.Home != nil && h.Encoding == EncExpanded {
		flags |= flagHome
	}
	dst = append(dst, byte(h.Type)|byte(h.Encoding)<<4, flags)
	if h.ExpireMS != 0 {
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.ExpireMS))
	}
	if h.FieldsMS != 0 {
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.FieldsMS))
	}
	if h.Encoding != EncExpanded {
		return dst
	}
	if h.Home != nil {
		dst = append(binary.AppendUvarint(dst, uint64(len(h.Home))), h.Home...)
	}
	dst = binary.BigEndian.AppendUint64(dst, h.Version)
	dst = binary.BigEndian.AppendUint64(dst, h.Count)
	if h.Type == TypeList {
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.First))
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Next))
	}
	if flags&flagSpent != 0 {
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Low))
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.High))
	}
	return dst
}

// Append appends the head's bytes.
func (h *Head) Append(dst []byte) []byte { return append(h.AppendMeta(dst), h.Value...) }

// Decode reads a head. Value and Home alias b. Packed collections are checked by
// their own packages when they are first used, not here.
func (h *Head) Decode(b []byte) error {
	if len(b) < 2 || b[1]&^knownFlags != 0 {
		return ErrCorrupt
	}
	*h = Head{Type: Type(b[0] & 15), Encoding: Encoding(b[0] >> 4)}
	if h.Type == TypeNone || h.Type > TypeStream || h.Encoding > EncExpanded || h.Type == TypeStream && h.Encoding != EncExpanded {
		return ErrCorrupt
	}
	flags := b[1]
	b = b[2:]
	if flags&flagExpires != 0 {
		if len(b) < 8 {
			return ErrCorrupt
		}
		h.ExpireMS = int64(binary.BigEndian.Uint64(b))
		b = b[8:]
	}
	if flags&flagFields != 0 {
		if len(b) < 8 || h.Type != TypeHash || h.Encoding != EncExpanded {
			return ErrCorrupt
		}
		h.FieldsMS = int64(binary.BigEndian.Uint64(b))
		b = b[8:]
	}
	if h.Encoding != EncExpanded {
		if flags&(flagSpent|flagHome) != 0 {
			return ErrCorrupt
		}
		h.Value = b
		return nil
	}
	if flags&flagHome != 0 {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return ErrCorrupt
		}
		h.Home = b[w : w+int(n) : w+int(n)]
		b = b[w+int(n):]
	}
	want := 16
	switch h.Type {
	case TypeList:
		if want = 32; flags&flagSpent != 0 {
			want = 48
		}
	case TypeStream:
		want = 16 + StreamMetaLen
	}
	if len(b) != want || flags&flagSpent != 0 && h.Type != TypeList {
		return ErrCorrupt
	}
	h.Version, h.Count = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	switch h.Type {
	case TypeList:
		h.First, h.Next = int64(binary.BigEndian.Uint64(b[16:])), int64(binary.BigEndian.Uint64(b[24:]))
		h.Low, h.High = h.First, h.Next
		if flags&flagSpent != 0 {
			h.Low, h.High = int64(binary.BigEndian.Uint64(b[32:])), int64(binary.BigEndian.Uint64(b[40:]))
		}
		if h.Low > h.First || h.First > h.Next || h.Next > h.High {
			return ErrCorrupt
		}
	case TypeStream:
		h.Value = b[16:]
	}
	return nil
}

// State is the pair that makes a store self-describing: it is written in the
// same batch as every record's effects, so the store always names the exact
// prefix of the log that it holds.
type State struct {
	LSN         uint64 // log position after the last record applied
	Keys        int64  // head pairs
	Expires     int64  // head pairs with an expiry
	NextVersion uint64 // next version to give to an expanded collection
}

// StateKey is where State is stored.
var StateKey = []byte{SpaceSystem, 's'}

// IncompleteKey is where a replica that began with nothing keeps the log position from which on its data is as its
// master's was. Below it the database is only a beginning.
var IncompleteKey = []byte{SpaceSystem, 'i'}

// AppendPosition appends a log position as it is stored.
func AppendPosition(dst []byte, lsn uint64) []byte { return binary.BigEndian.AppendUint64(dst, lsn) }

// DecodePosition reads what AppendPosition wrote.
func DecodePosition(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("%w: a log position", ErrCorrupt)
	}
	return binary.BigEndian.Uint64(b), nil
}

// StateLen is the length of an encoded State.
const StateLen = 32

// Append appends the state's bytes.
func (s *State) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, s.LSN)
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Keys))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Expires))
	return binary.BigEndian.AppendUint64(dst, s.NextVersion)
}

// Decode reads a state.
func (s *State) Decode(b []byte) error {
	if len(b) != StateLen {
		return ErrCorrupt
	}
	s.LSN = binary.BigEndian.Uint64(b)
	s.Keys = int64(binary.BigEndian.Uint64(b[8:]))
	s.Expires = int64(binary.BigEndian.Uint64(b[16:]))
	s.NextVersion = binary.BigEndian.Uint64(b[24:])
	return nil
}
