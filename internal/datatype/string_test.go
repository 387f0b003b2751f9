package datatype_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
)

var stringName = []byte("s")

// stringModel runs commands on a string and on plain bytes.
type stringModel struct {
	*testing.T
	x    *datatypetest.Txn
	rng  *rand.Rand
	want []byte // nil: there is none
}

func (m *stringModel) load() datatype.String {
	m.Helper()
	s, err := datatype.LoadString(m.x, stringName)
	if err != nil {
		m.Fatal(err)
	}
	return s
}

// offset is near the places where something changes.
func (m *stringModel) offset() int64 {
	near := [...]int{0, len(m.want), layout.PieceBytes, 2 * layout.PieceBytes, 3 * layout.PieceBytes, 64 << 10, m.rng.IntN(100 << 10)}
	return max(0, int64(near[m.rng.IntN(len(near))]+m.rng.IntN(9)-4))
}

func (m *stringModel) bytes(n int) []byte {
	b := make([]byte, n)
	if m.rng.IntN(4) > 0 {
		for i := range b {
			b[i] = byte(m.rng.Uint32())
		}
	}
	return b
}

func (m *stringModel) grow(size int64) {
	if int64(len(m.want)) < size {
		m.want = append(m.want, make([]byte, size-int64(len(m.want)))...)
	}
}

func (m *stringModel) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *stringModel) step() {
	s := m.load()
	switch m.rng.IntN(12) { // the first ones change the key as a whole
	case 0:
		val := m.bytes(int(m.offset()))
		datatype.SetString(&s.Key, val, 0)
		m.want = val
		m.x.End()
		return
	case 1:
		s.Remove()
		m.want = nil
		m.x.End()
		return
	case 2, 3:
		off, part := m.offset(), m.bytes(1+m.rng.IntN(20))
		if m.rng.IntN(4) == 0 {
			part = m.bytes(m.rng.IntN(3*layout.PieceBytes) + 1)
		}
		m.must(s.Write(off, part))
		m.grow(off + int64(len(part)))
		copy(m.want[off:], part)
	case 4, 5:
		part := m.bytes(1 + m.rng.IntN(3000))
		m.must(s.Write(s.Len(), part))
		m.want = append(m.want, part...)
	case 6, 7:
		pos, bit := m.offset()*8+m.rng.Int64N(8), m.rng.IntN(2)
		m.must(s.SetBit(pos, bit))
		m.grow(pos/8 + 1)
		datatype.PutBit(m.want, pos, bit)
	case 8: // several fields before one Save, as in BITFIELD
		for range 3 {
			pos, width, n := m.offset()*8+m.rng.Int64N(8), 1+m.rng.IntN(63), m.rng.Uint64()
			m.must(s.SetField(pos, width, n))
			m.grow((pos+int64(width)-1)/8 + 1)
			datatype.PutBitField(m.want, pos, width, n)
			m.compareAt(&s)
		}
	case 9:
		m.must(s.Grow(m.offset() + 1))
		m.grow(s.Len())
	case 10: // to another name and back
		if s.Exists {
			other, err := datatype.Load(m.x, []byte("other"))
			m.must(err)
			m.must(datatype.CopyKey(&s.Key, &other))
			s.Remove()
			m.must(datatype.CopyKey(&other, &s.Key))
			other.Remove()
		}
		m.x.End()
		return
	case 11:
		if s.Exists {
			s.Key.Head.ExpireMS = m.x.Now + 1e6
			s.Key.Save()
		}
		m.x.End()
		return
	}
	if m.rng.IntN(2) == 0 {
		m.compareAt(&s) // changes that are not saved yet are seen
	}
	s.Save()
	m.x.End()
}

// compareAt looks at single places.
func (m *stringModel) compareAt(s *datatype.String) {
	m.Helper()
	pos, width := m.offset()*8+m.rng.Int64N(8), 1+m.rng.IntN(63)
	if n, err := s.Field(pos, width); err != nil || n != datatype.BitField(m.want, pos, width) {
		m.Fatalf("%d bits at %d: %x, want %x", width, pos, n, datatype.BitField(m.want, pos, width))
	}
	if bit, err := s.Bit(pos); err != nil || bit != datatype.Bit(m.want, pos) {
		m.Fatalf("bit %d: %d, %v", pos, bit, err)
	}
}

func (m *stringModel) compare() {
	m.Helper()
	s := m.load()
	if s.Exists != (m.want != nil) || s.Len() != int64(len(m.want)) {
		m.Fatalf("there %v, %d bytes, want %d", s.Exists, s.Len(), len(m.want))
	}
	m.compareAt(&s)
	if n := int64(len(m.want)); n > 0 {
		from := min(m.offset(), n-1)
		to := from + 1 + m.rng.Int64N(min(n-from, 3*layout.PieceBytes))
		part, err := s.Range(from, to)
		if err != nil || !bytes.Equal(part, m.want[from:to]) {
			m.Fatalf("bytes from %d to %d differ", from, to)
		}
		lo, hi := from*8+m.rng.Int64N(8), to*8-1-m.rng.Int64N(8)
		if lo <= hi {
			count, err := s.CountBits(lo, hi)
			if want := datatype.CountBits(m.want, lo, hi); err != nil || count != want {
				m.Fatalf("bits from %d through %d: %d, want %d", lo, hi, count, want)
			}
			for bit := range 2 {
				pos, err := s.FindBit(lo, hi, bit)
				if want := datatype.FindBit(m.want, lo, hi, bit); err != nil || pos != want {
					m.Fatalf("bit %d from %d through %d: at %d, want %d", bit, lo, hi, pos, want)
				}
			}
		}
	}
	all, err := s.Bytes()
	if err != nil || !bytes.Equal(all, m.want) {
		m.Fatalf("the strings differ (%v)", err)
	}
	pieces := m.x.CountPrefix([]byte{layout.SpaceElement})
	if most := (len(m.want) + layout.PieceBytes - 1) / layout.PieceBytes; pieces > most || s.Exists && s.Head.Encoding != layout.EncExpanded && pieces > 0 {
		m.Fatalf("%d pieces, encoding %d, %d bytes", pieces, s.Head.Encoding, len(m.want))
	}
	m.x.End()
}

func TestStringsAgainstBytes(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &stringModel{T: t, x: datatypetest.New(), rng: rand.New(rand.NewPCG(seed, 1))}
			for range 200 {
				m.step()
				m.compare()
			}
		})
	}
}

// A string stored as one pair by a version that had no pieces is read as it is, and gets pieces with the first change in place.
func TestLongStringOfOnePair(t *testing.T) {
	x := datatypetest.New()
	old := bytes.Repeat([]byte("0123456789"), 30_000)
	head := layout.Head{Type: layout.TypeString, Encoding: layout.EncRaw, ExpireMS: x.Now + 1000, Value: old}
	key := x.Keys().Head(nil, stringName)
	x.Put(key, head.Append(nil))
	x.Put(layout.Expiry(nil, head.ExpireMS, stringName), nil)
	x.End()
	s, err := datatype.LoadString(x, stringName)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Range(299_990, 300_000); err != nil || string(got) != "0123456789" {
		t.Fatalf("its end is %q, %v", got, err)
	}
	if err := s.Write(150_000, []byte("x")); err != nil {
		t.Fatal(err)
	}
	s.Save()
	x.End()
	if n := len(x.Pairs[string(key)]); n > layout.HeadMetaMax {
		t.Errorf("its head has %d bytes after a change", n)
	}
	s, err = datatype.LoadString(x, stringName)
	if err != nil || s.Head.ExpireMS != head.ExpireMS {
		t.Fatalf("it expires at %d, %v", s.Head.ExpireMS, err)
	}
	old[150_000] = 'x'
	if got, err := s.Bytes(); err != nil || !bytes.Equal(got, old) {
		t.Errorf("other bytes after a change (%v)", err)
	}
	x.End()
}

// What a change writes is a piece or two, whatever the length; zeros that nobody wrote are not there.
func TestChangesWriteLittle(t *testing.T) {
	x := datatypetest.New()
	s, err := datatype.LoadString(x, stringName)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetBit(1<<32-1, 1); err != nil {
		t.Fatal(err)
	}
	s.Save()
	x.End()
	stored := 0
	for k, v := range x.Pairs {
		stored += len(k) + len(v)
	}
	if stored > 2*layout.PieceBytes {
		t.Errorf("one bit at 2^32-1 takes %d bytes", stored)
	}
	if s, err = datatype.LoadString(x, stringName); err != nil || s.Len() != 1<<29 {
		t.Errorf("the string has %d bytes, %v", s.Len(), err)
	}
	if pos, err := s.FindBit(0, 1<<32-1, 1); err != nil || pos != 1<<32-1 {
		t.Errorf("its first bit is at %d, %v", pos, err)
	}
	x.End()
}
