package command

import (
	"bytes"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/pubsub"
	"github.com/haypile/haypile/internal/resp"
	"github.com/haypile/haypile/internal/tracking"
)

// Messaging is what the instance offers to publishers and subscribers.
type Messaging interface {
	PubSub() *pubsub.Hub
	// Tracking knows what clients keep copies of.
	Tracking() *tracking.Table
}

var pubsubRows = []Row{
	{Name: "psubscribe", Arity: -2, Flags: PubSub | NoScript | Loading | Stale | Once | TellFirst, Handler: psubscribe, Group: "pubsub", Since: "2.0.0", Summary: "Subscribes to every channel whose name fits one of the patterns.",
		Syntax: "pattern...", Complexity: "O(N) for N patterns"},
	{Name: "publish", Arity: 3, Flags: PubSub | Loading | Stale | Fast, Handler: publish, Group: "pubsub", Since: "2.0.0", Summary: "Sends a message to a channel's subscribers and tells how many received it.",
		Syntax: "channel message", Complexity: "O(N+M) for N subscribers of the channel and M patterns"},
	{Name: "pubsub", Arity: -2, Group: "pubsub", Since: "2.8.0", Summary: "Groups the commands about channels and their subscribers.", Sub: []Row{
		{Name: "channels", Arity: -2, Flags: PubSub | Loading | Stale, Handler: pubsubChannels, Since: "2.8.0", Summary: "Lists the channels that have subscribers.",
			Syntax: "[pattern]", Complexity: "O(N) for N channels"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: pubsubHelp, Since: "6.2.0", Summary: "Lists the subcommands of PUBSUB with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "numpat", Arity: 2, Flags: PubSub | Loading | Stale, Handler: pubsubNumPat, Since: "2.8.0", Summary: "Counts the different patterns that clients are subscribed to.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "numsub", Arity: -2, Flags: PubSub | Loading | Stale, Handler: pubsubNumSub, Since: "2.8.0", Summary: "Counts the subscribers of each given channel.",
			Syntax: "[channel...]", Complexity: "O(N) for N channels asked for"},
		{Name: "shardchannels", Arity: -2, Flags: PubSub | Loading | Stale, Handler: pubsubShardChannels, Since: "7.0.0", Summary: "Lists the shard channels that have subscribers.",
			Syntax: "[pattern]", Complexity: "O(N) for N shard channels"},
		{Name: "shardnumsub", Arity: -2, Flags: PubSub | Loading | Stale, Handler: pubsubShardNumSub, Since: "7.0.0", Summary: "Counts the subscribers of each given shard channel.",
			Syntax: "[shardchannel...]", Complexity: "O(N) for N shard channels asked for"},
	}},
	{Name: "punsubscribe", Arity: -1, Flags: PubSub | NoScript | Loading | Stale | Once | TellFirst, Handler: punsubscribe, Group: "pubsub", Since: "2.0.0", Summary: "Cancels subscriptions to the given patterns, or to all.",
		Syntax: "[pattern...]", Complexity: "O(N) for N patterns"},
	{Name: "spublish", Arity: 3, Flags: PubSub | Loading | Stale | Fast, Keys: OneKey, Handler: spublish, Group: "pubsub", Since: "7.0.0", Summary: "Sends a message to a shard channel's subscribers and tells how many received it.",
		Syntax: "shardchannel message", Complexity: "O(N) for N subscribers of the channel"},
	{Name: "ssubscribe", Arity: -2, Flags: PubSub | NoScript | Loading | Stale | Once | TellFirst, Keys: AllKeys, Handler: ssubscribe, Group: "pubsub", Since: "7.0.0", Summary: "Subscribes to the given shard channels.",
		Syntax: "shardchannel...", Complexity: "O(N) for N channels"},
	{Name: "subscribe", Arity: -2, Flags: PubSub | NoScript | Loading | Stale | Once | TellFirst, Handler: subscribe, Group: "pubsub", Since: "2.0.0", Summary: "Subscribes to the given channels.",
		Syntax: "channel...", Complexity: "O(N) for N channels"},
	{Name: "sunsubscribe", Arity: -1, Flags: PubSub | NoScript | Loading | Stale | Once | TellFirst, Keys: AllKeys, Handler: sunsubscribe, Group: "pubsub", Since: "7.0.0", Summary: "Cancels subscriptions to the given shard channels, or to all.",
		Syntax: "[shardchannel...]", Complexity: "O(N) for N channels"},
	{Name: "unsubscribe", Arity: -1, Flags: PubSub | NoScript | Loading | Stale | Once | TellFirst, Handler: unsubscribe, Group: "pubsub", Since: "2.0.0", Summary: "Cancels subscriptions to the given channels, or to all.",
		Syntax: "[channel...]", Complexity: "O(N) for N channels"},
}

func subscribe(c *Ctx) error { return subscribeTo(c, pubsub.Channels) }

func psubscribe(c *Ctx) error { return subscribeTo(c, pubsub.Patterns) }

// ssubscribe is not for EXEC, in contrast to the others, which old clients use there.
func ssubscribe(c *Ctx) error {
	if c.NoWait {
		return resp.Err("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
	}
	return subscribeTo(c, pubsub.Sharded)
}

// subscribeTo confirms each subscription with a message of its own.
func subscribeTo(c *Ctx, kind pubsub.Kind) error {
	for _, name := range c.Args[1:] {
		c.Host.PubSub().Subscribe(kind, c.C, string(name))
		c.subscription(kind, name)
	}
	return nil
}

func unsubscribe(c *Ctx) error { return unsubscribeFrom(c, pubsub.Channels) }

func punsubscribe(c *Ctx) error { return unsubscribeFrom(c, pubsub.Patterns) }

func sunsubscribe(c *Ctx) error { return unsubscribeFrom(c, pubsub.Sharded) }

// unsubscribeFrom ends the subscriptions that are named, or all of the kind.
func unsubscribeFrom(c *Ctx, kind pubsub.Kind) error {
	hub := c.Host.PubSub()
	names := c.Args[1:]
	if len(names) == 0 {
		for _, name := range hub.Names(kind, c.C) {
			names = append(names, []byte(name))
		}
		if len(names) == 0 {
			c.subscription(kind, nil)
		}
	}
	for _, name := range names {
		hub.Unsubscribe(kind, c.C, string(name))
		c.subscription(kind, name)
	}
	c.C.Sink.Settle()
	return nil
}

// subscription writes the confirmation of a change: its kind is the command's name.
func (c *Ctx) subscription(kind pubsub.Kind, name []byte) {
	channels, patterns, sharded := c.C.Subscriptions()
	count := channels + patterns
	if kind == pubsub.Sharded {
		count = sharded
	}
	c.C.Pushed = true
	c.W.Push(3)
	c.W.BulkString(c.Row.Name)
	if name == nil {
		c.W.Null()
	} else {
		c.W.Bulk(name)
	}
	c.W.Int(int64(count))
}

func publish(c *Ctx) error {
	hub := c.Host.PubSub()
	return publishWith(c, hub.Receivers(c.Args[1]), hub.Publish, false)
}

func spublish(c *Ctx) error {
	hub := c.Host.PubSub()
	return publishWith(c, hub.Subscribers(pubsub.Sharded, c.Args[1]), hub.PublishSharded, true)
}

// publishWith sends the message after the commit: who receives it finds what was
// written before it, or within the same transaction.
// Replicas pass it on to their subscribers.
func publishWith(c *Ctx, receivers int, send func(channel, msg []byte, at client.Place) int, sharded bool) error {
	host := c.Host
	if relay := host.Relays(); receivers > 0 || relay {
		channel, msg := bytes.Clone(c.Args[1]), bytes.Clone(c.Args[2])
		c.Txns.AfterCommit(c, func(at client.Place) {
			send(channel, msg, at)
			host.Relay(sharded, channel, msg)
		})
	}
	return c.int(int64(receivers))
}

func pubsubChannels(c *Ctx) error { return listChannels(c, pubsub.Channels) }

func pubsubShardChannels(c *Ctx) error { return listChannels(c, pubsub.Sharded) }

func listChannels(c *Ctx, kind pubsub.Kind) error {
	if len(c.Args) > 3 {
		return unknownSubcommand(c)
	}
	var pattern []byte
	if len(c.Args) == 3 {
		pattern = c.Args[2]
	}
	names := c.Host.PubSub().List(kind, pattern)
	c.W.Array(len(names))
	for _, name := range names {
		c.W.BulkString(name)
	}
	return nil
}

func pubsubNumSub(c *Ctx) error { return countSubscribers(c, pubsub.Channels) }

func pubsubShardNumSub(c *Ctx) error { return countSubscribers(c, pubsub.Sharded) }

func countSubscribers(c *Ctx, kind pubsub.Kind) error {
	names := c.Args[2:]
	c.W.Array(2 * len(names))
	for _, name := range names {
		c.W.Bulk(name)
		c.W.Int(int64(c.Host.PubSub().Subscribers(kind, name)))
	}
	return nil
}

func pubsubNumPat(c *Ctx) error { return c.int(int64(c.Host.PubSub().Len(pubsub.Patterns))) }

func pubsubHelp(c *Ctx) error {
	return help(c, "PUBSUB",
		"CHANNELS [<pattern>]", "    Return the currently active channels matching a <pattern> (default: '*').",
		"NUMPAT", "    Return number of subscriptions to patterns.",
		"NUMSUB [<channel> ...]", "    Return the number of subscribers for the specified channels, excluding", "    pattern subscriptions(default: no channels).",
		"SHARDCHANNELS [<pattern>]", "    Return the currently active shard level channels matching a <pattern> (default: '*').",
		"SHARDNUMSUB [<shardchannel> ...]", "    Return the number of subscribers for the specified shard level channel(s)")
}
