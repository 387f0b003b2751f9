package node

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/info"
	"github.com/haypile/haypile/internal/resp"
)

// diskGuard closes the door for writes before the disk is full, and opens it
// again when there is space: a full disk would stop Pebble in the middle of a
// compaction, and with it the return of space.
type diskGuard struct {
	state atomic.Pointer[info.DiskState]
	err   atomic.Pointer[resp.Err]
}

const diskCheckEvery = 500 * time.Millisecond

// check looks at the disk once and says whether the door has moved.
func (n *Node) checkDisk() {
	v := n.cfg.Load()
	usage, err := n.fs.GetDiskUsage(v.Dir)
	old := n.disk.state.Load()
	next := info.DiskState{}
	if err != nil {
		if old != nil {
			return // keep what is known; the next look may succeed
		}
	} else {
		next.FreeBytes, next.TotalBytes = int64(usage.AvailBytes), int64(usage.TotalBytes)
	}
	stopped := old != nil && old.WritesStopped
	switch {
	case err == nil && next.FreeBytes < int64(v.DiskStopWritesFree):
		next.WritesStopped = true
	case stopped && next.FreeBytes < int64(v.DiskResumeWritesFree):
		next.WritesStopped = true
	}
	if next.WritesStopped {
		next.Reason = fmt.Sprintf("the disk has %d MB free; writes stop below disk-stop-writes-free (%d MB) and resume above disk-resume-writes-free (%d MB)",
			next.FreeBytes>>20, int64(v.DiskStopWritesFree)>>20, int64(v.DiskResumeWritesFree)>>20)
		e := resp.Err("MISCONF Haypile refuses writes because " + next.Reason)
		n.disk.err.Store(&e)
	} else {
		n.disk.err.Store(nil)
	}
	n.disk.state.Store(&next)
	switch {
	case next.WritesStopped && !stopped:
		n.log.Error("the disk is nearly full: writes are refused, reads go on; free some space", "free_mb", next.FreeBytes>>20, "dir", v.Dir)
	case stopped && !next.WritesStopped:
		n.log.Info("the disk has space again: writes resume", "free_mb", next.FreeBytes>>20)
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
