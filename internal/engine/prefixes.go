package engine

import (
	"github.com/haypile/haypile/internal/datatype"
)

// prefixLock orders those who add to a database's SCAN dictionary.
var prefixLock = []byte("\x00scan")

// Prefixes implements command.Txns. The dictionary is read from the store once; from
// then on whoever adds to it holds the newest.
func (t *Turn) Prefixes(db int) (*datatype.Prefixes, error) {
	x, err := t.tx(db)
	if err != nil {
		return nil, err
	}
	if x.prefixes != nil {
		return x.prefixes, nil
	}
	if p := x.db.prefixes.Load(); p != nil {
		return p, nil
	}
	p, err := datatype.LoadPrefixes(x)
	if err != nil {
		return nil, err
	}
	x.db.prefixes.CompareAndSwap(nil, p)
	return x.db.prefixes.Load(), nil
}

// LearnPrefix implements command.Txns.
func (t *Turn) LearnPrefix(db int, prefix []byte) (*datatype.Prefixes, bool, error) {
	if t.Refused() != nil {
		return nil, false, nil
	}
	if err := t.Lock(db, prefixLock); err != nil {
		return nil, false, err
	}
	p, err := t.Prefixes(db)
	if err != nil || p.Has(prefix) {
		return p, err == nil, err
	}
	if p.Full() {
		return nil, false, nil
	}
	x := t.txs[db]
	x.prefixes = p.With(prefix)
	x.prefixes.StoreLast(x)
	return x.prefixes, true, nil
}
