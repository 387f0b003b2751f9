package replication

import (
	"encoding/binary"
	"fmt"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/transport"
)

// ProtocolVersion is what both sides of a link must speak.
const ProtocolVersion = 4

// Kinds of frames on a link. The replica greets; the master welcomes it or refuses.
// Then, per database, the replica asks with its position, the master gives its verdict, and if
// the replica may continue, log records follow from there.
const (
	kindHello    byte = 1  // replica: hello
	kindWelcome  byte = 2  // master: welcome
	kindRefuse   byte = 3  // master: refusal, then the link ends
	kindAsk      byte = 4  // replica: ask
	kindVerdict  byte = 5  // master: verdict
	kindRecords  byte = 6  // master: database u32, LSN u64, log bytes
	kindPing     byte = 7  // master: time u64 (Unix ms), then per database: number u32, end u64
	kindAck      byte = 8  // replica: per database: number u32, written, durable, applied u64
	kindMap      byte = 9  // master: databases
	kindPublish  byte = 10 // master: sharded u8, channel length u32, channel, message
	kindPromote  byte = 11 // master: promotion; the replica is to take over (FAILOVER)
	kindBye      byte = 12 // either: refusal; the link ends on purpose
	kindHandOver byte = 13 // replica: refusal; it has been told to lead: the master is to do FAILOVER to it
	kindEvents   byte = 14 // replica: classes of keyspace events u32 that it, or who follows it, wants to hear of
	kindStop     byte = 15 // replica: database u32, serial u64 of the question: no more records of that stream are wanted
)

// hello is who a replica is.
type hello struct {
	Version      int    `json:"version"`
	RunID        string `json:"run_id"`
	Software     string `json:"software"`
	Port         int    `json:"port"`                    // of its clients
	AnnounceIP   string `json:"announce_ip,omitempty"`   // empty: the address it connects from
	AnnouncePort int    `json:"announce_port,omitempty"` // 0: Port
	Priority     int    `json:"priority"`
	Keyspace     string `json:"keyspace"` // layout of keys: both sides must have the same
	Databases    int    `json:"databases"`
}

// welcome is who the master is.
type welcome struct {
	Version   int         `json:"version"`
	RunID     string      `json:"run_id"`
	Software  string      `json:"software"`
	Databases []DBNumber  `json:"databases"`
	Ports     MasterPorts `json:"ports"`
}

// DBNumber says by which number a database is selected.
type DBNumber struct {
	Number int    `json:"number"`
	Name   string `json:"name"` // of its directory and log
}

// MasterPorts are where a master offers its services besides its client port.
type MasterPorts struct {
	Log  int `json:"log,omitempty"`
	Copy int `json:"copy,omitempty"`
}

type refusal struct {
	Reason string `json:"reason"`
}

type history struct {
	ID    string `json:"id"`
	Start uint64 `json:"start"`
}

// ask is the question whether a database may go on from where it is.
type ask struct {
	Name      string    `json:"name"`
	LSN       uint64    `json:"lsn"`
	Histories []history `json:"histories"`
	Copy      bool      `json:"copy,omitempty"` // it wants a full copy whatever its position
	Serial    uint64    `json:"serial"`         // names the stream that may follow
	Part      bool      `json:"part,omitempty"` // its data is only the beginning of a master's, or nothing
}

// verdict is the answer.
type verdict struct {
	Name     string `json:"name"`
	LSN      uint64 `json:"lsn"` // that of the question
	Continue bool   `json:"continue"`
	End      uint64 `json:"end,omitempty"`      // of the master's log
	Reason   string `json:"reason,omitempty"`   // why not
	Foreign  bool   `json:"foreign,omitempty"`  // the replica's data has nothing to do with the master's
	Diverged bool   `json:"diverged,omitempty"` // the replica has records that the master has not
	Common   uint64 `json:"common,omitempty"`
}

func toWire(h layout.Histories) []history {
	out := make([]history, len(h))
	for i, e := range h {
		out[i] = history{e.ID.String(), e.Start}
	}
	return out
}

func fromWire(list []history) (layout.Histories, error) {
	if len(list) > layout.MaxHistories {
		return nil, fmt.Errorf("%w: %d histories", transport.ErrCorrupt, len(list))
	}
	h := make(layout.Histories, len(list))
	for i, e := range list {
		id, err := layout.ParseHistoryID(e.ID)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", transport.ErrCorrupt, err)
		}
		h[i] = layout.History{ID: id, Start: e.Start}
	}
	return h, nil
}

// recordsHeader precedes log bytes.
const recordsHeader = 12

// maxRecords is how many log bytes a frame carries at most.
const maxRecords = 256 << 10

func putRecordsHeader(b []byte, db uint32, lsn uint64) {
	binary.LittleEndian.PutUint32(b, db)
	binary.LittleEndian.PutUint64(b[4:], lsn)
}

func parseRecords(p []byte) (db uint32, lsn uint64, log []byte, err error) {
	if len(p) < recordsHeader {
		return 0, 0, nil, fmt.Errorf("%w: records", transport.ErrCorrupt)
	}
	return binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint64(p[4:]), p[recordsHeader:], nil
}

// reach is how far one database has come.
type reach struct {
	db                        uint32
	written, durable, applied uint64
}

const reachBytes = 28

func appendReach(b []byte, r reach) []byte {
	b = binary.LittleEndian.AppendUint32(b, r.db)
	b = binary.LittleEndian.AppendUint64(b, r.written)
	b = binary.LittleEndian.AppendUint64(b, r.durable)
	return binary.LittleEndian.AppendUint64(b, r.applied)
}

func parseAck(p []byte, each func(reach)) error {
	if len(p)%reachBytes != 0 {
		return fmt.Errorf("%w: acknowledgement", transport.ErrCorrupt)
	}
	for ; len(p) > 0; p = p[reachBytes:] {
		each(reach{binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint64(p[4:]),
			binary.LittleEndian.Uint64(p[12:]), binary.LittleEndian.Uint64(p[20:])})
	}
	return nil
}

func parseEvents(p []byte) (classes uint32, err error) {
	if len(p) != 4 {
		return 0, fmt.Errorf("%w: classes of events", transport.ErrCorrupt)
	}
	return binary.LittleEndian.Uint32(p), nil
}

func appendStop(b []byte, db uint32, serial uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, db), serial)
}

func parseStop(p []byte) (db uint32, serial uint64, err error) {
	if len(p) != 12 {
		return 0, 0, fmt.Errorf("%w: end of a stream", transport.ErrCorrupt)
	}
	return binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint64(p[4:]), nil
}

func parsePing(p []byte) (timeMS uint64, ends map[uint32]uint64, err error) {
	if len(p) < 8 || (len(p)-8)%12 != 0 {
		return 0, nil, fmt.Errorf("%w: ping", transport.ErrCorrupt)
	}
	timeMS = binary.LittleEndian.Uint64(p)
	ends = map[uint32]uint64{}
	for p = p[8:]; len(p) > 0; p = p[12:] {
		ends[binary.LittleEndian.Uint32(p)] = binary.LittleEndian.Uint64(p[4:])
	}
	return timeMS, ends, nil
}

func parsePublish(p []byte) (sharded bool, channel, msg []byte, err error) {
	if len(p) < 5 {
		return false, nil, nil, fmt.Errorf("%w: message", transport.ErrCorrupt)
	}
	n := binary.LittleEndian.Uint32(p[1:])
	if uint64(n) > uint64(len(p)-5) {
		return false, nil, nil, fmt.Errorf("%w: message", transport.ErrCorrupt)
	}
	return p[0] != 0, p[5 : 5+n], p[5+n:], nil
}
