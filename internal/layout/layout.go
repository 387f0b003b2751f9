// Package layout defines the bytes that a database keeps in its store: how
// keys and values are spelled. docs/formats/keys.md shows the same for readers.
//
// Promises:
//   - L1. Every pair belongs to one key space, told by its first byte.
//   - L2. A user key has exactly one head pair. Everything else that belongs to
//     it carries the version named in the head, and the key's name or that which the head names, so a head deleted or given a
//     new version makes its old elements unreachable at once.
//   - L3. All pairs of one version of one key are contiguous in each space.
//   - L4. Decoding never panics; bytes that make no sense give ErrCorrupt.
//
// Numbers in keys are big endian, so that byte order is number order.
package layout

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/cespare/xxhash/v2"
)

// Key spaces (L1).
const (
	SpaceElement byte = 'E' // elements of expanded collections
	SpaceHead    byte = 'H' // one pair per user key
	SpaceSystem  byte = 'S' // the database's own: state, scan dictionary
	SpaceExpiry  byte = 'X' // expiry time → user key
	SpaceScore   byte = 'Z' // score order of expanded sorted sets; fields of hashes by their time
)

// ErrCorrupt marks stored bytes that cannot be what Haypile wrote.
var ErrCorrupt = errors.New("stored value is corrupt")

// Order is how user keys are arranged; it is fixed when a data directory is
// created.
type Order uint8

const (
	// Ordered keeps user keys in byte order.
	Ordered Order = iota
	// Slotted puts two bytes of hash slot before the user key, so that a slot
	// is one contiguous range.
	Slotted
)

// Keys spells keys for one order. SlotOf is used by Slotted only.
type Keys struct {
	Order  Order
	SlotOf func(userKey []byte) uint16
}

func (k *Keys) slot(dst, userKey []byte) []byte {
	if k.Order == Slotted {
		return binary.BigEndian.AppendUint16(dst, k.SlotOf(userKey))
	}
	return dst
}

// SameSlot says that two user keys are of one slot, or that there are none.
func (k *Keys) SameSlot(a, b []byte) bool { return k.Order != Slotted || k.SlotOf(a) == k.SlotOf(b) }

// SlotBytes is the number of bytes between the space and the user key.
func (k *Keys) SlotBytes() int {
	if k.Order == Slotted {
		return 2
	}
	return 0
}

// Head appends the key of a user key's head.
func (k *Keys) Head(dst, userKey []byte) []byte {
	dst = k.slot(append(dst, SpaceHead), userKey)
	return append(dst, userKey...)
}

// UserKey returns the user key inside a head key.
func (k *Keys) UserKey(headKey []byte) ([]byte, error) {
	from := 1 + k.SlotBytes()
	if len(headKey) < from || headKey[0] != SpaceHead {
		return nil, ErrCorrupt
	}
	return headKey[from:], nil
}

// Elements appends the prefix of all element pairs of one version of a key.
func (k *Keys) Elements(dst, userKey []byte, version uint64) []byte {
	return k.versioned(dst, SpaceElement, userKey, version)
}

// Scores appends the prefix of all score pairs of one version of a sorted set. Their
// values are empty, but "-" where the score is -0.
func (k *Keys) Scores(dst, userKey []byte, version uint64) []byte {
	return k.versioned(dst, SpaceScore, userKey, version)
}

func (k *Keys) versioned(dst []byte, space byte, userKey []byte, version uint64) []byte {
	dst = k.slot(append(dst, space), userKey)
	dst = binary.AppendUvarint(dst, uint64(len(userKey)))
	dst = append(dst, userKey...)
	return binary.BigEndian.AppendUint64(dst, version)
}

// MemberHashBytes of hash stand before a member in element keys. Collections
// are therefore walked in hash order: a 48-bit position is a cursor that
// outlives the process, and a seek to a random position finds a random member.
const MemberHashBytes = 6

// MemberHashMax is the largest position of a member.
const MemberHashMax = 1<<(8*MemberHashBytes) - 1

// MemberHash returns the position of a member of a hash, set or sorted set
// within its collection's order: the upper 48 bits of its xxHash64.
func MemberHash(member []byte) uint64 { return xxhash.Sum64(member) >> (64 - 8*MemberHashBytes) }

// AppendMember appends what follows Elements for a member of a hash, set or
// sorted set.
func AppendMember(prefix, member []byte) []byte {
	return append(AppendMemberHash(prefix, MemberHash(member)), member...)
}

// AppendMemberHash appends a bare position: the lower bound of all members from
// there on.
func AppendMemberHash(prefix []byte, hash uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], hash<<(64-8*MemberHashBytes))
	return append(prefix, b[:MemberHashBytes]...)
}

// SplitMember parts what follows the Elements prefix into position and member.
func SplitMember(suffix []byte) (hash uint64, member []byte, err error) {
	if len(suffix) < MemberHashBytes {
		return 0, nil, ErrCorrupt
	}
	var b [8]byte
	copy(b[:], suffix[:MemberHashBytes])
	return binary.BigEndian.Uint64(b[:]) >> (64 - 8*MemberHashBytes), suffix[MemberHashBytes:], nil
}

// CollectionPrefix returns the part of an element or score key that names the
// version of the collection, or nil when the key is too short to hold one.
func (k *Keys) CollectionPrefix(key []byte) []byte {
	at := 1 + k.SlotBytes()
	if len(key) < at {
		return nil
	}
	n, w := binary.Uvarint(key[at:])
	if w <= 0 || n > uint64(len(key)) || len(key) < at+w+int(n)+8 {
		return nil
	}
	return key[:at+w+int(n)+8]
}

// InOrder says that an element key is, in all likelihood, that of a list's element or of a stream's entry: what is read by walking more
// than one by one. The key of a member looks so once in some ten thousand times.
func (k *Keys) InOrder(key []byte) bool {
	suffix := key[len(k.CollectionPrefix(key)):]
	switch len(suffix) {
	case 8: // a position near the middle
		return suffix[0] == 0x80 && suffix[1] == 0 || suffix[0] == 0x7f && suffix[1] == 0xff
	case 1 + StreamIDLen: // milliseconds of a time
		return suffix[0] == streamEntries && suffix[1] == 0 && suffix[2] == 0
	}
	return false
}

// AppendIndex appends a list position. Positions start in the middle of the
// signed range, grow to the right and shrink to the left.
func AppendIndex(prefix []byte, index int64) []byte {
	return binary.BigEndian.AppendUint64(prefix, uint64(index)^(1<<63))
}

// Index reads what AppendIndex wrote.
func Index(suffix []byte) (int64, error) {
	if len(suffix) != 8 {
		return 0, ErrCorrupt
	}
	return int64(binary.BigEndian.Uint64(suffix) ^ (1 << 63)), nil
}

// PieceBytes is the length of a piece of a large string. A shorter one is followed by zeros, and one that is not there
// is zeros.
const PieceBytes = 8 << 10

const pieceNumber = 4 // bytes: shorter than all that else follows Elements

// Piece says that an element key is that of a piece of a string.
func (k *Keys) Piece(key []byte) bool { return len(key)-len(k.CollectionPrefix(key)) == pieceNumber }

// AppendPiece appends the number of a piece of a string.
func AppendPiece(prefix []byte, n int64) []byte {
	return binary.BigEndian.AppendUint32(prefix, uint32(n))
}

// AppendScore appends a score so that byte order is numeric order. NaN must
// not be stored; -0 is stored as 0, which Redis too compares as equal.
func AppendScore(dst []byte, score float64) []byte {
	if score == 0 {
		score = 0
	}
	bits := math.Float64bits(score)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, bits)
}

// SplitScore parts what follows the Scores prefix into score and member.
func SplitScore(suffix []byte) (score float64, member []byte, err error) {
	if len(suffix) < 8 {
		return 0, nil, ErrCorrupt
	}
	return DecodeScore(suffix), suffix[8:], nil
}

// DecodeScore reads the 8 bytes that AppendScore wrote.
func DecodeScore(b []byte) float64 {
	bits := binary.BigEndian.Uint64(b)
	if bits>>63 == 1 {
		bits &^= 1 << 63
	} else {
		bits = ^bits
	}
	return math.Float64frombits(bits)
}

// Expiry appends the index key that says when a user key expires (Unix ms).
func Expiry(dst []byte, expireMS int64, userKey []byte) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, SpaceExpiry), uint64(expireMS))
	return append(dst, userKey...)
}

// fieldsBit marks index keys about fields: they stand behind all that are about
// keys, whose times are not negative.
const fieldsBit = 1 << 63

// FieldExpiry appends the index key that says when the first field of a hash expires.
func FieldExpiry(dst []byte, fieldsMS int64, userKey []byte) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, SpaceExpiry), uint64(fieldsMS)|fieldsBit)
	return append(dst, userKey...)
}

// SplitExpiry reads an index key. fields says that it is about fields of a hash.
func SplitExpiry(key []byte) (expireMS int64, fields bool, userKey []byte, err error) {
	if len(key) < 9 || key[0] != SpaceExpiry {
		return 0, false, nil, ErrCorrupt
	}
	at := binary.BigEndian.Uint64(key[1:])
	return int64(at &^ fieldsBit), at&fieldsBit != 0, key[9:], nil
}

// AppendFieldTime appends what follows Scores for a field of a hash that expires.
func AppendFieldTime(prefix []byte, atMS int64, field []byte) []byte {
	return append(binary.BigEndian.AppendUint64(prefix, uint64(atMS)), field...)
}

// SplitFieldTime parts what follows the Scores prefix of a hash into time and field.
func SplitFieldTime(suffix []byte) (atMS int64, field []byte, err error) {
	if len(suffix) < 8 {
		return 0, nil, ErrCorrupt
	}
	return int64(binary.BigEndian.Uint64(suffix)), suffix[8:], nil
}

// PrefixEnd returns the smallest key above all keys that start with prefix, in
// dst. nil stands for "no upper bound", which no prefix of ours needs.
func PrefixEnd(dst, prefix []byte) []byte {
	dst = append(dst, prefix...)
	for i := len(dst) - 1; i >= 0; i-- {
		if dst[i] != 0xff {
			dst[i]++
			return dst[:i+1]
		}
	}
	return nil
}
