package transfer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/rdb"
	"github.com/haypile/haypile/internal/resp"
)

// Import sends what a file holds to a server: an RDB file, an AOF file, or the manifest of an AOF of
// several files. Keys of the file replace keys of the server.
func Import(path string, to Target, p Progress) (*Stats, error) {
	stats := new(Stats)
	files, err := filesOf(path)
	if err != nil {
		return stats, err
	}
	total := int64(0)
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return stats, err
		}
		total += info.Size()
	}
	c, err := dial(to)
	if err != nil {
		return stats, err
	}
	im := &importer{pipe: newPipe(c, stats), stats: stats, now: time.Now().UnixMilli()}
	defer im.pipe.close()
	defer p.watch(stats, func() (int64, int64) { return stats.Bytes.Load(), total })()
	for i, f := range files {
		if err := im.file(f, i == len(files)-1); err != nil {
			return stats, fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
	}
	if err := im.pipe.wait(); err != nil {
		return stats, err
	}
	if n := stats.Refused.Load() + stats.Left.Load(); n > 0 {
		return stats, fmt.Errorf("%d commands were refused or keys left out", n)
	}
	return stats, nil
}

// importer is the rdb.Contents and the rdb.Visitor that makes commands.
type importer struct {
	pipe  *pipe
	stats *Stats
	now   int64

	key      string
	expireMS int64
	skip     bool
	kind     rdb.Kind
	part     resp.Writer // arguments of the command that is being gathered
	args     int
	times    []fieldTime // of fields in part
	group    string      // of a stream
	consumer string
}

// counted counts the bytes of a file as they are read.
type counted struct {
	r io.Reader
	s *Stats
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.s.Bytes.Add(int64(n))
	return n, err
}

// file sends one file. last says that it may be cut off at its end, as the last of an AOF after a crash.
func (im *importer) file(path string, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(counted{f, im.stats}, 256<<10)
	head, err := in.Peek(rdb.MagicLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if rdb.IsFile(head) {
		r := rdb.NewReader(in)
		if err := r.File(im); err != nil {
			return err
		}
		in = bufio.NewReaderSize(r.Rest(), 64<<10)
	}
	return im.commands(in, last)
}

// sel goes to a database, and makes sure that it is there: what follows must not go elsewhere.
func (im *importer) sel(db string) error {
	if err := im.pipe.wait(); err != nil {
		return err
	}
	before := im.stats.Refused.Load()
	if err := im.pipe.command("SELECT", db); err != nil {
		return err
	}
	if err := im.pipe.wait(); err != nil {
		return err
	}
	if im.stats.Refused.Load() != before {
		return fmt.Errorf("the server has no database %s; its parameter databases must be larger", db)
	}
	return nil
}

// Select implements rdb.Contents.
func (im *importer) Select(db uint64) error { return im.sel(strconv.FormatUint(db, 10)) }

// Function implements rdb.Contents.
func (im *importer) Function(code []byte) error {
	return im.pipe.command("FUNCTION", "LOAD", "REPLACE", string(code))
}

// Skipped implements rdb.Contents.
func (im *importer) Skipped(name []byte, why error) error {
	im.stats.Left.Add(1)
	key := shorten(name)
	im.stats.complain(func() string { return key + ": " + why.Error() })
	return nil
}

// Key implements rdb.Contents.
func (im *importer) Key(name []byte, expireMS int64) (rdb.Visitor, error) {
	im.key, im.expireMS = string(name), expireMS
	im.skip = expireMS != 0 && expireMS <= im.now
	im.part.Buf, im.args, im.times = im.part.Buf[:0], 0, im.times[:0]
	return im, nil
}

// Start implements rdb.Visitor.
func (im *importer) Start(kind rdb.Kind, _ uint64) error {
	im.kind = kind
	if im.skip || kind == rdb.String {
		return nil
	}
	return im.pipe.command("DEL", im.key)
}

// Sizes of the pieces that a collection is sent in.
const (
	partArgs  = 1024
	partBytes = 64 << 10
)

// Element implements rdb.Visitor.
func (im *importer) Element(e *rdb.Element) error {
	if im.skip {
		return nil
	}
	switch im.kind {
	case rdb.String:
		return im.set(e.Key)
	case rdb.ZSet:
		im.part.BulkString(strconv.FormatFloat(e.Score, 'g', 17, 64))
		im.part.Bulk(e.Key)
		im.args += 2
	case rdb.Hash:
		if e.ExpireMS != 0 {
			if e.ExpireMS <= im.now {
				return nil
			}
			im.times = append(im.times, fieldTime{string(e.Key), e.ExpireMS})
		}
		im.part.Bulk(e.Key)
		im.part.Bulk(e.Value)
		im.args += 2
	default:
		im.part.Bulk(e.Key)
		im.args++
	}
	if im.args >= partArgs || len(im.part.Buf) >= partBytes {
		return im.sendPart()
	}
	return nil
}

func (im *importer) set(val []byte) error {
	w := &im.pipe.c.w
	n := 3
	if im.expireMS != 0 {
		n = 5
	}
	w.Array(n)
	w.BulkString("SET")
	w.BulkString(im.key)
	w.Bulk(val)
	if n == 5 {
		w.BulkString("PXAT")
		w.BulkInt(im.expireMS)
	}
	return im.pipe.add()
}

var partCommands = [...]string{rdb.List: "RPUSH", rdb.Set: "SADD", rdb.ZSet: "ZADD", rdb.Hash: "HSET"}

func (im *importer) sendPart() error {
	if im.args == 0 {
		return nil
	}
	w := &im.pipe.c.w
	w.Array(2 + im.args)
	w.BulkString(partCommands[im.kind])
	w.BulkString(im.key)
	w.Raw(im.part.Buf)
	im.part.Buf, im.args = im.part.Buf[:0], 0
	if err := im.pipe.add(); err != nil {
		return err
	}
	for _, t := range im.times {
		if err := im.pipe.command("HPEXPIREAT", im.key, strconv.FormatInt(t.atMS, 10), "FIELDS", "1", t.field); err != nil {
			return err
		}
	}
	im.times = im.times[:0]
	return nil
}

// fieldTime is when a field of the part that is being gathered expires.
type fieldTime struct {
	field string
	atMS  int64
}

// KeyDone implements rdb.Contents.
func (im *importer) KeyDone() error {
	if im.skip {
		im.stats.Expired.Add(1)
		return nil
	}
	im.stats.Keys.Add(1)
	if im.kind == rdb.String { // SET has said when it expires
		return nil
	}
	if err := im.sendPart(); err != nil || im.expireMS == 0 {
		return err
	}
	return im.pipe.command("PEXPIREAT", im.key, strconv.FormatInt(im.expireMS, 10))
}
