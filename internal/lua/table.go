package lua

import (
	"math"
	"math/bits"
)

// Table keeps keys 1…n in an array and all others in a hash table with chained scatter and Brent's variation: PUC-Rio's
// algorithms, because they decide the order of pairs and the border that # finds (U3).
type Table struct {
	arr      []Value // len is the size of the array part
	nodes    []node  // a power of two; nil when there is no hash part
	lastFree int     // all nodes from here on are taken
	meta     *Table
	owner    *State
	id       uint32
	mark     uint32
	ReadOnly bool // scripts must not change it
}

type node struct {
	key, val Value
	next     int32 // in the chain of the same place; -1 at its end
}

const (
	valueBytes = 24
	nodeBytes  = 56
	tableBytes = 112
	maxArray   = 1 << 26
)

// arrayIndex returns a key as a place in the array, or 0.
func arrayIndex(key Value) int {
	if _, ok := key.o.(numTag); ok && key.n >= 1 && key.n <= math.MaxInt32 {
		if k := int(key.n); float64(k) == key.n {
			return k
		}
	}
	return 0
}

// place is the main position of a key.
func (t *Table) place(key Value) int {
	size := uint32(len(t.nodes))
	switch x := key.o.(type) {
	case *Str:
		return int(x.hash & (size - 1))
	case numTag:
		if key.n == 0 {
			return 0
		}
		b := math.Float64bits(key.n)
		return int((uint32(b) + uint32(b>>32)) % ((size - 1) | 1))
	case boolTag:
		return int(uint32(key.n) & (size - 1))
	}
	return int(objectID(key) % ((size - 1) | 1))
}

// objectID stands for the address that PUC-Rio would hash.
func objectID(v Value) uint32 {
	switch x := v.o.(type) {
	case *Table:
		return x.id
	case *Function:
		return x.id
	case *Thread:
		return x.id
	case *Userdata:
		return x.id
	}
	return 0
}

// find returns the node of a key, or -1. A node whose value is nil counts: next goes on from it.
func (t *Table) find(key Value) int {
	if t.nodes == nil {
		return -1
	}
	for i := int32(t.place(key)); i >= 0; i = t.nodes[i].next {
		if rawEqual(t.nodes[i].key, key) {
			return int(i)
		}
	}
	return -1
}

// Get returns the value of a key, without metamethods.
func (t *Table) Get(key Value) Value {
	switch x := key.o.(type) {
	case *Str:
		return t.getStr(x)
	case numTag:
		if k := arrayIndex(key); k != 0 && k <= len(t.arr) {
			return t.arr[k-1]
		}
	case nil:
		return Nil
	}
	if i := t.find(key); i >= 0 {
		return t.nodes[i].val
	}
	return Nil
}

func (t *Table) getStr(s *Str) Value {
	if t.nodes == nil {
		return Nil
	}
	for i := int32(s.hash & uint32(len(t.nodes)-1)); i >= 0; {
		n := &t.nodes[i]
		if k, ok := n.key.o.(*Str); ok && (k == s || k.hash == s.hash && k.s == s.s) {
			return n.val
		}
		i = n.next
	}
	return Nil
}

// GetString returns the value of a string key.
func (t *Table) GetString(key string) Value {
	if t.nodes == nil {
		return Nil
	}
	s := Str{s: key, hash: hashString(key)}
	return t.getStr(&s)
}

// GetInt returns the value of an integer key.
func (t *Table) GetInt(k int) Value {
	if k >= 1 && k <= len(t.arr) {
		return t.arr[k-1]
	}
	return t.Get(Int(k))
}

// Set sets a key, which must be neither nil nor NaN, without metamethods.
func (t *Table) Set(key, val Value) {
	if k := arrayIndex(key); k != 0 && k <= len(t.arr) {
		t.arr[k-1] = val
		return
	}
	if i := t.find(key); i >= 0 {
		t.nodes[i].val = val
		return
	}
	if val.o == nil {
		return
	}
	t.insert(key, val)
}

// SetInt sets an integer key.
func (t *Table) SetInt(k int, val Value) {
	if k >= 1 && k <= len(t.arr) {
		t.arr[k-1] = val
		return
	}
	t.Set(Int(k), val)
}

// SetString sets a string key.
func (t *Table) SetString(key string, val Value) { t.Set(String(key), val) }

// insert adds a key that is not there.
func (t *Table) insert(key, val Value) {
	if t.nodes == nil {
		t.rehash(key)
		t.Set(key, val)
		return
	}
	at := t.place(key)
	if t.nodes[at].val.o != nil {
		free := t.freeNode()
		if free < 0 {
			t.rehash(key)
			t.Set(key, val)
			return
		}
		if other := t.place(t.nodes[at].key); other != at { // it does not belong here: it moves
			for int(t.nodes[other].next) != at {
				other = int(t.nodes[other].next)
			}
			t.nodes[other].next = int32(free)
			t.nodes[free] = t.nodes[at]
			t.nodes[at].next = -1
		} else {
			t.nodes[free].next = t.nodes[at].next
			t.nodes[at].next = int32(free)
			at = free
		}
	}
	t.nodes[at].key, t.nodes[at].val = key, val
}

func (t *Table) freeNode() int {
	for t.lastFree > 0 {
		t.lastFree--
		if t.nodes[t.lastFree].key.o == nil {
			return t.lastFree
		}
	}
	return -1
}

func ceilLog2(n int) int { return bits.Len(uint(n - 1)) }

// rehash gives the table the room that its keys and one more need: the largest array that is more than half full, and
// a hash part for the rest.
func (t *Table) rehash(extra Value) {
	var counts [27]int // keys in (2^(i-1), 2^i]
	total, inArray := 1, 0
	for i := range t.arr {
		if t.arr[i].o != nil {
			counts[ceilLog2(i+1)]++
			inArray++
			total++
		}
	}
	count := func(key Value) {
		if k := arrayIndex(key); k != 0 && k <= maxArray {
			counts[ceilLog2(k)]++
			inArray++
		}
	}
	for i := range t.nodes {
		if t.nodes[i].val.o != nil {
			count(t.nodes[i].key)
			total++
		}
	}
	count(extra)
	size, used := 0, 0
	for i, sum, two := 0, 0, 1; two/2 < inArray && i < len(counts); i, two = i+1, two*2 {
		sum += counts[i]
		if counts[i] > 0 && sum > two/2 {
			size, used = two, sum
		}
		if sum == inArray {
			break
		}
	}
	t.resize(size, total-used)
}

// resize changes the sizes of both parts; a hash part is rounded up to a power of two.
func (t *Table) resize(arraySize, hashSize int) {
	nodes := 0
	if hashSize > 0 {
		nodes = 1 << ceilLog2(hashSize)
	}
	t.charge(max(0, arraySize-len(t.arr))*valueBytes + nodes*nodeBytes)
	oldArr, oldNodes := t.arr, t.nodes
	if arraySize > len(oldArr) {
		t.arr = make([]Value, arraySize)
		copy(t.arr, oldArr)
	}
	t.nodes, t.lastFree = nil, nodes
	if nodes > 0 {
		t.nodes = make([]node, nodes)
		for i := range t.nodes {
			t.nodes[i].next = -1
		}
	}
	if arraySize < len(oldArr) {
		t.arr = append([]Value(nil), oldArr[:arraySize]...)
		for i, v := range oldArr[arraySize:] {
			if v.o != nil {
				t.Set(Int(arraySize+i+1), v)
			}
		}
	}
	for i := len(oldNodes) - 1; i >= 0; i-- {
		if n := &oldNodes[i]; n.val.o != nil {
			t.Set(n.key, n.val)
		}
	}
}

func (t *Table) charge(bytes int) {
	if t.owner != nil {
		t.owner.Alloc(bytes)
	}
}

// Len is a border: a position that is set while the next is not.
func (t *Table) Len() int {
	j := len(t.arr)
	if j > 0 && t.arr[j-1].o == nil {
		i := 0
		for j-i > 1 {
			if m := (i + j) / 2; t.arr[m-1].o == nil {
				j = m
			} else {
				i = m
			}
		}
		return i
	}
	if t.nodes == nil {
		return j
	}
	i := j
	for j++; t.GetInt(j).o != nil; j *= 2 {
		i = j
		if j > math.MaxInt32/2 { // a table made to fool the search
			for i = 1; t.GetInt(i).o != nil; i++ {
			}
			return i - 1
		}
	}
	for j-i > 1 {
		if m := (i + j) / 2; t.GetInt(m).o == nil {
			j = m
		} else {
			i = m
		}
	}
	return i
}

// Next returns the pair behind a key, nil being before the first; more is false at the end, ok when the key is none of
// the table's.
func (t *Table) Next(key Value) (k, v Value, more, ok bool) {
	i := 0
	if key.o != nil {
		if at := arrayIndex(key); at != 0 && at <= len(t.arr) {
			i = at
		} else if at := t.find(key); at >= 0 {
			i = len(t.arr) + at + 1
		} else {
			return Nil, Nil, false, false
		}
	}
	for ; i < len(t.arr); i++ {
		if t.arr[i].o != nil {
			return Int(i + 1), t.arr[i], true, true
		}
	}
	for i -= len(t.arr); i < len(t.nodes); i++ {
		if n := &t.nodes[i]; n.val.o != nil {
			return n.key, n.val, true, true
		}
	}
	return Nil, Nil, false, true
}

// Meta is the metatable, or nil.
func (t *Table) Meta() *Table { return t.meta }

// SetMeta sets the metatable.
func (t *Table) SetMeta(m *Table) { t.meta = m }

// Each visits all pairs; the table must not be changed meanwhile.
func (t *Table) Each(visit func(k, v Value)) {
	for i, v := range t.arr {
		if v.o != nil {
			visit(Int(i+1), v)
		}
	}
	for i := range t.nodes {
		if n := &t.nodes[i]; n.val.o != nil {
			visit(n.key, n.val)
		}
	}
}

// Protect makes the table, and all tables that can be reached from it, read-only for scripts.
func (t *Table) Protect() {
	if t.ReadOnly {
		return
	}
	t.ReadOnly = true
	t.Each(func(_, v Value) {
		if inner := v.AsTable(); inner != nil {
			inner.Protect()
		}
	})
	if t.meta != nil {
		t.meta.Protect()
	}
}
