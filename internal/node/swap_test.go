package node_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// SWAPDB and the SCAN dictionary outlive the process, orderly ended or not.
func TestSwapAndCursorsSurvive(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprint("crash=", crash), func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			n, addr := start(t, fs, "/data", "--appendfsync", "always")
			c := dial(t, addr)
			c.MustDo(t, "SET", "in", "0")
			c.MustDo(t, "SELECT", "1")
			for i := range 3000 {
				c.MustDo(t, "SET", fmt.Sprintf("a:common:prefix:%06d", i), "1")
			}
			c.MustDo(t, "SWAPDB", "0", "1")
			c.MustDo(t, "SWAPDB", "1", "7")
			c.MustDo(t, "SELECT", "0")
			r := c.MustDo(t, "SCAN", "0", "COUNT", "10")
			cursor, seen := r.Elems[0].Str, len(r.Elems[1].Elems)
			if crash {
				fs = fs.CrashClone(vfs.CrashCloneCfg{})
			}
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}

			n, addr = start(t, fs, "/data")
			c = dial(t, addr)
			for cursor != "0" {
				r := c.MustDo(t, "SCAN", cursor, "COUNT", "100")
				cursor = r.Elems[0].Str
				seen += len(r.Elems[1].Elems)
			}
			if seen != 3000 {
				t.Errorf("%d keys were scanned", seen)
			}
			c.MustDo(t, "SELECT", "7")
			if r := c.MustDo(t, "GET", "in"); r.Str != "0" {
				t.Errorf("database 7 has %v", r)
			}
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
