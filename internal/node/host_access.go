package node

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/haypile/haypile/internal/acl"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/pubsub"
)

// openUsers makes the users that the configuration describes.
func (n *Node) openUsers(v *config.Values) error {
	n.users.SetNewChannels(v.ACLPubSubDefault == config.ACLAllChannels)
	if v.RequirePass != "" {
		n.users.SetDefaultPassword(v.RequirePass)
	}
	if v.ACLFile != "" {
		_, err := n.replaceUsers()
		return err
	}
	defs := make([]acl.Definition, len(v.Users))
	for i, words := range v.Users {
		defs[i] = acl.Definition{At: v.UserLine(i), Name: words[0], Rules: words[1:]}
	}
	if def, ok := n.limitUser(v); ok {
		defs = append(defs, def)
	}
	if err := n.users.Configure(defs); err != nil {
		return err
	}
	for _, u := range n.users.All() {
		if !u.Rights().On() {
			n.log.Warn("a user in the configuration is off (no rule says on): nobody can log in as this user", "user", u.Name)
		}
	}
	return nil
}

// limitUser is what Pika's userpass and userblacklist stand for.
func (n *Node) limitUser(v *config.Values) (def acl.Definition, ok bool) {
	if v.UserPass == "" {
		if v.UserBlacklist != "" {
			n.log.Warn("userblacklist has no effect without userpass: it is about who logs in with that password. " +
				"To bar everybody, take commands from the user default: user default on nopass ~* &* +@all -flushall")
		}
		return def, false
	}
	for _, words := range v.Users {
		if words[0] == command.LimitUser {
			return def, false
		}
	}
	def = acl.Definition{At: "userpass", Name: command.LimitUser, Rules: []string{"on", ">" + v.UserPass, "~*", "&*", "+@all"}}
	for name := range strings.SplitSeq(v.UserBlacklist, ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "":
		case n.table.Find([]byte(name)) == nil:
			n.log.Warn("userblacklist names a command that does not exist here", "command", name)
		default:
			def.Rules = append(def.Rules, "-"+name)
		}
	}
	return def, true
}

// aclPath is where the ACL file is. A relative path starts at the data directory, as in
// Redis, which works there.
func (n *Node) aclPath() string {
	v := n.cfg.Load()
	if filepath.IsAbs(v.ACLFile) {
		return v.ACLFile
	}
	return filepath.Join(v.Dir, v.ACLFile)
}

// replaceUsers reads the ACL file.
func (n *Node) replaceUsers() ([]*acl.User, error) {
	name := n.cfg.Load().ACLFile
	text, err := readFile(n.fs, n.aclPath())
	if err != nil {
		return nil, fmt.Errorf("Error loading ACLs, opening file '%s': %w", name, err)
	}
	return n.users.Replace(name, string(text))
}

// Users implements command.Access.
func (n *Node) Users() *acl.Users { return n.users }

// Login implements command.Access.
func (n *Node) Login(cl *client.Client, user, password []byte) bool {
	u := n.users.Login(string(user), password)
	if u == nil {
		return false
	}
	cl.SetUser(u)
	if u.Deleted() { // while this went on: whoever deletes may have missed this client
		n.Logout(cl)
		return false
	}
	cl.Authenticated = true
	return true
}

// Logout implements command.Access.
func (n *Node) Logout(cl *client.Client) {
	cl.SetUser(n.users.Default)
	cl.Authenticated = !n.users.LoginNeeded()
}

// ChangeUser implements command.Access.
func (n *Node) ChangeUser(by *client.Client, name string, rules []string) error {
	u, lost, err := n.users.Set(name, rules)
	if err != nil || lost == nil {
		return err
	}
	for _, cl := range n.registry.All() {
		if cl.User() == u && cl.Subscribed() && !n.maySubscribe(cl, lost) {
			end(cl, by, "its user has lost channels that it is subscribed to")
		}
	}
	return nil
}

// maySubscribe says whether a client may keep all of its subscriptions.
func (n *Node) maySubscribe(cl *client.Client, f *acl.ChannelFilter) bool {
	for _, kind := range [...]pubsub.Kind{pubsub.Patterns, pubsub.Channels, pubsub.Sharded} {
		for _, name := range n.hub.Names(kind, cl) {
			if !f.Allows(name, kind == pubsub.Patterns) {
				return false
			}
		}
	}
	return true
}

// end closes a client; the one that has asked for it gets its reply first.
func end(cl, by *client.Client, reason string) {
	if cl == by {
		cl.CloseAfter = true
		return
	}
	cl.Kill(reason)
}

// DeleteUser implements command.Access.
func (n *Node) DeleteUser(by *client.Client, name string) bool {
	u := n.users.Delete(name)
	if u == nil {
		return false
	}
	n.endClients(by, []*acl.User{u})
	return true
}

func (n *Node) endClients(by *client.Client, users []*acl.User) {
	gone := map[*acl.User]bool{}
	for _, u := range users {
		gone[u] = true
	}
	for _, cl := range n.registry.All() {
		if gone[cl.User()] {
			end(cl, by, "its user was deleted")
		}
	}
}

// LoadUsers implements command.Access.
func (n *Node) LoadUsers(by *client.Client) error {
	gone, err := n.replaceUsers()
	if err != nil {
		return err
	}
	n.endClients(by, gone)
	return nil
}

// SaveUsers implements command.Access.
func (n *Node) SaveUsers() error {
	text := strings.Join(n.users.Lines(), "\n") + "\n"
	err := writeFileAtomic(n.fs, n.aclPath(), []byte(text))
	if err != nil {
		n.log.Error("ACL SAVE failed; the file is as it was", "file", n.aclPath(), "err", err)
	}
	return err
}

// RewriteConfig implements command.Access. Without an ACL file the users go into the
// configuration file, unless there is nothing to say about them.
func (n *Node) RewriteConfig() error {
	v := n.cfg.Load()
	if v.ACLFile == "" && !(len(v.Users) == 0 && n.users.Untouched(v.RequirePass)) {
		var lines [][]string
		for _, u := range n.users.All() {
			lines = append(lines, append([]string{u.Name}, u.Rights().Words()...))
		}
		if err := n.cfg.Update(func(v *config.Values) { v.Users = lines }); err != nil {
			return err
		}
	}
	path, err := filepath.Abs(filepath.Join(v.Dir, rewrittenFile))
	if err != nil {
		return err
	}
	made, err := n.cfg.RewriteTo(path)
	if made && err == nil {
		n.log.Warn("CONFIG REWRITE: the server was started without a configuration file; what is in force was written to a new one. "+
			"Name it at the next start, else the change is forgotten", "file", path)
	}
	return err
}

// rewrittenFile is what CONFIG REWRITE writes in the data directory if no file was loaded: Codis and Sentinel take a refusal for a
// failed promotion. It is called as no operator's file is.
const rewrittenFile = "config-rewrite.conf"
