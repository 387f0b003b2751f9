// Package server accepts connections and runs their sessions: plain TCP and Unix
// sockets on gnet's event loops, TLS on a goroutine per connection, both behind
// the same session code.
//
// Promises:
//   - V1. Gates stand in one order for every command (see gate.go): known and well
//     formed, authenticated, allowed, MULTI, writable.
//   - V2. What a peer can make the server hold is bounded: input by
//     client-query-buffer-limit, output by client-output-buffer-limit, and much
//     less before it has authenticated.
//   - V3. A peer that does not read, or sends garbage, hurts nobody else.
package server

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/engine"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/script"
	"github.com/haypile/haypile/internal/throttle"
)

// Hooks are what the server tells the rest of the instance.
type Hooks struct {
	// Observe is told of every command executed and how long it took.
	Observe func(cl *client.Client, row *command.Row, args [][]byte, nanos int64)
	// Monitor is told of every command before execution while Monitors is above zero.
	Monitor func(cl *client.Client, db int, args [][]byte, unixNano int64)
	// Refuse returns the error for a command that may not run in a database for the
	// sake of replication; it is asked while Guarded is set.
	Refuse func(cl *client.Client, db int, row *command.Row) error
	// Closed is told when a client has gone.
	Closed func(cl *client.Client)
}

// Options of a Server.
type Options struct {
	Config   *config.Config
	Engine   *engine.Engine
	Table    *command.Table
	Registry *client.Registry
	Users    *acl.Users
	Hooks    Hooks
	Scripts  *script.Host
	Logger   *slog.Logger
}

// Stats count what INFO shows of connections.
type Stats struct {
	Rejected         atomic.Int64
	ProtocolErrors   atomic.Int64
	OutputLimitKills atomic.Int64
	Commands         atomic.Int64
	NetIn, NetOut    atomic.Int64 // of connections that have ended
}

// Reset sets the counters to zero.
func (st *Stats) Reset() {
	for _, c := range []*atomic.Int64{&st.Rejected, &st.ProtocolErrors, &st.OutputLimitKills, &st.Commands, &st.NetIn, &st.NetOut} {
		c.Store(0)
	}
}

// Server serves clients.
type Server struct {
	cfg      *config.Config
	eng      *engine.Engine
	table    *command.Table
	registry *client.Registry
	users    *acl.Users
	hooks    Hooks
	scripts  *script.Host
	log      *slog.Logger
	stats    Stats
	Monitors atomic.Int64

	lim      atomic.Pointer[resp.Limits]
	stranger atomic.Pointer[resp.Limits]

	services  atomic.Pointer[map[int]Service] // see SetServices
	strangers throttle.Sometimes
	shortages throttle.Sometimes // of file descriptors
	failures  throttle.Sometimes // of accept
	attacks   throttle.Sometimes // by HTTP
	pause     pause
	Loading   loading
	Guarded   atomic.Bool // ask Hooks.Refuse
	// OutOfMemory refuses commands that add data.
	OutOfMemory atomic.Bool

	plain   atomic.Pointer[events]
	tls     atomic.Pointer[tlsListener]
	closing atomic.Bool
	still   atomic.Int64 // see StandStill
}

// New returns a server; Listen makes it accept.
func New(o Options) *Server {
	s := &Server{cfg: o.Config, eng: o.Engine, table: o.Table, registry: o.Registry, users: o.Users, hooks: o.Hooks, scripts: o.Scripts, log: o.Logger}
	s.configure(o.Config.Load())
	return s
}

// configure takes over what depends on parameters.
func (s *Server) configure(v *config.Values) {
	lim := resp.DefaultLimits
	lim.MaxBulkBytes = int64(v.ProtoMaxBulkLen)
	s.lim.Store(&lim)
	stranger := lim.Stranger()
	s.stranger.Store(&stranger)
}

// Reconfigure is called after CONFIG SET.
func (s *Server) Reconfigure(v *config.Values) { s.configure(v) }

func (s *Server) outputLimit(cl *client.Client) config.OutputLimit {
	limits := &s.cfg.Load().OutputBufferLimits
	if cl.Subscribed() { // to Redis, MONITOR is normal
		return limits[config.ClassPubSub]
	}
	return limits[config.ClassNormal]
}

func (s *Server) observe(cl *client.Client, row *command.Row, args [][]byte, nanos int64) {
	st := row.Stats
	st.Calls.Add(1)
	st.Nanos.Add(nanos)
	st.Latency.Add(nanos)
	s.stats.Commands.Add(1)
	if s.hooks.Observe != nil {
		s.hooks.Observe(cl, row, args, nanos)
	}
}

// Stats of the server.
func (s *Server) Stats() *Stats { return &s.stats }

// accept decides about a new connection: the client, or the bytes to send before
// closing it.
func (s *Server) accept(o endpoint) (*client.Client, string) {
	v := s.cfg.Load()
	if s.closing.Load() {
		return nil, "-ERR the server is shutting down\r\n"
	}
	if v.ProtectedMode && s.users.Default.Rights().NoPassword() && !o.local && s.defaultBind(v) {
		s.stats.Rejected.Add(1)
		return nil, "-" + deniedText + "\r\n"
	}
	cl := &client.Client{
		ID: s.registry.NewID(), Addr: o.addr, LAddr: o.laddr, FD: o.fd, Unix: o.unix, TLS: o.tls, Local: o.local,
		Created: time.Now(), Proto: 2, Authenticated: !s.users.LoginNeeded(),
	}
	if !o.unix && !o.tls {
		cl.Service = s.service(servicePort(o.laddr)).Name
	}
	cl.SetUser(s.users.Default)
	cl.Touch(nil, time.Now().UnixNano())
	cl.NoteMulti(-1, 0)
	if !s.registry.Add(cl, int(v.MaxClients)) {
		s.stats.Rejected.Add(1)
		return nil, "-" + string(resp.ErrMaxClients) + "\r\n"
	}
	return cl, ""
}

// defaultBind says that no bind address was chosen on purpose, as protected mode
// asks.
func (s *Server) defaultBind(*config.Values) bool { return true }

const deniedText = "DENIED Haypile is running in protected mode because protected mode is enabled and no password is set for the default user. " +
	"In this mode connections are only accepted from the loopback interface. If you want to connect from external computers, " +
	"either set a password with CONFIG SET requirepass, or disable protected mode with CONFIG SET protected-mode no " +
	"(from this machine) and make sure the port is not reachable from the internet."

type endpoint struct {
	addr, laddr      string
	fd               int
	unix, tls, local bool
}

func (s *Server) forget(cl *client.Client) {
	s.registry.Remove(cl)
	s.eng.Unwatch(cl)
	if cl.Monitor {
		s.Monitors.Add(-1)
	}
	s.stats.NetIn.Add(cl.NetIn.Load())
	s.stats.NetOut.Add(cl.NetOut.Load())
	if s.hooks.Closed != nil {
		s.hooks.Closed(cl)
	}
}

// Close stops accepting and closes all connections.
func (s *Server) Close() {
	s.closing.Store(true)
	if ev := s.plain.Swap(nil); ev != nil {
		ev.stop()
	}
	if t := s.tls.Swap(nil); t != nil {
		t.stop()
	}
}
