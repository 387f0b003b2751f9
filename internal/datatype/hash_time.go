package datatype

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/haypile/haypile/internal/layout"
)

// A field may have a time of its own. Such a hash is expanded: the time stands before the
// field's value, a pair in order of time (in the space of scores) finds the fields that
// are due, and the head holds a time before which none is, by which the whole hash is
// found. As with keys, a reader hides what is past its time, and does not write.

// The first byte of a field's value pair.
const (
	fieldPlain = 0 // the value follows
	fieldTimed = 1 // 8 bytes of time, Unix ms, then the value
)

const fieldTimeLen = 1 + 8

// splitField parts a field's pair into value and time (0: none).
func splitField(raw []byte) (val []byte, atMS int64, err error) {
	switch {
	case len(raw) > 0 && raw[0] == fieldPlain:
		return raw[1:], 0, nil
	case len(raw) >= fieldTimeLen && raw[0] == fieldTimed:
		return raw[fieldTimeLen:], int64(binary.BigEndian.Uint64(raw[1:])), nil
	}
	return nil, 0, layout.ErrCorrupt
}

func (h *Hash) past(atMS int64) bool { return atMS != 0 && atMS <= h.t.NowMS() }

// timeKey is the key of the pair that finds a field by its time.
func (h *Hash) timeKey(atMS int64, field []byte) []byte {
	name := h.home()
	dst := h.t.Scratch(len(name) + keyRoom + len(field))
	return layout.AppendFieldTime(h.t.Keys().Scores(dst, name, h.Head.Version), atMS, field)
}

func (h *Hash) putField(field, val []byte, atMS int64) {
	if atMS == 0 {
		h.t.PutParts(h.Member(field), []byte{fieldPlain}, val)
		return
	}
	lead := binary.BigEndian.AppendUint64(append(h.t.Scratch(fieldTimeLen), fieldTimed), uint64(atMS))
	h.t.PutParts(h.Member(field), lead, val)
}

// GetTimed is Get with the field's time (0: none).
func (h *Hash) GetTimed(field []byte) (val []byte, atMS int64, found bool, err error) {
	if !h.Exists || h.Packed() {
		val, found, err = h.Get(field)
		return val, 0, found, err
	}
	raw, found, err := h.t.Get(h.Member(field))
	if err != nil || !found {
		return nil, 0, false, err
	}
	if val, atMS, err = splitField(raw); err != nil || h.past(atMS) {
		return nil, 0, false, err
	}
	return val, atMS, true, nil
}

// SetTime gives a field that is there another time, which is to come; 0 takes its time
// away. Save must follow.
func (h *Hash) SetTime(field []byte, atMS int64) error {
	val, old, found, err := h.GetTimed(field)
	if err != nil || !found || old == atMS {
		return err
	}
	if h.Packed() {
		h.unpack()
	}
	if old != 0 {
		h.t.Delete(h.timeKey(old, field))
	}
	h.putField(field, val, atMS)
	if atMS == 0 {
		return nil
	}
	h.t.Put(h.timeKey(atMS, field), nil)
	if h.Head.FieldsMS == 0 || atMS < h.Head.FieldsMS {
		h.Head.FieldsMS, h.changed = atMS, true
	}
	return nil
}

// Live is the number of fields that are not past their time.
func (h *Hash) Live() (int, error) {
	n := h.Len()
	if !h.Exists || !h.past(h.Head.FieldsMS) {
		return n, nil
	}
	err := h.eachDue(func([]byte, int64) bool { n--; return true })
	return max(n, 0), err
}

// Vacant says that a key is a hash whose fields are all past their time, and not deleted yet: there is nothing of it to copy.
func Vacant(k *Key) (bool, error) {
	if k.Head.Type != layout.TypeHash || k.Head.FieldsMS == 0 {
		return false, nil
	}
	h, err := LoadHash(k.t, k.Name)
	if err != nil {
		return false, err
	}
	n, err := h.Live()
	return n == 0, err
}

// liveTimes is Live, with the first time at which one of those fields expires (0: none does).
func (h *Hash) liveTimes() (live int, leastMS int64, err error) {
	if live, err = h.Live(); err != nil || h.Head.FieldsMS == 0 {
		return live, 0, err
	}
	prefix := h.Scores()
	lower := layout.AppendFieldTime(append(h.t.Scratch(len(prefix)+8), prefix...), h.t.NowMS()+1, nil)
	err = h.t.Walk(lower, prefixEnd(h.t, prefix), false, func(key, _ []byte) (bool, error) {
		leastMS, _, err = layout.SplitFieldTime(key[len(prefix):])
		return false, err
	})
	return live, leastMS, err
}

// eachDue visits the fields that are past their time, the earliest first. They are good
// until visit returns.
func (h *Hash) eachDue(visit func(field []byte, atMS int64) bool) error {
	prefix := h.Scores()
	upper := layout.AppendFieldTime(append(h.t.Scratch(len(prefix)+8), prefix...), h.t.NowMS()+1, nil)
	return h.t.Walk(prefix, upper, false, func(key, _ []byte) (bool, error) {
		at, field, err := layout.SplitFieldTime(key[len(prefix):])
		return err == nil && visit(field, at), err
	})
}

// ExpireFields deletes at most n of the fields that are past their time, and the hash with
// the last one. more says that it has left some; if not, the head names the time of the
// next. Save must follow.
func (h *Hash) ExpireFields(n int) (gone int, more bool, err error) {
	type due struct {
		field []byte
		at    int64
	}
	var list []due
	err = h.eachDue(func(field []byte, at int64) bool {
		if more = len(list) >= n; more {
			return false
		}
		list = append(list, due{append([]byte(nil), field...), at})
		return true
	})
	if err != nil {
		return 0, false, err
	}
	next := h.Head.FieldsMS
	if !more {
		if next, err = h.nextTime(); err != nil {
			return 0, false, err
		}
	}
	for _, d := range list {
		h.t.Delete(h.Member(d.field))
		h.t.Delete(h.timeKey(d.at, d.field))
	}
	h.Head.Count -= uint64(len(list))
	h.Head.FieldsMS, h.changed = next, true
	return len(list), more, nil
}

// ExpireFields deletes at most n of the fields of a hash that are due, if the index of
// times, which names the hash at a time, is right.
func ExpireFields(t Txn, name []byte, indexedMS int64, n int) (gone int, more bool, err error) {
	k, err := Peek(t, name)
	if err != nil {
		return 0, false, err
	}
	if !k.stored || k.fieldsMS != indexedMS {
		t.Delete(layout.FieldExpiry(t.Scratch(len(name)+keyRoom), indexedMS, name))
		return 0, false, nil
	}
	if !k.Exists {
		k.Remove() // the whole key is past its time
		return 0, false, nil
	}
	h := Hash{Key: k}
	if gone, more, err = h.ExpireFields(n); err != nil {
		return 0, false, err
	}
	h.Save()
	if gone > 0 {
		t.Event(ClassHash, "hexpired", name)
	}
	if !h.Exists {
		t.Event(ClassGeneric, "del", name)
	}
	return gone, more, nil
}

// nextTime is the time of the first field whose time is yet to come, or 0.
func (h *Hash) nextTime() (atMS int64, err error) {
	prefix := h.Scores()
	from := layout.AppendFieldTime(append(h.t.Scratch(len(prefix)+8), prefix...), h.t.NowMS()+1, nil)
	err = h.t.Walk(from, prefixEnd(h.t, prefix), false, func(key, _ []byte) (bool, error) {
		atMS, _, err = layout.SplitFieldTime(key[len(prefix):])
		return false, err
	})
	return atMS, err
}

// randomLive visits n random fields, which may repeat, of a hash with fields that are past
// their time.
func (h *Hash) randomLive(n int, visit func(field, val []byte)) error {
	var list [][2][]byte
	err := h.Each(func(field, val []byte) bool {
		list = append(list, [2][]byte{append([]byte(nil), field...), append([]byte(nil), val...)})
		return true
	})
	if err != nil || len(list) == 0 {
		return err
	}
	for range n {
		pair := list[rand.IntN(len(list))]
		visit(pair[0], pair[1])
	}
	return nil
}
