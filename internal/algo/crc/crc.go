// Package crc computes the two checksums of Redis's formats.
//
// It promises Redis's values: CRC16 is CRC-16/XMODEM, which places keys in
// cluster slots; CRC64 is the reflected CRC-64 with the Jones polynomial and
// neither initial nor final inversion, which ends RDB files and DUMP payloads.
// All functions are pure, allocate nothing and accept any bytes.
package crc

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Slots is the number of hash slots in a Redis cluster.
const Slots = 16384

const (
	poly16 = 0x1021
	poly64 = 0x95ac9329ac4bc9b5 // 0xad93d23594c935a9 with its bits reversed
)

var (
	table16 = makeTable16()
	table64 = makeTable64()
)

func makeTable16() (t [256]uint16) {
	for i := range t {
		c := uint16(i) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ poly16
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}

// makeTable64 builds the slicing-by-8 tables: table k advances a byte by k
// further zero bytes.
func makeTable64() (t [8][256]uint64) {
	for i := range t[0] {
		c := uint64(i)
		for range 8 {
			c = c>>1 ^ poly64&-(c&1)
		}
		t[0][i] = c
	}
	for k := 1; k < 8; k++ {
		for i := range t[k] {
			c := t[k-1][i]
			t[k][i] = t[0][byte(c)] ^ c>>8
		}
	}
	return t
}

// CRC16 returns the CRC-16/XMODEM of p.
func CRC16(p []byte) uint16 {
	var c uint16
	for _, b := range p {
		c = c<<8 ^ table16[byte(c>>8)^b]
	}
	return c
}

// Slot returns the cluster hash slot of key, in [0, Slots). When the key has a
// non-empty "{tag}", the first such tag alone is hashed.
func Slot(key []byte) uint16 { return CRC16(hashTag(key)) % Slots }

// hashTag returns the part of a key that is hashed.
func hashTag(key []byte) []byte {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if n := bytes.IndexByte(key[open+1:], '}'); n > 0 {
			return key[open+1 : open+1+n]
		}
	}
	return key
}

// CRC64 continues the checksum crc over p; start with 0.
func CRC64(crc uint64, p []byte) uint64 {
	t := &table64
	for len(p) >= 8 {
		crc ^= binary.LittleEndian.Uint64(p)
		crc = t[7][byte(crc)] ^ t[6][byte(crc>>8)] ^ t[5][byte(crc>>16)] ^ t[4][byte(crc>>24)] ^
			t[3][byte(crc>>32)] ^ t[2][byte(crc>>40)] ^ t[1][byte(crc>>48)] ^ t[0][crc>>56]
		p = p[8:]
	}
	for _, b := range p {
		crc = t[0][byte(crc)^b] ^ crc>>8
	}
	return crc
}

// CodisSlots is the number of slots of Codis.
const CodisSlots = 1024

// CodisSlot returns Codis's slot of a key: CRC32 (IEEE) of the key, or of the
// first {tag} in it, modulo 1024. Other than in a Redis Cluster an empty tag counts.
func CodisSlot(key []byte) uint16 {
	tag := key
	if i := bytes.IndexByte(key, '{'); i >= 0 {
		if n := bytes.IndexByte(key[i+1:], '}'); n >= 0 {
			tag = key[i+1 : i+1+n]
		}
	}
	return uint16(crc32.ChecksumIEEE(tag) % CodisSlots)
}
