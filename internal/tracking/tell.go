package tracking

import (
	"bytes"
	"slices"
	"strings"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

// Change is a key that was changed, by a client or, if By is nil, by nobody (its time has
// passed). Key nil stands for all keys: a database was flushed.
type Change struct {
	Key  []byte
	By   *client.Client
	Time int64 // Now, when it was made
	At   client.Place
}

// channel is where clients of RESP2 are told of changes, by way of another connection.
const channel = "__redis__:invalidate"

// Changed tells whom they concern of changes that were made together.
func (t *Table) Changed(list []Change) {
	if len(list) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	flushed := false
	for _, c := range list {
		if c.Key == nil {
			if !flushed {
				t.tellAll(c)
			}
			flushed = true
			continue
		}
		t.tellReaders(string(c.Key), c)
	}
	if len(t.prefixes) > 0 {
		t.broadcast(list)
	}
}

// tellAll tells everybody that every key has changed.
func (t *Table) tellAll(c Change) {
	for cl := range t.clients {
		t.send(cl, c.At, (*resp.Writer).Null)
	}
	for key, readers := range t.keys {
		t.keep(key, slices.DeleteFunc(readers, func(r reader) bool { return r.last <= c.Time }), len(readers))
	}
}

// keep makes readers the ones of a key, of so many.
func (t *Table) keep(key string, readers []reader, of int) {
	t.items -= of - len(readers)
	if len(readers) == 0 {
		delete(t.keys, key)
	} else {
		t.keys[key] = readers
	}
}

// tellReaders tells those who have read a key before a change, and forgets that they have.
func (t *Table) tellReaders(key string, c Change) {
	readers := t.keys[key]
	kept := readers[:0]
	for _, r := range readers {
		if r.first <= c.Time {
			t.tellReader(r.id, key, c)
			r.first = r.last
		}
		if r.last > c.Time {
			kept = append(kept, r)
		}
	}
	t.keep(key, kept, len(readers))
}

func (t *Table) tellReader(id int64, key string, c Change) {
	cl := t.registry.Get(id)
	if cl == nil {
		return
	}
	m := cl.Tracking()
	if !m.Has(client.TrackOn) || m.Has(client.TrackBroadcast) || m.Has(client.TrackNoLoop) && cl == c.By {
		return
	}
	t.send(cl, c.At, func(w *resp.Writer) {
		w.Array(1)
		w.BulkString(key)
	})
}

// broadcast tells the followers of each prefix, in one message.
func (t *Table) broadcast(list []Change) {
	for prefix, followers := range t.prefixes {
		last := map[string]*client.Client{} // who changed a key last
		for _, c := range list {
			if c.Key != nil && bytes.HasPrefix(c.Key, []byte(prefix)) {
				last[string(c.Key)] = c.By
			}
		}
		if len(last) == 0 {
			continue
		}
		for cl := range followers {
			t.tellPrefix(cl, last)
		}
	}
}

func (t *Table) tellPrefix(cl *client.Client, last map[string]*client.Client) {
	keys := make([]string, 0, len(last))
	own := cl.Tracking().Has(client.TrackNoLoop)
	for key, by := range last {
		if !own || by != cl {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return
	}
	slices.SortFunc(keys, strings.Compare)
	t.send(cl, client.Place{}, func(w *resp.Writer) {
		w.Array(len(keys))
		for _, key := range keys {
			w.BulkString(key)
		}
	})
}

// send sends a message to a client, or to the one that it has named. A client of RESP2
// can be told only by way of another one that is subscribed. What one of RESP3 causes itself comes behind the
// reply to its command; what is broadcast, behind those of the turn.
func (t *Table) send(cl *client.Client, at client.Place, keys func(w *resp.Writer)) {
	to := cl
	if id := cl.Redirect(); id != 0 {
		if to = t.registry.Get(id); to == nil {
			t.sendBroken(cl, id, at)
			return
		}
	}
	w := resp.Writer{Proto: to.PushProto()}
	switch {
	case w.Proto >= 3:
		w.Push(2)
		w.BulkString("invalidate")
	case to != cl:
		w.Array(3)
		w.BulkString("message")
		w.BulkString(channel)
	default:
		return
	}
	keys(&w)
	if w.Proto < 3 {
		to.Sink.PushSubscribed(w.Buf)
	} else {
		at.Push(to, w.Buf)
	}
}

// sendBroken tells a client that the one it has named is gone.
func (t *Table) sendBroken(cl *client.Client, id int64, at client.Place) {
	cl.MarkTracking(client.TrackBroken)
	if cl.PushProto() < 3 {
		return
	}
	w := resp.Writer{Proto: 3}
	w.Push(2)
	w.BulkString("tracking-redir-broken")
	w.Int(id)
	at.Push(cl, w.Buf)
}
