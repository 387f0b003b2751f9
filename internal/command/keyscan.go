package command

import (
	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/datatype"
	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/resp"
)

// keys understands Pika's KEYS pattern type too.
func keys(c *Ctx) error {
	pattern, typ := c.Args[1], layout.TypeNone
	if len(c.Args) > 2 {
		if typ = typeNamed(c.Args[2]); typ == layout.TypeNone || len(c.Args) > 3 {
			return resp.WrongArity("keys")
		}
	}
	r := newScanReply(c, scanOptions{})
	all := len(pattern) == 1 && pattern[0] == '*'
	err := datatype.WalkKeys(c.T, glob.Prefix(pattern), func(name []byte, h *layout.Head) bool {
		if (all || glob.Match(pattern, name)) && (typ == layout.TypeNone || typ == h.Type) {
			r.add(name)
		}
		return true
	})
	if err != nil {
		return err
	}
	c.W.Array(r.n)
	c.W.Raw(r.items.Buf)
	return nil
}

func typeNamed(name []byte) layout.Type {
	for t := layout.TypeString; t <= layout.TypeStream; t++ {
		if equalFold(name, t.String()) {
			return t
		}
	}
	return layout.TypeNone
}

func scan(c *Ctx) error {
	o, err := parseScan(c.Args[1:], scanKeys)
	if err != nil {
		return err
	}
	db := c.C.DB()
	prefixes, err := c.Txns.Prefixes(db)
	if err != nil {
		return err
	}
	r := newScanReply(c, o)
	next, err := datatype.ScanKeys(c.T, datatype.KeyScan{
		Cursor: o.cursor, Count: o.count, Within: glob.Prefix(o.pattern), Prefixes: prefixes,
		Learn: func(prefix []byte) (*datatype.Prefixes, bool, error) { return c.Txns.LearnPrefix(db, prefix) },
	}, func(name []byte, h *layout.Head) {
		if o.matches(name) && (o.typ == nil || equalFold(o.typ, h.Type.String())) {
			r.add(name)
		}
	})
	if err != nil {
		return err
	}
	return r.finish(next)
}

func randomKey(c *Ctx) error {
	name, found, err := datatype.RandomKey(c.T)
	if err != nil {
		return err
	}
	if !found {
		return c.null()
	}
	return c.bulk(name)
}
