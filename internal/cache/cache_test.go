package cache

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// known is what a model holds of a pair.
type known struct {
	val    string
	exists bool
}

type pair struct {
	space Space
	key   string
}

// checkMemory holds the cache to C1.
func checkMemory(t testing.TB, c *Cache, limit int64) {
	t.Helper()
	if st := c.Stats(); st.Bytes > limit+shardCount*segmentBytes {
		t.Errorf("%d bytes with a limit of %d", st.Bytes, limit)
	}
}

// C2, C3: whatever is put, overwritten, forgotten and evicted, a hit is what was put
// last for the pair, and what was forgotten is a miss.
func TestAgainstModel(t *testing.T) {
	const limit = 16 << 20
	c := New(limit)
	rng := rand.New(rand.NewPCG(1, 2))
	model := map[pair]known{}
	blank := bytes.Repeat([]byte("v"), 2*MaxEntryBytes)
	sizes := []int{0, 1, 15, 16, 17, 100, 400, 1000}
	steps := 300_000
	if testing.Short() {
		steps = 100_000
	}
	hits := 0
	var buf []byte
	for i := range steps {
		p := pair{Space(rng.IntN(3)), fmt.Sprintf("key:%d", min(rng.IntN(40_000), rng.IntN(40_000)))}
		switch what := rng.IntN(100); {
		case what < 45:
			size := sizes[rng.IntN(len(sizes))]
			if what == 0 {
				size = rng.IntN(2 * MaxEntryBytes) // around the largest that is kept
			}
			val := blank[:size]
			if size >= 8 {
				binary.LittleEndian.PutUint64(val, uint64(i))
			}
			exists := what%8 != 1
			if !exists {
				val = nil
			}
			c.Put(p.space, []byte(p.key), val, exists)
			model[p] = known{string(val), exists}
		case what < 50:
			c.Forget(p.space, []byte(p.key))
			delete(model, p)
		default:
			val, exists, hit := c.Get(buf[:0], p.space, []byte(p.key))
			buf = val
			if !hit {
				if len(val) != 0 || exists {
					t.Fatalf("step %d: a miss with a value", i)
				}
				continue
			}
			hits++
			want, there := model[p]
			if !there || exists != want.exists || string(val) != want.val {
				t.Fatalf("step %d: %v has %.20q… (%d bytes), %v; want %.20q… (%d bytes), %v, known %v",
					i, p, val, len(val), exists, want.val, len(want.val), want.exists, there)
			}
		}
		if i%1000 == 0 {
			checkMemory(t, c, limit)
		}
	}
	st := c.Stats()
	if st.Hits != int64(hits) || st.Misses == 0 || hits == 0 || st.Entries > int64(len(model)) {
		t.Errorf("%+v; %d hits and %d pairs in the model", st, hits, len(model))
	}
	if st.Entries == int64(len(model)) {
		t.Error("nothing was evicted: the test is too small")
	}
	if c.ResetStats(); c.Stats().Hits != 0 || c.Stats().Misses != 0 {
		t.Error("statistics stay after a reset")
	}
}

// A value that is too large to be kept must not leave the one before.
func TestTooLargeReplaces(t *testing.T) {
	c := New(0)
	c.Put(1, []byte("k"), []byte("old"), true)
	c.Put(1, []byte("k"), make([]byte, MaxEntryBytes), true)
	if val, _, hit := c.Get(nil, 1, []byte("k")); hit {
		t.Errorf("a hit of %d bytes", len(val))
	}
}

// Renew keeps what is known true, whatever its size, and makes nothing known.
func TestRenew(t *testing.T) {
	c := New(0)
	c.Renew(1, []byte("k"), []byte("new"), true)
	if _, _, hit := c.Get(nil, 1, []byte("k")); hit {
		t.Error("a pair that nobody has put is known")
	}
	for _, size := range []int{1, 3, 100, 5, MaxEntryBytes} {
		c.Put(1, []byte("k"), []byte("old"), true)
		val := bytes.Repeat([]byte("v"), size)
		c.Renew(1, []byte("k"), val, true)
		got, exists, hit := c.Get(nil, 1, []byte("k"))
		if hit && (!exists || !bytes.Equal(got, val)) || hit != (size <= 16) { // what has room stays, the rest is forgotten
			t.Errorf("%d bytes are renewed, %d found, %v", size, len(got), hit)
		}
		c.Forget(1, []byte("k"))
	}
	c.Put(1, []byte("k"), []byte("old"), true)
	c.Renew(1, []byte("k"), nil, false)
	if _, exists, hit := c.Get(nil, 1, []byte("k")); !hit || exists {
		t.Errorf("a pair that was deleted: there %v, known %v", exists, hit)
	}
}

// What grows by a little each time finds room where it is, mostly.
func TestGrowth(t *testing.T) {
	c := New(1 << 30)
	key := []byte("k")
	var val []byte
	for range 400 {
		val = append(val, "0123456789"...)
		c.Put(1, key, val, true)
		if got, _, hit := c.Get(nil, 1, key); !hit || !bytes.Equal(got, val) {
			t.Fatalf("%d bytes put, %d found, %v", len(val), len(got), hit)
		}
	}
	s := c.shard(Hash(1, key))
	if used := (len(s.order)-1)*segmentBytes + s.segments[s.order[len(s.order)-1]].fill; used > 16*len(val) {
		t.Errorf("a value of %d bytes has taken %d while it grew", len(val), used)
	}
}

func TestSpacesAreApart(t *testing.T) {
	c := New(0)
	c.Put(1, []byte("k"), []byte("one"), true)
	if _, _, hit := c.Get(nil, 2, []byte("k")); hit {
		t.Error("a pair of another space is seen")
	}
	c.Put(2, []byte("k"), nil, false)
	c.Forget(2, []byte("k"))
	if val, exists, hit := c.Get([]byte("> "), 1, []byte("k")); !hit || !exists || string(val) != "> one" {
		t.Errorf("%q, %v, %v", val, exists, hit)
	}
}

// A space that is dropped gives its memory to others, and takes nothing of theirs.
func TestDrop(t *testing.T) {
	c := New(1 << 30)
	key := func(i int) []byte { return fmt.Append(nil, "key", i) }
	for i := range 100_000 {
		c.Put(1, key(i), key(i), true)
		if i%100 == 0 {
			c.Put(2, key(i), []byte("stays"), true)
		}
	}
	before := c.Stats()
	c.Drop(1)
	if st := c.Stats(); st.Entries != 1000 || st.Bytes > before.Bytes {
		t.Errorf("%+v after, %+v before", st, before)
	}
	for i := range 100_000 {
		if _, _, hit := c.Get(nil, 1, key(i)); hit {
			t.Fatalf("%d is still there", i)
		}
		if val, _, hit := c.Get(nil, 2, key(i)); hit != (i%100 == 0) || hit && string(val) != "stays" {
			t.Fatalf("%d of the other space: %q, %v", i, val, hit)
		}
	}
	c.Drop(2)
	for i := range 100_000 {
		c.Put(3, key(i), key(i), true)
	}
	if st := c.Stats(); st.Bytes > before.Bytes+before.Bytes/8 || st.Entries != 100_000 {
		t.Errorf("%+v after the same again, %+v before", st, before)
	}
}

// What is read again and again outlives what is written once.
func TestSecondChance(t *testing.T) {
	c := New(0)
	hot := []byte("hot")
	c.Put(1, hot, []byte("value"), true)
	val := make([]byte, 1000)
	for i := range 50_000 { // several times the least limit
		c.Put(1, fmt.Append(nil, i), val, true)
		if _, _, hit := c.Get(nil, 1, hot); !hit {
			t.Fatalf("evicted after %d others", i)
		}
	}
}

// Values that name their key, under many readers and writers: a hit always belongs
// to its key and is whole.
func TestConcurrent(t *testing.T) {
	const limit = 8 << 20
	c := New(limit)
	rounds := 20_000
	if testing.Short() {
		rounds = 8_000
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			var buf []byte
			for i := range rounds {
				key := fmt.Append(nil, rng.IntN(20_000))
				switch rng.IntN(10) {
				case 0:
					c.Forget(1, key)
				case 1, 2, 3, 4:
					c.Put(1, key, bytes.Repeat(append(key, ' '), 1+rng.IntN(200)), true)
				default:
					val, exists, hit := c.Get(buf[:0], 1, key)
					buf = val
					if word := append(key, ' '); hit && (!exists || len(val) == 0 || len(val)%len(word) != 0 || bytes.Count(val, word) != len(val)/len(word)) {
						t.Errorf("key %q has %.40q…", key, val)
						return
					}
				}
				if i%1000 == 0 {
					checkMemory(t, c, limit)
					c.SetLimit(limit)
				}
			}
		}()
	}
	all.Wait()
}
