package replication

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// world checks what must hold of a database's machine after every event, whatever came
// before: it is what the driver and the master would see.
type world struct {
	m       DB
	timers  int // Retry is on its way
	asking  int // Ask was given and Asked not fed back
	copying bool
	link    bool
}

// events that can happen in a world: what is impossible for the driver (an answer
// without a question) is there too, since a peer can send anything.
var dbEvents = []DBEvent{
	{Kind: LinkUp}, {Kind: LinkLost, Reason: "lost"}, {Kind: Asked, LSN: 5}, {Kind: Asked, LSN: 7}, {Kind: MayContinue, LSN: 5}, {Kind: MayContinue, LSN: 7},
	{Kind: MustCopy, Reason: "trimmed"}, {Kind: MustCopy, Diverged: true, Common: 3}, {Kind: Placed, Place: 2}, {Kind: CopyBegun}, {Kind: CopyDone},
	{Kind: CopyFailed, Reason: "x"}, {Kind: Installed}, {Kind: NotInstalled, Reason: "x"}, {Kind: Broken, Reason: "x"}, {Kind: NotNow, Reason: "x"}, {Kind: Progress}, {Kind: Retry}, {Kind: Halt},
}

func (w world) step(t *testing.T, ev DBEvent, trace func() string) world {
	before := w.m
	next, acts := w.m.Step(ev, 3)
	w.m = next
	switch ev.Kind {
	case LinkUp:
		w.link = true
	case LinkLost, Halt:
		w.link = false
	}
	for _, a := range acts {
		switch a.Kind {
		case Ask:
			if !w.link {
				t.Fatalf("asks without a link: %s", trace())
			}
			w.asking++
		case Stream:
			// P1: only a yes to the position asked about, with a question open, lets
			// records in.
			if ev.Kind != MayContinue || before.State != WaitReply || ev.LSN != before.asked || a.LSN != before.asked || before.wantCopy {
				t.Fatalf("streams without proof: %s", trace())
			}
		case Install:
			if ev.Kind != CopyDone || before.State != Copying {
				t.Fatalf("installs what is not complete: %s", trace())
			}
		case BeginCopy:
			w.copying = true
		case CancelCopy:
			w.copying = false
		case RetryAfter:
			if a.Delay <= 0 {
				t.Fatalf("retries without a pause: %s", trace())
			}
			w.timers++
		}
	}
	if ev.Kind == Retry && w.timers > 0 {
		w.timers--
	}
	if (next.State == Connected) != (before.State == Connected) && next.State == Connected && ev.Kind != MayContinue {
		t.Fatalf("Connected by %s: %s", ev.Kind, trace())
	}
	// P2: every state has something on its way that leads out of it.
	switch next.State {
	case Failed:
		if next.Reason == "" || before.State != Failed && w.timers == 0 {
			t.Fatalf("an error without a reason or a retry: %s", trace())
		}
	case NoConnect:
		if next.link && before.State != NoConnect {
			t.Fatalf("has a link and does not ask: %s", trace())
		}
	case Queued, Copying:
		if before.State != Queued && before.State != Copying && !w.copying {
			t.Fatalf("waits for a copy that nobody makes: %s", trace())
		}
	}
	if before.State == Connected && next.State != Connected {
		stopped := false
		for _, a := range acts {
			stopped = stopped || a.Kind == StopStream
		}
		if !stopped {
			t.Fatalf("leaves Connected and lets records in: %s", trace())
		}
	}
	return w
}

// Every order of events up to a depth. Worlds that look alike are visited once, at their
// smallest depth, which makes the depth reach far beyond every cycle of the machine.
func TestDatabaseMachineExhaustively(t *testing.T) {
	const depth = 60
	type node struct {
		w     world
		trace []DBEvent
	}
	seen := map[world]bool{}
	frontier := []node{{}}
	visited, states := 0, map[DBState]bool{}
	for d := 0; d < depth && len(frontier) > 0; d++ {
		var next []node
		for _, n := range frontier {
			for _, ev := range dbEvents {
				trace := append(append([]DBEvent(nil), n.trace...), ev)
				w := n.w.step(t, ev, func() string { return fmt.Sprint(trace) })
				visited++
				states[w.m.State] = true
				key := w.folded()
				if !seen[key] {
					seen[key] = true
					next = append(next, node{w, trace})
				}
			}
		}
		frontier = next
	}
	if len(states) != len(dbStateNames) {
		t.Errorf("only %d of %d states were reached", len(states), len(dbStateNames))
	}
	t.Logf("%d steps, %d worlds, depth %d, %d left at the end", visited, len(seen), depth, len(frontier))
}

// folded leaves out what only counts on.
func (w world) folded() world {
	w.m.Attempts = min(w.m.Attempts, 4)
	w.m.breaks = min(w.m.breaks, breaksBeforeCopy)
	w.timers, w.asking = min(w.timers, 2), min(w.asking, 2)
	w.m.Reason = fmt.Sprint(w.m.Reason != "")
	if w.m.State == Failed && w.m.Reason == "false" {
		w.m.Reason = ""
	} else {
		w.m.Reason = "x"
	}
	return w
}

// Long random orders, beyond the exhaustive depth.
func TestDatabaseMachineAtRandom(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var w world
		for i := range 500 {
			ev := dbEvents[rnd.IntN(len(dbEvents))]
			w = w.step(t, ev, func() string { return fmt.Sprintf("seed %d step %d", seed, i) })
		}
	}
}

// From any world that can be reached, a driver whose network and disk work from now on
// brings the machine to Connected: no state is a trap, and no wake-up is lost.
func TestDatabaseMachineHeals(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var w world
		for range rnd.IntN(60) {
			w = w.step(t, dbEvents[rnd.IntN(len(dbEvents))], func() string { return fmt.Sprint("seed ", seed) })
		}
		m, _ := w.m.Step(DBEvent{Kind: LinkLost}, 0)
		m, _ = m.Step(DBEvent{Kind: LinkUp}, 0)
		for range 12 {
			switch m.State {
			case TryConnect:
				m, _ = m.Step(DBEvent{Kind: Asked, LSN: 9}, 0)
			case WaitReply:
				if m.wantCopy {
					m, _ = m.Step(DBEvent{Kind: MustCopy, Reason: "asked for"}, 0)
				} else {
					m, _ = m.Step(DBEvent{Kind: MayContinue, LSN: 9}, 0)
				}
			case Queued:
				m, _ = m.Step(DBEvent{Kind: CopyBegun}, 0)
			case Copying:
				m, _ = m.Step(DBEvent{Kind: CopyDone}, 0)
			case Installing:
				m, _ = m.Step(DBEvent{Kind: Installed}, 0)
			case Failed:
				m, _ = m.Step(DBEvent{Kind: Retry}, 0)
			}
		}
		if m.State != Connected {
			t.Fatalf("seed %d: stuck in %s (%+v)", seed, m.State, m)
		}
	}
}

// What cannot be taken at present is asked for again after pauses that grow, and is never a reason for a copy.
func TestNotNowBacksOff(t *testing.T) {
	m, _ := DB{}.Step(DBEvent{Kind: LinkUp}, 0)
	last := time.Duration(0)
	for i := range 12 {
		m, _ = m.Step(DBEvent{Kind: Asked, LSN: 9}, 0)
		m, _ = m.Step(DBEvent{Kind: MayContinue, LSN: 9}, 0)
		var acts []DBAction
		m, acts = m.Step(DBEvent{Kind: NotNow, Reason: "the disk is full"}, 0)
		if m.State != Failed || m.Reason != "the disk is full" || m.Attempts != i+1 {
			t.Fatalf("%+v", m)
		}
		for _, a := range acts {
			if a.Kind == RetryAfter {
				if a.Delay <= last && last < lastDelay {
					t.Errorf("pause %s after %s", a.Delay, last)
				}
				last = a.Delay
			}
		}
		m, acts = m.Step(DBEvent{Kind: Retry}, 0)
		if len(acts) != 1 || acts[0].Kind != Ask || acts[0].Copy {
			t.Fatalf("%+v", acts)
		}
	}
	if last != lastDelay {
		t.Errorf("the last pause is %s", last)
	}
}

var linkEvents = []LinkEvent{{Kind: Follow}, {Kind: Unfollow}, {Kind: Dialed}, {Kind: NotDialed, Reason: "x"}, {Kind: Welcomed}, {Kind: Refused, Reason: "x"},
	{Kind: Lost, Reason: "x"}, {Kind: TryAgain}}

// The link's machine: every order of events to depth 9, each with the number of the present
// dial and of an older one.
func TestLinkMachineExhaustively(t *testing.T) {
	type state struct {
		m      Instance
		up     bool // the databases were told so
		timers bool
	}
	var walk func(s state, depth int, trace string)
	steps := 0
	walk = func(s state, depth int, trace string) {
		if depth == 0 {
			return
		}
		for _, ev := range linkEvents {
			for _, attempt := range []int{s.m.Attempt, s.m.Attempt - 1} {
				ev.Attempt = attempt
				stale := attempt != s.m.Attempt && ev.Kind != Follow && ev.Kind != Unfollow && ev.Kind != TryAgain
				if !stale && attempt != s.m.Attempt {
					continue
				}
				steps++
				here := fmt.Sprintf("%s %s/%d", trace, ev.Kind, attempt)
				n := s
				var acts []LinkAction
				n.m, acts = s.m.Step(ev, 3)
				if stale && (n.m != s.m || len(acts) > 0) {
					t.Fatalf("hears an attempt that was given up:%s", here)
				}
				for _, a := range acts {
					switch a.Kind {
					case LinkIsUp:
						if n.up || n.m.State != Linked {
							t.Fatalf("up twice, or not linked:%s", here)
						}
						n.up = true
					case LinkIsDown, HaltAll:
						n.up = false
					case TryAfter:
						n.timers = true
					}
				}
				if n.up != (n.m.State == Linked) {
					t.Fatalf("the databases believe up=%v in %s:%s", n.up, n.m.State, here)
				}
				if n.m.State == LinkError && (!n.timers || n.m.Reason == "") {
					t.Fatalf("an error without a way out:%s", here)
				}
				if stale {
					continue
				}
				walk(n, depth-1, here)
			}
		}
	}
	walk(state{}, 7, "")
	t.Logf("%d steps", steps)
}
