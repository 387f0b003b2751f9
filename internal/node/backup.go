package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/info"
	"github.com/haypile/haypile/internal/resp"
)

// backups are the checkpoints that BGSAVE and SAVE make: a directory per backup,
// named by time, with a subdirectory per database. Hard links make them cheap;
// each is a data directory that a server can be started on.
type backups struct {
	mu    sync.Mutex
	state info.BackupState
}

// errBackupRunning is Redis's reply.
const errBackupRunning resp.Err = "ERR Background save already in progress"

// Backup implements command.Operator.
func (n *Node) Backup() error {
	begin, err := n.claimBackup()
	if err != nil {
		return err
	}
	return n.backup(begin)
}

// StartBackup implements command.Operator.
func (n *Node) StartBackup() error {
	begin, err := n.claimBackup()
	if err != nil {
		return err
	}
	if !n.spawn(func() { _ = n.backup(begin) }) { // logs its outcome; INFO and LASTSAVE show it
		return n.backupEnded(begin, "", 0, engine.ErrClosed)
	}
	return nil
}

// claimBackup makes the caller the one who writes a backup.
func (n *Node) claimBackup() (begin time.Time, err error) {
	b := &n.backups
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.Running {
		return begin, errBackupRunning
	}
	begin = time.Now()
	b.state.Running, b.state.Since = true, begin
	return begin, nil
}

// backup writes a backup that was claimed.
func (n *Node) backup(begin time.Time) error {
	changes := n.eng.Changes.Load()
	dir, err := n.writeBackup(begin)
	return n.backupEnded(begin, dir, changes, err)
}

func (n *Node) backupEnded(begin time.Time, dir string, changes int64, err error) error {
	b := &n.backups
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Running, b.state.LastOK, b.state.LastTook = false, err == nil, time.Since(begin)
	if err != nil {
		n.log.Error("the backup failed; what was written of it is removed", "dir", dir, "err", err)
		return err
	}
	b.state.LastSave = begin
	n.eng.Changes.Add(-changes) // it has those that came until it began, and perhaps later ones
	n.log.Info("backup written", "dir", dir, "seconds", time.Since(begin).Seconds())
	return nil
}

// backupName is how the directory of a backup is called.
const backupName = "20060102-150405.000"

// unfinished marks a backup that is being written, or was when the server was killed.
const unfinished = ".unfinished"

func (n *Node) backupRoot() string {
	v := n.cfg.Load()
	if filepath.IsAbs(v.BackupDir) {
		return v.BackupDir
	}
	return filepath.Join(v.Dir, v.BackupDir)
}

// DeleteBackups implements command.Operator. What is not called like a backup stays.
func (n *Node) DeleteBackups() error {
	n.backups.mu.Lock() // none begins meanwhile
	defer n.backups.mu.Unlock()
	if n.backups.state.Running {
		return errBackupRunning
	}
	root := n.backupRoot()
	names, err := n.fs.List(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		if _, bad := time.Parse(backupName, strings.TrimSuffix(name, unfinished)); bad == nil {
			err = errors.Join(err, n.fs.RemoveAll(filepath.Join(root, name)))
		}
	}
	n.log.Info("backups deleted", "dir", root, "err", err)
	return err
}

// writeBackup writes a backup under another name, which it loses when it is whole. What is not whole is removed.
func (n *Node) writeBackup(at time.Time) (dir string, err error) {
	dir = filepath.Join(n.backupRoot(), at.UTC().Format(backupName))
	part := dir + unfinished
	defer func() {
		if err != nil {
			err = errors.Join(err, n.fs.RemoveAll(part))
		}
	}()
	if err := n.fs.MkdirAll(part, 0o755); err != nil {
		return dir, fmt.Errorf("create backup directory: %w", err)
	}
	for i := range n.eng.Databases() {
		if err := n.backUpDatabase(i, part); err != nil {
			return dir, fmt.Errorf("checkpoint of database %d: %w", i, err)
		}
	}
	if err := n.dir.copyFormat(part); err != nil {
		return dir, err
	}
	if err := n.fs.Rename(part, dir); err != nil {
		return dir, err
	}
	return dir, syncDir(n.fs, filepath.Dir(dir))
}

// exchangeWait is how often a database that is being exchanged is looked for.
const exchangeWait = 10 * time.Millisecond

// backUpDatabase writes the checkpoint of a database, if it has data.
func (n *Node) backUpDatabase(i int, dir string) error {
	for {
		select {
		case <-n.stop:
			return engine.ErrClosed
		default:
		}
		err := n.eng.View(i, func(db *engine.DB) error {
			target := filepath.Join(dir, db.Name)
			if err := n.fs.MkdirAll(target, 0o755); err != nil {
				return err
			}
			return db.Store().Checkpoint(filepath.Join(target, "store"))
		})
		switch {
		case errors.Is(err, engine.ErrNotOpen):
			return nil
		case !errors.Is(err, engine.ErrExchanged):
			return err
		}
		time.Sleep(exchangeWait)
	}
}

// BackupRunning implements command.Operator.
func (n *Node) BackupRunning() bool { return n.backupState().Running }

// LastSave implements command.Operator.
func (n *Node) LastSave() time.Time { return n.backupState().LastSave }

func (n *Node) backupState() info.BackupState {
	n.backups.mu.Lock()
	defer n.backups.mu.Unlock()
	return n.backups.state
}
