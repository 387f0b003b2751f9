package node_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// stepFS calls step before every operation that makes something lasting or visible: what a crash
// can fall between.
type stepFS struct {
	vfs.FS
	step func(what string)
}

func (f stepFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f.step("create " + name)
	file, err := f.FS.Create(name, c)
	return f.wrap(file, name), err
}

func (f stepFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	file, err := f.FS.OpenReadWrite(name, c, opts...)
	return f.wrap(file, name), err
}

func (f stepFS) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	return f.wrap(file, name), err
}

func (f stepFS) wrap(file vfs.File, name string) vfs.File {
	if file == nil {
		return nil
	}
	return stepFile{file, f, name}
}

func (f stepFS) Rename(from, to string) error {
	f.step("rename " + from)
	return f.FS.Rename(from, to)
}

func (f stepFS) Remove(name string) error {
	f.step("remove " + name)
	return f.FS.Remove(name)
}

func (f stepFS) RemoveAll(name string) error {
	f.step("remove all " + name)
	return f.FS.RemoveAll(name)
}

func (f stepFS) MkdirAll(name string, perm os.FileMode) error {
	f.step("mkdir " + name)
	return f.FS.MkdirAll(name, perm)
}

type stepFile struct {
	vfs.File
	fs   stepFS
	name string
}

func (f stepFile) Sync() error {
	f.fs.step("sync " + f.name)
	return f.File.Sync()
}

func (f stepFile) SyncData() error {
	f.fs.step("sync " + f.name)
	return f.File.SyncData()
}

// A crash at every durable step of a full copy and of its installation leaves the old data or the
// new, whole. The disk keeps nothing, everything, or any part of what was not synced.
func TestCrashAtEveryStepOfACopy(t *testing.T) {
	const keys = 300
	master, masterAddr := start(t, vfs.NewMem(), "/data")
	defer master.Close()
	m := dial(t, masterAddr)
	for i := range keys {
		m.MustDo(t, "SET", fmt.Sprint("new:", i), strings.Repeat("n", 500))
	}

	disk := vfs.NewCrashableMem()
	type crash struct {
		what string
		disk *vfs.MemFS
	}
	var mu sync.Mutex
	var crashes []crash
	recording := false
	rng := rand.New(rand.NewPCG(1, 1))
	fs := stepFS{disk, func(what string) {
		mu.Lock()
		defer mu.Unlock()
		if !recording {
			return
		}
		for _, kept := range []int{0, 50, 100} {
			cfg := vfs.CrashCloneCfg{UnsyncedDataPercent: kept}
			if kept > 0 {
				cfg.RNG = rng
			}
			crashes = append(crashes, crash{fmt.Sprintf("before %s, with %d %% of what was not synced", what, kept), disk.CrashClone(cfg)})
		}
	}}
	replica, replicaAddr := start(t, fs, "/data", "--appendfsync", "always")
	r := dial(t, replicaAddr)
	for i := range keys {
		r.MustDo(t, "SET", fmt.Sprint("old:", i), "o")
	}
	mu.Lock()
	recording = true
	mu.Unlock()
	_, port, _ := strings.Cut(masterAddr, ":")
	r.MustDo(t, "REPLICAOF", "127.0.0.1", port)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if reply, err := r.Do("GET", fmt.Sprint("new:", keys-1)); err == nil && !reply.IsError() && len(reply.Str) == 500 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the copy does not arrive")
		}
	}
	time.Sleep(200 * time.Millisecond) // the old generation is removed
	mu.Lock()
	recording = false
	mu.Unlock()
	if err := replica.Close(); err != nil {
		t.Error(err)
	}
	old, now := 0, 0
	for i, c := range crashes {
		if testing.Short() && i%6 != 0 {
			continue
		}
		n, addr := start(t, c.disk, "/data")
		d := dial(t, addr)
		oldKeys := len(d.MustDo(t, "KEYS", "old:*").Elems)
		newKeys := len(d.MustDo(t, "KEYS", "new:*").Elems)
		size := d.MustDo(t, "DBSIZE").Int
		switch {
		case oldKeys == keys && newKeys == 0 && size == keys:
			old++
		case oldKeys == 0 && newKeys == keys && size == keys:
			now++
		default:
			t.Errorf("%s: %d old keys, %d new ones, DBSIZE %s", c.what, oldKeys, newKeys, strconv.FormatInt(size, 10))
		}
		if err := n.Close(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if old == 0 || now == 0 {
		t.Errorf("%d crashes with the old data, %d with the new: the steps were not met", old, now)
	}
	t.Logf("%d crashes: %d with the old data, %d with the new", len(crashes), old, now)
}
