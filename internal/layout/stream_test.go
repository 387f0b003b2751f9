package layout

import (
	"bytes"
	"math"
	"testing"
)

func TestStreamIDOrder(t *testing.T) {
	ids := []StreamID{{}, {0, 1}, {0, math.MaxUint64}, {1, 0}, {1, 1}, {255, 3}, {256, 0}, {math.MaxUint64, 0}, MaxStreamID}
	var keys [][]byte
	for i, id := range ids {
		keys = append(keys, id.Append(nil))
		if got, err := DecodeStreamID(keys[i]); err != nil || got != id {
			t.Errorf("%v comes back as %v, %v", id, got, err)
		}
		for j, o := range ids {
			if id.Less(o) != (i < j) || id.Compare(o) < 0 != (i < j) || id.Compare(o) == 0 != (i == j) {
				t.Errorf("%v, %v: Less %v, Compare %d", id, o, id.Less(o), id.Compare(o))
			}
		}
		next, more := id.Next()
		if more != (id != MaxStreamID) || more && !id.Less(next) {
			t.Errorf("%v is followed by %v, %v", id, next, more)
		}
		if back, ok := next.Prev(); more && (!ok || back != id) {
			t.Errorf("before %v is %v, %v", next, back, ok)
		}
	}
	ascending(t, keys)
	if _, ok := (StreamID{}).Prev(); ok {
		t.Error("there is an ID before 0-0")
	}
	if text := MaxStreamID.String(); text != "18446744073709551615-18446744073709551615" {
		t.Error(text)
	}
	if _, err := DecodeStreamID(keys[0][1:]); err != ErrCorrupt {
		t.Errorf("a short ID: %v", err)
	}
}

// The parts of a stream, and of each of its groups, lie apart, and a group's behind its
// number.
func TestStreamKeys(t *testing.T) {
	prefix := []byte("prefix")
	at := func() []byte { return bytes.Clone(prefix) }
	id := StreamID{1, 2}
	ranges := [][]byte{
		AppendStreamEntries(at()), AppendStreamGroups(at()),
		AppendStreamConsumers(at(), 1), AppendStreamOwned(at(), 1, nil), AppendStreamOwned(at(), 1, []byte("a")), AppendStreamOwned(at(), 1, []byte("b")),
		AppendStreamOwned(at(), 1, []byte("aa")), AppendStreamPending(at(), 1), AppendStreamConsumers(at(), 256), AppendStreamPending(at(), math.MaxUint64),
	}
	ascending(t, ranges)
	for i, r := range ranges {
		key := id.Append(bytes.Clone(r))
		for j, o := range ranges {
			if in := bytes.HasPrefix(key, o); in != (i == j) {
				t.Errorf("a key of %q among those of %q: %v", r, o, in)
			}
		}
		if len(key)-len(prefix) > StreamKeyRoom+2 {
			t.Errorf("%q needs more room", key)
		}
	}
	if !bytes.Equal(AppendStreamEntry(at(), id), id.Append(AppendStreamEntries(at()))) {
		t.Error("an entry's key is not its ID behind those of the entries")
	}
	for _, r := range ranges[2:8] {
		if !bytes.HasPrefix(r, AppendStreamNumber(at(), 1)) {
			t.Errorf("%q is not behind its group's number", r)
		}
	}
}

func TestStreamRecords(t *testing.T) {
	meta := StreamMeta{StreamID{9, 8}, StreamID{1, 2}, StreamID{3, 4}, 5, 6, StreamNode{StreamID{7, 7}, 8, 9, math.MaxUint64}}
	head := Head{Type: TypeStream, Encoding: EncExpanded, ExpireMS: 5, Version: 3, Count: 4, Value: meta.Append(nil)}
	var gotHead Head
	var gotMeta StreamMeta
	if err := gotHead.Decode(head.Append(nil)); err != nil || !sameHead(&head, &gotHead) {
		t.Errorf("%+v comes back as %+v, %v", head, gotHead, err)
	}
	if err := gotMeta.Decode(gotHead.Value); err != nil || gotMeta != meta {
		t.Errorf("%+v comes back as %+v, %v", meta, gotMeta, err)
	}
	group := StreamGroup{1, StreamID{2, 3}, UnknownRead, 4, 5, StreamID{6, 7}}
	var gotGroup StreamGroup
	if err := gotGroup.Decode(group.Append(nil)); err != nil || gotGroup != group {
		t.Errorf("%+v comes back as %+v, %v", group, gotGroup, err)
	}
	consumer := StreamConsumer{1 << 41, -1, 3}
	var gotConsumer StreamConsumer
	if err := gotConsumer.Decode(consumer.Append(nil)); err != nil || gotConsumer != consumer {
		t.Errorf("%+v comes back as %+v, %v", consumer, gotConsumer, err)
	}
	pending := StreamPending{1 << 41, math.MaxInt64, []byte("name")}
	var gotPending StreamPending
	if err := gotPending.Decode(pending.Append(nil)); err != nil || gotPending.TimeMS != pending.TimeMS ||
		gotPending.Deliveries != pending.Deliveries || !bytes.Equal(gotPending.Consumer, pending.Consumer) {
		t.Errorf("%+v comes back as %+v, %v", pending, gotPending, err)
	}
	for name, decode := range map[string]func([]byte) error{
		"meta": gotMeta.Decode, "group": gotGroup.Decode, "consumer": gotConsumer.Decode, "pending": gotPending.Decode,
	} {
		if err := decode(make([]byte, 7)); err != ErrCorrupt {
			t.Errorf("%s of 7 bytes: %v", name, err)
		}
	}
}

func TestStreamEntry(t *testing.T) {
	for _, fields := range [][][]byte{{}, {{}, {}}, {[]byte("field"), bytes.Repeat([]byte("v"), 300), []byte("f"), nil}} {
		for _, starts := range []bool{false, true} {
			b := AppendStreamFields(nil, starts, fields)
			if len(b) > StreamEntryBytes(fields) {
				t.Errorf("%q: %d bytes, not at most %d", fields, len(b), StreamEntryBytes(fields))
			}
			var e StreamEntry
			if err := e.Decode(b); err != nil || e.StartsNode != starts || e.Strings != len(fields) {
				t.Errorf("%q comes back as %+v, %v", fields, e, err)
			}
			for _, f := range fields {
				if got := e.Next(); !bytes.Equal(got, f) {
					t.Errorf("%q comes back as %q", f, got)
				}
			}
			if e.Decode(append(b, 0)) != ErrCorrupt || e.Decode(b[:len(b)-1]) != ErrCorrupt && len(fields) > 0 {
				t.Errorf("%q: more or fewer bytes pass", fields)
			}
		}
	}
}

// L4 for what a stream keeps: any bytes give ErrCorrupt or something that can be read.
func FuzzStreamRecords(f *testing.F) {
	f.Add(AppendStreamFields(nil, true, [][]byte{[]byte("f"), []byte("v")}))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add((&StreamPending{1, 2, []byte("name")}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e StreamEntry
		if e.Decode(b) == nil {
			var fields [][]byte
			starts := e.StartsNode
			for e.Strings > 0 {
				fields = append(fields, e.Next())
			}
			if again := AppendStreamFields(nil, starts, fields); e.Decode(again) != nil || len(again) > len(b) {
				t.Fatalf("%x written again is %x", b, again)
			}
		}
		var p, q StreamPending
		if p.Decode(b) == nil && (q.Decode(p.Append(nil)) != nil || q.TimeMS != p.TimeMS || q.Deliveries != p.Deliveries) {
			t.Fatalf("%+v comes back as %+v", p, q)
		}
		var (
			m StreamMeta
			g StreamGroup
			c StreamConsumer
		)
		_, _, _ = m.Decode(b), g.Decode(b), c.Decode(b)
		_, _ = DecodeStreamID(b)
	})
}
