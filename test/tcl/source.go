package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// suiteVersion is the release whose tests are run.
const suiteVersion = "7.0.15"

// fetch makes sure that the unpacked source package is in the cache and returns its folder. What apt-get needs is kept in the
// cache as well, so that the system's own lists and sources stay as they are and no rights are needed.
func fetch(cache string) (string, error) {
	if err := needPrograms(map[string]string{"tclsh": "tcl", "dpkg-source": "dpkg-dev", "redis-cli": "redis-tools", "redis-sentinel": "redis-sentinel"}); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	dir := filepath.Join(cache, "redis-"+suiteVersion)
	if _, err := os.Stat(filepath.Join(dir, "runtest")); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return "", fmt.Errorf("the source package of redis comes through apt-get, which is not there")
	}
	if err := sourceEntries(filepath.Join(cache, "sources")); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(cache, "lists", "partial"), 0o755); err != nil {
		return "", err
	}
	for _, args := range [][]string{{"update"}, {"source", "redis"}} {
		if err := apt(cache, args...); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "runtest")); err != nil {
		return "", fmt.Errorf("the package sources of this system have another version of redis than %s", suiteVersion)
	}
	return dir, nil
}

func apt(cache string, args ...string) error {
	options := []string{
		"-q", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", "Dir::Etc::sourceparts=" + filepath.Join(cache, "sources"),
		"-o", "Dir::State::lists=" + filepath.Join(cache, "lists"), "-o", "Dir::Cache=" + filepath.Join(cache, "apt"),
		"-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=1",
	}
	command := exec.Command("apt-get", append(options, args...)...)
	command.Dir = cache
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// sourceEntries copies the system's package sources to dir with entries for binaries turned into entries for sources.
func sourceEntries(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		paths, err := filepath.Glob(filepath.Join("/etc/apt", pattern))
		if err != nil {
			return err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, strings.Replace(filepath.Base(path), "sources.list", "main.list", 1))
			if err := os.WriteFile(to, []byte(toSourceEntries(string(text))), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// toSourceEntries does it for one file, of the one-line or the deb822 form.
func toSourceEntries(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch fields := strings.Fields(line); {
		case len(fields) > 0 && fields[0] == "deb-src":
			continue // its deb entry will become the same
		case len(fields) > 0 && fields[0] == "deb":
			line = strings.Replace(line, "deb", "deb-src", 1)
		case len(fields) > 0 && fields[0] == "Types:":
			line = "Types: deb-src\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// needPrograms installs Debian's packages of the programs that are not there, when it may.
func needPrograms(packageOf map[string]string) error {
	for program, pkg := range packageOf {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
			return fmt.Errorf("needs the program %s: install Debian's package %s", program, pkg)
		}
		for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", pkg}} {
			command := exec.Command("apt-get", args...)
			command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
			if out, err := command.CombinedOutput(); err != nil {
				return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
			}
		}
	}
	return nil
}

// lock keeps other processes from the cache while it is filled.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
