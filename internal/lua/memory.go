package lua

import (
	"errors"
	"math"
	"slices"
)

// ErrMemory aborts a script that holds more than it may.
var ErrMemory = errors.New("script exceeds its memory limit")

// Alloc counts memory that is about to be taken. What was counted and has become garbage is found out by a look
// at all that can be reached, which is due when half of the limit was taken since the last.
func (st *State) Alloc(bytes int) {
	st.allocated += bytes
	if st.allocated < st.checkAt && bytes < st.MemoryLimit || st.MemoryLimit == 0 {
		return
	}
	if bytes >= st.MemoryLimit {
		panic(&Abort{ErrMemory})
	}
	live := st.Measure()
	if live+bytes > st.MemoryLimit {
		panic(&Abort{ErrMemory})
	}
	st.live, st.allocated = live, live+bytes
	st.checkAt = live + max(st.MemoryLimit/2, 4096)
}

// Grow counts a buffer of a function in Go that has grown from what was counted of it to size, and returns what is counted
// now. Drop takes it back.
func (st *State) Grow(counted, size int) int {
	if size > counted {
		st.Alloc(size - counted)
		st.pinned += size - counted
		return size
	}
	return counted
}

// Drop uncounts a buffer that is no longer needed.
func (st *State) Drop(counted int) { st.pinned -= counted }

// Root keeps a value that a function in Go is building in sight; Unroot lets go of the last.
func (st *State) Root(v Value) { st.running.push(v) }

// Unroot undoes Root.
func (st *State) Unroot() { st.running.top-- }

// Begin sets the limit for a script that is about to run: what the state holds already is not the script's.
func (st *State) Begin(limit int) {
	st.MemoryLimit = 0
	if limit > 0 {
		st.MemoryLimit = st.live + limit
	}
	st.allocated = st.live
	st.checkAt = math.MaxInt
	if limit > 0 {
		st.checkAt = st.live + limit/2
	}
	st.steps, st.pinned = StepsPerTick, 0
}

// Settle measures what the state itself holds, between scripts.
func (st *State) Settle() { st.live = st.Measure() }

// Held is what the state is known to hold, and what it has taken since.
func (st *State) Held() int { return max(st.live, st.allocated) }

// measurer adds up what can be reached. Objects that are seen carry the epoch of the look.
type measurer struct {
	epoch   uint32
	bytes   int
	strings map[*Str]struct{} // long ones; short ones are counted as often as they are referred to
	work    []any
}

// longString is the length from which a string is counted once only.
const longString = 128

// Measure adds up the memory of all that can be reached.
func (st *State) Measure() int {
	st.epoch++
	m := measurer{epoch: st.epoch, strings: map[*Str]struct{}{}}
	m.add(Value{o: st.Globals})
	if st.strings != nil {
		m.add(Value{o: st.strings})
	}
	m.thread(st.Main)
	if st.running != nil {
		m.thread(st.running)
	}
	for len(m.work) > 0 {
		o := m.work[len(m.work)-1]
		m.work = m.work[:len(m.work)-1]
		m.visit(o)
	}
	return m.bytes + st.pinned
}

func (m *measurer) add(v Value) {
	switch x := v.o.(type) {
	case *Str:
		if len(x.s) >= longString {
			if _, seen := m.strings[x]; seen {
				return
			}
			m.strings[x] = struct{}{}
		}
		m.bytes += len(x.s) + strBytes
	case *Table:
		if x.mark != m.epoch {
			x.mark = m.epoch
			m.work = append(m.work, x)
		}
	case *Function:
		if x.mark != m.epoch {
			x.mark = m.epoch
			m.work = append(m.work, x)
		}
	case *Thread:
		m.thread(x)
	case *Userdata:
		if x.mark != m.epoch && x.meta != nil {
			x.mark = m.epoch
			m.add(Value{o: x.meta})
		}
	}
}

func (m *measurer) thread(t *Thread) {
	if t.mark != m.epoch {
		t.mark = m.epoch
		m.work = append(m.work, t)
	}
	if t.resumer != nil && t.resumer.mark != m.epoch {
		m.thread(t.resumer)
	}
}

func (m *measurer) visit(o any) {
	switch x := o.(type) {
	case *Table:
		m.bytes += tableBytes + len(x.arr)*valueBytes + len(x.nodes)*nodeBytes
		for i := range x.arr {
			m.add(x.arr[i])
		}
		for i := range x.nodes {
			m.add(x.nodes[i].key)
			m.add(x.nodes[i].val)
		}
		if x.meta != nil {
			m.add(Value{o: x.meta})
		}
	case *Function:
		m.bytes += closureBytes + 8*len(x.upvals)
		for _, u := range x.upvals {
			if u.mark != m.epoch {
				u.mark = m.epoch
				m.bytes += upvalBytes
				m.add(*u.v)
			}
		}
		if x.env != nil {
			m.add(Value{o: x.env})
		}
	case *Thread:
		m.bytes += len(x.stack)*valueBytes + cap(x.frames)*80
		for _, v := range x.stack[:min(len(x.stack), x.top)] {
			m.add(v)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
