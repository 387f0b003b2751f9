package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func loaded(t *testing.T, path, text string) *Config {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	c := New()
	if err := c.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRewriteWithoutFile(t *testing.T) {
	c := New()
	c.Stdin = strings.NewReader("maxclients 5\n")
	if err := c.LoadFile("-"); err != nil || c.Load().MaxClients != 5 {
		t.Fatalf("standard input: %v", err)
	}
	if err := c.Rewrite(); !errors.Is(err, ErrNoFile) || err.Error() != "The server is running without a config file" {
		t.Errorf("got %v", err)
	}
}

func TestRewriteReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "haypile.conf")
	c := loaded(t, path, "maxclients 5\n")
	if err := c.Set(pairs("maxclients", "6")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	if err := c.Rewrite(); err == nil || err.Error() != "Rewriting config file: "+path+" is read-only" {
		t.Errorf("got %v", err)
	}
	if raw, _ := os.ReadFile(path); string(raw) != "maxclients 5\n" {
		t.Errorf("the file became %q", raw)
	}
}

// TestRewriteKeepsLinkAndMode: the file may be a link into a versioned tree, and it
// may hold passwords.
func TestRewriteKeepsLinkAndMode(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real.conf"), filepath.Join(dir, "haypile.conf")
	loaded(t, path, "maxclients 5\n")
	if err := os.Symlink("real.conf", link); err != nil {
		t.Fatal(err)
	}
	c := New()
	if err := c.LoadFile(link); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Set(pairs("maxclients", "6")), c.Rewrite()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if target, err := os.Readlink(link); err != nil || target != "real.conf" {
		t.Errorf("link: %q, %v", target, err)
	}
	if raw, _ := os.ReadFile(link); string(raw) != "maxclients 6\n" {
		t.Errorf("the file became %q", raw)
	}
}

func TestRewriteOfAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "haypile.conf")
	c := loaded(t, path, "maxclients 5\n")
	if err := errors.Join(os.Remove(path), c.Rewrite()); err != nil {
		t.Fatal(err)
	}
	if raw, _ := os.ReadFile(path); string(raw) != rewriteMark+"\nmaxclients 5\n" {
		t.Errorf("the file became %q", raw)
	}
}

// TestRewriteUsers: the ACL package puts its users in place with Update.
func TestRewriteUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "haypile.conf")
	c := loaded(t, path, "user a on >x\nport 1\nuser b off\n")
	err := c.Update(func(v *Values) { v.Users = [][]string{{"a", "on", ">x"}, {"c", "on", "nopass"}, {"d", "off"}} })
	if err := errors.Join(err, c.Rewrite()); err != nil {
		t.Fatal(err)
	}
	if raw, _ := os.ReadFile(path); string(raw) != "user a on >x\nport 1\nuser c on nopass\nuser d off\n" {
		t.Errorf("the file became\n%s", raw)
	}
}

func TestLoadRefusesOddFiles(t *testing.T) {
	c := New()
	if err := c.LoadFile(filepath.Join(t.TempDir(), "none.conf")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := c.LoadFile(t.TempDir()); err == nil {
		t.Error("a directory was loaded")
	}
	if err := c.LoadFile("/dev/zero"); err == nil || !strings.Contains(err.Error(), "larger than 16mb") {
		t.Errorf("/dev/zero: %v", err)
	}
}

func TestRewriteAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "haypile.conf")
	c := loaded(t, path, "# mine\nmaxclients 5\n")
	if err := c.RewriteAll(); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(path)
	if text := string(raw); !strings.HasPrefix(text, "# mine\nmaxclients 5\n") || !strings.Contains(text, "\ntimeout 0\n") {
		t.Errorf("the file became\n%s", text)
	}
	again := New()
	if err := again.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	for _, p := range params.rows {
		if got, want := p.get(again.Load()), p.get(c.Load()); got != want {
			t.Errorf("%s became %q, was %q", p.Name, got, want)
		}
	}
}
