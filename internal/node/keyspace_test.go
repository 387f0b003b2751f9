package node_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/test/harness"
)

// Several clients iterate, and teach the dictionary, while others write. Each must
// see every key that stays; and the dictionary must be whole after a restart.
func TestScanAmongWriters(t *testing.T) {
	dir := t.TempDir()
	n, addr := start(t, vfs.Default, dir)
	const keys = 6000
	name := func(i int) string {
		return fmt.Sprintf([...]string{"tenant:%06d:cart", "tenant:eu:session:%09d", "%06d\x00%[1]d"}[i%3], i)
	}
	c := dial(t, addr)
	var fill [][]string
	for i := range keys {
		fill = append(fill, []string{"SET", name(i), "v"})
	}
	if _, err := c.Pipeline(fill); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writers, scanners sync.WaitGroup
	for range 2 {
		writers.Add(1)
		go func() {
			defer writers.Done()
			w := dial(t, addr)
			for {
				select {
				case <-stop:
					return
				default:
				}
				i := keys + rand.IntN(keys)
				w.MustDo(t, []any{"SET", name(i), "v"}...)
				w.MustDo(t, "DEL", name(keys+rand.IntN(keys)))
			}
		}()
	}
	for g := range 4 {
		scanners.Add(1)
		go func() {
			defer scanners.Done()
			seen := scanAll(t, dial(t, addr), fmt.Sprint(1+5*g))
			for i := range keys {
				if !seen[name(i)] {
					t.Errorf("key %q was not returned", name(i))
					return
				}
			}
		}()
	}
	scanners.Wait()
	close(stop)
	writers.Wait()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, addr = start(t, vfs.Default, dir)
	c = dial(t, addr)
	size := c.MustDo(t, "DBSIZE").Int
	if seen := scanAll(t, c, "10"); int64(len(seen)) != size {
		t.Errorf("%d keys of %d after a restart", len(seen), size)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

func scanAll(t testing.TB, c *harness.Client, count string) map[string]bool {
	seen := map[string]bool{}
	for cursor := "0"; ; {
		r, err := c.Do("SCAN", cursor, "COUNT", count)
		if err != nil || len(r.Elems) != 2 {
			t.Error("SCAN:", r, err)
			return seen
		}
		for _, k := range r.Elems[1].Strings() {
			seen[k] = true
		}
		if cursor = r.Elems[0].Str; cursor == "0" {
			return seen
		}
	}
}

// Collections too large for one pair keep all their elements when their key changes.
func TestLargeKeysMove(t *testing.T) {
	c := dial(t, startForTest(t))
	kinds := []struct {
		name string
		add  func(i int) []string
		read []string
	}{
		{"hash", func(i int) []string { return []string{"HSET", "k", fmt.Sprint("f", i), fmt.Sprint("v", i)} }, []string{"HGETALL"}},
		{"list", func(i int) []string { return []string{[...]string{"LPUSH", "RPUSH"}[i%2], "k", fmt.Sprint(i)} }, []string{"LRANGE", "0", "-1"}},
		{"set", func(i int) []string { return []string{"SADD", "k", fmt.Sprint("m", i)} }, []string{"SMEMBERS"}},
		{"zset", func(i int) []string { return []string{"ZADD", "k", fmt.Sprint(i % 777), fmt.Sprint("m", i)} }, []string{"ZRANGE", "0", "-1", "WITHSCORES"}},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			c.MustDo(t, "FLUSHALL")
			c.MustDo(t, "SELECT", "0")
			var fill [][]string
			for i := range 3000 {
				fill = append(fill, kind.add(i))
			}
			if _, err := c.Pipeline(fill); err != nil {
				t.Fatal(err)
			}
			read := func(key string) string {
				args := append([]string{kind.read[0], key}, kind.read[1:]...)
				r, err := c.Pipeline([][]string{args})
				if err != nil {
					t.Fatal(err)
				}
				return strings.Join(r[0].Strings(), " ")
			}
			c.MustDo(t, "PEXPIRE", "k", "1000000")
			want := read("k")
			c.MustDo(t, "COPY", "k", "copy")
			c.MustDo(t, "SET", "other", "x")
			c.MustDo(t, "RENAME", "k", "other")
			c.MustDo(t, "COPY", "other", "far", "DB", "3")
			c.MustDo(t, "MOVE", "other", "4")
			if read("copy") != want {
				t.Error("COPY")
			}
			c.MustDo(t, "DEL", "copy")
			if r := c.MustDo(t, "KEYS", "*"); len(r.Elems) != 0 {
				t.Errorf("left: %v", r)
			}
			for _, at := range [][2]string{{"3", "far"}, {"4", "other"}} {
				c.MustDo(t, "SELECT", at[0])
				if read(at[1]) != want {
					t.Errorf("database %s", at[0])
				}
				if ttl := c.MustDo(t, "PTTL", at[1]).Int; ttl < 900_000 || ttl > 1_000_000 {
					t.Errorf("PTTL %d", ttl)
				}
			}
		})
	}
}
