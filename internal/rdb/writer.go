package rdb

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/haypile/haypile/internal/algo/crc"
)

// Writer writes a file of RDB version 10. After an error it does nothing more; Close returns the error.
type Writer struct {
	out io.Writer
	buf []byte // of what is written, the end that out has not got
	sum uint64 // CRC-64 of what out has got
	off int64  // bytes that out has got
	err error
}

const writeAhead = 256 << 10

// NewWriter begins a file.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out, buf: make([]byte, 0, writeAhead+writeAhead/4)}
	w.buf = fmt.Appendf(w.buf, "%s%0*d", magic, versionDigits, version)
	return w
}

// Aux writes a remark about the file, which readers may ignore.
func (w *Writer) Aux(name, val string) {
	w.buf = AppendText(AppendString(append(w.buf, opAux), []byte(name)), []byte(val))
}

// Select begins a database of about so many keys.
func (w *Writer) Select(db int, keys, expires uint64) {
	w.buf = AppendLength(append(w.buf, opSelect), uint64(db))
	w.buf = AppendLength(AppendLength(append(w.buf, opResize), keys), expires)
}

// Functions writes libraries, as AppendFunctions has put them together.
func (w *Writer) Functions(payload []byte) error {
	body, _, err := CheckFooter(payload)
	w.buf = append(w.buf, body...)
	return err
}

// Key writes a key, and the beginning of its value: the body of a payload, or what AppendPlain makes.
func (w *Writer) Key(name []byte, expireMS int64, body []byte) {
	if expireMS != 0 {
		w.buf = binary.LittleEndian.AppendUint64(append(w.buf, opExpireMS), uint64(expireMS))
	}
	w.buf = AppendString(append(w.buf, body[0]), name)
	w.Append(body[1:])
}

// Append writes more of a value.
func (w *Writer) Append(b []byte) {
	w.buf = append(w.buf, b...)
	if len(w.buf) >= writeAhead {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.err != nil {
		w.buf = w.buf[:0]
		return
	}
	w.sum = crc.CRC64(w.sum, w.buf)
	var n int
	n, w.err = w.out.Write(w.buf)
	w.off += int64(n)
	if w.buf = w.buf[:0]; cap(w.buf) > keepRead {
		w.buf = make([]byte, 0, writeAhead+writeAhead/4)
	}
}

// Mark is a place to return to.
type Mark struct {
	Offset int64
	sum    uint64
}

// Mark gives all that is written to out, and notes the place.
func (w *Writer) Mark() Mark {
	w.flush()
	return Mark{w.off, w.sum}
}

// Return forgets what was written since the mark; out must have been put back to its offset.
func (w *Writer) Return(m Mark) { w.off, w.sum, w.buf = m.Offset, m.sum, w.buf[:0] }

// Offset is how many bytes are written.
func (w *Writer) Offset() int64 { return w.off + int64(len(w.buf)) }

// Err is what has gone wrong.
func (w *Writer) Err() error { return w.err }

// Close ends the file. out stays open.
func (w *Writer) Close() error {
	w.buf = append(w.buf, opEnd)
	w.flush()
	w.buf = binary.LittleEndian.AppendUint64(w.buf, w.sum)
	w.flush()
	return w.err
}
