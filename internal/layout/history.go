package layout

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// HistoryID names a history: what one master has written, from its promotion
// on. It is shown as 40 hex digits, as Redis's replication ids are.
type HistoryID [20]byte

// String is the id in hex.
func (id HistoryID) String() string { return hex.EncodeToString(id[:]) }

// ParseHistoryID reads 40 hex digits.
func ParseHistoryID(s string) (id HistoryID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("%q is not a history id of 40 hex digits", s)
	}
	return HistoryID(b), nil
}

// History is a stretch of a log: records from Start on, until the next history
// begins.
type History struct {
	ID    HistoryID
	Start uint64 // LSN
}

// Histories are the stretches of one database's log, oldest first. They are a pair in the
// store, written by the record that begins the last of them, so that data and
// the proof of where it comes from cannot be parted.
type Histories []History

// HistoryKey is where Histories are stored.
var HistoryKey = []byte{SpaceSystem, 'h'}

// MaxHistories is how many are remembered; a copy whose last common history is older
// is made anew.
const MaxHistories = 128

const historyLen = 28

// Append appends the stored bytes.
func (h Histories) Append(dst []byte) []byte {
	for _, e := range h {
		dst = append(dst, e.ID[:]...)
		dst = binary.BigEndian.AppendUint64(dst, e.Start)
	}
	return dst
}

// DecodeHistories reads what Append wrote.
func DecodeHistories(b []byte) (Histories, error) {
	if len(b)%historyLen != 0 || len(b) > historyLen*MaxHistories {
		return nil, fmt.Errorf("%w: histories", ErrCorrupt)
	}
	h := make(Histories, 0, len(b)/historyLen)
	for ; len(b) > 0; b = b[historyLen:] {
		e := History{ID: HistoryID(b[:20]), Start: binary.BigEndian.Uint64(b[20:])}
		if n := len(h); n > 0 && e.Start < h[n-1].Start {
			return nil, fmt.Errorf("%w: histories out of order", ErrCorrupt)
		}
		h = append(h, e)
	}
	return h, nil
}

// Last is the history that is being written, if there is one.
func (h Histories) Last() (History, bool) {
	if len(h) == 0 {
		return History{}, false
	}
	return h[len(h)-1], true
}

// With returns the histories with one more that begins at start.
func (h Histories) With(id HistoryID, start uint64) Histories {
	from := max(0, len(h)+1-MaxHistories)
	return append(append(Histories(nil), h[from:]...), History{id, start})
}

// Common returns the position up to which two logs are the same, given where
// each ends. ok is false when nothing proves that they have anything in common.
func (h Histories) Common(end uint64, other Histories, otherEnd uint64) (lsn uint64, ok bool) {
	for i := len(h) - 1; i >= 0; i-- {
		for j := len(other) - 1; j >= 0; j-- {
			if h[i] == other[j] {
				return min(h.endOf(i, end), other.endOf(j, otherEnd)), true
			}
		}
	}
	return 0, false
}

// endOf is where history i ends in a log that ends at end.
func (h Histories) endOf(i int, end uint64) uint64 {
	if i+1 < len(h) {
		return h[i+1].Start
	}
	return end
}

// OwnerOf returns the user key that a pair belongs to, or nil for pairs that
// belong to none, or to many (the bounds of a deleted range).
func (k *Keys) OwnerOf(key []byte) []byte {
	switch {
	case len(key) == 0:
		return nil
	case key[0] == SpaceHead && len(key) >= 1+k.SlotBytes():
		return key[1+k.SlotBytes():]
	case key[0] == SpaceExpiry && len(key) >= 9:
		return key[9:]
	case key[0] == SpaceElement || key[0] == SpaceScore:
		p := k.CollectionPrefix(key)
		if p == nil {
			return nil
		}
		_, w := binary.Uvarint(p[1+k.SlotBytes():])
		return p[1+k.SlotBytes()+w : len(p)-8]
	}
	return nil
}
