// Package layers holds the tests that keep the shape of the source tree: who may import whom, that every package says what
// it is for, that files stay readable, and that a command is described once.
package layers

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/test/harness"
)

const module = "github.com/haypile/haypile/"

// order lists the layers, foundations first. A package imports only from layers above its own in this list.
var order = []struct{ why, folders string }{
	{"foundations know no word of Redis", "internal/algo internal/bufpool internal/lua internal/metric internal/throttle internal/transport"},
	{"formats turn bytes into values, and know neither disks nor commands", "internal/resp internal/layout internal/config internal/rdb"},
	{"rules of access know commands by name, and nothing of those who call them", "internal/acl"},
	{"what holds state knows nothing of what the data means, and nothing of one another", "internal/store internal/binlog internal/cache internal/client internal/pubsub internal/tracking"},
	{"data types decide over keys through a small interface, whoever asks", "internal/datatype"},
	{"scripts ask for commands through a small interface, whoever runs them", "internal/script"},
	{"commands know words and options, not how they are executed", "internal/command"},
	{"the engine is the one path of writes; it knows neither sockets nor what listens to its log", "internal/engine"},
	{"copies know logs and files, and whom to ask; not who asks them", "internal/fullsync internal/replication internal/transfer"},
	{"the server knows connections; it is told what to execute them with", "internal/server"},
	{"the node puts an instance together; nothing below may reach up for it", "internal/info internal/node"},
	{"programs only read their command line", "cmd"},
}

// neighbours are the imports within a layer that are meant to be.
var neighbours = map[string]string{
	"internal/pubsub internal/client":   "a subscriber is a client: its subscriptions end with it, and messages go to its sink",
	"internal/tracking internal/client": "who keeps copies is a client: its mode is looked at on every read, and messages go to its sink",
	"internal/node internal/info":       "the node is the composition root and fills in what INFO shows",
	// Programs outside know a server by its command line and its port only.
	"bench test/harness":            "benchmarks start servers as tests do",
	"test test/harness":             "the tests share one way to start servers",
	"test test/group":               "failover tests share their servers, sentinels and faults",
	"test/layers internal/command":  "the table of commands is looked at here",
	"internal test/harness (tests)": "tests of a package may ask a real server",
	"cmd test/harness (tests)":      "tests of a package may ask a real server",
}

// file is one Go file of the module.
type file struct {
	path, folder string // slash-separated, from the module's root
	test         bool
	lines        int
	syntax       *ast.File
	imports      []string // of this module, as folders
}

func source(t *testing.T) []file {
	root, err := harness.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		f := file{path: rel, folder: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(rel, "_test.go"), lines: bytes.Count(text, []byte("\n"))}
		if f.syntax, err = parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly|parser.ParseComments); err != nil {
			return err
		}
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if folder, ours := strings.CutPrefix(imported, module); ours {
				f.imports = append(f.imports, folder)
			}
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d Go files found below %s: the walk is wrong", len(files), root)
	}
	return files
}

func under(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

// layerOf is the place of a folder in the order and the listed folder it belongs to, or -1.
func layerOf(folder string) (int, string) {
	for i, l := range order {
		for _, listed := range strings.Fields(l.folders) {
			if under(folder, listed) {
				return i, listed
			}
		}
	}
	return -1, ""
}

// refused says why a folder may not import another, or "".
func refused(from, to string, test bool) string {
	for pair := range neighbours {
		f := strings.Fields(pair)
		if under(from, f[0]) && under(to, f[1]) && (len(f) == 2 || test) {
			return ""
		}
	}
	a, listedA := layerOf(from)
	b, listedB := layerOf(to)
	switch {
	case under(from, "test") || under(from, "bench"):
		return "what stands outside knows a server by its command line and its port only, so that it tests what users get"
	case a < 0:
		return fmt.Sprintf("%s is in no layer: give it a place in the order of this test", from)
	case b < 0:
		return fmt.Sprintf("%s is in no layer and so nobody's to import", to)
	case listedA == listedB || b < a:
		return ""
	case a == b:
		return "both are of one layer, whose parts stand alone: " + order[a].why + " (an exception needs a row and a reason in neighbours)"
	}
	return "it reaches up: " + order[a].why
}

func TestImportsGoOneWay(t *testing.T) {
	used := map[int]bool{}
	for _, f := range source(t) {
		layer, _ := layerOf(f.folder)
		used[layer] = true
		if layer < 0 && strings.HasPrefix(f.folder, "internal") {
			t.Errorf("%s: %s is in no layer: give it a place in the order of this test", f.path, f.folder)
		}
		for _, imported := range f.imports {
			if why := refused(f.folder, imported, f.test); why != "" {
				t.Errorf("%s imports %s, which it may not: %s", f.path, imported, why)
			}
		}
	}
	for i := range order {
		if !used[i] {
			t.Errorf("no file belongs to the layer %q: the order of this test is out of date", order[i].folders)
		}
	}
}

// TestRuleItself makes sure that the rule finds something.
func TestRuleItself(t *testing.T) {
	f := func(from, to string, test, allowed bool) {
		t.Helper()
		if why := refused(from, to, test); (why == "") != allowed {
			t.Errorf("%s imports %s (test: %v): %q", from, to, test, why)
		}
	}
	f("internal/engine", "internal/store", false, true)
	f("internal/engine", "internal/server", false, false)
	f("internal/store", "internal/cache", false, false)
	f("internal/pubsub", "internal/client", false, true)
	f("internal/client", "internal/pubsub", false, false)
	f("internal/algo/crc", "internal/algo/numeric", false, true)
	f("internal/algo/crc", "internal/resp", false, false)
	f("internal/nosuch", "internal/resp", false, false)
	f("internal/node", "test/harness", false, false)
	f("internal/node", "test/harness", true, true)
	f("test/harness", "internal/resp", true, false)
	f("bench/compare", "internal/engine", false, false)
	f("cmd/haypile", "internal/node", false, true)
}

func TestEveryPackageHasAComment(t *testing.T) {
	said := map[string]bool{}
	for _, f := range source(t) {
		said[f.folder] = said[f.folder] || f.syntax.Doc != nil
	}
	for folder, ok := range said {
		if !ok {
			t.Errorf("%s: no file has a package comment: it is where a reader learns what the package is for", folder)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	const linesMax = 500
	for _, f := range source(t) {
		if !f.test && f.lines > linesMax {
			t.Errorf("%s has %d lines, more than %d: what is too long to be read at one sitting has two subjects; split it", f.path, f.lines, linesMax)
		}
	}
}

// TestRowsAreUnique looks at names: the table is a map, in which the later of two rows would win silently.
func TestRowsAreUnique(t *testing.T) {
	var names []string
	for _, row := range command.NewTable(nil).Rows() {
		names = append(names, row.Full)
		for i := range row.Sub {
			names = append(names, row.Sub[i].Full)
		}
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			t.Errorf("two rows describe the command %s", names[i])
		}
	}
	if len(names) < 100 {
		t.Errorf("only %d rows: the table was not found", len(names))
	}
}
