package datatype

import (
	"bytes"

	"github.com/cockroachdb/crlib/crbytes"

	"github.com/haypile/haypile/internal/layout"
)

// KeyScan is one step of SCAN.
type KeyScan struct {
	Cursor   uint64
	Count    int
	Within   []byte // only keys with this prefix
	Prefixes *Prefixes
	// Learn adds a prefix to the dictionary; false says that it cannot.
	Learn func(prefix []byte) (*Prefixes, bool, error)
}

// scanSlack is how many more keys than asked for are returned rather than to learn
// a prefix: it keeps the dictionary small.
const scanSlack = 256

// scannedKey is a key beyond the count, which may yet be left to the next step.
type scannedKey struct {
	at   []byte // as in the order of keys
	head layout.Head
	live bool
}

// scanner is the state of ScanKeys.
type scanner struct {
	KeyScan
	t      Txn
	visit  func(name []byte, h *layout.Head)
	seen   int
	last   []byte // the last key looked at
	beyond []scannedKey
	full   bool // nothing can be learned: go on to the end of the group
}

// ScanKeys visits about Count keys from the cursor on and returns the next cursor,
// 0 at the end. A key that is there from the first step to the last is visited; one
// that comes or goes meanwhile may be.
func ScanKeys(t Txn, s KeyScan, visit func(name []byte, h *layout.Head)) (next uint64, err error) {
	if err := t.Heavy(s.Count + scanSlack); err != nil {
		return 0, err
	}
	lower := append(t.Scratch(1+len(s.Within)), layout.SpaceHead)
	if t.Keys().Order == layout.Ordered {
		lower = append(lower, s.Within...)
	}
	it, err := t.Iter(lower, prefixEnd(t, lower))
	if err != nil {
		return 0, err
	}
	defer it.Close()
	from, ok := s.Prefixes.seek(append(t.Scratch(64), layout.SpaceHead), s.Cursor)
	if !ok {
		return 0, nil
	}
	if bytes.Compare(from, lower) < 0 {
		from = lower
	}
	sc := &scanner{KeyScan: s, t: t, visit: visit}
	for ok := it.SeekGE(from); ok; ok = it.Next() {
		stop, err := sc.take(it.Key()[1:], it.Value())
		if err != nil || stop != 0 {
			return stop, err
		}
	}
	sc.flush(len(sc.beyond))
	return 0, it.Error()
}

// take looks at the next key. It returns the cursor if the step ends before it.
func (s *scanner) take(key, val []byte) (stop uint64, err error) {
	if s.seen >= s.Count {
		if s.parts(s.Prefixes, s.last, key) {
			s.flush(len(s.beyond))
			return s.Prefixes.cursor(key), nil
		}
		if len(s.beyond) >= scanSlack && !s.full {
			if stop, err = s.learn(key); err != nil || stop != 0 {
				return stop, err
			}
		}
	}
	k := scannedKey{at: key}
	if err := k.head.Decode(val); err != nil {
		return 0, err
	}
	k.live = !k.head.Expired(s.t.NowMS())
	if s.seen >= s.Count {
		k.at, k.head.Value = bytes.Clone(key), nil
		s.beyond = append(s.beyond, k)
	} else {
		s.emit(&k)
	}
	s.seen++
	s.last = append(s.last[:0], key...)
	return 0, nil
}

func (s *scanner) emit(k *scannedKey) {
	if k.live {
		s.visit(k.at[s.t.Keys().SlotBytes():], &k.head)
	}
}

// flush visits the first n keys beyond the count.
func (s *scanner) flush(n int) {
	for i := range n {
		s.emit(&s.beyond[i])
	}
}

// parts says whether a scan that goes on with key does not come to last again.
func (s *scanner) parts(p *Prefixes, last, key []byte) bool {
	return crbytes.CommonPrefix(last, key) < p.place(key)
}

// learn finds the shortest prefix, which is the one that serves most keys, with
// which the step could have ended among the keys beyond the count, and ends it
// there.
func (s *scanner) learn(key []byte) (stop uint64, err error) {
	all := append(s.beyond, scannedKey{at: key})
	prefix := key[:max(len(s.Prefixes.longest(key).prefix)+1, crbytes.CommonPrefix(all[0].at, key)+1-cursorBytes)]
	n := s.lastPart(s.Prefixes.With(prefix), all)
	if n == 0 {
		n, prefix = len(all)-1, key[:crbytes.CommonPrefix(s.last, key)+1]
	}
	known, ok := s.Prefixes, false
	if len(prefix) <= maxPrefixLen {
		if known, ok, err = s.Learn(prefix); err != nil {
			return 0, err
		}
	}
	if !ok {
		s.full = true
		return 0, nil
	}
	s.flush(n)
	return known.cursor(all[n].at), nil
}

// lastPart returns the index of the last key before which a step can end, or 0.
func (s *scanner) lastPart(p *Prefixes, keys []scannedKey) int {
	for i := len(keys) - 1; i > 0; i-- {
		if s.parts(p, keys[i-1].at, keys[i].at) {
			return i
		}
	}
	return 0
}

// WalkKeys visits all user keys with a prefix that have not expired, in their order
// on disk, until visit returns false. Where slots stand before keys, prefix is no
// more than a hint.
func WalkKeys(t Txn, prefix []byte, visit func(name []byte, h *layout.Head) bool) error {
	from := append(t.Scratch(1+len(prefix)), layout.SpaceHead)
	if t.Keys().Order == layout.Ordered {
		from = append(from, prefix...)
	}
	it, err := t.Iter(from, prefixEnd(t, from))
	if err != nil {
		return err
	}
	defer it.Close()
	var h layout.Head
	for ok := it.First(); ok; ok = it.Next() {
		if err := h.Decode(it.Value()); err != nil {
			return err
		}
		if !h.Expired(t.NowMS()) && !visit(it.Key()[1+t.Keys().SlotBytes():], &h) {
			break
		}
	}
	return it.Error()
}
