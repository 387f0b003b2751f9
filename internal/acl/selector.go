package acl

import (
	"maps"
	"slices"
	"strings"
)

// Access is what a command does with a key.
type Access uint8

const (
	Read Access = 1 << iota
	Write
	readWrite = Read | Write
)

// pattern is a pattern of keys with what may be done with them.
type pattern struct {
	text   string
	glob   []byte // the same
	access Access
}

func (p pattern) String() string {
	switch p.access {
	case readWrite:
		return "~" + p.text
	case Read:
		return "%R~" + p.text
	}
	return "%W~" + p.text
}

// rule is one +… or -… of a selector.
type rule struct {
	text  string
	allow bool
	on    bits
	id    int    // with first: the command
	first string // allow the command only with this first argument
}

// allowed is what the rules of a selector amount to.
type allowed struct {
	on    bits
	first map[int][]string // commands that are not on, by number: allowed first arguments
}

func (a *allowed) apply(r rule) {
	switch {
	case r.first != "":
		if !a.on.has(r.id) && !slices.ContainsFunc(a.first[r.id], func(o string) bool { return strings.EqualFold(o, r.first) }) {
			if a.first == nil {
				a.first = map[int][]string{}
			}
			a.first[r.id] = append(slices.Clip(a.first[r.id]), r.first)
		}
		return
	case r.allow:
		a.on = a.on.or(r.on)
	default:
		a.on = a.on.without(r.on)
	}
	maps.DeleteFunc(a.first, func(id int, _ []string) bool { return r.on.has(id) })
}

func (a *allowed) equal(o *allowed) bool {
	return a.on.equal(o.on) && maps.EqualFunc(a.first, o.first, slices.Equal[[]string])
}

// selector is a set of rules that belong together: commands, the keys and the channels
// on which they may be used. A user has one, and further ones in parentheses.
type selector struct {
	commands    *Commands
	future      bool   // began with +@all: commands that will be there one day, too
	rules       []rule // since then
	allowed     allowed
	allCommands bool
	allKeys     bool
	keys        []pattern
	allChannels bool
	channels    []string
}

func (s *selector) clone() *selector {
	c := *s
	c.rules, c.keys, c.channels = slices.Clone(s.rules), slices.Clone(s.keys), slices.Clone(s.channels)
	c.allowed.on = slices.Clone(s.allowed.on)
	c.allowed.first = maps.Clone(s.allowed.first)
	return &c
}

// begin is +@all and -@all: no earlier rule matters any more.
func (s *selector) begin(all bool) {
	s.future, s.rules, s.allowed = all, nil, s.basis(all)
}

func (s *selector) basis(all bool) allowed {
	if all {
		return allowed{on: s.commands.everything()}
	}
	return allowed{}
}

// compactAt bounds the rules of one change before those without effect are dropped.
const compactAt = 256

func (s *selector) add(r rule) {
	s.allowed.apply(r)
	s.rules = append(s.rules, r)
	if len(s.rules) > compactAt && len(s.rules)%compactAt == 0 {
		s.compact()
	}
}

// compact drops rules whose absence changes nothing, the oldest first. Redis 7.0 prints
// the shortest rules it can find for what is allowed, 7.2 the rules as given: this is as
// given, without those that mean nothing.
func (s *selector) compact() {
	for i := 0; i < len(s.rules); {
		without := s.basis(s.future)
		for j, r := range s.rules {
			if j != i {
				without.apply(r)
			}
		}
		if without.equal(&s.allowed) {
			s.rules = slices.Delete(s.rules, i, i+1)
		} else {
			i++
		}
	}
}

// finish is called when the last rule has been read, before the first check.
func (s *selector) finish() {
	s.compact()
	s.allCommands = s.future && len(s.rules) == 0
}

// everything says that nothing is forbidden.
func (s *selector) everything() bool { return s.allCommands && s.allKeys && s.allChannels }

// CommandRules are the rules about commands, as ACL GETUSER shows them.
func (s *selector) commandRules() string {
	var b strings.Builder
	b.WriteString("-@all")
	if s.future {
		b.Reset()
		b.WriteString("+@all")
	}
	for _, r := range s.rules {
		b.WriteByte(' ')
		b.WriteString(r.text)
	}
	return b.String()
}

func (s *selector) keyRules() string {
	if s.allKeys {
		return "~*"
	}
	list := make([]string, len(s.keys))
	for i, p := range s.keys {
		list[i] = p.String()
	}
	return strings.Join(list, " ")
}

func (s *selector) channelRules() string {
	if s.allChannels {
		return "&*"
	}
	list := make([]string, len(s.channels))
	for i, c := range s.channels {
		list[i] = "&" + c
	}
	return strings.Join(list, " ")
}

// describe appends all rules, as ACL LIST shows them.
func (s *selector) describe(words []string) []string {
	if keys := s.keyRules(); keys != "" {
		words = append(words, keys)
	}
	if !s.allChannels {
		words = append(words, "resetchannels")
	}
	if channels := s.channelRules(); channels != "" {
		words = append(words, channels)
	}
	return append(words, s.commandRules())
}
