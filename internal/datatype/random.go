package datatype

import (
	"math/rand/v2"

	"github.com/cockroachdb/crlib/crbytes"

	"github.com/haypile/haypile/internal/layout"
)

// randomLevels bounds how far RandomKey goes down.
const randomLevels = 24

// RandomKey returns a key that has not expired, if there is one. It goes down the
// key space like a tree, byte by byte, each time to a random one of the bytes between
// the smallest and the largest that keys have there. That is uniform for keys that
// end in numbers or hashes, and approximately so for most others.
func RandomKey(t Txn) (name []byte, found bool, err error) {
	all := append(t.Scratch(1), layout.SpaceHead)
	it, err := t.Iter(all, prefixEnd(t, all))
	if err != nil {
		return nil, false, err
	}
	defer it.Close()
	if !it.Last() {
		return nil, false, it.Error()
	}
	hi := append([]byte(nil), it.Key()...)
	it.First()
	lo := append([]byte(nil), it.Key()...)
	for range randomLevels {
		n := crbytes.CommonPrefix(lo, hi)
		if n == len(hi) {
			break // one key is left
		}
		next := rand.IntN(symbol(hi, n)-symbol(lo, n)+1) + symbol(lo, n)
		if next == 0 {
			break // lo itself, which ends here
		}
		if !it.SeekGE(append(lo[:n], byte(next-1))) {
			break
		}
		lo = append(lo[:0], it.Key()...)
		if it.SeekLT(prefixEnd(t, lo[:n+1])) {
			hi = append(hi[:0], it.Key()...)
		}
	}
	return firstLive(t, it, lo)
}

// symbol is the byte of a key at n plus one, or 0 where the key ends.
func symbol(key []byte, n int) int {
	if n == len(key) {
		return 0
	}
	return int(key[n]) + 1
}

// firstLive returns the first key from at on, or else from the beginning on, that has
// not expired.
func firstLive(t Txn, it Iter, at []byte) (name []byte, found bool, err error) {
	var h layout.Head
	expired := 0
	for wrapped, ok := false, it.SeekGE(at); ; ok = it.Next() {
		if !ok {
			if wrapped || it.Error() != nil || !it.First() {
				return nil, false, it.Error()
			}
			wrapped = true
		}
		if err := h.Decode(it.Value()); err != nil {
			return nil, false, err
		}
		if !h.Expired(t.NowMS()) {
			return append([]byte(nil), it.Key()[1+t.Keys().SlotBytes():]...), true, nil
		}
		if expired++; expired%1024 == 0 {
			if err := t.Heavy(expired); err != nil {
				return nil, false, err
			}
		}
	}
}
