package fullsync

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/transport"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// job is one connection of a source.
type job struct {
	src   *Source
	link  *transport.Link
	req   open
	snap  atomic.Pointer[snapshot]
	began time.Time
	sent  atomic.Int64
	rate  atomic.Int64 // bytes per second, smoothed
	pace  atomic.Pointer[pace]
}

// JobStatus is for INFO.
type JobStatus struct {
	Replica, Name, Database string
	Sent, Total             int64 // bytes, of the snapshot as a whole
	Rate                    int64 // bytes per second
	Limit                   string
	Since                   time.Time
}

func (j *job) status() (JobStatus, bool) {
	snap := j.snap.Load()
	if snap == nil {
		return JobStatus{}, false
	}
	st := JobStatus{Replica: j.req.Replica, Name: j.req.Name, Database: j.req.Database, Sent: j.sent.Load(), Total: snap.bytes, Rate: j.rate.Load(), Since: j.began}
	if p := j.pace.Load(); p != nil {
		st.Limit = p.limit()
	}
	return st, true
}

func (j *job) serve() error {
	kind, p, err := j.link.Receive()
	if err != nil {
		return fmt.Errorf("no request: %w", err)
	}
	if kind != kindOpen || transport.Decode(p, &j.req) != nil {
		return errors.New("the request makes no sense; is this a replica of Haypile?")
	}
	if j.req.Version != protocolVersion {
		return fmt.Errorf("the replica speaks version %d of the copy protocol, this server %d", j.req.Version, protocolVersion)
	}
	if !plainName(j.req.Database) { // a snapshot's directory is named after it
		return fmt.Errorf("there is no database %.40q", j.req.Database)
	}
	if err := j.src.enter(j.req.Replica, func(at int) error {
		return j.link.SendJSON(kindPlace, place{Place: at, Reason: "max-concurrent-full-syncs"})
	}); err != nil {
		return err
	}
	defer j.src.leave(j.req.Replica)
	snap, err := j.src.acquire(j.req)
	if err != nil {
		return err
	}
	defer j.src.release(snap)
	if err := j.grant(snap); err != nil {
		return err
	}
	j.snap.Store(snap)
	return j.answer(snap)
}

func (j *job) grant(snap *snapshot) error {
	for at := 0; at < len(snap.files); at += filesInFrame {
		if err := j.link.SendJSON(kindFiles, snap.files[at:min(at+filesInFrame, len(snap.files))]); err != nil {
			return err
		}
	}
	return j.link.SendJSON(kindGrant, grant{Snapshot: snap.id, LSN: snap.lsn, Files: len(snap.files), Bytes: snap.bytes})
}

// answer serves requests, one at a time.
func (j *job) answer(snap *snapshot) error {
	pace := newPace(j.link.Conn(), j.src.opts.Total, j.src.opts.Settings)
	defer pace.close()
	j.pace.Store(pace)
	j.link.SetPace(pace)
	buf := make([]byte, dataHeader+chunk)
	for {
		kind, p, err := j.link.Receive()
		if err != nil {
			return err
		}
		switch kind {
		case kindFetch:
			file, offset, err := fileAndNumber(p, 0)
			if err != nil {
				return err
			}
			if err := j.send(snap, buf, file, offset); err != nil {
				return err
			}
		case kindCheck:
			file, length, err := fileAndNumber(p, 4)
			if err != nil {
				return err
			}
			same, err := j.check(snap, file, length, binary.LittleEndian.Uint32(p[12:]))
			if err != nil {
				return err
			}
			answer := kindOther
			if same {
				answer = kindSame
			}
			if err := j.link.Send(answer); err != nil {
				return err
			}
		case kindDone:
			return nil
		default:
			return fmt.Errorf("%w: a frame of kind %d", transport.ErrCorrupt, kind)
		}
	}
}

func (j *job) open(snap *snapshot, file uint32, offset uint64) (vfs.File, error) {
	if uint64(file) >= uint64(len(snap.files)) || offset > uint64(snap.files[file].Size) {
		return nil, fmt.Errorf("%w: there is no file %d with a byte %d", transport.ErrCorrupt, file, offset)
	}
	return j.src.opts.FS.Open(j.src.opts.FS.PathJoin(snap.dir, snap.files[file].Name), vfs.SequentialReadsOption)
}

// send sends a file from an offset to its end.
func (j *job) send(snap *snapshot, buf []byte, file uint32, offset uint64) error {
	f, err := j.open(snap, file, offset)
	if err != nil {
		return err
	}
	defer f.Close()
	r := io.NewSectionReader(f, int64(offset), snap.files[file].Size-int64(offset))
	for {
		begin := time.Now()
		n, err := io.ReadFull(r, buf[dataHeader:])
		if n > 0 {
			appendFileAndNumber(buf[:0], file, offset)
			if err := j.link.Send(kindData, buf[:dataHeader+n]); err != nil {
				return err
			}
			offset += uint64(n)
			j.sent.Add(int64(n))
			j.src.Sent.Add(int64(n))
			j.observe(n, time.Since(begin))
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return j.link.Send(kindEnd, appendFileAndNumber(nil, file, offset))
		}
		if err != nil {
			return fmt.Errorf("read the snapshot: %w", err)
		}
	}
}

// observe smooths the rate.
func (j *job) observe(n int, took time.Duration) {
	now := float64(n) / max(took.Seconds(), 1e-6)
	old := float64(j.rate.Load())
	if old == 0 {
		old = now
	}
	j.rate.Store(int64(old + (now-old)/16))
}

// check compares the beginning of a file with what a sink has.
func (j *job) check(snap *snapshot, file uint32, length uint64, sum uint32) (bool, error) {
	f, err := j.open(snap, file, length)
	if err != nil {
		return false, err
	}
	defer f.Close()
	have, err := checksum(io.NewSectionReader(f, 0, int64(length)))
	return have == sum, err
}

func checksum(r io.Reader) (uint32, error) {
	h := crc32.New(castagnoli)
	_, err := io.CopyBuffer(h, r, make([]byte, chunk))
	return h.Sum32(), err
}
