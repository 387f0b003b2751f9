package datatype

import (
	"bytes"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// String is a string as one command sees it. Up to a size it is the value of its head; a longer one has its length there, and
// its bytes in pieces of their own (layout.PieceBytes), so that what touches a few bytes costs no more than a piece or two.
// Pieces that would be all zeros need not be there.
//
// Changes gather in memory: call Save when all are made.
type String struct {
	Key
	val   []byte // of one pair: the current bytes
	owned bool   // they may be written to
	at    int64  // the piece that is in memory, or -1
	piece []byte
	dirty bool // it is to be written
}

const (
	// wholeMax is the longest string that is one pair when it is set as a whole.
	wholeMax = 64 << 10
	// editMax is the longest string that is one pair after a change in place, which writes that pair: two pieces.
	editMax = 2 * layout.PieceBytes
	// bytesPerElement is how many bytes of a string take about as long as one element of a collection.
	bytesPerElement = 1024
	// passing is how many bytes read at once are not worth a place in the value cache.
	passing = 1 << 20
)

// LoadString reads the head of a string; one that does not exist is empty.
func LoadString(t Txn, name []byte) (String, error) {
	k, err := LoadType(t, name, layout.TypeString)
	return StringOf(k), err
}

// StringOf is the string that a key holds; a key that does not exist is an empty one.
func StringOf(k Key) String { return String{Key: k, val: k.Head.Value, at: -1} }

// GetString reads a string as a whole; found is false when the key is absent.
func GetString(t Txn, name []byte) (val []byte, found bool, err error) {
	s, err := LoadString(t, name)
	if err != nil || !s.Exists {
		return nil, false, err
	}
	val, err = s.Bytes()
	return val, true, err
}

// SetString makes the key a string. expireMS 0 means that it does not expire.
func SetString(k *Key, val []byte, expireMS int64) { putString(k, val, expireMS, layout.EncRaw) }

// SetRaw makes the key a string that does not expire and that OBJECT ENCODING calls
// raw: what BITOP stores.
func SetRaw(k *Key, val []byte) { putString(k, val, 0, layout.EncEdited) }

// EditString replaces a string's bytes and keeps its expiry.
func EditString(k *Key, val []byte) error {
	if int64(len(val)) > k.t.Limits().MaxStringBytes {
		return resp.ErrStringTooLong
	}
	putString(k, val, k.Head.ExpireMS, layout.EncEdited)
	return nil
}

func putString(k *Key, val []byte, expireMS int64, enc layout.Encoding) {
	k.Reset(layout.TypeString, enc)
	k.Head.ExpireMS = expireMS
	if len(val) > wholeMax {
		k.Expand()
		k.putPieces(val)
	} else {
		k.Head.Value = val
	}
	k.Save()
}

// putPieces writes the pieces of a string that has none.
func (k *Key) putPieces(val []byte) {
	k.Head.Count = uint64(len(val))
	for n := int64(0); len(val) > 0; n++ {
		part := val[:min(len(val), layout.PieceBytes)]
		if val = val[len(part):]; !zeros(part) {
			k.t.Put(k.pieceKey(n), part)
		}
	}
}

var zeroPiece [layout.PieceBytes]byte

func zeros(part []byte) bool { return bytes.Equal(part, zeroPiece[:len(part)]) }

// appendZeros appends up to two pieces of zeros.
func appendZeros(dst []byte, n int) []byte {
	first := min(n, len(zeroPiece))
	return append(append(dst, zeroPiece[:first]...), zeroPiece[:n-first]...)
}

func (k *Key) pieceKey(n int64) []byte { return layout.AppendPiece(k.Elements(), n) }

// inPieces says that the head has only the length.
func (s *String) inPieces() bool { return s.Exists && s.Head.Encoding == layout.EncExpanded }

// Len is the length in bytes.
func (s *String) Len() int64 {
	if s.inPieces() {
		return int64(s.Head.Count)
	}
	return int64(len(s.val))
}

// Short returns the bytes of a string that may be a number. Others are nil.
func (s *String) Short() []byte { return s.val }

// Bytes returns all bytes.
func (s *String) Bytes() ([]byte, error) { return s.Range(0, s.Len()) }

// Range returns the bytes from one offset up to another, which are within the string.
func (s *String) Range(from, to int64) ([]byte, error) {
	if !s.inPieces() {
		return s.val[from:to], nil
	}
	if err := s.t.Heavy(int((to - from) / bytesPerElement)); err != nil {
		return nil, err
	}
	room := int(to-from) + layout.PieceBytes // of a piece only a part may be wanted
	if room > passing {
		return s.AppendRange(make([]byte, 0, room), from, to)
	}
	return s.AppendRange(s.t.Scratch(room), from, to)
}

// AppendRange appends the bytes of a range.
func (s *String) AppendRange(dst []byte, from, to int64) ([]byte, error) {
	if !s.inPieces() {
		return append(dst, s.val[from:to]...), nil
	}
	remember := to-from < passing
	for n := from / layout.PieceBytes; n*layout.PieceBytes < to; n++ {
		begin := n * layout.PieceBytes
		lo, hi := int(max(from-begin, 0)), int(min(to-begin, layout.PieceBytes))
		at := len(dst)
		var err error
		if dst, err = s.load(dst, n, remember); err != nil {
			return dst, err
		}
		part := dst[at:min(len(dst), at+hi)]
		part = part[min(lo, len(part)):]
		if dst = dst[:at+len(part)]; lo > 0 {
			copy(dst[at:], part)
		}
		dst = appendZeros(dst, hi-lo-len(part))
	}
	return dst, nil
}

// load appends what is stored of a piece, changes of this command included.
func (s *String) load(dst []byte, n int64, remember bool) ([]byte, error) {
	if n == s.at {
		return append(dst, s.piece...), nil
	}
	dst, _, err := s.t.AppendValue(dst, s.pieceKey(n), remember)
	return dst, err
}

// Each visits the bytes of a range part by part until visit returns false. A part is good until visit returns; at is its offset.
func (s *String) Each(from, to int64, visit func(at int64, part []byte) bool) error {
	if err := s.t.Heavy(int((to - from) / bytesPerElement)); err != nil {
		return err
	}
	if !s.inPieces() {
		if from < to {
			visit(from, s.val[from:to])
		}
		return nil
	}
	buf := s.t.Scratch(2 * layout.PieceBytes)
	for from < to {
		next := min(to, (from/layout.PieceBytes+1)*layout.PieceBytes)
		part, err := s.AppendRange(buf[:0], from, next)
		if err != nil || !visit(from, part) {
			return err
		}
		from = next
	}
	return nil
}

// Grow makes the string at least so long, with zeros.
func (s *String) Grow(size int64) error {
	if size > s.t.Limits().MaxStringBytes {
		return resp.ErrStringTooLong
	}
	if !s.Exists {
		s.Reset(layout.TypeString, layout.EncEdited)
	}
	old := s.Len()
	size = max(size, old)
	if !s.inPieces() && size > editMax {
		if err := s.t.Heavy(int(old / bytesPerElement)); err != nil {
			return err
		}
		s.Expand()
		s.putPieces(s.val)
		s.val = nil
	}
	if s.inPieces() {
		s.Head.Count = uint64(size)
		return nil
	}
	s.Head.Encoding = layout.EncEdited
	if !s.owned || int64(cap(s.val)) < size {
		s.val, s.owned = append(s.t.Scratch(int(size)), s.val...), true
	}
	s.val = appendZeros(s.val, int(size-old))
	return nil
}

// Write puts bytes at an offset and makes the string longer if they do not fit. Save must follow.
func (s *String) Write(off int64, part []byte) error {
	if off > s.t.Limits().MaxStringBytes {
		return resp.ErrStringTooLong
	}
	if err := s.t.Heavy(len(part) / bytesPerElement); err != nil {
		return err
	}
	if err := s.Grow(off + int64(len(part))); err != nil {
		return err
	}
	if !s.inPieces() {
		copy(s.val[off:], part)
		return nil
	}
	for len(part) > 0 {
		n, lo := off/layout.PieceBytes, int(off%layout.PieceBytes)
		now := part[:min(len(part), layout.PieceBytes-lo)]
		if err := s.edit(n, lo+len(now), len(now) == layout.PieceBytes); err != nil {
			return err
		}
		copy(s.piece[lo:], now)
		off, part = off+int64(len(now)), part[len(now):]
	}
	return nil
}

// edit brings a piece into memory to be changed, at least so long. anew says that nothing of it stays.
func (s *String) edit(n int64, size int, anew bool) error {
	if err := s.fetch(n, anew); err != nil {
		return err
	}
	if len(s.piece) < size {
		s.piece = appendZeros(s.piece, size-len(s.piece))
	}
	s.dirty = true
	return nil
}

// fetch brings a piece into memory.
func (s *String) fetch(n int64, anew bool) (err error) {
	if n == s.at {
		return nil
	}
	if s.flush(); s.piece == nil {
		s.piece = s.t.Scratch(layout.PieceBytes)
	}
	s.at, s.piece = -1, s.piece[:0]
	if !anew {
		if s.piece, err = s.load(s.piece, n, true); err != nil {
			return err
		}
	}
	s.at = n
	return nil
}

// peek reads a few bytes from an offset on. Those beyond the end are zeros.
func (s *String) peek(dst []byte, off int64) error {
	clear(dst)
	if !s.inPieces() {
		copy(dst, s.val[min(off, int64(len(s.val))):])
		return nil
	}
	for n := off / layout.PieceBytes; n*layout.PieceBytes < min(off+int64(len(dst)), s.Len()); n++ {
		if err := s.fetch(n, false); err != nil {
			return err
		}
		from := n*layout.PieceBytes - off // of the piece, in dst
		copy(dst[max(from, 0):], s.piece[min(max(-from, 0), int64(len(s.piece))):])
	}
	return nil
}

func (s *String) flush() {
	if s.dirty {
		s.t.Put(s.pieceKey(s.at), s.piece)
		s.dirty = false
	}
}

// Save writes what was changed.
func (s *String) Save() {
	if s.flush(); !s.inPieces() {
		s.Head.Value = s.val
	}
	s.Key.Save()
}
