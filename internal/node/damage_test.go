package node_test

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// flip changes one byte in each stretch of a file.
func flip(t *testing.T, fs vfs.FS, path string, from, every int64) {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	for at := from; at < int64(len(b)); at += every {
		b[at] ^= 0xff
	}
	writeFile(t, fs, path, b)
}

func writeFile(t *testing.T, fs vfs.FS, path string, b []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// tables lists the tables of a store.
func tables(t *testing.T, fs vfs.FS, dir string) (list []string) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			list = append(list, filepath.Join(dir, name))
		}
	}
	return list
}

// A damaged block fails the reads of what is in it, and nothing else: the server goes on, says so in INFO, and a replica heals itself with
// a full copy.
func TestADamagedBlockIsAnErrorAndHeals(t *testing.T) {
	master, masterAddr := start(t, vfs.NewMem(), "/data")
	defer master.Close()
	disk := vfs.NewMem()
	replica, replicaAddr := start(t, disk, "/data", "--compression", "none")
	m, r := dial(t, masterAddr), dial(t, replicaAddr)
	for i := range 3000 {
		m.MustDo(t, "SET", fmt.Sprintf("key:%05d", i), strings.Repeat("v", 100))
	}
	followAddr(t, r, masterAddr)
	until(t, "all is there", func() bool { reply, err := r.Do("DBSIZE"); return err == nil && reply.Int == 3000 })
	if err := replica.Close(); err != nil {
		t.Fatal(err)
	}
	dir := "/data/db0"
	if names, _ := disk.List(dir); !slices.Contains(names, "store") {
		for _, name := range names {
			if strings.HasPrefix(name, "g") {
				dir = filepath.Join(dir, name)
			}
		}
	}
	for _, path := range tables(t, disk, filepath.Join(dir, "store")) {
		flip(t, disk, path, 12_000, 1<<30) // one block of data
	}
	replica, replicaAddr = start(t, disk, "/data", "--compression", "none")
	r = dial(t, replicaAddr)
	defer func() { replica.Close() }()
	failed, whole := 0, 0
	for i := range 3000 {
		reply, err := r.Do("GET", fmt.Sprintf("key:%05d", i))
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.Contains(reply.Str, "damaged on disk"):
			failed++
		case len(reply.Str) == 100:
			whole++
		default:
			t.Fatalf("key %d is %v", i, reply)
		}
	}
	if failed == 0 || whole == 0 {
		t.Fatalf("%d reads failed, %d did not", failed, whole)
	}
	if info := r.MustDo(t, "INFO", "data").Str; !strings.Contains(info, "damaged_databases:db0") {
		t.Errorf("INFO says %s", info)
	}
	followAddr(t, r, masterAddr)
	until(t, "it is healed", func() bool {
		info, err := r.Do("INFO", "data")
		return err == nil && strings.Contains(info.Str, "damaged_databases:\r\n")
	})
	for i := range 3000 {
		if reply := r.MustDo(t, "GET", fmt.Sprintf("key:%05d", i)); len(reply.Str) != 100 {
			t.Fatalf("after the copy key %d is %v", i, reply)
		}
	}
}
