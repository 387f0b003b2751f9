package listpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
)

func TestEntryEncoding(t *testing.T) {
	big := strings.Repeat("x", 4096)
	for _, c := range []struct{ v, want string }{
		{"0", "0001"},
		{"127", "7f01"},
		{"128", "c08002"},
		{"-1", "dfff02"},
		{"4095", "cfff02"},
		{"-4096", "d00002"},
		{"4096", "f1001003"},
		{"-32768", "f1008003"},
		{"32768", "f200800004"},
		{"-8388608", "f200008004"},
		{"8388608", "f30000800005"},
		{"-2147483648", "f30000008005"},
		{"2147483648", "f4000000800000000009"},
		{"-9223372036854775808", "f4000000000000008009"},
		{"9223372036854775808", "93" + hex.EncodeToString([]byte("9223372036854775808")) + "14"},
		{"", "8001"},
		{"a", "816102"},
		{"-0", "822d3003"},
		{"01", "82303103"},
		{"+1", "822b3103"},
		{big[:63], "bf" + hex.EncodeToString([]byte(big[:63])) + "40"},
		{big[:64], "e040" + hex.EncodeToString([]byte(big[:64])) + "42"},
		{big[:126], "e07e" + hex.EncodeToString([]byte(big[:126])) + "0180"},
		{big, "f000100000" + hex.EncodeToString([]byte(big)) + "2085"},
	} {
		lp := Append(New(), []byte(c.v))
		if got := hex.EncodeToString(lp[6 : len(lp)-1]); got != c.want {
			t.Errorf("%.40q: got %s want %s", c.v, got, c.want)
		}
		if EntryBytes([]byte(c.v)) != len(c.want)/2 {
			t.Errorf("%.40q: EntryBytes %d", c.v, EntryBytes([]byte(c.v)))
		}
		v := Get(lp, First(lp))
		if got := string(v.Append(nil)); got != c.v || v.Len() != len(c.v) || !v.Equal([]byte(c.v)) {
			t.Errorf("%.40q: read back %.40q", c.v, got)
		}
		if err := Validate(lp); err != nil {
			t.Errorf("%.40q: %v", c.v, err)
		}
	}
}

func TestBacklenBoundaries(t *testing.T) {
	for _, n := range []int{120, 125, 126, 16380, 16381, 16382, 2097140, 2097146, 2097147} {
		lp := Append(Append(New(), bytes.Repeat([]byte{'z'}, n)), []byte("end"))
		if err := Validate(lp); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if got := Get(lp, Prev(lp, Last(lp))).Len(); got != n {
			t.Fatalf("%d: walked back to %d bytes", n, got)
		}
	}
}

// check compares every read path with the model.
func check(t *testing.T, lp []byte, model []string) {
	t.Helper()
	if err := Validate(lp); err != nil {
		t.Fatalf("%v: %x", err, lp)
	}
	if Len(lp) != len(model) || Bytes(lp) != len(lp) {
		t.Fatalf("len %d want %d", Len(lp), len(model))
	}
	off, back := First(lp), Last(lp)
	for i, want := range model {
		if got := string(Get(lp, off).Append(nil)); got != want {
			t.Fatalf("entry %d: got %q want %q", i, got, want)
		}
		if Seek(lp, i) != off || Seek(lp, i-len(model)) != off {
			t.Fatalf("seek %d", i)
		}
		if got := string(Get(lp, back).Append(nil)); got != model[len(model)-1-i] {
			t.Fatalf("from the end %d: %q", i, got)
		}
		off, back = Next(lp, off), Prev(lp, back)
	}
	if off != -1 || back != -1 || Seek(lp, len(model)) != -1 || Seek(lp, -len(model)-1) != -1 {
		t.Fatal("walk does not end")
	}
}

func randValue(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return strconv.FormatInt(int64(r.Uint64()>>r.IntN(64)), 10)
	case 1:
		return strconv.FormatInt(-int64(r.Uint64()>>(1+r.IntN(63))), 10)
	case 2:
		return strings.Repeat("q", r.IntN(200))
	}
	return strings.Repeat("w", r.IntN(9)*600)
}

func TestEditsAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		lp, model := New(), []string(nil)
		for range 120 {
			v := randValue(r)
			i := 0
			if len(model) > 0 {
				i = r.IntN(len(model))
			}
			off := Seek(lp, i)
			switch op := r.IntN(7); {
			case op == 0 || off < 0:
				lp, model = Append(lp, []byte(v)), append(model, v)
			case op == 1:
				lp, model = Prepend(lp, []byte(v)), slices.Insert(model, 0, v)
			case op == 2:
				lp, model = Insert(lp, off, true, []byte(v)), slices.Insert(model, i, v)
			case op == 3:
				lp, model = Insert(lp, off, false, []byte(v)), slices.Insert(model, i+1, v)
			case op == 4:
				lp, model[i] = Replace(lp, off, []byte(v)), v
			case op == 5:
				n := r.IntN(4)
				lp, model = Delete(lp, off, n), slices.Delete(model, i, min(i+n, len(model)))
			case op == 6: // the value points into the listpack itself
				e := Get(lp, off)
				w := string(e.Append(nil))
				if e.IsInt {
					e.Str = []byte(w)
				}
				lp, model = Prepend(lp, e.Str), slices.Insert(model, 0, w)
			}
		}
		check(t, lp, model)
		other := Append(Append(New(), []byte("7")), []byte("tail"))
		check(t, Merge(lp, other), append(slices.Clone(model), "7", "tail"))
	}
}

func TestAliasedReplaceAndMerge(t *testing.T) {
	lp := Append(Append(Append(New(), []byte("hello world")), []byte("1")), []byte("z"))
	lp = slices.Grow(lp, 100)
	v := Get(lp, First(lp)).Str
	lp = Replace(lp, Seek(lp, 1), v[6:])
	check(t, lp, []string{"hello world", "world", "z"})
	lp = Replace(lp, First(lp), Get(lp, First(lp)).Str[1:4])
	check(t, lp, []string{"ell", "world", "z"})
	check(t, Merge(slices.Grow(slices.Clone(lp), 100), lp), []string{"ell", "world", "z", "ell", "world", "z"})
	lp = slices.Grow(lp, 100)
	lp = Merge(lp, lp)
	check(t, lp, []string{"ell", "world", "z", "ell", "world", "z"})
	lp = Delete(lp, Seek(lp, 3), 3)
	if got := string(append(Get(lp, First(lp)).Str, "tail"...)); got != "elltail" {
		t.Fatal(got)
	}
	check(t, lp, []string{"ell", "world", "z"})
}

func TestInPlaceWithoutAllocation(t *testing.T) {
	lp := make([]byte, 0, 4096)
	lp = append(lp, New()...)
	v := []byte("some value")
	if n := testing.AllocsPerRun(100, func() {
		lp = Append(lp, v)
		lp = Replace(lp, First(lp), v)
		lp = Delete(lp, First(lp), 1)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestUnknownCount(t *testing.T) {
	lp := New()
	for i := range 65540 {
		lp = AppendInt(lp, int64(i&127))
		if i == 65533 && headerCount(lp) != 65534 {
			t.Fatal(headerCount(lp))
		}
	}
	if headerCount(lp) != unknownCount || Len(lp) != 65540 || Validate(lp) != nil {
		t.Fatal("count")
	}
	if Get(lp, Seek(lp, 65539)).Int != 65539&127 || Get(lp, Seek(lp, -65540)).Int != 0 || Seek(lp, 65540) != -1 || Seek(lp, -65541) != -1 {
		t.Fatal("seek")
	}
	lp = Delete(lp, First(lp), 65530)
	if headerCount(lp) != unknownCount || RestoreLen(lp) != 10 || headerCount(lp) != 10 {
		t.Fatal("restore")
	}
}

func TestFind(t *testing.T) {
	lp := New()
	for _, v := range []string{"f1", "v1", "12", "f1", "f3", "12"} {
		lp = Append(lp, []byte(v))
	}
	for _, c := range []struct {
		start int
		v     string
		skip  int
		want  int
	}{
		{0, "f1", 1, 0}, {1, "f1", 1, 3}, {0, "12", 0, 2}, {0, "12", 1, 2}, {1, "12", 1, 5},
		{0, "v1", 1, -1}, {0, "012", 0, -1}, {0, "", 0, -1}, {2, "f1", 0, 3}, {0, "f1", 100, 0}, {1, "f1", 100, -1},
	} {
		if got := Find(lp, Seek(lp, c.start), []byte(c.v), c.skip); got != Seek(lp, c.want) && !(c.want < 0 && got < 0) {
			t.Errorf("%+v: got %d", c, got)
		}
	}
	if Find(New(), First(New()), []byte("a"), 0) != -1 {
		t.Error("empty")
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, h := range []string{
		"", "ff", "060000000000", "080000000000ff", "07000000000000", "07000000 0100 ff",
		"09000000 0100 0002 ff", "09000000 0000 0001 ff", "09000000 0200 0001 ff",
		"09000000 0100 bf01 ff", "08000000 0100 e0 ff", "09000000 0100 f4 09 ff", "09000000 0100 f0ff ff",
		"0c000000 0100 f0ffffffff ff", "0a000000 0100 0001 ff ff", "09000000 0100 f5 01 ff",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(h, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if Validate(b) == nil {
			t.Errorf("%s accepted", h)
		}
	}
}

// FuzzValidate fuzzes entries; the header's total and the terminator are made
// right when frame is set, since chance seldom does.
func FuzzValidate(f *testing.F) {
	f.Add(New(), false)
	f.Add(Append(Append(New(), []byte("abc")), []byte("-99999")), true)
	f.Add(Append(AppendInt(New(), math.MinInt64), bytes.Repeat([]byte("a"), 130)), true)
	f.Fuzz(func(t *testing.T, lp []byte, frame bool) {
		if frame && len(lp) >= headerLen {
			lp = append(lp[:len(lp):len(lp)], eof)
			setBytes(lp)
			if len(lp)%2 == 0 {
				setHeaderCount(lp, unknownCount)
			}
		}
		if Validate(lp) != nil {
			return
		}
		n := Len(lp)
		var model []string
		for off := First(lp); off >= 0; off = Next(lp, off) {
			model = append(model, string(Get(lp, off).Append(nil)))
		}
		if n != len(model) {
			t.Fatal("length")
		}
		i := n
		for off := Last(lp); off >= 0; off = Prev(lp, off) {
			if i--; string(Get(lp, off).Append(nil)) != model[i] {
				t.Fatal("backward")
			}
		}
		if i != 0 {
			t.Fatal("backward walk length")
		}
		for j := range min(n, 20) {
			off := Seek(lp, j)
			if off != Seek(lp, j-n) {
				t.Fatal("seek")
			}
			Find(lp, off, []byte(model[j]), 1)
			c := Replace(bytes.Clone(lp), off, []byte("12345"))
			c = Insert(c, off, false, []byte("x"))
			c = Delete(Prepend(c, []byte("")), Seek(c, j), 2)
			if Validate(c) != nil || Validate(Merge(c, lp)) != nil {
				t.Fatal("edit broke the listpack")
			}
		}
	})
}

// TestLive replays random list edits on Redis and compares the listpack inside
// the DUMP payload of the quicklist's only node.
func TestLive(t *testing.T) {
	c := liveredis.Start(t, "--list-max-listpack-size", "-5")
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 60 {
		key := fmt.Sprint("l", round)
		lp := New()
		for range 40 {
			v := randValue(r)
			if len(v) > 600 {
				v = v[:600]
			}
			i := 0
			if n := Len(lp); n > 0 {
				i = r.IntN(n)
			}
			idx := strconv.Itoa(i)
			off := Seek(lp, i)
			switch op := r.IntN(5); {
			case op <= 1 || off < 0:
				lp = Append(lp, []byte(v))
				c.Do("RPUSH", key, v)
			case op == 2:
				lp = Prepend(lp, []byte(v))
				c.Do("LPUSH", key, v)
			case op == 3:
				lp = Replace(lp, off, []byte(v))
				c.Do("LSET", key, idx, v)
			case op == 4 && Len(lp) > 6:
				lp = Delete(lp, First(lp), 2)
				c.Do("LTRIM", key, "2", "-1")
			}
		}
		dump := c.Bytes("DUMP", key)
		if dump[0] != 18 || dump[1] != 1 || dump[2] != 2 {
			t.Fatalf("not one packed quicklist node: % x", dump[:3])
		}
		got, _ := liveredis.ReadString(t, dump[3:])
		if !bytes.Equal(got, lp) {
			t.Fatalf("round %d: redis %x\nours %x", round, got, lp)
		}
	}
}

func TestInt64Edges(t *testing.T) {
	for _, n := range []int64{math.MinInt64, math.MaxInt64, 0, -1, 127, 128} {
		lp := ReplaceInt(AppendInt(New(), 5), 6, n)
		if v := Get(lp, 6); !v.IsInt || v.Int != n || Validate(lp) != nil {
			t.Fatal(n)
		}
		if !bytes.Equal(lp, Append(New(), strconv.AppendInt(nil, n, 10))) {
			t.Fatal("forms differ", n)
		}
	}
}
