package node

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// databasesFile says which directories databases are in, as far as SWAPDB has
// changed it: lines of "number directory". It is replaced as a whole.
const databasesFile = "DATABASES"

// readDatabases reads the file, if there is one.
func (d *dataDir) readDatabases() error {
	path := filepath.Join(d.path, databasesFile)
	text, err := readFile(d.fs, path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	taken := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		number, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		i, err := strconv.Atoi(number)
		if err != nil || !isDatabaseName(name) || taken[name] {
			return fmt.Errorf("%s is damaged: line %q does not say which directory a database is in, or says it again", path, strings.TrimSpace(line))
		}
		taken[name] = true
		d.swapped[i] = name
	}
	return nil
}

// isDatabaseName keeps everything else from being opened as a database.
func isDatabaseName(name string) bool {
	number, found := strings.CutPrefix(name, "db")
	_, err := strconv.ParseUint(number, 10, 31)
	return found && err == nil
}

// database is the directory of database i.
func (d *dataDir) database(i int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.nameOf(i)
}

func (d *dataDir) nameOf(i int) string {
	if name, ok := d.swapped[i]; ok {
		return name
	}
	return "db" + strconv.Itoa(i)
}

// swapDatabases exchanges the directories of two databases, durably.
func (n *Node) swapDatabases(a, b int) error {
	d := n.dir
	d.mu.Lock()
	defer d.mu.Unlock()
	next := maps.Clone(d.swapped)
	next[a], next[b] = d.nameOf(b), d.nameOf(a)
	if err := writeFileAtomic(d.fs, filepath.Join(d.path, databasesFile), databasesText(next)); err != nil {
		return fmt.Errorf("keep the databases' numbers: %w", err)
	}
	d.swapped = next
	return nil
}

func databasesText(names map[int]string) []byte {
	var text []byte
	for _, i := range slices.Sorted(maps.Keys(names)) {
		text = fmt.Appendf(text, "%d %s\n", i, names[i])
	}
	return text
}
