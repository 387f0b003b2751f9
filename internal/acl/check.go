package acl

import (
	"strings"

	"github.com/haypile/haypile/internal/algo/glob"
)

// Reason is why something is denied. The order decides which of several selectors'
// denials is told.
type Reason uint8

const (
	Allowed Reason = iota
	DeniedCommand
	DeniedKey
	DeniedAuth
	DeniedChannel
)

var reasonNames = [...]string{"", "command", "key", "auth", "channel"}

// String is the name in ACL LOG.
func (r Reason) String() string { return reasonNames[r] }

// Denial is the outcome of a check; the zero Denial is none.
type Denial struct {
	Reason Reason
	Arg    int // of keys and channels: index of the argument
}

// Denied says that the command may not run.
func (d Denial) Denied() bool { return d.Reason != Allowed }

// KeyUse is an argument that is a key.
type KeyUse struct {
	Arg    int
	Access Access // 0: either right will do
}

// ChannelUse is an argument that is a channel, or a pattern of channels.
type ChannelUse struct {
	Arg     int
	Pattern bool
}

// Call is a command with its arguments.
type Call struct {
	Command  int  // its number
	Open     bool // everybody may run it, as AUTH
	Args     [][]byte
	Keys     []KeyUse
	Channels []ChannelUse
}

// NeedsKeys says whether a check has to know the keys.
func (r *Rights) NeedsKeys() bool { return !r.allKeys }

// NeedsChannels says whether it has to know the channels.
func (r *Rights) NeedsChannels() bool { return !r.allChans }

// Everything says that a check is not needed.
func (r *Rights) Everything() bool { return r.everything }

// Check says whether one of the selectors allows a command. If none does, the denial is
// that of the selector that came furthest.
func (r *Rights) Check(c *Call) Denial {
	worst := Denial{Reason: DeniedCommand}
	last := 0
	for _, s := range r.selectors {
		d := s.check(c)
		if !d.Denied() {
			return d
		}
		if d.Reason != DeniedCommand {
			last = d.Arg
		}
		if d.Reason > worst.Reason || d.Reason == worst.Reason && last > worst.Arg {
			worst = Denial{d.Reason, last}
		}
	}
	return worst
}

// CheckReadingAll is Check with the further condition that the selector may read every
// key: SORT … BY and GET find keys in data.
func (r *Rights) CheckReadingAll(c *Call) bool {
	for _, s := range r.selectors {
		if !s.check(c).Denied() && s.readsAll() {
			return true
		}
	}
	return false
}

func (s *selector) readsAll() bool {
	if s.allKeys {
		return true
	}
	for _, p := range s.keys {
		if p.text == "*" && p.access&Read != 0 {
			return true
		}
	}
	return false
}

func (s *selector) check(c *Call) Denial {
	if !s.allCommands && !c.Open && !s.allowed.on.has(c.Command) && !s.allowsFirst(c) {
		return Denial{Reason: DeniedCommand}
	}
	if !s.allKeys {
		for _, k := range c.Keys {
			if !s.allowsKey(c.Args[k.Arg], k.Access) {
				return Denial{DeniedKey, k.Arg}
			}
		}
	}
	if !s.allChannels {
		for _, ch := range c.Channels {
			if !allowsChannel(s.channels, string(c.Args[ch.Arg]), ch.Pattern) {
				return Denial{DeniedChannel, ch.Arg}
			}
		}
	}
	return Denial{}
}

func (s *selector) allowsFirst(c *Call) bool {
	if len(c.Args) < 2 {
		return false
	}
	for _, first := range s.allowed.first[c.Command] {
		if strings.EqualFold(first, string(c.Args[1])) {
			return true
		}
	}
	return false
}

func (s *selector) allowsKey(key []byte, access Access) bool {
	for i := range s.keys {
		if p := &s.keys[i]; p.access&access == access && glob.Match(p.glob, key) {
			return true
		}
	}
	return false
}

// allowsChannel: a pattern of PSUBSCRIBE must be allowed as it is spelled; a channel
// must match.
func allowsChannel(patterns []string, channel string, isPattern bool) bool {
	for _, p := range patterns {
		if isPattern && p == channel || !isPattern && glob.Match([]byte(p), []byte(channel)) {
			return true
		}
	}
	return false
}

// ChannelFilter says which subscriptions a change of rights ends; nil: none.
type ChannelFilter struct{ patterns []string }

// channelsLost compares rights before and after a change.
func channelsLost(before, after *Rights) *ChannelFilter {
	f := &ChannelFilter{}
	for _, s := range after.selectors {
		if s.allChannels {
			return nil
		}
		f.patterns = append(f.patterns, s.channels...)
	}
	for _, s := range before.selectors {
		if s.allChannels || !subset(s.channels, f.patterns) {
			return f
		}
	}
	return nil
}

func subset(list, of []string) bool {
	have := map[string]bool{}
	for _, s := range of {
		have[s] = true
	}
	for _, s := range list {
		if !have[s] {
			return false
		}
	}
	return true
}

// Allows says whether a subscription may stay.
func (f *ChannelFilter) Allows(channel string, isPattern bool) bool {
	return allowsChannel(f.patterns, channel, isPattern)
}
