package node

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/haypile/haypile/internal/client"
)

const defaultUser = "default"

// Login implements command.Access.
func (n *Node) Login(cl *client.Client, user, password []byte) bool {
	if string(user) != defaultUser {
		return false
	}
	if want := n.cfg.Load().RequirePass; want != "" && !sameSecret(password, []byte(want)) {
		return false
	}
	cl.SetUser(defaultUser)
	cl.Authenticated = true
	return true
}

// Logout implements command.Access.
func (n *Node) Logout(cl *client.Client) {
	cl.SetUser(defaultUser)
	cl.Authenticated = !n.PasswordSet()
}

// PasswordSet implements command.Access.
func (n *Node) PasswordSet() bool { return n.cfg.Load().RequirePass != "" }

// sameSecret takes the same time wherever the two differ, and whatever their lengths.
func sameSecret(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// UserExists implements command.Access.
func (n *Node) UserExists(name string) bool { return name == defaultUser }
