package intset

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
)

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		add  []int64
		want string
	}{
		{nil, "0200000000000000"},
		{[]int64{5, -1, 5}, "0200000002000000ffff0500"},
		{[]int64{1, 32768}, "04000000020000000100000000800000"},
		{[]int64{1, -32769}, "0400000002000000ff7fffff01000000"},
		{[]int64{-2, 1 << 31}, "0800000002000000feffffffffffffff0000008000000000"},
		{[]int64{-2, math.MinInt64}, "08000000020000000000000000000080feffffffffffffff"},
	} {
		is := New()
		for _, v := range c.add {
			is, _ = Add(is, v)
		}
		if got := hex.EncodeToString(is); got != c.want {
			t.Errorf("%v: got %s want %s", c.add, got, c.want)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, h := range []string{
		"", "02000000", "0200000000000000", "03000000010000000100", "020000000100000001",
		"0200000001000000010000", "020000000200000001000100", "020000000200000002000100", "08000000ffffffff0100000000000000",
	} {
		b, _ := hex.DecodeString(h)
		if Validate(b) == nil {
			t.Errorf("%s accepted", h)
		}
	}
}

func randInt(r *rand.Rand) int64 {
	v := int64(r.Uint64() >> r.IntN(64))
	if r.IntN(2) == 0 {
		v = ^v
	}
	return v
}

func TestAgainstModelAndRedis(t *testing.T) {
	c := liveredis.Start(t)
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 60 {
		key := strconv.Itoa(round)
		is, model := New(), []int64(nil)
		var cmds [][]string
		var want []bool
		for range 100 {
			v := randInt(r)
			if round%2 == 0 {
				v %= 200
			}
			var changed bool
			pos, found := slices.BinarySearch(model, v)
			if p, f := Search(is, v); p != pos || f != found || Has(is, v) != found {
				t.Fatalf("search %d: %d %v", v, p, f)
			}
			if r.IntN(3) == 0 && len(model) > 1 {
				is, changed = Remove(is, v)
				if found {
					model = slices.Delete(model, pos, pos+1)
				}
				cmds = append(cmds, []string{"SREM", key, strconv.FormatInt(v, 10)})
			} else {
				is, changed = Add(is, v)
				if !found {
					model = slices.Insert(model, pos, v)
				}
				cmds = append(cmds, []string{"SADD", key, strconv.FormatInt(v, 10)})
			}
			want = append(want, changed)
		}
		for i, v := range c.Pipeline(cmds) {
			if (v == int64(1)) != want[i] {
				t.Fatalf("%v: %v", cmds[i], v)
			}
		}
		typ, body := liveredis.Payload(t, c.Bytes("DUMP", key))
		if typ != 11 || !bytes.Equal(body, is) {
			t.Fatalf("round %d: redis %d %x\nours %x", round, typ, body, is)
		}
		if Validate(is) != nil || Len(is) != len(model) {
			t.Fatal("invalid")
		}
		for i, v := range model {
			if At(is, i) != v {
				t.Fatal("At", i)
			}
		}
	}
}

func FuzzValidate(f *testing.F) {
	is, _ := Add(New(), 5)
	f.Add(is, int64(7))
	is, _ = Add(is, math.MinInt64)
	f.Add(is, int64(-70000))
	f.Fuzz(func(t *testing.T, is []byte, v int64) {
		if Validate(is) != nil {
			return
		}
		n, had := Len(is), Has(is, v)
		out, added := Add(bytes.Clone(is), v)
		if added == had || Validate(out) != nil || !Has(out, v) {
			t.Fatal("add")
		}
		out, removed := Remove(out, v)
		if !removed || Has(out, v) || (n > 1 && Validate(out) != nil) {
			t.Fatal("remove")
		}
	})
}
