package engine

import (
	"bytes"
	"strings"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/datatype"
)

// noteChange keeps a change for clients that track keys. Nobody changes a key by letting
// its time pass.
func (x *tx) noteChange(class datatype.Class, key []byte) {
	by, now := x.turn.running, x.turn.eng.track.Now()
	if class == datatype.ClassExpired || class == datatype.ClassLapsed {
		by = nil
	}
	if n := len(x.events); n > 0 { // many commands tell of several events
		if last := &x.events[n-1]; last.changed && last.by == by && last.at == now && last.key != nil && bytes.Equal(last.key, key) {
			return
		}
	}
	x.events = append(x.events, event{changed: true, by: by, at: now, key: append(make([]byte, 0, len(key)), key...), behind: true})
}

// noteFlush keeps for them that all keys are gone.
func (x *tx) noteFlush() {
	if x.turn.eng.track.Active() {
		x.events = append(x.events, event{changed: true, at: x.turn.eng.track.Now(), behind: true})
	}
}

// remember notes what a client that tracks keys has read, or failed to; the keys are locked.
func (t *Turn) remember(c *command.Ctx) {
	mode := c.C.Tracking()
	if mode == 0 {
		return
	}
	if c.Row.Is(command.ReadOnly) && c.Row.Group != "scripting" && mode.Remembers() { // scripts: what they call counts
		t.Track(c.C, c.Row, c.Args)
	}
	if mode.Has(client.TrackCaching) && !c.C.InMulti && !strings.HasPrefix(c.Row.Full, "client|") {
		c.C.ClearTracking(client.TrackCaching)
	}
}

// Track notes that a client has read the keys of a command, which are locked.
func (t *Turn) Track(cl *client.Client, row *command.Row, args [][]byte) {
	idx, ok := row.AppendKeys(nil, args)
	if !ok || row.Is(command.PubSub) {
		return
	}
	for _, i := range idx {
		t.eng.track.Remember(cl, args[i])
	}
}

// placeEvents gives the events of a command whose reply is complete their places, if they belong behind it.
func (t *Turn) placeEvents(c *command.Ctx) {
	for _, x := range t.active {
		for ; x.placed < len(x.events); x.placed++ {
			if ev := &x.events[x.placed]; ev.behind {
				ev.place = t.place
				if c.C.Reply == client.ReplyOn || c.C.Pushed { // else there is no reply
					ev.place.At = len(c.W.Buf)
				}
			}
		}
	}
}
