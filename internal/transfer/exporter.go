package transfer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/haypile/haypile/internal/rdb"
)

// Export writes all that a Haypile server holds to an RDB file, while it goes on serving. There is a file at
// path when it is complete, and not before.
func Export(path string, from Target, p Progress) (*Stats, error) {
	stats := new(Stats)
	c, err := dial(from)
	if err != nil {
		return stats, err
	}
	defer c.nc.Close()
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return stats, err
	}
	defer os.Remove(f.Name()) // which is no more, if all went well
	defer f.Close()
	ex := &exporter{c: c, f: f, w: rdb.NewWriter(f), stats: stats}
	if err := ex.run(p); err != nil {
		return stats, err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return stats, err
	}
	return stats, os.Rename(f.Name(), path)
}

// exporter is one export.
type exporter struct {
	c     *conn
	f     *os.File
	w     *rdb.Writer
	stats *Stats
	part  []byte
}

// database is one that has keys.
type database struct {
	number        int
	keys, expires uint64
}

func (ex *exporter) run(p Progress) error {
	dbs, total, err := ex.survey()
	if err != nil {
		return err
	}
	defer p.watch(ex.stats, func() (int64, int64) { return ex.stats.Keys.Load() + ex.stats.Expired.Load(), total })()
	ex.w.Aux("redis-ver", "7.0.0")
	ex.w.Aux("redis-bits", "64")
	ex.w.Aux("ctime", strconv.FormatInt(time.Now().Unix(), 10))
	if r, err := ex.c.do("FUNCTION", "DUMP"); err != nil {
		return err
	} else if err := ex.w.Functions(r.text); err != nil {
		return fmt.Errorf("the server's functions: %w", err)
	}
	for _, db := range dbs {
		if err := ex.database(db); err != nil {
			return fmt.Errorf("database %d: %w", db.number, err)
		}
	}
	return ex.w.Close()
}

// survey makes sure that the server is Haypile, and lists its databases. Redis's SCAN may give a key
// twice, which no RDB file may hold; and Redis writes such files itself.
func (ex *exporter) survey() (dbs []database, total int64, err error) {
	r, err := ex.c.do("INFO", "server")
	if err != nil {
		return nil, 0, err
	}
	if !hasField(string(r.text), "haypile_version") {
		return nil, 0, errors.New("the server is not Haypile; for Redis use redis-cli --rdb")
	}
	if r, err = ex.c.do("INFO", "keyspace"); err != nil {
		return nil, 0, err
	}
	dbs = keyspace(string(r.text))
	for _, db := range dbs {
		total += int64(db.keys)
	}
	return dbs, total, nil
}

const scanCount = "1000"

func (ex *exporter) database(db database) error {
	if _, err := ex.c.do("SELECT", strconv.Itoa(db.number)); err != nil {
		return err
	}
	ex.w.Select(db.number, db.keys, db.expires)
	for cursor := "0"; ; {
		r, err := ex.c.do("SCAN", cursor, "COUNT", scanCount)
		if err != nil {
			return err
		}
		if len(r.elems) != 2 {
			return errProtocol
		}
		if err := ex.page(r.elems[1].elems); err != nil {
			return err
		}
		if cursor = string(r.elems[0].text); cursor == "0" {
			return ex.w.Err()
		}
	}
}

// page exports some keys: small ones together, each large one by itself.
func (ex *exporter) page(names []*reply) error {
	sizes, err := ex.sizes(names)
	if err != nil {
		return err
	}
	var small []string
	bytes := int64(0)
	for i, name := range names {
		s := sizes[i]
		if s.bytes > largeBytes && s.kind != rdb.String && s.kind != rdb.Stream {
			if err := ex.large(string(name.text), s); err != nil {
				return err
			}
			continue
		}
		small = append(small, string(name.text))
		if bytes += s.bytes; len(small) >= smallKeys || bytes > smallBytes {
			if err := ex.small(small); err != nil {
				return err
			}
			small, bytes = small[:0], 0
		}
	}
	return ex.small(small)
}

const (
	smallKeys  = 100
	smallBytes = 4 << 20
	largeBytes = 256 << 10 // a collection of more is exported in parts
)

// size is the type of a key and about how many bytes it has.
type size struct {
	kind  rdb.Kind
	bytes int64
}

var kinds = map[string]struct {
	kind  rdb.Kind
	count string
}{
	"string": {rdb.String, "STRLEN"}, "list": {rdb.List, "LLEN"}, "set": {rdb.Set, "SCARD"}, "zset": {rdb.ZSet, "ZCARD"},
	"hash": {rdb.Hash, "HLEN"}, "none": {rdb.String, "STRLEN"}, "stream": {rdb.Stream, "XLEN"},
}

// sizes asks how large keys are. One that changes its type between the two questions is taken for small.
func (ex *exporter) sizes(names []*reply) ([]size, error) {
	list := make([]size, len(names))
	for _, name := range names {
		ex.c.command("TYPE", string(name.text))
		ex.c.command("MEMORY", "USAGE", string(name.text))
	}
	about, err := ex.replies(2 * len(names))
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		kind, usage := string(about[2*i].text), about[2*i+1]
		if usage.kind == '-' {
			return nil, fmt.Errorf("key %s: the server refused MEMORY USAGE: %s", shorten(name.text), usage.text)
		}
		k, known := kinds[kind]
		if !known {
			return nil, fmt.Errorf("key %s: %s cannot be exported by this build", shorten(name.text), kind)
		}
		list[i] = size{k.kind, max(0, usage.num)}
	}
	return list, nil
}

// replies sends what is gathered and reads so many replies.
func (ex *exporter) replies(n int) ([]*reply, error) {
	if err := ex.c.flush(); err != nil {
		return nil, err
	}
	list := make([]*reply, n)
	for i := range list {
		var err error
		if list[i], err = ex.c.reply(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// small exports keys whole; each with the expiry of the same moment.
func (ex *exporter) small(names []string) error {
	for _, name := range names {
		ex.c.command("MULTI")
		ex.c.command("PEXPIRETIME", name)
		ex.c.command("DUMP", name)
		ex.c.command("EXEC")
	}
	list, err := ex.replies(4 * len(names))
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := ex.whole(name, list[4*i+3]); err != nil {
			return err
		}
	}
	ex.stats.Bytes.Store(ex.w.Offset())
	return nil
}

func (ex *exporter) whole(name string, r *reply) error {
	if len(r.elems) != 2 || r.elems[0].kind != ':' {
		return fmt.Errorf("key %s: DUMP was refused: %s", shorten([]byte(name)), r.text)
	}
	expire, dump := r.elems[0].num, r.elems[1]
	if dump.kind == 0 {
		ex.stats.Expired.Add(1)
		return nil
	}
	body, _, err := rdb.CheckFooter(dump.text)
	if err != nil || len(body) == 0 {
		return fmt.Errorf("key %s: DUMP gave no payload: %s", shorten([]byte(name)), shorten(dump.text))
	}
	ex.w.Key([]byte(name), max(0, expire), body)
	ex.stats.Keys.Add(1)
	return nil
}
