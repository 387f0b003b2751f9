package layout

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
)

var orders = map[string]*Keys{
	"ordered": {Order: Ordered},
	"slotted": {Order: Slotted, SlotOf: func(k []byte) uint16 { return uint16(len(k)) * 257 }},
}

var userKeys = []string{"", "a", "a\x00", "ab", "b", "\xff", "\xff\xff", string(make([]byte, 300))}

// ascending fails unless every key is below the next.
func ascending(t *testing.T, keys [][]byte) {
	t.Helper()
	for i := 1; i < len(keys); i++ {
		if bytes.Compare(keys[i-1], keys[i]) >= 0 {
			t.Errorf("key %d, %x, is not below the next, %x", i-1, keys[i-1], keys[i])
		}
	}
}

func TestScoreOrder(t *testing.T) {
	scores := []float64{math.Inf(-1), -math.MaxFloat64, -1e10, -1.5, -1, -math.SmallestNonzeroFloat64, 0,
		math.SmallestNonzeroFloat64, 1e-300, 0.1, 1, 1.5, 1e10, math.MaxFloat64, math.Inf(1)}
	var keys [][]byte
	for _, s := range scores {
		key := AppendScore(nil, s)
		keys = append(keys, key)
		if got := DecodeScore(key); got != s {
			t.Errorf("%v comes back as %v", s, got)
		}
		score, member, err := SplitScore(append(bytes.Clone(key), "member"...))
		if err != nil || score != s || string(member) != "member" {
			t.Errorf("%v: %v, %q, %v", s, score, member, err)
		}
	}
	ascending(t, keys)
	if !bytes.Equal(AppendScore(nil, math.Copysign(0, -1)), AppendScore(nil, 0)) {
		t.Error("-0 and 0 differ")
	}
	if _, _, err := SplitScore(make([]byte, 7)); err != ErrCorrupt {
		t.Errorf("a short score: %v", err)
	}
}

func TestIndexOrder(t *testing.T) {
	var keys [][]byte
	for _, i := range []int64{math.MinInt64, -1 << 32, -256, -1, 0, 1, 255, 1 << 40, math.MaxInt64} {
		key := AppendIndex(nil, i)
		keys = append(keys, key)
		if got, err := Index(key); err != nil || got != i {
			t.Errorf("%d comes back as %d, %v", i, got, err)
		}
	}
	ascending(t, keys)
	if _, err := Index(make([]byte, 9)); err != ErrCorrupt {
		t.Errorf("an index of 9 bytes: %v", err)
	}
}

func TestExpiryOrder(t *testing.T) {
	var keys [][]byte
	for _, at := range []int64{0, 1, 255, 256, 1 << 41} {
		for _, user := range userKeys[:7] {
			keys = append(keys, Expiry(nil, at, []byte(user)))
		}
	}
	for _, at := range []int64{1, 255, 1 << 41} { // behind all keys
		for _, user := range userKeys[:7] {
			keys = append(keys, FieldExpiry(nil, at, []byte(user)))
		}
	}
	ascending(t, keys)
	for i, key := range keys {
		at, fields, user, err := SplitExpiry(key)
		again := Expiry(nil, at, user)
		if fields {
			again = FieldExpiry(nil, at, user)
		}
		if err != nil || fields != (i >= 5*7) || !bytes.Equal(again, key) {
			t.Errorf("%x: %d, %v, %q, %v", key, at, fields, user, err)
		}
	}
	if _, _, _, err := SplitExpiry(keys[0][:8]); err != ErrCorrupt {
		t.Errorf("a short key: %v", err)
	}
}

// Members are in the order of their positions, and a bare position is the lower
// bound of all from there on.
func TestMemberOrder(t *testing.T) {
	var keys [][]byte
	for _, m := range userKeys {
		key := AppendMember(nil, []byte(m))
		hash, member, err := SplitMember(key)
		if err != nil || hash != MemberHash([]byte(m)) || hash > MemberHashMax || string(member) != m {
			t.Errorf("%q: %d, %q, %v", m, hash, member, err)
		}
		if bytes.Compare(AppendMemberHash(nil, hash), key) > 0 {
			t.Errorf("%q lies below its position", m)
		}
		if hash < MemberHashMax && bytes.Compare(AppendMemberHash(nil, hash+1), key) <= 0 {
			t.Errorf("%q lies above the next position", m)
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, bytes.Compare)
	ascending(t, keys)
	if !slices.IsSortedFunc(keys, func(a, b []byte) int {
		x, _, _ := SplitMember(a)
		y, _, _ := SplitMember(b)
		return int(int64(x) - int64(y))
	}) {
		t.Error("byte order is not the order of positions")
	}
	if _, _, err := SplitMember(make([]byte, MemberHashBytes-1)); err != ErrCorrupt {
		t.Errorf("a short member: %v", err)
	}
}

// L1, L3: the pairs of a version lie between its prefix and the prefix's end, and no
// other version's, key's or space's do.
func TestCollectionsAreApart(t *testing.T) {
	for name, k := range orders {
		t.Run(name, func(t *testing.T) {
			var prefixes [][]byte
			for _, user := range userKeys {
				for _, version := range []uint64{0, 1, 255, 1 << 63, math.MaxUint64} {
					prefixes = append(prefixes, k.Elements(nil, []byte(user), version), k.Scores(nil, []byte(user), version))
				}
			}
			for i, p := range prefixes {
				key := AppendMember(bytes.Clone(p), []byte("member"))
				if got := k.CollectionPrefix(key); !bytes.Equal(got, p) {
					t.Errorf("the prefix of %x is %x, not %x", key, got, p)
				}
				for j, other := range prefixes {
					in := bytes.Compare(key, other) >= 0 && bytes.Compare(key, PrefixEnd(nil, other)) < 0
					if in != (i == j) {
						t.Errorf("a key of %x among those of %x: %v", p, other, in)
					}
				}
			}
		})
	}
}

func TestHeadKeys(t *testing.T) {
	for name, k := range orders {
		for _, user := range userKeys {
			key := k.Head(nil, []byte(user))
			if got, err := k.UserKey(key); err != nil || string(got) != user {
				t.Errorf("%s: %q comes back as %q, %v", name, user, got, err)
			}
			if _, err := k.UserKey(k.Elements(nil, []byte(user), 1)); err != ErrCorrupt {
				t.Errorf("%s: an element is taken for a head: %v", name, err)
			}
		}
		if _, err := k.UserKey([]byte{SpaceHead}[:k.SlotBytes()/2]); err != ErrCorrupt {
			t.Errorf("%s: a short key: %v", name, err)
		}
	}
}

func TestPrefixEnd(t *testing.T) {
	for prefix, want := range map[string]string{"a": "b", "a\xff": "b", "a\xfe\xff\xff": "a\xff", "\x00": "\x01"} {
		if got := PrefixEnd(nil, []byte(prefix)); string(got) != want {
			t.Errorf("%q ends at %q, not %q", prefix, got, want)
		}
	}
	if got := PrefixEnd(nil, []byte("\xff\xff")); got != nil {
		t.Errorf("a bound %q where there is none", got)
	}
}

func TestState(t *testing.T) {
	want := State{LSN: math.MaxUint64, Keys: 7, Expires: -1, NextVersion: 1 << 40}
	var got State
	b := want.Append(nil)
	if err := got.Decode(b); err != nil || got != want || len(b) != StateLen {
		t.Errorf("%+v, %v", got, err)
	}
	if err := got.Decode(b[1:]); err != ErrCorrupt {
		t.Errorf("a short state: %v", err)
	}
}

func sameHead(a, b *Head) bool {
	x, y := *a, *b
	x.Value, y.Value = nil, nil
	return bytes.Equal(a.Value, b.Value) && bytes.Equal(a.Home, b.Home) && (a.Home == nil) == (b.Home == nil) && x.Type == y.Type && x.Encoding == y.Encoding && x.ExpireMS == y.ExpireMS && x.FieldsMS == y.FieldsMS &&
		x.Version == y.Version && x.Count == y.Count && x.First == y.First && x.Next == y.Next &&
		min(x.Low, x.First) == min(y.Low, y.First) && max(x.High, x.Next) == max(y.High, y.Next)
}

func TestHeadRoundTrip(t *testing.T) {
	for _, h := range []Head{
		{Type: TypeString, Encoding: EncRaw},
		{Type: TypeString, Encoding: EncEdited, ExpireMS: 1 << 41, Value: []byte("value")},
		{Type: TypeHash, Encoding: EncListpack, Value: []byte{1, 2, 3}},
		{Type: TypeHash, Encoding: EncExpanded, ExpireMS: 7, FieldsMS: 1 << 41, Version: 1, Count: 2},
		{Type: TypeString, Encoding: EncExpanded, ExpireMS: 7, Version: 1, Count: 1 << 30},
		{Type: TypeString, Encoding: EncExpanded, ExpireMS: 7, Home: []byte("its name before"), Version: 1, Count: 1 << 30},
		{Type: TypeHash, Encoding: EncExpanded, FieldsMS: 7, Home: []byte{}, Version: 1, Count: 1},
		{Type: TypeList, Encoding: EncExpanded, Home: bytes.Repeat([]byte("x"), 300), Version: 9, Count: 2, First: -1, Next: 1, Low: -5, High: 1},
		{Type: TypeStream, Encoding: EncExpanded, Home: []byte("s"), Version: 9, Value: bytes.Repeat([]byte{1}, StreamMetaLen)},
		{Type: TypeSet, Encoding: EncIntset, Value: []byte{1}},
		{Type: TypeZSet, Encoding: EncExpanded, Version: math.MaxUint64, Count: 3},
		{Type: TypeList, Encoding: EncExpanded, ExpireMS: 5, Version: 9, Count: 2, First: -1, Next: 1},
		{Type: TypeList, Encoding: EncExpanded, Version: 9, Count: 2, First: -1, Next: 1, Low: -5, High: 1},
		{Type: TypeList, Encoding: EncExpanded, ExpireMS: 5, Version: 9, Count: 2, First: -1, Next: 1, Low: -1, High: 1 << 40},
	} {
		var got Head
		b := h.Append(nil)
		if err := got.Decode(b); err != nil || !sameHead(&h, &got) {
			t.Errorf("%+v comes back as %+v, %v", h, got, err)
		}
		if meta := h.AppendMeta(nil); len(meta) > HeadMetaMax+len(h.Home) || len(meta)+len(h.Value) != len(b) {
			t.Errorf("%+v: %d bytes of meta", h, len(meta))
		}
	}
}

// L4: any bytes give ErrCorrupt or a head that survives being written again.
// InOrder knows lists' elements and streams' entries, in both orders of keys, and nothing else that is likely.
func TestInOrder(t *testing.T) {
	for _, k := range orders {
		name := []byte("a key")
		pairs := func() []byte { return k.Elements(nil, name, 7) }
		for _, at := range []int64{0, 1, -1, 1 << 40, -1 << 40} {
			if key := AppendIndex(pairs(), at); !k.InOrder(key) {
				t.Errorf("position %d: %q", at, key)
			}
		}
		if key := AppendStreamEntry(pairs(), StreamID{MS: 1_700_000_000_000, Seq: 3}); !k.InOrder(key) {
			t.Errorf("an entry: %q", key)
		}
		wrong := 0
		for i := range 10_000 {
			if k.InOrder(AppendMember(pairs(), fmt.Appendf(nil, "%02d", i%100))) || k.InOrder(AppendMember(pairs(), fmt.Append(nil, "member", i))) {
				wrong++
			}
		}
		if wrong > 3 {
			t.Errorf("%d of 10,000 members are taken for what is read in order", wrong)
		}
		for _, key := range [][]byte{AppendStreamGroups(pairs()), AppendStreamPending(pairs(), 1), k.Head(nil, name), {SpaceElement}, pairs()} {
			if k.InOrder(key) {
				t.Errorf("%q", key)
			}
		}
	}
}

func FuzzHeadDecode(f *testing.F) {
	f.Add([]byte{1, 0})
	f.Add([]byte{byte(TypeList) | byte(EncExpanded)<<4, 1})
	f.Add((&Head{Type: TypeList, Encoding: EncExpanded, ExpireMS: 5, Version: 9, Count: 2, First: -1, Next: 1}).Append(nil))
	f.Add((&Head{Type: TypeList, Encoding: EncExpanded, Version: 9, Count: 2, First: -1, Next: 1, Low: -3, High: 7}).Append(nil))
	f.Add((&Head{Type: TypeHash, Encoding: EncExpanded, FieldsMS: 5, Version: 9, Count: 2}).Append(nil))
	f.Add(append([]byte{1, flagFields}, binary.BigEndian.AppendUint64(nil, 5)...))
	f.Add(append([]byte{1, flagExpires}, binary.BigEndian.AppendUint64(nil, 0)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var h, again Head
		if err := h.Decode(b); err != nil {
			if err != ErrCorrupt {
				t.Fatal(err)
			}
			return
		}
		_ = h.Type.String()
		if err := again.Decode(h.Append(nil)); err != nil || !sameHead(&h, &again) {
			t.Fatalf("%+v comes back as %+v, %v", h, again, err)
		}
	})
}

// L4 for keys: whatever the bytes, none of the readers panics.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("Ekey"))
	f.Add([]byte{SpaceElement, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, k := range orders {
			if p := k.CollectionPrefix(b); p != nil && !bytes.HasPrefix(b, p) {
				t.Fatalf("%x is no prefix of %x", p, b)
			}
			_, _ = k.UserKey(b)
		}
		_, _, _ = SplitMember(b)
		_, _, _ = SplitScore(b)
		_, _, _, _ = SplitExpiry(b)
		_, _, _ = SplitFieldTime(b)
		_, _ = Index(b)
		if end := PrefixEnd(nil, b); end != nil && bytes.Compare(b, end) >= 0 {
			t.Fatalf("%x ends at %x", b, end)
		}
	})
}
