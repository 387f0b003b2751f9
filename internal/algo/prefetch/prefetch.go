// Package prefetch tells the processor which memory will be needed soon.
//
// A look-up in a table that is larger than the processor's caches waits for memory, some hundred
// nanoseconds each time. Who knows several of them in advance (the commands of a pipeline) can ask
// for all the places first: the waits then overlap. It changes nothing else: an address may be any, even
// one that is not mapped.
package prefetch

import "unsafe"

// LineBytes is what one call brings at least.
const LineBytes = 64

// Line asks for the cache line at p, and returns at once.
func Line(p unsafe.Pointer) { line(p) }
