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
