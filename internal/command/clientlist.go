package command

import (
	"time"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/resp"
)

func clientInfo(c *Ctx) error {
	c.W.Verbatim("txt", string(c.C.AppendInfo(nil, time.Now(), resp.RequestLen(c.Args)))+"\n")
	return nil
}

func clientList(c *Ctx) error {
	show := func(*client.Client) bool { return true }
	switch {
	case len(c.Args) == 4 && equalFold(c.Args[2], "type"):
		typ, err := clientType(c.Args[3])
		if err != nil {
			return err
		}
		show = func(cl *client.Client) bool { return typeOfClient(cl) == typ }
	case len(c.Args) > 3 && equalFold(c.Args[2], "id"):
		ids := map[int64]bool{}
		for _, arg := range c.Args[3:] {
			id, ok := numeric.ParseInt64(arg)
			if !ok {
				return resp.Err("ERR Invalid client ID")
			}
			ids[id] = true
		}
		show = func(cl *client.Client) bool { return ids[cl.ID] }
	case len(c.Args) != 2:
		return resp.ErrSyntax
	}
	var text []byte
	now := time.Now()
	for _, cl := range c.Host.Clients().All() {
		if show(cl) {
			executing := int64(0)
			if cl == c.C {
				executing = resp.RequestLen(c.Args)
			}
			text = append(cl.AppendInfo(text, now, executing), '\n')
		}
	}
	c.W.Verbatim("txt", string(text))
	return nil
}

// The types of clients that LIST and KILL know.
const (
	typeNormal  = "normal"
	typePubSub  = "pubsub"
	typeReplica = "replica"
	typeMaster  = "master"
)

func clientType(arg []byte) (string, error) {
	for _, t := range [...]string{typeNormal, typePubSub, typeReplica, typeMaster} {
		if equalFold(arg, t) {
			return t, nil
		}
	}
	if equalFold(arg, "slave") {
		return typeReplica, nil
	}
	return "", resp.Err("ERR Unknown client type '" + string(arg) + "'")
}

func typeOfClient(cl *client.Client) string {
	switch {
	case cl.Master:
		return typeMaster
	case cl.Replica.Load():
		return typeReplica
	case cl.Subscribed():
		return typePubSub
	}
	return typeNormal
}

// killFilter says whom CLIENT KILL ends.
type killFilter struct {
	id               int64
	addr, laddr      string
	user, typ        string
	olderThan        time.Duration
	skipSelf, oldWay bool
}

func parseKill(c *Ctx) (f killFilter, err error) {
	if len(c.Args) == 3 {
		return killFilter{addr: c.Arg(2), oldWay: true}, nil
	}
	f.skipSelf = true
	for i := 2; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			return f, resp.ErrSyntax
		}
		if err := f.add(c.Args[i], c.Args[i+1]); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *killFilter) add(name, val []byte) (err error) {
	switch {
	case equalFold(name, "id"):
		f.id, err = positive(val, "ERR client-id should be greater than 0")
	case equalFold(name, "addr"):
		f.addr = string(val)
	case equalFold(name, "laddr"):
		f.laddr = string(val)
	case equalFold(name, "type"):
		f.typ, err = clientType(val)
	case equalFold(name, "user"):
		f.user = string(val)
	case equalFold(name, "maxage"):
		var seconds int64
		seconds, err = positive(val, "ERR maxage is not an integer or out of range")
		f.olderThan = time.Duration(min(seconds, 1<<33)) * time.Second
	case equalFold(name, "skipme") && equalFold(val, "yes"):
		f.skipSelf = true
	case equalFold(name, "skipme") && equalFold(val, "no"):
		f.skipSelf = false
	default:
		return resp.ErrSyntax
	}
	return err
}

func positive(arg []byte, bad resp.Err) (int64, error) {
	n, ok := numeric.ParseInt64(arg)
	if !ok || n < 1 {
		return 0, bad
	}
	return n, nil
}

func (f *killFilter) matches(cl *client.Client) bool {
	return (f.id == 0 || f.id == cl.ID) &&
		(f.addr == "" || f.addr == cl.Addr) &&
		(f.laddr == "" || f.laddr == cl.LAddr) &&
		(f.user == "" || f.user == cl.UserName()) &&
		(f.typ == "" || f.typ == typeOfClient(cl)) &&
		(f.olderThan == 0 || time.Since(cl.Created) >= f.olderThan)
}

func clientKill(c *Ctx) error {
	f, err := parseKill(c)
	if err != nil {
		return err
	}
	if f.user != "" && c.Host.Users().Get(f.user) == nil {
		return resp.Err("ERR No such user '" + f.user + "'")
	}
	killed := int64(0)
	for _, cl := range c.Host.Clients().All() {
		switch {
		case !f.matches(cl) || cl == c.C && f.skipSelf:
			continue
		case cl == c.C:
			cl.CloseAfter = true
		default:
			cl.Kill("CLIENT KILL by " + c.C.Addr)
		}
		killed++
	}
	if !f.oldWay {
		return c.int(killed)
	}
	if killed == 0 {
		return resp.Err("ERR No such client")
	}
	return c.ok()
}
