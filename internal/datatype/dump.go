package datatype

import (
	"fmt"

	"github.com/haypile/haypile/internal/layout"
	"github.com/haypile/haypile/internal/rdb"
)

// AppendDump appends a value as Redis 7.0 writes it: one that is packed here has the same bytes
// there. Fields of hashes keep their times, as Redis 7.4 writes them. It appends nothing of a Vacant hash.
func AppendDump(dst []byte, k *Key) ([]byte, error) {
	switch k.Head.Type {
	case layout.TypeString:
		s := StringOf(*k)
		val, err := s.Bytes()
		return rdb.AppendStringValue(dst, val), err
	case layout.TypeList:
		return dumpList(dst, k)
	case layout.TypeSet:
		return dumpSet(dst, k)
	case layout.TypeZSet:
		return dumpZSet(dst, k)
	case layout.TypeHash:
		return dumpHash(dst, k)
	case layout.TypeStream:
		return dumpStream(dst, k)
	}
	return nil, layout.ErrCorrupt
}

func dumpList(dst []byte, k *Key) ([]byte, error) {
	l, err := LoadList(k.t, k.Name)
	if err != nil {
		return nil, err
	}
	if l.Packed() {
		return rdb.AppendListpack(dst, rdb.List, l.lp), nil
	}
	dst = rdb.AppendPlain(dst, rdb.List, uint64(l.Len()))
	err = l.Each(0, l.Len()-1, func(_ int, val []byte) bool {
		dst = rdb.AppendText(dst, val)
		return true
	})
	return dst, err
}

// dumpSet writes a listpack as single members: Redis 7.0 knows it not for sets.
func dumpSet(dst []byte, k *Key) ([]byte, error) {
	s, err := LoadSet(k.t, k.Name)
	if err != nil {
		return nil, err
	}
	if s.Head.Encoding == layout.EncIntset {
		return rdb.AppendIntset(dst, s.body), nil
	}
	dst, n := rdb.AppendPlain(dst, rdb.Set, uint64(s.Len())), 0
	err = s.Each(func(m []byte) bool {
		dst = rdb.AppendText(dst, m)
		n++
		return true
	})
	return dst, whole(err, n, s.Len())
}

func dumpZSet(dst []byte, k *Key) ([]byte, error) {
	z, err := LoadZSet(k.t, k.Name)
	if err != nil {
		return nil, err
	}
	if z.Packed() {
		return rdb.AppendListpack(dst, rdb.ZSet, z.lp), nil
	}
	dst, n := rdb.AppendPlain(dst, rdb.ZSet, uint64(z.Len())), 0
	err = z.Each(func(member []byte, score float64) bool {
		dst = rdb.AppendScore(rdb.AppendText(dst, member), score)
		n++
		return true
	})
	return dst, whole(err, n, z.Len())
}

func dumpHash(dst []byte, k *Key) ([]byte, error) {
	h, err := LoadHash(k.t, k.Name)
	if err != nil {
		return nil, err
	}
	if h.Packed() {
		return rdb.AppendListpack(dst, rdb.Hash, h.lp), nil
	}
	live, least, err := h.liveTimes()
	if err != nil || live == 0 {
		return dst, err
	}
	if least == 0 {
		dst = rdb.AppendPlain(dst, rdb.Hash, uint64(live))
	} else {
		dst = rdb.AppendTimedHash(dst, least, uint64(live))
	}
	n := 0
	err = h.EachTimed(func(field, val []byte, atMS int64) bool {
		if least != 0 {
			dst = rdb.AppendFieldTime(dst, atMS, least)
		}
		dst = rdb.AppendText(rdb.AppendText(dst, field), val)
		n++
		return true
	})
	return dst, whole(err, n, live)
}

// whole says that as many elements were written as the payload begins with.
func whole(err error, n, want int) error {
	if err == nil && n != want {
		err = fmt.Errorf("%w: %d elements, the head says %d", layout.ErrCorrupt, n, want)
	}
	return err
}
