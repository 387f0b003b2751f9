//go:build !linux

package harness

import "syscall"

// dieWithParent is known to Linux only; elsewhere a test that panics may leave a server behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
