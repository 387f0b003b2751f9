package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// transcript is a Visitor that writes down what it is given.
type transcript struct {
	strings.Builder
	kind  Kind
	elems int
}

func (s *transcript) Start(kind Kind, _ uint64) error {
	s.kind = kind
	fmt.Fprint(s, [...]string{"string", "list", "set", "zset", "hash", "stream"}[kind])
	return nil
}

func (s *transcript) Element(e *Element) error {
	s.elems++
	fmt.Fprintf(s, " %s", e.Key)
	switch s.kind {
	case ZSet:
		fmt.Fprintf(s, "=%v", e.Score)
	case Hash:
		fmt.Fprintf(s, "=%s", e.Value)
		if e.ExpireMS != 0 {
			fmt.Fprintf(s, "@%d", e.ExpireMS)
		}
	}
	return nil
}

func (s *transcript) StreamEntry(id StreamID, fields [][]byte) error {
	fmt.Fprintf(s, " %v:%s", id, bytes.Join(fields, []byte(",")))
	return nil
}

func (s *transcript) StreamMeta(m StreamMeta) error {
	fmt.Fprintf(s, " n=%d last=%v gone=%v added=%d", m.Length, m.Last, m.MaxDeleted, m.Added)
	return nil
}

func (s *transcript) StreamGroup(name []byte, last StreamID, read int64) error {
	fmt.Fprintf(s, " group %s %v %d", name, last, read)
	return nil
}

func (s *transcript) StreamConsumer(name []byte, seen, active int64) error {
	fmt.Fprintf(s, " consumer %s %d %d", name, seen, active)
	return nil
}

func (s *transcript) StreamPending(p StreamPending) error {
	fmt.Fprintf(s, " %v@%d*%d", p.ID, p.DeliveredMS, p.Deliveries)
	return nil
}

// values are bodies of every encoding, and what they hold.
var values = []struct{ body, want string }{
	{"\x00\x05hello", "string hello"},
	{"\x00\xc0\xff", "string -1"},
	{"\x00\xc3\x06\x06\x02abc\x20\x02", "string abcabc"},
	{"\x01\x03\x01a\xc0\x01\x00", "list a 1 "},
	{"\x02\x02\x01a\x01b", "set a b"},
	{"\x03\x04\x01a\x031.5\x01b\xff\x01c\xfe\x01d\x02-0", "zset a=1.5 b=-Inf c=+Inf d=-0"},
	{"\x04\x01\x01f\x01v", "hash f=v"},
	{"\x05\x01\x01m\x00\x00\x00\x00\x00\x00\xf8\x3f", "zset m=1.5"},
	{"\x09\x0a\x01\x01f\x02\x02vwxx\xff", "hash f=vw"},
	{"\x0a\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x01a\xff", "list a"},
	{"\x0a\x2e\x2e\x00\x00\x00\x2a\x00\x00\x00\x08\x00\x00\xf1\x02\xfd\x02\xfe\xff\x03\xc0\x00\x80\x04\xf0\x00\x00\x80\x05\xd0\x00\x00\x00\x80\x06\xe0" +
		"\x00\x00\x00\x00\x00\x00\x00\x80\x0a\x01q\xff", "list 0 12 -1 -32768 -8388608 -2147483648 -9223372036854775808 q"},
	{"\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\xff\xff\x02\x00", "set -1 2"},
	{"\x0c\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01m\x03\xf3\xff", "zset m=2"},
	{"\x0d\x11\x11\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01f\x03\x01v\xff", "hash f=v"},
	{"\x0e\x01\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x01a\xff", "list a"},
	{"\x10\x0d\x0d\x00\x00\x00\x02\x00\x81f\x02\x81v\x02\xff", "hash f=v"},
	{"\x11\x0c\x0c\x00\x00\x00\x02\x00\x81m\x02\x03\x01\xff", "zset m=3"},
	{"\x12\x02\x02\x0a\x0a\x00\x00\x00\x01\x00\x81a\x02\xff\x01\x03abc", "list a abc"},
	{"\x14\x0a\x0a\x00\x00\x00\x01\x00\x81a\x02\xff", "set a"},
	{"\x16\x02\x00\x01f\x01v\x05\x01g\x01w", "hash f=v g=w@5"},
	{"\x17\x0f\x0f\x00\x00\x00\x03\x00\x81f\x02\x81v\x02\x05\x01\xff", "hash f=v@5"},
	{"\x18\xe8\x03\x00\x00\x00\x00\x00\x00\x02\x00\x01f\x01v\x05\x01g\x01w", "hash f=v g=w@1004"},
	{"\x19\x05\x00\x00\x00\x00\x00\x00\x00\x0f\x0f\x00\x00\x00\x03\x00\x81f\x02\x81v\x02\x00\x01\xff", "hash f=v"},
	{streamBody(codeStream), "stream 1-1:f,v 1-2:g,w n=2 last=1-2 gone=0-0 added=2 group g 1-1 -1 consumer c 7 7 1-1@9*3"},
	{streamBody(codeStream2), "stream 1-1:f,v 1-2:g,w n=2 last=1-2 gone=0-5 added=4 group g 1-1 1 consumer c 7 7 1-1@9*3"},
	{streamBody(codeStream3), "stream 1-1:f,v 1-2:g,w n=2 last=1-2 gone=0-5 added=4 group g 1-1 1 consumer c 7 8 1-1@9*3"},

	{"\x00", ""}, {"\x00\x05hell", ""}, {"\x00\xc4", ""}, {"\x00\xc3\x02\xff\x00a", ""},
	{"\x02\x00", ""}, {"\x04\x01\x01f", ""}, {"\x03\x01\x01m\x01x", ""}, {"\x03\x01\x01m\xfd", ""},
	{"\x06", ""}, {"\x08", ""}, {"\x1a", ""}, {"\x09\x07\x02\x01f\x01\x00v\xff", ""},
	{"\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x02\x00\x01\x00", ""},
	{"\x0a\x0e\x0e\x00\x00\x00\x0b\x00\x00\x00\x01\x00\x00\x01a\xff", ""},
	{"\x0a\x0e\x0e\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x00\x01a\xff", ""},
	{"\x10\x0a\x0a\x00\x00\x00\x01\x00\x81f\x02\xff", ""},
	{"\x12\x01\x03\x03abc", ""}, {"\x17\x0d\x0d\x00\x00\x00\x02\x00\x81f\x02\x81v\x02\xff", ""},
	{"\x18\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x05\x01f\x01v", ""},
}

// streamBody is a stream of two entries and one that was deleted, a group, a consumer, and a pending entry.
func streamBody(code byte) string {
	lp := func(hex string) string {
		n := 6 + len(hex) + 1
		return string(AppendString(nil, []byte(string([]byte{byte(n), 0, 0, 0, 0xff, 0xff})+hex+"\xff")))
	}
	b := string([]byte{code}) + "\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"
	b += lp("\x02\x01\x01\x01\x01\x01\x81f\x02\x00\x01" + // two, one deleted, one field, f, 0
		"\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01" + // shares: v
		"\x00\x01\x00\x01\x01\x01\x01\x01\x81g\x02\x81w\x02\x06\x01" + // g w
		"\x03\x01\x00\x01\x02\x01\x81x\x02\x04\x01") // shares, deleted
	b += "\x02\x01\x02" // length, last
	if code != codeStream {
		b += "\x01\x01\x00\x05\x04" // first, most deleted, added
	}
	b += "\x01\x01g\x01\x01"
	if code != codeStream {
		b += "\x01"
	}
	id := "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"
	b += "\x01" + id + "\x09\x00\x00\x00\x00\x00\x00\x00\x03" + "\x01\x01c\x07\x00\x00\x00\x00\x00\x00\x00"
	if code == codeStream3 {
		b += "\x08\x00\x00\x00\x00\x00\x00\x00"
	}
	return b + "\x01" + id
}

func TestValues(t *testing.T) {
	for _, v := range values {
		for name, r := range map[string]*Reader{
			"payload": NewPayload([]byte(v.body)),
			"file":    NewReader(strings.NewReader(v.body)),
			"slowly":  NewReader(iotest.OneByteReader(strings.NewReader(v.body))),
		} {
			got := new(transcript)
			code, err := r.byte()
			if err == nil {
				err = r.Value(code, got)
			}
			switch {
			case v.want == "" && err == nil:
				t.Errorf("%s %q: %s, want an error", name, v.body, got.String())
			case v.want == "" && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrModule):
				t.Errorf("%s %q: %v", name, v.body, err)
			case v.want != "" && (err != nil || got.String() != v.want):
				t.Errorf("%s %q: %s, %v, want %s", name, v.body, got.String(), err, v.want)
			}
		}
	}
}

// contents writes down what a file holds.
type contents struct{ transcript }

func (c *contents) Select(db uint64) error { fmt.Fprintf(c, "db%d ", db); return nil }
func (c *contents) KeyDone() error         { c.WriteString("; "); return nil }
func (c *contents) Function(code []byte) error {
	fmt.Fprintf(c, "function %s; ", code)
	return nil
}
func (c *contents) Skipped(name []byte, why error) error {
	fmt.Fprintf(c, "%s skipped, %v; ", name, why)
	return nil
}
func (c *contents) Key(name []byte, expireMS int64) (Visitor, error) {
	fmt.Fprintf(c, "%s@%d ", name, expireMS)
	return c, nil
}

func TestFile(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	w.Aux("redis-ver", "7.0.0")
	if err := w.Functions(AppendFunctions(nil, []string{"code"})); err != nil {
		t.Fatal(err)
	}
	w.Select(3, 2, 1)
	w.Key([]byte("s"), 5, AppendStringValue(nil, []byte("300")))
	mark := w.Mark()
	w.Key([]byte("gone"), 0, AppendStringValue(nil, []byte("x")))
	w.Mark()
	out.Truncate(int(mark.Offset))
	w.Return(mark)
	w.Key([]byte("z"), 0, AppendPlain(nil, ZSet, 1))
	w.Append(AppendScore(AppendText(nil, []byte("m")), 2.5))
	module := []byte{codeModule2, 1, 'k', len64Bit}
	module = binary.BigEndian.AppendUint64(module, moduleNumber("ReJSON-RL")<<10|3)
	w.Append(append(module, moduleUint, 1, moduleString, 1, 'x', moduleDouble, 0, 0, 0, 0, 0, 0, 0, 0, moduleEnd))
	if err := w.Close(); err != nil || w.Offset() != int64(out.Len()) {
		t.Fatal(err, w.Offset(), out.Len())
	}
	file := out.String()
	want := "function code; db3 s@5 string 300; z@0 zset m=2.5; k skipped, the value belongs to a module of Redis: ReJSON-RL; "
	r := NewReader(strings.NewReader(file + "behind"))
	got := new(contents)
	if err := r.File(got); err != nil || got.String() != want {
		t.Errorf("%q, %v\nwant %q", got.String(), err, want)
	}
	if rest, _ := io.ReadAll(r.Rest()); string(rest) != "behind" {
		t.Errorf("%q is left", rest)
	}
	for i := range len(file) {
		if NewReader(strings.NewReader(file[:i])).File(new(contents)) == nil {
			t.Fatalf("the file is taken when it ends at byte %d", i)
		}
		bad := []byte(file)
		bad[i] ^= 1
		if NewReader(bytes.NewReader(bad)).File(new(contents)) == nil {
			t.Fatalf("a changed byte %d is not noticed", i)
		}
	}
}

func moduleNumber(name string) (id uint64) {
	for _, c := range name {
		id = id<<6 | uint64(strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c))
	}
	return id
}

// D1: whatever the bytes, there is a value or an error, and no more elements than bytes can stand for.
func FuzzValue(f *testing.F) {
	for _, v := range values {
		f.Add([]byte(v.body))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		one, other := new(transcript), new(transcript)
		err := NewPayload(b[1:]).Value(b[0], one)
		err2 := NewReader(bytes.NewReader(b[1:])).Value(b[0], other)
		if (err == nil) != (err2 == nil) || one.String() != other.String() {
			t.Fatalf("as a payload %q, %v; as a file %q, %v", one.String(), err, other.String(), err2)
		}
		if one.elems > 300*len(b) { // LZF
			t.Fatalf("%d elements of %d bytes", one.elems, len(b))
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add([]byte("REDIS0010\xfe\x00\xfb\x01\x00\x00\x01k\x01v\xff\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("REDIS0003\xfd\x00\x00\x00\x01\x00\x01k\x01v\xff"))
	f.Add([]byte("REDIS0012\xfa\x01a\x01b\xf7\x01\x02\x01\x02\x01\x00\xf4\x01\x01\x01\x07\x01k\x05\x02\x01x\x00\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = NewReader(bytes.NewReader(b)).File(new(contents))
	})
}
