package datatype_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/datatype/datatypetest"
	"github.com/haypile/haypile/internal/layout"
)

// scanned is a database under SCAN whose dictionary is kept as the engine does.
type scanned struct {
	t        *testing.T
	x        *datatypetest.Txn
	prefixes *datatype.Prefixes
	learned  int
	refuse   bool // nothing can be learned
	maxPage  int
}

func newScanned(t *testing.T) *scanned {
	return &scanned{t: t, x: datatypetest.New(), prefixes: datatype.NoPrefixes}
}

func (s *scanned) set(name string) {
	k, err := datatype.Load(s.x, []byte(name))
	if err != nil {
		s.t.Fatal(err)
	}
	datatype.SetString(&k, []byte("v"), 0)
	s.x.End()
}

func (s *scanned) del(name string) {
	k, err := datatype.Load(s.x, []byte(name))
	if err != nil {
		s.t.Fatal(err)
	}
	k.Remove()
	s.x.End()
}

// reload is a restart: the dictionary comes from the database.
func (s *scanned) reload() {
	p, err := datatype.LoadPrefixes(s.x)
	if err != nil {
		s.t.Fatal(err)
	}
	s.prefixes = p
	s.x.End()
}

func (s *scanned) step(cursor uint64, count int, within string) (names []string, next uint64) {
	next, err := datatype.ScanKeys(s.x, datatype.KeyScan{
		Cursor: cursor, Count: count, Within: []byte(within), Prefixes: s.prefixes,
		Learn: func(prefix []byte) (*datatype.Prefixes, bool, error) {
			if s.refuse || s.prefixes.Full() {
				return nil, false, nil
			}
			s.prefixes = s.prefixes.With(prefix)
			s.prefixes.StoreLast(s.x)
			s.learned++
			return s.prefixes, true, nil
		},
	}, func(name []byte, _ *layout.Head) { names = append(names, string(name)) })
	if err != nil {
		s.t.Fatal(err)
	}
	if next >= 1<<53 {
		s.t.Fatalf("cursor %d does not fit a double", next)
	}
	s.x.End()
	s.maxPage = max(s.maxPage, len(names))
	return names, next
}

// all iterates to the end; between is called after each step.
func (s *scanned) all(count int, within string, between func()) map[string]int {
	seen := map[string]int{}
	cursor := uint64(0)
	for steps := 0; ; steps++ {
		if steps > 1_000_000 {
			s.t.Fatal("the iteration does not end")
		}
		names, next := s.step(cursor, count, within)
		for _, n := range names {
			seen[n]++
		}
		if next == 0 {
			return seen
		}
		if next == cursor {
			s.t.Fatalf("no progress at cursor %d", cursor)
		}
		cursor = next
		between()
	}
}

// keyspaces are shapes of key names that are hard on a cursor.
var keyspaces = map[string]func(r *rand.Rand, i int) string{
	"numbers":     func(_ *rand.Rand, i int) string { return fmt.Sprintf("user:%09d", i) },
	"long prefix": func(_ *rand.Rand, i int) string { return strings.Repeat("service:session:", 12) + fmt.Sprint(i) },
	"longer":      func(_ *rand.Rand, i int) string { return strings.Repeat("x", 2000) + fmt.Sprint(i) },
	"hashes":      func(r *rand.Rand, _ int) string { return fmt.Sprintf("%016x", r.Uint64()) },
	"two prefixes": func(r *rand.Rand, i int) string {
		return [...]string{"tenant-a:cart:", "tenant-b:"}[r.IntN(2)] + fmt.Sprint(i)
	},
	"suffix": func(_ *rand.Rand, i int) string { return fmt.Sprintf("%06d:profile:settings", i) },
	"zeros": func(r *rand.Rand, i int) string {
		return strings.Repeat("\x00", i%40) + string([]byte{byte(r.IntN(3))})
	},
	"nested": func(_ *rand.Rand, i int) string { return strings.Repeat("ab", i%300) },
	"binary": func(r *rand.Rand, _ int) string {
		b := make([]byte, r.IntN(12))
		for i := range b {
			b[i] = [...]byte{0, 0, 1, 'a', 255, 255}[r.IntN(6)]
		}
		return string(b)
	},
	"tree": func(r *rand.Rand, _ int) string {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			fmt.Fprintf(&b, "/directory%d", r.IntN(4))
		}
		return b.String()
	},
}

// Every key that is there from the first step to the last is returned, whatever
// comes and goes meanwhile, and across restarts.
func TestScanIsComplete(t *testing.T) {
	for name, key := range keyspaces {
		for _, count := range []int{1, 10, 100, 1000} {
			t.Run(fmt.Sprintf("%s/%d", name, count), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(uint64(count), uint64(len(name))))
				s := newScanned(t)
				stable, passing := map[string]bool{}, map[string]bool{}
				for i := range 3000 {
					k := key(r, i)
					s.set(k)
					if r.IntN(3) > 0 {
						stable[k] = true
					} else {
						passing[k] = true
					}
				}
				for range 2 {
					seen := s.all(count, "", func() {
						for k := range passing {
							if !stable[k] {
								s.del(k)
							}
							delete(passing, k)
							break
						}
						if k := key(r, 3000+r.IntN(3000)); !stable[k] {
							s.set(k)
							passing[k] = true
						}
						if r.IntN(4) == 0 {
							s.reload()
						}
					})
					for k := range stable {
						if seen[k] == 0 {
							t.Fatalf("key %q was not returned", k)
						}
					}
				}
				if name == "longer" { // longer than what is learned
					return
				}
				if s.maxPage > count+2*256+8 {
					t.Errorf("a page of %d keys for COUNT %d", s.maxPage, count)
				}
			})
		}
	}
}

// Without changes no key comes twice.
func TestScanReturnsKeysOnce(t *testing.T) {
	for name, key := range keyspaces {
		s := newScanned(t)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 2000 {
			s.set(key(r, i))
		}
		seen := s.all(7, "", func() {})
		if keys, _ := s.x.KeyCounts(); int(keys) != len(seen) {
			t.Errorf("%s: %d keys of %d", name, len(seen), keys)
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("%s: key %q came %d times", name, k, n)
			}
		}
	}
}

func TestScanLearnsLittle(t *testing.T) {
	s := newScanned(t)
	for i := range 30_000 {
		s.set(fmt.Sprintf("namespace:user:%012d", i*7))
	}
	s.all(10, "", func() {})
	if s.learned == 0 || s.learned > 40 {
		t.Errorf("%d prefixes for 30000 keys", s.learned)
	}
	learned := s.learned
	s.all(10, "", func() {})
	if s.learned != learned {
		t.Errorf("a second iteration learned %d more", s.learned-learned)
	}
}

// When nothing can be learned, groups of keys come whole.
func TestScanWithoutLearning(t *testing.T) {
	s := newScanned(t)
	s.refuse = true
	for i := range 3000 {
		s.set(fmt.Sprintf("common:prefix:%d", i))
		s.set(fmt.Sprintf("%d:other", i))
	}
	if seen := s.all(10, "", func() {}); len(seen) != 6000 {
		t.Errorf("%d keys", len(seen))
	}
}

func TestScanWithin(t *testing.T) {
	s := newScanned(t)
	for i := range 1000 {
		s.set(fmt.Sprintf("a:%d", i))
		s.set(fmt.Sprintf("b:%d", i))
		s.set(fmt.Sprintf("c:%d", i))
	}
	seen := s.all(10, "b:", func() {})
	for k := range seen {
		if !strings.HasPrefix(k, "b:") {
			t.Fatalf("key %q", k)
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d keys", len(seen))
	}
}

func TestScanOfMadeUpCursors(t *testing.T) {
	s := newScanned(t)
	for i := range 100 {
		s.set(fmt.Sprint("k", i))
	}
	for _, cursor := range []uint64{1, 77, 1 << 39, 1 << 40, 1 << 52, 1 << 53, 1<<64 - 1} {
		s.step(cursor, 10, "")
	}
}

func TestScanHidesExpired(t *testing.T) {
	s := newScanned(t)
	for i := range 100 {
		k, _ := datatype.Load(s.x, []byte(fmt.Sprint("k", i)))
		datatype.SetString(&k, []byte("v"), s.x.Now+int64(i%2)*1000-500)
		s.x.End()
	}
	if seen := s.all(3, "", func() {}); len(seen) != 50 {
		t.Errorf("%d keys", len(seen))
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("a\xffab\xff\x00\x00b\xffabcdefgh"), uint8(1))
	f.Fuzz(func(t *testing.T, raw []byte, count uint8) {
		s := newScanned(t)
		want := map[string]bool{}
		for _, k := range strings.Split(string(raw), "\xff") {
			for i := range 20 {
				name := strings.Repeat(k, 1+i%3) + strings.Repeat("\x00", i/3)
				s.set(name)
				want[name] = true
			}
		}
		seen := s.all(1+int(count%16), "", s.reload)
		if len(seen) != len(want) {
			t.Errorf("%d keys of %d", len(seen), len(want))
		}
	})
}

func TestRandomKey(t *testing.T) {
	x := datatypetest.New()
	if _, found, err := datatype.RandomKey(x); found || err != nil {
		t.Fatal("a key in an empty database", err)
	}
	live := map[string]int{}
	for i := range 1000 {
		name := fmt.Sprintf("key:%04d", i)
		expire := int64(0)
		if i%10 != 0 {
			expire = x.Now - 1
		} else {
			live[name] = 0
		}
		k, _ := datatype.Load(x, []byte(name))
		datatype.SetString(&k, []byte("v"), expire)
		x.End()
	}
	for range 5000 {
		name, found, err := datatype.RandomKey(x)
		if _, ok := live[string(name)]; !found || err != nil || !ok {
			t.Fatalf("%q, %v, %v", name, found, err)
		}
		live[string(name)]++
		x.End()
	}
	for name, n := range live {
		if n < 10 || n > 150 {
			t.Errorf("key %s came %d times of 5000, where 50 are its share", name, n)
		}
	}
}

// The last key that has not expired is found, wherever it is.
func TestRandomKeyFindsTheOnlyOne(t *testing.T) {
	for only := range 20 {
		x := datatypetest.New()
		for i := range 20 {
			k, _ := datatype.Load(x, fmt.Appendf(nil, "%c%d", 'a'+i, i))
			expire := x.Now - 1
			if i == only {
				expire = 0
			}
			datatype.SetString(&k, nil, expire)
			x.End()
		}
		for range 20 {
			if name, found, _ := datatype.RandomKey(x); !found || string(name) != fmt.Sprintf("%c%d", 'a'+only, only) {
				t.Fatalf("%q, %v", name, found)
			}
			x.End()
		}
	}
}
