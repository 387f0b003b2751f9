package lzf

import (
	"bytes"
	"testing"
)

func TestDecompress(t *testing.T) {
	f := func(name string, src []byte, size int, want string) {
		t.Helper()
		got, err := Decompress(src, size)
		if want == "" && err == nil {
			t.Errorf("%s: %q, want an error", name, got)
		} else if want != "" && string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	f("as it is", []byte("\x02abc"), 3, "abc")
	f("a reference", []byte("\x02abc\x20\x02"), 6, "abcabc")
	f("an overlapping one", []byte("\x00a\xe0\x01\x00"), 11, "aaaaaaaaaaa")
	f("too short", []byte("\x02abc"), 4, "")
	f("too long", []byte("\x02abc"), 2, "")
	f("cut off", []byte("\x05abc"), 6, "")
	f("before the beginning", []byte("\x00a\x20\x05"), 4, "")
	f("no second byte", []byte("\x00a\x20"), 4, "")
	f("an impossible size", []byte("\x00a"), 1<<40, "")
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x02abc\x20\x02"), 6)
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		got, err := Decompress(src, size)
		if err == nil && len(got) != size {
			t.Errorf("%d bytes, want %d", len(got), size)
		}
		if again, _ := Decompress(src, size); !bytes.Equal(got, again) {
			t.Error("not the same twice")
		}
	})
}
