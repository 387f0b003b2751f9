//go:build !cgo

package node

const manualMemory = false
