package datatype_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/listpack"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/rdb"
)

func sha1Of(parts ...[]byte) [20]byte { return sha1.Sum(bytes.Join(parts, nil)) }

// known writes down what a payload keeps of a stream beside its entries.
func (m *streamModel) known() (list []string) {
	m.Helper()
	s := m.load()
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	add("%d entries, added %d, %v to %v, %v; %d groups, expires %d", s.Len(), s.Meta.Added, s.Meta.First, s.Meta.Last, s.Meta.MaxDeleted, s.Meta.Groups,
		s.Head.ExpireMS)
	err := s.EachGroup(func(g *datatype.Group) error {
		add("group %s at %v read %d, %d pending, %d consumers", g.Name, g.Last, g.Read, g.Pending, g.Consumers)
		err := g.EachPending(layout.StreamID{}, layout.MaxStreamID, func(p *datatype.Pending) bool {
			add("%v %d %d %s", p.ID, p.TimeMS, p.Deliveries, p.Consumer)
			return true
		})
		return cmpErr(err, g.EachConsumer(func(c *datatype.Consumer) error {
			add("%s seen %d, %d pending", c.Name, c.SeenMS, c.Pending)
			return nil
		}))
	})
	digest, derr := datatype.Digest(m.x, &s.Key, sha1Of)
	if err := cmpErr(err, derr); err != nil {
		m.Fatal(err)
	}
	m.x.End()
	return append(list, fmt.Sprintf("%x", digest))
}

func (m *streamModel) dump() []byte {
	m.Helper()
	s := m.load()
	b, err := datatype.AppendDump(nil, &s.Key)
	if err != nil {
		m.Fatal(err)
	}
	m.x.End()
	return b
}

// restore writes the stream over itself.
func (m *streamModel) restore() {
	m.Helper()
	want, body := m.known(), m.dump()
	s := m.load()
	if err := datatype.Restore(s.Key, body, s.Head.ExpireMS); err != nil {
		m.Fatal(err)
	}
	m.x.End()
	m.check()
	if got := m.known(); !slices.Equal(got, want) {
		m.Fatalf("restored:\n%q\nbefore:\n%q", got, want)
	}
	if again := m.dump(); !bytes.Equal(again, body) {
		m.Fatalf("%q is dumped as %q afterwards", body, again)
	}
}

// What is restored is what was dumped, and goes on as if nothing had happened.
func TestStreamDumpModel(t *testing.T) {
	for seed := range uint64(20) {
		datatype.SetWindowSize(t, []int{2, 256}[seed%2])
		m := newStreamModel(t, seed)
		m.x.Lim.StreamNodeMaxEntries = int64(seed % 5)
		m.add()
		m.createGroup("a")
		m.createGroup("b")
		for step := range 300 {
			m.x.Now += int64(m.rng.IntN(50))
			group, consumer := string('a'+rune(m.rng.IntN(2))), "c"+strconv.Itoa(m.rng.IntN(3))
			switch op := m.rng.IntN(20); {
			case op < 10:
				m.add()
			case op < 12:
				m.delete()
			case op < 15:
				m.deliver(group, consumer)
			case op < 17:
				m.ack(group)
			case op == 17 && step%8 == 0:
				m.trim()
			case op == 18 && step%4 == 0:
				m.removeConsumer(group, consumer)
			case op == 19:
				m.restore()
			}
		}
		m.restore()
	}
}

// streamBody is a stream of an entry, with what follows its nodes.
func streamBody(code byte, rest string) []byte {
	node := new(rdb.StreamNode)
	node.Add(rdb.StreamID{MS: 1}, [][]byte{[]byte("f"), bytes.Repeat([]byte("v"), listpack.MinBytes)})
	b := node.Append(rdb.AppendStream(nil, 1))
	b[0] = code
	return append(b, rest...)
}

// Streams of Redis before 7.0 do not say how far groups have read; Redis 7.0 works it out.
func TestRestoreEarlyStream(t *testing.T) {
	for last, want := range map[string]int64{"\x00\x00": 0, "\x01\x00": 1, "\x02\x00": 1, "\x01\x05": layout.UnknownRead} {
		m := newStreamModel(t, 1)
		expires := m.x.Now + 1000
		s := m.load()
		if err := datatype.Restore(s.Key, streamBody(15, "\x01\x02\x00\x01\x01g"+last+"\x00\x00"), expires); err != nil {
			t.Fatal(err)
		}
		m.x.End()
		s = m.load()
		g := m.group(&s, "g")
		if g.Read != want || s.Meta.Added != 1 || s.Head.ExpireMS != expires {
			t.Errorf("last %q: read %d, want %d; %+v", last, g.Read, want, s.Meta)
		}
	}
}

// Groups, consumers and owners that are there twice are refused, and more deliveries than can be kept.
func TestRestoreWrongStream(t *testing.T) {
	const (
		meta  = "\x01\x01\x00\x01\x00\x00\x00\x01"
		one   = "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
		two   = "\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"
		time  = "\x01\x00\x00\x00\x00\x00\x00\x00"
		group = "\x01g\x01\x00\x01"
	)
	for rest, ok := range map[string]bool{
		meta + "\x01" + group + "\x00\x00":                                                                                  true,
		meta + "\x02" + group + "\x00\x00" + group + "\x00\x00":                                                             false,
		meta + "\x01" + group + "\x00\x02\x01c" + time + "\x00\x01d" + time + "\x00":                                        true,
		meta + "\x01" + group + "\x00\x02\x01c" + time + "\x00\x01c" + time + "\x00":                                        false,
		meta + "\x01" + group + "\x02" + one + time + "\x01" + two + time + "\x01\x01\x01c" + time + "\x02" + one + two:     true,
		meta + "\x01" + group + "\x02" + one + time + "\x01" + two + time + "\x01\x01\x01c" + time + "\x02" + one + one:     false,
		meta + "\x01" + group + "\x01" + one + time + "\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01c" + time + "\x01" + one: false,
	} {
		x := datatypetest.New()
		s, err := datatype.LoadStream(x, streamName)
		if err != nil {
			t.Fatal(err)
		}
		if err := datatype.Restore(s.Key, streamBody(19, rest), 0); (err == nil) != ok || err != nil && !errors.Is(err, rdb.ErrCorrupt) {
			t.Errorf("%q: %v", rest, err)
		}
		x.Undo()
	}
}
