package command

import (
	"strings"

	"github.com/haypile/haypile/internal/acl"
)

// keyAccess says what commands do with their keys, in the words of COMMAND GETKEYSANDFLAGS:
// one text per key, divided by semicolons, the last for all that follow. Where nothing is said
// here a command that writes does "RW access update", any other "RO access". ACL asks for the
// right to read where a key's content gets out (access), and to write where it changes.
var keyAccess = map[string]string{
	"set": "RW access update variable_flags", "bitfield": "RW access update variable_flags", // see useOf
	"delvx": "RW access delete", "pksetexat": "OW update",
	"append": "RW insert", "bitop": "OW update; RO access", "blmove": "RW access delete; RW insert",
	"blmpop": "RW access delete", "blpop": "RW access delete", "brpop": "RW access delete",
	"brpoplpush": "RW access delete; RW insert", "bzmpop": "RW access delete", "bzpopmax": "RW access delete",
	"bzpopmin": "RW access delete", "copy": "RO access; OW update", "del": "RM delete",
	"eval": "RW access update", "evalsha": "RW access update", "fcall": "RW access update",
	"exists": "RO", "expire": "RW update", "expireat": "RW update", "geoadd": "RW update",
	"georadius": "RO access; OW update", "georadiusbymember": "RO access; OW update",
	"geosearchstore": "OW update; RO access", "getdel": "RW access delete", "hdel": "RW delete", "hexists": "RO",
	"hexpire": "RW update", "hexpireat": "RW update", "hgetdel": "RW access delete", "hpersist": "RW update",
	"hpexpire": "RW update", "hpexpireat": "RW update", "hsetex": "RW update",
	"hlen": "RO", "hmset": "RW update", "hset": "RW update", "hsetnx": "RW insert", "hstrlen": "RO",
	"linsert": "RW insert", "llen": "RO", "lmove": "RW access delete; RW insert", "lmpop": "RW access delete",
	"lpop": "RW access delete", "lpush": "RW insert", "lpushx": "RW insert", "lrem": "RW delete", "lset": "RW update",
	"ltrim": "RW delete", "memory|usage": "RO", "migrate": "RW access delete", "mset": "OW update", "msetnx": "OW insert",
	"object|freq": "RO", "object|encoding": "RO", "object|idletime": "RO", "object|refcount": "RO",
	"persist": "RW update", "pexpire": "RW update", "pexpireat": "RW update", "pfadd": "RW insert", "pfcount": "RW access",
	"pfdebug": "RW access", "pfmerge": "RW access insert; RO access", "psetex": "OW update",
	"rename": "RW access delete; OW update", "renamenx": "RW access delete; OW insert", "restore": "OW update",
	"restore-asking": "OW update", "rpop": "RW access delete", "rpoplpush": "RW access delete; RW insert",
	"rpush": "RW insert", "rpushx": "RW insert", "sadd": "RW insert", "scard": "RO", "sdiffstore": "OW update; RO access",
	"setex": "OW update", "setnx": "OW insert", "setrange": "RW update", "sinterstore": "RW update; RO access",
	"sismember": "RO", "smove": "RW access delete; RW insert", "sort": "RO access; OW update",
	"spop": "RW access delete", "srem": "RW delete", "strlen": "RO", "sunionstore": "OW update; RO access", "touch": "RO",
	"type": "RO", "unlink": "RM delete", "watch": "RO", "xack": "RW update", "xadd": "RW update", "xautoclaim": "RW delete",
	"xclaim": "RW update", "xdel": "RW delete", "xgroup|create": "RW insert", "xgroup|createconsumer": "RW insert",
	"xgroup|delconsumer": "RW delete", "xgroup|destroy": "RW delete", "xgroup|setid": "RW update", "xlen": "RO",
	"xreadgroup": "RO access", "xsetid": "RW update", "xtrim": "RW delete", "zadd": "RW update", "zcard": "RO",
	"zdiffstore": "OW update; RO access", "zinterstore": "OW update; RO access", "zmpop": "RW access delete",
	"zpopmax": "RW access delete", "zpopmin": "RW access delete", "zrangestore": "OW update; RO access", "zrem": "RW delete",
	"zremrangebylex": "RW delete", "zremrangebyrank": "RW delete", "zremrangebyscore": "RW delete",
	"zunionstore": "OW update; RO access",
}

// keyUse is what a command does with one of its keys.
type keyUse struct {
	flags  []string
	access acl.Access
}

func parseKeyUse(text string) keyUse {
	u := keyUse{flags: strings.Fields(text)}
	for _, f := range u.flags {
		switch f {
		case "access":
			u.access |= acl.Read
		case "insert", "update", "delete":
			u.access |= acl.Write
		}
	}
	return u
}

var (
	useAll   = parseKeyUse("RW access update")
	useRead  = parseKeyUse("RO access")
	useWrite = parseKeyUse("OW update")
	useNoKey = parseKeyUse("not_key")
)

// setKeyUses fills in what the row does with its keys.
func (r *Row) setKeyUses() {
	switch text, said := keyAccess[r.Full]; {
	case said:
		for _, part := range strings.Split(text, ";") {
			r.uses = append(r.uses, parseKeyUse(part))
		}
	case r.Is(PubSub):
		r.uses = []keyUse{useNoKey}
	case r.Is(Write):
		r.uses = []keyUse{useAll}
	default:
		r.uses = []keyUse{useRead}
	}
}

// useOf is what the command does with the nth of its keys.
func (r *Row) useOf(n int, args [][]byte) *keyUse {
	switch r.Name {
	case "set":
		return setUse(args)
	case "bitfield":
		return bitfieldUse(args)
	}
	return &r.uses[min(n, len(r.uses)-1)]
}

// setUse: SET reads only with GET, and with VX, which tells what is there.
func setUse(args [][]byte) *keyUse {
	for i := 3; i < len(args); i++ {
		if equalFold(args[i], "get") || equalFold(args[i], "vx") {
			return &useAll
		}
	}
	return &useWrite
}

// bitfieldUse: BITFIELD writes unless it has nothing but GETs.
func bitfieldUse(args [][]byte) *keyUse {
	for i := 2; i < len(args); {
		switch more := len(args) - 1 - i; {
		case equalFold(args[i], "get") && more >= 2:
			i += 3
		case equalFold(args[i], "overflow") && more >= 1:
			i += 2
		default:
			return &useAll
		}
	}
	return &useRead
}

// hasKeys says whether some of the command's arguments are keys; sharded channels are not.
func (r *Row) hasKeys() bool { return (r.Keys.First != 0 || r.GetKeys != nil) && !r.Is(PubSub) }

// call puts a command in the terms of ACL.
func (r *Row) call(rights *acl.Rights, args [][]byte) acl.Call {
	c := acl.Call{Command: r.ID, Open: r.Is(NoAuth), Args: args}
	if rights.NeedsKeys() && r.hasKeys() {
		if idx, ok := r.AppendKeys(nil, args); ok {
			for n, i := range idx {
				c.Keys = append(c.Keys, acl.KeyUse{Arg: i, Access: r.useOf(n, args).access})
			}
		}
	}
	if rights.NeedsChannels() && r.Is(PubSub) && r.ArityOK(len(args)) {
		c.Channels = r.channels(args)
	}
	return c
}

// channels lists the channels that a command publishes or subscribes to. To end a subscription
// needs no right.
func (r *Row) channels(args [][]byte) (list []acl.ChannelUse) {
	switch r.Name {
	case "publish", "spublish":
		return []acl.ChannelUse{{Arg: 1}}
	case "subscribe", "ssubscribe", "psubscribe":
		for i := 1; i < len(args); i++ {
			list = append(list, acl.ChannelUse{Arg: i, Pattern: r.Name == "psubscribe"})
		}
	}
	return list
}

// Check says whether a user may run the command with these arguments. With a wrong number of them it judges the command
// alone. A user who may do everything should not get here: ask Unrestricted first.
func (r *Row) Check(u *acl.User, args [][]byte) acl.Denial {
	rights := u.Rights()
	if rights.Everything() {
		return acl.Denial{}
	}
	c := r.call(rights, args)
	return rights.Check(&c)
}

// mayUse says whether the client may use a key that the command has found.
func (c *Ctx) mayUse(key []byte, access acl.Access) bool {
	u := c.C.User()
	if u.Unrestricted() {
		return true
	}
	call := acl.Call{Command: c.Row.ID, Args: [][]byte{key}, Keys: []acl.KeyUse{{Access: access}}}
	return !u.Rights().Check(&call).Denied()
}

// mayReadAll says whether the client may run the command that runs now and read every key.
func (c *Ctx) mayReadAll() bool {
	u := c.C.User()
	if u.Unrestricted() {
		return true
	}
	rights := u.Rights()
	call := c.Row.call(rights, c.Args)
	return rights.CheckReadingAll(&call)
}
