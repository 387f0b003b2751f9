package client

// TrackMode is how a client follows the keys that it has read (CLIENT TRACKING); 0 is
// not at all.
type TrackMode uint32

const (
	TrackOn        TrackMode = 1 << iota
	TrackBroadcast           // all keys with certain prefixes, read or not
	TrackOptIn               // only what follows CLIENT CACHING yes
	TrackOptOut              // all but what follows CLIENT CACHING no
	TrackNoLoop              // what it changes itself does not concern it
	TrackCaching             // CLIENT CACHING was just called
	TrackBroken              // the client to redirect to is gone
)

// Has says whether all the given bits are set.
func (m TrackMode) Has(bits TrackMode) bool { return m&bits == bits }

// Remembers says whether keys that are read now are followed.
func (m TrackMode) Remembers() bool {
	switch {
	case !m.Has(TrackOn) || m.Has(TrackBroadcast):
		return false
	case m.Has(TrackOptIn):
		return m.Has(TrackCaching)
	case m.Has(TrackOptOut):
		return !m.Has(TrackCaching)
	}
	return true
}

// Tracking is the client's mode.
func (c *Client) Tracking() TrackMode { return TrackMode(c.track.Load()) }

// Redirect is the id of the client that messages go to instead of this one, or 0.
func (c *Client) Redirect() int64 { return c.redirect.Load() }

// SetTracking begins, changes or ends (0) the client's tracking.
func (c *Client) SetTracking(m TrackMode, redirect int64) {
	c.redirect.Store(redirect)
	c.track.Store(uint32(m))
}

// MarkTracking sets bits of the mode of a client that is tracking; other goroutines may.
func (c *Client) MarkTracking(set TrackMode) { c.track.Or(uint32(set)) }

// ClearTracking takes bits away.
func (c *Client) ClearTracking(bits TrackMode) { c.track.And(^uint32(bits)) }
