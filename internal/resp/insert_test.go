package resp

import "testing"

func TestInsertHeaders(t *testing.T) {
	for _, c := range []struct {
		n    int
		want string
	}{{0, "+a\r\n*0\r\n:1\r\n%0\r\n"}, {1234567890123, "+a\r\n*1234567890123\r\n:1\r\n%1234567890123\r\n"}} {
		w := Writer{Proto: 3}
		w.Simple("a")
		at := len(w.Buf)
		w.Int(1)
		w.InsertArray(at, c.n)
		w.InsertMap(len(w.Buf), c.n)
		if string(w.Buf) != c.want {
			t.Errorf("%q, want %q", w.Buf, c.want)
		}
	}
}
