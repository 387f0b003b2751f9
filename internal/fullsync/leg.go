package fullsync

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/transport"
)

// leg is one connection of a sink.
type leg struct {
	link   *transport.Link
	grant  grant
	files  []File
	unhook func() bool

	waiting atomic.Int64 // since when a piece of a file is waited for, Unix ns; 0: it is not

	mu    sync.Mutex // of what follows, and of changes of link
	fresh *leg       // to go on with, as the link is silent
}

func (l *leg) close() {
	l.unhook()
	l.link.Close()
	if l.fresh != nil {
		l.fresh.close()
	}
}

// connect asks for the snapshot and waits for its turn. hurry bounds the time to connect, and the silences before the answer; 0 does not.
func (s *sink) connect(ctx context.Context, snapshot string, hurry time.Duration) (*leg, error) {
	dialing, stall := ctx, s.o.Stall()
	if hurry > 0 {
		var cancel context.CancelFunc
		dialing, cancel = context.WithTimeout(ctx, hurry)
		defer cancel()
		stall = min(stall, 2*hurry)
	}
	conn, rest, err := s.o.Dial(dialing)
	if err != nil {
		return nil, err
	}
	l := &leg{link: transport.New(conn, rest, stall)}
	l.unhook = context.AfterFunc(ctx, func() { conn.Close() })
	if err := s.begin(l, snapshot); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (s *sink) begin(l *leg, snapshot string) error {
	err := l.link.SendJSON(kindOpen, open{Version: protocolVersion, Replica: s.o.Replica, Name: s.o.Name, Database: s.o.Database, Snapshot: snapshot})
	for err == nil {
		var kind byte
		var p []byte
		if kind, p, err = l.link.Receive(); err != nil {
			break
		}
		switch kind {
		case kindPlace:
			var w place
			if err = transport.Decode(p, &w); err == nil {
				s.o.Placed(w.Place)
			}
		case kindFiles:
			err = l.listed(p)
		case kindGrant:
			if err = transport.Decode(p, &l.grant); err == nil {
				return l.complete()
			}
		default:
			err = unexpected(kind, p)
		}
	}
	return fmt.Errorf("ask for a full copy: %w", err)
}

func unexpected(kind byte, p []byte) error {
	var r refusal
	if kind == kindRefuse && transport.Decode(p, &r) == nil {
		return fmt.Errorf("the master refuses: %.300s", r.Reason)
	}
	return fmt.Errorf("%w: a frame of kind %d", transport.ErrCorrupt, kind)
}

func (l *leg) listed(p []byte) error {
	var part []File
	if err := transport.Decode(p, &part); err != nil {
		return err
	}
	for _, f := range part {
		if !plainName(f.Name) || f.Name == SnapshotFile || f.Size < 0 {
			return fmt.Errorf("%w: the master offers a file %.60q of %d bytes", transport.ErrCorrupt, f.Name, f.Size)
		}
	}
	if l.files = append(l.files, part...); len(l.files) > maxFiles {
		return fmt.Errorf("%w: the master offers more than %d files", transport.ErrCorrupt, maxFiles)
	}
	return nil
}

// complete checks that the list is what was announced.
func (l *leg) complete() error {
	var sum int64
	names := map[string]bool{}
	for _, f := range l.files {
		sum += f.Size
		names[f.Name] = true
	}
	if len(l.files) != l.grant.Files || sum != l.grant.Bytes || len(names) != len(l.files) || len(l.files) == 0 || !plainName(l.grant.Snapshot) {
		return fmt.Errorf("%w: the list of files is not what was announced", transport.ErrCorrupt)
	}
	return nil
}
