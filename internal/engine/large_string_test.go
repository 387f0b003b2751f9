package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/resp"
)

// Strings in pieces are whole after a loss of power: each is as some prefix of the changes left it. What a change of a few bytes writes to the
// log is bounded by the length of a piece, and what changes only the head does not write the value.
func TestLargeStringsSurvivePowerLoss(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { largeStringHistory(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func largeStringHistory(t *testing.T, rng *rand.Rand) {
	in, err := openOn(t, vfs.NewCrashableMem())
	if err != nil {
		t.Fatal(err)
	}
	in.do("SET", "k", strings.Repeat("0123456789", 20_000))
	in.sync()
	var states []string
	after := func() { states = append(states, in.do("GET", "k")) }
	after()
	for n := range 60 {
		begin := in.db.Log().End()
		switch rng.IntN(6) {
		case 0:
			in.do("SETRANGE", "k", rng.IntN(250_000), fmt.Sprint("change ", n))
		case 1:
			in.do("APPEND", "k", fmt.Sprint("end ", n))
		case 2:
			in.do("SETBIT", "k", rng.IntN(2_000_000), rng.IntN(2))
		case 3:
			in.do("PEXPIRE", "k", 1e9+n)
		case 4:
			in.do("BITFIELD", "k", "INCRBY", "u60", rng.IntN(2_000_000), n)
		case 5:
			in.do("PERSIST", "k")
		}
		if wrote := in.db.Log().End() - begin; wrote > 3*8192 {
			t.Errorf("change %d has written %d bytes to the log", n, wrote)
		}
		after()
		if n%17 == 16 {
			if err := in.db.Store().Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	crashed := in.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	in.done()
	in, err = openOn(t, crashed)
	if err != nil {
		t.Fatal(err)
	}
	defer in.done()
	now := in.do("GET", "k")
	for n := len(states) - 1; ; n-- {
		if n < 0 {
			t.Fatalf("the string, of %d bytes, is as no change left it", len(now))
		}
		if states[n] == now {
			break
		}
	}
	in.do("SETRANGE", "k", 100_000, "after")
	if got := in.do("GETRANGE", "k", 99_990, 100_004); !strings.HasSuffix(got, "after\r\n") {
		t.Errorf("after the restart: %q", got)
	}
}

// The pairs of a renamed key have its old name, by which a replica's Applier locks them: readers of the key ask for that lock too.
func TestReplicaLocksTheHomeOfARenamedKey(t *testing.T) {
	in, err := openOn(t, vfs.NewCrashableMem())
	if err != nil {
		t.Fatal(err)
	}
	defer in.done()
	in.do("SET", "old", strings.Repeat("x", 100_000))
	in.do("RENAME", "old", "new")
	applier, reader := in.eng.NewTurn(true), in.eng.NewTurn(false)
	read := func() engine.Status {
		reader.Begin(time.Now())
		a := args("STRLEN", "new")
		st := reader.Exec(in.cl, in.eng.Table().Resolve(a), a, &resp.Writer{Proto: 2})
		if err := reader.Commit(); err != nil {
			t.Fatal(err)
		}
		return st
	}
	for _, follower := range []bool{false, true} {
		in.eng.SetFollower(follower)
		applier.Begin(time.Now())
		if err := applier.Lock(0, []byte("old")); err != nil {
			t.Fatal(err)
		}
		want := engine.Done
		if follower {
			want = engine.Offload
		}
		if st := read(); st != want {
			t.Errorf("follower %v: status %v, want %v", follower, st, want)
		}
		if err := applier.Commit(); err != nil {
			t.Fatal(err)
		}
		if st := read(); st != engine.Done {
			t.Errorf("follower %v, the old name is free: status %v", follower, st)
		}
	}
}
