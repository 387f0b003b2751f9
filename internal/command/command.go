// Package command holds the command table: one row per command, above its
// handler. Everything that must know commands reads the rows: arity checks, key
// locks, MULTI, ACL categories, COMMAND and its DOCS, the reference page.
//
// Promises:
//   - M1. A handler reads arguments, calls datatype, and writes one reply. What it
//     changes goes through the Txn; it returns an error to take everything back,
//     reply included. So it may be run again from the start at any time, unless
//     its row says Once.
//   - M2. A handler touches only the keys that its row names, unless the row says
//     AnyKey.
//   - M3. The row tells the truth: tests compare rows with redis-server's.
package command

import (
	"errors"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/script"
)

// Flags of a row. The first group are Redis's command flags and are shown by
// COMMAND INFO; the second say how Haypile executes the command.
type Flags uint32

const (
	Write Flags = 1 << iota
	ReadOnly
	DenyOOM
	Admin
	PubSub
	NoScript
	Random
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Fast
	NoAuth
	NoMulti
	MovableKeys
	AllowBusy
	NoMandatoryKeys

	Once         // has effects beyond data (publishes, kills, configures): never run twice
	Worker       // may take long: never on an event loop
	AnyKey       // reads keys that the row does not name
	NoTouch      // does not count as a use of its keys
	Exclusive    // takes its database exclusively
	ExclusiveAll // takes every database exclusively
	Scripted     // runs a script or a function
	Queued       // its keys are those of the commands that the client has queued
	Frees        // only gives space back: runs while the disk is nearly full (those that set a time: if it has passed)
	TellFirst    // changes what the client is told of: messages of the commands before it go out first
)

// KeySpec says where keys are among the arguments, as COMMAND INFO does: index
// of the first, of the last (negative: from the end) and the step. First 0: no
// keys.
type KeySpec struct{ First, Last, Step int }

// Claim is a key of another database, or a whole one, exclusively, if Key is nil.
type Claim struct {
	DB  int
	Key []byte
}

// Common key specs.
var (
	NoKeys  = KeySpec{}
	OneKey  = KeySpec{1, 1, 1}
	TwoKeys = KeySpec{1, 2, 1}
	AllKeys = KeySpec{1, -1, 1}
)

// Group is the group of COMMAND DOCS.
type Group string

// Row is one command.
type Row struct {
	Name    string
	Arity   int // number of arguments with the name; negative: at least
	Flags   Flags
	Keys    KeySpec
	Handler func(*Ctx) error
	Group   Group
	Cats    string // ACL categories beyond those that follow from flags and group
	Since   string
	Summary string
	// Syntax is what may follow the name (see parseSyntax), Complexity the effort; a command that only holds others has
	// neither.
	Syntax     string
	Complexity string
	// Tips are words for clients that send commands to several servers, and for those that compare replies.
	Tips string
	// DeprecatedSince and ReplacedBy are for clients only: what is deprecated stays. SysCmd is not for users.
	DeprecatedSince, ReplacedBy string
	SysCmd                      bool

	// GetKeys finds the keys of rows whose keys depend on other arguments; it
	// returns argument indexes, and false when the arguments make no sense.
	GetKeys func(args [][]byte) ([]int, bool)
	// Claims names what the command uses beyond its database (COPY … DB, SWAPDB). It may rely on the arity; callers ask
	// OtherLocks.
	Claims func(args [][]byte) []Claim
	Sub    []Row

	Full  string // "config|get"; filled in by the table, as what follows
	ID    int    // number in ACL rules
	Stats *Stats
	uses  []keyUse

	args      []Arg
	syntaxErr error
	places    []keyPlace
}

// Is says whether all the given flags are set.
func (r *Row) Is(f Flags) bool { return r.Flags&f == f }

// ArityOK checks the number of arguments.
func (r *Row) ArityOK(n int) bool {
	return r.Arity >= 0 && n == r.Arity || r.Arity < 0 && n >= -r.Arity
}

// AppendKeys appends the indexes of a command's keys. It reports false where they cannot be told, such as with a wrong
// number of arguments: callers may ask before anything has looked at args.
func (r *Row) AppendKeys(dst []int, args [][]byte) ([]int, bool) {
	if !r.ArityOK(len(args)) {
		return dst, false
	}
	if r.GetKeys != nil {
		idx, ok := r.GetKeys(args)
		return append(dst, idx...), ok
	}
	if r.Keys.First == 0 {
		return dst, true
	}
	last := r.Keys.Last
	if last < 0 {
		last += len(args)
	}
	for i := r.Keys.First; i <= last && i < len(args); i += r.Keys.Step {
		dst = append(dst, i)
	}
	return dst, true
}

// OtherLocks lists what a command uses beyond its database; none with a wrong number of arguments.
func (r *Row) OtherLocks(args [][]byte) []Claim {
	if r.Claims == nil || !r.ArityOK(len(args)) {
		return nil
	}
	return r.Claims(args)
}

// ErrBlocked is returned by a handler of a blocking command that has set
// Ctx.Wait: the client now waits.
var ErrBlocked = errors.New("blocked")

// Wait is what a blocking command waits for.
type Wait struct {
	Keys       [][]byte
	DeadlineMS int64 // Unix ms; 0 waits for ever
	// OnTimeout writes the reply when the deadline passes.
	OnTimeout func(w *resp.Writer)
	// Keep says that what the command has changed stays, although it waits.
	Keep bool
	// Pins are arguments that would mean something else later.
	Pins []Pin
}

// Pin is an argument with which a waiting command is run again in place of the
// client's.
type Pin struct {
	At  int
	Arg []byte
}

// Txns gives a command the databases it works on.
type Txns interface {
	// Txn is the view of a database; its keys must have been locked, which the
	// engine has done for the selected one.
	Txn(db int) (datatype.Txn, error)
	// Refused is why changes that take space are not accepted now, or nil: a reading command may store what it has
	// found out (PFCOUNT), and a row that Frees may do more.
	Refused() error
	// Lock locks keys that the row does not name.
	Lock(db int, keys ...[]byte) error
	// ExecQueue runs what the client has queued since MULTI as one.
	ExecQueue(c *Ctx) error
	// Watch makes the client's next EXEC fail if one of the keys changes.
	Watch(c *Ctx, keys [][]byte) error
	// Unwatch forgets all keys the client watches.
	Unwatch(cl *client.Client)
	// Scripted runs a script, whose commands go through CallInner; an error takes back all that they did.
	Scripted(c *Ctx, run func() error) error
	// CallInner runs a command for a script. Its error replies are in its Writer: an error undoes the script.
	CallInner(c *Ctx) error
	// CountError counts an error that no command of the table has replied with, once it is sure that nothing starts over.
	CountError(text string)
	// MayWait says that the command may take long here.
	MayWait() bool
	// Libraries are the libraries of functions.
	Libraries() *script.Libraries
	// SetLibraries changes them, when FunctionsClaim is held.
	SetLibraries(l *script.Libraries) error
	// AfterCommit calls f once what the command has changed is committed, and never
	// if it is undone. f must not block. Messages to the client itself belong at the place.
	AfterCommit(c *Ctx, f func(at client.Place))
	// FlushDB deletes everything in a database, which is held exclusively, and says how many keys those were.
	FlushDB(db int) (keys int64, err error)
	// FlushAll does so with all databases.
	FlushAll() (keys int64, err error)
	// SwapDBs exchanges the numbers of two databases, which are held exclusively.
	SwapDBs(a, b int) error
	// Prefixes is the SCAN dictionary of a database.
	Prefixes(db int) (*datatype.Prefixes, error)
	// LearnPrefix adds to it; false says that this cannot be.
	LearnPrefix(db int, prefix []byte) (*datatype.Prefixes, bool, error)
}

// Ctx is one execution of one command.
type Ctx struct {
	Args   [][]byte // with the name
	Row    *Row
	W      *resp.Writer
	T      datatype.Txn // of the selected database; nil while databases are being opened
	Txns   Txns
	C      *client.Client
	Host   Host
	NoWait bool // inside MULTI or a script: blocking commands must not block
	Script bool // called by a script
	Again  bool // the client has waited; the command runs once more
	Wait   *Wait
}

// Arg returns an argument, as text.
func (c *Ctx) Arg(i int) string { return string(c.Args[i]) }

// Block makes the client wait, or, where that is not allowed, replies at once
// as if the time had passed.
func (c *Ctx) Block(w Wait) error {
	if c.NoWait {
		w.OnTimeout(c.W)
		return nil
	}
	c.Wait = &w
	return ErrBlocked
}

// Reply helpers that read like the sentence they are.

func (c *Ctx) ok() error { c.W.OK(); return nil }

func (c *Ctx) int(n int64) error { c.W.Int(n); return nil }

func (c *Ctx) bulk(b []byte) error { c.W.Bulk(b); return nil }

func (c *Ctx) null() error { c.W.Null(); return nil }

func (c *Ctx) boolInt(b bool) error {
	if b {
		c.W.Int(1)
	} else {
		c.W.Int(0)
	}
	return nil
}
