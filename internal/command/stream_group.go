package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// groupOptions are the options of XGROUP CREATE and SETID.
type groupOptions struct {
	make bool
	read int64
}

func parseGroup(c *Ctx, create bool) (o groupOptions, err error) {
	o.read = layout.UnknownRead
	for i := 5; i < len(c.Args); i++ {
		switch {
		case create && equalFold(c.Args[i], "mkstream"):
			o.make = true
		case i+1 < len(c.Args) && equalFold(c.Args[i], "entriesread"):
			i++
			n, ok := numeric.ParseInt64(c.Args[i])
			if !ok {
				return o, resp.ErrNotInt
			}
			if o.read = n; n < 0 && n != layout.UnknownRead {
				return o, resp.Err("ERR value for ENTRIESREAD must be positive or -1")
			}
		default:
			return o, unknownSubcommand(c)
		}
	}
	return o, nil
}

// xgroupStream loads the stream of an XGROUP subcommand, which must exist.
func xgroupStream(c *Ctx) (datatype.Stream, error) {
	s, err := datatype.LoadStream(c.T, c.Args[2])
	if err == nil && !s.Exists {
		err = resp.Err("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")
	}
	return s, err
}

// existingGroup reads a group that must exist, for XGROUP and XINFO.
func existingGroup(s *datatype.Stream, name []byte) (datatype.Group, error) {
	g, err := s.Group(name)
	if err == nil && !g.Exists {
		err = resp.Err("NOGROUP No such consumer group " + quoted(name) + " for key name " + quoted(s.Name))
	}
	return g, err
}

func xgroupCreate(c *Ctx) error {
	o, err := parseGroup(c, true)
	if err != nil {
		return err
	}
	s, err := datatype.LoadStream(c.T, c.Args[2])
	if err != nil {
		return err
	}
	made := !s.Exists
	if made && !o.make {
		_, err := xgroupStream(c)
		return err
	}
	if len(c.Args) > 8 {
		return unknownSubcommand(c)
	}
	last := s.Meta.Last
	if !isWord(c.Args[4], '$') {
		if last, err = parseStreamID(c.Args[4], 0); err != nil {
			return err
		}
	}
	g, err := s.Group(c.Args[3])
	if err != nil {
		return err
	}
	if g.Exists {
		return resp.Err("BUSYGROUP Consumer Group name already exists")
	}
	tell := c.T.Notice
	if made {
		s.Create()
		tell = c.T.Event
	}
	g.Create(last, o.read)
	g.Save()
	s.Save()
	tell(datatype.ClassStream, "xgroup-create", s.Name)
	return c.ok()
}

func xgroupSetID(c *Ctx) error {
	o, err := parseGroup(c, false)
	if err != nil {
		return err
	}
	s, err := xgroupStream(c)
	if err != nil {
		return err
	}
	g, err := existingGroup(&s, c.Args[3])
	if err != nil {
		return err
	}
	if len(c.Args) != 5 && len(c.Args) != 7 {
		return unknownSubcommand(c)
	}
	g.Last, g.Read = s.Meta.Last, o.read
	if !isWord(c.Args[4], '$') {
		if g.Last, err = parseAnyStreamID(c.Args[4], 0); err != nil {
			return err
		}
	}
	g.Save()
	c.T.Notice(datatype.ClassStream, "xgroup-setid", s.Name)
	return c.ok()
}

func xgroupDestroy(c *Ctx) error {
	s, err := xgroupStream(c)
	if err != nil {
		return err
	}
	g, err := s.Group(c.Args[3])
	if err != nil || !g.Exists {
		c.W.Int(0)
		return err
	}
	g.Remove()
	s.Save()
	c.T.Notice(datatype.ClassStream, "xgroup-destroy", s.Name) // wakes those who wait for it
	return c.int(1)
}

func xgroupCreateConsumer(c *Ctx) error {
	s, err := xgroupStream(c)
	if err != nil {
		return err
	}
	g, err := existingGroup(&s, c.Args[3])
	if err != nil {
		return err
	}
	created, err := g.CreateConsumer(c.Args[4])
	if err != nil {
		return err
	}
	if created {
		g.Save()
	}
	return c.boolInt(created)
}

func xgroupDelConsumer(c *Ctx) error {
	s, err := xgroupStream(c)
	if err != nil {
		return err
	}
	g, err := existingGroup(&s, c.Args[3])
	if err != nil {
		return err
	}
	consumer, err := g.Consumer(c.Args[4])
	if err != nil || !consumer.Exists {
		c.W.Int(0)
		return err
	}
	if err := g.RemoveConsumer(&consumer); err != nil {
		return err
	}
	g.Save()
	c.T.Notice(datatype.ClassStream, "xgroup-delconsumer", s.Name)
	return c.int(int64(min(consumer.Pending, math.MaxInt64)))
}

func xgroupHelp(c *Ctx) error {
	return help(c, "XGROUP",
		"CREATE <key> <groupname> <id|$> [option]", "    Create a new consumer group. Options are:", "    * MKSTREAM",
		"      Create the empty stream if it does not exist.", "    * ENTRIESREAD entries_read",
		"      Set the group's entries_read counter (internal use).",
		"CREATECONSUMER <key> <groupname> <consumer>", "    Create a new consumer in the specified group.",
		"DELCONSUMER <key> <groupname> <consumer>", "    Remove the specified consumer.",
		"DESTROY <key> <groupname>", "    Remove the specified group.",
		"SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]", "    Set the current group ID and entries_read counter.")
}

// xack is no change to those who watch the key.
func xack(c *Ctx) error {
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	g, err := s.Group(c.Args[2])
	if err != nil || !g.Exists {
		c.W.Int(0)
		return err
	}
	var few [8]layout.StreamID
	ids, err := appendStreamIDs(few[:0], c.Args[3:])
	if err != nil {
		return err
	}
	n, err := g.Ack(ids)
	if err != nil {
		return err
	}
	if n > 0 {
		g.Save()
	}
	return c.int(int64(n))
}
