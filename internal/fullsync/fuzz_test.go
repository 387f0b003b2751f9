package fullsync

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/throttle"
	"github.com/haypile/haypile/internal/transport"
)

// script turns the fuzzer's bytes into frames: kind, length u16, payload, again and again. So the fuzzer need not find
// checksums; what is left over is sent as it is.
func script(b []byte) (wire []byte) {
	var sent capture
	l := transport.New(&sent, nil, 0)
	for len(b) >= 3 {
		n := int(binary.LittleEndian.Uint16(b[1:]))
		if n > len(b)-3 {
			break
		}
		_ = l.Send(b[0], b[3:3+n])
		b = b[3+n:]
	}
	return append(sent.Bytes(), b...)
}

// line is one frame of a script.
func line(kind byte, payload any) []byte {
	p, ok := payload.([]byte)
	if !ok {
		p, _ = json.Marshal(payload)
	}
	return append(binary.LittleEndian.AppendUint16([]byte{kind}, uint16(len(p))), p...)
}

func lines(list ...[]byte) []byte { return bytes.Join(list, nil) }

// capture is a connection that keeps what is sent.
type capture struct {
	net.Conn
	bytes.Buffer
}

func (c *capture) Read(b []byte) (int, error)       { return c.Buffer.Read(b) }
func (c *capture) Write(b []byte) (int, error)      { return c.Buffer.Write(b) }
func (c *capture) SetWriteDeadline(time.Time) error { return nil }

// peer is a connection whose other side has sent everything it will and takes everything. What is written is kept.
type peer struct {
	net.Conn
	mu  sync.Mutex
	in  *bytes.Reader
	out bytes.Buffer
}

func newPeer(wire []byte) *peer { return &peer{in: bytes.NewReader(wire)} }

func (p *peer) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in.Read(b)
}

func (p *peer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *peer) Close() error                     { return nil }
func (p *peer) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (p *peer) SetReadDeadline(time.Time) error  { return nil }
func (p *peer) SetWriteDeadline(time.Time) error { return nil }

// fenced fails the test when anything outside of the directories that belong to a copy is touched.
type fenced struct {
	vfs.FS
	t       testing.TB
	allowed []string
}

func (f fenced) check(path string) {
	clean := "/" + strings.Trim(f.FS.PathJoin(path), "/")
	for _, dir := range f.allowed {
		if clean == dir || strings.HasPrefix(clean, dir+"/") {
			return
		}
	}
	f.t.Errorf("%q was touched", path)
}

func (f fenced) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f.check(name)
	return f.FS.Create(name, c)
}

func (f fenced) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f.check(name)
	return f.FS.Open(name, o...)
}

func (f fenced) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f.check(name)
	return f.FS.OpenReadWrite(name, c, o...)
}

func (f fenced) Link(from, to string) error {
	f.check(from)
	f.check(to)
	return f.FS.Link(from, to)
}

func (f fenced) Rename(from, to string) error {
	f.check(from)
	f.check(to)
	return f.FS.Rename(from, to)
}

func (f fenced) Remove(name string) error {
	f.check(name)
	return f.FS.Remove(name)
}

func (f fenced) RemoveAll(name string) error {
	f.check(name)
	return f.FS.RemoveAll(name)
}

func put(t testing.TB, fs vfs.FS, path, text string) {
	t.Helper()
	if err := fs.MkdirAll(fs.PathDir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeSmall(fs, path, text); err != nil {
		t.Fatal(err)
	}
}

const secret = "root:x:0:0:secret"

// What a hostile replica sends: it gets bytes of the snapshot that it asked for, or an error; nothing else of the disk, no
// slot that is not given back, no panic.
func FuzzSource(f *testing.F) {
	ask := open{Version: protocolVersion, Replica: "r", Name: "n", Database: "db0"}
	fetch := func(kind byte, file uint32, at uint64, more ...byte) []byte {
		return line(kind, append(appendFileAndNumber(nil, file, at), more...))
	}
	f.Add(lines(line(kindOpen, ask), fetch(kindFetch, 0, 0), fetch(kindFetch, 1, 3), line(kindDone, []byte{})))
	f.Add(lines(line(kindOpen, ask), fetch(kindFetch, 1<<31, 0)))
	f.Add(lines(line(kindOpen, ask), fetch(kindFetch, 0, 1<<63)))
	f.Add(lines(line(kindOpen, ask), fetch(kindCheck, 0, 5, 1, 2, 3, 4), fetch(kindCheck, 1, 1<<62, 1, 2, 3, 4)))
	f.Add(lines(line(kindOpen, open{Version: 1, Replica: "r", Database: "../../etc/passwd", Snapshot: "../.."})))
	f.Add(lines(line(kindOpen, open{Version: 1, Database: "db99"})))
	f.Add(lines(line(kindOpen, ask), line(kindOpen, ask)))
	f.Add(append(line(kindOpen, ask), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 6))
	f.Add([]byte{0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		mem := vfs.NewMem()
		put(t, mem, "/etc/passwd", secret)
		fs := fenced{mem, t, []string{"/snapshots"}}
		released := 0
		s, err := NewSource(SourceOptions{FS: fs, Dir: "/snapshots", Total: throttle.New(0), Logger: slog.New(slog.DiscardHandler),
			Settings: func() SourceSettings {
				return SourceSettings{MaxConcurrent: 1, Stall: time.Second, Lease: time.Hour, Fresh: time.Hour}
			},
			Make: func(database, dir string) (Snapshot, error) {
				if database != "db0" {
					return Snapshot{}, fmt.Errorf("there is no database %.40q", database)
				}
				put(t, mem, dir+"/000001.sst", strings.Repeat("x", 1000))
				put(t, mem, dir+"/MANIFEST-1", "manifest")
				return Snapshot{LSN: 7, Release: func() { released++ }, Valid: func() bool { return true }, Stale: func() bool { return false }}, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		p := newPeer(script(b))
		s.Serve(p, nil)
		if bytes.Contains(p.out.Bytes(), []byte(secret)) {
			t.Error("bytes of another file were sent")
		}
		if most := 2000*(len(b)/3+2) + 4096; p.out.Len() > most {
			t.Errorf("%d bytes were sent for %d", p.out.Len(), len(b))
		}
		if len(s.slots) != 0 || len(s.queue) != 0 || len(s.jobs) != 0 {
			t.Errorf("left behind: %v %v %v", s.slots, s.queue, s.jobs)
		}
		made := int(s.Begun.Load())
		s.Close()
		if released != made {
			t.Errorf("%d snapshots were made and %d given back", made, released)
		}
	})
}

// What a hostile master sends: the sink writes in the directory of the copy only, never more than was announced, and says that
// the copy is complete only if every file has the size that was announced.
func FuzzSink(f *testing.F) {
	data := func(file uint32, at uint64, text string) []byte {
		return line(kindData, append(appendFileAndNumber(nil, file, at), text...))
	}
	end := func(file uint32, at uint64) []byte { return line(kindEnd, appendFileAndNumber(nil, file, at)) }
	one := []File{{"000001.sst", 5}}
	give := grant{Snapshot: "db0-1-1", LSN: 9, Files: 1, Bytes: 5}
	f.Add(lines(line(kindFiles, one), line(kindGrant, give), data(0, 0, "12345"), end(0, 5)))
	f.Add(lines(line(kindPlace, place{Place: 3}), line(kindFiles, one), line(kindGrant, give), data(0, 0, "123"), data(0, 3, "45"), end(0, 5)))
	f.Add(lines(line(kindFiles, one), line(kindGrant, give), data(0, 0, "123456789")))
	f.Add(lines(line(kindFiles, one), line(kindGrant, give), data(0, 1<<62, "1")))
	f.Add(lines(line(kindFiles, one), line(kindGrant, give), data(7, 0, "1"), end(0, 5)))
	f.Add(lines(line(kindFiles, []File{{"../../etc/passwd", 5}}), line(kindGrant, give), data(0, 0, "12345"), end(0, 5)))
	f.Add(lines(line(kindFiles, []File{{"a/b", 5}, {"..", 1}, {"/x", 1}, {"COPYING", 1}, {"a\x00b", 1}})))
	f.Add(lines(line(kindFiles, one), line(kindGrant, grant{Snapshot: "../../x", Files: 1, Bytes: 5})))
	f.Add(lines(line(kindFiles, []File{{"a", -1}}), line(kindGrant, grant{Snapshot: "s", Files: 1, Bytes: -1})))
	f.Add(lines(line(kindFiles, []File{{"a", 1 << 62}, {"b", 1 << 62}, {"c", 1 << 62}, {"d", 1 << 62}}), line(kindGrant, grant{Snapshot: "s", Files: 4, Bytes: 0})))
	f.Add(lines(line(kindFiles, []File{{"old.sst", 3}}), line(kindGrant, grant{Snapshot: "s", Files: 1, Bytes: 3}), line(kindSame, []byte{})))
	f.Add(line(kindRefuse, refusal{"no"}))
	f.Add([]byte{0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		mem := vfs.NewMem()
		put(t, mem, "/etc/passwd", secret)
		put(t, mem, "/db0/store/old.sst", "old")
		fs := fenced{mem, t, []string{"/db0/incoming", "/db0/incoming.old", "/db0/store"}}
		var p Progress
		_, err := Receive(context.Background(), SinkOptions{FS: fs, Dir: "/db0/incoming", Have: []string{"/db0/store"}, Database: "db0", Replica: "r", Name: "n",
			Dial:     func(context.Context) (net.Conn, []byte, error) { return newPeer(script(b)), nil, nil },
			Parallel: func() int { return 1 }, Stall: func() time.Duration { return time.Second },
			Placed: func(int) {}, Begun: func(int64) {}, Logger: slog.New(slog.DiscardHandler)}, &p)
		if text := read(t, mem, "/etc/passwd"); text != secret {
			t.Errorf("a file outside is %q now", text)
		}
		if text := read(t, mem, "/db0/store/old.sst"); text != "old" {
			t.Errorf("a file of the database is %q now", text)
		}
		if got, total := p.Received.Load()+p.Reused.Load(), p.Total.Load(); got > total || got > int64(len(b))+3 {
			t.Errorf("%d bytes received of %d, from %d", got, total, len(b))
		}
		if err == nil && p.Received.Load()+p.Reused.Load() != p.Total.Load() {
			t.Errorf("complete with %d and %d of %d bytes", p.Received.Load(), p.Reused.Load(), p.Total.Load())
		}
	})
}

func read(t testing.TB, fs vfs.FS, path string) string {
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
	return string(b)
}
