package fullsync

import (
	"context"
	"time"
)

// After a silence of the network TCP waits for as long again before it sends anew, up to two minutes. So a connection that
// has become silent is not waited for: others are tried beside it, and the first that gets through, while the old one is still silent,
// takes its place and asks for the rest. A peer that is merely slow does not answer the new one either, or sends on the old one; should a
// source that is throttled to very little look like a silence, the next one must be twice as long.
const (
	quietFor   = 3 * time.Second
	lookSilent = 250 * time.Millisecond
	// hurry is for each attempt: SYNs are repeated after one second and then after longer and longer times, as all packets are.
	hurry = 2500 * time.Millisecond
)

// watch looks after a leg until it is stopped.
func (s *sink) watch(ctx context.Context, l *leg) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		quiet := s.o.Quiet
		if quiet == 0 {
			quiet = quietFor
		}
		tick := time.NewTicker(lookSilent)
		defer tick.Stop()
		seen, since, changed := int64(-1), time.Now(), int64(-1)
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			l.mu.Lock()
			link, replaced := l.link, l.fresh != nil
			l.mu.Unlock()
			in, waiting := link.In.Load(), l.waiting.Load()
			if in != seen || waiting == 0 || replaced {
				seen, since = in, time.Now()
				continue
			}
			if time.Since(since) < quiet || time.Since(time.Unix(0, waiting)) < quiet {
				continue
			}
			fresh, err := s.connect(ctx, l.grant.Snapshot, hurry)
			if err != nil {
				continue
			}
			l.mu.Lock()
			if link.In.Load() != in || l.waiting.Load() == 0 || fresh.grant.Snapshot != l.grant.Snapshot {
				l.mu.Unlock()
				fresh.close()
				continue
			}
			l.fresh = fresh
			l.mu.Unlock()
			if s.p.Received.Load() == changed {
				quiet = min(2*quiet, s.o.Stall())
			}
			changed = s.p.Received.Load()
			s.o.Logger.Info("full sync: the connection is silent and a new one gets through; the copy goes on there", "db", s.o.Database,
				"seconds", time.Since(since).Seconds())
			link.Close()
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// change goes on with the new connection, if there is one.
func (l *leg) change() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fresh == nil {
		return false
	}
	l.unhook()
	l.link, l.unhook, l.fresh = l.fresh.link, l.fresh.unhook, nil
	return true
}
