// Package transport carries frames between servers over one connection.
//
// Promises:
//   - T1. A frame arrives whole and unchanged, or an error does: each carries a
//     CRC32C.
//   - T2. No length from the wire is trusted: a frame is at most MaxFrame bytes, and
//     less before the peer has been let in (Restrict).
//   - T3. A time-out means no progress at all: the clock starts anew with every
//     piece that moves, however slow the link.
package transport

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// MaxFrame is the largest payload of a frame.
const MaxFrame = 1 << 20

// ErrCorrupt marks bytes that are no frame, or were changed on the way.
var ErrCorrupt = errors.New("corrupt frame")

// headerBytes precede each payload: length u32, CRC32C of what follows u32, kind u8.
const headerBytes = 9

// piece is how much is given to the connection at once: the unit of progress.
const piece = 16 << 10

// Pace delays who sends or receives n bytes; nil does not.
type Pace interface{ Take(n int) }

// Link is a connection that carries frames. One goroutine receives; any may send.
type Link struct {
	conn    net.Conn
	r       *bufio.Reader
	max     int
	timeout atomic.Int64
	buf     []byte
	head    [headerBytes]byte

	mu   sync.Mutex // of sending
	out  []byte
	pace Pace

	In, Out atomic.Int64 // bytes
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// New makes a link of a connection. rest is what has been received of it already.
func New(conn net.Conn, rest []byte, timeout time.Duration) *Link {
	l := &Link{conn: conn, max: MaxFrame}
	l.timeout.Store(int64(timeout))
	var r io.Reader = progress{l}
	if len(rest) > 0 {
		r = io.MultiReader(&restReader{rest}, r)
	}
	l.r = bufio.NewReaderSize(r, 64<<10)
	return l
}

type restReader struct{ b []byte }

func (r *restReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

// progress gives each read its own deadline (T3).
type progress struct{ l *Link }

func (p progress) Read(b []byte) (int, error) {
	if d := p.l.timeout.Load(); d > 0 {
		_ = p.l.conn.SetReadDeadline(time.Now().Add(time.Duration(d)))
	}
	n, err := p.l.conn.Read(b)
	p.l.In.Add(int64(n))
	return n, err
}

// Reader is for a text handshake before the first frame.
func (l *Link) Reader() *bufio.Reader { return l.r }

// SetTimeout changes how long a silence is taken for a broken link; 0 waits for ever.
func (l *Link) SetTimeout(d time.Duration) { l.timeout.Store(int64(d)) }

// SetPace limits the rate of sending.
func (l *Link) SetPace(p Pace) {
	l.mu.Lock()
	l.pace = p
	l.mu.Unlock()
}

// Restrict bounds the payload of frames to come.
func (l *Link) Restrict(max int) { l.max = min(max, MaxFrame) }

// Conn is the connection below.
func (l *Link) Conn() net.Conn { return l.conn }

// Buffered says how much has been received and not been asked for.
func (l *Link) Buffered() int { return l.r.Buffered() }

// Close ends the connection; whoever sends or receives gets an error.
func (l *Link) Close() error { return l.conn.Close() }

// Receive returns the next frame. The payload is valid until the next call.
func (l *Link) Receive() (kind byte, payload []byte, err error) {
	if _, err := io.ReadFull(l.r, l.head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(l.head[:])
	if int64(n) > int64(l.max) {
		return 0, nil, fmt.Errorf("%w: it claims %d bytes, at most %d are allowed", ErrCorrupt, n, l.max)
	}
	if cap(l.buf) < int(n) {
		l.buf = make([]byte, n)
	}
	l.buf = l.buf[:n]
	if _, err := io.ReadFull(l.r, l.buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	sum := crc32.Update(crc32.Checksum(l.head[8:], castagnoli), castagnoli, l.buf)
	if binary.LittleEndian.Uint32(l.head[4:]) != sum {
		return 0, nil, fmt.Errorf("%w: checksum mismatch", ErrCorrupt)
	}
	return l.head[8], l.buf, nil
}

// Send sends one frame, its payload in parts.
func (l *Link) Send(kind byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > MaxFrame {
		return fmt.Errorf("a frame of %d bytes is too long to send", n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out := append(l.out[:0], make([]byte, headerBytes)...)
	for _, p := range parts {
		out = append(out, p...)
	}
	l.out = out
	binary.LittleEndian.PutUint32(out, uint32(n))
	out[8] = kind
	binary.LittleEndian.PutUint32(out[4:], crc32.Checksum(out[8:], castagnoli))
	return l.write(out)
}

func (l *Link) write(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), piece)
		if l.pace != nil {
			l.pace.Take(n)
		} else {
			n = min(len(b), 4*piece)
		}
		if d := l.timeout.Load(); d > 0 {
			_ = l.conn.SetWriteDeadline(time.Now().Add(time.Duration(d)))
		}
		n, err := l.conn.Write(b[:n])
		l.Out.Add(int64(n))
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// SendJSON sends a message that is rare.
func (l *Link) SendJSON(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("spell a message: %w", err)
	}
	return l.Send(kind, b)
}

// Decode reads what SendJSON has sent.
func Decode(payload []byte, v any) error {
	if err := json.Unmarshal(payload, v); err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return nil
}
