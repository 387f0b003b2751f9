package transfer

import (
	"bufio"
	"cmp"
	"errors"
	"slices"
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
	timed := false
	for range largeTries {
		mark := ex.w.Mark()
		ok, err := ex.inParts(name, s, timed)
		if errors.Is(err, errTimed) {
			timed = true
		} else if err != nil {
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

// errTimed says that a hash has fields that expire, which its first bytes have to tell.
var errTimed = errors.New("a field expires")

// leastTime is what the times of fields count from where the first of them is not known: they are absolute then.
const leastTime = 1

// inParts says whether the key was the same from the first part to the last. timed is for a hash with fields that expire.
func (ex *exporter) inParts(name string, s size, timed bool) (ok bool, err error) {
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
	head := rdb.AppendPlain(nil, s.kind, uint64(n))
	if timed {
		head = rdb.AppendTimedHash(nil, leastTime, uint64(n))
	}
	ex.w.Key([]byte(name), max(0, expire), head)
	got, err := ex.elements(name, s.kind, timed, n, s.perPart(n))
	if err != nil {
		if errors.Is(err, errTimed) {
			_, unwatch := ex.c.do("UNWATCH")
			err = cmp.Or(unwatch, err)
		}
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
func (ex *exporter) elements(name string, kind rdb.Kind, timed bool, n, per int64) (got int64, err error) {
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
		elems := r.elems[1].elems
		var times []*reply
		if kind == rdb.Hash {
			if times, err = ex.times(name, elems, timed); err != nil {
				return 0, err
			}
		}
		count, err := ex.writePart(kind, elems, times)
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
		count, err := ex.writePart(rdb.List, r.elems, nil)
		if err != nil {
			return 0, err
		}
		got += count
	}
	return got, ex.w.Err()
}

// times asks when the fields of a part expire; errTimed unless it is known that some do. It returns nothing if none does.
func (ex *exporter) times(name string, elems []*reply, timed bool) ([]*reply, error) {
	if len(elems) == 0 {
		return nil, nil
	}
	args := []string{"HPEXPIRETIME", name, "FIELDS", strconv.Itoa(len(elems) / 2)}
	for i := 0; i < len(elems); i += 2 {
		args = append(args, string(elems[i].text))
	}
	r, err := ex.c.do(args...)
	if err != nil {
		return nil, err
	}
	if len(r.elems) != len(elems)/2 { // the key has gone meanwhile
		return nil, nil
	}
	if !timed && slices.ContainsFunc(r.elems, func(at *reply) bool { return at.num > 0 }) {
		return nil, errTimed
	}
	if !timed {
		return nil, nil
	}
	return r.elems, nil
}

// writePart writes elements; times are those of a hash with fields that expire.
func (ex *exporter) writePart(kind rdb.Kind, elems, times []*reply) (count int64, err error) {
	ex.part = ex.part[:0]
	for i, e := range elems {
		if times != nil && i%2 == 0 {
			ex.part = rdb.AppendFieldTime(ex.part, max(0, times[i/2].num), leastTime)
		}
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
