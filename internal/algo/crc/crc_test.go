package crc

import (
	"encoding/binary"
	"hash/crc64"
	"math/rand/v2"
	"testing"

	"github.com/haypile/haypile/internal/algo/internal/liveredis"
)

func TestCheckValues(t *testing.T) {
	check := []byte("123456789")
	if got := CRC16(check); got != 0x31c3 {
		t.Errorf("CRC16 %#x", got)
	}
	if got := CRC64(0, check); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("CRC64 %#x", got)
	}
	if CRC16(nil) != 0 || CRC64(0, nil) != 0 {
		t.Error("empty")
	}
}

func TestLive(t *testing.T) {
	c := liveredis.Start(t, "--cluster-enabled", "yes")
	r := rand.New(rand.NewPCG(1, 2))
	for _, k := range []string{"", "{}", "a{}b{c}", "{a}", "{a", "a}", "x{{y}}", "foo{bar}{zap}", "foo{}{bar}"} {
		if got := c.Do("CLUSTER", "KEYSLOT", k); got != int64(Slot([]byte(k))) {
			t.Errorf("slot of %q: redis %v ours %d", k, got, Slot([]byte(k)))
		}
	}
	for range 500 {
		b := make([]byte, r.IntN(30))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if got := c.Do("CLUSTER", "KEYSLOT", string(b)); got != int64(Slot(b)) {
			t.Fatalf("slot of %q: redis %v ours %d", b, got, Slot(b))
		}
	}
}

func TestLiveDump(t *testing.T) {
	c := liveredis.Start(t)
	for _, n := range []int{1, 7, 8, 63, 1000, 70000} {
		c.Do("SET", "k", string(make([]byte, n)))
		d := c.Bytes("DUMP", "k")
		body := d[:len(d)-8]
		if CRC64(0, body) != binary.LittleEndian.Uint64(d[len(d)-8:]) {
			t.Fatalf("%d bytes: wrong checksum", n)
		}
	}
}

func FuzzCRC64(f *testing.F) {
	tab := crc64.MakeTable(poly64)
	f.Add([]byte("hello world, hello"), 3)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		want := ^crc64.Update(^uint64(0), tab, p)
		if CRC64(0, p) != want {
			t.Fatal("differs from the plain table")
		}
		cut = int(uint(cut) % uint(len(p)+1))
		if CRC64(CRC64(0, p[:cut]), p[cut:]) != want {
			t.Fatal("not incremental")
		}
		Slot(p)
	})
}

func BenchmarkCRC64(b *testing.B) {
	p := make([]byte, 1<<16)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		CRC64(0, p)
	}
}

// An empty tag counts with Codis, and not with a Redis Cluster.
func TestEmptyTags(t *testing.T) {
	for key, want := range map[string]uint16{"{}": 0, "{}a": 0, "a{}{b}": 0, "{a}b": CodisSlot([]byte("a")), "{a": CodisSlot([]byte("{a"))} {
		if got := CodisSlot([]byte(key)); got != want {
			t.Errorf("%s is in slot %d, not %d", key, got, want)
		}
	}
	if Slot([]byte("{}a")) == Slot([]byte("{}b")) && Slot([]byte("{}a")) == Slot([]byte("{}c")) {
		t.Error("an empty tag counts in a cluster")
	}
}
