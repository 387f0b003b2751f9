package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/info"
	"github.com/haypile/haypile/internal/resp"
)

// diskGuard closes the door for writes that take space before the disk is full, and opens it
// again when there is space: a full disk would stop Pebble in the middle of a
// compaction, and with it the return of space.
type diskGuard struct {
	state atomic.Pointer[info.DiskState]
	err   atomic.Pointer[resp.Err]
	looks sync.Mutex // one look at a time
	kept  reserve
}

const (
	diskCheckEvery = 500 * time.Millisecond

	// reserveFile holds space for a disk that others have filled: it is given up when a write fails, so that deletes, which
	// must be written down too, and Pebble's own lists of files find room.
	reserveFile = "RESERVE"
	// The reserve is so many bytes, or this part of a small disk.
	reserveBytes = 32 << 20
	reservePart  = 32
	// leastToStart is what a start writes at most before it can serve: lists of files, heads of log files.
	leastToStart = 1 << 20
	// resumePart is the part of the disk by which the free space must exceed disk-stop-writes-free at most before writes resume:
	// disk-resume-writes-free may be more than a small disk ever has.
	resumePart = 10
)

// reserve is the file that can be given up.
type reserve struct {
	mu    sync.Mutex
	held  bool
	spent bool // given up, and not yet kept again
}

// keep makes the reserve. Its blocks are allocated; where the file system cannot do that, it is of no use and does no harm.
func (r *reserve) keep(fs vfs.FS, dir string, size int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held {
		return nil
	}
	f, err := fs.Create(filepath.Join(dir, reserveFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	err = f.Preallocate(0, size)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, fs.Remove(filepath.Join(dir, reserveFile)))
	}
	r.held, r.spent = true, false
	return nil
}

// yield gives the reserve up; it says whether there was one. It may have been made by an earlier run.
func (r *reserve) yield(fs vfs.FS, dir string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held, r.spent = false, true
	return fs.Remove(filepath.Join(dir, reserveFile)) == nil
}

func (r *reserve) isSpent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spent
}

// reserveSize is the reserve of a disk.
func reserveSize(total int64) int64 { return min(reserveBytes, total/reservePart) }

// diskFull is called when a write has failed for want of space. It may be called with locks of the store held.
func (n *Node) diskFull() {
	if n.disk.kept.yield(n.fs, n.dir.path) {
		n.log.Error("the disk is full: the reserve is given up, so that deletes and what the store must write find room; free some space", "dir", n.dir.path)
	}
}

// roomToStart refuses to start where nothing could be written, before anything is.
func roomToStart(fs vfs.FS, dir string, r *reserve) error {
	free := func() int64 {
		usage, err := fs.GetDiskUsage(dir)
		if err != nil {
			return leastToStart // not known: it will show
		}
		return int64(usage.AvailBytes)
	}
	if free() >= leastToStart {
		return nil
	}
	if _, err := fs.Stat(filepath.Join(dir, reserveFile)); err == nil && r.yield(fs, dir) && free() >= leastToStart {
		return nil
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return fmt.Errorf("the disk of %s is full: %d kB are free, and a start needs %d kB. Nothing is damaged; free some space and start again",
		dir, free()>>10, leastToStart>>10)
}

// resumeAt is how much must be free before writes that were stopped resume.
func resumeAt(stop, resume, total int64) int64 { return min(resume, stop+total/resumePart) }

// checkDisk looks at the disk once and moves the door.
func (n *Node) checkDisk() {
	g := &n.disk
	g.looks.Lock()
	defer g.looks.Unlock()
	v := n.cfg.Load()
	usage, err := n.fs.GetDiskUsage(v.Dir)
	old := g.state.Load()
	next := info.DiskState{}
	if err != nil && old != nil {
		return // keep what is known; the next look may succeed
	}
	stop, resume := int64(v.DiskStopWritesFree), int64(0)
	if err == nil {
		next.FreeBytes, next.TotalBytes = int64(usage.AvailBytes), int64(usage.TotalBytes)
		resume = resumeAt(stop, int64(v.DiskResumeWritesFree), next.TotalBytes)
		n.keepReserve(&next, stop)
	}
	stopped := old != nil && old.WritesStopped
	switch {
	case err != nil:
	case g.kept.isSpent():
		next.WritesStopped = true
		next.Reason = fmt.Sprintf("the disk was full and has %d MB free; writes resume when the reserve of %d MB can be made again",
			next.FreeBytes>>20, reserveSize(next.TotalBytes)>>20)
	case next.FreeBytes < stop, stopped && stop > 0 && next.FreeBytes < resume:
		next.WritesStopped = true
		next.Reason = fmt.Sprintf("the disk has %d MB free; writes stop below disk-stop-writes-free (%d MB) and resume above %d MB",
			next.FreeBytes>>20, stop>>20, resume>>20)
	}
	if next.WritesStopped {
		e := resp.Err("MISCONF Haypile refuses writes because " + next.Reason + ". Deletes are accepted.")
		g.err.Store(&e)
	} else {
		g.err.Store(nil)
	}
	g.state.Store(&next)
	switch {
	case next.WritesStopped && !stopped:
		n.log.Error("the disk is nearly full: writes are refused, reads and deletes go on; free some space", "free_mb", next.FreeBytes>>20, "dir", v.Dir)
	case stopped && !next.WritesStopped:
		n.log.Info("the disk has space again: writes resume", "free_mb", next.FreeBytes>>20)
	}
}

// keepReserve makes the reserve if there is space for it beside what must be free.
func (n *Node) keepReserve(st *info.DiskState, stop int64) {
	size := reserveSize(st.TotalBytes)
	if st.FreeBytes < stop+2*size {
		return
	}
	if err := n.disk.kept.keep(n.fs, n.dir.path, size); err != nil {
		n.log.Debug("the reserve for a full disk cannot be made", "dir", n.dir.path, "err", err)
	}
}

// writeErr is the write gate: nil lets a write pass.
func (n *Node) writeErr() error {
	if e := n.disk.err.Load(); e != nil {
		return *e
	}
	return nil
}

func (n *Node) diskState() info.DiskState {
	if st := n.disk.state.Load(); st != nil {
		return *st
	}
	return info.DiskState{}
}
