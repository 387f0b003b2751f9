package fullsync

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/transport"
)

// SinkOptions say what to receive and where to put it.
type SinkOptions struct {
	FS       vfs.FS
	Dir      string   // of this copy; what an earlier attempt has left there is used
	Have     []string // directories whose files may be the same as the source's
	Database string
	Replica  string // this server's run id
	Name     string // and its address, for people
	// Dial connects to the source's copy service.
	Dial     func(ctx context.Context) (net.Conn, []byte, error)
	Parallel func() int
	Stall    func() time.Duration
	Pace     transport.Pace
	Quiet    time.Duration // without a byte, after which it is seen whether a new connection gets through; 0: 3 s
	Reserve  int64         // bytes of the disk that must stay free
	Placed   func(int)
	Begun    func(total int64)
	Logger   *slog.Logger
}

// Progress of a copy; the numbers may be read at any time.
type Progress struct {
	Total, Received, Reused atomic.Int64 // bytes
	Requested               atomic.Int64 // bytes asked for; never more than Total
	Rate                    atomic.Int64 // bytes per second, smoothed
	Began                   atomic.Int64 // Unix ms
}

// Receive brings a snapshot of the source's database into Dir and returns the log
// position of its data. When it returns without an error every file is complete and
// durable (F5). After an error it may be called again and goes on.
func Receive(ctx context.Context, o SinkOptions, p *Progress) (lsn uint64, err error) {
	s := &sink{o: o, p: p}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		if ctx.Err() != nil && err != nil && s.cause() == nil {
			err = context.Canceled
		}
	}()
	first, err := s.connect(ctx, s.remembered(), 0)
	if err != nil {
		return 0, err
	}
	defer first.close()
	if err := s.prepare(first.grant); err != nil {
		return 0, err
	}
	o.Begun(first.grant.Bytes)
	done := make(chan struct{})
	defer close(done)
	go s.measure(done)
	if err := s.all(ctx, cancel, first); err != nil {
		return 0, err
	}
	if err := s.finish(); err != nil {
		return 0, err
	}
	_ = first.link.Send(kindDone)
	return first.grant.LSN, nil
}

// sink is one attempt.
type sink struct {
	o     SinkOptions
	p     *Progress
	files []File
	next  atomic.Int64

	mu     sync.Mutex
	failed error
}

// SnapshotFile remembers which snapshot the files in a directory are of. Whoever puts a
// complete copy in place removes it.
const SnapshotFile = "COPYING"

func (s *sink) remembered() string {
	f, err := s.o.FS.Open(s.o.FS.PathJoin(s.o.Dir, SnapshotFile))
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, 256))
	return strings.TrimSpace(string(b))
}

// prepare makes the directory ready for a snapshot: files of another one become
// candidates for being the same.
func (s *sink) prepare(g grant) error {
	fs := s.o.FS
	old := s.o.FS.PathJoin(s.o.Dir, "..", "incoming.old")
	if had := s.remembered(); had != g.Snapshot {
		if err := fs.RemoveAll(old); err != nil {
			return fmt.Errorf("remove an older copy: %w", err)
		}
		if had != "" {
			if err := fs.Rename(s.o.Dir, old); err != nil {
				return fmt.Errorf("put an unfinished copy aside: %w", err)
			}
		} else if err := fs.RemoveAll(s.o.Dir); err != nil {
			return fmt.Errorf("clear the directory for a copy: %w", err)
		}
		if err := fs.MkdirAll(s.o.Dir, 0o755); err != nil {
			return fmt.Errorf("create the directory for a copy: %w", err)
		}
		if err := writeSmall(fs, fs.PathJoin(s.o.Dir, SnapshotFile), g.Snapshot); err != nil {
			return fmt.Errorf("write to the directory for a copy: %w", err)
		}
	}
	s.o.Have = append(s.o.Have, old)
	return s.room(g)
}

// room refuses to begin what cannot end well.
func (s *sink) room(g grant) error {
	need := g.Bytes
	if have, err := list(s.o.FS, s.o.Dir); err == nil {
		for _, f := range have {
			need -= f.Size
		}
	}
	usage, err := s.o.FS.GetDiskUsage(s.o.Dir)
	if err != nil {
		return nil // not known: it will show
	}
	if free := int64(usage.AvailBytes); need > 0 && free < need+s.o.Reserve {
		return fmt.Errorf("the disk of %s has %d MB free; the copy needs %d MB and %d MB must stay free: make room, the copy begins by itself",
			s.o.Dir, free>>20, need>>20, s.o.Reserve>>20)
	}
	return nil
}

func writeSmall(fs vfs.FS, path, text string) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	return errors.Join(err, f.Sync(), f.Close())
}

// all receives every file, over several connections when that is allowed. Each
// takes the next file that nobody has taken.
func (s *sink) all(ctx context.Context, cancel context.CancelFunc, first *leg) error {
	s.files = first.files
	s.p.Total.Store(first.grant.Bytes)
	var legs sync.WaitGroup
	for i := 1; i < min(s.o.Parallel(), len(s.files)); i++ {
		legs.Add(1)
		go func() {
			defer legs.Done()
			l, err := s.connect(ctx, first.grant.Snapshot, 0)
			if err != nil {
				return // the others do its work
			}
			defer l.close()
			if l.grant.Snapshot == first.grant.Snapshot {
				s.work(ctx, cancel, l)
			}
		}()
	}
	s.work(ctx, cancel, first)
	legs.Wait()
	if err := s.cause(); err != nil {
		return err
	}
	return ctx.Err()
}

func (s *sink) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

func (s *sink) work(ctx context.Context, cancel context.CancelFunc, l *leg) {
	defer s.watch(ctx, l)()
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.files) || s.cause() != nil {
			return
		}
		if err := s.file(l, uint32(i), s.files[i]); err != nil {
			s.mu.Lock()
			if s.failed == nil {
				s.failed = fmt.Errorf("copy %s: %w", s.files[i].Name, err)
			}
			s.mu.Unlock()
			cancel()
			return
		}
	}
}

// file brings one file into the directory, beginning with what is there.
func (s *sink) file(l *leg, number uint32, want File) error {
	path := s.o.FS.PathJoin(s.o.Dir, want.Name)
	from, err := s.present(l, number, want, path)
	if err != nil {
		return err
	}
	s.p.Reused.Add(from)
	if from == want.Size && from > 0 {
		return nil
	}
	f, err := s.o.FS.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	err = s.fetch(l, number, want, f, from)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// present returns how many bytes of a file are there and right.
func (s *sink) present(l *leg, number uint32, want File, path string) (int64, error) {
	if n, err := s.same(l, number, want, path); n > 0 || err != nil {
		return n, err
	}
	_ = s.o.FS.Remove(path) // of no use, if it is there
	if strings.HasSuffix(want.Name, ".sst") || strings.HasSuffix(want.Name, ".blob") {
		for _, dir := range s.o.Have {
			other := s.o.FS.PathJoin(dir, want.Name)
			if info, err := s.o.FS.Stat(other); err != nil || info.Size() != want.Size {
				continue
			}
			if n, err := s.same(l, number, want, other); err != nil {
				return 0, err
			} else if n == want.Size && s.o.FS.Link(other, path) == nil {
				return n, nil
			}
		}
	}
	f, err := s.o.FS.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return 0, err
	}
	return 0, f.Close()
}

// same asks whether the bytes of a file here are the source's.
func (s *sink) same(l *leg, number uint32, want File, path string) (int64, error) {
	f, err := s.o.FS.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return 0, nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 || info.Size() > want.Size {
		return 0, nil
	}
	sum, err := checksum(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return 0, nil
	}
	b := appendFileAndNumber(nil, number, uint64(info.Size()))
	if err := l.link.Send(kindCheck, binary.LittleEndian.AppendUint32(b, sum)); err != nil {
		return 0, err
	}
	kind, p, err := l.link.Receive()
	switch {
	case err != nil:
		return 0, err
	case kind == kindSame:
		return info.Size(), nil
	case kind == kindOther:
		return 0, nil
	}
	return 0, unexpected(kind, p)
}

// request asks for a file from an offset on.
func (s *sink) request(l *leg, number uint32, want File, at int64) error {
	s.p.Requested.Add(want.Size - at)
	l.link.SetTimeout(s.o.Stall())
	return l.link.Send(kindFetch, appendFileAndNumber(nil, number, uint64(at)))
}

func (s *sink) fetch(l *leg, number uint32, want File, f vfs.File, at int64) error {
	if err := s.request(l, number, want, at); err != nil {
		return err
	}
	for {
		l.waiting.Store(time.Now().UnixNano())
		kind, p, err := l.link.Receive()
		l.waiting.Store(0)
		if err != nil {
			if !l.change() {
				return err
			}
			s.p.Requested.Add(at - want.Size) // what has not come does not come any more
			if err := s.request(l, number, want, at); err != nil {
				return err
			}
			continue
		}
		if kind != kindData && kind != kindEnd {
			return unexpected(kind, p)
		}
		file, offset, err := fileAndNumber(p, -1)
		if err != nil || file != number || int64(offset) != at {
			return fmt.Errorf("%w: the master sends byte %d of file %d and byte %d of file %d was expected (%v)", transport.ErrCorrupt, offset, file, at, number, err)
		}
		if kind == kindEnd {
			if at != want.Size {
				return fmt.Errorf("%w: the file ends at %d and not at %d", transport.ErrCorrupt, at, want.Size)
			}
			return nil
		}
		b := p[dataHeader:]
		if at+int64(len(b)) > want.Size {
			return fmt.Errorf("%w: more bytes than the file has", transport.ErrCorrupt)
		}
		if s.o.Pace != nil {
			s.o.Pace.Take(len(b))
		}
		if _, err := f.WriteAt(b, at); err != nil {
			return err
		}
		at += int64(len(b))
		s.p.Received.Add(int64(len(b)))
	}
}

// finish makes the directory durable and whole: nothing but the snapshot, and its name, is in it.
func (s *sink) finish() error {
	fs := s.o.FS
	have, err := list(fs, s.o.Dir)
	if err != nil {
		return fmt.Errorf("finish the copy: %w", err)
	}
	sizes := map[string]int64{}
	for _, f := range s.files {
		sizes[f.Name] = f.Size
	}
	for _, f := range have {
		if f.Name == SnapshotFile {
			continue
		}
		size, wanted := sizes[f.Name]
		if !wanted {
			if err := fs.Remove(fs.PathJoin(s.o.Dir, f.Name)); err != nil {
				return fmt.Errorf("finish the copy: %w", err)
			}
			continue
		}
		if size != f.Size {
			return fmt.Errorf("%w: %s has %d bytes and not %d", transport.ErrCorrupt, f.Name, f.Size, size)
		}
		delete(sizes, f.Name)
	}
	if len(sizes) > 0 {
		return fmt.Errorf("%w: %d files are missing", transport.ErrCorrupt, len(sizes))
	}
	d, err := fs.OpenDir(s.o.Dir)
	if err != nil {
		return fmt.Errorf("finish the copy: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// measure smooths the rate and says how far the copy is.
func (s *sink) measure(done chan struct{}) {
	s.p.Began.Store(time.Now().UnixMilli())
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last, rate := int64(0), 0.0
	for n := 1; ; n++ {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		now := s.p.Received.Load()
		if n == 1 {
			rate = float64(now)
		}
		rate += (float64(now-last) - rate) / 4
		last = now
		s.p.Rate.Store(int64(rate))
		if n%10 == 0 {
			total, have := s.p.Total.Load(), now+s.p.Reused.Load()
			s.o.Logger.Info("full sync: receiving", "db", s.o.Database, "percent", int(100*float64(have)/float64(max(total, 1))),
				"mb", have>>20, "of_mb", total>>20, "mb_per_second", math.Round(rate/1e5)/10, "eta_seconds", int(float64(total-have)/max(rate, 1)))
		}
	}
}
