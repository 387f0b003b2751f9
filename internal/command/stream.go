package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var streamRows = []Row{
	{Name: "xack", Arity: -4, Flags: Write | Frees | Fast, Keys: OneKey, Handler: xack, Group: "stream", Since: "5.0.0", Summary: "Marks messages as processed by a consumer group, so they are no longer pending.",
		Syntax: "key group id...", Complexity: "O(N) for N IDs"},
	{Name: "xadd", Arity: -5, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: xadd, Group: "stream", Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Adds a message to the end of a stream and returns its ID.",
		Syntax: "key [NOMKSTREAM]@6.2.0 [trim: (strategy: MAXLEN | MINID@6.2.0) [operator: (equal: =) | (approximately: ~)] threshold [LIMIT count]@6.2.0] (id-selector: (auto-id: *) | id) (field value)...", Complexity: "O(N) for N fields, and O(M) for M entries trimmed"},
	{Name: "xautoclaim", Arity: -6, Flags: Write | Fast, Keys: OneKey, Handler: xautoclaim, Group: "stream", Tips: "nondeterministic_output", Since: "6.2.0", Summary: "Finds messages left pending too long and hands them to another consumer.",
		Syntax: "key group consumer min-idle-time start [COUNT count] [JUSTID]", Complexity: "O(N) for N pending entries looked at, ten for each of the count"},
	{Name: "xclaim", Arity: -6, Flags: Write | Fast, Keys: OneKey, Handler: xclaim, Group: "stream", Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Hands the given pending messages to another consumer if idle long enough.",
		Syntax: "key group consumer min-idle-time id... [IDLE ms:integer] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [lastid: LASTID id]", Complexity: "O(N) for N IDs"},
	{Name: "xdel", Arity: -3, Flags: Write | Frees | Fast, Keys: OneKey, Handler: xdel, Group: "stream", Since: "5.0.0", Summary: "Removes messages from a stream by ID and tells how many there were.",
		Syntax: "key id...", Complexity: "O(N) for N IDs"},
	{Name: "xgroup", Arity: -2, Group: "stream", Since: "5.0.0", Summary: "Groups the commands about the consumer groups of a stream.", Sub: []Row{
		{Name: "create", Arity: -5, Flags: Write | DenyOOM, Keys: KeySpec{2, 2, 1}, Handler: xgroupCreate, Cats: "stream", Since: "5.0.0", Summary: "Sets up a consumer group that reads a stream from a given ID.",
			Syntax: "key group (id-selector: id | (new-id: $)) [MKSTREAM] [ENTRIESREAD entries-read:integer]", Complexity: "O(1)"},
		{Name: "createconsumer", Arity: 5, Flags: Write | DenyOOM, Keys: KeySpec{2, 2, 1}, Handler: xgroupCreateConsumer, Cats: "stream", Since: "6.2.0", Summary: "Registers a consumer in a consumer group ahead of its first read.",
			Syntax: "key group consumer", Complexity: "O(1)"},
		{Name: "delconsumer", Arity: 5, Flags: Write | Frees, Keys: KeySpec{2, 2, 1}, Handler: xgroupDelConsumer, Cats: "stream", Since: "5.0.0", Summary: "Removes a consumer from its group, along with the messages pending for it.",
			Syntax: "key group consumer", Complexity: "O(N) for N pending entries of the consumer"},
		{Name: "destroy", Arity: 4, Flags: Write | Frees, Keys: KeySpec{2, 2, 1}, Handler: xgroupDestroy, Cats: "stream", Since: "5.0.0", Summary: "Removes a consumer group with its consumers and their pending messages.",
			Syntax: "key group", Complexity: "O(N) for N pending entries of the group"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: xgroupHelp, Cats: "stream", Since: "5.0.0", Summary: "Lists the subcommands of XGROUP with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "setid", Arity: -5, Flags: Write, Keys: KeySpec{2, 2, 1}, Handler: xgroupSetID, Cats: "stream", Since: "5.0.0", Summary: "Moves the point from which a consumer group reads on.",
			Syntax: "key group (id-selector: id | (new-id: $)) [ENTRIESREAD entries-read:integer]", Complexity: "O(1)"},
	}},
	{Name: "xinfo", Arity: -2, Group: "stream", Since: "5.0.0", Summary: "Groups the commands that describe streams, consumer groups and consumers.", Sub: []Row{
		{Name: "consumers", Arity: 4, Flags: ReadOnly, Keys: KeySpec{2, 2, 1}, Handler: xinfoConsumers, Cats: "stream", Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Describes each consumer of a consumer group.",
			Syntax: "key group", Complexity: "O(N) for N consumers"},
		{Name: "groups", Arity: 3, Flags: ReadOnly, Keys: KeySpec{2, 2, 1}, Handler: xinfoGroups, Cats: "stream", Since: "5.0.0", Summary: "Describes each consumer group of a stream.",
			Syntax: "key", Complexity: "O(N) for N groups"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: xinfoHelp, Cats: "stream", Since: "5.0.0", Summary: "Lists the subcommands of XINFO with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "stream", Arity: -3, Flags: ReadOnly, Keys: KeySpec{2, 2, 1}, Handler: xinfoStream, Cats: "stream", Since: "5.0.0", Summary: "Describes a stream, with FULL including its messages and consumer groups.",
			Syntax: "key [full-block: FULL [COUNT count]]", Complexity: "O(log(N)) for N entries: the first and the last are looked up; with FULL also O(M) for M entries, groups and consumers shown"},
	}},
	{Name: "xlen", Arity: 2, Flags: ReadOnly | Fast, Keys: OneKey, Handler: xlen, Group: "stream", Since: "5.0.0", Summary: "Counts the messages of a stream.",
		Syntax: "key", Complexity: "O(1)"},
	{Name: "xpending", Arity: -3, Flags: ReadOnly, Keys: OneKey, Handler: xpending, Group: "stream", Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Shows which messages a consumer group has received but not acknowledged.",
		Syntax: "key group [filters: [IDLE min-idle-time:integer]@6.2.0 start end count [consumer]]", Complexity: "O(N) for N pending entries looked at; without a range O(M) for M consumers"},
	{Name: "xrange", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: xrange, Group: "stream", Since: "5.0.0", Summary: "Reads the messages of a stream between two IDs, oldest first.",
		Syntax: "key start end [COUNT count]", Complexity: "O(N) for N entries returned"},
	{Name: "xread", Arity: -4, Flags: ReadOnly | Blocking | MovableKeys, GetKeys: readKeys, Handler: xread, Group: "stream", Since: "5.0.0", Summary: "Reads the messages after given IDs from several streams, waiting with BLOCK.",
		Syntax: "[COUNT count] [BLOCK milliseconds] STREAMS (key... id...)", Complexity: "O(N+M) for N streams and M entries returned"},
	{Name: "xreadgroup", Arity: -7, Flags: Write | Blocking | MovableKeys, GetKeys: readKeys, Handler: xreadgroup, Group: "stream", Since: "5.0.0", Summary: "Reads messages on behalf of a consumer in a group, waiting with BLOCK.",
		Syntax: "(group-block: GROUP (group consumer)) [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS (key... id...)", Complexity: "O(N+M) for N streams and M entries returned"},
	{Name: "xrevrange", Arity: -4, Flags: ReadOnly, Keys: OneKey, Handler: xrevrange, Group: "stream", Since: "5.0.0", Summary: "Reads the messages of a stream between two IDs, newest first.",
		Syntax: "key end start [COUNT count]", Complexity: "O(N) for N entries returned"},
	{Name: "xsetid", Arity: -3, Flags: Write | DenyOOM | Fast, Keys: OneKey, Handler: xsetid, Group: "stream", Since: "5.0.0", Summary: "Sets a stream's last ID and counters, as servers do among themselves.",
		Syntax: "key last-id [ENTRIESADDED entries-added:integer]@7.0.0 [MAXDELETEDID max-deleted-id]@7.0.0", Complexity: "O(log(N)) for N entries: the last one is looked up"},
	{Name: "xtrim", Arity: -4, Flags: Write | Frees, Keys: OneKey, Handler: xtrim, Group: "stream", Tips: "nondeterministic_output", Since: "5.0.0", Summary: "Drops the oldest messages of a stream beyond a length or before an ID.",
		Syntax: "key (trim: (strategy: MAXLEN | MINID@6.2.0) [operator: (equal: =) | (approximately: ~)] threshold [LIMIT count]@6.2.0)", Complexity: "O(N) for N entries trimmed"},
}

func xadd(c *Ctx) error {
	o, err := parseAdd(c, true)
	if err != nil {
		return err
	}
	fields := c.Args[o.next:]
	if o.next == 0 || len(fields) < 2 || len(fields)%2 != 0 {
		return resp.WrongArity(c.Row.Name)
	}
	if o.id == (datatype.NewID{}) {
		return resp.Err("ERR The ID specified in XADD must be greater than 0-0")
	}
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !s.Exists {
		if o.noMake {
			return c.null()
		}
		s.Create()
	}
	if o.trim.By != datatype.TrimNone {
		if err := s.ReadFirst(); err != nil {
			return err
		}
	}
	id, err := s.Add(o.id, fields)
	if err != nil {
		return err
	}
	c.T.Event(datatype.ClassStream, "xadd", s.Name)
	if _, err := trimStream(c, &s, o.trim); err != nil {
		return err
	}
	s.Save()
	return replyID(c, id)
}

// trimStream trims and tells of it. Save must follow.
func trimStream(c *Ctx, s *datatype.Stream, how datatype.Trim) (int, error) {
	n, err := s.Trim(how)
	if err == nil && n > 0 {
		c.T.Event(datatype.ClassStream, "xtrim", s.Name)
	}
	return n, err
}

func replyID(c *Ctx, id layout.StreamID) error { return c.bulk(id.AppendText(c.T.Scratch(41))) }

func xtrim(c *Ctx) error {
	o, err := parseAdd(c, false)
	if err != nil {
		return err
	}
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	n, err := trimStream(c, &s, o.trim)
	if err != nil {
		return err
	}
	s.Save()
	return c.int(int64(n))
}

func xlen(c *Ctx) error {
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	return c.int(int64(s.Len()))
}

func xdel(c *Ctx) error {
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil || !s.Exists {
		c.W.Int(0)
		return err
	}
	var few [8]layout.StreamID
	ids, err := appendStreamIDs(few[:0], c.Args[2:])
	if err != nil {
		return err
	}
	n, err := s.Delete(ids)
	if err != nil {
		return err
	}
	if n > 0 {
		s.Save()
		c.T.Event(datatype.ClassStream, "xdel", s.Name)
	}
	return c.int(int64(n))
}

// setIDOptions are the arguments of XSETID behind the key.
type setIDOptions struct {
	last, maxDeleted layout.StreamID
	added            int64 // -1: as it is
}

func parseSetID(args [][]byte) (o setIDOptions, err error) {
	if o.last, err = parseStreamID(args[0], 0); err != nil {
		return o, err
	}
	o.added = -1
	for i := 1; i < len(args); i += 2 {
		switch {
		case i+1 < len(args) && equalFold(args[i], "entriesadded"):
			n, ok := numeric.ParseInt64(args[i+1])
			if !ok {
				return o, resp.ErrNotInt
			}
			if o.added = n; n < 0 {
				return o, resp.Err("ERR entries_added must be positive")
			}
		case i+1 < len(args) && equalFold(args[i], "maxdeletedid"):
			if o.maxDeleted, err = parseStreamID(args[i+1], 0); err != nil {
				return o, err
			}
			if o.last.Less(o.maxDeleted) {
				return o, resp.Err("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
			}
		default:
			return o, resp.ErrSyntax
		}
	}
	return o, nil
}

func xsetid(c *Ctx) error {
	o, err := parseSetID(c.Args[2:])
	if err != nil {
		return err
	}
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	if !s.Exists {
		return resp.ErrNoSuchKey
	}
	if err := checkSetID(&s, &o); err != nil {
		return err
	}
	if err := s.SetLast(o.last); err != nil {
		return err
	}
	if o.added >= 0 {
		s.Meta.Added = uint64(o.added)
	}
	if o.maxDeleted != (layout.StreamID{}) {
		s.Meta.MaxDeleted = o.maxDeleted
	}
	s.Save()
	c.T.Notice(datatype.ClassStream, "xsetid", s.Name)
	return c.ok()
}

// checkSetID keeps IDs from coming twice.
func checkSetID(s *datatype.Stream, o *setIDOptions) error {
	if o.last.Less(s.Meta.MaxDeleted) {
		return resp.Err("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
	}
	if s.Len() == 0 {
		return nil
	}
	top, err := s.Top()
	if err != nil {
		return err
	}
	if o.last.Less(top) {
		return resp.Err("ERR The ID specified in XSETID is smaller than the target stream top item")
	}
	if o.added >= 0 && int64(s.Len()) > o.added {
		return resp.Err("ERR The entries_added specified in XSETID is smaller than the target stream length")
	}
	return nil
}
