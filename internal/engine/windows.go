package engine

import (
	"sync"

	"github.com/haypile/haypile/internal/datatype"
)

// windows holds the pop windows of a database's large collections. There are
// few hot ones; when there are too many, all are forgotten, which costs one
// range read each.
type windows struct {
	mu    sync.Mutex
	byKey map[string]*datatype.Window
}

const maxWindows = 4096

func (ws *windows) init() {
	ws.mu.Lock()
	ws.byKey = map[string]*datatype.Window{}
	ws.mu.Unlock()
}

// get returns the window of one version of a key; the key is locked.
func (ws *windows) get(key []byte, version uint64) *datatype.Window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.byKey[string(key)]
	if w == nil || w.Version != version {
		if len(ws.byKey) >= maxWindows {
			clear(ws.byKey)
		}
		w = &datatype.Window{Version: version}
		ws.byKey[string(key)] = w
	}
	return w
}
