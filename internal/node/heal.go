package node

import (
	"time"

	"github.com/haypile/haypile/internal/engine"
)

// healing replaces databases of a replica in which reads have met damage. watchReplication alone uses it.
type healing struct {
	tries map[string]healTry
}

type healTry struct {
	next  time.Time
	pause time.Duration
}

// A copy may be damaged as well, where the master's files are: then copying it again at once would go on for ever.
const (
	firstHealPause = 10 * time.Minute
	lastHealPause  = 24 * time.Hour
)

// heal asks for a full copy of what is damaged. The damaged files are compared with the master's, and not taken again.
func (n *Node) heal() {
	if !n.repl.replica.Load() {
		return
	}
	n.eng.EachOpen(func(_ int, db *engine.DB) {
		if d, damaged := db.Store().Damaged(); damaged {
			n.healDatabase(db.Name, d.File)
		}
	})
}

func (n *Node) healDatabase(name, file string) {
	h := &n.repl.healing
	try := h.tries[name]
	if time.Now().Before(try.next) || !n.repl.follower.CopyAgain(name) {
		return
	}
	try.pause = min(max(firstHealPause, 2*try.pause), lastHealPause)
	try.next = time.Now().Add(try.pause)
	if h.tries == nil {
		h.tries = map[string]healTry{}
	}
	h.tries[name] = try
	n.log.Warn("a database of this replica is damaged on disk; a full copy of the master's takes its place. If that is damaged too, the next attempt waits",
		"db", name, "file", file, "pause", try.pause.String())
}
