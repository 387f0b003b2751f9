package transfer

import (
	"strconv"

	"github.com/haypile/haypile/internal/rdb"
)

// The importer is the rdb.StreamVisitor that makes commands. A consumer is seen anew, and what is pending
// of entries that are no more is left out, because XCLAIM does so.

// StreamEntry implements rdb.StreamVisitor.
func (im *importer) StreamEntry(id rdb.StreamID, fields [][]byte) error {
	if im.skip {
		return nil
	}
	w := &im.pipe.c.w
	w.Array(3 + len(fields))
	w.BulkString("XADD")
	w.BulkString(im.key)
	w.BulkString(id.String())
	for _, f := range fields {
		w.Bulk(f)
	}
	return im.pipe.add()
}

// StreamMeta implements rdb.StreamVisitor.
func (im *importer) StreamMeta(m rdb.StreamMeta) error {
	if im.skip {
		return nil
	}
	if m.Length == 0 { // a group makes a stream without entries
		if err := im.pipe.command("XGROUP", "CREATE", im.key, "import", "0", "MKSTREAM"); err != nil {
			return err
		}
		if err := im.pipe.command("XGROUP", "DESTROY", im.key, "import"); err != nil {
			return err
		}
	}
	return im.pipe.command("XSETID", im.key, m.Last.String(), "ENTRIESADDED", strconv.FormatUint(m.Added, 10), "MAXDELETEDID",
		m.MaxDeleted.String())
}

// StreamGroup implements rdb.StreamVisitor.
func (im *importer) StreamGroup(name []byte, last rdb.StreamID, read int64) error {
	if im.skip {
		return nil
	}
	im.group = string(name)
	return im.pipe.command("XGROUP", "CREATE", im.key, im.group, last.String(), "ENTRIESREAD", strconv.FormatInt(read, 10))
}

// StreamConsumer implements rdb.StreamVisitor.
func (im *importer) StreamConsumer(name []byte, _, _ int64) error {
	if im.skip {
		return nil
	}
	im.consumer = string(name)
	return im.pipe.command("XGROUP", "CREATECONSUMER", im.key, im.group, im.consumer)
}

// StreamPending implements rdb.StreamVisitor.
func (im *importer) StreamPending(p rdb.StreamPending) error {
	if im.skip {
		return nil
	}
	return im.pipe.command("XCLAIM", im.key, im.group, im.consumer, "0", p.ID.String(), "TIME", strconv.FormatInt(p.DeliveredMS, 10),
		"RETRYCOUNT", strconv.FormatUint(p.Deliveries, 10), "FORCE", "JUSTID")
}
