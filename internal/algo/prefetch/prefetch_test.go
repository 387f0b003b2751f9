package prefetch

import (
	"testing"
	"unsafe"
)

// Any address will do, and what is there stays.
func TestLine(t *testing.T) {
	b := []byte("untouched")
	Line(unsafe.Pointer(&b[0]))
	Line(nil)
	if string(b) != "untouched" {
		t.Fatalf("memory reads %q", b)
	}
}
