package command

import (
	"strings"
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

// Connections is what the instance offers to commands about its clients.
type Connections interface {
	Clients() *client.Registry
	// Pause holds commands back until a time; only writes, unless all.
	Pause(until time.Time, all bool)
	Unpause()
	// StartMonitor sends the client every command from now on; StopMonitor ends it.
	StartMonitor(cl *client.Client)
	StopMonitor(cl *client.Client)
}

var clientRows = []Row{
	{Name: "client", Arity: -2, Group: "connection", Since: "2.4.0", Summary: "Groups the commands about client connections.", Sub: []Row{
		{Name: "caching", Arity: 3, Flags: NoScript | Loading | Stale, Handler: clientCaching, Since: "6.0.0", Summary: "Includes the keys of the next command in tracking, or leaves them out.",
			Syntax: "(mode: YES | NO)", Complexity: "O(1)"},
		{Name: "getname", Arity: 2, Flags: NoScript | Loading | Stale, Handler: clientGetName, Since: "2.6.9", Summary: "Tells the name that CLIENT SETNAME gave to the connection.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "getredir", Arity: 2, Flags: NoScript | Loading | Stale, Handler: clientGetRedir, Since: "6.0.0", Summary: "Tells which client receives this connection's invalidation messages, by ID.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: clientHelp, Since: "5.0.0", Summary: "Lists the subcommands of CLIENT with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "id", Arity: 2, Flags: NoScript | Loading | Stale, Handler: clientID, Since: "5.0.0", Summary: "Tells the number that identifies the connection.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "info", Arity: 2, Flags: NoScript | Loading | Stale, Handler: clientInfo, Tips: "nondeterministic_output", Since: "6.2.0", Summary: "Describes the calling connection in the format of CLIENT LIST.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "kill", Arity: -3, Flags: Admin | NoScript | Loading | Stale | Once, Handler: clientKill, Since: "2.4.0", Summary: "Closes the connections of the clients that fit the filters.",
			Syntax: "(filter: (old-format: ip:port)@-2.8.12 | (new-format: [ID client-id]@2.8.12 | [TYPE (client-type: NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB)]@2.8.12 | [USER username] | [addr: ADDR ip:port] | [laddr: LADDR ip:port]@6.2.0 | [SKIPME (YES | NO)] | [MAXAGE maxage:integer]@7.4.0)...)", Complexity: "O(N) for N connections"},
		{Name: "list", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Handler: clientList, Tips: "nondeterministic_output", Since: "2.4.0", Summary: "Describes the connected clients, one per line.",
			Syntax: "[TYPE (client-type: NORMAL | MASTER | REPLICA | PUBSUB)]@5.0.0 [ID client-id...]@6.2.0", Complexity: "O(N) for N connections"},
		{Name: "no-evict", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Handler: clientNoEvict, Since: "7.0.0", Summary: "Protects the connection from eviction when memory is short, or stops protecting it.",
			Syntax: "(enabled: ON | OFF)", Complexity: "O(1)"},
		{Name: "no-touch", Arity: 3, Flags: NoScript | Loading | Stale, Handler: clientNoTouch, Since: "7.2.0", Summary: "Keeps the connection's commands from counting as use of keys, or lets them again.",
			Syntax: "(enabled: ON | OFF)", Complexity: "O(1)"},
		{Name: "pause", Arity: -3, Flags: Admin | NoScript | Loading | Stale | Once, Handler: clientPause, Since: "2.9.50", Summary: "Holds back the commands of all clients, or only writes, for a while.",
			Syntax: "timeout:integer [mode: WRITE | ALL]@6.2.0", Complexity: "O(1)"},
		{Name: "reply", Arity: 3, Flags: NoScript | Loading | Stale | Once, Handler: clientReply, Since: "3.2.0", Summary: "Turns the replies to the connection off or on, or skips one.",
			Syntax: "(action: ON | OFF | SKIP)", Complexity: "O(1)"},
		{Name: "setinfo", Arity: 4, Flags: NoScript | Loading | Stale, Handler: clientSetInfo, Since: "7.2.0", Summary: "Records the name or version of the client's library.",
			Syntax: "(attr: (libname: LIB-NAME libname) | (libver: LIB-VER libver))", Complexity: "O(1)"},
		{Name: "setname", Arity: 3, Flags: NoScript | Loading | Stale, Handler: clientSetName, Since: "2.6.9", Summary: "Gives the connection a name that CLIENT LIST will show.",
			Syntax: "connection-name", Complexity: "O(1)"},
		{Name: "tracking", Arity: -3, Flags: NoScript | Loading | Stale, Handler: clientTracking, Since: "6.0.0", Summary: "Turns on or off the messages that tell the client when cached keys change.",
			Syntax: "(status: ON | OFF) [REDIRECT client-id] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]", Complexity: "O(N) for N prefixes"},
		{Name: "trackinginfo", Arity: 2, Flags: NoScript | Loading | Stale, Handler: clientTrackingInfo, Since: "6.2.0", Summary: "Shows which tracking options are in force for the connection.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "unblock", Arity: -3, Flags: Admin | NoScript | Loading | Stale | Once, Handler: clientUnblock, Since: "5.0.0", Summary: "Wakes another client from a blocking command, as by timeout or with an error.",
			Syntax: "client-id [unblock-type: TIMEOUT | ERROR]", Complexity: "O(1)"},
		{Name: "unpause", Arity: 2, Flags: Admin | NoScript | Loading | Stale | Once, Handler: clientUnpause, Since: "6.2.0", Summary: "Ends a CLIENT PAUSE before its time.",
			Syntax: "()", Complexity: "O(N) for N paused clients"},
	}},
}

func clientID(c *Ctx) error { return c.int(c.C.ID) }

func clientGetName(c *Ctx) error {
	name := c.C.Name()
	if name == "" {
		return c.null()
	}
	c.W.BulkString(name)
	return nil
}

func clientSetName(c *Ctx) error {
	if err := checkClientText(c.Args[2], "Client names"); err != nil {
		return err
	}
	c.C.SetName(c.Arg(2))
	return c.ok()
}

func clientSetInfo(c *Ctx) error {
	value := c.Arg(3)
	var name, version *string
	switch {
	case equalFold(c.Args[2], "lib-name"):
		name = &value
	case equalFold(c.Args[2], "lib-ver"):
		version = &value
	default:
		return resp.Err("ERR Unrecognized option '" + c.Arg(2) + "'")
	}
	if err := checkClientText(c.Args[3], c.Arg(2)); err != nil {
		return err
	}
	c.C.SetLib(name, version)
	return c.ok()
}

func clientReply(c *Ctx) error {
	cl := c.C
	switch {
	case equalFold(c.Args[2], "on"):
		cl.Reply = client.ReplyOn
		return c.ok()
	case equalFold(c.Args[2], "off"):
		cl.Reply = client.ReplyOff
	case equalFold(c.Args[2], "skip"):
		if cl.Reply != client.ReplyOff {
			cl.Reply = client.ReplySkipNext
		}
	default:
		return resp.ErrSyntax
	}
	return nil
}

func clientNoEvict(c *Ctx) error { return clientSwitch(c, &c.C.NoEvict) }

func clientNoTouch(c *Ctx) error { return clientSwitch(c, &c.C.NoTouch) }

func clientSwitch(c *Ctx, flag *bool) error {
	on, err := onOff(c.Args[2])
	if err != nil {
		return err
	}
	*flag = on
	c.C.NoteFlags()
	return c.ok()
}

func onOff(arg []byte) (bool, error) {
	switch {
	case equalFold(arg, "on"):
		return true, nil
	case equalFold(arg, "off"):
		return false, nil
	}
	return false, resp.ErrSyntax
}

func clientPause(c *Ctx) error {
	all := true
	switch {
	case len(c.Args) > 4:
		return unknownSubcommand(c)
	case len(c.Args) == 4 && equalFold(c.Args[3], "write"):
		all = false
	case len(c.Args) == 4 && !equalFold(c.Args[3], "all"):
		return resp.Err("ERR CLIENT PAUSE mode must be WRITE or ALL")
	}
	ms, ok := numeric.ParseInt64(c.Args[2])
	const longest = int64(time.Duration(1<<63-1) / time.Millisecond)
	switch {
	case !ok:
		return resp.Err("ERR timeout is not an integer or out of range")
	case ms < 0:
		return resp.ErrTimeoutNeg
	case ms > 1<<63-1-time.Now().UnixMilli():
		return resp.Err("ERR timeout is out of range")
	}
	c.Host.Pause(time.Now().Add(time.Duration(min(ms, longest))*time.Millisecond), all)
	return c.ok()
}

func clientUnpause(c *Ctx) error {
	c.Host.Unpause()
	return c.ok()
}

func clientUnblock(c *Ctx) error {
	withError := false
	switch {
	case len(c.Args) > 4:
		return unknownSubcommand(c)
	case len(c.Args) == 4 && equalFold(c.Args[3], "error"):
		withError = true
	case len(c.Args) == 4 && !equalFold(c.Args[3], "timeout"):
		return resp.Err("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	}
	id, ok := numeric.ParseInt64(c.Args[2])
	if !ok {
		return resp.ErrNotInt
	}
	cl := c.Host.Clients().Get(id)
	return c.boolInt(cl != nil && cl.Sink.Unblock(withError))
}

func clientHelp(c *Ctx) error {
	return help(c, "CLIENT",
		"CACHING (YES|NO)", "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
		"GETREDIR", "    Return the client ID we are redirecting to when tracking is enabled.",
		"GETNAME", "    Return the name of the current connection.",
		"ID", "    Return the ID of the current connection.",
		"INFO", "    Return information about the current client connection.",
		"KILL <ip:port>", "    Kill connection made from <ip:port>.",
		"KILL <option> <value> [<option> <value> [...]]", "    Kill connections. Options are:",
		"    * ADDR (<ip:port>|<unixsocket>:0)", "      Kill connections made from the specified address",
		"    * LADDR (<ip:port>|<unixsocket>:0)", "      Kill connections made to specified local address",
		"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)", "      Kill connections by type.",
		"    * USER <username>", "      Kill connections authenticated by <username>.",
		"    * SKIPME (YES|NO)", "      Skip killing current connection (default: yes).",
		"    * ID <client-id>", "      Kill connections by client id.",
		"    * MAXAGE <maxage>", "      Kill connections older than the specified age.",
		"LIST [options ...]", "    Return information about client connections. Options:",
		"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)", "      Return clients of specified type.",
		"    * ID <client-id> [<client-id> ...]", "      Return clients of specified IDs only.",
		"UNPAUSE", "    Stop the current client pause, resuming traffic.",
		"PAUSE <timeout> [WRITE|ALL]", "    Suspend all, or just write, clients for <timeout> milliseconds.",
		"REPLY (ON|OFF|SKIP)", "    Control the replies sent to the current connection.",
		"SETNAME <name>", "    Assign the name <name> to the current connection.",
		"SETINFO <option> <value>", "Set client meta attr. Options are:",
		"    * LIB-NAME: the client lib name.", "    * LIB-VER: the client lib version.",
		"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]", "         [OPTIN] [OPTOUT] [NOLOOP]", "    Control server assisted client side caching.",
		"TRACKINGINFO", "    Report tracking status for the current connection.",
		"UNBLOCK <clientid> [TIMEOUT|ERROR]", "    Unblock the specified blocked client.",
		"NO-EVICT (ON|OFF)", "    Protect current client connection from eviction.",
		"NO-TOUCH (ON|OFF)", "    Will not touch LRU/LFU stats when this mode is on.")
}

// unknownSubcommand is the error for arguments that no subcommand has.
func unknownSubcommand(c *Ctx) error {
	return resp.Err("ERR unknown subcommand or wrong number of arguments for '" + c.Arg(1) + "'. Try " + strings.ToUpper(c.Row.parent()) + " HELP.")
}
