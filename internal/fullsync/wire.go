// Package fullsync moves whole databases: the source makes a snapshot of files and
// sends them, the sink receives them into a directory. It does not know what a
// database is, only its name.
//
// Promises:
//   - F1. A snapshot is consistent and does not change; replicas that ask while it is fresh
//     share it. It lives while someone holds a lease on it, and a while longer, so that
//     an interrupted copy goes on from the last good byte.
//   - F2. Nothing is sent twice, and nothing that is there already: the sink asks for
//     ranges, the connection's own flow control bounds what is in flight, and memory on
//     the source is a buffer per connection.
//   - F3. Time-out means no progress at all.
//   - F4. No name from the wire is opened as a path: files are asked for by number,
//     and the sink accepts plain file names only.
//   - F5. Receive returns only when every file is complete, verified and durable.
package fullsync

import (
	"encoding/binary"
	"fmt"

	"github.com/haypile/haypile/internal/transport"
)

// protocolVersion is what both sides must speak.
const protocolVersion = 1

// Kinds of frames.
const (
	kindOpen   byte = 1 // sink: open
	kindPlace  byte = 2 // source: place; the sink waits
	kindFiles  byte = 3 // source: part of the list of files
	kindGrant  byte = 4 // source: grant; the list is complete
	kindRefuse byte = 5 // source: refusal, then the connection ends
	kindFetch  byte = 6 // sink: file u32, offset u64
	kindData   byte = 7 // source: file u32, offset u64, bytes
	kindEnd    byte = 8 // source: file u32; nothing more of it follows
	kindCheck  byte = 9 // sink: file u32, length u64, CRC32C u32 of so many bytes of the file
	kindSame   byte = 10
	kindOther  byte = 11
	kindDone   byte = 12 // sink: everything is there; the lease may end
)

type open struct {
	Version  int    `json:"version"`
	Replica  string `json:"replica"`            // its run id
	Name     string `json:"name"`               // for people: its address
	Database string `json:"database"`           // which one
	Snapshot string `json:"snapshot,omitempty"` // to go on with, if it still lives
}

type place struct {
	Place  int    `json:"place"` // 1 is next
	Reason string `json:"reason,omitempty"`
}

// File is one file of a snapshot.
type File struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

type grant struct {
	Snapshot string `json:"snapshot"`
	LSN      uint64 `json:"lsn"` // log position of the data
	Files    int    `json:"files"`
	Bytes    int64  `json:"bytes"`
}

type refusal struct {
	Reason string `json:"reason"`
}

// chunk is how much of a file a frame carries.
const chunk = 128 << 10

const dataHeader = 12

// requestBytes bounds frames of a sink.
const requestBytes = 4 << 10

// Limits of what a source may announce, so that its word costs the sink no memory.
const (
	maxFiles     = 1 << 20
	filesInFrame = 512
)

func fileAndNumber(p []byte, rest int) (file uint32, n uint64, err error) {
	if len(p) < 12 || rest >= 0 && len(p) != 12+rest {
		return 0, 0, fmt.Errorf("%w: a request of %d bytes", transport.ErrCorrupt, len(p))
	}
	return binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint64(p[4:]), nil
}

func appendFileAndNumber(b []byte, file uint32, n uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, file), n)
}
