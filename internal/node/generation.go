package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/engine"
)

// A database's directory holds its store and log, until a full copy from a master takes
// their place: then the copy is in a subdirectory, and the pointer file says which. The
// pointer is replaced as a whole, so that after a crash the database is the old one or the new one.
const (
	pointerFile  = "CURRENT"
	incomingDir  = "incoming" // a copy that is being received
	olderDir     = "incoming.old"
	generationOf = "g"
)

// generation reads the pointer: the number of the copy in use, 0 for none.
func (n *Node) generation(name string) (int, error) {
	return readPointer(n.fs, filepath.Join(n.cfg.Load().Dir, name))
}

func readPointer(fs vfs.FS, dir string) (int, error) {
	path := filepath.Join(dir, pointerFile)
	text, err := readFile(fs, path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	g, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(string(text)), generationOf))
	if err != nil || g < 1 {
		return 0, fmt.Errorf("%s is damaged: it says %q and should name the directory of the copy in use, such as g1", path, text)
	}
	return g, nil
}

func generationDir(g int) string {
	if g == 0 {
		return "."
	}
	return generationOf + strconv.Itoa(g)
}

// place puts a database's directories into its options.
func (n *Node) place(o *engine.DBOptions, name string, g int) {
	v := n.cfg.Load()
	placeIn(o, v.Dir, v.BinlogPath, name, g)
}

func placeIn(o *engine.DBOptions, dir, binlogPath, name string, g int) {
	o.Dir = filepath.Join(dir, name, generationDir(g))
	if binlogPath != "" {
		o.BinlogDir = filepath.Join(binlogPath, name, generationDir(g))
	}
}

// clearGenerations removes what a crash has left of copies that are not in use. A copy that is
// on its way stays: it goes on.
func (n *Node) clearGenerations(name string, current int) {
	v := n.cfg.Load()
	dirs := []string{filepath.Join(v.Dir, name)}
	if v.BinlogPath != "" {
		dirs = append(dirs, filepath.Join(v.BinlogPath, name))
	}
	for _, dir := range dirs {
		names, err := n.fs.List(dir)
		if err != nil {
			continue
		}
		for _, sub := range names {
			g, err := strconv.Atoi(strings.TrimPrefix(sub, generationOf))
			isGeneration := err == nil && strings.HasPrefix(sub, generationOf) && g != current
			isFirst := current != 0 && (sub == "store" || sub == "binlog" || strings.HasSuffix(sub, ".binlog"))
			if !isGeneration && !isFirst && sub != olderDir {
				continue
			}
			if err := n.fs.RemoveAll(filepath.Join(dir, sub)); err != nil {
				n.log.Warn("cannot remove data that is not in use any more", "dir", filepath.Join(dir, sub), "err", err)
			}
		}
	}
}

// point makes a generation the one in use, durably.
func (n *Node) point(name string, g int) error {
	path := filepath.Join(n.cfg.Load().Dir, name, pointerFile)
	return writeFileAtomic(n.fs, path, []byte(generationDir(g)+"\n"))
}
