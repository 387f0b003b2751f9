package rdb

import (
	"encoding/binary"
	"math"
)

// What is small is written as the packed bytes that Redis keeps it in; what is large as a number of
// elements, then each. AppendPlain is followed by so many times AppendText, or in a sorted set
// AppendString and AppendScore.

// AppendStringValue appends a string.
func AppendStringValue(dst, val []byte) []byte { return AppendText(append(dst, codeString), val) }

// AppendListpack appends a list, hash or sorted set that is one listpack.
func AppendListpack(dst []byte, kind Kind, lp []byte) []byte {
	switch kind {
	case List:
		return AppendString(append(dst, codeQuicklist2, 1, nodePacked), lp)
	case ZSet:
		return AppendString(append(dst, codeZSetListpack), lp)
	}
	return AppendString(append(dst, codeHashListpack), lp)
}

// AppendIntset appends a set that is one intset.
func AppendIntset(dst, is []byte) []byte { return AppendString(append(dst, codeSetIntset), is) }

// AppendPlain begins a collection of n elements.
func AppendPlain(dst []byte, kind Kind, n uint64) []byte {
	codes := [...]byte{List: codeList, Set: codeSet, ZSet: codeZSet2, Hash: codeHash}
	return AppendLength(append(dst, codes[kind]), n)
}

// AppendTimedHash begins a hash of n fields of which some expire, the first at leastMS (Unix ms). It is followed by n times
// AppendFieldTime, AppendText of the field, and of its value. Redis 7.4 and later read it.
func AppendTimedHash(dst []byte, leastMS int64, n uint64) []byte {
	return AppendLength(binary.LittleEndian.AppendUint64(append(dst, codeHashTimes), uint64(leastMS)), n)
}

// AppendFieldTime appends when a field expires; 0: never.
func AppendFieldTime(dst []byte, atMS, leastMS int64) []byte {
	if atMS == 0 {
		return AppendLength(dst, 0)
	}
	return AppendLength(dst, uint64(atMS-leastMS)+1)
}

// AppendScore appends the score of a member.
func AppendScore(dst []byte, score float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(score))
}
