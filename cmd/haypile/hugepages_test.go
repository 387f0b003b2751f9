package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// A server with memory enough runs with huge pages, as the process that was started and with what else was tuned.
func TestHugePages(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has them")
	}
	t.Setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=8")
	for budget, want := range map[string]string{"1gb": "GLIBC_TUNABLES=glibc.malloc.hugetlb=1", "256mb": "GLIBC_TUNABLES=glibc.malloc.tcache_count=8"} {
		s := harness.Start(t, harness.Options{Args: []string{"--memory-budget", budget}})
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.Pid()), "environ"))
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for e := range strings.SplitSeq(string(env), "\x00") {
			if strings.HasPrefix(e, "GLIBC_TUNABLES=") {
				found += e
			}
		}
		if before, _, _ := strings.Cut(found, ":"); before != want {
			t.Errorf("with %s: %q, want %q", budget, found, want)
		}
	}
}
