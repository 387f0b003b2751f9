package datatype_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
)

var streamName = []byte("s")

// streamModel runs commands on a stream and on slices beside it.
type streamModel struct {
	*testing.T
	x    *datatypetest.Txn
	rng  *rand.Rand
	ids  []layout.StreamID
	last layout.StreamID
	// pending of the groups, by name, and who has what.
	groups map[string]map[layout.StreamID]string
}

func newStreamModel(t *testing.T, seed uint64) *streamModel {
	return &streamModel{T: t, x: datatypetest.New(), rng: rand.New(rand.NewPCG(seed, 3)), groups: map[string]map[layout.StreamID]string{}}
}

func (m *streamModel) load() datatype.Stream {
	m.Helper()
	s, err := datatype.LoadStream(m.x, streamName)
	if err != nil {
		m.Fatal(err)
	}
	return s
}

func (m *streamModel) group(s *datatype.Stream, name string) datatype.Group {
	m.Helper()
	g, err := s.Group([]byte(name))
	if err != nil || !g.Exists {
		m.Fatalf("group %s: %v, %v", name, g.Exists, err)
	}
	return g
}

// fields tell which entry they are of.
func fieldsOf(id layout.StreamID) [][]byte { return [][]byte{[]byte("id"), []byte(id.String())} }

func (m *streamModel) add() {
	m.Helper()
	s := m.load()
	if !s.Exists {
		s.Create()
	}
	want := datatype.NewID{ID: layout.StreamID{MS: m.last.MS + uint64(m.rng.IntN(2))}, AutoSeq: true}
	id := layout.StreamID{MS: want.ID.MS}
	if id.MS == m.last.MS {
		id.Seq = m.last.Seq + 1
	}
	got, err := s.Add(want, fieldsOf(id))
	if err != nil || got != id {
		m.Fatalf("Add gave %v, %v, want %v", got, err, id)
	}
	s.Save()
	if m.rng.IntN(30) == 0 {
		m.x.Undo()
		return
	}
	m.x.End()
	m.ids, m.last = append(m.ids, id), id
}

// some draws IDs that are there, mostly.
func (m *streamModel) some(n int) []layout.StreamID {
	list := make([]layout.StreamID, n)
	for i := range list {
		list[i] = layout.StreamID{MS: uint64(m.rng.IntN(int(m.last.MS) + 2)), Seq: uint64(m.rng.IntN(3))}
		if len(m.ids) > 0 && m.rng.IntN(4) > 0 {
			list[i] = m.ids[m.rng.IntN(len(m.ids))]
		}
	}
	return list
}

func (m *streamModel) delete() {
	m.Helper()
	s := m.load()
	ids := m.some(1 + m.rng.IntN(4))
	if m.rng.IntN(3) == 0 && len(m.ids) > 0 {
		ids = append(ids, m.ids[0]) // the first goes too
	}
	left := slices.DeleteFunc(slices.Clone(m.ids), func(id layout.StreamID) bool { return slices.Contains(ids, id) })
	n, err := s.Delete(ids)
	if err != nil || n != len(m.ids)-len(left) {
		m.Fatalf("Delete(%v) of %v = %d, %v", ids, m.ids, n, err)
	}
	s.Save()
	m.ids = left
	m.x.End()
}

func (m *streamModel) trim() {
	m.Helper()
	s := m.load()
	n := m.rng.IntN(1 + len(m.ids))
	how := datatype.Trim{By: datatype.TrimByLength, MaxLen: int64(len(m.ids) - n)}
	if len(m.ids) > 0 && m.rng.IntN(2) == 0 {
		how = datatype.Trim{By: datatype.TrimByID, MinID: layout.MaxStreamID}
		if n < len(m.ids) {
			how.MinID = m.ids[n]
		}
	}
	got, err := s.Trim(how)
	if err != nil || got != n {
		m.Fatalf("Trim(%+v) of %d = %d, %v, want %d", how, len(m.ids), got, err, n)
	}
	s.Save()
	if m.rng.IntN(5) == 0 {
		m.x.Undo()
		return
	}
	m.x.End()
	m.ids = slices.Delete(m.ids, 0, n)
}

// read compares a range with the model.
func (m *streamModel) read() {
	m.Helper()
	s := m.load()
	ends := m.some(2)
	slices.SortFunc(ends, layout.StreamID.Compare)
	r := datatype.EntryRange{From: ends[0], To: ends[1], Reverse: m.rng.IntN(3) == 0, Count: m.rng.IntN(12), Follow: m.rng.IntN(2) == 0}
	if m.rng.IntN(3) == 0 {
		r.To = layout.MaxStreamID
	}
	if m.rng.IntN(4) == 0 {
		r.From = layout.StreamID{}
	}
	var want []layout.StreamID
	for _, id := range m.ids {
		if !id.Less(r.From) && !r.To.Less(id) {
			want = append(want, id)
		}
	}
	if r.Reverse {
		slices.Reverse(want)
	}
	if r.Count > 0 && len(want) > r.Count {
		want = want[:r.Count]
	}
	var got []layout.StreamID
	err := s.Each(r, func(id layout.StreamID, e layout.StreamEntry) bool {
		e.Next()
		if text := string(e.Next()); text != id.String() {
			m.Errorf("the entry %v is that of %s", id, text)
		}
		got = append(got, id)
		return true
	})
	if err != nil || !slices.Equal(got, want) {
		m.Fatalf("%+v of %v is %v, %v, want %v", r, m.ids, got, err, want)
	}
	m.x.End()
}

func (m *streamModel) createGroup(name string) {
	m.Helper()
	s := m.load()
	if !s.Exists {
		s.Create()
	}
	g, err := s.Group([]byte(name))
	if err != nil {
		m.Fatal(err)
	}
	g.Create(layout.StreamID{}, layout.UnknownRead)
	g.Save()
	s.Save()
	m.x.End()
	m.groups[name] = map[layout.StreamID]string{}
}

// deliver gives some entries to a consumer, whoever had them.
func (m *streamModel) deliver(name, consumer string) {
	m.Helper()
	s := m.load()
	g := m.group(&s, name)
	c, err := g.Arrive([]byte(consumer))
	if err != nil {
		m.Fatal(err)
	}
	ids := m.some(1 + m.rng.IntN(5))
	if err := g.Deliver(&c, ids, false); err != nil {
		m.Fatal(err)
	}
	g.SaveConsumer(&c)
	g.Save()
	if m.rng.IntN(10) == 0 {
		m.x.Undo()
		return
	}
	m.x.End()
	for _, id := range ids {
		m.groups[name][id] = consumer
	}
}

func (m *streamModel) ack(name string) {
	m.Helper()
	s := m.load()
	g := m.group(&s, name)
	ids := m.some(1 + m.rng.IntN(6))
	want := 0
	for _, id := range ids {
		if _, found := m.groups[name][id]; found {
			want++
			delete(m.groups[name], id)
		}
	}
	n, err := g.Ack(ids)
	if err != nil || n != want {
		m.Fatalf("Ack(%v) = %d, %v, want %d", ids, n, err, want)
	}
	g.Save()
	m.x.End()
}

func (m *streamModel) removeConsumer(name, consumer string) {
	m.Helper()
	s := m.load()
	g := m.group(&s, name)
	c, err := g.Consumer([]byte(consumer))
	if err != nil {
		m.Fatal(err)
	}
	if c.Exists {
		if err := g.RemoveConsumer(&c); err != nil {
			m.Fatal(err)
		}
		g.Save()
	}
	m.x.End()
	for id, who := range m.groups[name] {
		if who == consumer {
			delete(m.groups[name], id)
		}
	}
}

// check compares everything, the number of pairs included.
func (m *streamModel) check() {
	m.Helper()
	s := m.load()
	if s.Len() != len(m.ids) || len(m.ids) > 0 && s.Meta.First != m.ids[0] || s.Exists && s.Meta.Last != m.last {
		m.Fatalf("%d entries from %v to %v, want %d to %v", s.Len(), s.Meta.First, s.Meta.Last, len(m.ids), m.last)
	}
	if !s.Exists {
		return
	}
	pairs := len(m.ids)
	err := s.EachGroup(func(g *datatype.Group) error {
		want := m.groups[string(g.Name)]
		owned := map[string]int{}
		err := g.EachPending(layout.StreamID{}, layout.MaxStreamID, func(p *datatype.Pending) bool {
			if want[p.ID] != string(p.Consumer) {
				m.Errorf("%v is pending for %q, not %q", p.ID, p.Consumer, want[p.ID])
			}
			owned[string(p.Consumer)]++
			return true
		})
		if int(g.Pending) != len(want) {
			m.Errorf("%d pending in %s, want %d", g.Pending, g.Name, len(want))
		}
		pairs += 1 + 2*len(want) + int(g.Consumers)
		return cmpErr(err, g.EachConsumer(func(c *datatype.Consumer) error {
			n := 0
			err := g.EachOwned(c, layout.StreamID{}, len(want)+1, func(id layout.StreamID) bool {
				if want[id] != string(c.Name) {
					m.Errorf("%v is %q's, not %q's", id, c.Name, want[id])
				}
				n++
				return true
			})
			if n != owned[string(c.Name)] || int(c.Pending) != n {
				m.Errorf("%s has %d pending, %d says the consumer, %d the group", c.Name, n, c.Pending, owned[string(c.Name)])
			}
			return err
		}))
	})
	if err != nil {
		m.Fatal(err)
	}
	if n := m.x.CountPrefix([]byte{layout.SpaceElement}); n != pairs {
		m.Fatalf("%d pairs, want %d", n, pairs)
	}
	m.x.End()
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestStreamModel(t *testing.T) {
	for seed := range uint64(60) {
		datatype.SetWindowSize(t, []int{2, 7, 256}[seed%3])
		m := newStreamModel(t, seed)
		m.add()
		m.createGroup("a")
		m.createGroup("b")
		for step := range 500 {
			group, consumer := string('a'+rune(m.rng.IntN(2))), "c"+strconv.Itoa(m.rng.IntN(3))
			switch op := m.rng.IntN(40); {
			case op < 16:
				m.add()
			case op < 24:
				m.read()
			case op < 28:
				m.delete()
			case op == 28:
				m.trim()
			case op < 34:
				m.deliver(group, consumer)
			case op < 38:
				m.ack(group)
			case op == 38 && step%4 == 0:
				m.removeConsumer(group, consumer)
			case op == 39:
				m.x.Forget() // as after a restart
			}
			if step%20 == 0 {
				m.check()
			}
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
		m.check()
	}
}

// Long trims take one range delete, and leave nothing.
func TestStreamTrimLong(t *testing.T) {
	for _, keep := range []int64{0, 1, 700} {
		for _, byID := range []bool{false, true} {
			m := newStreamModel(t, 1)
			for len(m.ids) < 1000 {
				m.add()
			}
			m.x.HeavyLimit = 5
			s := m.load()
			how := datatype.Trim{By: datatype.TrimByLength, MaxLen: keep}
			if byID {
				how = datatype.Trim{By: datatype.TrimByID, MinID: layout.MaxStreamID}
				if keep > 0 {
					how.MinID = m.ids[1000-keep]
				}
			}
			if _, err := s.Trim(how); (err == datatype.ErrWouldBlock) != (keep > 0) {
				t.Errorf("keep %d: %v", keep, err)
			}
			m.x.Undo()
			m.x.HeavyLimit = 0
			s = m.load()
			if n, err := s.Trim(how); err != nil || n != 1000-int(keep) {
				t.Errorf("Trim(%+v) = %d, %v", how, n, err)
			}
			s.Save()
			m.x.End()
			m.ids = m.ids[1000-keep:]
			m.check()
			m.add()
			m.check()
		}
	}
}

// The sizes of the nodes that entries are put into, as redis-server 7.0.15 has them.
func TestStreamNodes(t *testing.T) {
	for _, c := range []struct {
		maxEntries, maxBytes int64
		value                int
		want                 string
	}{
		{10, 4096, 1, "10 10 5"},
		{0, 0, 1, "25"},
		{100, 200, 20, "6 6 6 6 1"},
		{3, 10, 100, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"},
	} {
		x := datatypetest.New()
		x.Lim.StreamNodeMaxEntries, x.Lim.StreamNodeMaxBytes = c.maxEntries, c.maxBytes
		for i := range 25 {
			s, err := datatype.LoadStream(x, streamName)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Exists {
				s.Create()
			}
			if _, err := s.Add(datatype.NewID{ID: layout.StreamID{MS: uint64(1 + i)}}, [][]byte{[]byte("f"), slices.Repeat([]byte("v"), c.value)}); err != nil {
				t.Fatal(err)
			}
			s.Save()
			x.End()
		}
		var got string
		s, _ := datatype.LoadStream(x, streamName)
		for s.Len() > 0 {
			n, err := s.Trim(datatype.Trim{By: datatype.TrimByLength, MaxLen: int64(s.Len() - 1), Approx: true})
			if most := s.Len(); n == 0 && err == nil { // the first node has more than one
				for k := 2; n == 0 && k <= most; k++ {
					n, err = s.Trim(datatype.Trim{By: datatype.TrimByLength, MaxLen: int64(most - k), Approx: true})
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			got += fmt.Sprint(" ", n)
			s.Save()
		}
		x.End()
		if got != " "+c.want {
			t.Errorf("%d entries, %d bytes: nodes of%s, want %s", c.maxEntries, c.maxBytes, got, c.want)
		}
	}
}

// What keeps up with a stream needs no range read: writing, capping, following.
func TestStreamNeedsNoIterator(t *testing.T) {
	m := newStreamModel(t, 5)
	m.createGroup("g")
	iters := 0
	m.x.Forget()
	for range 5000 {
		s := m.load()
		if err := s.ReadFirst(); err != nil {
			t.Fatal(err)
		}
		id, err := s.Add(datatype.NewID{ID: layout.StreamID{MS: m.last.MS + 1}}, fieldsOf(m.last))
		if err != nil {
			t.Fatal(err)
		}
		m.last = id
		if _, err := s.Trim(datatype.Trim{By: datatype.TrimByLength, MaxLen: 1000, Approx: true}); err != nil {
			t.Fatal(err)
		}
		s.Save()
		g := m.group(&s, "g")
		from, _ := g.Last.Next()
		n := 0
		err = s.Each(datatype.EntryRange{From: from, To: layout.MaxStreamID, Count: 10, Follow: true}, func(id layout.StreamID, _ layout.StreamEntry) bool {
			n++
			return true
		})
		if err != nil || n != 1 {
			t.Fatalf("%d new entries, %v", n, err)
		}
		c, err := g.Arrive([]byte("c"))
		if err != nil || g.Deliver(&c, []layout.StreamID{id}, false) != nil {
			t.Fatal(err)
		}
		g.SaveConsumer(&c)
		if n, err := g.Ack([]layout.StreamID{id}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		g.Save()
		iters += m.x.Iters
		m.x.End()
	}
	if iters > 1 {
		t.Errorf("%d range reads", iters)
	}
}
