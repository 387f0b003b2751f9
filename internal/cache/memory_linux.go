package cache

import "golang.org/x/sys/unix"

// hugePages asks for them; where the system has none, small ones do.
func hugePages(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
