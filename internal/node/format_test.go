package node_test

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// unpack writes the files of an archive into a directory.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(in); err == nil {
				err = os.WriteFile(path, data, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// testdata/format1.tgz was written by a version that kept every string in one pair: SET large, of 300 kB; SET expires, of 30 kB, PXAT 9999999999999;
// SET small v; SETBIT bits 1000000 1; HSET hash f v.
func TestDirectoryWithoutPieces(t *testing.T) {
	dir := t.TempDir()
	unpack(t, "testdata/format1.tgz", dir)
	want := []byte(strings.Repeat("0123456789", 30_000))
	for round := range 2 {
		n, addr := start(t, vfs.Default, dir)
		c := dial(t, addr)
		if got := c.MustDo(t, "GET", "large").Str; got != string(want) {
			t.Errorf("round %d: large has %d bytes, or others than written", round, len(got))
		}
		if n := c.MustDo(t, "STRLEN", "expires").Int; n != 30_000 {
			t.Errorf("round %d: expires has %d bytes", round, n)
		}
		if at := c.MustDo(t, "PEXPIRETIME", "expires").Int; at != 9999999999999 {
			t.Errorf("round %d: expires expires at %d", round, at)
		}
		if bits := c.MustDo(t, "BITCOUNT", "bits").Int; bits != int64(1+round) {
			t.Errorf("round %d: bits has %d bits", round, bits)
		}
		if v := c.MustDo(t, "HGET", "hash", "f").Str + c.MustDo(t, "GET", "small").Str; v != "vv" {
			t.Errorf("round %d: small values: %q", round, v)
		}
		c.MustDo(t, "SETRANGE", "large", "150000", "changed")
		copy(want[150_000:], "changed")
		c.MustDo(t, "SETBIT", "bits", "7", "1")
		c.MustDo(t, "SETRANGE", "expires", "29999", "c")
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		// An older version must refuse what it would read as empty.
		if text, err := os.ReadFile(filepath.Join(dir, "FORMAT")); err != nil || !strings.HasPrefix(string(text), "format 2\n") {
			t.Errorf("FORMAT says %q, %v", text, err)
		}
	}
}
