package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/cache"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// instance is an engine with one client, whose commands run one after the other.
type instance struct {
	t    testing.TB
	fs   *vfs.MemFS
	eng  *engine.Engine
	db   *engine.DB
	turn *engine.Turn
	cl   *client.Client
	done func()
}

// openOn opens an engine on fs. Segments and memtables are small, so that a short
// history sees rotations and flushes.
func openOn(t testing.TB, fs *vfs.MemFS) (*instance, error) {
	blocks := pebble.NewCache(1 << 20)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	eng := engine.New(engine.Options{
		Databases: 1, Workers: 1, Cache: cache.New(1 << 20), Table: command.NewTable(nil), Logger: log,
		DB: func(int) (string, engine.DBOptions, error) {
			return "db0", engine.DBOptions{FS: fs, Dir: "/data/db0", Keys: layout.Keys{Order: layout.Ordered}, BlockCache: blocks,
				MemTableBytes: 256 << 10, Compression: "snappy", Compactions: 1, FilterBytes: 1 << 20,
				SegmentBytes: func() int64 { return 20_000 }, Logger: log}, nil
		},
		Notify: func(int, datatype.Class, string, []byte, client.Place) {},
	})
	eng.SetLimits(&datatype.Limits{HashMaxListpackEntries: 8, HashMaxListpackValue: 64, ListMaxListpackSize: 8, MaxStringBytes: 1 << 20})
	db, err := eng.DB(0)
	in := &instance{t: t, fs: fs, eng: eng, db: db, turn: eng.NewTurn(true), cl: &client.Client{Proto: 2, Authenticated: true}}
	in.done = func() {
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
		blocks.Unref()
	}
	if err != nil {
		in.done()
	}
	return in, err
}

func args(words ...any) (list [][]byte) {
	for _, w := range words {
		list = append(list, fmt.Append(nil, w))
	}
	return list
}

// do runs a command and returns the reply as it goes over the wire.
func (in *instance) do(words ...any) string {
	in.t.Helper()
	a := args(words...)
	row := in.eng.Table().Resolve(a)
	w := resp.Writer{Proto: 2}
	if st := in.turn.Run(in.cl, row, a, &w, nil); st != engine.Done || bytes.HasPrefix(w.Buf, []byte("-")) {
		in.t.Fatalf("%v: status %d, %q", words, st, w.Buf)
	}
	return string(w.Buf)
}

// transaction runs commands as MULTI and EXEC do.
func (in *instance) transaction(cmds [][]any) {
	in.t.Helper()
	in.do("MULTI")
	for _, c := range cmds {
		a := args(c...)
		in.cl.Queue = append(in.cl.Queue, client.Queued{Row: in.eng.Table().Resolve(a), Args: a})
	}
	if reply := in.do("EXEC"); strings.Contains(reply, "\r\n-") {
		in.t.Fatalf("EXEC: %q", reply)
	}
}

// sync waits as a client does with appendfsync always.
func (in *instance) sync() {
	in.t.Helper()
	synced := make(chan error)
	in.eng.AfterSync(func(err error) { synced <- err })
	if err := <-synced; err != nil {
		in.t.Fatal(err)
	}
}

// filler makes records long enough for several file blocks to be at stake.
var filler = strings.Repeat("x", 700)

// step is the n-th change of the history: one transaction, which names its number
// and touches every kind of key.
func step(n int) [][]any {
	cmds := [][]any{
		{"SET", fmt.Sprintf("seq:%04d", n), n},
		{"INCR", "counter"},
		{"SET", fmt.Sprintf("string:%d", n%7), fmt.Sprint(n, filler)},
		{"HSET", "hash", fmt.Sprintf("field:%d", n%30), n},
		{"RPUSH", "list", n},
	}
	if n%3 == 0 {
		cmds = append(cmds, []any{"LPOP", "list"})
	}
	if n%5 == 0 {
		cmds = append(cmds, []any{"SET", fmt.Sprintf("expires:%d", n%10), n, "EX", 100_000})
	}
	if n%11 == 10 {
		cmds = append(cmds, []any{"DEL", "hash"}, []any{"PERSIST", "expires:0"})
	}
	return cmds
}

// work makes the n-th change and, now and then, has the store take over and the
// log trimmed.
func (in *instance) work(n int) {
	in.t.Helper()
	in.transaction(step(n))
	if n%13 == 12 {
		if err := in.db.Store().Flush(); err != nil {
			in.t.Fatal(err)
		}
		durable, err := in.db.Store().Durable()
		if err != nil {
			in.t.Fatal(err)
		}
		if _, err := in.db.Log().Trim(binlog.LSN(durable), 0, time.Time{}); err != nil {
			in.t.Fatal(err)
		}
	}
}

// length is how many changes an instance holds: the sequence must have no gap.
func (in *instance) length(issued int) (n int) {
	in.t.Helper()
	for n < issued && in.do("EXISTS", fmt.Sprintf("seq:%04d", n)) == ":1\r\n" {
		n++
	}
	for i := n; i < issued; i++ {
		if in.do("EXISTS", fmt.Sprintf("seq:%04d", i)) != ":0\r\n" {
			in.t.Fatalf("change %d is there and change %d is not", i, n)
		}
	}
	return n
}

// picture is everything that the history can have changed, spelled as replies.
func (in *instance) picture() string {
	in.t.Helper()
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "%s%s", in.do("HGET", "hash", fmt.Sprintf("field:%d", i)), in.do("GET", fmt.Sprintf("string:%d", i%7)))
	}
	for i := range 10 {
		b.WriteString(in.do("GET", fmt.Sprintf("expires:%d", i)))
	}
	for _, read := range [][]any{{"GET", "counter"}, {"HLEN", "hash"}, {"LLEN", "list"}, {"LRANGE", "list", 0, -1}, {"DBSIZE"}} {
		b.WriteString(in.do(read...))
	}
	return b.String()
}

// checkCounts compares the counters with the heads that are there.
func (in *instance) checkCounts() {
	in.t.Helper()
	it, err := in.db.Store().Iter([]byte{layout.SpaceHead}, []byte{layout.SpaceHead + 1})
	if err != nil {
		in.t.Fatal(err)
	}
	var keys, expires int64
	for it.First(); it.Valid(); it.Next() {
		var h layout.Head
		if err := h.Decode(it.Value()); err != nil {
			in.t.Fatalf("head of %q: %v", it.Key(), err)
		}
		keys++
		if h.ExpireMS != 0 {
			expires++
		}
	}
	if err := it.Close(); err != nil {
		in.t.Fatal(err)
	}
	if k, e := in.db.Counts(); k != keys || e != expires {
		in.t.Fatalf("counts say %d keys and %d expiring; there are %d and %d", k, e, keys, expires)
	}
}

// pictures are the states after 0, 1, 2 … changes, made without any power loss.
func pictures(t *testing.T, n int) []string {
	in, err := openOn(t, vfs.NewCrashableMem())
	if err != nil {
		t.Fatal(err)
	}
	defer in.done()
	all := []string{in.picture()}
	for i := range n {
		in.work(i)
		all = append(all, in.picture())
	}
	return all
}

// lose takes the power from in and checks what a new engine finds on its disk: at
// least acked changes, at most issued, and the state after exactly so many. What
// was found is then built upon, and must be there after a second loss.
func lose(t *testing.T, in *instance, want []string, acked, issued, percent int, seed uint64) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("power lost after %d acknowledged changes of %d, %d%% of what was not synced survived, seed %d", acked, issued, percent, seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, seed))
	disk := in.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
	n := acked
	for range 2 {
		after, err := openOn(t, disk)
		if err != nil {
			t.Errorf("the engine does not start: %v", err)
			return
		}
		got := after.length(issued)
		if got < n {
			t.Errorf("only %d changes survived of %d", got, n)
		}
		if after.picture() != want[got] {
			t.Errorf("%d changes survived, and the state is not the one after %d", got, got)
		}
		after.checkCounts()
		n = got
		if n < len(want)-1 {
			after.work(n)
			n++
			issued = max(issued, n)
		}
		after.sync()
		disk = disk.CrashClone(vfs.CrashCloneCfg{})
		after.done()
	}
}

// powerLoss plays the history and cuts it short at many places.
func powerLoss(t *testing.T, always bool) {
	changes, every := 60, 3
	if testing.Short() {
		changes, every = 40, 6
	}
	want := pictures(t, changes)
	in, err := openOn(t, vfs.NewCrashableMem())
	if err != nil {
		t.Fatal(err)
	}
	defer in.done()
	in.eng.SetFsync(config.FsyncNo) // only what the test asks for is synced
	acked := 0
	for n := range changes {
		in.work(n)
		for i, percent := range []int{0, 50, 90, 100} {
			if n%every == 0 {
				lose(t, in, want, acked, n+1, percent, uint64(10*n+i))
			}
		}
		if always {
			in.sync()
			acked = n + 1
			if n%every == 1 {
				lose(t, in, want, acked, acked, 50, uint64(n))
			}
		}
		if t.Failed() {
			return
		}
	}
}

// With appendfsync always a power loss takes nothing that was acknowledged.
func TestPowerLossAlways(t *testing.T) { powerLoss(t, true) }

// Without, it takes the end of the history and nothing else.
func TestPowerLossUnsynced(t *testing.T) { powerLoss(t, false) }
