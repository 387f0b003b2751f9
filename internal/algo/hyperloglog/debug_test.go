package hyperloglog

import "testing"

func TestSelfTestPasses(t *testing.T) {
	if err := SelfTest(); err != nil {
		t.Fatal(err)
	}
}

func TestOpcodes(t *testing.T) {
	b := New()
	for _, elem := range []string{"a", "b", "c"} {
		b, _, _ = Add(b, SparseMaxDefault, []byte(elem))
	}
	// As redis-server 7.0.15 decodes it.
	if got, err := Opcodes(b); err != nil || got != "Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603" {
		t.Fatal(got, err)
	}
	if got, err := Opcodes(append(New()[:headerLen], 0, 0xff, 0x3f)); err != nil || got != "z:1 v:32,4 z:64" {
		t.Fatal(got, err)
	}
	if _, err := Opcodes(append(New()[:headerLen], 0x40)); err != ErrCorrupt {
		t.Fatal(err)
	}
}
