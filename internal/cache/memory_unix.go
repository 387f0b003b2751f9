//go:build unix

package cache

import "golang.org/x/sys/unix"

// reserve returns memory outside of the Go heap: the cache is most of what an instance holds, and the
// collector's target should not grow with it.
func reserve(n int) []byte {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic("cache: the system gives no more memory: " + err.Error()) // as the runtime does for the heap
	}
	return b
}

func release(b []byte) { _ = unix.Munmap(b) }
