package hyperloglog

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
)

func TestNew(t *testing.T) {
	if got := hex.EncodeToString(New()); got != "48594c4c0100000000000000000000007fff" {
		t.Fatal(got)
	}
	if n, fresh, err := Count(New()); n != 0 || fresh || err != nil {
		t.Fatal(n, fresh, err)
	}
	if n, err := CountMany(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

func TestErrors(t *testing.T) {
	dense, _ := ToDense(New())
	head := string(New()[:16])
	for _, c := range []struct {
		b    string
		want error
	}{
		{"", ErrNotHLL}, {"HYLL", ErrNotHLL}, {head[:15], ErrNotHLL}, {"hYLL" + head[4:], ErrNotHLL}, {"HYLL\x02" + head[5:], ErrNotHLL},
		{string(dense[:len(dense)-1]), ErrNotHLL}, {string(dense) + "x", ErrNotHLL},
		{head, ErrCorrupt}, {head + "\x7f", ErrCorrupt}, {head + "\x7f\xfe", ErrCorrupt}, {head + "\x7f\xff\x00", ErrCorrupt},
		{head + "\x7f\xff\xff", ErrCorrupt}, {head + "\x7f\xff", nil}, {string(dense), nil}, {head + "\x7f\xfe\x80", nil},
	} {
		if got := Validate([]byte(c.b)); got != c.want {
			t.Errorf("%.24x: %v want %v", c.b, got, c.want)
		}
	}
}

func (h *histogram) total() (n int) {
	for _, v := range h {
		n += v
	}
	return n
}

// TestLiveAdd feeds the same elements to Redis and compares the stored bytes
// after additions and counts, through promotion to dense.
func TestLiveAdd(t *testing.T) {
	for _, sparseMax := range []int{SparseMaxDefault, 0, 40, 300, 16000} {
		c := liveredis.Start(t, "--hll-sparse-max-bytes", strconv.Itoa(sparseMax))
		r := rand.New(rand.NewPCG(1, uint64(sparseMax)))
		b := New()
		c.Do("PFADD", "h")
		InvalidateCache(b)
		compare(t, c, "h", b)
		for step := range 300 {
			args := []string{"PFADD", "h"}
			any := int64(0)
			for range 1 + r.IntN(60) {
				e := make([]byte, r.IntN(20))
				for i := range e {
					e[i] = byte(r.Uint32())
				}
				args = append(args, string(e))
				out, changed, err := Add(b, sparseMax, e)
				if err != nil {
					t.Fatal(err)
				}
				if b = out; changed {
					any = 1
				}
			}
			if got := c.Do(args...); got != any {
				t.Fatalf("step %d: PFADD %v, ours %d", step, got, any)
			}
			compare(t, c, "h", b)
			if r.IntN(3) > 0 {
				continue
			}
			card, fresh, err := Count(b)
			if err != nil {
				t.Fatal(err)
			}
			if fresh {
				StoreCount(b, card)
			}
			if got := c.Do("PFCOUNT", "h"); got != int64(card) {
				t.Fatalf("step %d: PFCOUNT %v, ours %d", step, got, card)
			}
			compare(t, c, "h", b)
		}
	}
}

func compare(t *testing.T, c *liveredis.Client, key string, b []byte) {
	t.Helper()
	if err := Validate(b); err != nil {
		t.Fatal(err)
	}
	if got := c.Bytes("GET", key); !bytes.Equal(got, b) {
		t.Fatalf("bytes differ: redis %d, ours %d\n%.200x\n%.200x", len(got), len(b), got, b)
	}
}

func TestLiveMerge(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(9, 9))
	for round := range 60 {
		var all [][]byte
		var keys []string
		for k := range 1 + r.IntN(4) {
			key := fmt.Sprintf("m%d-%d", round, k)
			args := []string{"PFADD", key}
			b := New()
			for range r.IntN(1 << r.IntN(13)) {
				e := strconv.Itoa(r.IntN(20000))
				args = append(args, e)
				b, _, _ = Add(b, SparseMaxDefault, []byte(e))
			}
			InvalidateCache(b)
			c.Do(args...)
			compare(t, c, key, b)
			all, keys = append(all, b), append(keys, key)
		}
		n, err := CountMany(all...)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 1 {
			if got := c.Do(append([]string{"PFCOUNT"}, keys...)...); got != int64(n) {
				t.Fatalf("PFCOUNT %v, ours %d", got, n)
			}
		}
		fresh, err := Merge(SparseMaxDefault, nil, all...)
		if err != nil {
			t.Fatal(err)
		}
		c.Do(append([]string{"PFMERGE", "new"}, keys...)...)
		compare(t, c, "new", fresh)
		c.Do("DEL", "new")
		into, err := Merge(SparseMaxDefault, all[0], all[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		c.Do(append([]string{"PFMERGE"}, keys...)...)
		compare(t, c, keys[0], into)
	}
}

// TestLiveEstimate covers register contents that elements cannot produce in a
// test's time: random dense strings, up to saturation.
func TestLiveEstimate(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(4, 4))
	for round := range 200 {
		b, _ := ToDense(New())
		if round == 0 { // beyond what any hash can set
			for i := range registers {
				denseSet(b[headerLen:], i, 60)
			}
		}
		lo := r.IntN(60)
		span := 1 + r.IntN(64-lo)
		for i := range registers {
			if r.IntN(1+round%20) == 0 {
				denseSet(b[headerLen:], i, byte(lo+r.IntN(span)))
			}
		}
		InvalidateCache(b)
		c.Do("SET", "h", string(b))
		card, fresh, err := Count(b)
		if err != nil || !fresh {
			t.Fatal(err)
		}
		if got := c.Do("PFCOUNT", "h"); got != int64(card) {
			t.Fatalf("round %d: redis %v ours %d", round, got, card)
		}
	}
}

func FuzzHostile(f *testing.F) {
	b, _, _ := Add(New(), 3000, []byte("a"))
	f.Add(bytes.Clone(b), []byte("b"))
	f.Add([]byte("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xfb\x80\x84\x80\x80"), []byte(""))
	f.Fuzz(func(t *testing.T, b, elem []byte) {
		valid := Validate(b) == nil
		if n, err := CountMany(b, New()); (err == nil) != valid {
			t.Fatal(n, err)
		}
		Count(b)
		out, _, err := Add(bytes.Clone(b), 100, elem)
		if valid && (err != nil || Validate(out) != nil) {
			t.Fatal("add broke it")
		}
		m, err := Merge(100, bytes.Clone(b), New())
		if (err == nil) != valid || valid && Validate(m) != nil {
			t.Fatal("merge", err)
		}
		if regs, err := Registers(b); valid && (err != nil || len(regs) != registers) {
			t.Fatal("registers")
		}
		var h histogram
		if valid && !IsDense(b) {
			if walk(b, func(_, n int, v byte) { h[v] += n }); h.total() != registers {
				t.Fatal("histogram")
			}
		}
	})
}
