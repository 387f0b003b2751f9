package binlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sort"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Kind says how a record's payload is read.
type Kind uint8

// KindBatch is a Pebble batch representation: the effects of one commit.
const KindBatch Kind = 1

// HeaderBytes precede each payload:
//
//	0  CRC32C of everything that follows, payload included   u32
//	4  payload length in bytes                               u32
//	8  LSN of this record                                    u64
//	16 time of the commit, Unix ms                           u64
//	24 kind                                                  u8
//	25 bytes before this record that were not yet durable    7 bytes
//
// All little endian.
const HeaderBytes = 32

const (
	segmentMagic       = "HAYPLOG1"
	segmentHeaderBytes = 32 // magic 8, start LSN 8, reserved 12, CRC32C of those 4
	segmentSuffix      = ".binlog"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Record is one record as read.
type Record struct {
	LSN     LSN
	TimeMS  int64
	Kind    Kind
	Payload []byte // valid until the reader's next call
	Frame   []byte // header and payload, as in the file
	Durable LSN    // what fsync had confirmed when the record was appended
}

// End is the position after the record.
func (r *Record) End() LSN { return r.LSN + LSN(len(r.Frame)) }

// maxUnsynced is the most that the header can say was not durable.
const maxUnsynced = 1<<56 - 1

func sealRecord(frame []byte, kind Kind, lsn, durable LSN, timeMS int64) {
	h := frame[:HeaderBytes]
	clear(h)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(frame)-HeaderBytes))
	binary.LittleEndian.PutUint64(h[8:], uint64(lsn))
	binary.LittleEndian.PutUint64(h[16:], uint64(timeMS))
	binary.LittleEndian.PutUint64(h[24:], uint64(kind)|min(uint64(lsn-durable), maxUnsynced)<<8)
	binary.LittleEndian.PutUint32(h, crc32.Checksum(frame[4:], castagnoli))
}

// payloadLen reads the length field; the record is not verified yet.
func payloadLen(header []byte) int64 { return int64(binary.LittleEndian.Uint32(header[4:])) }

// parseRecord verifies a whole frame that is expected at lsn.
func parseRecord(frame []byte, lsn LSN) (Record, error) {
	if len(frame) < HeaderBytes || payloadLen(frame) != int64(len(frame)-HeaderBytes) {
		return Record{}, fmt.Errorf("%w: record at %d: wrong length", ErrCorrupt, lsn)
	}
	if got := LSN(binary.LittleEndian.Uint64(frame[8:])); got != lsn {
		return Record{}, fmt.Errorf("%w: record at %d names position %d", ErrCorrupt, lsn, got)
	}
	if binary.LittleEndian.Uint32(frame) != crc32.Checksum(frame[4:], castagnoli) {
		return Record{}, fmt.Errorf("%w: record at %d: checksum mismatch", ErrCorrupt, lsn)
	}
	return Record{
		LSN:     lsn,
		TimeMS:  int64(binary.LittleEndian.Uint64(frame[16:])),
		Kind:    Kind(frame[24]),
		Payload: frame[HeaderBytes:],
		Frame:   frame,
		Durable: lsn - min(lsn, LSN(binary.LittleEndian.Uint64(frame[24:])>>8)),
	}, nil
}

func appendSegmentHeader(dst []byte, start LSN) []byte {
	from := len(dst)
	dst = append(dst, segmentMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(start))
	dst = append(dst, make([]byte, 12)...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli))
}

func checkSegmentHeader(h []byte, s segment) error {
	if len(h) < segmentHeaderBytes || string(h[:8]) != segmentMagic {
		return fmt.Errorf("%w: %s is not a binlog segment", ErrCorrupt, s.path)
	}
	if binary.LittleEndian.Uint32(h[28:]) != crc32.Checksum(h[:28], castagnoli) {
		return fmt.Errorf("%w: header of %s: checksum mismatch", ErrCorrupt, s.path)
	}
	if LSN(binary.LittleEndian.Uint64(h[8:])) != s.start {
		return fmt.Errorf("%w: %s was renamed: it begins at %d", ErrCorrupt, s.path, binary.LittleEndian.Uint64(h[8:]))
	}
	return nil
}

func segmentName(start LSN) string { return fmt.Sprintf("%020d%s", uint64(start), segmentSuffix) }

func listSegments(fs vfs.FS, dir string) ([]segment, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list binlog directory: %w", err)
	}
	var segs []segment
	for _, name := range names {
		base, ok := strings.CutSuffix(name, segmentSuffix)
		start, err := strconv.ParseUint(base, 10, 64)
		if !ok || err != nil || name != segmentName(LSN(start)) {
			continue // not ours
		}
		segs = append(segs, segment{LSN(start), fs.PathJoin(dir, name)})
	}
	sort.Slice(segs, func(i, j int) bool { return segs[i].start < segs[j].start })
	return segs, nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
