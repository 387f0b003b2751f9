package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnknown is inside the error of a Set that names no parameter.
var ErrUnknown = errors.New("Unknown option or number of arguments for CONFIG SET")

var (
	errImmutable = errors.New("can't set immutable config")
	errProtected = errors.New("can't set protected config")
	errDuplicate = errors.New("duplicate parameter")
)

// ParamError says which parameter is to blame. Its text is what Redis replies to a
// CONFIG SET, without the prefix ERR.
type ParamError struct {
	Name string
	Err  error
}

func (e *ParamError) Error() string {
	text := fmt.Sprintf("CONFIG SET failed (possibly related to argument '%s') - %v", e.Name, e.Err)
	if e.Err == ErrUnknown {
		text = fmt.Sprintf("%v - '%s'", e.Err, e.Name)
	}
	return oneLine.Replace(text)
}

// oneLine keeps a name that a client made up from ending the reply early.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

func (e *ParamError) Unwrap() error { return e.Err }

// Set is CONFIG SET of a client from anywhere. It is all or nothing (C3).
func (c *Config) Set(pairs [][2]string) error { return c.set(pairs, false) }

// SetLocal is CONFIG SET of a client on this machine, for which
// enable-protected-configs may allow more.
func (c *Config) SetLocal(pairs [][2]string) error { return c.set(pairs, true) }

func (c *Config) set(pairs [][2]string, local bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.Load()
	rows, err := resolve(pairs, old.EnableProtectedConfigs.Allows(local))
	if err != nil {
		return err
	}
	next := old.clone()
	for i, p := range rows {
		if p == nil {
			continue
		}
		if err := p.apply(next, setArgs(p, pairs[i][1]), fromSet); err != nil {
			return &ParamError{strings.ToLower(pairs[i][0]), err}
		}
		if p.onSet != nil {
			p.onSet(next)
		}
	}
	if err := Validate(next); err != nil {
		return blame(err, pairs)
	}
	if err := c.publish(old, next); err != nil {
		return blame(err, pairs)
	}
	for i, p := range rows {
		if name := strings.ToLower(pairs[i][0]); p == nil && c.Warned != nil {
			c.Warned("CONFIG SET: " + name + " is ignored: " + ignoredPika[name])
		}
	}
	return nil
}

// Update changes values on behalf of the server itself, such as replicaof after
// REPLICAOF, under the same rules as Set. change must replace slices, not write
// into them.
func (c *Config) Update(change func(v *Values)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.Load()
	next := old.clone()
	change(next)
	if err := Validate(next); err != nil {
		return err
	}
	return c.publish(old, next)
}

// resolve finds the rows of all pairs and refuses the first that may not be set. What Pika's tools set and what means
// nothing here has none.
func resolve(pairs [][2]string, protectedAllowed bool) ([]*Param, error) {
	rows := make([]*Param, 0, len(pairs))
	for _, pair := range pairs {
		p := lookup(pair[0])
		switch {
		case p == nil && ignoredPika[strings.ToLower(pair[0])] != "":
		case p == nil || p.FileOnly:
			return nil, &ParamError{pair[0], ErrUnknown}
		case !p.Mutable:
			return nil, &ParamError{pair[0], errImmutable}
		case p.Protected && !protectedAllowed:
			return nil, &ParamError{pair[0], errProtected}
		case p != nil && slices.Contains(rows, p):
			return nil, &ParamError{pair[0], errDuplicate}
		}
		rows = append(rows, p)
	}
	return rows, nil
}

// setArgs splits the one value of a CONFIG SET for parameters of several words. In
// contrast to a file there are no quotes in it.
func setArgs(p *Param, value string) []string {
	if words := strings.Fields(value); p.Kind == KindList && len(words) > 1 {
		return words
	}
	return []string{value}
}

// blame names the argument of a refused CONFIG SET: the one that the error names
// if the client gave it, else the first that has to do with it, else the first.
func blame(err error, pairs [][2]string) error {
	name := strings.ToLower(pairs[0][0])
	if rel := (*RelationError)(nil); errors.As(err, &rel) {
		for _, pair := range pairs {
			if p := lookup(pair[0]); p != nil && slices.Contains(rel.Names, p.Name) {
				return &ParamError{strings.ToLower(pair[0]), rel}
			}
		}
	}
	if named := (*ParamError)(nil); errors.As(err, &named) {
		return named
	}
	return &ParamError{name, err}
}
