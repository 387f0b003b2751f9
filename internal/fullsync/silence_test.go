package fullsync

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/haypile/haypile/internal/throttle"
)

// stuck is a connection from which nothing comes after so many bytes, as if TCP waited before it tries again.
type stuck struct {
	net.Conn
	left int64
	gone chan struct{}
}

func (c *stuck) Read(b []byte) (int, error) {
	if c.left <= 0 {
		<-c.gone
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	return n, err
}

func (c *stuck) Close() error {
	select {
	case <-c.gone:
	default:
		close(c.gone)
	}
	return c.Conn.Close()
}

// A connection that has become silent is left as soon as another gets through: the copy goes on where it was, and asks for no byte twice.
func TestSilence(t *testing.T) {
	for _, parallel := range []int{1, 2} {
		mem := vfs.NewMem()
		files := map[string]string{}
		for _, name := range []string{"000001.sst", "000002.sst", "000003.sst"} {
			b := make([]byte, 3<<20)
			for i := range b {
				b[i] = byte(rand.Uint32())
			}
			files[name] = string(b)
		}
		src, err := NewSource(SourceOptions{FS: mem, Dir: "/snapshots", Total: throttle.New(0), Logger: slog.New(slog.DiscardHandler),
			Settings: func() SourceSettings {
				return SourceSettings{MaxConcurrent: 1, Stall: time.Minute, Lease: time.Hour, Fresh: time.Hour}
			},
			Make: func(_, dir string) (Snapshot, error) {
				for name, text := range files {
					put(t, mem, dir+"/"+name, text)
				}
				return Snapshot{LSN: 7, Release: func() {}, Valid: func() bool { return true }, Stale: func() bool { return false }}, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer c.Close(); src.Serve(c, nil) }()
			}
		}()
		var dials, refused atomic.Int64
		var p Progress
		begin := time.Now()
		_, err = Receive(context.Background(), SinkOptions{FS: mem, Dir: "/db0/incoming", Database: "db0", Replica: "r", Name: "n", Quiet: 300 * time.Millisecond,
			Dial: func(ctx context.Context) (net.Conn, []byte, error) {
				n := dials.Add(1)
				if n > int64(parallel) && n <= int64(parallel)+2 { // nothing passes for a while
					refused.Add(1)
					<-ctx.Done()
					return nil, nil, ctx.Err()
				}
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					return nil, nil, err
				}
				greeting := make([]byte, len("+HAYPILE\r\n"))
				if _, err := c.Read(greeting); err != nil {
					return nil, nil, err
				}
				if n <= int64(parallel) {
					return &stuck{c, 1 << 20, make(chan struct{})}, nil, nil
				}
				return c, nil, nil
			},
			Parallel: func() int { return parallel }, Stall: func() time.Duration { return time.Minute }, Placed: func(int) {}, Begun: func(int64) {},
			Logger: slog.New(slog.DiscardHandler)}, &p)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
		if p.Requested.Load() != p.Total.Load() || p.Received.Load() != p.Total.Load() || p.Reused.Load() != 0 {
			t.Errorf("%d bytes: %d asked for, %d received, %d reused", p.Total.Load(), p.Requested.Load(), p.Received.Load(), p.Reused.Load())
		}
		if refused.Load() == 0 {
			t.Error("the silence was not met")
		}
		for name, text := range files {
			if read(t, mem, "/db0/incoming/"+name) != text {
				t.Errorf("%s is not as it was", name)
			}
		}
		l.Close()
		src.Close()
	}
}
