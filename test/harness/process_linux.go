package harness

import "syscall"

// dieWithParent has the kernel kill the server when the test binary is gone, however that ended (a panic, the time-out of go test).
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
