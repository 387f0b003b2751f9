package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// nodeFolder holds package.json and package-lock.json of all the npm packages that tests use.
const nodeFolder = "test/clients/node"

// nodeMajor is the oldest Node.js that those packages run on.
const nodeMajor = 20

// NodeTimeout bounds a script that is run with [Node].
const NodeTimeout = 5 * time.Minute

// Node runs a script on Node.js to its end and returns what it wrote to standard output. A script that fails ends the test, which
// shows everything it wrote. See [NodeCommand] for what it finds.
func Node(t testing.TB, script string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), NodeTimeout)
	defer cancel()
	cmd := NodeCommand(ctx, t, script, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("not done within %v: %w", NodeTimeout, err)
		}
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(script), strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

// NodeCommand prepares a script to be started on Node.js: a CommonJS file (.cjs), which finds the packages of test/clients/node
// with require. The process is killed when ctx ends and does not outlive the tests. Without Node.js or npm the test is skipped.
func NodeCommand(ctx context.Context, t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	node := Need(t, "node")
	modules := nodeModules(t, node)
	cmd := Process(ctx, node, append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	return cmd
}

// Process prepares a command that is killed when ctx ends and does not outlive the tests.
func Process(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = dieWithParent()
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

var nodeInstalled struct {
	sync.Mutex
	modules, skip, fail string
}

// nodeModules installs the packages once for each content of the lock file, and returns their folder.
func nodeModules(t testing.TB, node string) string {
	t.Helper()
	npm := Need(t, "npm")
	in := &nodeInstalled
	in.Lock()
	defer in.Unlock()
	if in.modules == "" && in.skip == "" && in.fail == "" {
		in.modules, in.skip, in.fail = installNode(node, npm)
	}
	if in.fail != "" {
		t.Fatal(in.fail)
	}
	if in.skip != "" {
		t.Skip(in.skip)
	}
	return in.modules
}

func installNode(node, npm string) (modules, skip, fail string) {
	out, err := exec.Command(node, "--version").Output()
	version := strings.TrimSpace(string(out))
	if major := regexp.MustCompile(`^v(\d+)\.`).FindStringSubmatch(version); err != nil || major == nil {
		return "", fmt.Sprintf("node --version: %q, %v", version, err), ""
	} else if n, _ := strconv.Atoi(major[1]); n < nodeMajor {
		return "", fmt.Sprintf("needs Node.js %d or newer; %s is %s", nodeMajor, node, version), ""
	}
	root, err := ModuleRoot()
	if err != nil {
		return "", "", err.Error()
	}
	source := filepath.Join(root, filepath.FromSlash(nodeFolder))
	tree := fnv.New64a()
	files := map[string][]byte{}
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", "", err.Error()
		}
		files[name] = text
		tree.Write(text)
	}
	// Outside of the source tree, where every Go tool would walk through it. Built aside and renamed, because other test
	// binaries do the same at this moment; who comes second takes what the first has put there.
	base := filepath.Join(os.TempDir(), fmt.Sprintf("haypile-test-node-%d", os.Getuid()))
	ready := filepath.Join(base, fmt.Sprintf("%016x", tree.Sum64()))
	modules = filepath.Join(ready, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, "", ""
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", "", err.Error()
	}
	fresh, err := os.MkdirTemp(base, "fresh-")
	if err != nil {
		return "", "", err.Error()
	}
	defer os.RemoveAll(fresh)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o644); err != nil {
			return "", "", err.Error()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), NodeTimeout)
	defer cancel()
	install := exec.CommandContext(ctx, npm, "ci")
	install.Dir, install.WaitDelay = fresh, 5*time.Second
	if out, err := install.CombinedOutput(); err != nil {
		text := fmt.Sprintf("npm ci in %s: %v\n%s", nodeFolder, err, out)
		// A lock file that does not fit is a defect of ours; a registry that cannot be reached is not.
		if bytes.Contains(out, []byte("EUSAGE")) || bytes.Contains(out, []byte("EINTEGRITY")) {
			return "", "", text
		}
		return "", "needs the npm packages of " + nodeFolder + ", which could not be installed: " + text, ""
	}
	if err := os.Rename(fresh, ready); err != nil {
		if _, there := os.Stat(modules); errors.Is(there, fs.ErrNotExist) {
			return "", "", err.Error()
		}
	}
	return modules, "", ""
}
