package node

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/store"
)

// Examination is what Examine is asked to do.
type Examination struct {
	FS         vfs.FS
	Dir        string
	BinlogPath string // as the parameter of that name
	Quick      bool   // leave out what reads all data
	CutLog     bool   // mend logs that a start refuses, by giving up what cannot be replayed
	Say        func(format string, args ...any)
	Progress   func(db string, done, total int64)
}

// ErrDamaged is how an examination ends that has found something.
var ErrDamaged = errors.New("the directory is damaged; see above")

// ErrNotExamined says that the directory could not be examined.
var ErrNotExamined = errors.New("the directory could not be examined")

// Examine says what a start of a server on a data directory would find, by the same steps, and changes nothing unless
// it is to cut logs. It returns nil exactly when a start would succeed, and everything can be read.
func Examine(o Examination) error {
	if _, err := o.FS.Stat(o.Dir); err != nil {
		return fmt.Errorf("%w: %w", ErrNotExamined, err)
	}
	lock, err := o.FS.Lock(filepath.Join(o.Dir, lockFile))
	if err != nil {
		return fmt.Errorf("%w: a server is using it; stop it first (%w)", ErrNotExamined, err)
	}
	defer lock.Close()
	x := &examiner{Examination: o, dir: &dataDir{fs: o.FS, path: o.Dir, swapped: map[int]string{}}}
	x.top()
	names, err := databaseDirs(o.FS, o.Dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotExamined, err)
	}
	for _, name := range names {
		x.database(name)
	}
	if x.cut {
		if err := x.dir.markCut(); err != nil {
			return err
		}
	}
	if x.bad {
		return ErrDamaged
	}
	return nil
}

type examiner struct {
	Examination
	dir *dataDir
	bad bool
	cut bool // a log was cut: replicas may have what is lost
}

// damage says what is wrong, and what can be done.
func (x *examiner) damage(format string, args ...any) {
	x.bad = true
	x.Say("  DAMAGED "+format, args...)
}

// top examines the files of the directory itself.
func (x *examiner) top() {
	x.Say("%s", x.Dir)
	if err := x.dir.readFormat(); err != nil {
		x.damage("%v", err)
		x.Say("          The server refuses to start. Copy the file %s of a backup of this directory, or of a replica with the same layout, here", formatFile)
	} else {
		x.Say("  keyspace-layout %s", x.dir.keyspace())
	}
	if err := x.dir.readDatabases(); err != nil {
		x.damage("%v", err)
		x.Say("          The server refuses to start. The file says which databases SWAPDB has exchanged: write its lines again, or take it from a backup")
	}
	if x.dir.began {
		return
	}
	x.Say("  a backup, or a directory that no server has run on: it needs no binlog")
}

func (x *examiner) database(name string) {
	x.Say("%s", name)
	g, err := readPointer(x.FS, filepath.Join(x.Dir, name))
	if err != nil {
		x.damage("%v", err)
		x.Say("          The server refuses to start. The directories named g1, g2 … in it are copies of the database; the newest is the one in use: write its name into the file")
		return
	}
	o := engine.DBOptions{FS: x.FS}
	placeIn(&o, x.Dir, x.BinlogPath, name, g)
	if o.BinlogDir == "" {
		o.BinlogDir = filepath.Join(o.Dir, "binlog")
	}
	if _, err := x.FS.Stat(o.Dir); err != nil {
		if errors.Is(err, os.ErrNotExist) && g == 0 {
			return
		}
		x.damage("%v", err)
		return
	}
	st, ok := x.store(filepath.Join(o.Dir, "store"))
	if !ok {
		return
	}
	x.log(o.BinlogDir, st)
}

// store opens a store for reading, as a start does for writing.
func (x *examiner) store(dir string) (st layout.State, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			x.damage("store: its files make no sense: %v", p)
			x.adviseCopy()
			ok = false
		}
	}()
	if _, err := x.FS.Stat(filepath.Join(dir, "LOCK")); errors.Is(err, os.ErrNotExist) {
		names, _ := x.FS.List(dir)
		if len(names) == 0 {
			x.Say("  store   empty")
			return st, true
		}
	}
	blocks := pebble.NewCache(8 << 20)
	defer blocks.Unref()
	s, st, err := store.Open(store.Options{FS: x.FS, Dir: dir, Logger: slog.New(slog.DiscardHandler), BlockCache: blocks, MemTableBytes: 4 << 20,
		ReadOnly: true, Keys: &layout.Keys{}, Fatal: func(cause string) { panic(cause) }})
	if err != nil {
		x.damage("store: it cannot be opened, and the server refuses to start: %v", err)
		x.adviseCopy()
		return st, false
	}
	x.Say("  store   %d keys, %d with an expiry, at log position %d", st.Keys, st.Expires, st.LSN)
	if !x.Quick {
		if err := s.Verify(x.badTable, func(done, total int64) { x.Progress(filepath.Base(filepath.Dir(dir)), done, total) }); err != nil {
			x.damage("store: %v", err)
		}
	}
	if d, damaged := s.Damaged(); damaged && x.Quick {
		x.badTable(d.File, errors.New(d.Cause))
	}
	if err := s.Close(); err != nil {
		x.damage("store: %v", err)
	}
	return st, true
}

func (x *examiner) badTable(path string, err error) {
	x.damage("store: %s: %v", filepath.Base(path), err)
	x.Say("          The server starts; reads of what is in the damaged part of this table fail, the others do not")
	x.adviseCopy()
}

func (x *examiner) adviseCopy() {
	x.Say("          Restore the directory from a backup (see BGSAVE), or let the server be a replica: a full copy replaces the database")
}

// log examines the log of a database as a start replays it, and all other segments.
func (x *examiner) log(dir string, st layout.State) {
	from := binlog.LSN(st.LSN)
	at, records, err := x.replay(dir, from)
	if err != nil {
		x.Say("  DAMAGED binlog: %v", err)
		if !x.CutLog {
			x.bad = true
			x.Say("          The server refuses to start. What is missing may be in a backup, or on a replica: let that take over. The last resort gives up everything")
			x.Say("          written after position %d: haypile doctor %s --cut-log", at, x.Dir)
		} else if at, err = x.mend(dir, from, at); err != nil {
			x.damage("binlog: it cannot be mended: %v", err)
			return
		} else {
			x.Say("          mended: the log ends at position %d now; what was behind it is in files named *.damaged", at)
		}
	}
	x.segments(dir, from)
	if err == nil {
		x.Say("  a start would replay %d records, %d bytes of log", records, at-from)
	}
}

// replay reads what a start would replay. It returns where it ends.
func (x *examiner) replay(dir string, from binlog.LSN) (at binlog.LSN, records int, err error) {
	at = from
	_, err = binlog.Recover(binlog.Options{FS: x.FS, Dir: dir, Logger: slog.New(slog.DiscardHandler), ReadOnly: true,
		Began: x.dir.began && engine.LogMustBe(x.FS, dir, from)}, from, func(r binlog.Record) error {
		_, err := engine.CheckRecord(r)
		if err == nil {
			at = r.End()
			records++
		}
		return err
	}, func(_, _, _ binlog.LSN) {})
	return at, records, err
}

// mend ends the log at the last record that can be replayed, or, where that does not help, begins an empty one.
func (x *examiner) mend(dir string, from, at binlog.LSN) (binlog.LSN, error) {
	x.cut = true
	if at > from {
		if err := binlog.Cut(x.FS, dir, at); err != nil {
			return at, err
		}
		if end, _, err := x.replay(dir, from); err == nil {
			return end, nil
		}
	}
	if err := binlog.Begin(x.FS, dir, from); err != nil {
		return from, err
	}
	end, _, err := x.replay(dir, from)
	return end, err
}

// segments lists the segments of a log. What a start does not need of them, replicas may.
func (x *examiner) segments(dir string, from binlog.LSN) {
	reports, err := binlog.Inspect(x.FS, dir)
	if errors.Is(err, os.ErrNotExist) {
		x.Say("  binlog  none in %s", dir)
		return
	}
	if err != nil {
		x.damage("binlog: %v", err)
		return
	}
	for i, r := range reports {
		span := ""
		if r.Records > 0 {
			span = fmt.Sprintf(", %s to %s", stamp(r.First), stamp(r.Last))
		}
		x.Say("  binlog  %s: %d records, positions %d to %d%s", filepath.Base(r.Path), r.Records, r.Start, r.Good, span)
		switch {
		case r.Problem == nil:
		case i == len(reports)-1 && r.NextGood == 0 && r.Good >= from:
			x.Say("          then %d bytes that were being written when the server stopped", r.Behind)
		case !x.bad:
			x.damage("binlog: %s: %v", filepath.Base(r.Path), r.Problem)
			x.Say("          The server starts, as the store has these changes; replicas that need them get a full copy")
		}
	}
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }

// databaseDirs lists the directories of databases in a data directory.
func databaseDirs(fs vfs.FS, dir string) (list []string, err error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if info, err := fs.Stat(filepath.Join(dir, name)); isDatabaseName(name) && err == nil && info.IsDir() {
			list = append(list, name)
		}
	}
	return list, nil
}

// advise names the tool that says what can be done about a data directory that a start refuses.
func advise(dir string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w. Run `haypile doctor %s`: it examines the directory and says what can be done", trimmed{err}, dir)
}

// trimmed is an error whose text a sentence may follow.
type trimmed struct{ error }

func (t trimmed) Error() string { return strings.TrimRight(t.error.Error(), ". \n") }
func (t trimmed) Unwrap() error { return t.error }
