// Package hyperloglog reads and edits Redis HyperLogLog strings.
//
// The string starts with a 16-byte header: "HYLL", an encoding byte (0 dense,
// 1 sparse), three unused bytes, and the cached cardinality as uint64 LE whose
// top bit set means that the cache is stale. Then follow 16384 registers: dense,
// 6 bits each packed from the low bits up; or sparse, a run-length code:
//
//	00xxxxxx           x+1 registers of 0
//	01xxxxxx yyyyyyyy  xy+1 registers of 0
//	1vvvvvxx           x+1 registers of v+1
//
// The package promises the bytes that Redis 7.0.15 stores after the same
// commands and the same estimates (Ertl's estimator, MurmurHash64A).
// Invariants: a dense string is exactly 12304 bytes; a sparse one covers
// exactly 16384 registers, holds no value above 32 and never outgrows the
// limit it is edited with; every edit that changes a register makes the cache
// stale.
//
// Functions that return an error accept any bytes and none panics; the other ones
// need a string that passes CheckHeader. A string that is no HyperLogLog
// gives ErrNotHLL, one whose sparse code is broken gives ErrCorrupt. Edits work
// in place when they can, so the argument must not be used after them, only the
// returned slice. Readers may run concurrently.
package hyperloglog

import (
	"encoding/binary"
	"errors"
)

// Sizes of the structure; those named Len are in bytes.
const (
	precision = 14
	registers = 1 << precision
	bits      = 6

	headerLen = 16
	// DenseLen is the size of a dense HyperLogLog string in bytes.
	DenseLen = headerLen + (registers*bits+7)/8
	// SparseMaxDefault is the default of hll-sparse-max-bytes, in bytes.
	SparseMaxDefault = 3000
)

// Values of the header's encoding byte.
const (
	encodingDense  = 0
	encodingSparse = 1
)

const hashSeed = 0xadc83b19

var (
	// ErrNotHLL means that the string is not a HyperLogLog; Redis replies
	// WRONGTYPE.
	ErrNotHLL = errors.New("Key is not a valid HyperLogLog string value.")
	// ErrCorrupt means that the header is right but the registers are not;
	// Redis replies INVALIDOBJ.
	ErrCorrupt = errors.New("Corrupted HLL object detected")
)

// New returns an empty sparse HyperLogLog whose cached cardinality of 0 is
// valid. PFADD of a new key without elements must still call InvalidateCache.
func New() []byte {
	b := make([]byte, headerLen, 64)
	copy(b, "HYLL")
	b[4] = encodingSparse
	return appendZeros(b, registers)
}

// CheckHeader returns ErrNotHLL unless b has the header and size that Redis
// requires before it runs any PF command on b.
func CheckHeader(b []byte) error {
	if len(b) < headerLen || string(b[:4]) != "HYLL" || b[4] > encodingSparse {
		return ErrNotHLL
	}
	if b[4] == encodingDense && len(b) != DenseLen {
		return ErrNotHLL
	}
	return nil
}

// Validate checks all of b and returns nil, ErrNotHLL or ErrCorrupt. Redis
// itself notices a corrupt sparse code only when a command walks over it.
func Validate(b []byte) error {
	if err := CheckHeader(b); err != nil || b[4] == encodingDense {
		return err
	}
	return walk(b, func(_, _ int, _ byte) {})
}

// IsDense reports whether b, which must pass CheckHeader, is densely encoded.
func IsDense(b []byte) bool { return b[4] == encodingDense }

// InvalidateCache marks the cached cardinality of b as stale.
func InvalidateCache(b []byte) { b[15] |= 1 << 7 }

// StoreCount writes card as the valid cached cardinality of b, as PFCOUNT of a
// single key does after Count.
func StoreCount(b []byte, card uint64) { binary.LittleEndian.PutUint64(b[8:], card) }

// Add counts elem in b and returns the string, and whether a register changed.
// A sparse string that would outgrow sparseMax bytes, or would need a value
// above 32, becomes dense. On error b is returned as it was.
func Add(b []byte, sparseMax int, elem []byte) (out []byte, changed bool, err error) {
	if err := CheckHeader(b); err != nil {
		return b, false, err
	}
	index, value := position(elem)
	if IsDense(b) {
		changed = denseSet(b[headerLen:], index, value)
		out = b
	} else {
		out, changed, err = sparseSet(b, index, value, sparseMax)
	}
	if changed {
		InvalidateCache(out)
	}
	return out, changed, err
}

// Count returns the estimated cardinality of b. When cacheable is true it was
// computed rather than read from the cache, and the caller stores it with
// StoreCount to leave the bytes Redis leaves.
func Count(b []byte) (card uint64, cacheable bool, err error) {
	if err := CheckHeader(b); err != nil {
		return 0, false, err
	}
	if b[15]&(1<<7) == 0 {
		return binary.LittleEndian.Uint64(b[8:]), false, nil
	}
	var h histogram
	if IsDense(b) {
		denseHistogram(b[headerLen:], &h)
	} else if err := walk(b, func(_, n int, v byte) { h[v] += n }); err != nil {
		return 0, false, err
	}
	return h.estimate(), true, nil
}

// CountMany returns the estimated cardinality of the union of all bs, ignoring
// and not touching their caches. No strings give 0.
func CountMany(bs ...[]byte) (card uint64, err error) {
	var max [registers]byte
	for _, b := range bs {
		if err := mergeInto(&max, b); err != nil {
			return 0, err
		}
	}
	var h histogram
	for _, v := range max {
		h[v]++
	}
	return h.estimate(), nil
}

// Merge returns what PFMERGE stores at its destination: the union of dst, which
// is nil when the key does not exist, and all srcs. The result is dense if any
// input is dense or if sparseMax requires it, and its cache is stale. dst may
// be edited in place; after an error it is unchanged.
func Merge(sparseMax int, dst []byte, srcs ...[]byte) (out []byte, err error) {
	var max [registers]byte
	dense := false
	if dst != nil {
		if err := mergeInto(&max, dst); err != nil {
			return dst, err
		}
		dense = IsDense(dst)
	}
	for _, b := range srcs {
		if err := mergeInto(&max, b); err != nil {
			return dst, err
		}
		dense = dense || IsDense(b)
	}
	out = dst
	if out == nil {
		out = New()
	}
	if dense {
		if out, err = ToDense(out); err != nil {
			return dst, err
		}
	}
	for i, v := range max {
		if v == 0 {
			continue
		}
		if IsDense(out) {
			denseSet(out[headerLen:], i, v)
		} else if out, _, err = sparseSet(out, i, v, sparseMax); err != nil {
			return out, err
		}
	}
	InvalidateCache(out)
	return out, nil
}

// mergeInto raises the registers in max to those of b.
func mergeInto(max *[registers]byte, b []byte) error {
	if err := CheckHeader(b); err != nil {
		return err
	}
	if IsDense(b) {
		for i := range max {
			if v := denseGet(b[headerLen:], i); v > max[i] {
				max[i] = v
			}
		}
		return nil
	}
	return walk(b, func(from, n int, v byte) {
		if v == 0 {
			return
		}
		for i := from; i < from+n; i++ {
			if v > max[i] {
				max[i] = v
			}
		}
	})
}

// Registers returns the values of all 16384 registers of b.
func Registers(b []byte) ([]byte, error) {
	var max [registers]byte
	if err := mergeInto(&max, b); err != nil {
		return nil, err
	}
	return max[:], nil
}
