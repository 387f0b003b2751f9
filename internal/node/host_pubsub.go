package node

import (
	"strconv"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/pubsub"
	"github.com/haypile/haypile/internal/tracking"
)

// PubSub implements command.Messaging.
func (n *Node) PubSub() *pubsub.Hub { return n.hub }

// Tracking implements command.Messaging.
func (n *Node) Tracking() *tracking.Table { return n.track }

func (n *Node) pubsubCounts() (channels, patterns, sharded int) {
	return n.hub.Len(pubsub.Channels), n.hub.Len(pubsub.Patterns), n.hub.Len(pubsub.Sharded)
}

// eventClasses maps the letters of notify-keyspace-events to what the data types
// tell of.
var eventClasses = []struct {
	set   config.EventClass
	class datatype.Class
}{
	{config.NotifyGeneric, datatype.ClassGeneric}, {config.NotifyString, datatype.ClassString},
	{config.NotifyList, datatype.ClassList}, {config.NotifySet, datatype.ClassSet},
	{config.NotifyHash, datatype.ClassHash}, {config.NotifyZset, datatype.ClassZSet},
	{config.NotifyStream, datatype.ClassStream}, {config.NotifyExpired, datatype.ClassExpired},
	{config.NotifyEvicted, datatype.ClassEvicted}, {config.NotifyKeyMiss, datatype.ClassKeyMiss},
	{config.NotifyModule, datatype.ClassModule}, {config.NotifyNew, datatype.ClassNew},
}

// wantedEvents are the classes to deliver; none, while no channel is chosen.
func wantedEvents(set config.EventClass) (classes datatype.Class) {
	if set&(config.NotifyKeyspace|config.NotifyKeyevent) == 0 {
		return 0
	}
	for _, c := range eventClasses {
		if set.Has(c.set) {
			classes |= c.class
		}
	}
	return classes
}

// notify publishes a keyspace event, after its commit.
func (n *Node) notify(db int, _ datatype.Class, event string, key []byte, at client.Place) {
	set := n.cfg.Load().NotifyKeyspaceEvents
	channel := make([]byte, 0, 32+len(key))
	if set.Has(config.NotifyKeyspace) {
		channel = strconv.AppendInt(append(channel, "__keyspace@"...), int64(db), 10)
		channel = append(append(channel, "__:"...), key...)
		n.hub.Publish(channel, []byte(event), at)
	}
	if set.Has(config.NotifyKeyevent) {
		channel = strconv.AppendInt(append(channel[:0], "__keyevent@"...), int64(db), 10)
		channel = append(append(channel, "__:"...), event...)
		n.hub.Publish(channel, key, at)
	}
}
