package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

func TestFindsTargets(t *testing.T) {
	root, err := harness.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	all, err := find(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []target{{"internal/rdb", "FuzzValue"}, {"internal/acl", "FuzzRules"}, {"internal/lua", "FuzzRun"}, {"internal/resp", "FuzzParser"}} {
		if !slices.Contains(all, want) {
			t.Errorf("%v is not found", want)
		}
	}
}

// What go test 1.26 prints when its time is up while an input is running, and when an input fails.
func TestTimeUpIsNoFinding(t *testing.T) {
	const progress = "fuzz: elapsed: 1s, execs: 18013 (17105/sec), new interesting: 0 (total: 1)\n"
	const timeUp = progress + "--- FAIL: FuzzGood (1.05s)\n    context deadline exceeded\nFAIL\nexit status 1\n"
	if !onlyTimeUp(timeUp) {
		t.Error("the end of the time counts as a finding")
	}
	if onlyTimeUp(timeUp+"    Failing input written to testdata/fuzz/FuzzGood/0123\n") || onlyTimeUp(progress+"--- FAIL: FuzzBad (0.00s)\n") {
		t.Error("a finding is taken for the end of the time")
	}
}

func TestFindingsAreFindings(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module fuzzed\n\ngo 1.24\n",
		"bad_test.go": "package fuzzed\n\nimport \"testing\"\n\nfunc FuzzBad(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) {\n\t\tif n == 1 {\n\t\t\tt.Error(\"planted\")\n\t\t}\n\t})\n}\n\n" +
			"func FuzzGood(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(*testing.T, int) {})\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := find(root)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if o := all[0].fuzz(root, time.Second, 1, false); o.failure == "" {
		t.Errorf("%v found nothing", all[0])
	}
	if o := all[1].fuzz(root, time.Second, 1, false); o.failure != "" || o.executions == 0 {
		t.Errorf("%v: %d executions, %s", all[1], o.executions, o.failure)
	}
}
