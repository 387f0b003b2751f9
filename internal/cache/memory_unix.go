//go:build unix

package cache

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve returns n zeroed bytes outside of the Go heap, which begin where a huge page can, and the
// whole that has to be released.
func reserve(n int) (b, whole []byte) {
	whole, err := unix.Mmap(-1, 0, n+chunkBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic("cache: the system gives no more memory: " + err.Error()) // as the runtime does for the heap
	}
	// What lies before and behind is never touched, and costs addresses only.
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(whole))) & (chunkBytes - 1))
	b = whole[skip : skip+n : skip+n]
	hugePages(b)
	return b, whole
}

func release(whole []byte) { _ = unix.Munmap(whole) }
