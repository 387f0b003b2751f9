package fullsync

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/throttle"
	"github.com/haypile/haypile/internal/transport"
)

// SourceSettings may change while running.
type SourceSettings struct {
	MaxConcurrent int           // replicas that are served at the same time
	PerReplica    int64         // bytes per second; 0: no limit
	Stall         time.Duration // no progress for so long ends a connection
	Lease         time.Duration // how long a snapshot outlives its last connection
	Fresh         time.Duration // how long a snapshot is given to newcomers
	Adaptive      bool          // back off when the link's delay rises
}

// Snapshot is what Make has made.
type Snapshot struct {
	LSN     uint64
	Release func()      // the log from LSN on need not be kept any longer
	Valid   func() bool // whoever has it may go on from here; otherwise it is of no use to anyone
	Stale   func() bool // too much has happened since; newcomers get another
}

// SourceOptions of a Source.
type SourceOptions struct {
	FS  vfs.FS
	Dir string // snapshots are made in here, and removed at start
	// Make writes a consistent copy of a database to dir.
	Make     func(database, dir string) (Snapshot, error)
	Settings func() SourceSettings
	Total    *throttle.Bucket // all copies together
	Logger   *slog.Logger
}

// Source serves full copies. A replica holds a slot while it has a connection;
// the rest wait in the order in which they came.
type Source struct {
	opts  SourceOptions
	ctx   context.Context
	stop  context.CancelFunc
	conns sync.WaitGroup

	mu        sync.Mutex
	snapshots map[string]*snapshot // by id
	making    map[string]*making   // by database
	slots     map[string]int       // replica → its connections
	queue     []*waiter
	jobs      map[*job]struct{}
	serial    int

	refused throttle.Sometimes

	Begun  atomic.Int64 // snapshots made
	Served atomic.Int64 // copies of a database that a replica has begun to receive
	Sent   atomic.Int64
}

// snapshot is a directory of files that do not change.
type snapshot struct {
	id, database, dir string
	lsn               uint64
	files             []File
	bytes             int64
	made              time.Time
	release           func()
	valid, stale      func() bool
	users             int
	given             map[string]bool // to replicas, by their run ids
	idleSince         time.Time
}

// making is a snapshot on the way; all who want one meanwhile wait for it.
type making struct {
	done chan struct{}
	snap *snapshot
	err  error
}

type waiter struct {
	replica string
	ready   chan struct{}
}

// NewSource returns a source, and clears away what an earlier process has left.
func NewSource(o SourceOptions) (*Source, error) {
	if err := o.FS.RemoveAll(o.Dir); err != nil {
		return nil, fmt.Errorf("remove old snapshots: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Source{opts: o, ctx: ctx, stop: stop, snapshots: map[string]*snapshot{}, making: map[string]*making{},
		slots: map[string]int{}, jobs: map[*job]struct{}{}, refused: throttle.Sometimes{Every: 10 * time.Second}}, nil
}

// Close ends all copies and removes the snapshots.
func (s *Source) Close() {
	s.stop()
	s.mu.Lock()
	for j := range s.jobs {
		j.link.Close()
	}
	s.mu.Unlock()
	s.conns.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, snap := range s.snapshots {
		s.drop(snap)
	}
}

// Serve sends files over one connection until it ends.
func (s *Source) Serve(conn net.Conn, rest []byte) {
	s.conns.Add(1)
	defer s.conns.Done()
	set := s.opts.Settings()
	link := transport.New(conn, rest, set.Stall)
	link.Restrict(requestBytes)
	if _, err := conn.Write([]byte("+HAYPILE\r\n")); err != nil {
		return
	}
	j := &job{src: s, link: link, began: time.Now()}
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return
	}
	s.jobs[j] = struct{}{}
	s.mu.Unlock()
	err := j.serve()
	s.mu.Lock()
	delete(s.jobs, j)
	s.mu.Unlock()
	level := slog.LevelInfo
	switch {
	case errors.Is(err, io.EOF) && j.req.Name != "" && j.snap.Load() == nil: // one more connection than was needed
		level = slog.LevelDebug
	case errors.Is(err, io.EOF):
		level = slog.LevelWarn
	case err != nil:
		level = slog.LevelWarn
		_ = link.SendJSON(kindRefuse, refusal{err.Error()})
	}
	if level == slog.LevelWarn && j.snap.Load() == nil { // it got nothing: perhaps a stranger
		ok, held := s.refused.Now()
		if !ok {
			return
		}
		if held > 0 {
			s.opts.Logger.Warn("full sync: connections ended before they were given anything", "not_logged_before", held)
		}
	}
	s.opts.Logger.Log(s.ctx, level, "full sync: connection ended", "replica", j.req.Name, "db", j.req.Database,
		"mb", j.sent.Load()>>20, "seconds", time.Since(j.began).Seconds(), "reason", reasonOf(err))
}

func reasonOf(err error) string {
	if err == nil {
		return "everything was sent"
	}
	return err.Error()
}

// enter waits for a slot. told is called with the place whenever it changes.
func (s *Source) enter(replica string, told func(int) error) error {
	s.mu.Lock()
	if s.slots[replica] > 0 || len(s.queue) == 0 && len(s.slots) < s.limit() {
		s.slots[replica]++
		s.mu.Unlock()
		return nil
	}
	w := &waiter{replica: replica, ready: make(chan struct{})}
	s.queue = append(s.queue, w)
	s.mu.Unlock()
	last := 0
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for beat := 0; ; beat++ {
		if at := s.placeOf(w); at > 0 && (at != last || beat%5 == 0) {
			last = at
			if err := told(at); err != nil {
				s.abandon(w)
				return err
			}
		}
		select {
		case <-w.ready:
			return nil
		case <-s.ctx.Done():
			s.abandon(w)
			return errors.New("the server is stopping")
		case <-tick.C:
			s.mu.Lock()
			s.admit() // the limit may have been raised
			s.mu.Unlock()
		}
	}
}

func (s *Source) limit() int { return max(1, s.opts.Settings().MaxConcurrent) }

func (s *Source) placeOf(w *waiter) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.queue {
		if x == w {
			return i + 1
		}
	}
	return 0
}

// abandon takes a waiter out of the queue, or gives back the slot that it was
// given meanwhile.
func (s *Source) abandon(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.queue {
		if x == w {
			s.queue = append(s.queue[:i:i], s.queue[i+1:]...)
			return
		}
	}
	s.leaveLocked(w.replica)
}

func (s *Source) leave(replica string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(replica)
}

func (s *Source) leaveLocked(replica string) {
	if s.slots[replica]--; s.slots[replica] <= 0 {
		delete(s.slots, replica)
	}
	s.admit()
}

func (s *Source) admit() {
	for len(s.queue) > 0 {
		w := s.queue[0]
		if s.slots[w.replica] == 0 && len(s.slots) >= s.limit() {
			return
		}
		s.queue = s.queue[1:]
		s.slots[w.replica]++
		close(w.ready)
	}
}

// acquire returns the snapshot that a sink goes on with, or a fresh one.
func (s *Source) acquire(req open) (*snapshot, error) {
	s.mu.Lock()
	s.expire()
	if snap := s.snapshots[req.Snapshot]; snap != nil && snap.database == req.Database && snap.valid() {
		s.give(snap, req.Replica)
		s.mu.Unlock()
		return snap, nil
	}
	for _, snap := range s.snapshots {
		if snap.database == req.Database && time.Since(snap.made) < s.opts.Settings().Fresh && snap.valid() && !snap.stale() {
			s.give(snap, req.Replica)
			s.mu.Unlock()
			s.opts.Logger.Info("full sync: a snapshot is shared", "db", req.Database, "snapshot", snap.id, "replica", req.Name)
			return snap, nil
		}
	}
	m := s.making[req.Database]
	if m == nil {
		m = &making{done: make(chan struct{})}
		s.making[req.Database] = m
		s.serial++
		id := fmt.Sprintf("%s-%d-%d", req.Database, time.Now().UnixMilli(), s.serial)
		s.mu.Unlock()
		m.snap, m.err = s.make(req.Database, id)
		s.mu.Lock()
		delete(s.making, req.Database)
		if m.err == nil {
			s.snapshots[id] = m.snap
		}
		close(m.done)
	} else {
		s.mu.Unlock()
		<-m.done
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	s.give(m.snap, req.Replica)
	return m.snap, nil
}

// give counts a user of a snapshot. A replica comes over several connections, and comes again after a silence: that is
// one copy.
func (s *Source) give(snap *snapshot, replica string) {
	snap.users++
	if !snap.given[replica] {
		snap.given[replica] = true
		s.Served.Add(1)
	}
}

func (s *Source) make(database, id string) (*snapshot, error) {
	begin := time.Now()
	dir := s.opts.FS.PathJoin(s.opts.Dir, id)
	if err := s.opts.FS.MkdirAll(s.opts.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("create a directory for snapshots: %w", err)
	}
	made, err := s.opts.Make(database, dir)
	if err != nil {
		_ = s.opts.FS.RemoveAll(dir)
		return nil, fmt.Errorf("make a snapshot: %w", err)
	}
	snap := &snapshot{id: id, database: database, dir: dir, lsn: made.LSN, made: time.Now(), given: map[string]bool{},
		release: made.Release, valid: made.Valid, stale: made.Stale}
	if snap.files, err = list(s.opts.FS, dir); err != nil {
		made.Release()
		return nil, fmt.Errorf("list the snapshot: %w", err)
	}
	for _, f := range snap.files {
		snap.bytes += f.Size
	}
	s.Begun.Add(1)
	s.opts.Logger.Info("full sync: snapshot made", "db", database, "snapshot", id, "files", len(snap.files), "mb", snap.bytes>>20,
		"position", snap.lsn, "seconds", time.Since(begin).Seconds())
	return snap, nil
}

// list returns the plain files of a directory.
func list(fs vfs.FS, dir string) ([]File, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, name := range names {
		info, err := fs.Stat(fs.PathJoin(dir, name))
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, File{name, info.Size()})
		}
	}
	return files, nil
}

// release gives a snapshot back. done says that the replica has everything.
func (s *Source) release(snap *snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap.users--
	snap.idleSince = time.Now()
	s.expire()
}

// Sweep removes snapshots that nobody has used for too long; call it now and then.
func (s *Source) Sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
}

func (s *Source) expire() {
	lease := s.opts.Settings().Lease
	for _, snap := range s.snapshots {
		if snap.users == 0 && (time.Since(snap.idleSince) > lease || !snap.valid()) {
			s.drop(snap)
		}
	}
}

func (s *Source) drop(snap *snapshot) {
	delete(s.snapshots, snap.id)
	snap.release()
	if err := s.opts.FS.RemoveAll(snap.dir); err != nil {
		s.opts.Logger.Warn("full sync: cannot remove a snapshot; it is removed at the next start", "dir", snap.dir, "err", err)
		return
	}
	s.opts.Logger.Info("full sync: snapshot removed", "snapshot", snap.id)
}

// SourceStatus is for INFO.
type SourceStatus struct {
	Snapshots int
	Jobs      []JobStatus
	Queue     []string // run ids of replicas that wait
}

// Status says what is going on.
func (s *Source) Status() SourceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := SourceStatus{Snapshots: len(s.snapshots)}
	for j := range s.jobs {
		if js, ok := j.status(); ok {
			st.Jobs = append(st.Jobs, js)
		}
	}
	for _, w := range s.queue {
		st.Queue = append(st.Queue, w.replica)
	}
	return st
}

// plainName says that a name is one of a file, not of a way to one.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) < 128 && !strings.ContainsAny(name, "/\\\x00")
}
