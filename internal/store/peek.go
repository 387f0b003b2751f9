package store

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/layout"
)

// Peek reads what a store that nobody has open says of itself: the state it stands
// at and where its data comes from.
func Peek(fs vfs.FS, dir string) (st layout.State, h layout.Histories, err error) {
	blocks := pebble.NewCache(4 << 20)
	defer blocks.Unref()
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, Cache: blocks, ReadOnly: true, ErrorIfNotExists: true, DisableWAL: true,
		FormatMajorVersion: formatVersion, Logger: pebbleLogger{l: slog.New(slog.DiscardHandler)},
		EventListener: &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}}) // reads return it
	if err != nil {
		return st, nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	v, closer, err := db.Get(layout.StateKey)
	if err != nil {
		return st, nil, fmt.Errorf("state of %s: %w", dir, err)
	}
	if err := errors.Join(st.Decode(v), closer.Close()); err != nil {
		return st, nil, fmt.Errorf("state of %s: %w", dir, err)
	}
	v, closer, err = db.Get(layout.HistoryKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return st, nil, nil
	}
	if err != nil {
		return st, nil, fmt.Errorf("histories of %s: %w", dir, err)
	}
	h, err = layout.DecodeHistories(v)
	return st, h, errors.Join(err, closer.Close())
}
