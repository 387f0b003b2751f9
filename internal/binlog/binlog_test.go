package binlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const testDir = "/log"

func testOptions(fs vfs.FS, segmentBytes int64) Options {
	return Options{
		FS: fs, Dir: testDir,
		SegmentBytes: func() int64 { return segmentBytes },
		Logger:       slog.New(slog.DiscardHandler),
		Now:          func() time.Time { return time.UnixMilli(1234) },
	}
}

func frameOf(payload string) []byte { return append(make([]byte, HeaderBytes), payload...) }

func frameLen(payload string) LSN { return HeaderBytes + LSN(len(payload)) }

func open(t testing.TB, o Options, end LSN) *Log {
	t.Helper()
	l, err := Open(o, end)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func appendAll(t testing.TB, l *Log, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		want := l.End() + frameLen(p)
		if end, err := l.Append(KindBatch, frameOf(p)); err != nil || end != want || l.End() != want {
			t.Fatalf("append %q: end %d, %v; want %d", p, end, err, want)
		}
	}
}

func closeLog(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// written returns the payloads of a log made of n records in segments of two, each
// made durable before the next.
func written(t testing.TB, fs vfs.FS, n int) []string {
	t.Helper()
	l := open(t, testOptions(fs, 2*int64(frameLen("record 0"))), 0)
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("record %d", i))
		appendAll(t, l, all[i])
		if _, err := l.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	return all
}

// recovered returns what Recover applies from position from on.
func recovered(fs vfs.FS, from LSN) (got []string, end LSN, err error) {
	end, err = Recover(testOptions(fs, 1<<20), from, func(r Record) error {
		if r.Kind != KindBatch || r.TimeMS != 1234 || r.End() != r.LSN+frameLen(string(r.Payload)) {
			return fmt.Errorf("record %+v", r)
		}
		got = append(got, string(r.Payload))
		return nil
	}, func(_, _, _ LSN) {})
	return got, end, err
}

func wantRecovered(t testing.TB, fs vfs.FS, want []string) LSN {
	t.Helper()
	got, end, err := recovered(fs, 0)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("recovered %q, %v; want %q", got, err, want)
	}
	return end
}

func segmentPaths(t testing.TB, fs vfs.FS) (paths []string) {
	t.Helper()
	segs, err := listSegments(fs, testDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segs {
		paths = append(paths, s.path)
	}
	return paths
}

func contents(t testing.TB, fs vfs.FS, path string) []byte {
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

func replace(t testing.TB, fs vfs.FS, path string, b []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(bytes.Clone(b)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// B1, B2: what was appended is read back, by Recover and by a Reader, from any
// record on and across segments; Append leaves the caller's payload alone.
func TestRoundTrip(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, testOptions(fs, 100), 0)
	var all []string
	var starts []LSN
	for i := range 20 {
		p := strings.Repeat(string(rune('a'+i)), i*7)
		starts, all = append(starts, l.End()), append(all, p)
		frame := frameOf(p)
		if _, err := l.Append(KindBatch, frame); err != nil {
			t.Fatal(err)
		}
		if string(frame[HeaderBytes:]) != p {
			t.Fatalf("Append changed the payload to %q", frame[HeaderBytes:])
		}
	}
	if l.Segments() < 5 {
		t.Fatalf("only %d segments", l.Segments())
	}
	for i, from := range starts {
		got, end, err := recovered(fs, from)
		if err != nil || end != l.End() || !slices.Equal(got, all[i:]) {
			t.Fatalf("recovered from %d: %q, end %d, %v", from, got, end, err)
		}
		r, err := l.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range all[i:] {
			rec, err := r.Next()
			if err != nil || string(rec.Payload) != want {
				t.Fatalf("read %q, %v; want %q", rec.Payload, err, want)
			}
		}
		if _, err := r.Next(); err != io.EOF || r.LSN() != l.End() {
			t.Fatalf("at the end: %v, position %d", err, r.LSN())
		}
		r.Close()
	}
	if _, err := l.NewReader(l.End() + 1); err == nil {
		t.Error("a reader beyond the end was given")
	}
	closeLog(t, l)
}

// A reader that has reached the end goes on when the log has grown, and hears of it.
func TestReaderFollows(t *testing.T) {
	l := open(t, testOptions(vfs.NewMem(), 50), 0)
	r, err := l.NewReader(0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 5 {
		grown := l.Grown()
		if _, err := r.Next(); err != io.EOF {
			t.Fatal(err)
		}
		p := fmt.Sprint("record ", i)
		appendAll(t, l, p)
		<-grown
		if rec, err := r.Next(); err != nil || string(rec.Payload) != p {
			t.Fatalf("%q, %v", rec.Payload, err)
		}
	}
	closeLog(t, l)
}

// B3: wherever the last record is torn, all before it survive and the log goes on.
func TestTornTail(t *testing.T) {
	origin := vfs.NewMem()
	all := written(t, origin, 4) // the torn record is the second of its segment
	path := segmentPaths(t, origin)[1]
	whole := contents(t, origin, path)
	last := int(frameLen(all[3]))
	tails := map[string]func(cut int) []byte{
		"cut": func(cut int) []byte { return whole[:len(whole)-last+cut] },
		"zeroed": func(cut int) []byte {
			return append(bytes.Clone(whole[:len(whole)-last+cut]), make([]byte, last-cut)...)
		},
	}
	for name, tail := range tails {
		for cut := range last {
			fs := vfs.NewMem()
			written(t, fs, 4)
			replace(t, fs, path, tail(cut))
			end := wantRecovered(t, fs, all[:3])
			if want := 3 * frameLen(all[0]); end != want {
				t.Fatalf("%s at %d: the log ends at %d, not %d", name, cut, end, want)
			}
			l := open(t, testOptions(fs, 1<<20), end)
			appendAll(t, l, "after")
			closeLog(t, l)
			wantRecovered(t, fs, append(slices.Clone(all[:3]), "after"))
		}
	}
}

// B3 for a segment that was being created: any part of its header may be there.
func TestTornSegmentHeader(t *testing.T) {
	for size := range segmentHeaderBytes {
		fs := vfs.NewMem()
		all := written(t, fs, 4)
		replace(t, fs, fs.PathJoin(testDir, segmentName(4*frameLen(all[0]))), appendSegmentHeader(nil, 4*frameLen(all[0]))[:size])
		end := wantRecovered(t, fs, all)
		l := open(t, testOptions(fs, 1<<20), end)
		appendAll(t, l, "after")
		closeLog(t, l)
		wantRecovered(t, fs, append(all, "after"))
	}
}

// B3: a power loss may keep any part of what was not synced. What is missing there
// ends the log, even if records behind it have survived; what was synced before
// still counts as corrupt.
func TestUnsyncedHole(t *testing.T) {
	all := []string{"synced 0", "synced 1", "lost   2", "kept   3", "kept   4"}
	size := int(frameLen(all[0]))
	for hole, want := range map[int]error{0: ErrCorrupt, 1: ErrCorrupt, 2: nil, 3: nil} {
		fs := vfs.NewMem()
		l := open(t, testOptions(fs, 1<<20), 0)
		appendAll(t, l, all[:2]...)
		if _, err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		appendAll(t, l, all[2:]...)
		closeLog(t, l)
		path := segmentPaths(t, fs)[0]
		text := contents(t, fs, path)
		clear(text[segmentHeaderBytes+hole*size:][:size])
		replace(t, fs, path, text)
		got, end, err := recovered(fs, 0)
		if !errors.Is(err, want) || !slices.Equal(got, all[:hole]) || end != LSN(hole*size) {
			t.Errorf("record %d zeroed: recovered %q, end %d, %v", hole, got, end, err)
		}
		if want != nil {
			continue
		}
		l = open(t, testOptions(fs, 1<<20), end)
		appendAll(t, l, "after")
		closeLog(t, l)
		wantRecovered(t, fs, append(slices.Clone(all[:hole]), "after"))
	}
}

// B3: a damaged byte with good records behind it is never taken for a torn tail.
func TestCorruption(t *testing.T) {
	origin := vfs.NewMem()
	written(t, origin, 6)
	for i, path := range segmentPaths(t, origin) {
		whole := contents(t, origin, path)
		end := len(whole)
		if i == 2 {
			end -= int(frameLen("record 0")) // in the very last record it is a torn tail
		}
		for at := range end {
			fs := vfs.NewMem()
			all := written(t, fs, 6)
			damaged := bytes.Clone(whole)
			damaged[at] ^= 0x10
			replace(t, fs, path, damaged)
			got, _, err := recovered(fs, 0)
			if !errors.Is(err, ErrCorrupt) || !slices.Equal(got, all[:len(got)]) {
				t.Fatalf("segment %d, byte %d: recovered %q, %v", i, at, got, err)
			}
		}
	}
}

func TestRecoverRefusesGaps(t *testing.T) {
	fs := vfs.NewMem()
	written(t, fs, 6)
	if err := fs.Remove(segmentPaths(t, fs)[1]); err != nil {
		t.Fatal(err)
	}
	if _, _, err := recovered(fs, 0); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a missing segment in the middle: %v", err)
	}
	if err := fs.Remove(segmentPaths(t, fs)[0]); err != nil {
		t.Fatal(err)
	}
	if _, _, err := recovered(fs, 0); !errors.Is(err, ErrCorrupt) {
		t.Errorf("the oldest segments missing: %v", err)
	}
}

// What a store holds had been synced in the log: a log that ends before it has lost its end.
func TestStoreAheadOfLog(t *testing.T) {
	fs := vfs.NewMem()
	written(t, fs, 3)
	if got, _, err := recovered(fs, 1000); !errors.Is(err, ErrCorrupt) {
		t.Errorf("recovered %q, %v", got, err)
	}
	at := 3 * frameLen("record 0") // the last segment is gone
	paths := segmentPaths(t, fs)
	if err := fs.Remove(paths[len(paths)-1]); err != nil {
		t.Fatal(err)
	}
	if got, _, err := recovered(fs, at); !errors.Is(err, ErrCorrupt) {
		t.Errorf("without the last segment: recovered %q, %v", got, err)
	}
	if err := Begin(fs, testDir, at); err != nil {
		t.Fatal(err)
	}
	if got, end, err := recovered(fs, at); err != nil || end != at || len(got) != 0 {
		t.Errorf("begun anew: recovered %q, end %d, %v", got, end, err)
	}
}

// A log that was begun and is not there is lost. The first segment comes with its directory.
func TestLogThatIsGone(t *testing.T) {
	fs := vfs.NewMem()
	o := testOptions(fs, 1<<20)
	o.Began = true
	nothing := func(Record) error { return nil }
	if _, err := Recover(o, 0, nothing, func(_, _, _ LSN) {}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("no directory: %v", err)
	}
	closeLog(t, open(t, o, 0))
	if _, err := Recover(o, 0, nothing, func(_, _, _ LSN) {}); err != nil {
		t.Errorf("an empty log: %v", err)
	}
	for _, path := range segmentPaths(t, fs) {
		if err := fs.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Recover(o, 0, nothing, func(_, _, _ LSN) {}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("no segments: %v", err)
	}
}

// B4: trimming deletes whole segments only, and none that a pin needs.
func TestTrim(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, testOptions(fs, 1), 0) // a segment for each record
	appendAll(t, l, "0", "1", "2", "3", "4", "5")
	size := frameLen("0")
	pin := l.Pin(2*size + 1) // within record 2
	trim := func(limit LSN, keep int64, want LSN) {
		t.Helper()
		if _, err := l.Trim(limit, keep, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if l.Start() != want {
			t.Fatalf("the log starts at %d, not %d", l.Start(), want)
		}
		if got := len(segmentPaths(t, fs)); got != l.Segments() {
			t.Fatalf("%d files for %d segments", got, l.Segments())
		}
	}
	trim(size, 0, size)
	trim(l.End(), 0, 2*size)
	if _, err := l.NewReader(size); !errors.Is(err, ErrTrimmed) {
		t.Errorf("a reader below the start: %v", err)
	}
	r, err := l.NewReader(2 * size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if rec, err := r.Next(); err != nil || string(rec.Payload) != "2" {
		t.Fatalf("%q, %v", rec.Payload, err)
	}
	pin.Advance(3 * size)
	trim(l.End(), 0, 3*size)
	pin.Release()
	trim(l.End(), int64(2*size), 4*size)
	trim(l.End(), 0, 5*size) // the last segment stays
	if _, err := r.Next(); !errors.Is(err, ErrTrimmed) {
		t.Errorf("a reader that was overtaken: %v", err)
	}
	closeLog(t, l)
}

// brittleFS lets writes and syncs fail on demand; a failing write leaves the
// first half of its bytes in the file.
type brittleFS struct {
	vfs.FS
	write, sync error
}

type brittleFile struct {
	vfs.File
	fs *brittleFS
}

func (b *brittleFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := b.FS.Create(name, c)
	return brittleFile{f, b}, err
}

func (f brittleFile) Write(p []byte) (int, error) {
	if f.fs.write == nil {
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:len(p)/2])
	return n, f.fs.write
}

func (f brittleFile) Sync() error { return errors.Join(f.fs.sync, f.File.Sync()) }

func (f brittleFile) SyncData() error { return errors.Join(f.fs.sync, f.File.SyncData()) }

var errBroken = errors.New("the disk is full")

// B5: a failed append, be it the first or a later one of its segment, leaves no
// trace, at once and after a restart.
func TestFailedAppend(t *testing.T) {
	for _, before := range [][]string{nil, {"one", "two"}} {
		fs := &brittleFS{FS: vfs.NewMem()}
		l := open(t, testOptions(fs, 1<<20), 0)
		appendAll(t, l, before...)
		end := l.End()
		fs.write = errBroken
		for range 2 {
			if _, err := l.Append(KindBatch, frameOf("lost")); !errors.Is(err, errBroken) || l.End() != end {
				t.Fatalf("append: %v; end %d, not %d", err, l.End(), end)
			}
			wantRecovered(t, fs, before)
		}
		fs.write = nil
		appendAll(t, l, "after")
		want := append(slices.Clone(before), "after")
		wantRecovered(t, fs, want)
		r, err := l.NewReader(0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range want {
			if rec, err := r.Next(); err != nil || string(rec.Payload) != p {
				t.Fatalf("read %q, %v; want %q", rec.Payload, err, p)
			}
		}
		r.Close()
		closeLog(t, l)
	}
}

// A failed fsync is final.
func TestFailedSync(t *testing.T) {
	fs := &brittleFS{FS: vfs.NewMem()}
	l := open(t, testOptions(fs, 1<<20), 0)
	appendAll(t, l, "durable")
	durable, err := l.Sync()
	if err != nil || durable != l.End() {
		t.Fatal(durable, err)
	}
	appendAll(t, l, "in doubt")
	fs.sync = errBroken
	if at, err := l.Sync(); !errors.Is(err, errBroken) || at != durable {
		t.Fatalf("durable up to %d, %v", at, err)
	}
	fs.sync = nil
	if at, err := l.Sync(); !errors.Is(err, errBroken) || at != durable || l.Durable() != durable {
		t.Errorf("durable up to %d, %v", at, err)
	}
	if _, err := l.Append(KindBatch, frameOf("more")); !errors.Is(err, errBroken) {
		t.Errorf("append: %v", err)
	}
}

// Inspect says where the damage is, and Cut at that place makes the log usable.
func TestInspectAndCut(t *testing.T) {
	fs := vfs.NewMem()
	all := written(t, fs, 6)
	size := frameLen(all[0])
	path := segmentPaths(t, fs)[1]
	damaged := contents(t, fs, path)
	damaged[segmentHeaderBytes+HeaderBytes] ^= 1 // record 2; record 3 follows
	replace(t, fs, path, damaged)

	reports, err := Inspect(fs, testDir)
	if err != nil || len(reports) != 3 {
		t.Fatalf("%+v, %v", reports, err)
	}
	for i, r := range reports {
		if i != 1 && (r.Problem != nil || r.Records != 2 || r.First != 1234 || r.Last != 1234 || r.Good != r.Start+2*size) {
			t.Errorf("the good segment %d: %+v", i, r)
		}
	}
	bad := reports[1]
	if bad.Problem == nil || bad.Records != 0 || bad.Good != 2*size || bad.NextGood != 3*size || bad.Behind != int64(2*size) {
		t.Errorf("the damaged segment: %+v", bad)
	}

	for _, at := range []LSN{bad.Good, size, 0} { // at the edge of a segment, within one, at the very start
		if err := Cut(fs, testDir, at); err != nil {
			t.Fatal(err)
		}
		if end := wantRecovered(t, fs, all[:at/size]); end != at {
			t.Errorf("cut at %d, ends at %d", at, end)
		}
	}
	names, err := fs.List(testDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, damagedSuffix) {
			t.Errorf("%s is still part of the log", name)
		}
	}
	if len(names) != 3 {
		t.Errorf("set aside: %q", names)
	}
}

// Whatever happens to a segment's bytes, recovery does not panic and gives out
// nothing but what was appended, in order.
func FuzzRecover(f *testing.F) {
	f.Add(uint8(2), uint16(0), false, []byte("x"))
	f.Add(uint8(2), uint16(40), true, []byte{0xff, 0xff, 0xff, 0xff})
	f.Add(uint8(0), uint16(32), true, make([]byte, 64))
	f.Add(uint8(1), uint16(36), true, []byte{0, 0, 0, 0x80, 1})
	f.Fuzz(func(t *testing.T, seg uint8, at uint16, overwrite bool, b []byte) {
		fs := vfs.NewMem()
		all := written(t, fs, 6)
		paths := segmentPaths(t, fs)
		path := paths[int(seg)%len(paths)]
		text := contents(t, fs, path)
		if overwrite {
			from := int(at) % (len(text) + 1)
			text = append(text[:from], append(bytes.Clone(b), text[min(len(text), from+len(b)):]...)...)
		} else {
			text = append(text, b...)
		}
		replace(t, fs, path, text)
		got, end, err := recovered(fs, 0)
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("an error that is not ErrCorrupt: %v", err)
		}
		if len(got) > len(all) || !slices.Equal(got, all[:len(got)]) {
			t.Fatalf("recovered %q", got)
		}
		if want := LSN(len(got)) * frameLen(all[0]); end != want {
			t.Fatalf("ends at %d, not %d", end, want)
		}
		if _, err := Inspect(fs, testDir); err != nil {
			t.Fatal(err)
		}
	})
}
