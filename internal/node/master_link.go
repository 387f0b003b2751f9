package node

import (
	"net"
	"time"

	"github.com/haypile/haypile/internal/client"
)

// masterLink is the connection to this server's master, and what CLIENT LIST and CLIENT KILL see of it.
type masterLink struct {
	net.Conn
	n  *Node
	cl *client.Client
}

// registerMaster lists a link among the clients until it is closed.
func (n *Node) registerMaster(conn net.Conn) net.Conn {
	cl := &client.Client{ID: n.registry.NewID(), Addr: conn.RemoteAddr().String(), LAddr: conn.LocalAddr().String(), FD: -1,
		Created: time.Now(), Proto: 2, Authenticated: true, Master: true}
	l := &masterLink{Conn: conn, n: n, cl: cl}
	cl.Touch(&replstreamName, time.Now().UnixNano())
	cl.NoteMulti(-1, 0)
	n.registry.AddOwn(cl)
	cl.Attach(masterSink{l})
	return l
}

var replstreamName = "replstream"

// Read notes that the master is heard.
func (l *masterLink) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.cl.Touch(&replstreamName, time.Now().UnixNano())
	}
	return n, err
}

// Close takes the link off the list.
func (l *masterLink) Close() error {
	l.n.registry.Remove(l.cl)
	return l.Conn.Close()
}

// masterSink lets others end the link: the follower notices, and makes a new one. Nothing is pushed to a master.
type masterSink struct{ l *masterLink }

// Push implements client.Sink.
func (masterSink) Push([]byte) {}

// PushSubscribed implements client.Sink.
func (masterSink) PushSubscribed([]byte) {}

// PushAt implements client.Sink.
func (masterSink) PushAt(int, bool, []byte) {}

// Settle implements client.Sink.
func (masterSink) Settle() {}

// Close implements client.Sink.
func (s masterSink) Close(reason string) {
	s.l.n.log.Info("the link to the master is ended and made anew", "reason", reason)
	_ = s.l.Close()
}

// Unblock implements client.Sink.
func (masterSink) Unblock(bool) bool { return false }

// Buffered implements client.Sink.
func (masterSink) Buffered() (in, out int64) { return 0, 0 }
