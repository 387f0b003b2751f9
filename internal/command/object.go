package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// embeddedMax is the longest string that Redis keeps in one piece with its header.
const embeddedMax = 44

func objectEncoding(c *Ctx) error {
	k, err := datatype.Peek(c.T, c.Args[2])
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	c.W.BulkString(encodingName(&k.Head))
	return nil
}

// encodingName is what OBJECT ENCODING calls the way in which a value is kept.
func encodingName(h *layout.Head) string {
	switch {
	case h.Encoding == layout.EncListpack:
		return "listpack"
	case h.Encoding == layout.EncIntset:
		return "intset"
	case h.Type == layout.TypeString:
		return stringEncoding(h)
	}
	switch h.Type {
	case layout.TypeList:
		return "quicklist"
	case layout.TypeZSet:
		return "skiplist"
	case layout.TypeStream:
		return "stream"
	}
	return "hashtable"
}

func stringEncoding(h *layout.Head) string {
	if _, isInt := numeric.ParseInt64(h.Value); isInt {
		return "int"
	}
	if h.Encoding == layout.EncEdited || len(h.Value) > embeddedMax {
		return "raw"
	}
	return "embstr"
}

// objectIdleTime always replies 0: accesses are not recorded, which would cost a
// write for each read.
func objectIdleTime(c *Ctx) error { return objectNumber(c, 0) }

func objectRefCount(c *Ctx) error { return objectNumber(c, 1) }

func objectNumber(c *Ctx, n int64) error {
	k, err := datatype.Peek(c.T, c.Args[2])
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	return c.int(n)
}

func objectFreq(c *Ctx) error {
	k, err := datatype.Peek(c.T, c.Args[2])
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	return resp.Err("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
}

func objectHelp(c *Ctx) error {
	return help(c, "OBJECT",
		"ENCODING <key>", "    Return the kind of internal representation used in order to store the value", "    associated with a <key>.",
		"FREQ <key>", "    Return the access frequency index of the <key>. The returned integer is", "    proportional to the logarithm of the recent access frequency of the key.",
		"IDLETIME <key>", "    Return the idle time of the <key>, that is the approximated number of", "    seconds elapsed since the last access to the key.",
		"REFCOUNT <key>", "    Return the number of references of the value associated with the specified", "    <key>.")
}
