package node_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/node"
)

// killedDisk returns a data directory as it is after a kill: two databases, with tables, several segments of log, and changes in the log
// that no table has.
func killedDisk(t *testing.T) (disk *vfs.MemFS, backup string) {
	disk = vfs.NewCrashableMem()
	n, addr := start(t, disk, "/data", "--binlog-file-size", "1mb", "--compression", "none", "--databases", "4")
	defer n.Close()
	c := dial(t, addr)
	fill := func(db, from, to int) {
		c.MustDo(t, "SELECT", db)
		for i := from; i < to; i++ {
			c.MustDo(t, "SET", fmt.Sprintf("key:%05d", i), strings.Repeat("v", 1000))
		}
	}
	fill(1, 0, 100)
	fill(0, 0, 2500)
	c.MustDo(t, "SAVE") // makes the tables
	fill(0, 2500, 3000)
	names, err := disk.List("/data/backup")
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	return disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))}), filepath.Join("/data/backup", names[0])
}

const keysKilled, keysBackedUp = 3000, 2500

// logs lists the log files of a database, oldest first.
func logs(t *testing.T, fs vfs.FS) (list []string) {
	t.Helper()
	names, err := fs.List("/data/db0/binlog")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range names {
		list = append(list, filepath.Join("/data/db0/binlog", name))
	}
	if len(list) < 3 {
		t.Fatalf("there are only %d segments", len(list))
	}
	return list
}

func bytesOf(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cut shortens a file to a part of it.
func cut(t *testing.T, fs vfs.FS, path string, part float64) {
	t.Helper()
	b := bytesOf(t, fs, path)
	writeFile(t, fs, path, b[:int(float64(len(b))*part)])
}

func remove(t *testing.T, fs vfs.FS, path string) {
	t.Helper()
	if err := fs.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// found is what a start on a directory comes to: why it was refused, or how many keys could be read.
func found(t *testing.T, fs vfs.FS, dir string) (readable int, refused error) {
	t.Helper()
	n, addr, err := tryStart(t, node.Options{FS: fs}, dir, "--databases", "4")
	if err != nil {
		return 0, err
	}
	defer n.Close()
	var gets [][]string
	for i := range keysKilled {
		gets = append(gets, []string{"GET", fmt.Sprintf("key:%05d", i)})
	}
	replies, err := dial(t, addr).Pipeline(gets)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replies {
		if len(r.Str) == 1000 {
			readable++
		}
	}
	return readable, nil
}

// What the doctor says of a directory and what a start does are the same, whatever is damaged; a refusal names the doctor.
func TestDoctorAndStartAgree(t *testing.T) {
	whole, backup := killedDisk(t)
	clone := func() *vfs.MemFS {
		return whole.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	}
	const (
		sound   = iota // nothing is lost
		refused        // no start
		partly         // a start, and not everything can be read
		logOnly        // a start, and all keys can be read; a log file cannot
		mended         // no start; one after --cut-log
	)
	for _, c := range []struct {
		name   string
		want   int
		damage func(*testing.T, vfs.FS)
	}{
		{"nothing", sound, func(*testing.T, vfs.FS) {}},
		{"FORMAT is gone", refused, func(t *testing.T, fs vfs.FS) { remove(t, fs, "/data/FORMAT") }},
		{"FORMAT is garbage", refused, func(t *testing.T, fs vfs.FS) { writeFile(t, fs, "/data/FORMAT", []byte("\x00\x01")) }},
		{"DATABASES is garbage", refused, func(t *testing.T, fs vfs.FS) { writeFile(t, fs, "/data/DATABASES", []byte("0 ../x\n")) }},
		{"CURRENT is garbage", refused, func(t *testing.T, fs vfs.FS) { writeFile(t, fs, "/data/db0/CURRENT", []byte("x")) }},
		{"the last logs are gone", mended, func(t *testing.T, fs vfs.FS) {
			for _, path := range logs(t, fs)[2:] {
				remove(t, fs, path)
			}
		}},
		{"the log ends in the middle", mended, func(t *testing.T, fs vfs.FS) {
			list := logs(t, fs)
			cut(t, fs, list[1], 0.5)
			for _, path := range list[2:] {
				remove(t, fs, path)
			}
		}},
		{"all logs are gone", mended, func(t *testing.T, fs vfs.FS) {
			for _, path := range logs(t, fs) {
				remove(t, fs, path)
			}
		}},
		{"the log's directory is gone", mended, func(t *testing.T, fs vfs.FS) { remove(t, fs, "/data/db0/binlog") }},
		{"the log that the store needs is gone", mended, func(t *testing.T, fs vfs.FS) {
			list := logs(t, fs)
			for _, path := range list[:len(list)-1] {
				remove(t, fs, path)
			}
		}},
		{"a segment header in use is damaged", mended, func(t *testing.T, fs vfs.FS) { list := logs(t, fs); flip(t, fs, list[len(list)-1], 2, 1<<40) }},
		{"an old segment header is damaged", logOnly, func(t *testing.T, fs vfs.FS) { flip(t, fs, logs(t, fs)[0], 2, 1<<40) }},
		{"an old record is damaged", logOnly, func(t *testing.T, fs vfs.FS) { flip(t, fs, logs(t, fs)[0], 5000, 1<<40) }},
		{"the last record is torn", sound, func(t *testing.T, fs vfs.FS) {
			list := logs(t, fs)
			b := bytesOf(t, fs, list[len(list)-1])
			writeFile(t, fs, list[len(list)-1], append(b, "half a record"...))
		}},
		{"a block of a table is damaged", partly, func(t *testing.T, fs vfs.FS) { flip(t, fs, tables(t, fs, "/data/db0/store")[0], 20_000, 1<<40) }},
		{"the end of a table is damaged", refused, func(t *testing.T, fs vfs.FS) {
			path := tables(t, fs, "/data/db0/store")[0]
			flip(t, fs, path, int64(len(bytesOf(t, fs, path)))-20, 1)
		}},
		{"a table is gone", refused, func(t *testing.T, fs vfs.FS) { remove(t, fs, tables(t, fs, "/data/db0/store")[0]) }},
		{"a table is cut", refused, func(t *testing.T, fs vfs.FS) { cut(t, fs, tables(t, fs, "/data/db0/store")[0], 0.5) }},
		{"the list of tables is gone", refused, func(t *testing.T, fs vfs.FS) {
			names, _ := fs.List("/data/db0/store")
			for _, name := range names {
				if strings.HasPrefix(name, "MANIFEST") || strings.HasPrefix(name, "marker.manifest") {
					remove(t, fs, filepath.Join("/data/db0/store", name))
				}
			}
		}},
		{"the list of tables is damaged", refused, func(t *testing.T, fs vfs.FS) {
			names, _ := fs.List("/data/db0/store")
			for _, name := range names {
				if strings.HasPrefix(name, "MANIFEST") {
					flip(t, fs, filepath.Join("/data/db0/store", name), 3, 20)
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fs := clone()
			c.damage(t, fs)
			var said strings.Builder
			x := node.Examination{FS: fs, Dir: "/data", Say: func(f string, args ...any) { fmt.Fprintf(&said, f+"\n", args...) }, Progress: func(string, int64, int64) {}}
			verdict := node.Examine(x)
			if verdict != nil && !errors.Is(verdict, node.ErrDamaged) {
				t.Errorf("%s: doctor: %v", c.name, verdict)
			}
			readable, err := found(t, fs, "/data")
			got := sound
			switch {
			case err != nil:
				got = refused
			case readable < keysKilled:
				got = partly
			case verdict != nil:
				got = logOnly
			}
			if want := c.want; got != want && !(want == mended && got == refused) {
				t.Errorf("%s: start: %v, %d keys; doctor: %v\n%s", c.name, err, readable, verdict, said.String())
			}
			if (verdict == nil) != (got == sound) {
				t.Errorf("%s: start: %v, %d keys; but the doctor's verdict is %v\n%s", c.name, err, readable, verdict, said.String())
			}
			if err != nil && !strings.Contains(err.Error(), "haypile doctor /data") {
				t.Errorf("%s: the refusal does not name the doctor: %v", c.name, err)
			}
			if c.want != mended {
				return
			}
			x.CutLog = true
			if err := node.Examine(x); err != nil {
				t.Errorf("%s: --cut-log: %v\n%s", c.name, err, said.String())
			}
			if readable, err := found(t, fs, "/data"); err != nil || readable < keysBackedUp {
				t.Errorf("%s: after --cut-log: %v, %d keys", c.name, err, readable)
			}
		})
	}

	if err := node.Examine(node.Examination{FS: whole, Dir: backup, Say: t.Logf, Progress: func(string, int64, int64) {}}); err != nil {
		t.Errorf("a sound backup: %v", err)
	}
	if readable, err := found(t, whole, backup); err != nil || readable != keysBackedUp {
		t.Errorf("a start on a backup: %v, %d keys", err, readable)
	}
}
