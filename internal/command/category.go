package command

import "strings"

// Categories of ACL, in the order in which Redis prints them.
var categoryNames = [...]string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream",
	"pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
}

// groupCategory is the category that a group's commands have; the others have none.
var groupCategory = map[Group]string{
	"generic": "keyspace", "string": "string", "list": "list", "set": "set", "sorted-set": "sortedset", "hash": "hash",
	"bitmap": "bitmap", "hyperloglog": "hyperloglog", "geo": "geo", "stream": "stream", "connection": "connection",
	"transactions": "transaction", "scripting": "scripting",
}

// Categories are the ACL categories of a row: those of its flags and group, and
// those that Cats adds or, with a minus, takes away.
func (r *Row) Categories() []string {
	has := map[string]bool{}
	has[groupCategory[r.Group]] = r.Sub == nil
	has["write"] = r.Is(Write)
	has["read"] = r.Is(ReadOnly) && r.Group != "scripting"
	has["pubsub"] = r.Is(PubSub)
	has["admin"], has["dangerous"] = r.Is(Admin), r.Is(Admin)
	has["blocking"] = r.Is(Blocking)
	has["fast"], has["slow"] = r.Is(Fast), !r.Is(Fast)
	for _, name := range strings.Fields(r.Cats) {
		name, minus := strings.CutPrefix(name, "-")
		has[name] = !minus
	}
	var list []string
	for _, name := range categoryNames {
		if has[name] {
			list = append(list, name)
		}
	}
	return list
}

// IsCategory says whether a name is a category of ACL.
func IsCategory(name string) bool {
	for _, c := range categoryNames {
		if c == name {
			return true
		}
	}
	return false
}

// flagNames are Redis's names, in the order in which it prints them.
var flagNames = [...]struct {
	flag Flags
	name string
}{
	{Write, "write"}, {ReadOnly, "readonly"}, {DenyOOM, "denyoom"}, {Admin, "admin"}, {PubSub, "pubsub"},
	{NoScript, "noscript"}, {Blocking, "blocking"}, {Loading, "loading"}, {Stale, "stale"}, {SkipMonitor, "skip_monitor"},
	{SkipSlowlog, "skip_slowlog"}, {Fast, "fast"}, {NoAuth, "no_auth"}, {MovableKeys, "movablekeys"},
	{AllowBusy, "allow_busy"}, {NoMulti, "no_multi"}, {NoMandatoryKeys, "no_mandatory_keys"},
}

// FlagNames are the flags that COMMAND INFO shows.
func (r *Row) FlagNames() []string {
	var list []string
	for _, f := range flagNames {
		if r.Is(f.flag) {
			list = append(list, f.name)
		}
	}
	return list
}
