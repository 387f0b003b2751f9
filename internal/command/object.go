package command

import (
	"math"

	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/config"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// embeddedMax is the longest string that Redis keeps in one piece with its header.
const embeddedMax = 44

// ofKey makes a handler of OBJECT: it replies about a key that is there, and null about another.
func ofKey(reply func(c *Ctx, h *layout.Head) error) func(*Ctx) error {
	return func(c *Ctx) error {
		k, err := datatype.Peek(c.T, c.Args[2])
		if err != nil {
			return err
		}
		if !k.Exists {
			return c.null()
		}
		return reply(c, &k.Head)
	}
}

func objectEncoding(c *Ctx, h *layout.Head) error {
	c.W.BulkString(c.encodingName(h))
	return nil
}

// encodingName is the name of an encoding, in the words of the version that the configuration wants.
func (c *Ctx) encodingName(h *layout.Head) string {
	if h.Encoding == layout.EncListpack && c.Host.Config().Load().ObjectEncodingCompat == config.Encodings70 {
		switch h.Type {
		case layout.TypeList:
			return "quicklist"
		case layout.TypeSet:
			return "hashtable"
		}
	}
	return encodingName(h)
}

// encodingName is what Redis 7.2 calls the way in which a value is kept.
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
	if h.Encoding == layout.EncEdited || h.Encoding == layout.EncExpanded {
		return "raw"
	}
	if _, isInt := numeric.ParseInt64(h.Value); isInt {
		return "int"
	}
	if len(h.Value) > embeddedMax {
		return "raw"
	}
	return "embstr"
}

// objectIdleTime knows of keys that are in memory when they were used last. Others have not been for as long as the server
// runs, as far as it can tell.
func objectIdleTime(c *Ctx, _ *layout.Head) error {
	return c.int(c.T.IdleSeconds(c.Args[2]))
}

// objectRefCount replies what Redis does: it shares the objects of small integers, for ever.
func objectRefCount(c *Ctx, h *layout.Head) error {
	if h.Type == layout.TypeString && encodingName(h) == "int" && len(h.Value) <= sharedDigits && h.Value[0] != '-' {
		return c.int(math.MaxInt32)
	}
	return c.int(1)
}

// sharedDigits is how long the integers are that Redis shares: 0 to 9999.
const sharedDigits = 4

const errNoLFU resp.Err = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

// newFreq is what Redis begins to count a key's uses with.
const newFreq = 5

// objectFreq replies what Redis would of a key that was used once: uses are not counted, but every minute without one takes
// away one, as with Redis's lfu-decay-time 1.
func objectFreq(c *Ctx, _ *layout.Head) error {
	if !c.Host.Config().Load().MaxMemoryPolicy.LFU() {
		return errNoLFU
	}
	return c.int(max(0, newFreq-c.T.IdleSeconds(c.Args[2])/60))
}

func objectHelp(c *Ctx) error {
	return help(c, "OBJECT",
		"ENCODING <key>", "    Return the kind of internal representation used in order to store the value", "    associated with a <key>.",
		"FREQ <key>", "    Return the access frequency index of the <key>. The returned integer is", "    proportional to the logarithm of the recent access frequency of the key.",
		"IDLETIME <key>", "    Return the idle time of the <key>, that is the approximated number of", "    seconds elapsed since the last access to the key.",
		"REFCOUNT <key>", "    Return the number of references of the value associated with the specified", "    <key>.")
}
