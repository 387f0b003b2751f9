package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/fullsync"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/replication"
	"github.com/haypile/haypile/internal/store"
)

// snapshotsDir holds snapshots for replicas, in the data directory: hard links do not
// cross file systems.
const snapshotsDir = "snapshots"

// makeSnapshot is fullsync's Make.
func (n *Node) makeSnapshot(name, dir string) (snap fullsync.Snapshot, err error) {
	i, err := n.numberOf(name)
	if err != nil {
		return snap, err
	}
	err = n.eng.View(i, func(db *engine.DB) (err error) {
		if db.Incomplete() {
			return errors.New("this server has only the beginning of the data")
		}
		pin := db.Log().Pin(db.Log().Start()) // moved up when the position is known
		if err = db.Store().Checkpoint(dir); err != nil {
			pin.Release()
			return err
		}
		var st layout.State
		var h layout.Histories
		if st, h, err = store.Peek(n.fs, dir); err == nil && len(h) == 0 {
			err = errors.New("the database has no history yet")
		}
		if err != nil {
			pin.Release()
			return err
		}
		pin.Advance(binlog.LSN(st.LSN))
		log := db.Log()
		snap = fullsync.Snapshot{LSN: st.LSN, Release: pin.Release, Valid: func() bool { return n.provable(name, log, h, st.LSN) }, Stale: func() bool {
			return int64(log.End())-int64(st.LSN) > int64(n.cfg.Load().BinlogRetentionBytes)/2
		}}
		return nil
	})
	return snap, err
}

// provable says whether data of a position within histories may go on from a database's log
// as it is now: after CLEARREPLICATIONID, or when the database was exchanged, it may not.
func (n *Node) provable(name string, log *binlog.Log, h layout.Histories, lsn uint64) bool {
	i, err := n.numberOf(name)
	if err != nil {
		return false
	}
	db := n.eng.Opened(i)
	if db == nil || db.Log() != log {
		return false
	}
	common, ok := h.Common(lsn, db.Histories(), uint64(log.End()))
	return ok && common == lsn && uint64(log.Start()) <= lsn
}

// numberOf is the number by which a database's directory is selected.
func (n *Node) numberOf(name string) (int, error) {
	for i := range n.eng.Databases() {
		if n.dir.database(i) == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("there is no database %.40q", name)
}

// receiveCopy receives a database of the master beside the present one.
func (n *Node) receiveCopy(ctx context.Context, master replication.Address, name string, placed func(int), begun func()) error {
	if _, err := n.numberOf(name); err != nil {
		return err
	}
	v := n.cfg.Load()
	o := engine.DBOptions{}
	g, err := n.generation(name)
	if err != nil {
		return err
	}
	n.place(&o, name, g)
	p := &fullsync.Progress{}
	n.repl.copying.Store(&copying{db: name, p: p})
	defer n.repl.copying.Store(nil)
	_, err = fullsync.Receive(ctx, fullsync.SinkOptions{
		FS: n.fs, Dir: filepath.Join(v.Dir, name, incomingDir), Have: []string{filepath.Join(o.Dir, "store")},
		Database: name, Replica: n.runID, Name: net.JoinHostPort(v.ReplicaAnnounceIP, strconv.Itoa(int(v.Port))),
		Dial: func(ctx context.Context) (net.Conn, []byte, error) {
			conn, rest, _, err := n.repl.dialer.Dial(ctx, master, replication.ServiceCopy)
			return conn, rest, err
		},
		Parallel: func() int { return int(n.cfg.Load().FullSyncParallel) },
		Stall:    func() time.Duration { return n.cfg.Load().FullSyncStallTimeout },
		Pace:     n.repl.throttle, Reserve: int64(v.DiskStopWritesFree), Placed: placed, Logger: n.log,
		Begun: func(total int64) {
			begun()
			n.log.Info("full sync: receiving a copy", "db", name, "mb", total>>20, "master", master.String())
		},
	}, p)
	if err == nil {
		n.log.Info("full sync: the copy is complete", "db", name, "received_mb", p.Received.Load()>>20, "reused_mb", p.Reused.Load()>>20,
			"seconds", time.Since(time.UnixMilli(p.Began.Load())).Seconds())
	}
	return err
}

// installCopy makes the received copy the next generation of the database.
func (n *Node) installCopy(name string) error {
	i, err := n.numberOf(name)
	if err != nil {
		return err
	}
	v := n.cfg.Load()
	incoming := filepath.Join(v.Dir, name, incomingDir)
	st, h, err := store.Peek(n.fs, incoming)
	if err == nil && len(h) == 0 {
		err = errors.New("it has no history")
	}
	if err != nil {
		_ = n.fs.RemoveAll(incoming) // it is of no use: begin anew
		return fmt.Errorf("the received copy cannot be used: %w", err)
	}
	was, err := n.generation(name)
	if err != nil {
		return err
	}
	_, o, err := n.databaseOptions(i)
	if err != nil {
		return err
	}
	n.place(&o, name, was+1)
	o.LogBegan = false                                 // it begins with the copy
	for _, dir := range []string{o.Dir, o.BinlogDir} { // of an install that was cut off
		if dir != "" {
			if err := n.fs.RemoveAll(dir); err != nil {
				return fmt.Errorf("clear the place for the copy: %w", err)
			}
		}
	}
	if err := engine.MakeDir(n.fs, o.Dir); err != nil {
		return fmt.Errorf("create the place for the copy: %w", err)
	}
	if err := n.fs.Rename(incoming, filepath.Join(o.Dir, "store")); err != nil {
		return fmt.Errorf("put the copy in its place: %w", err)
	}
	_ = n.fs.Remove(filepath.Join(o.Dir, "store", fullsync.SnapshotFile))
	if err := errors.Join(syncDir(n.fs, o.Dir), syncDir(n.fs, filepath.Join(v.Dir, name))); err != nil {
		return err
	}
	if err := n.eng.Install(name, o, func() (int, error) { return n.numberOf(name) }, func() error { return n.point(name, was+1) }); err != nil {
		return fmt.Errorf("exchange the database: %w", err)
	}
	n.log.Info("full sync: the copy is in use", "db", name, "position", st.LSN, "keys", st.Keys)
	n.clearGenerations(name, was+1)
	return nil
}
