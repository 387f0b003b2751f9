package main

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// hugePagesFrom is the memory budget from which huge pages pay: below it, memory that is held for a few bytes counts more.
const hugePagesFrom = 1 << 30

// useHugePages makes the C allocator, from which Pebble has its memtables and blocks, ask for huge pages: for a server that
// writes at full speed the first touches of small ones are a good part of its processor time (docs/design/memory.md).
// glibc reads its tunables once, before main; so the program is executed again, as the same process. Where that is not
// possible, or the library is another one, everything works as it did.
func useHugePages(budgetBytes int64) {
	const name, tunable = "GLIBC_TUNABLES", "glibc.malloc.hugetlb="
	set := os.Getenv(name)
	if budgetBytes < hugePagesFrom || strings.Contains(set, tunable) {
		return
	}
	ours := name + "=" + tunable + "1" // in front: glibc cuts the text at its colons when it reads it
	if set != "" {
		ours += ":" + set
	}
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, name+"=") })
	_ = unix.Exec("/proc/self/exe", os.Args, append(env, ours))
}
