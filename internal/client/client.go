// Package client knows who is connected: one Client per connection, and the
// registry of all of them.
//
// A Client's fields belong to whoever executes its commands at the moment (an
// event loop, or the worker that the loop has handed it to) unless their
// comment says otherwise. What other clients may look at (CLIENT LIST, CLIENT
// KILL, publishing) is atomic or guarded by mu.
package client

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/acl"
)

// Sink is the way to a client's connection from other goroutines.
type Sink interface {
	// Push sends bytes that are no reply (messages, invalidations). They come after the replies to commands
	// that have been executed, and before that of the next one.
	Push(msg []byte)
	// PushSubscribed is Push if the client is subscribed to anything: what looks like a message must not
	// follow the confirmation that there is nothing left.
	PushSubscribed(msg []byte)
	// PushAt is Push for what the client's own command has caused; see Place.
	PushAt(at int, away bool, msg []byte)
	// Settle is called by a command: what was pushed until now goes ahead of its reply.
	Settle()
	// Close ends the connection soon; reason goes to the log.
	Close(reason string)
	// Unblock resumes a client that waits in a blocking command; withError makes
	// it fail with UNBLOCKED. It reports whether the client was waiting.
	Unblock(withError bool) bool
	// Buffered is the number of bytes received and not executed, and of bytes
	// owed and not sent.
	Buffered() (in, out int64)
}

// Place is where messages to a client belong that one of its own commands causes: among the replies that are
// being written, at this offset. Messages to others are simply pushed.
type Place struct {
	C    *Client // nil: no client has caused it
	At   int
	Away bool // the command runs on a worker: At counts from the beginning of its reply
}

// Push sends a message to a client, which may be the one of the place.
func (p Place) Push(to *Client, msg []byte) {
	if to == p.C {
		to.Sink.PushAt(p.At, p.Away, msg)
	} else {
		to.Sink.Push(msg)
	}
}

// ReplyMode is set by CLIENT REPLY.
type ReplyMode uint8

const (
	ReplyOn ReplyMode = iota
	ReplyOff
	ReplySkipNext // CLIENT REPLY SKIP was just executed; it has no reply itself
	ReplySkip     // the next command's reply is left out
)

// Next is the mode after one command was executed.
func (m ReplyMode) Next() ReplyMode {
	switch m {
	case ReplySkipNext:
		return ReplySkip
	case ReplySkip:
		return ReplyOn
	}
	return m
}

// Queued is a command between MULTI and EXEC.
type Queued struct {
	Row  any // *command.Row
	Args [][]byte
}

// Watch is a key under WATCH.
type Watch struct {
	DB  int
	Key string
}

// Client is one connection.
type Client struct {
	ID      int64
	Addr    string // ip:port, or the path of a Unix socket followed by :0
	LAddr   string
	FD      int
	Unix    bool
	TLS     bool
	Local   bool   // connected over loopback or a Unix socket
	Service string // what the port is dedicated to that it is connected to; empty: a client's
	Created time.Time
	Sink    Sink

	// Session state, owned by the executor.
	Proto         int
	Authenticated bool
	Reply         ReplyMode
	Pushed        bool // what the command wrote is a message, which CLIENT REPLY does not silence
	Monitor       bool
	NoEvict       bool
	NoTouch       bool
	ReadOnly      bool // READONLY was sent (cluster)
	InMulti       bool
	Poisoned      bool // a queued command was refused: EXEC will abort
	Queue         []Queued
	QueueBytes    int64
	Watched       []Watch
	CloseAfter    bool // close once the reply is sent
	// TakeOver, when a command has set it, is given the connection, which is no
	// longer a client's then. rest is what had been received behind the command.
	TakeOver func(conn net.Conn, rest []byte)
	WaitsFor any         // what WAIT waits for; owned by the executor
	Replica  atomic.Bool // the connection serves a replica: its link, or a copy
	Master   bool        // the connection is this server's own link to its master; set before it is registered

	Dirty atomic.Bool // a watched key has changed: EXEC will return null

	db        atomic.Int32
	active    atomic.Int64 // Unix ns of the last command
	user      atomic.Pointer[acl.User]
	lastCmd   atomic.Pointer[string]
	multi     atomic.Int32 // commands queued, -1 outside MULTI
	subs      atomic.Int32
	psubs     atomic.Int32
	ssubs     atomic.Int32
	watching  atomic.Int32
	blocked   atomic.Bool
	pushProto atomic.Int32
	flags     atomic.Uint32 // of NoteFlags
	track     atomic.Uint32 // TrackMode
	redirect  atomic.Int64
	queueMem  atomic.Int64
	NetIn     atomic.Int64
	NetOut    atomic.Int64
	Commands  atomic.Int64
	killed    atomic.Bool
	attached  atomic.Bool
	mu        sync.Mutex
	name      string
	libName   string
	libVer    string
	Channels  map[string]struct{} // of pubsub; guarded by the pubsub hub
	Patterns  map[string]struct{}
	SChannels map[string]struct{}
}

// DB is the selected database.
func (c *Client) DB() int { return int(c.db.Load()) }

// SelectDB changes the selected database.
func (c *Client) SelectDB(db int) { c.db.Store(int32(db)) }

// SetProto changes the protocol version.
func (c *Client) SetProto(version int) {
	c.Proto = version
	c.pushProto.Store(int32(version))
}

// PushProto is the protocol version for who pushes to the client.
func (c *Client) PushProto() int { return int(c.pushProto.Load()) }

// Name is what CLIENT SETNAME gave.
func (c *Client) Name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

// SetName sets the name.
func (c *Client) SetName(name string) {
	c.mu.Lock()
	c.name = name
	c.mu.Unlock()
}

// Lib is what CLIENT SETINFO gave.
func (c *Client) Lib() (name, version string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.libName, c.libVer
}

// SetLib sets library name or version; nil leaves one as it is.
func (c *Client) SetLib(name, version *string) {
	c.mu.Lock()
	if name != nil {
		c.libName = *name
	}
	if version != nil {
		c.libVer = *version
	}
	c.mu.Unlock()
}

// Touch notes that a command began. name must live as long as the program.
func (c *Client) Touch(name *string, unixNano int64) {
	c.active.Store(unixNano)
	if c.lastCmd.Load() != name {
		c.lastCmd.Store(name)
	}
	c.Commands.Add(1)
}

// Active is the time of the last command, Unix ns.
func (c *Client) Active() int64 { return c.active.Load() }

// LastCommand is the name of the last command, or NULL.
func (c *Client) LastCommand() string {
	if p := c.lastCmd.Load(); p != nil {
		return *p
	}
	return "NULL"
}

// SetBlocked notes whether the client waits in a blocking command.
func (c *Client) SetBlocked(b bool) { c.blocked.Store(b) }

// Blocked says whether it does.
func (c *Client) Blocked() bool { return c.blocked.Load() }

// NoteSubscriptions publishes the numbers that CLIENT LIST shows.
func (c *Client) NoteSubscriptions(channels, patterns, sharded int) {
	c.subs.Store(int32(channels))
	c.psubs.Store(int32(patterns))
	c.ssubs.Store(int32(sharded))
}

// Subscriptions returns those numbers.
func (c *Client) Subscriptions() (channels, patterns, sharded int) {
	return int(c.subs.Load()), int(c.psubs.Load()), int(c.ssubs.Load())
}

// Subscribed says whether the client is in subscribed mode.
func (c *Client) Subscribed() bool {
	return c.subs.Load()+c.psubs.Load()+c.ssubs.Load() > 0
}

// EndMulti ends MULTI and forgets what was queued. What the client watches is
// for the engine to forget.
func (c *Client) EndMulti() {
	c.InMulti, c.Poisoned, c.Queue, c.QueueBytes = false, false, nil, 0
	c.NoteMulti(-1, 0)
}

// NoteMulti publishes the length of the queue (-1: not in MULTI) and the number
// of watched keys.
func (c *Client) NoteMulti(queued, watching int) {
	c.multi.Store(int32(queued))
	c.queueMem.Store(c.QueueBytes)
	c.watching.Store(int32(watching))
}

// Multi returns those numbers.
func (c *Client) Multi() (queued, watching int) {
	return int(c.multi.Load()), int(c.watching.Load())
}

// Attach gives the client its connection; before that it is in the registry but
// not shown.
func (c *Client) Attach(s Sink) {
	c.Sink = s
	c.attached.Store(true)
}

// Kill closes the connection once.
func (c *Client) Kill(reason string) {
	if c.killed.CompareAndSwap(false, true) {
		c.Sink.Close(reason)
	}
}

// Registry holds all connected clients.
type Registry struct {
	mu     sync.RWMutex
	byID   map[int64]*Client
	nextID atomic.Int64
	total  atomic.Int64
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{byID: map[int64]*Client{}} }

// NewID returns an id never given before.
func (r *Registry) NewID() int64 { return r.nextID.Add(1) }

// Add adds a client unless there are max already.
func (r *Registry) Add(c *Client, max int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byID) >= max {
		return false
	}
	r.byID[c.ID] = c
	r.total.Add(1)
	return true
}

// AddOwn adds a connection that this server has made itself: no limit keeps it out, and it was not received.
func (r *Registry) AddOwn(c *Client) {
	r.mu.Lock()
	r.byID[c.ID] = c
	r.mu.Unlock()
}

// Remove removes a client.
func (r *Registry) Remove(c *Client) {
	r.mu.Lock()
	delete(r.byID, c.ID)
	r.mu.Unlock()
}

// Get returns the client with an id, or nil.
func (r *Registry) Get(id int64) *Client {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.byID[id]; c != nil && c.attached.Load() && !c.killed.Load() {
		return c
	}
	return nil
}

// Len is the number of connected clients.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byID)
}

// Total counts connections accepted since start.
func (r *Registry) Total() int64 { return r.total.Load() }

// All returns the clients in order of their ids.
func (r *Registry) All() []*Client {
	r.mu.RLock()
	list := make([]*Client, 0, len(r.byID))
	for _, c := range r.byID {
		if c.attached.Load() && !c.killed.Load() { // who is killed is as good as gone
			list = append(list, c)
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(list, func(a, b *Client) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
