package node_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/config"
)

// userpass and userblacklist of a pika.conf bar what they barred there.
func TestPikasSecondPassword(t *testing.T) {
	n, _, addr, err := startWith(t, t.TempDir(), "requirepass root\nuserpass guest\nuserblacklist FLUSHALL, config ,nosuchcommand\n")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c := dial(t, addr)
	says(t, c, "NOAUTH", "GET", "k")
	says(t, c, "WRONGPASS", "AUTH", "wrong")
	says(t, c, "OK", "AUTH", "guest")
	says(t, c, "limit", "ACL", "WHOAMI")
	says(t, c, "OK", "SET", "k", "v")
	says(t, c, "NOPERM", "FLUSHALL")
	says(t, c, "NOPERM", "CONFIG", "GET", "port")
	says(t, c, "OK", "AUTH", "root")
	says(t, c, "default", "ACL", "WHOAMI")
	says(t, c, "OK", "FLUSHALL")
	says(t, c, "OK", "CONFIG", "REWRITE")
}

// What tools of Pika set and what means nothing here is taken as in a file, and with the rest of the pairs.
func TestConfigSetOfPikasNames(t *testing.T) {
	c := dial(t, startForTest(t))
	says(t, c, "OK", "CONFIG", "SET", "cache-model", "1")
	says(t, c, "OK", "CONFIG", "SET", "Cache-Model", "1", "timeout", "17", "write-buffer-size", "1")
	says(t, c, "17", "CONFIG", "GET", "timeout")
	says(t, c, "Unknown option", "CONFIG", "SET", "cache-modell", "1")
	says(t, c, "CONFIG SET failed", "CONFIG", "SET", "cache-model", "1", "timeout", "x")
}

// Without a configuration file CONFIG REWRITE makes one, as Codis takes a refusal for a failed promotion.
func TestConfigRewriteMakesAFile(t *testing.T) {
	dir := t.TempDir()
	n, addr := start(t, vfs.Default, dir)
	defer n.Close()
	c := dial(t, addr)
	c.MustDo(t, "CONFIG", "SET", "timeout", "17")
	says(t, c, "OK", "CONFIG", "REWRITE")
	path := filepath.Join(dir, "config-rewrite.conf")
	if got := infoField(c.MustDo(t, "INFO", "server").Str, "config_file"); got != path {
		t.Errorf("config_file:%s", got)
	}
	again := config.New()
	if err := again.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	if v := again.Load(); v.Timeout != 17*time.Second || v.Dir != dir {
		t.Errorf("timeout %s, dir %s", v.Timeout, v.Dir)
	}
	c.MustDo(t, "CONFIG", "SET", "timeout", "18")
	says(t, c, "OK", "CONFIG", "REWRITE")
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "timeout 18") {
		t.Errorf("%v %s", err, text)
	}
}

// Old backups go, if BGSAVE has made them and they are whole; the newest stays whatever its age.
func TestOldBackupsAreRemoved(t *testing.T) {
	root := t.TempDir()
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format("20060102-150405.000") }
	keep := []string{day(2), day(30) + ".unfinished", "20060102", "mine", "20060102-150405.000-copy"}
	gone := []string{day(8), day(400)}
	lone := filepath.Join(t.TempDir(), day(400))
	for _, name := range append(append([]string{}, keep...), gone...) {
		if err := os.MkdirAll(filepath.Join(root, name, "db0"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(lone, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, filepath.Dir(lone)} {
		n, _ := start(t, vfs.Default, t.TempDir(), "--dump-path", dir, "--dump-expire", "7")
		n.ExpireBackups()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range keep {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range gone {
		if m, _ := filepath.Glob(filepath.Join(root, name+"*")); len(m) > 0 {
			t.Errorf("left: %v", m)
		}
	}
	if _, err := os.Stat(lone); err != nil {
		t.Errorf("the newest is gone: %v", err)
	}
}

// No text sends an operator to a command of haypile that there is not.
func TestTextsNameCommandsThatExist(t *testing.T) {
	have := map[string]bool{}
	files, _ := filepath.Glob("../../cmd/haypile/*.go")
	for _, f := range files {
		text, _ := os.ReadFile(f)
		for _, m := range regexp.MustCompile(`Use: +"([a-z]+)`).FindAllStringSubmatch(string(text), -1) {
			have[m[1]] = true
		}
	}
	if !have["server"] || !have["doctor"] {
		t.Fatalf("found only %v", have)
	}
	files, _ = filepath.Glob("../config/*.go")
	for _, f := range files {
		text, _ := os.ReadFile(f)
		for _, m := range regexp.MustCompile("(?:with |use |run |`)haypile ([a-z]+)").FindAllStringSubmatch(string(text), -1) {
			if !have[m[1]] {
				t.Errorf("%s names haypile %s", f, m[1])
			}
		}
	}
}
