package engine

import (
	"time"

	"github.com/haypile/haypile/internal/config"
)

// syncer makes the logs durable: once a second, or, with appendfsync always,
// whenever someone waits for it. All who wait while one fsync runs share the next.
type syncer struct {
	eng      *Engine
	requests chan func(error)
	stop     chan struct{}
	done     chan struct{}
	mode     chan config.Fsync
}

func (s *syncer) init(e *Engine) {
	s.eng = e
	s.requests = make(chan func(error), 1<<16)
	s.stop, s.done = make(chan struct{}), make(chan struct{})
	s.mode = make(chan config.Fsync, 1)
	go s.run()
}

// SetFsync chooses when the log is made durable.
func (e *Engine) SetFsync(mode config.Fsync) {
	e.always.Store(mode == config.FsyncAlways)
	select {
	case <-e.syncer.mode:
	default:
	}
	e.syncer.mode <- mode
}

// Always says whether replies wait for fsync.
func (e *Engine) Always() bool { return e.always.Load() }

// Unsynced says that replies must wait: with appendfsync always, something that
// they may have seen is not durable yet.
func (e *Engine) Unsynced() bool {
	if !e.always.Load() {
		return false
	}
	for i := range e.dbs {
		if db := e.dbs[i].Load(); db != nil && db.log.End() != db.log.Durable() {
			return true
		}
	}
	return false
}

// AfterSync calls done, from another goroutine, when everything logged so far is
// durable.
func (e *Engine) AfterSync(done func(error)) { e.syncer.requests <- done }

func (s *syncer) run() {
	defer close(s.done)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	mode := config.FsyncEverySec
	var batch []func(error)
	for {
		select {
		case mode = <-s.mode:
		case <-tick.C:
			if mode == config.FsyncEverySec {
				s.syncAll()
			}
		case f := <-s.requests:
			batch = append(batch[:0], f)
			for len(s.requests) > 0 {
				batch = append(batch, <-s.requests)
			}
			err := s.syncAll()
			for _, f := range batch {
				f(err)
			}
		case <-s.stop:
			for len(s.requests) > 0 {
				(<-s.requests)(s.syncAll())
			}
			return
		}
	}
}

func (s *syncer) syncAll() (err error) {
	for i := range s.eng.dbs {
		if db := s.eng.dbs[i].Load(); db != nil {
			if _, serr := db.log.Sync(); serr != nil {
				err = serr
			}
		}
	}
	return err
}

func (s *syncer) close() {
	close(s.stop)
	<-s.done
}
