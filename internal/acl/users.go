package acl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// DefaultName is the user that every connection begins as.
const DefaultName = "default"

// Users are all users of an instance.
type Users struct {
	Commands *Commands
	Log      Log
	Default  *User // always there

	newChannels atomic.Bool // new users may use all channels

	mu     sync.RWMutex // held while users come, change and go
	byName map[string]*User
}

// NewUsers returns the users of an instance that nobody has configured: default, who
// may do everything without a password.
func NewUsers(c *Commands) *Users {
	u := &Users{Commands: c, Default: &User{Name: DefaultName}, byName: map[string]*User{}}
	u.Default.rights.Store(u.free())
	u.byName[DefaultName] = u.Default
	return u
}

// free are the rights of the default user as it comes.
func (u *Users) free() *Rights {
	root := &selector{commands: u.Commands, allKeys: true, allChannels: true}
	root.begin(true)
	return Rights{on: true, noPass: true, selectors: []*selector{root}}.finish()
}

// SetNewChannels is acl-pubsub-default: whether new users may use all channels.
func (u *Users) SetNewChannels(all bool) { u.newChannels.Store(all) }

// Get returns the user of a name, or nil.
func (u *Users) Get(name string) *User {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.byName[name]
}

// All lists the users by name.
func (u *Users) All() []*User {
	u.mu.RLock()
	defer u.mu.RUnlock()
	list := slices.Collect(maps.Values(u.byName))
	slices.SortFunc(list, func(a, b *User) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Login returns the user of a name if the password is one of the user's, else nil.
func (u *Users) Login(name string, password []byte) *User {
	user := u.Get(name)
	if user == nil || !user.Rights().accepts(password) {
		return nil
	}
	return user
}

// LoginNeeded says whether a new connection has to log in.
func (u *Users) LoginNeeded() bool {
	r := u.Default.Rights()
	return !r.noPass || !r.on
}

// draft begins a change of rights, or a new user if there are none.
func (u *Users) draft(from *Rights) *draft {
	d := &draft{commands: u.Commands, channels: u.newChannels.Load()}
	if from == nil {
		d.reset()
		d.sanitize = sanitizeUnsaid
	} else {
		d.Rights = from.clone()
	}
	return d
}

// ErrName is the error for a user's name that cannot be.
var ErrName = errors.New("Usernames can't contain spaces or null characters")

// Set applies rules to a user, who is made if need be. All of them apply or none. lost,
// if not nil, says which subscriptions the user's clients must not keep.
func (u *Users) Set(name string, rules []string) (user *User, lost *ChannelFilter, err error) {
	if hasBlank(name) {
		return nil, nil, ErrName
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	user = u.byName[name]
	var before *Rights
	if user != nil {
		before = user.Rights()
	}
	d := u.draft(before)
	if err := d.apply(rules); err != nil {
		return nil, nil, err
	}
	after := d.finish()
	if user == nil {
		user = &User{Name: name}
		user.rights.Store(after)
		u.byName[name] = user
		return user, nil, nil
	}
	user.rights.Store(after)
	return user, channelsLost(before, after), nil
}

// SetDefaultPassword makes a password the only one of the default user; "" asks for none.
func (u *Users) SetDefaultPassword(password string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.Default.Rights().clone()
	r.passwords, r.noPass = nil, password == ""
	if password != "" {
		r.passwords = []string{HashPassword([]byte(password))}
	}
	u.Default.rights.Store(r.finish())
}

// Delete removes a user and returns it, or nil if there is none. Who is that user may do
// nothing from now on.
func (u *Users) Delete(name string) *User {
	u.mu.Lock()
	defer u.mu.Unlock()
	user := u.byName[name]
	if user == nil || user == u.Default {
		return nil
	}
	delete(u.byName, name)
	user.end()
	return user
}

func (u *User) end() {
	u.deleted.Store(true)
	u.rights.Store(nothing)
}

// Definition is a user in a file: where it stands, the name, and the rules.
type Definition struct {
	At    string
	Name  string
	Rules []string
}

// Configure makes the users of a configuration file, at start.
func (u *Users) Configure(list []Definition) error {
	seen := map[string]bool{}
	var errs []error
	for _, def := range list {
		if seen[def.Name] {
			errs = append(errs, fmt.Errorf("%s: Duplicate user '%s' found. A user can only be defined once in config files", def.At, def.Name))
			continue
		}
		seen[def.Name] = true
		rules := def.Rules
		if def.Name == DefaultName {
			rules = append([]string{"reset"}, rules...)
		}
		if _, _, err := u.Set(def.Name, rules); err != nil {
			errs = append(errs, fmt.Errorf("%s: user %q: %w", def.At, def.Name, u.explain(err)))
		}
	}
	return errors.Join(errs...)
}

// explain adds to an error what helps the author of a file. Rules that may hold a password
// are not repeated.
func (u *Users) explain(err error) error {
	var rule *RuleError
	if !errors.As(err, &rule) {
		return err
	}
	shown := rule.Rule
	if strings.ContainsAny(shown[:1], "><#!") {
		shown = shown[:1] + "(hidden)"
	}
	text := fmt.Sprintf("rule %q: %v", shown, rule.Err)
	if rule.Err == errUnknown {
		if near := u.Commands.nearest(rule.Rule); near != "" {
			text += fmt.Sprintf("; did you mean %q?", near)
		}
	}
	return errors.New(text)
}

// Lines are all users, as they stand in files.
func (u *Users) Lines() []string {
	var lines []string
	for _, user := range u.All() {
		lines = append(lines, user.Describe())
	}
	return lines
}

// Untouched says that there is the default user only, and that it is what a password
// ("" for none) makes of it.
func (u *Users) Untouched(password string) bool {
	fresh := NewUsers(u.Commands)
	if password != "" {
		fresh.SetDefaultPassword(password)
	}
	return slices.Equal(u.Lines(), fresh.Lines())
}
