package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/info"
)

// backups are the checkpoints that BGSAVE and SAVE make: a directory per backup,
// named by time, with a subdirectory per database. Hard links make them cheap;
// each is a data directory that a server can be started on.
type backups struct {
	mu    sync.Mutex
	state info.BackupState
}

var errBackupRunning = errors.New("a backup is running already")

// Backup implements command.Operator.
func (n *Node) Backup() (dir string, err error) {
	b := &n.backups
	b.mu.Lock()
	if b.state.Running {
		b.mu.Unlock()
		return "", errBackupRunning
	}
	begin, changes := time.Now(), n.eng.Changes.Load()
	b.state.Running, b.state.Since = true, begin
	b.mu.Unlock()

	dir, err = n.writeBackup(begin)

	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Running, b.state.LastOK, b.state.LastTook = false, err == nil, time.Since(begin)
	if err != nil {
		n.log.Error("the backup failed; what was written of it is left for inspection", "dir", dir, "err", err)
		return dir, err
	}
	b.state.LastSave = begin
	n.eng.Changes.Add(-changes) // it has those that came until it began, and perhaps later ones
	n.log.Info("backup written", "dir", dir, "seconds", time.Since(begin).Seconds())
	return dir, nil
}

// backupName is how the directory of a backup is called.
const backupName = "20060102-150405.000"

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
		if _, bad := time.Parse(backupName, name); bad == nil {
			err = errors.Join(err, n.fs.RemoveAll(filepath.Join(root, name)))
		}
	}
	n.log.Info("backups deleted", "dir", root, "err", err)
	return err
}

func (n *Node) writeBackup(at time.Time) (string, error) {
	dir := filepath.Join(n.backupRoot(), at.UTC().Format(backupName))
	if err := n.fs.MkdirAll(dir, 0o755); err != nil {
		return dir, fmt.Errorf("create backup directory: %w", err)
	}
	for i := range n.eng.Databases() {
		err := error(nil)
		n.eng.View(i, func(db *engine.DB) {
			target := filepath.Join(dir, db.Name)
			if err = n.fs.MkdirAll(target, 0o755); err == nil {
				err = db.Store().Checkpoint(filepath.Join(target, "store"))
			}
		})
		if err != nil {
			return dir, fmt.Errorf("checkpoint of database %d: %w", i, err)
		}
	}
	return dir, n.dir.copyFormat(dir)
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
