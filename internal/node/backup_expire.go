package node

import (
	"path/filepath"
	"slices"
	"time"
)

// expireBackups removes the backups that are older than backup-expire-days, but never the newest whole one.
func (n *Node) expireBackups() {
	v := n.cfg.Load()
	if v.BackupExpireDays == 0 {
		return
	}
	root := n.backupRoot()
	names, err := n.fs.List(root)
	if err != nil {
		return // there is none
	}
	names = slices.DeleteFunc(names, func(name string) bool { _, whole := backupTime(name); return !whole })
	slices.Sort(names) // by time
	for _, name := range names[:max(0, len(names)-1)] {
		made, _ := backupTime(name)
		if time.Since(made) < time.Duration(v.BackupExpireDays)*24*time.Hour {
			return
		}
		dir := filepath.Join(root, name)
		err := n.fs.Rename(dir, dir+unfinished) // what is half removed is no backup
		if err == nil {
			err = n.fs.RemoveAll(dir + unfinished)
		}
		if err != nil {
			n.log.Warn("an old backup cannot be removed", "dir", dir, "err", err)
			return
		}
		n.log.Info("an old backup was removed (backup-expire-days)", "dir", dir)
	}
}

// backupTime is when a whole backup was made, by its name. What an operator has put beside them is called otherwise.
func backupTime(name string) (time.Time, bool) {
	at, err := time.Parse(backupName, name)
	return at, err == nil && at.Format(backupName) == name
}
