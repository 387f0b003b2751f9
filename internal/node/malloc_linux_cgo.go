//go:build linux && cgo

package node

// #include <malloc.h>
import "C"

// The C allocator, from which Pebble has its blocks and memtables, keeps an arena per thread and
// returns little of what is freed: after an hour of reads it held twice what was in use. One arena, which is
// swept now and then, holds what is used.
func init() { C.mallopt(C.M_ARENA_MAX, 1) }

// trimMalloc gives free memory of the C allocator back to the system.
func trimMalloc() { C.malloc_trim(0) }
