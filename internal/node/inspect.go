package node

import (
	"log/slog"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/store"
)

// InspectStore opens a stopped database's store for reading and returns the state
// it stands at.
func InspectStore(fs vfs.FS, dir string) (layout.State, error) {
	blocks := pebble.NewCache(8 << 20)
	defer blocks.Unref()
	s, st, err := store.Open(store.Options{FS: fs, Dir: filepath.Join(dir, "store"), Logger: slog.New(slog.DiscardHandler),
		BlockCache: blocks, MemTableBytes: 4 << 20, ReadOnly: true, Keys: &layout.Keys{}})
	if err != nil {
		return st, err
	}
	return st, s.Close()
}
