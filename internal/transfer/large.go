package transfer

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/haypile/haypile/internal/rdb"
)

const (
	partElements = 1000 // of a part, at most
	largeTries   = 5
)

// perPart is how many elements make a part of about largeBytes.
func (s size) perPart(n int64) int64 { return max(1, min(partElements, n*largeBytes/(s.bytes+1))) }

// large exports a collection in parts. The key is watched: if it changes meanwhile, what was written of
// it is taken back and it is tried again, in the end in one piece (F3).
func (ex *exporter) large(name string, s size) error {
	for range largeTries {
		mark := ex.w.Mark()
		ok, err := ex.inParts(name, s)
		if err != nil {
			return err
		}
		if ok {
			ex.stats.Keys.Add(1)
			ex.stats.Bytes.Store(ex.w.Offset())
			return nil
		}
		ex.w.Mark() // what is on its way to the file gets there before the file is cut
		if err := ex.f.Truncate(mark.Offset); err != nil {
			return err
		}
		if _, err := ex.f.Seek(mark.Offset, 0); err != nil {
			return err
		}
		ex.w.Return(mark)
	}
	return ex.small([]string{name})
}

// inParts says whether the key was the same from the first part to the last.
func (ex *exporter) inParts(name string, s size) (ok bool, err error) {
	if _, err := ex.c.do("WATCH", name); err != nil {
		return false, err
	}
	ex.c.command("PEXPIRETIME", name)
	for _, about := range kinds {
		if about.kind == s.kind {
			ex.c.command(about.count, name)
			break
		}
	}
	list, err := ex.replies(2)
	if err != nil {
		return false, err
	}
	expire, n := list[0].num, list[1].num
	if list[1].kind == '-' || n <= 0 {
		_, err := ex.c.do("UNWATCH")
		return false, err
	}
	ex.w.Key([]byte(name), max(0, expire), rdb.AppendPlain(nil, s.kind, uint64(n)))
	got, err := ex.elements(name, s.kind, n, s.perPart(n))
	if err != nil {
		return false, err
	}
	ex.c.command("MULTI")
	ex.c.command("EXEC")
	if list, err = ex.replies(2); err != nil {
		return false, err
	}
	return list[1].kind == '*' && got == n, nil
}

// elements writes the elements of a key and returns how many there were.
func (ex *exporter) elements(name string, kind rdb.Kind, n, per int64) (got int64, err error) {
	if kind == rdb.List {
		return ex.listElements(name, n, per)
	}
	command := map[rdb.Kind]string{rdb.Set: "SSCAN", rdb.ZSet: "ZSCAN", rdb.Hash: "HSCAN"}[kind]
	for cursor := "0"; ; {
		r, err := ex.c.do(command, name, cursor, "COUNT", strconv.FormatInt(per, 10))
		if err != nil {
			if strings.Contains(err.Error(), "WRONGTYPE") { // it has changed
				return 0, nil
			}
			return 0, err
		}
		if len(r.elems) != 2 {
			return 0, errProtocol
		}
		count, err := ex.writePart(kind, r.elems[1].elems)
		if err != nil {
			return 0, err
		}
		got += count
		if cursor = string(r.elems[0].text); cursor == "0" || got > n {
			return got, ex.w.Err()
		}
	}
}

func (ex *exporter) listElements(name string, n, per int64) (got int64, err error) {
	for got < n {
		r, err := ex.c.do("LRANGE", name, strconv.FormatInt(got, 10), strconv.FormatInt(got+per-1, 10))
		if err != nil {
			if strings.Contains(err.Error(), "WRONGTYPE") {
				return 0, nil
			}
			return 0, err
		}
		if len(r.elems) == 0 {
			break
		}
		count, err := ex.writePart(rdb.List, r.elems)
		if err != nil {
			return 0, err
		}
		got += count
	}
	return got, ex.w.Err()
}

func (ex *exporter) writePart(kind rdb.Kind, elems []*reply) (count int64, err error) {
	ex.part = ex.part[:0]
	for i, e := range elems {
		if kind == rdb.ZSet && i%2 == 1 {
			score, err := strconv.ParseFloat(string(e.text), 64)
			if err != nil {
				return 0, err
			}
			ex.part = rdb.AppendScore(ex.part, score)
			continue
		}
		ex.part = rdb.AppendText(ex.part, e.text)
	}
	ex.w.Append(ex.part)
	ex.stats.Bytes.Store(ex.w.Offset())
	if count = int64(len(elems)); kind == rdb.ZSet || kind == rdb.Hash {
		count /= 2
	}
	return count, nil
}

func hasField(info, name string) bool {
	for line := range strings.Lines(info) {
		if strings.HasPrefix(line, name+":") {
			return true
		}
	}
	return false
}

// keyspace reads lines such as "db0:keys=1,expires=0,avg_ttl=0" of INFO.
func keyspace(info string) (dbs []database) {
	in := bufio.NewScanner(strings.NewReader(info))
	for in.Scan() {
		name, about, ok := strings.Cut(strings.TrimSpace(in.Text()), ":")
		number, isDB := strings.CutPrefix(name, "db")
		n, err := strconv.Atoi(number)
		if !ok || !isDB || err != nil {
			continue
		}
		db := database{number: n}
		for field := range strings.SplitSeq(about, ",") {
			key, val, _ := strings.Cut(field, "=")
			switch count, _ := strconv.ParseUint(val, 10, 64); key {
			case "keys":
				db.keys = count
			case "expires":
				db.expires = count
			}
		}
		dbs = append(dbs, db)
	}
	return dbs
}
