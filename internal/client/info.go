package client

import (
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/acl"
)

// What CLIENT LIST shows of fields that only the executor may read.
const (
	flagMonitor = 1 << iota
	flagNoEvict
	flagNoTouch
	flagReadOnly
)

// NoteFlags publishes Monitor, NoEvict, NoTouch and ReadOnly; who changes one of
// them calls it.
func (c *Client) NoteFlags() {
	var f uint32
	for _, b := range [...]struct {
		on   bool
		flag uint32
	}{{c.Monitor, flagMonitor}, {c.NoEvict, flagNoEvict}, {c.NoTouch, flagNoTouch}, {c.ReadOnly, flagReadOnly}} {
		if b.on {
			f |= b.flag
		}
	}
	c.flags.Store(f)
}

// SetUser makes the client a user.
func (c *Client) SetUser(u *acl.User) { c.user.Store(u) }

// User is who the client is; nil for the server itself.
func (c *Client) User() *acl.User { return c.user.Load() }

// UserName is the user's name. The master's word is not subject to rights, and Redis calls who is above them so.
func (c *Client) UserName() string {
	if c.Master {
		return "(superuser)"
	}
	if u := c.User(); u != nil {
		return u.Name
	}
	return ""
}

// AppendInfo appends the client's line of CLIENT LIST. executing is the length of the request
// that is being executed, which counts as received.
func (c *Client) AppendInfo(dst []byte, now time.Time, executing int64) []byte {
	in, out := c.Sink.Buffered()
	in += executing
	queued, watching := c.Multi()
	channels, patterns, sharded := c.Subscriptions()
	lib, version := c.Lib()
	num := func(name string, n int64) {
		dst = append(append(dst, name...), '=')
		dst = append(strconv.AppendInt(dst, n, 10), ' ')
	}
	text := func(name, s string) {
		dst = append(append(dst, name...), '=')
		dst = append(append(dst, s...), ' ')
	}
	num("id", c.ID)
	text("addr", c.Addr)
	text("laddr", c.LAddr)
	num("fd", int64(c.FD))
	text("name", c.Name())
	num("age", int64(now.Sub(c.Created)/time.Second))
	num("idle", max(0, (now.UnixNano()-c.Active())/int64(time.Second)))
	text("flags", c.flagLetters())
	num("db", int64(c.DB()))
	num("sub", int64(channels))
	num("psub", int64(patterns))
	num("ssub", int64(sharded))
	num("multi", int64(queued))
	num("watch", int64(watching))
	num("qbuf", in)
	num("qbuf-free", 0)
	num("argv-mem", 0)
	num("multi-mem", c.queueMem.Load())
	num("rbs", 0)
	num("rbp", 0)
	num("obl", 0)
	num("oll", 0)
	num("omem", out)
	num("tot-mem", in+out+c.queueMem.Load())
	text("events", "r")
	text("cmd", c.LastCommand())
	text("user", c.UserName())
	redirect := int64(-1)
	if c.Tracking() != 0 {
		redirect = c.Redirect()
	}
	num("redir", redirect)
	num("resp", int64(max(2, c.PushProto())))
	text("lib-name", lib)
	text("lib-ver", version)
	return dst[:len(dst)-1]
}

// flagLetters are Redis's, in its order.
func (c *Client) flagLetters() string {
	var b []byte
	f := c.flags.Load()
	queued, _ := c.Multi()
	track := c.Tracking()
	for _, l := range [...]struct {
		on     bool
		letter byte
	}{
		{f&flagMonitor != 0, 'O'}, {c.Replica.Load(), 'S'}, {c.Master, 'M'}, {c.Subscribed(), 'P'}, {queued >= 0, 'x'}, {c.Blocked(), 'b'},
		{track != 0, 't'}, {track.Has(TrackBroken), 'R'}, {track.Has(TrackBroadcast), 'B'},
		{c.Dirty.Load(), 'd'}, {c.Unix, 'U'}, {f&flagReadOnly != 0, 'r'}, {f&flagNoEvict != 0, 'e'}, {f&flagNoTouch != 0, 'T'},
	} {
		if l.on {
			b = append(b, l.letter)
		}
	}
	if len(b) == 0 {
		return "N"
	}
	return string(b)
}
