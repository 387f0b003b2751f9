package harness

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Bin is the path of the haypile binary under test. Unless HAYPILE_BIN names one, it is built, once per process.
func Bin() (string, error) { return builtOnce() }

var builtOnce = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HAYPILE_BIN"); path != "" {
		return exec.LookPath(path)
	}
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	// One stable place per source tree, so that nothing piles up; the new binary replaces the old one in one step,
	// so that a test binary that runs beside this one keeps the file it has opened.
	tree := fnv.New32a()
	tree.Write([]byte(root))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("haypile-test-bin-%d-%08x", os.Getuid(), tree.Sum32()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fresh := filepath.Join(dir, fmt.Sprintf("haypile.%d", os.Getpid()))
	args := append([]string{"build", "-o", fresh}, strings.Fields(os.Getenv("HAYPILE_BUILD_FLAGS"))...)
	build := exec.Command("go", append(args, "./cmd/haypile")...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/haypile: %w\n%s", err, out)
	}
	path := filepath.Join(dir, "haypile")
	return path, os.Rename(fresh, path)
})

// ModuleRoot is the folder of the go.mod that governs the working directory.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

// isRedis tells whether a binary speaks redis-server's command line rather than Haypile's.
func isRedis(path string) bool { return strings.HasSuffix(filepath.Base(path), "redis-server") }
