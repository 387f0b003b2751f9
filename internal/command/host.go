package command

import "github.com/haypile/haypile/internal/client"

// Host is what the running instance offers to commands that are not about
// data. The node implements it.
type Host interface {
	Databases() int
	Access
	Connections
	Messaging
	Operator
	Debugger
	Scripting
}

// Access decides who clients may be.
type Access interface {
	// Login makes the client a user, if the password is the user's.
	Login(cl *client.Client, user, password []byte) bool
	// Logout makes it what a new connection is.
	Logout(cl *client.Client)
	UserExists(name string) bool
	// PasswordSet says whether the default user needs a password.
	PasswordSet() bool
}
