package node

import (
	"slices"
	"sync"
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
)

// Clients implements command.Connections.
func (n *Node) Clients() *client.Registry { return n.registry }

// Pause implements command.Connections.
func (n *Node) Pause(until time.Time, all bool) { n.srv.Pause(until, all) }

// Unpause implements command.Connections.
func (n *Node) Unpause() { n.srv.Unpause() }

// monitors are the clients in MONITOR.
type monitors struct {
	mu   sync.RWMutex
	list []*client.Client
}

// StartMonitor implements command.Connections.
func (n *Node) StartMonitor(cl *client.Client) {
	n.monitors.mu.Lock()
	defer n.monitors.mu.Unlock()
	n.monitors.list = append(n.monitors.list, cl)
	cl.Monitor = true
	cl.NoteFlags()
	n.srv.Monitors.Add(1)
}

// StopMonitor implements command.Connections.
func (n *Node) StopMonitor(cl *client.Client) {
	if !cl.Monitor {
		return
	}
	n.forgetMonitor(cl)
	cl.Monitor = false
	n.srv.Monitors.Add(-1)
}

func (n *Node) forgetMonitor(cl *client.Client) {
	n.monitors.mu.Lock()
	defer n.monitors.mu.Unlock()
	n.monitors.list = slices.DeleteFunc(n.monitors.list, func(o *client.Client) bool { return o == cl })
}

// monitor is told of every command while there are monitors.
func (n *Node) monitor(cl *client.Client, db int, args [][]byte, unixNano int64) {
	addr := cl.Addr
	if cl.Unix {
		addr = "unix:" + addr[:max(0, len(addr)-len(":0"))]
	}
	n.tellMonitors(command.AppendMonitor(nil, unixNano, db, addr, args))
}

func (n *Node) tellMonitors(line []byte) {
	n.monitors.mu.RLock()
	defer n.monitors.mu.RUnlock()
	for _, to := range n.monitors.list {
		to.Sink.Push(line)
	}
}

// closed is told when a client has gone; the server has counted its monitor off.
func (n *Node) closed(cl *client.Client) {
	n.hub.Forget(cl)
	n.track.Off(cl)
	if cl.Monitor {
		n.forgetMonitor(cl)
	}
}
