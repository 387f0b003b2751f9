package rdb

import (
	"bytes"
	"strings"
	"testing"
)

func TestFunctions(t *testing.T) {
	codes := []string{"#!lua name=a\n", strings.Repeat("x", 100), strings.Repeat("y", 70000), ""}
	payload := AppendFunctions(nil, codes)
	got, not, err := Functions(payload)
	if err != nil || not || len(got) != len(codes) {
		t.Fatalf("%d, %v, %v", len(got), not, err)
	}
	for i, code := range codes {
		if string(got[i]) != code {
			t.Errorf("code %d differs", i)
		}
	}
	for i := 0; i < len(payload); i += 97 {
		bad := bytes.Clone(payload)
		bad[i] ^= 1
		if _, _, err := Functions(bad); err == nil && i < len(payload)-footerBytes {
			t.Fatalf("a changed byte %d is not noticed", i)
		}
	}
	if _, _, err := Functions([]byte("bad_payload")); err == nil {
		t.Error("no payload at all is taken for one")
	}
	if _, not, err := Functions(AppendFooter([]byte{0, 1, 'a', 1, 'b'})); err != nil || !not {
		t.Errorf("a key is taken for a function: %v, %v", not, err)
	}
}

func TestReadString(t *testing.T) {
	f := func(b, want string) {
		t.Helper()
		r := NewPayload([]byte(b))
		got, err := r.String()
		if err != nil || string(got) != want || r.More() {
			t.Errorf("%q: %q, %v, want %q", b, got, err, want)
		}
	}
	f("\x03abc", "abc")
	f("\x40\x03abc", "abc")
	f("\x80\x00\x00\x00\x03abc", "abc")
	f("\x81\x00\x00\x00\x00\x00\x00\x00\x03abc", "abc")
	f("\xc0\xff", "-1")
	f("\xc1\x00\x01", "256")
	f("\xc2\x00\x00\x00\x80", "-2147483648")
	f("\xc3\x06\x06\x02abc\x20\x02", "abcabc")
}

func FuzzFunctions(f *testing.F) {
	f.Add([]byte("\xf5\x03abc"))
	f.Add([]byte("\xf5\xc3\x06\x06\x02abc\x20\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		codes, not, err := Functions(AppendFooter(b))
		if err != nil || not {
			return
		}
		var texts []string
		for _, c := range codes {
			texts = append(texts, string(c))
		}
		again, _, err := Functions(AppendFunctions(nil, texts))
		if err != nil || len(again) != len(codes) {
			t.Errorf("%d codes come back as %d, %v", len(codes), len(again), err)
		}
	})
}
