package datatype_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
)

func TestBit(t *testing.T) {
	val := make([]byte, 3)
	datatype.PutBit(val, 0, 1)
	datatype.PutBit(val, 7, 1)
	datatype.PutBit(val, 9, 1)
	if !bytes.Equal(val, []byte{0x81, 0x40, 0}) {
		t.Fatalf("%x", val)
	}
	for pos, want := range map[int64]int{0: 1, 1: 0, 7: 1, 8: 0, 9: 1, 23: 0, 24: 0, math.MaxInt64: 0} {
		if got := datatype.Bit(val, pos); got != want {
			t.Errorf("bit %d is %d", pos, got)
		}
	}
	if datatype.PutBit(val, 7, 0); val[0] != 0x80 {
		t.Errorf("%x", val)
	}
}

// randomBits makes strings with long runs, so that word-wise steps are taken.
func randomBits(r *rand.Rand) []byte {
	val := make([]byte, 1+r.IntN(60))
	for i := range val {
		switch r.IntN(12) {
		case 0:
			val[i] = byte(r.Uint32())
		case 1, 2:
			val[i] = ^val[max(i-1, 0)]
		default:
			val[i] = val[max(i-1, 0)]
		}
	}
	return val
}

func TestCountAndFind(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		val := randomBits(r)
		lo := r.Int64N(int64(len(val)) * 8)
		hi := lo + r.Int64N(int64(len(val))*8-lo)
		count, first := int64(0), [2]int64{-1, -1}
		for pos := hi; pos >= lo; pos-- {
			b := datatype.Bit(val, pos)
			count += int64(b)
			first[b] = pos
		}
		if got := datatype.CountBits(val, lo, hi); got != count {
			t.Fatalf("%x from %d to %d: counted %d, want %d", val, lo, hi, got, count)
		}
		for bit, want := range first {
			if got := datatype.FindBit(val, lo, hi, bit); got != want {
				t.Fatalf("%x from %d to %d: found %d at %d, want %d", val, lo, hi, bit, got, want)
			}
		}
	}
}

func TestBitOp(t *testing.T) {
	ops := map[datatype.BitOp]func(a, b byte) byte{
		datatype.BitAnd: func(a, b byte) byte { return a & b },
		datatype.BitOr:  func(a, b byte) byte { return a | b },
		datatype.BitXor: func(a, b byte) byte { return a ^ b },
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		vals := [][]byte{randomBits(r), randomBits(r), randomBits(r)}
		for op, f := range ops {
			want := make([]byte, max(len(vals[0]), len(vals[1]), len(vals[2])))
			for i := range want {
				want[i] = f(f(at(vals[0], i), at(vals[1], i)), at(vals[2], i))
			}
			if got := op.Apply(vals); !bytes.Equal(got, want) {
				t.Fatalf("%v of %x: %x, want %x", op, vals, got, want)
			}
		}
	}
	if got := datatype.BitNot.Apply([][]byte{{0x0f, 0xff}}); !bytes.Equal(got, []byte{0xf0, 0}) {
		t.Fatalf("not: %x", got)
	}
	if got := datatype.BitAnd.Apply([][]byte{{0xff, 0xff}, nil}); !bytes.Equal(got, []byte{0, 0}) {
		t.Fatalf("and with nothing: %x", got)
	}
}

func at(val []byte, i int) byte {
	if i < len(val) {
		return val[i]
	}
	return 0
}

func TestBitField(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		val := randomBits(r)
		width := 1 + r.IntN(min(64, len(val)*8))
		pos := r.Int64N(int64(len(val)*8 - width + 1))
		before := bytes.Clone(val)
		n := r.Uint64() >> (64 - width)
		datatype.PutBitField(val, pos, width, n)
		if got := datatype.BitField(val, pos, width); got != n {
			t.Fatalf("%d bits at %d: %x, want %x", width, pos, got, n)
		}
		want := int64(n)
		if width < 64 && n>>(width-1) == 1 {
			want = int64(n) - 1<<width
		}
		if got := datatype.SignedBitField(val, pos, width); got != want {
			t.Fatalf("%d bits at %d: %d, want %d", width, pos, got, want)
		}
		datatype.PutBitField(val, pos, width, datatype.BitField(before, pos, width))
		if !bytes.Equal(val, before) {
			t.Fatalf("%d bits at %d: bits beside the field changed", width, pos)
		}
	}
	if got := datatype.BitField([]byte{0xff}, 4, 8); got != 0xf0 {
		t.Fatalf("beyond the end: %x", got)
	}
}

func TestAddOverflow(t *testing.T) {
	const wrap, sat, fail = datatype.OverflowWrap, datatype.OverflowSat, datatype.OverflowFail
	for _, c := range []struct {
		val, by int64
		width   int
		o       datatype.Overflow
		want    int64
		over    bool
	}{
		{100, 27, 8, wrap, 127, false}, {100, 28, 8, wrap, -128, true}, {100, 28, 8, sat, 127, true}, {-100, -28, 8, fail, -128, false},
		{-100, -29, 8, wrap, 127, true}, {-100, -29, 8, sat, -128, true}, {300, 0, 8, wrap, 44, true}, {-300, 0, 8, sat, -128, true},
		{math.MaxInt64, 1, 64, wrap, math.MinInt64, true}, {math.MaxInt64, 1, 64, sat, math.MaxInt64, true},
		{math.MinInt64, -1, 64, sat, math.MinInt64, true}, {math.MinInt64, math.MaxInt64, 64, wrap, -1, false}, {0, 1, 1, sat, 0, true},
		{0, -1, 1, wrap, -1, false}, {math.MinInt64, 0, 8, sat, 127, true}, // the last one is Redis's own overflow
	} {
		got, over := datatype.AddSigned(c.val, c.by, c.width, c.o)
		if got != c.want || over != c.over {
			t.Errorf("%+v: %d, %v", c, got, over)
		}
	}
	for _, c := range []struct {
		val   uint64
		by    int64
		width int
		o     datatype.Overflow
		want  uint64
		over  bool
	}{
		{250, 5, 8, wrap, 255, false}, {250, 6, 8, wrap, 0, true}, {250, 6, 8, sat, 255, true}, {5, -5, 8, fail, 0, false},
		{5, -6, 8, wrap, 255, true}, {5, -6, 8, sat, 0, true}, {256, 0, 8, wrap, 0, true}, {math.MaxUint64, 0, 8, sat, 255, true},
		{1<<63 - 1, 1, 63, sat, 1<<63 - 1, true}, {1<<63 - 1, 1, 63, wrap, 0, true},
	} {
		got, over := datatype.AddUnsigned(c.val, c.by, c.width, c.o)
		if got != c.want || over != c.over {
			t.Errorf("%+v: %d, %v", c, got, over)
		}
	}
}
