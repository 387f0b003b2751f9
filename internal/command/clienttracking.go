package command

import (
	"strings"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

// trackOptions are the arguments of CLIENT TRACKING.
type trackOptions struct {
	mode     client.TrackMode
	redirect int64
	prefixes []string
}

func parseTracking(c *Ctx) (o trackOptions, err error) {
	for i := 3; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch arg := c.Args[i]; {
		case equalFold(arg, "redirect") && more:
			i++
			if o.redirect, err = redirectTo(c, c.Args[i], o.redirect); err != nil {
				return o, err
			}
		case equalFold(arg, "bcast"):
			o.mode |= client.TrackBroadcast
		case equalFold(arg, "optin"):
			o.mode |= client.TrackOptIn
		case equalFold(arg, "optout"):
			o.mode |= client.TrackOptOut
		case equalFold(arg, "noloop"):
			o.mode |= client.TrackNoLoop
		case equalFold(arg, "prefix") && more:
			i++
			o.prefixes = append(o.prefixes, c.Arg(i))
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func redirectTo(c *Ctx, arg []byte, before int64) (int64, error) {
	if before != 0 {
		return 0, resp.Err("ERR A client can only redirect to a single other client")
	}
	id, ok := numeric.ParseInt64(arg)
	if !ok {
		return 0, resp.ErrNotInt
	}
	if c.Host.Clients().Get(id) == nil {
		return 0, resp.Err("ERR The client ID you want redirect to does not exist")
	}
	return id, nil
}

func clientTracking(c *Ctx) error {
	o, err := parseTracking(c)
	if err != nil {
		return err
	}
	on, err := onOff(c.Args[2])
	if err != nil {
		return err
	}
	table := c.Host.Tracking()
	if !on {
		table.Off(c.C)
		return c.ok()
	}
	if err := o.check(c.C.Tracking(), table.Prefixes(c.C)); err != nil {
		return err
	}
	if o.mode.Has(client.TrackBroadcast) && len(o.prefixes) == 0 {
		o.prefixes = []string{""}
	}
	table.On(c.C, o.mode, o.redirect, o.prefixes)
	return c.ok()
}

// check refuses options that contradict one another or what the client has begun with.
func (o *trackOptions) check(now client.TrackMode, prefixes []string) error {
	broadcast := o.mode.Has(client.TrackBroadcast)
	switch {
	case !broadcast && len(o.prefixes) > 0:
		return resp.Err("ERR PREFIX option requires BCAST mode to be enabled")
	case now.Has(client.TrackOn) && broadcast != now.Has(client.TrackBroadcast):
		return resp.Err("ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.")
	case broadcast && o.mode&(client.TrackOptIn|client.TrackOptOut) != 0:
		return resp.Err("ERR OPTIN and OPTOUT are not compatible with BCAST")
	case o.mode.Has(client.TrackOptIn | client.TrackOptOut):
		return resp.Err("ERR You can't specify both OPTIN mode and OPTOUT mode")
	case o.mode.Has(client.TrackOptIn) && now.Has(client.TrackOptOut), o.mode.Has(client.TrackOptOut) && now.Has(client.TrackOptIn):
		return resp.Err("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.")
	}
	return o.overlap(prefixes)
}

// overlap refuses prefixes of which one begins with the other: a key would be told twice.
func (o *trackOptions) overlap(existing []string) error {
	both := func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
	for i, p := range o.prefixes {
		for _, e := range existing {
			if both(p, e) {
				return resp.Err("ERR Prefix '" + p + "' overlaps with an existing prefix '" + e + "'. Prefixes for a single client must not overlap.")
			}
		}
		for _, other := range o.prefixes[i+1:] {
			if both(p, other) {
				return resp.Err("ERR Prefix '" + p + "' overlaps with another provided prefix '" + other + "'. Prefixes for a single client must not overlap.")
			}
		}
	}
	return nil
}

func clientCaching(c *Ctx) error {
	m := c.C.Tracking()
	if m == 0 {
		return resp.Err("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
	}
	switch {
	case equalFold(c.Args[2], "yes"):
		if !m.Has(client.TrackOptIn) {
			return resp.Err("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
		}
	case equalFold(c.Args[2], "no"):
		if !m.Has(client.TrackOptOut) {
			return resp.Err("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
		}
	default:
		return resp.ErrSyntax
	}
	c.C.MarkTracking(client.TrackCaching)
	return c.ok()
}

func clientGetRedir(c *Ctx) error { return c.int(redirection(c.C)) }

// redirection is where a client's messages go: -1 without tracking.
func redirection(cl *client.Client) int64 {
	if cl.Tracking() == 0 {
		return -1
	}
	return cl.Redirect()
}

func clientTrackingInfo(c *Ctx) error {
	m := c.C.Tracking()
	flags := []string{"off"}
	if m != 0 {
		flags[0] = "on"
	}
	for _, f := range [...]struct {
		bits client.TrackMode
		name string
	}{
		{client.TrackBroadcast, "bcast"}, {client.TrackOptIn, "optin"}, {client.TrackOptIn | client.TrackCaching, "caching-yes"},
		{client.TrackOptOut, "optout"}, {client.TrackOptOut | client.TrackCaching, "caching-no"},
		{client.TrackNoLoop, "noloop"}, {client.TrackBroken, "broken_redirect"},
	} {
		if m.Has(f.bits) {
			flags = append(flags, f.name)
		}
	}
	c.W.Map(3)
	c.W.BulkString("flags")
	c.W.Set(len(flags))
	for _, f := range flags {
		c.W.BulkString(f)
	}
	c.W.BulkString("redirect")
	c.W.Int(redirection(c.C))
	c.W.BulkString("prefixes")
	return c.bulks(c.Host.Tracking().Prefixes(c.C))
}
