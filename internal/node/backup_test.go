package node_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/node"
)

// A stop during BGSAVE leaves a backup with every database, or none, and ends without an error.
func TestStopDuringABackup(t *testing.T) {
	const databases = 24
	whole, none := 0, 0
	for round := range 6 {
		fs := vfs.NewMem()
		n, addr := start(t, fs, "/data", "--databases", fmt.Sprint(databases))
		c := dial(t, addr)
		for i := range databases {
			c.MustDo(t, "SELECT", i)
			c.MustDo(t, "SET", "k", i)
		}
		c.MustDo(t, "BGSAVE")
		if round == 0 {
			until(t, "the backup is written", func() bool {
				return strings.Contains(c.MustDo(t, "INFO", "persistence").Str, "rdb_bgsave_in_progress:0")
			})
		}
		time.Sleep(time.Duration(round) * 5 * time.Millisecond) // wherever it is by then
		if err := n.Close(); err != nil {
			t.Fatal("the stop:", err)
		}
		names, err := fs.List("/data/backup")
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			none++
			continue
		}
		whole++
		dir := filepath.Join("/data/backup", names[0])
		if strings.HasSuffix(dir, ".unfinished") {
			t.Fatal("a backup is left unfinished")
		}
		dbs := 0
		if err := node.Examine(node.Examination{FS: fs, Dir: dir, Progress: func(string, int64, int64) {}, Say: func(f string, args ...any) {
			if strings.Contains(fmt.Sprintf(f, args...), " 1 keys") {
				dbs++
			}
		}}); err != nil || dbs != databases {
			t.Errorf("the backup has %d of %d databases: %v", dbs, databases, err)
		}
	}
	t.Logf("%d backups were whole, %d interrupted and removed", whole, none)
	if whole == 0 {
		t.Error("no backup was whole")
	}
}

// Of several BGSAVEs at one moment one is told that it has begun.
func TestOneBackupAtATime(t *testing.T) {
	addr := startForTest(t)
	first := dial(t, addr)
	for i := range 16 {
		first.MustDo(t, "SELECT", i)
		first.MustDo(t, "SET", "k", "v")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	begun := 0
	gate := make(chan struct{})
	for range 8 {
		c := dial(t, addr)
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-gate
			r, err := c.Do("BGSAVE")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && r.Str == "Background saving started":
				begun++
			case err != nil || !strings.Contains(r.Str, "already in progress"):
				t.Errorf("BGSAVE replies %v, %v", r, err)
			}
		}()
	}
	close(gate)
	wg.Wait()
	names, err := vfs.Default.List(filepath.Join(first.MustDo(t, "CONFIG", "GET", "dir").Elems[1].Str, "backup"))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "all are done", func() bool {
		return strings.Contains(first.MustDo(t, "INFO", "persistence").Str, "rdb_bgsave_in_progress:0")
	})
	if len(names) > begun {
		t.Errorf("%d backups were begun, %d clients were told so", len(names), begun)
	}
}
