package harness

import (
	"os"
	"os/exec"
	"sync"
	"testing"
)

// packages names the Debian package of each program the tests use.
var packages = map[string]string{
	"redis-server":    "redis-server",
	"redis-cli":       "redis-tools",
	"redis-benchmark": "redis-tools",
	"redis-sentinel":  "redis-sentinel",
	"tclsh":           "tcl",
	"tc":              "iproute2",
	"node":            "nodejs",
	"npm":             "npm",
}

var installing sync.Mutex

// Need makes sure that a program is there and returns its path: it installs the Debian package when it may (root, apt-get), and
// otherwise skips the test, saying what to install.
func Need(t testing.TB, program string) string {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	pkg, known := packages[program]
	if !known {
		t.Skipf("needs the program %s, which is not installed", program)
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		t.Skipf("needs the program %s: install Debian's package %s (apt-get install %s)", program, pkg, pkg)
	}
	install := exec.Command("apt-get", "install", "-y", "--no-install-recommends", pkg)
	// Debian starts the servers it installs; the exit code 101 of policy-rc.d would forbid it, RUNLEVEL=1 suffices here.
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("needs the program %s; apt-get install %s failed: %v\n%s", program, pkg, err, out)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("needs the program %s, which the package %s did not bring", program, pkg)
	}
	return path
}
