//go:build cgo

package node

// manualMemory says that Pebble keeps blocks and memtables outside of the Go heap.
const manualMemory = true
