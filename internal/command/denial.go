package command

import (
	"bytes"
	"time"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

// Deny keeps a denial in ACL LOG.
func Deny(users *acl.Users, cl *client.Client, row *Row, args [][]byte, d acl.Denial, where acl.Context) {
	object := row.Full
	if d.Reason != acl.DeniedCommand {
		object = string(args[d.Arg])
	}
	logDenial(users, cl, acl.Event{Reason: d.Reason, Context: where, Object: object, User: cl.User().Name})
}

func logDenial(users *acl.Users, cl *client.Client, ev acl.Event) {
	now := time.Now()
	ev.Client = string(cl.AppendInfo(nil, now, 0))
	users.Log.Add(ev, now)
}

// DeniedText is the error for a command that its client may not run.
func DeniedText(row *Row, d acl.Denial) string {
	switch d.Reason {
	case acl.DeniedCommand:
		return "NOPERM this user has no permissions to run the '" + row.Full + "' command"
	case acl.DeniedKey:
		return "NOPERM this user has no permissions to access one of the keys used as arguments"
	}
	return "NOPERM this user has no permissions to access one of the channels used as arguments"
}

// DeniedAtExecText is the error for a command whose client has lost the right to run it since
// it was queued.
func DeniedAtExecText(d acl.Denial) string {
	why := "no permission to access one of the channels used as arguments"
	switch d.Reason {
	case acl.DeniedCommand:
		why = "no permission to execute the command or subcommand"
	case acl.DeniedKey:
		why = "no permission to touch the specified keys"
	}
	return "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
		"This command is no longer allowed for the following reason: " + why
}

// CheckInScript says whether the client may run a command that its script calls; if not it keeps
// the denial and returns the error for the script. row and args are the called command's.
func CheckInScript(c *Ctx, row *Row, args [][]byte) error {
	u := c.C.User()
	if u.Unrestricted() {
		return nil
	}
	d := row.Check(u, args)
	if !d.Denied() {
		return nil
	}
	Deny(c.Host.Users(), c.C, row, args, d, acl.Lua)
	return resp.Err("ERR The user executing the script " + deniedInScript(d))
}

func deniedInScript(d acl.Denial) string {
	switch d.Reason {
	case acl.DeniedCommand:
		return "can't run this command or subcommand"
	case acl.DeniedKey:
		return "can't access at least one of the keys mentioned in the command arguments"
	}
	return "can't publish to the channel mentioned in the command"
}

// deniedDryRun is what ACL DRYRUN replies.
func deniedDryRun(row *Row, args [][]byte, d acl.Denial) string {
	switch d.Reason {
	case acl.DeniedCommand:
		return "This user has no permissions to run the '" + row.Full + "' command"
	case acl.DeniedKey:
		return "This user has no permissions to access the '" + untilZero(args[d.Arg]) + "' key"
	}
	return "This user has no permissions to access the '" + untilZero(args[d.Arg]) + "' channel"
}

// untilZero is an argument as Redis's C strings show it: up to the first zero byte.
func untilZero(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
