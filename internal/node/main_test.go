package node_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain looks for goroutines that nodes have left behind: each must have an owner that ends it.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leaked(10 * time.Second); code == 0 && len(left) > 0 {
		fmt.Printf("%d goroutines of closed nodes are left:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leaked returns the goroutines that run code of ours, or of what we have opened, and do not end within a time.
func leaked(within time.Duration) (left []string) {
	for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		left = nil
		stacks := make([]byte, 16<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for i, stack := range strings.Split(string(stacks), "\n\n") {
			if i > 0 && (strings.Contains(stack, "haypile/internal/") || strings.Contains(stack, "cockroachdb/pebble/v2.(*DB)") || strings.Contains(stack, "gnet/v2.")) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}
