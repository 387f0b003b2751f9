package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/internal/resp"
)

func TestProgressLine(t *testing.T) {
	s := new(Stats)
	s.Keys.Store(1000)
	s.Bytes.Store(50e6)
	f := func(done, total int64, want string) {
		t.Helper()
		if got := progressLine(s, done, total, 10*time.Second); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(25, 100, "25.0 %, 1000 keys, 100 keys/s, 5.0 MB/s, 30s left")
	f(0, 100, "1000 keys, 100 keys/s, 5.0 MB/s")
	f(110, 100, "100.0 %, 1000 keys, 100 keys/s, 5.0 MB/s, 0s left")
	s.Commands.Store(20)
	f(0, 0, "1000 keys, 100 keys/s, 20 commands, 2 commands/s, 5.0 MB/s")
}

func TestDescribe(t *testing.T) {
	var w resp.Writer
	for _, args := range [][]string{{"SET", "a", "*3\r\n$1\r\nx\r\n"}, {"PING"}, {"DEL", strings.Repeat("k", 100)}} {
		w.Array(len(args))
		for _, a := range args {
			w.BulkString(a)
		}
	}
	for i, want := range []string{`"SET" "a"`, "a command", `"DEL" "` + strings.Repeat("k", 60) + `"…`, "a command"} {
		if got := describe(w.Buf, i); got != want {
			t.Errorf("command %d: %s, want %s", i, got, want)
		}
	}
}

func TestManifest(t *testing.T) {
	got, err := manifest("file a.2.base.rdb seq 2 type b\nfile a.1.incr.aof seq 1 type h\n# remark\nfile \"a.3.incr.aof\" seq 3 type i\n", "d")
	if want := []string{filepath.Join("d", "a.2.base.rdb"), filepath.Join("d", "a.3.incr.aof")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", "file a seq 1", "seq 1 type b", "file ../a seq 1 type b", "file a seq 1 type x"} {
		if got, err := manifest(bad, "d"); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestKeyspace(t *testing.T) {
	got := keyspace("# Keyspace\r\ndb0:keys=7,expires=2,avg_ttl=0\r\ndbx:keys=1\r\ndb12:keys=1,expires=0\r\n")
	if want := []database{{0, 7, 2}, {12, 1, 0}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestReply(t *testing.T) {
	read := func(text string) (*reply, error) {
		c := &conn{r: bufio.NewReader(strings.NewReader(text))}
		return c.reply()
	}
	r, err := read("*4\r\n$3\r\na\r\n\r\n:-5\r\n$-1\r\n-ERR x\r\n")
	if err != nil || len(r.elems) != 4 || string(r.elems[0].text) != "a\r\n" || r.elems[1].num != -5 || r.elems[2].kind != 0 || string(r.elems[3].text) != "ERR x" {
		t.Errorf("%v, %v", r, err)
	}
	for _, bad := range []string{"", "+OK", "x\r\n", "$x\r\n", "$-2\r\n", "*1\r\n", "$5\r\nab\r\n", "HTTP/1.1 400 Bad Request\r\n",
		strings.Repeat("*1\r\n", 1000)} {
		if r, err := read(bad); err == nil {
			t.Errorf("%q: %v", bad, r)
		}
	}
}

// Commands come back as they were read; whatever else is there, there is an error.
func FuzzAOF(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n#TS:1\r\n*1\r\n$4\r\nEXEC\r\n"))
	f.Add([]byte("*1\r\n$99999999\r\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		for {
			args, _, err := aofCommand(in)
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errAOF) && !errors.Is(err, errCutShort) {
					t.Fatal(err)
				}
				return
			}
			var w resp.Writer
			w.Array(len(args))
			for _, a := range args {
				w.Bulk(a)
			}
			again, size, err := aofCommand(bufio.NewReader(bytes.NewReader(w.Buf)))
			if err != nil || size != int64(len(w.Buf)) || !slices.EqualFunc(args, again, bytes.Equal) {
				t.Fatalf("%q comes back as %q, %v", args, again, err)
			}
		}
	})
}
