package bufpool

import "testing"

func TestPool(t *testing.T) {
	p := New(1 << 20)
	for _, n := range []int{0, 1, Smallest - 1, Smallest, Smallest + 1, 300_000, 1 << 20, 1<<20 + 1, 40 << 20} {
		b := p.Get(n)
		if len(b) != 0 || cap(b) < n || n >= Smallest && cap(b) >= 2*max(n, Smallest) {
			t.Errorf("%d bytes: len %d, cap %d", n, len(b), cap(b))
		}
		p.Put(b)
	}
	if held := p.Held(); held > 1<<20 || held == 0 {
		t.Errorf("%d bytes are held, the limit is %d", held, 1<<20)
	}
}

func TestSlicesComeBack(t *testing.T) {
	p := New(1 << 20)
	b := append(p.Get(100_000), "left over"...)
	p.Put(b)
	again, other := p.Get(70_000), p.Get(70_000)
	if &b[:1][0] != &again[:1][0] {
		t.Error("what was given back is not lent again")
	}
	if &again[:1][0] == &other[:1][0] {
		t.Error("one slice is lent twice")
	}
	p.Put(make([]byte, 0, 100_000)) // of no size that is lent
	if held := p.Held(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
}
