package command

import (
	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

var connectionRows = []Row{
	{Name: "auth", Arity: -2, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Handler: auth, Group: "connection", Since: "1.0.0", Summary: "Logs the connection in with a password and, if given, a user name.",
		Syntax: "[username]@6.0.0 password", Complexity: "O(N) for N passwords of the user"},
	{Name: "echo", Arity: 2, Flags: Loading | Stale | Fast, Handler: echo, Group: "connection", Since: "1.0.0", Summary: "Sends back the message it was given.",
		Syntax: "message", Complexity: "O(N) for N bytes"},
	{Name: "hello", Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy | TellFirst, Handler: hello, Group: "connection", Since: "6.0.0", Summary: "Chooses the protocol version and, on request, logs in and names the connection.",
		Syntax: "[arguments: protover:integer [AUTH (username password)] [SETNAME clientname]]", Complexity: "O(1)"},
	{Name: "ping", Arity: -1, Flags: Fast, Handler: ping, Group: "connection", Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "1.0.0", Summary: "Answers PONG, or the message given, to show that the server is alive.",
		Syntax: "[message]", Complexity: "O(1)"},
	{Name: "quit", Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Handler: quit, Group: "connection", Since: "1.0.0", Summary: "Answers OK and hangs up.",
		Syntax: "()", Complexity: "O(N) for N channels and patterns subscribed to and keys watched", DeprecatedSince: "7.2.0", ReplacedBy: "closing the connection"},
	{Name: "reset", Arity: 1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy | TellFirst, Handler: reset, Group: "connection", Since: "6.2.0", Summary: "Brings the connection back to the state of a freshly opened one.",
		Syntax: "()", Complexity: "O(N) for N channels and patterns subscribed to and keys watched"},
	{Name: "select", Arity: 2, Flags: Loading | Stale | Fast, Handler: selectDB, Group: "connection", Since: "1.0.0", Summary: "Switches the connection to the database with the given index.",
		Syntax: "index", Complexity: "O(1)"},
}

// ServerName and ServerVersion are what Haypile tells clients that it is
// compatible with: libraries look there for what they may use.
const (
	ServerName    = "redis"
	ServerVersion = "7.2.0"
)

func echo(c *Ctx) error { return c.bulk(c.Args[1]) }

func ping(c *Ctx) error {
	if len(c.Args) > 2 {
		return resp.WrongArity("ping")
	}
	if c.C.Subscribed() && c.C.Proto < 3 {
		c.W.Array(2)
		c.W.BulkString("pong")
		if len(c.Args) == 2 {
			return c.bulk(c.Args[1])
		}
		return c.bulk(nil)
	}
	if len(c.Args) == 2 {
		return c.bulk(c.Args[1])
	}
	c.W.Simple("PONG")
	return nil
}

// DBIndex reads a database number as SELECT does; Pika's dbN is understood too.
func DBIndex(arg []byte) (int, bool) { return plainDBIndex(trimDB(arg)) }

func trimDB(arg []byte) []byte {
	if len(arg) > 2 && equalFold(arg[:2], "db") {
		return arg[2:]
	}
	return arg
}

func selectDB(c *Ctx) error {
	n, err := databaseArg(c, trimDB(c.Args[1]), "")
	if err != nil {
		return err
	}
	c.C.SelectDB(n)
	return c.ok()
}

func quit(c *Ctx) error {
	c.C.CloseAfter = true
	return c.ok()
}

func auth(c *Ctx) error {
	user, password := []byte("default"), c.Args[1]
	switch {
	case len(c.Args) > 3:
		return resp.ErrSyntax
	case len(c.Args) == 3:
		user, password = c.Args[1], c.Args[2]
	default:
		open := c.Host.Users().Default.Rights().NoPassword()
		if c.Host.Config().Load().UserPass != "" {
			if !open && c.Host.Login(c.C, user, password) || c.Host.Login(c.C, []byte(LimitUser), password) {
				return c.ok()
			}
		}
		if open {
			return resp.ErrNoPassSet
		}
	}
	if !login(c, user, password) {
		return resp.ErrWrongPass
	}
	return c.ok()
}

// LimitUser is who Pika's userpass logs in. As in Pika, AUTH with a password alone finds it.
const LimitUser = "limit"

// login makes the client a user; a refusal is kept in ACL LOG.
func login(c *Ctx, user, password []byte) bool {
	if c.Host.Login(c.C, user, password) {
		return true
	}
	where := acl.TopLevel
	if c.C.InMulti {
		where = acl.Multi
	}
	logDenial(c.Host.Users(), c.C, acl.Event{Reason: acl.DeniedAuth, Context: where, Object: c.Arg(0), User: string(user)})
	return false
}

// reset makes the connection what a new one is.
func reset(c *Ctx) error {
	cl := c.C
	endMulti(c)
	cl.SelectDB(0)
	cl.SetName("")
	cl.Reply, cl.ReadOnly, cl.NoEvict, cl.NoTouch = client.ReplyOn, false, false, false
	c.Host.PubSub().Forget(cl)
	c.Host.Tracking().Off(cl)
	c.Host.StopMonitor(cl)
	setProto(c, 2)
	cl.NoteFlags()
	c.Host.Logout(cl)
	c.W.Simple("RESET")
	return nil
}

// setProto changes the protocol when all messages that were written in the old one are ahead of the reply.
func setProto(c *Ctx, proto int) {
	if proto != c.C.Proto {
		c.Host.PubSub().Alone(func() {
			c.Host.Tracking().Alone(func() { c.C.SetProto(proto) })
		})
	}
	c.C.Sink.Settle()
	c.W.Proto = proto
}

// helloOptions are what HELLO asks for.
type helloOptions struct {
	proto          int // 0: as it is
	user, password []byte
	login          bool
	name           []byte
	rename         bool
}

func parseHello(args [][]byte) (o helloOptions, err error) {
	if len(args) == 1 {
		return o, nil
	}
	n, ok := numeric.ParseInt64(args[1])
	if !ok {
		return o, resp.Err("ERR Protocol version is not an integer or out of range")
	}
	if n < 2 || n > 3 {
		return o, resp.Err("NOPROTO unsupported protocol version")
	}
	o.proto = int(n)
	for i := 2; i < len(args); i++ {
		more := len(args) - 1 - i
		switch {
		case equalFold(args[i], "auth") && more >= 2:
			o.user, o.password, o.login = args[i+1], args[i+2], true
			i += 2
		case equalFold(args[i], "setname") && more >= 1:
			o.name, o.rename = args[i+1], true
			if err := checkClientText(o.name, "Client names"); err != nil {
				return o, err
			}
			i++
		default:
			return o, resp.Err("ERR Syntax error in HELLO option '" + string(args[i]) + "'")
		}
	}
	return o, nil
}

func hello(c *Ctx) error {
	o, err := parseHello(c.Args)
	if err != nil {
		return err
	}
	if o.login && !login(c, o.user, o.password) {
		return resp.ErrWrongPass
	}
	if !c.C.Authenticated && c.Host.Users().LoginNeeded() {
		return resp.Err("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
	}
	if o.rename {
		c.C.SetName(string(o.name))
	}
	if o.proto != 0 {
		setProto(c, o.proto)
	}
	c.W.Map(7)
	c.W.BulkString("server")
	c.W.BulkString(ServerName)
	c.W.BulkString("version")
	c.W.BulkString(ServerVersion)
	c.W.BulkString("proto")
	c.W.Int(int64(c.C.Proto))
	c.W.BulkString("id")
	c.W.Int(c.C.ID)
	c.W.BulkString("mode")
	c.W.BulkString("standalone")
	c.W.BulkString("role")
	if c.Host.Replicating() {
		c.W.BulkString("replica")
	} else {
		c.W.BulkString("master")
	}
	c.W.BulkString("modules")
	c.W.Array(0)
	return nil
}

// checkClientText refuses names that would break the lines of CLIENT LIST. what
// begins the error's text.
func checkClientText(b []byte, what string) error {
	for _, ch := range b {
		if ch < '!' || ch > '~' {
			return resp.Err("ERR " + what + " cannot contain spaces, newlines or special characters.")
		}
	}
	return nil
}
