package engine

import (
	"bytes"

	"github.com/haypile/haypile/internal/datatype"
)

// Event implements datatype.Txn.
func (x *tx) Event(class datatype.Class, name string, key []byte) {
	switch {
	case class == datatype.ClassNew: // what is new is told of by another event too
		x.note(class, name, key)
		return
	case class == datatype.ClassLapsed: // it is gone for readers, although it is there until it is deleted
		if x.turn.eng.track.Active() {
			x.noteChange(class, key)
		}
		return
	case class == datatype.ClassKeyMiss:
		if x.reading {
			x.note(class, name, key)
		}
		return
	}
	x.dirtied++
	if x.turn.eng.track.Active() {
		x.noteChange(class, key)
	}
	if x.db.watching.Load() > 0 {
		x.db.markWatchers(key, class == datatype.ClassExpired)
	}
	x.Notice(class, name, key)
}

// Notice implements datatype.Txn.
func (x *tx) Notice(class datatype.Class, name string, key []byte) {
	if x.db.waiting.count.Load() > 0 && x.db.waiting.has(key) {
		x.ready = append(x.ready, bytes.Clone(key))
	}
	x.note(class, name, key)
}

func (x *tx) note(class datatype.Class, name string, key []byte) {
	if (x.turn.eng.notify.Load()|x.turn.eng.relay.Load())&uint32(class) != 0 {
		x.events = append(x.events, event{class: class, name: name, key: bytes.Clone(key), place: x.turn.place, behind: x.turn.behind})
	}
}
