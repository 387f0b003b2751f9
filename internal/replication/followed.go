package replication

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/haypile/haypile/internal/binlog"
)

// event feeds the database's machine.
func (d *followed) event(ev DBEvent) {
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	d.step(ev)
}

// step is called with the follower's mu held.
func (d *followed) step(ev DBEvent) {
	was := d.m.State
	next, acts := d.m.Step(ev, d.f.opts.Settings().MaxRetries)
	d.m = next
	if next.State != was {
		d.since, d.next = time.Now(), time.Time{}
		level := slog.LevelInfo
		if next.State == Failed {
			level = slog.LevelWarn
		}
		d.f.opts.Logger.Log(context.Background(), level, "replication of a database", "db", d.name, "from", was.String(), "to", next.State.String(),
			"event", ev.Kind.String(), "reason", next.Reason, "attempts", next.Attempts)
	}
	var slow []func()
	for _, a := range acts {
		if s := d.perform(a); s != nil {
			slow = append(slow, s)
		}
	}
	if len(slow) > 0 {
		d.f.spawn(func() {
			for _, s := range slow {
				s()
			}
		})
	}
}

// perform does an action, or returns what is to be done without the lock.
func (d *followed) perform(a DBAction) func() {
	f := d.f
	switch a.Kind {
	case Ask:
		if link := f.link; link != nil { // without one the machines are about to hear of it
			return func() { d.ask(link, a.Copy) }
		}
	case Stream:
		d.applying.Lock()
		d.streaming, d.expect, d.partial, d.fresh = true, a.LSN, nil, true
		d.applying.Unlock()
	case StopStream:
		d.applying.Lock()
		d.streaming, d.partial = false, nil
		d.applying.Unlock()
		if link := f.link; link != nil {
			serial := d.asks
			return func() { _ = link.Send(kindStop, appendStop(nil, d.number, serial)) }
		}
	case SaveTail:
		return func() { d.saveTail(a) }
	case BeginCopy:
		d.copies++
		ctx, cancel := context.WithCancel(context.Background())
		d.cancel = cancel
		attempt, master := d.copies, f.master
		return func() { d.copy(ctx, master, attempt) }
	case CancelCopy:
		d.copies++
		if d.cancel != nil {
			d.cancel()
			d.cancel = nil
		}
	case Install:
		return d.install
	case RetryAfter:
		d.next = time.Now().Add(f.after(a.Delay, func() { d.event(DBEvent{Kind: Retry}) }))
	case Alarm:
		f.opts.Logger.Error("replication of a database keeps failing; attempts go on by themselves", "db", d.name, "attempts", d.m.Attempts, "reason", a.Reason)
	}
	return nil
}

// ask sends the position. A link that has gone meanwhile is noticed by who reads it.
func (d *followed) ask(link interface {
	SendJSON(byte, any) error
}, copy bool) {
	db, err := d.f.opts.Replica.Open(d.name)
	if err != nil {
		d.f.opts.Logger.Error("replication: a database cannot be opened", "db", d.name, "err", err)
		d.f.hangUp("open database " + d.name + ": " + err.Error())
		return
	}
	h, lsn := db.Position()
	d.f.mu.Lock()
	d.applying.Lock()
	d.db = db
	d.applying.Unlock()
	d.asks++
	serial := d.asks
	part := db.Incomplete()
	if d.beginning = len(h) == 0 || part; d.beginning {
		d.setUnlike(true)
	}
	d.step(DBEvent{Kind: Asked, LSN: lsn})
	d.f.mu.Unlock()
	_ = link.SendJSON(kindAsk, ask{Name: d.name, LSN: lsn, Histories: toWire(h), Copy: copy, Part: part || len(h) == 0, Serial: serial})
}

// Beginning says that a database is being filled from the beginning of the master's log.
func (f *Follower) Beginning(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dbs[name]
	return d != nil && d.beginning
}

// hangUp ends the link; the machines see it lost.
func (f *Follower) hangUp(reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.step(LinkEvent{Kind: Lost, Attempt: f.m.Attempt, Reason: reason})
}

func (d *followed) saveTail(a DBAction) {
	d.f.mu.Lock()
	db := d.db
	d.f.mu.Unlock()
	file, err := db.SaveTail(a.LSN, a.Reason)
	if err != nil {
		d.f.opts.Logger.Error("replication: changes that the master never had are discarded and could not be saved", "db", d.name, "from", a.LSN, "err", err)
		return
	}
	d.f.opts.Logger.Warn("replication: changes that the master never had are discarded; they are saved in a file", "db", d.name, "from", a.LSN, "file", file)
}

// copy receives a full copy; one database at a time does.
func (d *followed) copy(ctx context.Context, master Address, attempt int) {
	current := func(ev DBEvent) {
		d.f.mu.Lock()
		defer d.f.mu.Unlock()
		if d.copies == attempt {
			d.step(ev)
		}
	}
	select {
	case d.f.copySlot <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-d.f.copySlot }()
	err := d.f.opts.Replica.Copy(ctx, master, d.name,
		func(place int) { current(DBEvent{Kind: Placed, Place: place}) },
		func() { current(DBEvent{Kind: CopyBegun}) })
	switch {
	case err == nil:
		current(DBEvent{Kind: CopyDone})
	case !errors.Is(err, context.Canceled):
		current(DBEvent{Kind: CopyFailed, Reason: err.Error()})
	}
}

func (d *followed) install() {
	if err := d.f.opts.Replica.Install(d.name); err != nil {
		d.event(DBEvent{Kind: NotInstalled, Reason: err.Error()})
		return
	}
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	d.setUnlike(false)
	d.step(DBEvent{Kind: Installed})
}

// records takes log bytes of the database.
func (d *followed) records(lsn uint64, b []byte) {
	fresh, err := d.apply(lsn, b)
	switch {
	case errors.Is(err, ErrNotNow):
		d.event(DBEvent{Kind: NotNow, Reason: err.Error()})
	case err != nil:
		d.event(DBEvent{Kind: Broken, Reason: err.Error()})
	case fresh:
		d.event(DBEvent{Kind: Progress})
	}
	if d.f.unlikes.Load() > 0 {
		d.f.mu.Lock()
		if d.m.State == Connected {
			d.filled()
		}
		d.f.mu.Unlock()
	}
}

// apply applies what is whole and keeps the rest.
func (d *followed) apply(lsn uint64, b []byte) (fresh bool, err error) {
	d.applying.Lock()
	defer d.applying.Unlock()
	if !d.streaming {
		return false, nil // sent before the master knew
	}
	if lsn != d.expect {
		return false, fmt.Errorf("the master sent log from position %d and %d was expected", lsn, d.expect)
	}
	d.expect += uint64(len(b))
	if len(d.partial) > 0 {
		d.partial = append(d.partial, b...)
		b = d.partial
	}
	whole := 0
	for {
		n, ok, err := binlog.RecordLen(b[whole:])
		if err != nil {
			return false, err
		}
		if !ok || n > int64(len(b)-whole) {
			break
		}
		whole += int(n)
	}
	if whole > 0 {
		if err := d.db.Apply(b[:whole]); err != nil {
			return false, fmt.Errorf("apply records of the master: %w", err)
		}
		fresh, d.fresh = d.fresh, false
	}
	if rest := b[whole:]; len(rest) == 0 {
		d.partial = d.partial[:0]
	} else {
		d.partial = append(d.partial[:0], rest...)
	}
	return fresh, nil
}
