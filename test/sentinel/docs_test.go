package sentinel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haypile/haypile/test/group"
	"github.com/haypile/haypile/test/harness"
)

// TestDocumentedSetUp pastes the group that docs/operate/sentinel.md has for one machine, with free ports, and kills its master.
func TestDocumentedSetUp(t *testing.T) {
	t.Parallel()
	harness.Need(t, "redis-sentinel")
	root, err := harness.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := harness.Bin()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "operate", "sentinel.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n```sh\n")
	script, _, found := strings.Cut(rest, "\n```\n")
	ports := map[string]string{}
	for _, port := range []string{"7001", "7002", "7003", "27001", "27002", "27003"} {
		free, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		ports[port] = strconv.Itoa(free)
		if !found || !strings.Contains(script, " "+port) {
			t.Fatalf("the first block of the page has no %s", port)
		}
		script = strings.ReplaceAll(script, " "+port, " "+ports[port])
	}
	dir := t.TempDir()
	if err := os.Symlink(bin, filepath.Join(dir, "haypile")); err != nil {
		t.Fatal(err)
	}
	pid := func(name string) int {
		text, _ := os.ReadFile(filepath.Join(dir, "failover", name, "pid"))
		n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return n
	}
	t.Cleanup(func() {
		for old, port := range ports {
			name := "node-" + port
			if strings.HasPrefix(old, "27") {
				name = "sentinel-" + port
			}
			if n := pid(name); n > 0 {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
	})
	paste := exec.Command("bash", "-e", "-c", script)
	paste.Dir = dir
	paste.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := paste.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	within := func(limit time.Duration, what string, holds func() bool) {
		t.Helper()
		for begin := time.Now(); !holds(); time.Sleep(50 * time.Millisecond) {
			if time.Since(begin) > limit {
				t.Fatalf("not within %s: %s", limit, what)
			}
		}
	}
	sentinel := "127.0.0.1:" + ports["27001"]
	within(60*time.Second, "the sentinel knows everybody", func() bool {
		r, err := group.Ask(sentinel, "SENTINEL", "MASTER", "main")
		return err == nil && strings.Contains(strings.Join(r.Strings(), " "), "num-slaves 2 num-other-sentinels 2")
	})
	within(60*time.Second, "the sentinel has asked both replicas", func() bool { return group.Asked(sentinel, "main") == 2 })
	within(30*time.Second, "the master takes writes", func() bool {
		_, err := group.Ask("127.0.0.1:"+ports["7001"], "SET", "k", "v")
		return err == nil
	})
	// Nobody waits for replicas with WAIT here, and the kill would follow the reply within microseconds.
	within(30*time.Second, "the replicas have what was written", func() bool {
		for _, port := range []string{"7002", "7003"} {
			if v, err := group.Ask("127.0.0.1:"+ports[port], "GET", "k"); err != nil || v.Str != "v" {
				return false
			}
		}
		return true
	})
	if err := syscall.Kill(pid("node-"+ports["7001"]), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// An election may come to nothing; the next one is after twice the page's failover-timeout.
	within(120*time.Second, "the sentinel names another master, which has the data and takes writes", func() bool {
		r, err := group.Ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")
		if err != nil || len(r.Elems) != 2 || r.Elems[1].Str == ports["7001"] {
			return false
		}
		addr := "127.0.0.1:" + r.Elems[1].Str
		v, err := group.Ask(addr, "GET", "k")
		_, werr := group.Ask(addr, "SET", "k2", "v")
		return err == nil && v.Str == "v" && werr == nil
	})
}
