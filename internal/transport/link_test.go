package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

func pair(t *testing.T) (a, b *Link) {
	x, y := net.Pipe()
	t.Cleanup(func() { x.Close(); y.Close() })
	return New(x, nil, time.Second), New(y, nil, time.Second)
}

func TestFramesArriveWhole(t *testing.T) {
	a, b := pair(t)
	sizes := []int{0, 1, piece, piece + 1, 5*piece + 7, MaxFrame}
	go func() {
		for i, n := range sizes {
			if err := a.Send(byte(i), bytes.Repeat([]byte{byte(i)}, n/2), bytes.Repeat([]byte{byte(i)}, n-n/2)); err != nil {
				t.Error(err)
			}
		}
	}()
	for i, n := range sizes {
		kind, p, err := b.Receive()
		if err != nil || kind != byte(i) || !bytes.Equal(p, bytes.Repeat([]byte{byte(i)}, n)) {
			t.Fatalf("frame %d: kind %d, %d bytes, %v", i, kind, len(p), err)
		}
	}
}

// A changed bit, a length that is too long, an end in the middle: an error, never a frame.
func TestBadFramesAreRefused(t *testing.T) {
	var good bytes.Buffer
	a := New(writer{&good}, nil, 0)
	if err := a.Send(7, []byte("payload")); err != nil {
		t.Fatal(err)
	}
	for i := range good.Len() * 8 {
		b := bytes.Clone(good.Bytes())
		b[i/8] ^= 1 << (i % 8)
		if kind, p, err := New(writer{&bytes.Buffer{}}, b, 0).Receive(); err == nil {
			t.Errorf("bit %d: kind %d %q", i, kind, p)
		}
	}
	for n := range good.Len() {
		if _, _, err := New(writer{&bytes.Buffer{}}, good.Bytes()[:n], 0).Receive(); err == nil {
			t.Errorf("%d bytes made a frame", n)
		}
	}
	l := New(writer{&bytes.Buffer{}}, good.Bytes(), 0)
	l.Restrict(3)
	if _, _, err := l.Receive(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a frame beyond the limit: %v", err)
	}
}

// A peer that moves a byte now and then is alive; one that does not is not.
func TestTimeoutMeansNoProgress(t *testing.T) {
	x, y := net.Pipe()
	defer x.Close()
	defer y.Close()
	b := New(y, nil, 150*time.Millisecond)
	var frame bytes.Buffer
	if err := New(writer{&frame}, nil, 0).Send(1, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, c := range frame.Bytes() {
			time.Sleep(30 * time.Millisecond) // in all much longer than the time-out
			_, _ = x.Write([]byte{c})
		}
	}()
	if _, _, err := b.Receive(); err != nil {
		t.Fatalf("slow and steady: %v", err)
	}
	if _, _, err := b.Receive(); err == nil {
		t.Fatal("silence was waited for")
	}
}

// writer is a connection that keeps what is written.
type writer struct{ io.Writer }

func (writer) Read([]byte) (int, error)         { return 0, io.EOF }
func (writer) Close() error                     { return nil }
func (writer) LocalAddr() net.Addr              { return nil }
func (writer) RemoteAddr() net.Addr             { return nil }
func (writer) SetDeadline(time.Time) error      { return nil }
func (writer) SetReadDeadline(time.Time) error  { return nil }
func (writer) SetWriteDeadline(time.Time) error { return nil }

func FuzzReceive(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 1, 2, 3, 4, 5, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		l := New(writer{io.Discard}, b, 0)
		for {
			if _, _, err := l.Receive(); err != nil {
				return
			}
		}
	})
}
