package node

import (
	"errors"
	"fmt"
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
	begin := time.Now()
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
	n.log.Info("backup written", "dir", dir, "seconds", time.Since(begin).Seconds())
	return dir, nil
}

func (n *Node) writeBackup(at time.Time) (string, error) {
	v := n.cfg.Load()
	root := v.BackupDir
	if !filepath.IsAbs(root) {
		root = filepath.Join(v.Dir, root)
	}
	dir := filepath.Join(root, at.UTC().Format("20060102-150405.000"))
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
