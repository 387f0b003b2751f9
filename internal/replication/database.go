package replication

import (
	"fmt"
	"time"
)

// DBState is where one database of a replica stands.
type DBState uint8

const (
	// NoConnect: there is no link to ask over.
	NoConnect DBState = iota
	// TryConnect: the question "may I go on from here?" is about to be sent.
	TryConnect
	// WaitReply: it was sent.
	WaitReply
	// Connected: records are streaming.
	Connected
	// Queued: a full copy is needed and waits for its turn.
	Queued
	// Copying: a full copy is being received.
	Copying
	// Installing: it is complete and is put in place of the old data.
	Installing
	// Failed: something went wrong; a time for the next attempt is set.
	Failed
)

var dbStateNames = [...]string{"no_connect", "try_connect", "wait_reply", "connected", "queued", "copying", "installing", "error"}

// String is the state's name in INFO and in the log.
func (s DBState) String() string { return dbStateNames[s] }

// DBEventKind says what has happened.
type DBEventKind uint8

const (
	LinkUp       DBEventKind = iota // the master may be asked
	LinkLost                        // Reason
	Asked                           // the question was sent with position LSN
	MayContinue                     // the master's answer to position LSN
	MustCopy                        // the master's answer: Reason; Diverged and Common
	Placed                          // in the master's queue for copies, at Place
	CopyBegun                       // the snapshot is being received
	CopyDone                        // it is complete and verified
	CopyFailed                      // Reason
	Installed                       // it is the database now
	NotInstalled                    // Reason; the old data is as it was
	Broken                          // a record did not fit, or could not be applied: Reason
	NotNow                          // a record cannot be taken at present, which is not its fault: Reason
	Progress                        // records have been applied: whatever was wrong is over
	Retry                           // the time of the next attempt has come
	Halt                            // the server follows nobody any more
)

var dbEventNames = [...]string{"link up", "link lost", "asked", "may continue", "must copy", "placed", "copy begun", "copy done",
	"copy failed", "installed", "not installed", "broken", "not now", "progress", "retry", "halt"}

// String is the event's name in the log.
func (k DBEventKind) String() string { return dbEventNames[k] }

// DBEvent is an event with what it tells.
type DBEvent struct {
	Kind     DBEventKind
	LSN      uint64
	Reason   string
	Diverged bool   // MustCopy: the replica has records that the master has not
	Common   uint64 // MustCopy: up to where both are the same, if Diverged
	Place    int
}

// DBActionKind says what is to be done.
type DBActionKind uint8

const (
	Ask        DBActionKind = iota // send the position; Copy asks for a full copy whatever it is
	Stream                         // take records from LSN on
	StopStream                     // take no more records; if the link is up the master need not send them
	SaveTail                       // write the records from LSN on to a file: they will be gone
	BeginCopy                      // get in the queue for a full copy
	CancelCopy                     // stop receiving; what is there stays for a later attempt
	Install                        // put the received copy in place
	RetryAfter                     // feed back Retry after Delay
	Alarm                          // an operator should look: Reason
)

// DBAction is an action with what it needs.
type DBAction struct {
	Kind   DBActionKind
	LSN    uint64
	Copy   bool
	Delay  time.Duration
	Reason string
}

// DB is the state machine of one database. The zero value is its beginning.
type DB struct {
	State    DBState
	Reason   string // of Failed and Queued: why
	Attempts int    // failures in a row
	Place    int    // of Queued: 0 is not known yet

	link     bool   // the master may be asked
	asked    uint64 // WaitReply: the position that was sent
	wantCopy bool   // continuing has failed too often: ask for a copy
	breaks   int    // times in a row that streaming broke without progress
	copied   bool   // a copy was installed and has not been accepted yet
}

const (
	firstDelay = 500 * time.Millisecond
	lastDelay  = 30 * time.Second
	// slowDelay is the pause when an operator has set a bound to retries and it
	// has been reached.
	slowDelay = time.Minute
	// breaksBeforeCopy is how often streaming may fail in a row before the log is
	// given up and everything is copied.
	breaksBeforeCopy = 3
)

// Step is the whole of the machine. maxRetries is repl-max-retries: 0 retries for
// ever at the usual pace. An event that means nothing in a state changes nothing.
func (m DB) Step(ev DBEvent, maxRetries int) (DB, []DBAction) {
	switch ev.Kind {
	case LinkUp:
		m.link = true
		if m.State == NoConnect {
			return m.ask()
		}
	case LinkLost:
		return m.linkLost(ev)
	case Halt:
		return m.halt()
	case Retry:
		if m.State == Failed {
			if !m.link {
				m.State, m.Reason = NoConnect, ""
				return m, nil
			}
			return m.ask()
		}
	case Asked:
		if m.State == TryConnect {
			m.State, m.asked = WaitReply, ev.LSN
		}
	case MayContinue:
		if m.State == WaitReply {
			return m.mayContinue(ev, maxRetries)
		}
	case MustCopy:
		if m.State == WaitReply {
			return m.mustCopy(ev, maxRetries)
		}
	case Placed:
		if m.State == Queued {
			m.Place = ev.Place
		}
	case CopyBegun:
		if m.State == Queued {
			m.State, m.Reason, m.Place = Copying, "", 0
		}
	case CopyDone:
		if m.State == Copying {
			m.State = Installing
			return m, []DBAction{{Kind: Install}}
		}
	case CopyFailed:
		if m.State == Queued || m.State == Copying {
			return m.fail(ev.Reason, maxRetries)
		}
	case Installed:
		if m.State == Installing {
			m.wantCopy, m.breaks, m.copied = false, 0, true
			if !m.link {
				m.State = NoConnect
				return m, nil
			}
			return m.ask()
		}
	case NotInstalled:
		if m.State == Installing {
			return m.fail(ev.Reason, maxRetries)
		}
	case Broken:
		return m.broke(ev, maxRetries)
	case NotNow:
		if m.State == Connected {
			next, acts := m.fail(ev.Reason, maxRetries)
			return next, append([]DBAction{{Kind: StopStream}}, acts...)
		}
	case Progress:
		if m.State == Connected {
			m.Attempts, m.breaks = 0, 0
		}
	}
	return m, nil
}

func (m DB) ask() (DB, []DBAction) {
	m.State, m.Reason, m.Place = TryConnect, "", 0
	return m, []DBAction{{Kind: Ask, Copy: m.wantCopy}}
}

// mayContinue is the only way to Connected, and it is open only for the very
// position that was asked about.
func (m DB) mayContinue(ev DBEvent, maxRetries int) (DB, []DBAction) {
	if ev.LSN != m.asked || m.wantCopy {
		return m.fail(fmt.Sprintf("the master answered for position %d and was asked about %d", ev.LSN, m.asked), maxRetries)
	}
	m.State, m.Reason, m.copied = Connected, "", false
	return m, []DBAction{{Kind: Stream, LSN: ev.LSN}}
}

// mustCopy begins a copy. One that follows a copy at once is a failure: the pauses between
// attempts keep it from going round in circles.
func (m DB) mustCopy(ev DBEvent, maxRetries int) (DB, []DBAction) {
	if m.copied {
		m.copied = false
		return m.fail("the master does not accept the copy that it has given: "+ev.Reason, maxRetries)
	}
	var acts []DBAction
	if ev.Diverged {
		acts = append(acts, DBAction{Kind: SaveTail, LSN: ev.Common, Reason: ev.Reason})
	}
	m.State, m.Reason = Queued, ev.Reason
	return m, append(acts, DBAction{Kind: BeginCopy, Reason: ev.Reason})
}

// linkLost leaves a copy alone: it has connections of its own, and may well go on.
func (m DB) linkLost(ev DBEvent) (DB, []DBAction) {
	m.link = false
	switch m.State {
	case TryConnect, WaitReply:
		m.State, m.Reason = NoConnect, ev.Reason
	case Connected:
		m.State, m.Reason = NoConnect, ev.Reason
		return m, []DBAction{{Kind: StopStream}}
	}
	return m, nil
}

// halt forgets everything. A copy that is being installed is let through: it is whole,
// and the data that it replaces was not.
func (m DB) halt() (DB, []DBAction) {
	var acts []DBAction
	switch m.State {
	case Connected:
		acts = []DBAction{{Kind: StopStream}}
	case Queued, Copying:
		acts = []DBAction{{Kind: CancelCopy}}
	case Installing:
		m.link = false
		return m, nil
	}
	return DB{}, acts
}

func (m DB) broke(ev DBEvent, maxRetries int) (DB, []DBAction) {
	if m.State != Connected {
		return m, nil
	}
	if m.breaks++; m.breaks >= breaksBeforeCopy {
		m.wantCopy = true
	}
	next, acts := m.fail(ev.Reason, maxRetries)
	return next, append([]DBAction{{Kind: StopStream}}, acts...)
}

func (m DB) fail(reason string, maxRetries int) (DB, []DBAction) {
	m.State, m.Reason, m.Place = Failed, reason, 0
	m.Attempts++
	delay, alarm := backOff(m.Attempts, maxRetries)
	acts := []DBAction{{Kind: RetryAfter, Delay: delay}}
	if alarm {
		acts = append(acts, DBAction{Kind: Alarm, Reason: reason})
	}
	return m, acts
}

// backOff is the pause after a number of failures in a row, and whether the bound has
// just been reached.
func backOff(attempts, maxRetries int) (delay time.Duration, alarm bool) {
	if maxRetries > 0 && attempts >= maxRetries {
		return slowDelay, attempts == maxRetries
	}
	return min(lastDelay, firstDelay<<min(attempts-1, 16)), attempts == alarmAfter
}

// alarmAfter is the number of failures in a row that an operator should hear of even
// when retries have no bound.
const alarmAfter = 10
