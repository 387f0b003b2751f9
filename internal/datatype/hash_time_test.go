package datatype_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
)

var hashName = []byte("h")

type timedField struct {
	val string
	at  int64
}

// hashModel runs commands on a hash whose fields have times, and on a map beside it.
type hashModel struct {
	*testing.T
	x    *datatypetest.Txn
	want map[string]timedField
	rng  *rand.Rand
}

func (m *hashModel) load() datatype.Hash {
	m.Helper()
	h, err := datatype.LoadHash(m.x, hashName)
	if err != nil {
		m.Fatal(err)
	}
	return h
}

// live forgets what is past its time.
func (m *hashModel) live() map[string]timedField {
	for f, v := range m.want {
		if v.at != 0 && v.at <= m.x.Now {
			delete(m.want, f)
		}
	}
	return m.want
}

func (m *hashModel) step() {
	h, field := m.load(), fmt.Sprint("f", m.rng.IntN(30))
	old, there := m.live()[field]
	switch op := m.rng.IntN(8); op {
	case 0, 1, 2:
		val := fmt.Sprint(m.rng.IntN(1000))
		set, at := h.Set, int64(0)
		if op == 2 {
			set, at = h.Update, old.at
		}
		created, err := set([]byte(field), []byte(val))
		if err != nil || created == there {
			m.Fatalf("set %s: created %v, %v", field, created, err)
		}
		m.want[field] = timedField{val, at}
	case 3, 4, 5:
		at := m.x.Now + 1 + m.rng.Int64N(200)
		if m.rng.IntN(4) == 0 {
			at = 0
		}
		if err := h.SetTime([]byte(field), at); err != nil {
			m.Fatal(err)
		}
		if there {
			m.want[field] = timedField{old.val, at}
		}
	case 6:
		if gone, err := h.Delete([]byte(field)); err != nil || gone != there {
			m.Fatalf("Delete(%s) = %v, %v", field, gone, err)
		}
		delete(m.want, field)
	case 7:
		m.x.Now += m.rng.Int64N(40)
	}
	h.Save()
	m.x.End()
	m.compare(hashName)
}

// compare reads a hash in all ways.
func (m *hashModel) compare(name []byte) {
	m.Helper()
	h, err := datatype.LoadHash(m.x, name)
	if err != nil {
		m.Fatal(err)
	}
	live, got := m.live(), map[string]timedField{}
	if n, err := h.Live(); err != nil || n != len(live) || n > h.Len() {
		m.Fatalf("%d of %d fields are live, %v; want %d", n, h.Len(), err, len(live))
	}
	err = h.EachTimed(func(f, v []byte, at int64) bool { got[string(f)] = timedField{string(v), at}; return true })
	if err != nil || fmt.Sprint(got) != fmt.Sprint(live) {
		m.Fatalf("EachTimed: %v, %v; want %v", got, err, live)
	}
	for i := range 30 {
		f := fmt.Sprint("f", i)
		val, at, found, err := h.GetTimed([]byte(f))
		if w, ok := live[f]; err != nil || found != ok || string(val) != w.val || at != w.at {
			m.Fatalf("GetTimed(%s) = %q, %d, %v, %v; want %v", f, val, at, found, err, w)
		}
	}
	if h.Exists && len(live) > 0 {
		err := h.Random(3, func(f, v []byte) {
			if live[string(f)].val != string(v) {
				m.Errorf("Random: %q %q", f, v)
			}
		})
		if err != nil {
			m.Fatal(err)
		}
	}
	m.x.End()
}

// due does what the engine does: it follows the index.
func (m *hashModel) due(n int) (gone int) {
	for key := range m.x.Pairs {
		at, fields, name, err := layout.SplitExpiry([]byte(key))
		if err != nil || !fields || at > m.x.Now {
			continue
		}
		k, more, err := datatype.ExpireFields(m.x, name, at, n)
		if err != nil || k > n || more && k < n {
			m.Fatalf("ExpireFields(%d) = %d, %v, %v", n, k, more, err)
		}
		m.x.End()
		gone += k
	}
	return gone
}

func TestFieldTimes(t *testing.T) {
	for seed := range uint64(30) {
		m := &hashModel{t, datatypetest.New(), map[string]timedField{}, rand.New(rand.NewPCG(seed, 1))}
		for i := range 300 {
			m.step()
			if i%50 == 49 {
				m.due(2)
				m.compare(hashName)
			}
		}
		m.copied()
		m.allPast()
	}
}

// copied checks a copy, and that removing it leaves nothing.
func (m *hashModel) copied() {
	before := len(m.x.Pairs)
	src, _ := datatype.Load(m.x, hashName)
	if !src.Exists {
		return
	}
	dst, _ := datatype.Load(m.x, []byte("copy"))
	if err := datatype.CopyKey(&src, &dst); err != nil {
		m.Fatal(err)
	}
	m.x.End()
	m.compare([]byte("copy"))
	dst, _ = datatype.Load(m.x, []byte("copy"))
	dst.Remove()
	m.x.End()
	if len(m.x.Pairs) != before {
		m.Errorf("%d pairs after a copy was removed, %d before", len(m.x.Pairs), before)
	}
}

// allPast lets the time of every field come: nothing is left, and it is told.
func (m *hashModel) allPast() {
	h := m.load()
	for f := range m.live() {
		if err := h.SetTime([]byte(f), m.x.Now+5); err != nil {
			m.Fatal(err)
		}
	}
	h.Save()
	m.x.End()
	m.x.Now += 10
	for i := 0; len(m.x.Pairs) > 0; i++ {
		if m.due(3); i > 100 {
			m.Fatalf("pairs are left: %q", m.x.Pairs)
		}
	}
	if m.x.NKeys != 0 || m.x.NExpires != 0 {
		m.Errorf("%d keys, %d expire", m.x.NKeys, m.x.NExpires)
	}
}

// An index entry that no hash stands behind goes, and nothing else.
func TestStaleFieldIndex(t *testing.T) {
	x := datatypetest.New()
	stale := layout.FieldExpiry(nil, 5, hashName)
	x.Put(stale, nil)
	x.End()
	if gone, more, err := datatype.ExpireFields(x, hashName, 5, 10); gone != 0 || more || err != nil {
		t.Error(gone, more, err)
	}
	x.End()
	if len(x.Pairs) != 0 {
		t.Errorf("left: %q", x.Pairs)
	}
}

// Bytes that no version writes are told from values.
func TestCorruptFields(t *testing.T) {
	for _, raw := range []string{"", "\x01", "\x01\x00\x00\x00\x00\x00\x00\x00", "\x02value"} {
		x := datatypetest.New()
		x.Lim.HashMaxListpackEntries = 0
		h, _ := datatype.LoadHash(x, hashName)
		if _, err := h.Set([]byte("f"), []byte("v")); err != nil {
			t.Fatal(err)
		}
		h.Save()
		x.Put(h.Member([]byte("f")), []byte(raw))
		x.End()
		if h, _ = datatype.LoadHash(x, hashName); h.Exists {
			if _, _, err := h.Get([]byte("f")); err != layout.ErrCorrupt {
				t.Errorf("Get of %q: %v", raw, err)
			}
			if err := h.Each(func(_, _ []byte) bool { return true }); err != layout.ErrCorrupt {
				t.Errorf("Each over %q: %v", raw, err)
			}
			continue
		}
		t.Error("the hash is gone")
	}
}
