package command

import (
	"math"
	"slices"
	"strings"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// readOptions are the arguments of XREAD and XREADGROUP.
type readOptions struct {
	count    int // 0: all
	blocks   bool
	deadline int64 // Unix ms; 0 for none
	group    []byte
	consumer []byte
	noAck    bool
	first    int // the argument that is the first key
	n        int // so many keys, and as many IDs behind them
}

// readStart returns the place of the first key: the options before it are known by
// their length. 0: there is no STREAMS.
func readStart(args [][]byte) int {
	for i := 1; i < len(args)-1; i++ {
		switch {
		case equalFold(args[i], "streams"):
			return i + 1
		case equalFold(args[i], "block"), equalFold(args[i], "count"):
			i++
		case equalFold(args[i], "group"):
			i += 2
		case equalFold(args[i], "noack"):
		default:
			return 0
		}
	}
	return 0
}

// readKeys finds keys behind a wrong option, too, where COMMAND GETKEYS asks for them: behind the first STREAMS.
func readKeys(args [][]byte) ([]int, bool) {
	first := readStart(args)
	if first == 0 {
		from := 1
		if equalFold(args[0], "xreadgroup") {
			from = 4
		}
		at := slices.IndexFunc(args[min(from, len(args)):], func(a []byte) bool { return equalFold(a, "streams") })
		if at < 0 {
			return nil, false
		}
		first = from + at + 1
	}
	idx := make([]int, (len(args)-first)/2)
	for i := range idx {
		idx[i] = first + i
	}
	return idx, len(idx) > 0
}

// parseRead reads the options in their order, as errors come in it.
func parseRead(c *Ctx, inGroup bool) (o readOptions, err error) {
	o.first = readStart(c.Args)
	end := len(c.Args)
	if o.first > 0 {
		end = o.first - 1
	}
	for i := 1; i < end; i++ {
		arg, more := c.Args[i], len(c.Args)-1-i
		switch {
		case more > 0 && equalFold(arg, "block"):
			i++
			if c.Script {
				return o, resp.Err("ERR " + strings.ToLower(c.Arg(0)) + " command is not allowed with BLOCK option from scripts")
			}
			o.blocks = true
			o.deadline, err = parseMillis(c, c.Args[i])
		case more > 0 && equalFold(arg, "count"):
			i++
			n, ok := numeric.ParseInt64(c.Args[i])
			if !ok {
				err = resp.ErrNotInt
			}
			o.count = int(max(n, 0))
		case more > 1 && equalFold(arg, "group"):
			if !inGroup {
				err = resp.Err("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
			}
			o.group, o.consumer = c.Args[i+1], c.Args[i+2]
			i += 2
		case equalFold(arg, "noack"):
			if !inGroup {
				err = resp.Err("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
			}
			o.noAck = true
		default:
			err = resp.ErrSyntax
		}
		if err != nil {
			return o, err
		}
	}
	return o, o.finish(c, inGroup)
}

func (o *readOptions) finish(c *Ctx, inGroup bool) error {
	if o.first == 0 {
		return resp.ErrSyntax
	}
	rest := len(c.Args) - o.first
	if rest%2 != 0 {
		mark := "$"
		if inGroup {
			mark = ">"
		}
		return resp.Err("ERR Unbalanced '" + c.Row.Name + "' list of streams: for each stream key an ID or '" + mark + "' must be specified.")
	}
	if o.n = rest / 2; inGroup && o.group == nil {
		return resp.Err("ERR Missing GROUP option for XREADGROUP")
	}
	return nil
}

// parseMillis turns the milliseconds that a command may wait into a deadline.
func parseMillis(c *Ctx, arg []byte) (int64, error) {
	ms, ok := numeric.ParseInt64(arg)
	switch {
	case !ok:
		return 0, resp.Err("ERR timeout is not an integer or out of range")
	case ms < 0:
		return 0, resp.ErrTimeoutNeg
	case ms > math.MaxInt64-c.T.NowMS():
		return 0, resp.Err("ERR timeout is out of range")
	case ms == 0:
		return 0, nil
	}
	return c.T.NowMS() + ms, nil
}

// key and id are the i-th stream's arguments.
func (o *readOptions) key(c *Ctx, i int) []byte { return c.Args[o.first+i] }

func (o *readOptions) id(c *Ctx, i int) []byte { return c.Args[o.first+o.n+i] }

func isWord(arg []byte, word byte) bool { return len(arg) == 1 && arg[0] == word }

func xread(c *Ctx) error {
	o, err := parseRead(c, false)
	if err != nil {
		return err
	}
	at, served := len(c.W.Buf), 0
	var pins []Pin
	for i := range o.n {
		s, after, err := parseReading(c, &o, i)
		if err != nil {
			return err
		}
		some := false
		if from, ok := after.Next(); ok {
			r := datatype.EntryRange{From: from, To: layout.MaxStreamID, Count: o.count, Follow: true}
			if some, err = writeStream(c, &s, r, nil); err != nil {
				return err
			}
		}
		if some {
			served++
		} else if o.blocks && isWord(o.id(c, i), '$') {
			pins = append(pins, Pin{o.first + o.n + i, after.AppendText(nil)})
		}
	}
	if served > 0 || !o.blocks {
		return finishRead(c, at, served)
	}
	return c.Block(o.wait(c, pins))
}

// parseReading loads a stream and reads the ID behind which entries are asked for. A
// client that has waited is not told that the key holds something else by now.
func parseReading(c *Ctx, o *readOptions, i int) (s datatype.Stream, after layout.StreamID, err error) {
	s, err = datatype.LoadStream(c.T, o.key(c, i))
	if c.Again && err == resp.ErrWrongType {
		s, err = datatype.Stream{}, nil
	}
	if err != nil {
		return s, after, err
	}
	switch arg := o.id(c, i); {
	case isWord(arg, '$'):
		after = s.Meta.Last
	case isWord(arg, '>'):
		err = resp.Err("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
	default:
		after, err = parseStreamID(arg, 0)
	}
	return s, after, err
}

// writeStream writes name and entries of one stream, if there are any.
func writeStream(c *Ctx, s *datatype.Stream, r datatype.EntryRange, each func(layout.StreamID)) (some bool, err error) {
	start := len(c.W.Buf)
	writeName(c, s)
	at := len(c.W.Buf)
	if err := writeEntries(c, s, r, each); err != nil {
		return false, err
	}
	if string(c.W.Buf[at:]) == "*0\r\n" {
		c.W.Buf = c.W.Buf[:start]
		return false, nil
	}
	return true, nil
}

// writeName begins the reply of one stream, which is a pair of a map in RESP3.
func writeName(c *Ctx, s *datatype.Stream) {
	if c.W.Proto < 3 {
		c.W.Array(2)
	}
	c.W.Bulk(s.Name)
}

// finishRead puts the header before the streams served.
func finishRead(c *Ctx, at, served int) error {
	switch {
	case served == 0:
		c.W.NullArray()
	case c.W.Proto < 3:
		c.W.InsertArray(at, served)
	default:
		c.W.InsertMap(at, served)
	}
	return nil
}

func (o *readOptions) wait(c *Ctx, pins []Pin) Wait {
	return Wait{Keys: c.Args[o.first : o.first+o.n], DeadlineMS: o.deadline, OnTimeout: nullArray, Pins: pins}
}

func xreadgroup(c *Ctx) error {
	o, err := parseRead(c, true)
	if err != nil {
		return err
	}
	at, served := len(c.W.Buf), 0
	for i := range o.n {
		some, err := readInGroup(c, &o, i)
		if err != nil {
			return err
		}
		if some {
			served++
		}
	}
	if served > 0 || !o.blocks {
		return finishRead(c, at, served)
	}
	w := o.wait(c, nil)
	w.Keep = !c.Again // that the consumer was there
	return c.Block(w)
}

// readInGroup replies with what one stream has for the consumer.
func readInGroup(c *Ctx, o *readOptions, i int) (some bool, err error) {
	s, err := datatype.LoadStream(c.T, o.key(c, i))
	if err != nil {
		return false, err
	}
	g, err := s.Group(o.group)
	if err == nil && !g.Exists {
		err = resp.Err("NOGROUP No such key " + quoted(o.key(c, i)) + " or consumer group " + quoted(o.group) + " in XREADGROUP with GROUP option")
	}
	if err != nil {
		return false, err
	}
	switch arg := o.id(c, i); {
	case isWord(arg, '>'):
		return readNew(c, o, &s, &g)
	case isWord(arg, '$'):
		return false, resp.Err("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.")
	default:
		after, err := parseStreamID(arg, 0)
		if err != nil {
			return false, err
		}
		if after == layout.MaxStreamID { // Redis cannot tell it from >
			return readNew(c, o, &s, &g)
		}
		return true, readHistory(c, o, &s, &g, after)
	}
}

// readNew replies with entries that the group has not been given.
func readNew(c *Ctx, o *readOptions, s *datatype.Stream, g *datatype.Group) (some bool, err error) {
	var few [16]layout.StreamID
	ids := few[:0]
	if from, ok := g.Last.Next(); ok {
		r := datatype.EntryRange{From: from, To: layout.MaxStreamID, Count: o.count, Follow: true}
		some, err = writeStream(c, s, r, func(id layout.StreamID) { ids = append(ids, id) })
		if err != nil {
			return false, err
		}
	}
	if !some && c.Again {
		return false, nil // it goes on waiting, as it did before
	}
	consumer, err := g.Arrive(o.consumer)
	if err != nil {
		return false, err
	}
	if err := g.Deliver(&consumer, ids, o.noAck); err != nil {
		return false, err
	}
	g.SaveConsumer(&consumer)
	g.Save()
	return some, nil
}

// readHistory replies with what is pending for the consumer, and counts that as a
// delivery. Of an entry that is no longer in the stream only the ID is left.
func readHistory(c *Ctx, o *readOptions, s *datatype.Stream, g *datatype.Group, after layout.StreamID) error {
	consumer, err := g.Arrive(o.consumer)
	if err != nil {
		return err
	}
	most := o.count
	if most == 0 {
		most = math.MaxInt
	}
	from, _ := after.Next()
	var ids []layout.StreamID
	err = g.EachOwned(&consumer, from, most, func(id layout.StreamID) bool {
		ids = append(ids, id)
		return true
	})
	if err != nil {
		return err
	}
	writeName(c, s)
	c.W.Array(len(ids))
	for _, id := range ids {
		e, found, err := s.Entry(id)
		if err != nil {
			return err
		}
		if !found {
			c.W.Array(2)
			writeID(c.W, id)
			c.W.NullArray()
			continue
		}
		writeEntry(c.W, id, e)
		if err := g.Redeliver(id); err != nil {
			return err
		}
	}
	g.SaveConsumer(&consumer)
	g.Save()
	return nil
}
