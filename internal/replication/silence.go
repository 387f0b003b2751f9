package replication

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/transport"
)

// After a silence of the network TCP waits for as long again before it sends anew, up to two minutes. So a link on which not even a
// ping has come is compared with a new connection: if the master answers there, and the link is still silent, the link is made anew. A
// master that is frozen does not answer either, and the network decides when it is repl-timeout's turn.
const (
	quietFor = 5 * time.Second
	hurry    = 2500 * time.Millisecond // for the new connection
)

// watch looks after a link until ctx ends. waiting is since when a frame is waited for, Unix ns, or 0: who is at work does not read.
func (f *Follower) watch(ctx context.Context, link *transport.Link, waiting *atomic.Int64, attempt int) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	seen, since := int64(-1), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		in, waits := link.In.Load(), waiting.Load()
		if in != seen || waits == 0 {
			seen, since = in, time.Now()
			continue
		}
		silent := min(time.Since(since), time.Since(time.Unix(0, waits)))
		if silent < quietFor || !f.answers(ctx) || link.In.Load() != in {
			continue
		}
		f.event(LinkEvent{Kind: Lost, Attempt: attempt, Reason: fmt.Sprintf("the link has been silent for %s, and the master answers on a new one", silent.Round(time.Second))})
		return
	}
}

// answers says whether the master can be reached by a new connection.
func (f *Follower) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, hurry)
	defer cancel()
	conn, _, _, err := f.opts.Replica.Dial(ctx, f.Master())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
