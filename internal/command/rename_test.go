package command

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/layout"
)

// What was renamed must be as if it had been copied. So it is where the names are of different slots.
func TestRenamedAsIfCopied(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { renameHistory(t, rand.New(rand.NewPCG(seed, 3))) })
	}
}

func renameHistory(t *testing.T, rng *rand.Rand) {
	moved, copied := newStage(t).expanded(), newStage(t).expanded()
	copied.x.Keys().Order = layout.Slotted
	copied.x.Keys().SlotOf = func(name []byte) uint16 { return uint16(name[0]) }
	for _, s := range []*stage{moved, copied} {
		s.x.Lim.ListMaxListpackSize = 1
		s.client, s.txns = &client.Client{}, oneTxn{x: s.x}
	}
	name := func() string { return string("abcd"[rng.IntN(4)]) }
	member := func() string { return fmt.Sprint(rng.IntN(12)) }
	both := func(line string) {
		t.Helper()
		if got, want := moved.do(line), copied.do(line); got != want {
			t.Fatalf("%s: %q after a rename, %q after a copy", line, got, want)
		}
		if moved.events != copied.events || moved.x.NKeys != copied.x.NKeys || moved.x.NExpires != copied.x.NExpires {
			t.Fatalf("%s: events %q, %q; keys %d, %d; of these expire %d, %d", line, moved.events, copied.events, moved.x.NKeys, copied.x.NKeys, moved.x.NExpires, copied.x.NExpires)
		}
	}
	long := strings.Repeat("0123456789", 7000)
	for range 400 {
		k := name()
		switch rng.IntN(30) {
		case 0, 1, 2, 3, 4, 5:
			both("rename " + k + " " + name())
		case 6:
			both("renamenx " + k + " " + name())
		case 7:
			both("set " + k + " " + long[rng.IntN(3000):])
		case 8:
			both("setrange " + k + " " + fmt.Sprint(rng.IntN(70000)) + " x")
		case 9:
			both("getrange " + k + " 8000 9000")
		case 10, 11:
			both("hset " + k + " " + member() + " v " + member() + " w")
		case 12:
			both(fmt.Sprint("hpexpire ", k, " ", 1+rng.IntN(3000), " fields 1 ", member()))
		case 13:
			both("hgetall " + k)
		case 14, 15:
			both("zadd " + k + " " + member() + " " + member() + " " + member() + " x")
		case 16:
			both("zpopmin " + k)
		case 17:
			both("zrangebyscore " + k + " 0 9 withscores")
		case 18, 19:
			both("rpush " + k + " " + member() + " " + member() + " " + member())
		case 20:
			both("lpop " + k + " 2")
		case 21:
			both("lrange " + k + " 0 -1")
		case 22:
			both("sadd " + k + " " + member() + " " + member() + " y z")
		case 23:
			both("smembers " + k)
		case 24:
			both(fmt.Sprint("xadd ", k, " * f ", member()))
		case 25:
			both("xrange " + k + " - +")
		case 26:
			both("pexpire " + k + " " + fmt.Sprint(500+rng.IntN(3000)))
		case 27:
			both("sort " + k + " alpha store " + name())
		case 28:
			both("del " + k)
		case 29:
			step := rng.Int64N(1000)
			moved.x.Now, copied.x.Now = moved.x.Now+step, copied.x.Now+step
		}
	}
	both("del a b c d")
	for pair := range moved.x.Pairs { // index entries and elements of what was past its time go with their key
		if pair[0] != layout.SpaceHead && len(moved.names()) == 0 {
			t.Errorf("%q is left", pair)
		}
	}
}

// What is remembered of a collection under one name must not be believed when it comes back to it.
func TestWindowsDoNotOutliveARename(t *testing.T) {
	s := newStage(t).expanded()
	for i := range 300 {
		s.do(fmt.Sprintf("zadd a %d m%d", i+1, i+1))
	}
	s.play(`
		zpopmin a => *2 $2 m1 $1 1
		rename a b => +OK
		zpopmin b => *2 $2 m2 $1 2
		zrem b m3 => :1
		rename b a => +OK
		zpopmin a => *2 $2 m4 $1 4
		zadd a 0 first => :1
		rename a b => +OK
		zpopmin b => *2 $5 first $1 0
	`)
}
