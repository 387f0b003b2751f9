package datatype

import "testing"

// SetWindowSize is for one test.
func SetWindowSize(t *testing.T, n int) {
	old := windowSize
	windowSize = n
	t.Cleanup(func() { windowSize = old })
}
