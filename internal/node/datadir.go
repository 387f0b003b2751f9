package node

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/algo/crc"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/layout"
)

// The format file at the top of a data directory says what is in it: lines of
// "name value", written when the directory is created and checked whenever it is
// opened.
const (
	formatFile    = "FORMAT"
	lockFile      = "LOCK"
	formatVersion = "2"
	// wholeStrings is the format before large strings were in pieces. All of it is read; a directory in it becomes one of
	// today's when it is opened, as an older version would take a string in pieces for an empty one.
	wholeStrings = "1"
)

// dataDir is a data directory held by this process.
type dataDir struct {
	fs    vfs.FS
	path  string
	lock  io.Closer
	keys  layout.Keys
	slots string // the slot function, where keys are slotted
	began bool   // a server has run on it: its databases have logs

	mu      sync.Mutex
	swapped map[int]string // database → directory, where it is not the usual one
}

// openDataDir creates or opens the directory and takes its lock.
func openDataDir(fs vfs.FS, v *config.Values, r *reserve) (*dataDir, error) {
	d := &dataDir{fs: fs, path: v.Dir, swapped: map[int]string{}}
	if err := engine.MakeDir(fs, v.Dir); err != nil {
		return nil, fmt.Errorf("cannot create the data directory %s: %w; choose another with --dir", v.Dir, err)
	}
	lock, err := fs.Lock(filepath.Join(v.Dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("the data directory %s is in use by another server (or cannot be locked: %v); stop that server or choose another directory with --dir", v.Dir, err)
	}
	d.lock = lock
	if err := roomToStart(fs, v.Dir, r); err != nil {
		lock.Close()
		return nil, err
	}
	if err := errors.Join(d.checkFormat(v), d.readDatabases()); err != nil {
		lock.Close()
		return nil, advise(v.Dir, err)
	}
	return d, nil
}

func (d *dataDir) close() error { return d.lock.Close() }

// checkFormat reads the format file, or writes it in a new directory. What was
// chosen when the directory was created wins over the parameters.
func (d *dataDir) checkFormat(v *config.Values) error {
	path := filepath.Join(d.path, formatFile)
	_, err := d.fs.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		used, uerr := d.inUse()
		if uerr != nil {
			return uerr
		}
		if used == "" {
			err = writeFileAtomic(d.fs, path, fmt.Appendf(nil, "format %s\nkeyspace-layout %s\nslot-function %s\n", formatVersion, v.KeyspaceLayout, v.SlotFunction))
		}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("format file of the data directory: %w", err)
	}
	return d.readFormat()
}

// inUse names something in the directory that a server has made, if there is such a thing.
func (d *dataDir) inUse() (string, error) {
	names, err := d.fs.List(d.path)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if name == runningFile || name == databasesFile || isDatabaseName(name) {
			return name, nil
		}
	}
	return "", nil
}

// readFormat reads the format file.
func (d *dataDir) readFormat() error {
	if _, err := d.fs.Stat(filepath.Join(d.path, runningFile)); err == nil {
		d.began = true
	}
	path := filepath.Join(d.path, formatFile)
	text, err := readFile(d.fs, path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s holds data and has no file %s, which says how its keys are laid out: the data cannot be read without it", d.path, formatFile)
	}
	if err != nil {
		return fmt.Errorf("format file of the data directory: %w", err)
	}
	fields := map[string]string{}
	for sc := bufio.NewScanner(bytes.NewReader(text)); sc.Scan(); {
		name, value, _ := strings.Cut(sc.Text(), " ")
		fields[name] = strings.TrimSpace(value)
	}
	if fields["format"] == wholeStrings {
		fields["format"] = formatVersion
		text = bytes.Replace(text, []byte("format "+wholeStrings), []byte("format "+formatVersion), 1)
		if err := writeFileAtomic(d.fs, path, text); err != nil {
			return fmt.Errorf("format file of the data directory: %w", err)
		}
	}
	if got := fields["format"]; got != formatVersion {
		return fmt.Errorf("%s says format %q; this version of Haypile reads format %s and older ones: use the version that wrote it, or a newer one", path, got, formatVersion)
	}
	return d.chooseKeys(path, fields["keyspace-layout"], fields["slot-function"])
}

func (d *dataDir) chooseKeys(path, order, slots string) error {
	switch order {
	case config.LayoutOrdered.String():
		d.keys = layout.Keys{Order: layout.Ordered}
		return nil
	case config.LayoutSlotted.String():
		d.slots = slots
		d.keys = layout.Keys{Order: layout.Slotted, SlotOf: crc.Slot}
		if slots == config.SlotCRC32.String() {
			d.keys.SlotOf = crc.CodisSlot
		}
		return nil
	}
	return fmt.Errorf("%s: unknown keyspace-layout %q", path, order)
}

// keyspace names the layout of keys.
func (d *dataDir) keyspace() string {
	if d.keys.Order == layout.Ordered {
		return config.LayoutOrdered.String()
	}
	return config.LayoutSlotted.String() + " " + d.slots
}

// copyFormat makes another directory a data directory of the same kind.
func (d *dataDir) copyFormat(to string) error {
	text, err := readFile(d.fs, filepath.Join(d.path, formatFile))
	if err != nil {
		return err
	}
	if err := writeFileAtomic(d.fs, filepath.Join(to, formatFile), text); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.swapped) == 0 {
		return nil
	}
	return writeFileAtomic(d.fs, filepath.Join(to, databasesFile), databasesText(d.swapped))
}

func readFile(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// writeFileAtomic replaces a file so that after a crash it is the old one or the
// new one.
func writeFileAtomic(fs vfs.FS, path string, text []byte) error {
	tmp := path + ".tmp"
	f, err := fs.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(bytes.Clone(text)) // a vfs.File may change what it is given
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fs.Rename(tmp, path)
	}
	if err != nil {
		return err
	}
	return syncDir(fs, filepath.Dir(path))
}

func syncDir(fs vfs.FS, path string) error {
	dir, err := fs.OpenDir(path)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if cerr := dir.Close(); err == nil {
		err = cerr
	}
	return err
}
