package replication

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// common are the parameters of every server here: small files, so that rotation and
// retention are met within seconds, and short times.
var common = []string{"--enable-debug-command", "yes", "--repl-timeout", "4", "--repl-ping-replica-period", "1", "--binlog-file-size", "1mb",
	"--memory-budget", "96mb", "--databases", "4", "--full-sync-stall-timeout", "3000", "--metrics-port", "0"}

func start(t testing.TB, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Options{Args: append(append([]string(nil), common...), args...)})
}

func follow(t testing.TB, replica *harness.Server, port int) {
	t.Helper()
	replica.Client(t).MustDo(t, "REPLICAOF", "127.0.0.1", port)
}

// info returns one field of INFO, or "".
func info(addr, field string) string {
	c, err := harness.Dial(addr)
	if err != nil {
		return ""
	}
	defer c.Close()
	r, err := c.Do("INFO", "everything")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(r.Str) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name == field {
			return value
		}
	}
	return ""
}

func digest(addr string) string {
	c, err := harness.Dial(addr)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	c.Timeout = 20 * time.Minute // gigabytes
	r, err := c.Do("DEBUG", "DIGEST")
	if err != nil {
		return err.Error()
	}
	return r.Str
}

// within waits until f says "".
func within(t testing.TB, d time.Duration, what string, f func() string) {
	t.Helper()
	var last string
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if last = f(); last == "" {
			return
		}
	}
	t.Fatalf("%s: not within %s: %s", what, d, last)
}

// same waits until a replica streams and has the master's data.
func same(t testing.TB, d time.Duration, master, replica *harness.Server) {
	t.Helper()
	within(t, d, "the replica equals its master", func() string {
		if link := info(replica.Addr(), "master_link_status"); link != "up" {
			return "link " + link + ": " + info(replica.Addr(), "repl_connect_reason") + " " + info(replica.Addr(), "repl_database_0")
		}
		if m, r := info(master.Addr(), "master_repl_offset"), info(replica.Addr(), "slave_repl_offset"); m != r {
			return "offsets " + m + " and " + r + ": " + info(replica.Addr(), "repl_database_0")
		}
		if m, r := digest(master.Addr()), digest(replica.Addr()); m != r {
			return "digests " + m + " and " + r
		}
		return ""
	})
}

// load writes all types of data to whichever server accepts it, until it is stopped.
type load struct {
	addr  atomic.Pointer[string]
	stop  chan struct{}
	done  sync.WaitGroup
	acked *atomic.Int64
	last  atomic.Pointer[string] // error
}

func startLoad(t testing.TB, addr string, writers int, acked *atomic.Int64) *load {
	l := &load{stop: make(chan struct{}), acked: acked}
	l.addr.Store(&addr)
	for w := range writers {
		l.done.Add(1)
		go l.write(w)
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) end() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.done.Wait()
}

func (l *load) write(w int) {
	defer l.done.Done()
	rnd := rand.New(rand.NewPCG(uint64(w), 1))
	for {
		select {
		case <-l.stop:
			return
		default:
		}
		c, err := harness.Dial(*l.addr.Load())
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		l.session(c, rnd)
		c.Close()
	}
}

// session writes until an error; pipelines of one database each.
func (l *load) session(c *harness.Client, rnd *rand.Rand) {
	value := strings.Repeat("v", 200)
	for {
		select {
		case <-l.stop:
			return
		default:
		}
		batch := [][]string{{"SELECT", fmt.Sprint(rnd.IntN(3))}}
		for range 30 {
			k := rnd.IntN(5000)
			batch = append(batch, [][]string{
				{"SET", fmt.Sprint("s:", k), value + fmt.Sprint(rnd.IntN(1e6))},
				{"INCR", fmt.Sprint("n:", k)},
				{"RPUSH", fmt.Sprint("l:", k%50), value},
				{"LPOP", fmt.Sprint("l:", rnd.IntN(50))},
				{"HSET", fmt.Sprint("h:", k%50), fmt.Sprint(k), value},
				{"SADD", fmt.Sprint("set:", k%20), fmt.Sprint(k)},
				{"SPOP", fmt.Sprint("set:", rnd.IntN(20))},
				{"ZADD", fmt.Sprint("z:", k%20), fmt.Sprint(k), fmt.Sprint(rnd.IntN(1000))},
				{"DEL", fmt.Sprint("s:", rnd.IntN(5000)), fmt.Sprint("l:", rnd.IntN(50))},
				{"PEXPIRE", fmt.Sprint("s:", rnd.IntN(5000)), "800"},
				{"MSET", "m:{a}", fmt.Sprint(k), "m:{b}", fmt.Sprint(k)},
			}[rnd.IntN(11)])
		}
		if rnd.IntN(2000) == 0 {
			batch = append(batch, []string{"FLUSHDB"})
		}
		if rnd.IntN(500) == 0 {
			batch = append(batch, []string{"SWAPDB", "1", "2"})
		}
		replies, err := c.Pipeline(batch)
		if err != nil {
			return
		}
		for _, r := range replies {
			if r.IsError() && !strings.HasPrefix(r.Str, "WRONGTYPE") {
				text := r.Str
				l.last.Store(&text)
				time.Sleep(20 * time.Millisecond)
				return
			}
		}
		l.acked.Add(int64(len(replies)))
	}
}
