package command

import (
	"github.com/haypile/haypile/internal/algo/numeric"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

var memoryRows = []Row{
	{Name: "memory", Arity: -2, Group: "server", Since: "4.0.0", Summary: "Groups the commands about the use of memory.", Sub: []Row{
		{Name: "doctor", Arity: 2, Handler: memoryDoctor, Tips: "nondeterministic_output request_policy:all_shards response_policy:special", Since: "4.0.0", Summary: "Looks for trouble with memory and gives advice in prose.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "help", Arity: 2, Flags: Loading | Stale, Handler: memoryHelp, Since: "4.0.0", Summary: "Lists the subcommands of MEMORY with a line about each.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "malloc-stats", Arity: 2, Handler: memoryMallocStats, Tips: "nondeterministic_output request_policy:all_shards response_policy:special", Since: "4.0.0", Summary: "Shows the memory allocator's own report.",
			Syntax: "()", Complexity: "O(1)"},
		{Name: "purge", Arity: 2, Flags: Once | Worker, Handler: memoryPurge, Tips: "request_policy:all_shards response_policy:all_succeeded", Since: "4.0.0", Summary: "Makes the allocator give unused memory back to the system.",
			Syntax: "()", Complexity: "O(N) for N bytes of memory"},
		{Name: "stats", Arity: 2, Handler: memoryStats, Tips: "nondeterministic_output request_policy:all_shards response_policy:special", Since: "4.0.0", Summary: "Breaks the server's memory use down by purpose.",
			Syntax: "()", Complexity: "O(N) for N databases"},
		{Name: "usage", Arity: -3, Flags: ReadOnly | NoTouch, Keys: KeySpec{2, 2, 1}, Handler: memoryUsage, Since: "4.0.0", Summary: "Estimates how many bytes a key and its value take.",
			Syntax: "key [SAMPLES count]", Complexity: "O(N) for N samples"},
	}},
}

// MemoryPart is one named part of the memory in use.
type MemoryPart struct {
	Name  string
	Bytes int64
}

// headOverhead is what the store adds to a pair, roughly: index entries, bloom
// bits, sequence numbers.
const headOverhead = 24

func memoryUsage(c *Ctx) error {
	samples := int64(5)
	for i := 3; i < len(c.Args); i += 2 {
		if !equalFold(c.Args[i], "samples") || i+1 == len(c.Args) {
			return resp.ErrSyntax
		}
		n, ok := numeric.ParseInt64(c.Args[i+1])
		switch {
		case !ok:
			return resp.ErrNotInt
		case n < 0:
			return resp.ErrSyntax
		}
		samples = n
	}
	k, err := datatype.Load(c.T, c.Args[2])
	if err != nil {
		return err
	}
	if !k.Exists {
		return c.null()
	}
	size := int64(len(k.Name)+len(k.Head.Value)) + headOverhead
	if k.Head.ExpireMS != 0 {
		size += int64(len(k.Name)) + headOverhead
	}
	if k.Head.Encoding == layout.EncExpanded {
		n, err := sampleElements(c, &k, samples)
		if err != nil {
			return err
		}
		size += n
	}
	if k.Head.Type == layout.TypeStream {
		n, err := pendingBytes(c, k.Name)
		if err != nil {
			return err
		}
		size += n
	}
	return c.int(size)
}

// pendingBytes estimates what the groups of a stream take: two pairs for each pending
// entry.
func pendingBytes(c *Ctx, name []byte) (n int64, err error) {
	s, err := datatype.LoadStream(c.T, name)
	if err != nil {
		return 0, err
	}
	pair := int64(len(s.Elements())+layout.StreamKeyRoom) + headOverhead
	err = s.EachGroup(func(g *datatype.Group) error {
		n += pair * int64(1+g.Consumers+2*g.Pending)
		return nil
	})
	return n, err
}

// sampleElements estimates the bytes of a collection's elements from the first few
// (0: all).
func sampleElements(c *Ctx, k *datatype.Key, samples int64) (int64, error) {
	count := int64(k.Head.Count)
	switch k.Head.Type {
	case layout.TypeList:
		count = k.Head.Next - k.Head.First
	case layout.TypeString:
		count = (count + layout.PieceBytes - 1) / layout.PieceBytes // at most: those of zeros are not there
	}
	if samples == 0 || samples > count {
		samples = count
	}
	if err := c.T.Heavy(int(samples)); err != nil {
		return 0, err
	}
	seen, bytes := int64(0), int64(0)
	prefix := k.Elements()
	err := datatype.Walk(c.T, prefix, func(suffix, val []byte) bool {
		bytes += int64(len(prefix)+len(suffix)+len(val)) + headOverhead
		if k.Head.Type == layout.TypeZSet || k.Head.FieldsMS != 0 { // the score pair, or that of the field's time
			bytes += int64(len(prefix)+len(suffix)) + headOverhead
		}
		seen++
		return seen < samples
	})
	if err != nil || seen < samples || seen == 0 {
		return bytes, err // that is all there is
	}
	return bytes * count / seen, nil
}

func memoryStats(c *Ctx) error {
	parts := c.Host.Memory()
	c.W.Map(len(parts))
	for _, p := range parts {
		c.W.BulkString(p.Name)
		c.W.Int(p.Bytes)
	}
	return nil
}

func memoryDoctor(c *Ctx) error {
	c.W.Verbatim("txt", c.Host.MemoryDoctor())
	return nil
}

func memoryMallocStats(c *Ctx) error {
	c.W.Verbatim("txt", c.Host.MallocStats())
	return nil
}

func memoryPurge(c *Ctx) error {
	c.Host.PurgeMemory()
	return c.ok()
}

func memoryHelp(c *Ctx) error {
	return help(c, "MEMORY",
		"DOCTOR", "    Return memory problems reports.",
		"MALLOC-STATS", "    Return internal statistics report from the memory allocator.",
		"PURGE", "    Attempt to purge dirty pages for reclamation by the allocator.",
		"STATS", "    Return information about the memory usage of the server.",
		"USAGE <key> [SAMPLES <count>]", "    Return memory in bytes used by <key> and its value. Nested values are",
		"    sampled up to <count> times (default: 5, 0 means sample all).")
}
