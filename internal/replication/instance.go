package replication

import "time"

// LinkState is where the replica's link to its master stands.
type LinkState uint8

const (
	// NoMaster: this server follows nobody.
	NoMaster LinkState = iota
	// Connecting: a connection is being made, and authenticated.
	Connecting
	// Handshake: both sides say who they are.
	Handshake
	// Linked: databases may ask and stream.
	Linked
	// LinkError: the last attempt failed; a time for the next is set.
	LinkError
)

var linkStateNames = [...]string{"no_master", "connecting", "handshake", "connected", "error"}

// String is the state's name in INFO and in the log.
func (s LinkState) String() string { return linkStateNames[s] }

// LinkEventKind says what has happened.
type LinkEventKind uint8

const (
	Follow    LinkEventKind = iota // follow the master that the driver knows
	Unfollow                       // follow nobody
	Dialed                         // a connection is there and has been let in
	NotDialed                      // Reason
	Welcomed                       // the master knows us
	Refused                        // the master does not want us: Reason
	Lost                           // the link has broken: Reason
	TryAgain                       // the time of the next attempt has come
)

var linkEventNames = [...]string{"follow", "unfollow", "dialed", "not dialed", "welcomed", "refused", "lost", "try again"}

// String is the event's name in the log.
func (k LinkEventKind) String() string { return linkEventNames[k] }

// LinkEvent is an event. Attempt says which dial it comes from: what a dial that
// was given up still has to say is not heard.
type LinkEvent struct {
	Kind    LinkEventKind
	Attempt int
	Reason  string
}

// LinkActionKind says what is to be done.
type LinkActionKind uint8

const (
	Dial       LinkActionKind = iota // connect and authenticate; Attempt names it
	HangUp                           // end the connection, or the attempt to make one
	Greet                            // send who we are
	LinkIsUp                         // tell the databases
	LinkIsDown                       // tell the databases: Reason
	TryAfter                         // feed back TryAgain after Delay
	HaltAll                          // tell the databases to forget the master followed so far
	LinkAlarm                        // an operator should look: Reason
)

// LinkAction is an action with what it needs.
type LinkAction struct {
	Kind    LinkActionKind
	Attempt int
	Delay   time.Duration
	Reason  string
}

// Instance is the state machine of the link. The zero value follows nobody.
type Instance struct {
	State    LinkState
	Reason   string
	Failures int // in a row
	Attempt  int // the dial that counts
}

// Step is the whole of the machine.
func (m Instance) Step(ev LinkEvent, maxRetries int) (Instance, []LinkAction) {
	switch ev.Kind {
	case Follow:
		next, acts := m.leave("another master was named")
		next.Failures = 0
		next, more := next.dial()
		return next, append(append(acts, LinkAction{Kind: HaltAll}), more...)
	case Unfollow:
		if m.State == NoMaster {
			return m, nil
		}
		next, acts := m.leave("this server is no replica any more")
		next.State, next.Reason, next.Failures = NoMaster, "", 0
		return next, append(acts, LinkAction{Kind: HaltAll})
	case TryAgain:
		if m.State == LinkError {
			return m.dial()
		}
		return m, nil
	}
	if ev.Attempt != m.Attempt {
		return m, nil
	}
	switch {
	case ev.Kind == Dialed && m.State == Connecting:
		m.State = Handshake
		return m, []LinkAction{{Kind: Greet}}
	case ev.Kind == Welcomed && m.State == Handshake:
		m.State, m.Reason, m.Failures = Linked, "", 0
		return m, []LinkAction{{Kind: LinkIsUp}}
	case ev.Kind == NotDialed && m.State == Connecting,
		ev.Kind == Refused && m.State == Handshake,
		ev.Kind == Lost && (m.State == Handshake || m.State == Linked):
		return m.fail(ev.Reason, maxRetries)
	}
	return m, nil
}

func (m Instance) dial() (Instance, []LinkAction) {
	m.State = Connecting
	m.Attempt++
	return m, []LinkAction{{Kind: Dial, Attempt: m.Attempt}}
}

// leave ends what is going on.
func (m Instance) leave(reason string) (Instance, []LinkAction) {
	var acts []LinkAction
	switch m.State {
	case Connecting, Handshake:
		acts = []LinkAction{{Kind: HangUp}}
	case Linked:
		acts = []LinkAction{{Kind: HangUp}, {Kind: LinkIsDown, Reason: reason}}
	}
	m.Attempt++ // whatever the old attempt has to say is late
	return m, acts
}

func (m Instance) fail(reason string, maxRetries int) (Instance, []LinkAction) {
	was := m.State
	m.State, m.Reason = LinkError, reason
	m.Failures++
	delay, alarm := backOff(m.Failures, maxRetries)
	if delay != slowDelay {
		delay = min(delay, lastLinkDelay)
	}
	acts := []LinkAction{{Kind: HangUp}}
	if was == Linked {
		acts = append(acts, LinkAction{Kind: LinkIsDown, Reason: reason})
	}
	acts = append(acts, LinkAction{Kind: TryAfter, Delay: delay})
	if alarm {
		acts = append(acts, LinkAction{Kind: LinkAlarm, Reason: reason})
	}
	return m, acts
}

// lastLinkDelay bounds the pause between attempts to reach a master: it may be back any
// moment, trying is cheap, and with min-replicas-to-write its clients wait for this. Only the bound to
// retries that an operator has set makes it longer.
const lastLinkDelay = time.Second
