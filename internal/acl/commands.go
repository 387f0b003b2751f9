// Package acl decides who may do what: users, the rules that describe them, and the
// check of one command against them. It knows commands by name, category and number
// only; what their arguments mean is told by whoever asks.
//
// Promises:
//   - A1. A User's rights are one immutable value behind one pointer: a check sees all
//     of a change or nothing of it, and takes no lock.
//   - A2. A user who may do everything is told by one flag, without looking at the
//     command.
//   - A3. What a user is described by (ACL LIST, SAVE) makes the same user when it is
//     read again.
//   - A4. A deleted user may do nothing, whoever still holds it.
package acl

import (
	"slices"
	"strings"

	"github.com/haypile/haypile/internal/algo/spelling"
)

// Command is a command or subcommand that rules can name.
type Command struct {
	ID   int
	Name string // "config|get"
	Sub  bool
	subs []*Command
}

// Commands is everything that rules can name.
type Commands struct {
	byName     map[string]*Command
	all        []*Command
	categories []string
	inCategory map[string]bits
}

// NewCommands returns an empty set with the names of the categories, in the order in
// which they are listed.
func NewCommands(categories []string) *Commands {
	return &Commands{byName: map[string]*Command{}, categories: categories, inCategory: map[string]bits{}}
}

// Add adds a command with its categories; of is the command that it is a part of, or
// nil. All are added before the first rule is read.
func (c *Commands) Add(name string, of *Command, categories []string) *Command {
	cmd := &Command{ID: len(c.all), Name: name, Sub: of != nil}
	if of != nil {
		of.subs = append(of.subs, cmd)
	}
	c.byName[name] = cmd
	c.all = append(c.all, cmd)
	for _, category := range categories {
		c.inCategory[category] = c.inCategory[category].with(cmd.ID)
	}
	return cmd
}

// Find looks a name up in any case.
func (c *Commands) Find(name string) *Command { return c.byName[strings.ToLower(name)] }

// Categories are the names of all categories.
func (c *Commands) Categories() []string { return c.categories }

// In lists the commands of a category; ok is false when there is no such category.
func (c *Commands) In(category string) (names []string, ok bool) {
	category = strings.ToLower(category)
	if !slices.Contains(c.categories, category) {
		return nil, false
	}
	for _, cmd := range c.all {
		if c.inCategory[category].has(cmd.ID) {
			names = append(names, cmd.Name)
		}
	}
	return names, true
}

// whole is a command with its subcommands.
func (cmd *Command) whole() bits {
	b := bits(nil).with(cmd.ID)
	for _, sub := range cmd.subs {
		b = b.with(sub.ID)
	}
	return b
}

// category is what a rule on a category is about: subcommands go with their command.
func (c *Commands) category(name string) (bits, bool) {
	name = strings.ToLower(name)
	if !slices.Contains(c.categories, name) {
		return nil, false
	}
	var b bits
	for _, cmd := range c.all {
		if c.inCategory[name].has(cmd.ID) {
			b = b.or(cmd.whole())
		}
	}
	return b, true
}

// everything is all commands.
func (c *Commands) everything() bits {
	var b bits
	for _, cmd := range c.all {
		b = b.with(cmd.ID)
	}
	return b
}

// bits is a set of command numbers.
type bits []uint64

func (b bits) has(id int) bool { return id/64 < len(b) && b[id/64]>>(id%64)&1 != 0 }

func (b bits) with(id int) bits {
	for len(b) <= id/64 {
		b = append(b, 0)
	}
	b[id/64] |= 1 << (id % 64)
	return b
}

func (b bits) or(o bits) bits {
	for len(b) < len(o) {
		b = append(b, 0)
	}
	for i, w := range o {
		b[i] |= w
	}
	return b
}

func (b bits) without(o bits) bits {
	for i := range min(len(b), len(o)) {
		b[i] &^= o[i]
	}
	return b
}

func (b bits) equal(o bits) bool {
	for i := range max(len(b), len(o)) {
		var x, y uint64
		if i < len(b) {
			x = b[i]
		}
		if i < len(o) {
			y = o[i]
		}
		if x != y {
			return false
		}
	}
	return true
}

// nearest is the rule that a mistyped one on a command or category most likely meant, or "".
func (c *Commands) nearest(rule string) string {
	sign, name := rule[:1], strings.ToLower(rule[1:])
	if name, ok := strings.CutPrefix(name, "@"); ok {
		if near := spelling.Nearest(name, slices.Values(c.categories)); near != "" {
			return sign + "@" + near
		}
		return ""
	}
	near := spelling.Nearest(name, func(yield func(string) bool) {
		for _, cmd := range c.all {
			if !yield(cmd.Name) {
				return
			}
		}
	})
	if near == "" {
		return ""
	}
	return sign + near
}
