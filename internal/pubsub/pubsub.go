// Package pubsub passes messages from publishers to subscribed clients.
//
// Promises:
//   - P1. A message reaches every client that was subscribed before the publishing
//     command began and is subscribed when it ends, once per matching channel or
//     pattern.
//   - P2. Messages of one publisher arrive in the order in which they were sent.
//     Nothing of a channel is pushed to a client after Unsubscribe has returned.
//   - P3. Publishing costs as much as the subscribers it reaches, and the patterns
//     whose literal beginning fits; nobody else matters.
//
// What a slow subscriber is owed is bounded by its connection (output limits), not
// here.
package pubsub

import (
	"maps"
	"slices"
	"sync"

	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

// Kind is one of the three separate kinds of subscription.
type Kind uint8

const (
	Channels Kind = iota
	Patterns
	Sharded
	kinds
)

// Hub knows who is subscribed to what.
type Hub struct {
	mu     sync.RWMutex
	topics [kinds]map[string]*topic
	index  patternIndex
}

// topic is a channel or pattern with its subscribers; it has at least one.
type topic struct {
	name    string
	clients map[*client.Client]struct{}
}

// New returns a hub without subscribers.
func New() *Hub {
	h := &Hub{index: patternIndex{byPrefix: map[string][]*topic{}}}
	for k := range h.topics {
		h.topics[k] = map[string]*topic{}
	}
	return h
}

// of returns what a client is subscribed to.
func of(cl *client.Client, k Kind) *map[string]struct{} {
	switch k {
	case Patterns:
		return &cl.Patterns
	case Sharded:
		return &cl.SChannels
	}
	return &cl.Channels
}

// Subscribe adds a subscription; a second time changes nothing.
func (h *Hub) Subscribe(k Kind, cl *client.Client, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	set := of(cl, k)
	if _, there := (*set)[name]; there {
		return
	}
	if *set == nil {
		*set = map[string]struct{}{}
	}
	t := h.topics[k][name]
	if t == nil {
		t = &topic{name: name, clients: map[*client.Client]struct{}{}}
		h.topics[k][name] = t
		if k == Patterns {
			h.index.add(t)
		}
	}
	(*set)[name] = struct{}{}
	t.clients[cl] = struct{}{}
	note(cl)
}

// Unsubscribe ends a subscription, if there is one.
func (h *Hub) Unsubscribe(k Kind, cl *client.Client, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(k, cl, name)
	note(cl)
}

func (h *Hub) remove(k Kind, cl *client.Client, name string) {
	delete(*of(cl, k), name)
	t := h.topics[k][name]
	if t == nil {
		return
	}
	delete(t.clients, cl)
	if len(t.clients) == 0 {
		delete(h.topics[k], name)
		if k == Patterns {
			h.index.remove(t)
		}
	}
}

func note(cl *client.Client) {
	cl.NoteSubscriptions(len(cl.Channels), len(cl.Patterns), len(cl.SChannels))
}

// Forget ends all subscriptions of a client.
func (h *Hub) Forget(cl *client.Client) {
	if !cl.Subscribed() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range kinds {
		for _, name := range slices.Collect(maps.Keys(*of(cl, k))) {
			h.remove(k, cl, name)
		}
	}
	note(cl)
}

// Alone calls f while nothing is being published.
func (h *Hub) Alone(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// Names lists a client's subscriptions.
func (h *Hub) Names(k Kind, cl *client.Client) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Sorted(maps.Keys(*of(cl, k)))
}

// Publish sends a message to the subscribers of a channel and of the patterns that
// match it, and returns how many times it was sent. To the client at a place it is sent there.
func (h *Hub) Publish(channel, msg []byte, at client.Place) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	n := 0
	if t := h.topics[Channels][string(channel)]; t != nil {
		n += t.send(at, func(w *resp.Writer) { message(w, "message", channel, msg) })
	}
	h.index.match(channel, func(t *topic) {
		n += t.send(at, func(w *resp.Writer) {
			w.Push(4)
			w.BulkString("pmessage")
			w.BulkString(t.name)
			w.Bulk(channel)
			w.Bulk(msg)
		})
	})
	return n
}

// PublishSharded is Publish for sharded channels.
func (h *Hub) PublishSharded(channel, msg []byte, at client.Place) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	t := h.topics[Sharded][string(channel)]
	if t == nil {
		return 0
	}
	return t.send(at, func(w *resp.Writer) { message(w, "smessage", channel, msg) })
}

func message(w *resp.Writer, kind string, channel, msg []byte) {
	w.Push(3)
	w.BulkString(kind)
	w.Bulk(channel)
	w.Bulk(msg)
}

// send pushes a message to all subscribers; it is written once per protocol.
func (t *topic) send(at client.Place, write func(w *resp.Writer)) int {
	var w2, w3 resp.Writer
	w2.Proto, w3.Proto = 2, 3
	for cl := range t.clients {
		w := &w2
		if cl.PushProto() >= 3 {
			w = &w3
		}
		if w.Buf == nil {
			write(w)
		}
		at.Push(cl, w.Buf)
	}
	return len(t.clients)
}

// List returns the names of a kind that have subscribers and match a pattern; nil
// matches all.
func (h *Hub) List(k Kind, pattern []byte) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var names []string
	for name := range h.topics[k] {
		if pattern == nil || glob.Match(pattern, []byte(name)) {
			names = append(names, name)
		}
	}
	return names
}

// Subscribers is the number of clients subscribed to a name.
func (h *Hub) Subscribers(k Kind, name []byte) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if t := h.topics[k][string(name)]; t != nil {
		return len(t.clients)
	}
	return 0
}

// Len is the number of names of a kind that have subscribers.
func (h *Hub) Len(k Kind) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[k])
}

// Receivers is how many times a message to a channel would be sent.
func (h *Hub) Receivers(channel []byte) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	n := 0
	if t := h.topics[Channels][string(channel)]; t != nil {
		n = len(t.clients)
	}
	h.index.match(channel, func(t *topic) { n += len(t.clients) })
	return n
}
