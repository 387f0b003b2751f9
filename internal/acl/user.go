package acl

import (
	"crypto/subtle"
	"slices"
	"strings"
	"sync/atomic"
)

// User is somebody clients can be. Whoever holds a User sees changes of its rights at
// once.
type User struct {
	Name    string
	rights  atomic.Pointer[Rights]
	deleted atomic.Bool
}

type sanitize uint8

const (
	sanitizeUnsaid sanitize = iota
	sanitizeYes
	sanitizeSkip
)

// Rights are all that is known of a user at one time; they never change (A1).
type Rights struct {
	on        bool
	noPass    bool
	sanitize  sanitize
	passwords []string // SHA-256, in hex
	selectors []*selector

	everything bool // A2
	allKeys    bool // in every selector
	allChans   bool
}

// nothing are the rights of who does not exist any more (A4).
var nothing = &Rights{}

// Rights returns what the user may do now.
func (u *User) Rights() *Rights { return u.rights.Load() }

// Unrestricted says that the user may do everything. So may nobody: the server itself.
func (u *User) Unrestricted() bool { return u == nil || u.rights.Load().everything }

// Deleted says that the user is gone.
func (u *User) Deleted() bool { return u.deleted.Load() }

// NoPassword says that no password is asked of the user.
func (r *Rights) NoPassword() bool { return r.noPass }

// On says that one may log in as the user.
func (r *Rights) On() bool { return r.on }

// accepts compares a password with all of the user's, in the same time whichever fits.
func (r *Rights) accepts(password []byte) bool {
	if !r.on {
		return false
	}
	if r.noPass {
		return true
	}
	hash := []byte(HashPassword(password))
	found := 0
	for _, p := range r.passwords {
		found |= subtle.ConstantTimeCompare(hash, []byte(p))
	}
	return found == 1
}

// clone is the beginning of a change.
func (r *Rights) clone() Rights {
	c := *r
	c.passwords, c.selectors = slices.Clone(r.passwords), make([]*selector, len(r.selectors))
	for i, s := range r.selectors {
		c.selectors[i] = s.clone()
	}
	return c
}

// finish makes rights ready for checks.
func (r Rights) finish() *Rights {
	r.everything, r.allKeys, r.allChans = false, true, true
	for _, s := range r.selectors {
		s.finish()
		r.everything = r.everything || s.everything()
		r.allKeys, r.allChans = r.allKeys && s.allKeys, r.allChans && s.allChannels
	}
	return &r
}

// Flags are the words that describe the user as a whole.
func (r *Rights) Flags() []string {
	flags := make([]string, 0, 3)
	if r.on {
		flags = append(flags, "on")
	} else {
		flags = append(flags, "off")
	}
	if r.noPass {
		flags = append(flags, "nopass")
	}
	switch r.sanitize {
	case sanitizeSkip:
		flags = append(flags, "skip-sanitize-payload")
	case sanitizeYes:
		flags = append(flags, "sanitize-payload")
	}
	return flags
}

// Passwords are the hashes of the user's passwords.
func (r *Rights) Passwords() []string { return r.passwords }

// SelectorRules are the rules of one selector in the parts that ACL GETUSER shows.
type SelectorRules struct{ Commands, Keys, Channels string }

// Selectors are the rules of the user, followed by those in parentheses.
func (r *Rights) Selectors() []SelectorRules {
	list := make([]SelectorRules, len(r.selectors))
	for i, s := range r.selectors {
		list[i] = SelectorRules{s.commandRules(), s.keyRules(), s.channelRules()}
	}
	return list
}

// Words are rules that make the same user again (A3).
func (r *Rights) Words() []string {
	words := r.Flags()
	for _, p := range r.passwords {
		words = append(words, "#"+p)
	}
	for i, s := range r.selectors {
		rules := s.describe(nil)
		if i > 0 {
			rules = []string{"(" + strings.Join(rules, " ") + ")"}
		}
		words = append(words, rules...)
	}
	return fields(strings.Join(words, " ")) // no rule holds a blank
}

// Describe is the user's line in ACL LIST and in files.
func (u *User) Describe() string {
	return "user " + u.Name + " " + strings.Join(u.Rights().Words(), " ")
}
