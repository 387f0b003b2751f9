package rdb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// nodeEntries is how many entries a node of aStream has.
const nodeEntries = 100

// aStream is a stream of n entries, every third with other fields, with a group of which "alice" has the
// first entry pending.
func aStream(n int) (body []byte, want string) {
	b := AppendStream(nil, (n+nodeEntries-1)/nodeEntries)
	node := new(StreamNode)
	var text strings.Builder
	text.WriteString("stream")
	id := func(i int) StreamID { return StreamID{uint64(1000 + i/2), uint64(i)} }
	for i := range n {
		fields := [][]byte{[]byte("f"), fmt.Append(nil, i), []byte("g"), []byte("v")}
		if i%3 == 1 {
			fields = [][]byte{[]byte("other"), []byte("w")}
		}
		node.Add(id(i), fields)
		fmt.Fprintf(&text, " %v:%s", id(i), joined(fields))
		if node.Len() == nodeEntries {
			b = node.Append(b)
		}
	}
	if node.Len() > 0 {
		b = node.Append(b)
	}
	m := StreamMeta{Length: uint64(n), Last: id(n), MaxDeleted: id(n), Added: uint64(n) + 1}
	b = AppendStreamMeta(b, m, id(0), 1)
	p := StreamPending{ID: id(0), DeliveredMS: 1234567, Deliveries: 2}
	b = AppendStreamPending(AppendStreamGroup(b, []byte("group"), id(1), -1, 1), p)
	b = AppendStreamOwned(AppendStreamConsumer(AppendLength(b, 1), []byte("alice"), 7654321, 1), p.ID)
	fmt.Fprintf(&text, " n=%d last=%v gone=%v added=%d group group %v -1 consumer alice 7654321 7654321 %v@1234567*2", n, m.Last, m.MaxDeleted,
		m.Added, id(1), p.ID)
	return b, text.String()
}

func joined(fields [][]byte) string {
	var words []string
	for _, f := range fields {
		words = append(words, string(f))
	}
	return strings.Join(words, ",")
}

func TestStreamsComeBack(t *testing.T) {
	for _, n := range []int{1, nodeEntries, 2*nodeEntries + 1} {
		body, want := aStream(n)
		got := new(transcript)
		if err := NewPayload(body[1:]).Value(body[0], got); err != nil || got.String() != want {
			t.Errorf("%d entries: %v\n%s\nwant\n%s", n, err, got.String(), want)
		}
	}
}

// D2: Redis reads it, and what Redis writes of it is read again.
func TestStreamsLive(t *testing.T) {
	server := harness.Start(t, harness.Options{Flavor: harness.Redis, Args: []string{"--sanitize-dump-payload", "yes"}})
	c, err := harness.Dial(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, n := range []int{1, 250} {
		body, want := aStream(n)
		if r, err := c.Do("RESTORE", fmt.Sprint("s", n), 0, string(AppendFooter(body))); err != nil || r.IsError() {
			t.Fatal(r, err)
		}
		r, err := c.Do("DUMP", fmt.Sprint("s", n))
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := CheckFooter([]byte(r.Str))
		if err != nil {
			t.Fatal(err)
		}
		got := new(transcript)
		if err := NewPayload(again[1:]).Value(again[0], got); err != nil || got.String() != want {
			t.Errorf("%d entries: %v\n%s\nwant\n%s", n, err, got.String(), want)
		}
	}
}
