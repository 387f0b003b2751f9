package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/haypile/haypile/internal/binlog"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/store"
)

// discardedDir holds, in the data directory, changes that a replica had and its master had
// not: after a failover, what the old master had acknowledged and not yet passed on.
const discardedDir = "discarded"

// discardedChange is a line of such a file.
type discardedChange struct {
	Position uint64 `json:"position"` // of the record
	Time     string `json:"time"`
	Change   string `json:"change"` // set, delete or delete-range
	Key      string `json:"key,omitempty"`
	Type     string `json:"type,omitempty"`
	Value    []byte `json:"value,omitempty"`   // of a string, or of a small collection in Redis's listpack bytes; base64
	Element  []byte `json:"element,omitempty"` // the stored key of an element of a large collection; base64
}

// SaveTail implements replication.Database: a JSON line per change.
func (d *replicaDB) SaveTail(from uint64, reason string) (string, error) {
	db := d.db()
	v := d.n.cfg.Load()
	dir := filepath.Join(v.Dir, discardedDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%s.jsonl", d.name, time.Now().UTC().Format("20060102-150405.000")))
	r, err := db.Log().NewReader(binlog.LSN(from))
	if err != nil {
		return "", err
	}
	defer r.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	changes, err := writeTail(f, r, d.n.dir.keys)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return path, err
	}
	d.n.discarded.Add(int64(changes))
	return path, nil
}

func writeTail(w io.Writer, r *binlog.Reader, keys layout.Keys) (changes int, err error) {
	out := json.NewEncoder(w)
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return changes, nil
		}
		if err != nil {
			return changes, err
		}
		var werr error
		err = store.EachOp(rec.Payload, func(op string, key, val []byte) {
			if op == "note" || key[0] == layout.SpaceSystem || key[0] == layout.SpaceExpiry || key[0] == layout.SpaceScore || werr != nil {
				return
			}
			c := discardedChange{Position: uint64(rec.LSN), Time: time.UnixMilli(rec.TimeMS).UTC().Format(time.RFC3339Nano), Change: op, Key: string(keys.OwnerOf(key))}
			var h layout.Head
			switch {
			case key[0] == layout.SpaceElement:
				c.Element, c.Value = key, val
			case op == "set" && h.Decode(val) == nil:
				c.Type, c.Value = h.Type.String(), h.Value
			}
			changes++
			werr = out.Encode(c)
		})
		if err = errors.Join(err, werr); err != nil {
			return changes, err
		}
	}
}
