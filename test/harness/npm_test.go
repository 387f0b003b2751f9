package harness

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNode runs a script that needs a package, and one that fails.
func TestNode(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.cjs")
	text := `const { Redis } = require("ioredis");
if (process.argv[2] === "fail") throw new Error("as asked");
console.log(typeof Redis, process.argv[2]);`
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := Node(t, script, "a b"); got != "function a b\n" {
		t.Errorf("output: %q", got)
	}
	out, err := NodeCommand(context.Background(), t, script, "fail").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "as asked") {
		t.Errorf("a script that throws: %v\n%s", err, out)
	}
}

// TestLockFile sees that the packages are pinned, and that nothing says where from.
func TestLockFile(t *testing.T) {
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(root, nodeFolder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json names a registry: make it anew with npm install --package-lock-only in " + nodeFolder)
	}
	if strings.Count(string(lock), `"integrity"`) < 10 {
		t.Error("package-lock.json has no checksums")
	}
}
