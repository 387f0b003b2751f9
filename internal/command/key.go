package command

import (
	"github.com/haypile/haypile/internal/datatype"
)

var keyRows = []Row{
	{Name: "del", Arity: -2, Flags: Write, Keys: AllKeys, Handler: del, Group: "generic", Since: "1.0.0", Summary: "Deletes one or more keys."},
	{Name: "dbsize", Arity: 1, Flags: ReadOnly | Fast, Handler: dbsize, Group: "server", Since: "1.0.0", Summary: "Returns the number of keys in the database."},
}

func del(c *Ctx) error {
	n := int64(0)
	for _, name := range c.Args[1:] {
		k, err := datatype.Load(c.T, name)
		if err != nil {
			return err
		}
		existed := k.Exists
		k.Remove()
		if existed {
			n++
			c.T.Event(datatype.ClassGeneric, "del", name)
		}
	}
	return c.int(n)
}

func dbsize(c *Ctx) error {
	keys, _ := c.T.KeyCounts()
	return c.int(keys)
}
