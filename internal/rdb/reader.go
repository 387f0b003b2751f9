package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/haypile/haypile/internal/algo/crc"
)

// Reader reads what payloads and files are made of. What it returns is valid until the next
// call, unless it reads from a payload.
type Reader struct {
	src    io.Reader // nil: all is in buf
	buf    []byte
	at     int    // what is before has been read
	summed int    // what is before is in sum
	sum    uint64 // CRC-64 of what has been read
	past   int64  // bytes read that are no longer in buf
	key    []byte // the first of two strings
}

const (
	readAhead = 256 << 10
	keepRead  = 4 << 20 // a larger buffer is given up again
)

// NewPayload reads bytes that are all there.
func NewPayload(b []byte) *Reader { return &Reader{buf: b} }

// NewReader reads a file.
func NewReader(src io.Reader) *Reader { return &Reader{src: src, buf: make([]byte, 0, readAhead)} }

// Offset is how many bytes have been read.
func (r *Reader) Offset() int64 { return r.past + int64(r.at) }

// More says that a payload is not at its end.
func (r *Reader) More() bool { return r.at < len(r.buf) }

// checksum is that of all that has been read.
func (r *Reader) checksum() uint64 {
	r.sum = crc.CRC64(r.sum, r.buf[r.summed:r.at])
	r.summed = r.at
	return r.sum
}

// next reads n bytes.
func (r *Reader) next(n uint64) ([]byte, error) {
	if n > uint64(len(r.buf)-r.at) {
		if err := r.fill(n); err != nil {
			return nil, err
		}
	}
	b := r.buf[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b, nil
}

// fill reads on until n bytes are there. The buffer grows as bytes arrive (D1).
func (r *Reader) fill(n uint64) error {
	if r.src == nil || n > math.MaxInt/2 {
		return fmt.Errorf("%w: it is cut off, or names a length that is not there", ErrCorrupt)
	}
	r.checksum()
	rest := r.buf[r.at:]
	if cap(r.buf) > keepRead && n < readAhead {
		r.buf = make([]byte, 0, readAhead)
	}
	r.past += int64(r.at)
	r.buf = append(r.buf[:0], rest...)
	r.at, r.summed = 0, 0
	for uint64(len(r.buf)) < n {
		if len(r.buf) == cap(r.buf) {
			r.buf = append(make([]byte, 0, 2*cap(r.buf)), r.buf...)
		}
		got, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+got]
		if uint64(len(r.buf)) < n && err != nil {
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("%w: it ends in the middle, at byte %d", ErrCorrupt, r.past+int64(len(r.buf)))
			}
			return err
		}
	}
	return nil
}

func (r *Reader) byte() (byte, error) {
	b, err := r.next(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// uint64 reads eight bytes in the order of x86, as times and checksums are.
func (r *Reader) uint64() (uint64, error) {
	b, err := r.next(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// double reads a score of the second kind.
func (r *Reader) double() (float64, error) {
	bits, err := r.uint64()
	return math.Float64frombits(bits), err
}

// Rest is what follows what has been read: after a file, the commands of an AOF.
func (r *Reader) Rest() io.Reader { return io.MultiReader(bytes.NewReader(r.buf[r.at:]), r.src) }
