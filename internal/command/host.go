package command

import (
	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
)

// Host is what the running instance offers to commands that are not about
// data. The node implements it.
type Host interface {
	Databases() int
	Access
	Connections
	Messaging
	Operator
	Replicator
	Debugger
	Scripting
}

// Access decides who clients may be.
type Access interface {
	Users() *acl.Users
	// Login makes the client a user, if the password is the user's.
	Login(cl *client.Client, user, password []byte) bool
	// Logout makes it what a new connection is.
	Logout(cl *client.Client)
	// ChangeUser applies ACL rules to a user, who is made if need be, and closes clients
	// with subscriptions that the user has lost. by is the client that asks: it is closed
	// after its reply, here and below.
	ChangeUser(by *client.Client, name string, rules []string) error
	// DeleteUser ends a user and the clients that are that user.
	DeleteUser(by *client.Client, name string) bool
	// LoadUsers makes the users of the ACL file the only ones.
	LoadUsers(by *client.Client) error
	// SaveUsers writes the ACL file.
	SaveUsers() error
	// RewriteConfig is CONFIG REWRITE, users included. Without a configuration file it makes one.
	RewriteConfig() error
}
