package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

func xrange(c *Ctx) error { return rangeOfStream(c, c.Args[2], c.Args[3], false) }

func xrevrange(c *Ctx) error { return rangeOfStream(c, c.Args[3], c.Args[2], true) }

func rangeOfStream(c *Ctx, from, to []byte, reverse bool) error {
	r := datatype.EntryRange{Reverse: reverse}
	var err error
	if r.From, err = parseFromID(from); err != nil {
		return err
	}
	if r.To, err = parseToID(to); err != nil {
		return err
	}
	count := int64(-1)
	for i := 4; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) || !equalFold(c.Args[i], "count") {
			return resp.ErrSyntax
		}
		n, ok := numeric.ParseInt64(c.Args[i+1])
		if !ok {
			return resp.ErrNotInt
		}
		count = max(n, 0)
	}
	s, err := datatype.LoadStream(c.T, c.Args[1])
	if err != nil {
		return err
	}
	switch {
	case !s.Exists:
		c.W.Array(0)
		return nil
	case count == 0:
		c.W.NullArray()
		return nil
	case count > 0:
		r.Count = int(count)
	}
	return writeEntries(c, &s, r, nil)
}

// writeEntries writes the array of the entries of a range, and shows their IDs to
// each, if it is not nil.
func writeEntries(c *Ctx, s *datatype.Stream, r datatype.EntryRange, each func(layout.StreamID)) error {
	at, n := len(c.W.Buf), 0
	err := s.Each(r, func(id layout.StreamID, e layout.StreamEntry) bool {
		writeEntry(c.W, id, e)
		if each != nil {
			each(id)
		}
		n++
		return true
	})
	c.W.InsertArray(at, n)
	return err
}

// writeEntry writes [ID, [field, value, …]].
func writeEntry(w *resp.Writer, id layout.StreamID, e layout.StreamEntry) {
	w.Array(2)
	writeID(w, id)
	w.Array(e.Strings)
	for e.Strings > 0 {
		w.Bulk(e.Next())
	}
}

func writeID(w *resp.Writer, id layout.StreamID) {
	var text [2*20 + 1]byte
	w.Bulk(id.AppendText(text[:0]))
}
