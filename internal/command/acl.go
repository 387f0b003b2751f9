package command

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/resp"
)

var aclRows = []Row{
	{Name: "acl", Arity: -2, Group: "server", Since: "6.0.0", Summary: "Groups the commands about users and what they may do.", Sub: []Row{
		{Name: "cat", Arity: -2, Flags: NoScript | Loading | Stale, Handler: aclCat, Since: "6.0.0", Summary: "Names the categories of commands, or the commands of one category.",
			Syntax: "[category]", Complexity: "O(N) for N categories, or commands of the category"},
		{Name: "deluser", Arity: -3, Flags: Admin | NoScript | Loading | Stale | Once, Handler: aclDelUser, Since: "6.0.0", Summary: "Removes users and closes the connections they have open.",
			Syntax: "username...", Complexity: "O(N) for N users"},
		{Name: "dryrun", Arity: -4, Flags: Admin | NoScript | Loading | Stale, Handler: aclDryRun, Since: "7.0.0", Summary: "Tells whether a user would be allowed to run a command.",
			Syntax: "username command [arg...]", Complexity: "O(N) for N arguments, and O(M) for M rules of the user"},
		{Name: "genpass", Arity: -2, Flags: NoScript | Loading | Stale, Handler: aclGenPass, Since: "6.0.0", Summary: "Makes up a random password that is hard to guess.",
			Syntax: "[bits:integer]", Complexity: "O(1)"},
		{Name: "getuser", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Handler: aclGetUser, Since: "6.0.0", Summary: "Shows the flags, passwords and permissions of a user.",
			Syntax: "username", Complexity: "O(N) for N rules of the user"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: aclHelp, Since: "6.0.0", Summary: "Lists the subcommands of ACL with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "list", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Handler: aclList, Since: "6.0.0", Summary: "Writes out every user in the form that the ACL file uses.",
			Syntax: "()", Complexity: "O(N) for N users"},
		{Name: "load", Arity: 2, Flags: Admin | NoScript | Loading | Stale | Once | Worker, Handler: aclLoad, Since: "6.0.0", Summary: "Replaces the users with those in the ACL file.",
			Syntax: "()", Complexity: "O(N) for N users"},
		{Name: "log", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Handler: aclLog, Since: "6.0.0", Summary: "Shows the latest refused logins and commands, or clears them with RESET.",
			Syntax: "[operation: count | RESET]", Complexity: "O(N) for N entries shown"},
		{Name: "save", Arity: 2, Flags: Admin | NoScript | Loading | Stale | Once | Worker, Handler: aclSave, Since: "6.0.0", Summary: "Writes the users now in force to the ACL file.",
			Syntax: "()", Complexity: "O(N) for N users"},
		{Name: "setuser", Arity: -3, Flags: Admin | NoScript | Loading | Stale | Once, Handler: aclSetUser, Since: "6.0.0", Summary: "Changes what a user may do, adding the user if necessary.",
			Syntax: "username [rule...]", Complexity: "O(N) for N rules given"},
		{Name: "users", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Handler: aclUsers, Since: "6.0.0", Summary: "Lists the names of all users.",
			Syntax: "()", Complexity: "O(N) for N users"},
		{Name: "whoami", Arity: 2, Flags: NoScript | Loading | Stale, Handler: aclWhoAmI, Since: "6.0.0", Summary: "Tells which user the connection is logged in as.",
			Syntax: "()", Complexity: "O(1)"},
	}},
}

// wrongForm is the error for a subcommand with arguments that it does not take.
func wrongForm(c *Ctx, most int) error {
	if len(c.Args) > most {
		return unknownSubcommand(c)
	}
	return nil
}

func (c *Ctx) bulks(list []string) error {
	c.W.Array(len(list))
	for _, s := range list {
		c.W.BulkString(s)
	}
	return nil
}

func aclCat(c *Ctx) error {
	if err := wrongForm(c, 3); err != nil {
		return err
	}
	commands := c.Host.Users().Commands
	if len(c.Args) == 2 {
		return c.bulks(commands.Categories())
	}
	names, ok := commands.In(c.Arg(2))
	if !ok {
		return resp.Err("ERR Unknown category '" + c.Arg(2) + "'")
	}
	return c.bulks(names)
}

func aclWhoAmI(c *Ctx) error {
	c.W.BulkString(c.C.User().Name)
	return nil
}

func aclUsers(c *Ctx) error {
	users := c.Host.Users().All()
	c.W.Array(len(users))
	for _, u := range users {
		c.W.BulkString(u.Name)
	}
	return nil
}

func aclList(c *Ctx) error { return c.bulks(c.Host.Users().Lines()) }

func aclSetUser(c *Ctx) error {
	err := c.Host.ChangeUser(c.C, c.Arg(2), words(c, 3))
	if err == nil {
		return c.ok()
	}
	var rule *acl.RuleError
	if errors.As(err, &rule) {
		return resp.Err("ERR Error in ACL SETUSER modifier '" + rule.Rule + "': " + rule.Error())
	}
	return resp.Err("ERR " + err.Error())
}

func aclDelUser(c *Ctx) error {
	for _, name := range c.Args[2:] {
		if string(name) == acl.DefaultName {
			return resp.Err("ERR The 'default' user cannot be removed")
		}
	}
	deleted := int64(0)
	for _, name := range c.Args[2:] {
		if c.Host.DeleteUser(c.C, string(name)) {
			deleted++
		}
	}
	return c.int(deleted)
}

func aclGetUser(c *Ctx) error {
	u := c.Host.Users().Get(c.Arg(2))
	if u == nil {
		return c.null()
	}
	r := u.Rights()
	selectors := r.Selectors()
	if len(selectors) == 0 { // deleted meanwhile
		return c.null()
	}
	c.W.Map(6)
	c.W.BulkString("flags")
	c.W.Set(len(r.Flags()))
	for _, f := range r.Flags() {
		c.W.BulkString(f)
	}
	c.W.BulkString("passwords")
	_ = c.bulks(r.Passwords())
	c.selector(selectors[0])
	c.W.BulkString("selectors")
	c.W.Array(len(selectors) - 1)
	for _, s := range selectors[1:] {
		c.W.Map(3)
		c.selector(s)
	}
	return nil
}

func (c *Ctx) selector(s acl.SelectorRules) {
	for _, part := range [...][2]string{{"commands", s.Commands}, {"keys", s.Keys}, {"channels", s.Channels}} {
		c.W.BulkString(part[0])
		c.W.BulkString(part[1])
	}
}

func aclDryRun(c *Ctx) error {
	u := c.Host.Users().Get(c.Arg(2))
	if u == nil {
		return resp.Err("ERR User '" + untilZero(c.Args[2]) + "' not found")
	}
	args := c.Args[3:]
	row := c.Host.Table().Resolve(args)
	switch {
	case row == nil:
		return resp.Err("ERR Command '" + untilZero(c.Args[3]) + "' not found")
	case !row.ArityOK(len(args)):
		return resp.WrongArity(row.Full)
	}
	if d := row.Check(u, args); d.Denied() {
		c.W.BulkString(deniedDryRun(row, args, d))
		return nil
	}
	return c.ok()
}

const genPassMaxBits = 4096

func aclGenPass(c *Ctx) error {
	if err := wrongForm(c, 3); err != nil {
		return err
	}
	n := int64(256)
	if len(c.Args) == 3 {
		var ok bool
		if n, ok = numeric.ParseInt64(c.Args[2]); !ok {
			return resp.ErrNotInt
		}
	}
	if n <= 0 || n > genPassMaxBits {
		return resp.Err("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
	}
	var random [genPassMaxBits / 8]byte
	_, _ = rand.Read(random[:]) // never fails
	c.W.BulkString(hex.EncodeToString(random[:])[:(n+3)/4])
	return nil
}

func aclLog(c *Ctx) error {
	if err := wrongForm(c, 3); err != nil {
		return err
	}
	n := int64(10)
	if len(c.Args) == 3 {
		if equalFold(c.Args[2], "reset") {
			c.Host.Users().Log.Reset()
			return c.ok()
		}
		var ok bool
		if n, ok = numeric.ParseInt64(c.Args[2]); !ok {
			return resp.ErrNotInt
		}
	}
	entries := c.Host.Users().Log.Last(int(max(0, n)))
	now := time.Now()
	c.W.Array(len(entries))
	for i := range entries {
		c.logEntry(&entries[i], now)
	}
	return nil
}

func (c *Ctx) logEntry(e *acl.Entry, now time.Time) {
	c.W.Map(10)
	c.W.BulkString("count")
	c.W.Int(e.Count)
	for _, part := range [...][2]string{{"reason", e.Reason.String()}, {"context", string(e.Context)}, {"object", e.Object}, {"username", e.User}} {
		c.W.BulkString(part[0])
		c.W.BulkString(part[1])
	}
	c.W.BulkString("age-seconds")
	c.W.Double(float64(now.Sub(e.Updated).Milliseconds()) / 1000)
	c.W.BulkString("client-info")
	c.W.BulkString(e.Client)
	c.W.BulkString("entry-id")
	c.W.Int(e.ID)
	c.W.BulkString("timestamp-created")
	c.W.Int(e.Created.UnixMilli())
	c.W.BulkString("timestamp-last-updated")
	c.W.Int(e.Updated.UnixMilli())
}

const errNoACLFile resp.Err = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration."

func aclLoad(c *Ctx) error {
	if c.Host.Config().Load().ACLFile == "" {
		return errNoACLFile
	}
	if err := c.Host.LoadUsers(c.C); err != nil {
		return resp.Err("ERR " + err.Error())
	}
	return c.ok()
}

func aclSave(c *Ctx) error {
	if c.Host.Config().Load().ACLFile == "" {
		return errNoACLFile
	}
	if err := c.Host.SaveUsers(); err != nil {
		return resp.Err("ERR There was an error trying to save the ACLs. Please check the server logs for more information")
	}
	return c.ok()
}

func aclHelp(c *Ctx) error {
	return help(c, "ACL",
		"CAT [<category>]", "    List all commands that belong to <category>, or all command categories", "    when no category is specified.",
		"DELUSER <username> [<username> ...]", "    Delete a list of users.",
		"DRYRUN <username> <command> [<arg> ...]", "    Returns whether the user can execute the given command without executing the command.",
		"GETUSER <username>", "    Get the user's details.",
		"GENPASS [<bits>]", "    Generate a secure 256-bit user password. The optional `bits` argument can", "    be used to specify a different size.",
		"LIST", "    Show users details in config file format.",
		"LOAD", "    Reload users from the ACL file.",
		"LOG [<count> | RESET]", "    Show the ACL log entries.",
		"SAVE", "    Save the current config to the ACL file.",
		"SETUSER <username> <attribute> [<attribute> ...]", "    Create or modify a user with the specified attributes.",
		"USERS", "    List all the registered usernames.",
		"WHOAMI", "    Return the current connection username.")
}
