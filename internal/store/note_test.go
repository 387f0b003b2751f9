package store

import (
	"testing"

	"github.com/haypile/haypile/internal/layout"
)

func noted() []byte {
	var b Builder
	b.Begin(0)
	b.Set([]byte("Hk"), []byte("v"))
	b.Note(Note{Class: 2, Name: "set", Key: []byte("k")})
	b.Note(Note{Class: 1, Name: "del", Key: nil})
	b.State(&layout.State{LSN: 7})
	return b.Finish()
}

// Notes come back in order, and are no keys of the batch.
func TestNotes(t *testing.T) {
	repr := noted()
	var got []Note
	if err := EachNote(repr, func(n Note) { got = append(got, n) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Class != 2 || got[0].Name != "set" || string(got[0].Key) != "k" || got[1].Name != "del" || len(got[1].Key) != 0 {
		t.Errorf("notes %+v", got)
	}
	keys := 0
	if err := EachKey(repr, func(key, _ []byte) { keys++ }); err != nil || keys != 1 {
		t.Errorf("%d keys, %v", keys, err)
	}
	if st, err := StateOf(repr); err != nil || st.LSN != 7 {
		t.Errorf("state %+v, %v", st, err)
	}
	if n := repr[8]; n != 2 { // Pebble does not count log data
		t.Errorf("%d operations are counted, not 2", n)
	}
}

// Whatever a batch holds, reading it ends, and without a panic.
func FuzzBatch(f *testing.F) {
	f.Add(noted())
	f.Add(noted()[:20])
	f.Fuzz(func(t *testing.T, repr []byte) {
		_ = EachNote(repr, func(n Note) {
			if len(n.Name)+len(n.Key) > len(repr) {
				t.Error("a note is longer than its batch")
			}
		})
		_ = EachKey(repr, func(_, _ []byte) {})
		_ = EachOp(repr, func(op string, _, _ []byte) {})
		_, _ = StateOf(repr)
		_ = FlushesAll(repr)
	})
}
