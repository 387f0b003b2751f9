package layout

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
)

// StreamID names an entry of a stream: milliseconds and a number within them. It is
// kept as 16 bytes, so that byte order is the order of entries.
type StreamID struct{ MS, Seq uint64 }

// StreamIDLen is the length of an encoded StreamID.
const StreamIDLen = 16

// MaxStreamID is the largest ID.
var MaxStreamID = StreamID{math.MaxUint64, math.MaxUint64}

// Compare orders IDs.
func (id StreamID) Compare(o StreamID) int {
	return cmp.Or(cmp.Compare(id.MS, o.MS), cmp.Compare(id.Seq, o.Seq))
}

// Less says whether an ID comes before another.
func (id StreamID) Less(o StreamID) bool { return id.MS < o.MS || id.MS == o.MS && id.Seq < o.Seq }

// Next is the ID that follows; false when there is none.
func (id StreamID) Next() (StreamID, bool) {
	if id.Seq++; id.Seq != 0 {
		return id, true
	}
	id.MS++
	return id, id.MS != 0
}

// Prev is the ID before; false when there is none.
func (id StreamID) Prev() (StreamID, bool) {
	if id.Seq--; id.Seq != math.MaxUint64 {
		return id, true
	}
	id.MS--
	return id, id.MS != math.MaxUint64
}

// Append appends the 16 bytes.
func (id StreamID) Append(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, id.MS), id.Seq)
}

// DecodeStreamID reads what Append wrote.
func DecodeStreamID(b []byte) (StreamID, error) {
	if len(b) != StreamIDLen {
		return StreamID{}, ErrCorrupt
	}
	return streamIDAt(b), nil
}

func streamIDAt(b []byte) StreamID {
	return StreamID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// AppendText appends the form that clients see: ms-seq.
func (id StreamID) AppendText(dst []byte) []byte {
	return strconv.AppendUint(append(strconv.AppendUint(dst, id.MS, 10), '-'), id.Seq, 10)
}

func (id StreamID) String() string { return string(id.AppendText(nil)) }

// StreamMeta is what the head of a stream holds beyond version and count, as
// its Value.
type StreamMeta struct {
	Last       StreamID // the greatest that was ever given out
	First      StreamID // of the first entry; 0-0 when there is none
	MaxDeleted StreamID // the greatest that XDEL has removed
	Added      uint64   // entries ever added
	Groups     uint64
	Node       StreamNode
}

// StreamNode is the last of the nodes in which Redis would keep the entries: it says
// when the next one begins. Approximate trimming removes whole nodes only.
type StreamNode struct {
	First   StreamID // its first entry
	Entries uint32   // put into it, deleted ones included
	Bytes   uint32   // of its listpack
	Fields  uint64   // hash of the field names of its first entry
}

// StreamMetaLen is the length of an encoded StreamMeta.
const StreamMetaLen = 3*StreamIDLen + 8 + 8 + StreamIDLen + 4 + 4 + 8

// Append appends the bytes.
func (m *StreamMeta) Append(dst []byte) []byte {
	dst = m.MaxDeleted.Append(m.First.Append(m.Last.Append(dst)))
	dst = binary.BigEndian.AppendUint64(dst, m.Added)
	dst = binary.BigEndian.AppendUint64(dst, m.Groups)
	dst = m.Node.First.Append(dst)
	dst = binary.BigEndian.AppendUint32(dst, m.Node.Entries)
	dst = binary.BigEndian.AppendUint32(dst, m.Node.Bytes)
	return binary.BigEndian.AppendUint64(dst, m.Node.Fields)
}

// Decode reads what Append wrote.
func (m *StreamMeta) Decode(b []byte) error {
	if len(b) != StreamMetaLen {
		return ErrCorrupt
	}
	m.Last, m.First, m.MaxDeleted = streamIDAt(b), streamIDAt(b[16:]), streamIDAt(b[32:])
	m.Added, m.Groups = binary.BigEndian.Uint64(b[48:]), binary.BigEndian.Uint64(b[56:])
	m.Node.First = streamIDAt(b[64:])
	m.Node.Entries, m.Node.Bytes = binary.BigEndian.Uint32(b[80:]), binary.BigEndian.Uint32(b[84:])
	m.Node.Fields = binary.BigEndian.Uint64(b[88:])
	return nil
}

// What a stream keeps behind its Elements prefix, by the byte that follows it.
const (
	streamEntries = 'e' // id → entry
	streamGroups  = 'g' // name → StreamGroup
	streamNumbers = 'n' // number of a group, one of the kinds below, …
)

// What a group keeps behind its number.
const (
	groupConsumers = 'c' // name → StreamConsumer
	groupOwned     = 'o' // uvarint length, consumer's name, id → empty
	groupPending   = 'p' // id → StreamPending
)

// StreamKeyRoom is what the keys of a stream need beyond the Elements prefix and the
// name in them.
const StreamKeyRoom = 2 + 8 + binary.MaxVarintLen64 + StreamIDLen

// AppendStreamEntries appends what comes before the ID in the keys of entries.
func AppendStreamEntries(prefix []byte) []byte { return append(prefix, streamEntries) }

// AppendStreamEntry appends an entry's key.
func AppendStreamEntry(prefix []byte, id StreamID) []byte {
	return id.Append(append(prefix, streamEntries))
}

// AppendStreamGroups appends what comes before the name in the keys of groups.
func AppendStreamGroups(prefix []byte) []byte { return append(prefix, streamGroups) }

// AppendStreamNumber appends the prefix of everything that a group has. Its number is
// used once only, so that one range delete removes it all.
func AppendStreamNumber(prefix []byte, group uint64) []byte {
	return binary.BigEndian.AppendUint64(append(prefix, streamNumbers), group)
}

// AppendStreamConsumers appends what comes before the name in the keys of consumers.
func AppendStreamConsumers(prefix []byte, group uint64) []byte {
	return append(AppendStreamNumber(prefix, group), groupConsumers)
}

// AppendStreamPending appends what comes before the ID in the keys of entries that
// are pending in a group.
func AppendStreamPending(prefix []byte, group uint64) []byte {
	return append(AppendStreamNumber(prefix, group), groupPending)
}

// AppendStreamOwned appends what comes before the ID in the keys of those that are
// pending for one consumer.
func AppendStreamOwned(prefix []byte, group uint64, consumer []byte) []byte {
	prefix = append(AppendStreamNumber(prefix, group), groupOwned)
	return append(binary.AppendUvarint(prefix, uint64(len(consumer))), consumer...)
}

// StreamGroup is a consumer group.
type StreamGroup struct {
	Number    uint64
	Last      StreamID // the last one delivered
	Read      int64    // entries delivered, or UnknownRead
	Pending   uint64
	Consumers uint64
	Floor     StreamID // nothing below is pending
}

// UnknownRead is a StreamGroup.Read that cannot be known.
const UnknownRead = -1

const streamGroupLen = 8 + StreamIDLen + 8 + 8 + 8 + StreamIDLen

// Append appends the bytes.
func (g *StreamGroup) Append(dst []byte) []byte {
	dst = g.Last.Append(binary.BigEndian.AppendUint64(dst, g.Number))
	dst = binary.BigEndian.AppendUint64(dst, uint64(g.Read))
	dst = binary.BigEndian.AppendUint64(dst, g.Pending)
	dst = binary.BigEndian.AppendUint64(dst, g.Consumers)
	return g.Floor.Append(dst)
}

// Decode reads what Append wrote.
func (g *StreamGroup) Decode(b []byte) error {
	if len(b) != streamGroupLen {
		return ErrCorrupt
	}
	*g = StreamGroup{
		Number: binary.BigEndian.Uint64(b), Last: streamIDAt(b[8:]), Read: int64(binary.BigEndian.Uint64(b[24:])),
		Pending: binary.BigEndian.Uint64(b[32:]), Consumers: binary.BigEndian.Uint64(b[40:]), Floor: streamIDAt(b[48:]),
	}
	return nil
}

// StreamConsumer is a consumer of a group. Times are Unix ms.
type StreamConsumer struct {
	SeenMS   int64 // last try to get something
	ActiveMS int64 // last time it got something; -1: never
	Pending  uint64
}

const streamConsumerLen = 24

// Append appends the bytes.
func (c *StreamConsumer) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.SeenMS))
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.ActiveMS))
	return binary.BigEndian.AppendUint64(dst, c.Pending)
}

// Decode reads what Append wrote.
func (c *StreamConsumer) Decode(b []byte) error {
	if len(b) != streamConsumerLen {
		return ErrCorrupt
	}
	*c = StreamConsumer{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:])), binary.BigEndian.Uint64(b[16:])}
	return nil
}

// StreamPending is an entry that was delivered and not acknowledged.
type StreamPending struct {
	TimeMS     int64 // of the last delivery
	Deliveries int64
	Consumer   []byte
}

// Append appends the bytes.
func (p *StreamPending) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.TimeMS))
	return append(binary.AppendUvarint(dst, uint64(p.Deliveries)), p.Consumer...)
}

// Decode reads what Append wrote. Consumer aliases b.
func (p *StreamPending) Decode(b []byte) error {
	if len(b) < 8 {
		return ErrCorrupt
	}
	n, w := binary.Uvarint(b[8:])
	if w <= 0 || n > math.MaxInt64 {
		return ErrCorrupt
	}
	*p = StreamPending{int64(binary.BigEndian.Uint64(b)), int64(n), b[8+w:]}
	return nil
}

// Flags of an entry.
const (
	entryStartsNode   = 1 << 0
	entryKnownFlags   = entryStartsNode
	entryStringOffset = 1
)

// StreamEntryBytes is how long AppendStreamFields gets.
func StreamEntryBytes(fields [][]byte) int {
	n := entryStringOffset + binary.MaxVarintLen32
	for _, f := range fields {
		n += binary.MaxVarintLen32 + len(f)
	}
	return n
}

// AppendStreamFields appends an entry: flags, number of strings, and each string
// (field, value, field, value …) behind its length.
func AppendStreamFields(dst []byte, startsNode bool, fields [][]byte) []byte {
	flags := byte(0)
	if startsNode {
		flags = entryStartsNode
	}
	dst = binary.AppendUvarint(append(dst, flags), uint64(len(fields)))
	for _, f := range fields {
		dst = append(binary.AppendUvarint(dst, uint64(len(f))), f...)
	}
	return dst
}

// StreamEntry reads the strings of an entry one after the other.
type StreamEntry struct {
	StartsNode bool
	Strings    int // fields and values left to read
	rest       []byte
}

// Decode begins to read; it checks everything, so that Next need not.
func (e *StreamEntry) Decode(b []byte) error {
	if len(b) < 1 || b[0]&^entryKnownFlags != 0 {
		return ErrCorrupt
	}
	n, w := binary.Uvarint(b[entryStringOffset:])
	if w <= 0 || n > uint64(len(b)) {
		return ErrCorrupt
	}
	rest := b[entryStringOffset+w:]
	*e = StreamEntry{b[0]&entryStartsNode != 0, int(n), rest}
	for range n {
		size, w := binary.Uvarint(rest)
		if w <= 0 || size > uint64(len(rest)-w) {
			return ErrCorrupt
		}
		rest = rest[w+int(size):]
	}
	if len(rest) != 0 {
		return ErrCorrupt
	}
	return nil
}

// Next returns the next string; Strings says how many there are.
func (e *StreamEntry) Next() []byte {
	size, w := binary.Uvarint(e.rest)
	s := e.rest[w : w+int(size) : w+int(size)]
	e.rest = e.rest[w+int(size):]
	e.Strings--
	return s
}
