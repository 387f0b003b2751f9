package command

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

// Replicator is what the instance offers to commands about replication.
type Replicator interface {
	// Follow makes this server a replica of a master; force copies everything
	// whatever is there.
	Follow(host string, port int, force bool) error
	// Lead makes this server a master; force does so even if it has only the beginning of its master's data.
	Lead(force bool) error
	// TakeOver does the same, and lets a master that is alive hand over first.
	TakeOver() error
	// FollowDB stops or resumes following for one database (DBSLAVEOF).
	FollowDB(db int, follow, force bool) error
	// Role is what ROLE replies.
	Role() Role
	// Streams says whether a service for replicas is known, and returns what takes
	// over the connection.
	Streams(service string) (func(conn net.Conn, rest []byte), error)
	// Positions are the ends of the logs now; Reached counts the replicas that have
	// acknowledged them, and SyncedLocally says whether they are durable here.
	Positions() any
	Reached(positions any, durable bool) int
	SyncedLocally(positions any) bool
	// Failover begins, or aborts, a coordinated change of the master.
	Failover(o FailoverOptions) error
	AbortFailover() error
	// ForgetHistory begins a new history: CLEARREPLICATIONID.
	ForgetHistory() error
	// Refuse is the error for a command that may not run in a database for the sake of replication.
	Refuse(cl *client.Client, db int, row *Row) error
	// Replicating says whether this server is a replica.
	Replicating() bool
	// Relays says whether there are replicas to relay to.
	Relays() bool
	// Relay passes a published message on to replicas.
	Relay(sharded bool, channel, msg []byte)
}

// FailoverOptions are FAILOVER's.
type FailoverOptions struct {
	Host    string
	Port    int // 0: any replica
	Force   bool
	Timeout time.Duration // 0: no bound
}

// Role is what ROLE tells.
type Role struct {
	Master   bool
	Offset   int64
	Replicas []RoleReplica // of a master
	Host     string        // of a replica's master
	Port     int
	State    string
}

// RoleReplica is a replica as ROLE shows it.
type RoleReplica struct {
	Host   string
	Port   int
	Offset int64
}

// sentinelName is how Sentinels begin the names of their connections. What one of them promotes is to take its master's
// place; an operator's REPLICAOF NO ONE only parts from it.
const sentinelName = "sentinel-"

var replicationRows = []Row{
	{Name: "clearreplicationid", Arity: 1, Flags: Admin | NoScript | Once | Worker, Handler: clearReplicationID, Group: "server", Since: "1.0.0", Summary: "Begins a new replication history, so that replicas copy everything again.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "dbslaveof", Arity: -2, Flags: Admin | NoScript | Stale | Once | Worker, Handler: dbslaveof, Group: "server", Since: "1.0.0", Summary: "Stops or resumes following the master for one database.",
		Syntax: "db [mode: (no-one: NO ONE) | FORCE]", Complexity: "O(1)"},
	{Name: "failover", Arity: -1, Flags: Admin | NoScript | Stale | Once | Worker, Handler: failover, Group: "server", Since: "6.2.0", Summary: "Hands the role of master over to a replica without losing writes.",
		Syntax: "[TO (target: host port [FORCE])] [ABORT] [TIMEOUT milliseconds]", Complexity: "O(1)"},
	{Name: "psync", Arity: -3, Flags: Admin | NoScript | NoMulti, Handler: psync, Group: "server", Since: "2.8.0", Summary: "Lets a replica resume replication from an offset, as servers do among themselves.",
		Syntax: "replicationid offset", Complexity: "O(1)"},
	{Name: "replconf", Arity: -1, Flags: Admin | NoScript | Loading | Stale | AllowBusy, Handler: replconf, Group: "server", Since: "3.0.0", Summary: "Lets a replica tell its master about itself, as servers do among themselves.",
		Syntax: "[(option value)...]", Complexity: "O(1)", SysCmd: true},
	{Name: "replicaof", Arity: -3, Flags: Admin | NoScript | Stale | Once | Worker, Handler: replicaof, Group: "server", Since: "5.0.0", Summary: "Makes the server follow a master, or with NO ONE become one itself.",
		Syntax: "(args: (host-port: host port) | (no-one: NO ONE)) [FORCE]", Complexity: "O(1)"},
	{Name: "replstream", Arity: 2, Flags: Admin | NoScript | NoMulti | Loading | Stale | SkipMonitor, Handler: replstream, Group: "server", Since: "1.0.0", Summary: "Lets a replica ask for a service, as servers do among themselves.",
		Syntax: "service", Complexity: "O(1)", SysCmd: true},
	{Name: "role", Arity: 1, Flags: NoScript | Loading | Stale | Fast, Handler: role, Group: "server", Cats: "admin dangerous", Since: "2.8.12", Summary: "Tells whether the server is a master or a replica, and of whom.",
		Syntax: "()", Complexity: "O(N) for N replicas"},
	{Name: "slaveof", Arity: -3, Flags: Admin | NoScript | Stale | Once | Worker, Handler: replicaof, Group: "server", Since: "1.0.0", Summary: "Makes the server follow a master, or become one; the older name of REPLICAOF.",
		Syntax: "(args: (host-port: host port) | (no-one: NO ONE)) [FORCE]", Complexity: "O(1)", DeprecatedSince: "5.0.0", ReplacedBy: "`REPLICAOF`"},
	{Name: "sync", Arity: 1, Flags: Admin | NoScript | NoMulti, Handler: psync, Group: "server", Since: "1.0.0", Summary: "Lets a replica ask for a full copy, as servers do among themselves.",
		Syntax: "()", Complexity: "O(1)"},
	{Name: "wait", Arity: 3, Flags: NoScript | Worker, Handler: wait, Group: "generic", Cats: "connection -keyspace", Tips: "request_policy:all_shards response_policy:agg_min", Since: "3.0.0", Summary: "Waits until enough replicas have acknowledged the connection's writes, or time runs out.",
		Syntax: "numreplicas timeout:integer", Complexity: "O(N) for N replicas"},
	{Name: "waitaof", Arity: 4, Flags: NoScript | Worker, Handler: waitAOF, Group: "generic", Cats: "connection -keyspace", Tips: "request_policy:all_shards response_policy:agg_min", Since: "7.2.0", Summary: "Waits until enough servers have the connection's writes in their logs, or time runs out.",
		Syntax: "numlocal:integer numreplicas timeout:integer", Complexity: "O(N) for N replicas"},
}

// replicaof understands Redis's "host port" and "no one", and Pika's "force" behind
// them. Codis says -f to each server that comes back, and means that it shall follow whatever it was: that it does
// without force, from the position that its data proves.
func replicaof(c *Ctx) error {
	force := false
	switch {
	case len(c.Args) == 4 && equalFold(c.Args[3], "force"):
		force = true
	case len(c.Args) == 4 && equalFold(c.Args[3], "-f"):
	case len(c.Args) != 3:
		return resp.WrongArity(c.Row.Full)
	}
	if equalFold(c.Args[1], "no") && equalFold(c.Args[2], "one") {
		var err error
		if strings.HasPrefix(c.C.Name(), sentinelName) {
			err = c.Host.TakeOver()
		} else {
			err = c.Host.Lead(force)
		}
		if err != nil {
			return err
		}
		return c.ok()
	}
	port, ok := numeric.ParseInt64(c.Args[2])
	if !ok || port < 0 || port > 65535 {
		return resp.Err("ERR Invalid master port")
	}
	if err := c.Host.Follow(c.Arg(1), int(port), force); err != nil {
		return err
	}
	return c.ok()
}

// dbslaveof is Pika's: DBSLAVEOF dbN [no one | force | file offset].
func dbslaveof(c *Ctx) error {
	number, ok := numeric.ParseInt64([]byte(strings.TrimPrefix(c.Arg(1), "db")))
	if !ok || number < 0 || number >= int64(c.Host.Databases()) {
		return resp.Err("ERR Invaild db name")
	}
	follow, force := true, false
	switch {
	case len(c.Args) == 2:
	case len(c.Args) == 3 && equalFold(c.Args[2], "force"):
		force = true
	case len(c.Args) == 4 && equalFold(c.Args[2], "no") && equalFold(c.Args[3], "one"):
		follow = false
	case len(c.Args) == 4:
		return resp.Err("ERR a position cannot be set from outside: a database continues from the position that its data proves")
	default:
		return resp.ErrSyntax
	}
	if err := c.Host.FollowDB(int(number), follow, force); err != nil {
		return err
	}
	return c.ok()
}

func role(c *Ctx) error {
	r := c.Host.Role()
	if !r.Master {
		c.W.Array(5)
		c.W.BulkString("slave")
		c.W.BulkString(r.Host)
		c.W.Int(int64(r.Port))
		c.W.BulkString(r.State)
		return c.int(r.Offset)
	}
	c.W.Array(3)
	c.W.BulkString("master")
	c.W.Int(r.Offset)
	c.W.Array(len(r.Replicas))
	for _, x := range r.Replicas {
		c.W.Array(3)
		c.W.BulkString(x.Host)
		c.W.BulkString(strconv.Itoa(x.Port))
		c.W.BulkString(strconv.FormatInt(x.Offset, 10))
	}
	return nil
}

func clearReplicationID(c *Ctx) error {
	if c.Host.Replicating() {
		return resp.Err("ERR this server is a replica: its history is its master's")
	}
	if err := c.Host.ForgetHistory(); err != nil {
		return err
	}
	return c.ok()
}

// psync answers real Redis replicas, which speak another protocol.
func psync(*Ctx) error {
	return errForeignReplica
}

// errForeignReplica names the ways that data takes out of here instead.
const errForeignReplica resp.Err = "ERR Haypile does not serve Redis's PSYNC: a Redis server cannot be its replica, nor redis-cli --replica or --rdb read from it. " +
	"Take data over with haypile export, DUMP and RESTORE, or MIGRATE"

// replconf refuses what begins a replication by Redis's protocol, so that whoever sends it learns so from its first word and
// not after its data is gone. Haypile's own replicas say REPLSTREAM.
func replconf(c *Ctx) error {
	if len(c.Args)%2 == 0 {
		return resp.ErrSyntax
	}
	for i := 1; i < len(c.Args); i += 2 {
		switch strings.ToLower(c.Arg(i)) {
		case "listening-port", "ip-address", "capa", "version", "rdb-only", "rdb-filter-only":
			return errForeignReplica
		case "ack", "getack": // of a stream that there is none of: Redis does not look at them either
		default:
			return resp.Err("ERR Unrecognized REPLCONF option: " + c.Arg(i))
		}
	}
	return c.ok()
}

func replstream(c *Ctx) error {
	f, err := c.Host.Streams(strings.ToUpper(c.Arg(1)))
	if err != nil {
		return err
	}
	c.C.Replica.Store(true)
	c.C.TakeOver = f
	return nil
}

// WaitKey is what clients in WAIT wait for: acknowledgements of replicas.
var WaitKey = []byte("\x00acknowledged")

func waitDeadline(c *Ctx, arg []byte) (int64, error) {
	ms, ok := numeric.ParseInt64(arg)
	switch {
	case !ok:
		return 0, resp.Err("ERR timeout is not an integer or out of range")
	case ms < 0:
		return 0, resp.Err("ERR timeout is negative")
	case ms == 0:
		return 0, nil
	}
	return c.T.NowMS() + ms, nil
}

func wait(c *Ctx) error {
	want, ok := numeric.ParseInt64(c.Args[1])
	if !ok {
		return resp.ErrNotInt
	}
	deadline, err := waitDeadline(c, c.Args[2])
	if err != nil {
		return err
	}
	if c.Host.Replicating() {
		return resp.Err("ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
	}
	host, positions := c.Host, c.positions()
	if n := host.Reached(positions, false); int64(n) >= want || c.NoWait {
		return c.int(int64(n))
	}
	return c.Block(Wait{Keys: [][]byte{WaitKey}, DeadlineMS: deadline, OnTimeout: func(w *resp.Writer) {
		w.Int(int64(host.Reached(positions, false)))
	}})
}

func waitAOF(c *Ctx) error {
	local, ok := numeric.ParseInt64(c.Args[1])
	if !ok || local < 0 || local > 1 {
		return resp.Err("ERR value is out of range, must be between 0 and 1")
	}
	want, ok := numeric.ParseInt64(c.Args[2])
	if !ok || want < 0 {
		return resp.Err("ERR value is out of range, must be positive")
	}
	deadline, err := waitDeadline(c, c.Args[3])
	if err != nil {
		return err
	}
	if c.Host.Replicating() {
		return resp.Err("ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.")
	}
	host, positions := c.Host, c.positions()
	reached := func() (int64, int64) {
		here, there := int64(0), int64(host.Reached(positions, true))
		if host.SyncedLocally(positions) {
			here = 1
		}
		return here, there
	}
	write := func(w *resp.Writer) {
		here, there := reached()
		w.Array(2)
		w.Int(here)
		w.Int(there)
	}
	if here, there := reached(); here >= local && there >= want || c.NoWait {
		write(c.W)
		return nil
	}
	return c.Block(Wait{Keys: [][]byte{WaitKey}, DeadlineMS: deadline, OnTimeout: write})
}

// positions are the ends of the logs when the client began to wait.
func (c *Ctx) positions() any {
	if !c.Again || c.C.WaitsFor == nil {
		c.C.WaitsFor = c.Host.Positions()
	}
	return c.C.WaitsFor
}

func failover(c *Ctx) error {
	var o FailoverOptions
	abort := false
	for i := 1; i < len(c.Args); i++ {
		rest := len(c.Args) - i - 1
		switch {
		case equalFold(c.Args[i], "abort") && !abort:
			abort = true
		case equalFold(c.Args[i], "force") && !o.Force:
			o.Force = true
		case equalFold(c.Args[i], "timeout") && rest >= 1 && o.Timeout == 0:
			ms, ok := numeric.ParseInt64(c.Args[i+1])
			if !ok {
				return resp.ErrNotInt
			}
			if ms <= 0 {
				return resp.Err("ERR FAILOVER timeout must be greater than 0")
			}
			o.Timeout = time.Duration(ms) * time.Millisecond
			i++
		case equalFold(c.Args[i], "to") && rest >= 2 && o.Port == 0:
			port, ok := numeric.ParseInt64(c.Args[i+2])
			if !ok {
				return resp.ErrNotInt
			}
			o.Host, o.Port = c.Arg(i+1), int(port)
			i += 2
		default:
			return resp.ErrSyntax
		}
	}
	var err error
	switch {
	case abort && len(c.Args) > 2:
		return resp.ErrSyntax
	case abort:
		err = c.Host.AbortFailover()
	default:
		err = c.Host.Failover(o)
	}
	if err != nil {
		return err
	}
	return c.ok()
}
