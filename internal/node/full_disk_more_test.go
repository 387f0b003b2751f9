package node_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/node"
)

// fullFS is a disk that can be filled. The reserve, given up, is room for everything that follows.
type fullFS struct {
	vfs.FS
	full     *atomic.Bool
	reserved *atomic.Bool // the reserve has blocks
}

func newFullFS() fullFS {
	return fullFS{vfs.NewMem(), &atomic.Bool{}, &atomic.Bool{}}
}

func (f fullFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if f.full.Load() {
		return vfs.DiskUsage{TotalBytes: 100 << 30}, nil
	}
	return vfs.DiskUsage{TotalBytes: 100 << 30, AvailBytes: 50 << 30}, nil
}

func (f fullFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if f.full.Load() {
		return nil, &noSpace{"create " + name}
	}
	file, err := f.FS.Create(name, c)
	if err != nil {
		return nil, err
	}
	return fullFile{file, f, filepath.Base(name) == "RESERVE"}, nil
}

func (f fullFS) Remove(name string) error {
	err := f.FS.Remove(name)
	if err == nil && filepath.Base(name) == "RESERVE" && f.reserved.Swap(false) {
		f.full.Store(false)
	}
	return err
}

type fullFile struct {
	vfs.File
	fs      fullFS
	reserve bool
}

func (f fullFile) Write(p []byte) (int, error) {
	if f.fs.full.Load() {
		return 0, &noSpace{"write"}
	}
	return f.File.Write(p)
}

func (f fullFile) Preallocate(_, size int64) error {
	f.fs.reserved.Store(f.reserve && size > 0)
	return nil
}

type noSpace struct{ what string }

func (e *noSpace) Error() string { return e.what + ": " + syscall.ENOSPC.Error() }
func (e *noSpace) Unwrap() error { return syscall.ENOSPC }

// With a disk on which nothing can be written any more a backup fails, reads go on, and a stop ends at once: the log has what was
// acknowledged.
func TestAFullDiskStopsNoStop(t *testing.T) {
	fs := newFullFS()
	n, addr := start(t, fs, "/data")
	c := dial(t, addr)
	for i := range 100 {
		c.MustDo(t, "SET", fmt.Sprint("k", i), "v")
	}
	if _, err := fs.Stat("/data/RESERVE"); err != nil {
		t.Fatal("no reserve is kept:", err)
	}
	fs.reserved.Store(false) // as where a file system cannot allocate blocks
	fs.full.Store(true)
	if r, err := c.Do("SAVE"); err != nil || !strings.Contains(r.Str, "is it full?") && !strings.Contains(r.Str, "no space left") {
		t.Errorf("SAVE replies %v, %v", r, err)
	}
	if r := c.MustDo(t, "GET", "k7"); r.Str != "v" {
		t.Errorf("GET replies %v", r)
	}
	done := make(chan error, 1)
	go func() { done <- n.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error("the stop:", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the stop hangs")
	}
	fs.full.Store(false)
	n, addr = start(t, fs, "/data")
	defer n.Close()
	if r := dial(t, addr).MustDo(t, "DBSIZE"); r.Int != 100 {
		t.Errorf("%d keys of 100 are there", r.Int)
	}
}

// On a disk that is full deletes are accepted: the reserve is given up for them. Everything else is refused until it can be made
// again, whatever disk-stop-writes-free says.
func TestDeletesOnAFullDisk(t *testing.T) {
	fs := newFullFS()
	n, addr := start(t, fs, "/data", "--disk-stop-writes-free", "0")
	c := dial(t, addr)
	c.MustDo(t, "SET", "k", "v")
	fs.full.Store(true)
	if r := c.MustDo(t, "DEL", "k"); r.Int != 1 {
		t.Errorf("DEL replies %v", r)
	}
	if _, err := fs.Stat("/data/RESERVE"); err == nil {
		t.Error("the reserve is there still")
	}
	until(t, "the reserve is made again", func() bool { _, err := fs.Stat("/data/RESERVE"); return err == nil })
	until(t, "writes are accepted", func() bool { r, err := c.Do("SET", "k", "v"); return err == nil && r.Str == "OK" })
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// A start on a disk without space gives the reserve up, and without one says what is the matter and changes nothing.
func TestStartOnAFullDisk(t *testing.T) {
	fs := newFullFS()
	n, addr := start(t, fs, "/data")
	dial(t, addr).MustDo(t, "SET", "k", "v")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	fs.full.Store(true)
	n, addr = start(t, fs, "/data") // the reserve makes room
	if r := dial(t, addr).MustDo(t, "GET", "k"); r.Str != "v" {
		t.Errorf("GET replies %v", r)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	_ = fs.FS.Remove("/data/RESERVE")
	fs.full.Store(true)
	if _, _, err := tryStart(t, node.Options{FS: fs}, "/data"); err == nil || !strings.Contains(err.Error(), "is full") {
		t.Errorf("a start without space and without a reserve: %v", err)
	}
}

// While the disk is nearly full everything that only gives space back is accepted, in transactions and scripts too, and nothing else.
func TestWhatTheDiskGuardAccepts(t *testing.T) {
	c := dial(t, startForTest(t))
	fill := func() {
		for _, args := range [][]any{{"SET", "s", "v"}, {"HSET", "h", "a", "1", "b", "2"}, {"RPUSH", "l", "a", "b", "c", "d", "e"}, {"SADD", "set", "a", "b", "c"},
			{"ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d"}, {"XADD", "x", "1-1", "f", "v"}, {"SET", "t", "v"}, {"SET", "u", "v"}, {"SET", "w", "v"}} {
			c.MustDo(t, args...)
		}
	}
	fill()
	c.MustDo(t, "CONFIG", "SET", "disk-resume-writes-free", "9000gb", "disk-stop-writes-free", "8000gb")
	until(t, "the guard closes", func() bool { return strings.Contains(c.MustDo(t, "INFO").Str, "disk_writes_stopped:1") })
	for _, args := range [][]any{{"HDEL", "h", "a"}, {"HPEXPIREAT", "h", "1", "FIELDS", "1", "b"}, {"LPOP", "l"}, {"RPOP", "l"}, {"LTRIM", "l", "0", "1"}, {"LREM", "l", "0", "b"},
		{"BLPOP", "l", "1"}, {"SREM", "set", "a"}, {"SPOP", "set"}, {"ZREM", "z", "a"}, {"ZPOPMIN", "z"}, {"ZREMRANGEBYRANK", "z", "0", "0"}, {"XDEL", "x", "1-1"}, {"XTRIM", "x", "MAXLEN", "0"},
		{"GETDEL", "s"}, {"EXPIRE", "t", "-1"}, {"EVAL", "return redis.call('DEL', KEYS[1])", "1", "u"}, {"UNLINK", "z"}, {"DEL", "set"}, {"FLUSHDB"}, {"FLUSHALL"}} {
		if r, err := c.Do(args...); err != nil || r.IsError() {
			t.Errorf("%v: %v %v", args, r, err)
		}
	}
	c.MustDo(t, "CONFIG", "SET", "disk-stop-writes-free", "0")
	until(t, "0 lifts the guard", func() bool { r, err := c.Do("SET", "s", "v"); return err == nil && r.Str == "OK" })
	fill()
	c.MustDo(t, "CONFIG", "SET", "disk-stop-writes-free", "8000gb")
	until(t, "the guard closes again", func() bool { return strings.Contains(c.MustDo(t, "INFO").Str, "disk_writes_stopped:1") })
	for _, args := range [][]any{{"SET", "s", "w"}, {"EXPIRE", "t", "100"}, {"HEXPIRE", "h", "100", "FIELDS", "1", "a"}, {"HSET", "h", "c", "d"}, {"RENAME", "s", "r"},
		{"PERSIST", "t"}, {"LMOVE", "l", "m", "LEFT", "LEFT"}, {"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "u"}} {
		if r, err := c.Do(args...); err != nil || !strings.Contains(r.Str, "MISCONF") {
			t.Errorf("%v: %v %v", args, r, err)
		}
	}
	c.MustDo(t, "MULTI")
	if r, err := c.Do("DEL", "s"); err != nil || r.Str != "QUEUED" {
		t.Errorf("DEL in a transaction: %v %v", r, err)
	}
	if r := c.MustDo(t, "EXEC"); len(r.Elems) != 1 || r.Elems[0].Int != 1 {
		t.Errorf("EXEC: %v", r)
	}
}
