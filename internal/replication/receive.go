package replication

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/transport"
)

// ackEvery bounds how long something durable goes unreported on a quiet link.
const ackEvery = 100 * time.Millisecond

// receive handles what the master says, until the link ends.
func (f *Follower) receive(link *transport.Link, attempt int) error {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	var waiting atomic.Int64
	f.spawn(func() { f.watch(ctx, link, &waiting, attempt) })
	a := &acks{f: f, link: link}
	f.spawn(func() {
		t := time.NewTicker(ackEvery)
		defer t.Stop()
		for beats := 0; ; beats++ {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				a.send(beats%10 == 0)
			}
		}
	})
	byNumber := map[uint32]*followed{}
	for {
		waiting.Store(time.Now().UnixNano())
		kind, p, err := link.Receive()
		waiting.Store(0)
		if err != nil {
			return err
		}
		f.lastIO.Store(time.Now().UnixMilli())
		if kind == kindRecords {
			number, lsn, b, err := parseRecords(p)
			if err != nil {
				return err
			}
			d := byNumber[number]
			if d == nil {
				if d = f.find(number); d == nil {
					return fmt.Errorf("%w: records of an unknown database", transport.ErrCorrupt)
				}
				byNumber[number] = d
			}
			f.Received.Add(int64(len(b)))
			d.records(lsn, b)
			if link.Buffered() == 0 {
				a.send(false)
			}
			continue
		}
		if err := f.control(kind, p, attempt); err != nil {
			return err
		}
	}
}

func (f *Follower) find(number uint32) *followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.dbs {
		if d.number == number {
			return d
		}
	}
	return nil
}

// control handles everything but records.
func (f *Follower) control(kind byte, p []byte, attempt int) error {
	switch kind {
	case kindWelcome:
		return f.welcomed(p, attempt)
	case kindRefuse, kindBye:
		var r refusal
		if err := transport.Decode(p, &r); err != nil {
			return err
		}
		if kind == kindRefuse {
			f.event(LinkEvent{Kind: Refused, Attempt: attempt, Reason: errRefused(r.Reason).Error()})
		}
		return errRefused(r.Reason)
	case kindVerdict:
		return f.verdict(p, attempt)
	case kindPing:
		_, ends, err := parsePing(p)
		if err != nil {
			return err
		}
		f.mu.Lock()
		for _, d := range f.dbs {
			if end, ok := ends[d.number]; ok {
				d.end = end
			}
		}
		f.mu.Unlock()
		return nil
	case kindMap:
		return f.renumber(p)
	case kindPublish:
		sharded, channel, msg, err := parsePublish(p)
		if err != nil {
			return err
		}
		f.opts.Replica.Message(sharded, channel, msg)
		return nil
	case kindPromote:
		f.spawn(f.opts.Replica.Promote)
		return nil
	}
	return fmt.Errorf("%w: a frame of kind %d", transport.ErrCorrupt, kind)
}

func (f *Follower) welcomed(p []byte, attempt int) error {
	var w welcome
	if err := transport.Decode(p, &w); err != nil {
		return err
	}
	if w.Version != ProtocolVersion {
		return fmt.Errorf("the master (%.40s) speaks version %d of the replication protocol and this server %d", w.Software, w.Version, ProtocolVersion)
	}
	if err := checkNumbers(w.Databases, f.opts.Settings().Databases); err != nil {
		return err
	}
	if err := f.opts.Replica.Renumber(w.Databases); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.m.Attempt == attempt {
		f.remote = w
		f.opts.Replica.Announced(w.Ports)
	}
	f.step(LinkEvent{Kind: Welcomed, Attempt: attempt})
	return nil
}

// checkNumbers refuses what could not be selected here, or is no database's name.
func checkNumbers(list []DBNumber, databases int) error {
	seen := map[string]bool{}
	for _, n := range list {
		if _, err := databaseNumber(n.Name); err != nil || len(n.Name) < 3 || n.Name[:2] != "db" || seen[n.Name] || n.Number < 0 {
			return fmt.Errorf("%w: database %.40q", transport.ErrCorrupt, n.Name)
		}
		seen[n.Name] = true
		if n.Number >= databases {
			return fmt.Errorf("the master has a database %d and this server only %d databases; set databases at least as high as at the master and restart", n.Number, databases)
		}
	}
	return nil
}

func (f *Follower) renumber(p []byte) error {
	var list []DBNumber
	if err := transport.Decode(p, &list); err != nil {
		return err
	}
	if err := checkNumbers(list, f.opts.Settings().Databases); err != nil {
		return err
	}
	if err := f.opts.Replica.Renumber(list); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.know(list)
	for _, d := range f.dbs {
		if d.m.State == NoConnect && !d.off {
			d.step(DBEvent{Kind: LinkUp})
		}
	}
	return nil
}

func (f *Follower) verdict(p []byte, attempt int) error {
	var v verdict
	if err := transport.Decode(p, &v); err != nil {
		return err
	}
	f.mu.Lock()
	d := f.dbs[v.Name]
	f.mu.Unlock()
	if d == nil {
		return errors.New("the master answers for a database that was not asked about")
	}
	if v.Continue {
		if err := d.fill(v, attempt); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.m.Attempt != attempt {
		return errors.New("this link was given up")
	}
	d.judged = true
	if v.Continue {
		d.step(DBEvent{Kind: MayContinue, LSN: v.LSN})
		if d.m.State == Connected {
			d.filled()
		}
		return nil
	}
	d.setUnlike(d.unlike || v.Foreign)
	d.step(DBEvent{Kind: MustCopy, LSN: v.LSN, Reason: v.Reason, Diverged: v.Diverged, Common: v.Common})
	return nil
}

// acks tells the master how far each database has come.
type acks struct {
	f    *Follower
	link *transport.Link
	mu   sync.Mutex // whoever sends: what is newer goes later
	last []byte

	events uint32 // what the master was told; a new link wants nothing
}

// send sends what has changed; always sends in any case, as a sign of life.
func (a *acks) send(always bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.f
	f.mu.Lock()
	list := make([]*followed, 0, len(f.dbs))
	for _, d := range f.dbs {
		if d.m.State == Connected {
			list = append(list, d)
		}
	}
	if f.m.State != Linked || f.link != a.link {
		f.mu.Unlock()
		return
	}
	slices.SortFunc(list, func(a, b *followed) int { return cmp.Compare(a.number, b.number) })
	var b []byte
	for _, d := range list {
		written, durable := d.db.Reach()
		b = appendReach(b, reach{d.number, written, durable, written})
	}
	events := f.opts.Settings().Events
	newEvents := events != a.events
	a.events = events
	same := string(b) == string(a.last)
	if !same || always {
		a.last = b
	}
	f.mu.Unlock()
	if newEvents {
		_ = a.link.Send(kindEvents, binary.LittleEndian.AppendUint32(nil, events))
	}
	if !same || always {
		_ = a.link.Send(kindAck, b)
	}
}
