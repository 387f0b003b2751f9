package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// runningFile says, while a server has the data directory open, on which boot of the
// machine; a stop in order changes it to "stopped". So a start finds out whether the machine
// went down under a running server: then the unsynced end of the log may be lost, while
// replicas have it.
const runningFile = "RUNNING"

const stoppedText = "stopped\n"

// running notes that the server runs, and says whether the end of the log is in doubt.
func (d *dataDir) running() (doubtful bool, err error) {
	path := filepath.Join(d.path, runningFile)
	was, err := readFile(d.fs, path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	now := bootID() + "\n"
	doubtful = err == nil && string(was) != stoppedText && string(was) != now
	if err := writeFileAtomic(d.fs, path, []byte(now)); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return doubtful, nil
}

// cutText is a state that no start takes for its own: the end of the log is in doubt.
const cutText = "cut\n"

// markCut notes that a log was cut: the next start begins a new history, as replicas may have what is lost.
func (d *dataDir) markCut() error {
	return writeFileAtomic(d.fs, filepath.Join(d.path, runningFile), []byte(cutText))
}

// How long commands wait for databases that are being opened, before they are told LOADING: with a log to replay for
// as long as nobody notices, without one for as long as the disk may need.
const (
	graceToReplay = 300 * time.Millisecond
	graceToOpen   = 2 * time.Second
)

// grace is how long commands wait at this start.
func (d *dataDir) grace() time.Duration {
	was, err := readFile(d.fs, filepath.Join(d.path, runningFile))
	if errors.Is(err, os.ErrNotExist) || err == nil && string(was) == stoppedText {
		return graceToOpen
	}
	return graceToReplay
}

// stopped notes that everything is durable.
func (d *dataDir) stopped() error {
	return writeFileAtomic(d.fs, filepath.Join(d.path, runningFile), []byte(stoppedText))
}

// stopped notes a stop in order. Without space for the note the next start is careful for nothing; that is no failure.
func (n *Node) stopped() error {
	err := n.dir.stopped()
	if vfs.IsNoSpaceError(err) {
		n.log.Warn("the disk is full: that the server stopped in order could not be noted", "err", err)
		return nil
	}
	return err
}

// bootID names this boot of the machine; where that cannot be told, no two starts look
// alike, so that doubt is assumed.
func bootID() string {
	if b, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		return strings.TrimSpace(string(b))
	}
	return newRunID()
}
