package sentinel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/haypile/haypile/test/group"
	"github.com/haypile/haypile/test/harness"
)

// library is a client library at work: it sets key after key, repeats what fails, waits for a replica, and reads
// back what it has set.
type library struct {
	name   string
	prefix string

	mu       sync.Mutex
	acked    []string // keys
	last     time.Time
	attempts int // that failed
	example  string
	lost     []string
}

func (l *library) ok(key string) {
	l.mu.Lock()
	l.acked, l.last = append(l.acked, key), time.Now()
	l.mu.Unlock()
}

func (l *library) failed(text string) {
	l.mu.Lock()
	l.attempts, l.example = l.attempts+1, text
	l.mu.Unlock()
}

func (l *library) missing(key string) {
	l.mu.Lock()
	l.lost = append(l.lost, key)
	l.mu.Unlock()
}

func (l *library) worksSince(at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last.After(at)
}

var errNoReplica = errors.New("WAIT found no replica")

// loop sets keys until stop; once does an attempt and says what it read back.
func (l *library) loop(stop <-chan struct{}, once func(ctx context.Context, key string) (string, error)) {
	for n := 1; ; {
		select {
		case <-stop:
			return
		case <-time.After(2 * time.Millisecond):
		}
		ctx, cancel := context.WithTimeout(group.Background, 3*time.Second)
		key := l.prefix + strconv.Itoa(n)
		value, err := once(ctx, key)
		cancel()
		switch {
		case err != nil:
			l.failed(err.Error())
			continue
		case value == key:
			l.ok(key)
		default:
			l.missing(key)
		}
		n++
	}
}

func goRedis(t *testing.T, g *group.Group, l *library, stop <-chan struct{}) {
	c := g.Client()
	defer c.Close()
	l.loop(stop, func(ctx context.Context, key string) (string, error) {
		conn := c.Conn()
		defer conn.Close()
		if err := conn.Set(ctx, key, key, 0).Err(); err != nil {
			return "", err
		}
		if n, err := conn.Wait(ctx, 1, time.Second).Result(); err != nil || n < 1 {
			return "", errors.Join(err, errNoReplica)
		}
		return conn.Get(ctx, key).Result()
	})
}

func rueidisClient(t *testing.T, g *group.Group, l *library, stop <-chan struct{}) {
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: g.Sentinels, Sentinel: rueidis.SentinelOption{MasterSet: group.MasterName},
		DisableCache: true, ConnWriteTimeout: 2 * time.Second})
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	l.loop(stop, func(ctx context.Context, key string) (value string, err error) {
		err = c.Dedicated(func(d rueidis.DedicatedClient) error { // SET and WAIT must be on one connection
			if err := d.Do(ctx, d.B().Set().Key(key).Value(key).Build()).Error(); err != nil {
				return err
			}
			if n, err := d.Do(ctx, d.B().Wait().Numreplicas(1).Timeout(1000).Build()).AsInt64(); err != nil || n < 1 {
				return errors.Join(err, errNoReplica)
			}
			value, err = d.Do(ctx, d.B().Get().Key(key).Build()).ToString()
			return err
		})
		return value, err
	})
}

func ioRedis(t *testing.T, g *group.Group, l *library, stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(group.Background)
	defer cancel()
	cmd := harness.NodeCommand(ctx, t, "ioredis.cjs", append([]string{group.MasterName, l.prefix}, g.Sentinels...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Error(err)
		return
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	go func() {
		<-stop
		in.Close()
	}()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "ok":
			l.ok(l.prefix + rest)
		case "lost":
			l.missing(l.prefix + rest)
		default:
			l.failed(lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ioredis: %v\n%s", err, stderr.String())
	}
}

// TestClients: go-redis, rueidis and ioredis find the new master after every failover by nothing but repeating what failed; nobody hangs,
// and everything that was acknowledged under WAIT is there in the end.
func TestClients(t *testing.T) {
	failovers := 4
	if testing.Short() {
		failovers = 1
	}
	if s := os.Getenv("CLIENT_FAILOVERS"); s != "" {
		var err error
		if failovers, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	kinds := []string{"SENTINEL FAILOVER", "kill -9 of the master", "partition of the master with a client", "SIGSTOP of the master"}
	runners := []func(*testing.T, *group.Group, *library, <-chan struct{}){goRedis, rueidisClient}
	libraries := []*library{{name: "go-redis", prefix: "goredis:"}, {name: "rueidis", prefix: "rueidis:"}}
	t.Run("ioredis is there", func(t *testing.T) {
		harness.NodeCommand(group.Background, t, "ioredis.cjs")
		runners, libraries = append(runners, ioRedis), append(libraries, &library{name: "ioredis", prefix: "ioredis:"})
	})
	g := group.Start(t, harness.Haypile, group.Safe...)
	stop := make(chan struct{})
	var working sync.WaitGroup
	for i, l := range libraries {
		working.Add(1)
		go func() {
			defer working.Done()
			runners[i](t, g, l, stop)
		}()
	}
	allWithin := func(limit time.Duration, what string) {
		t.Helper()
		at := time.Now()
		for slices.ContainsFunc(libraries, func(l *library) bool { return !l.worksSince(at) }) {
			if time.Since(at) > limit {
				for _, l := range libraries {
					t.Logf("%s: last write %v ago, last error: %s", l.name, time.Since(l.last), l.example)
				}
				t.Fatalf("not within %s: %s (%s)", limit, what, g.State())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	ended := sync.OnceFunc(func() { close(stop); working.Wait() })
	defer ended()
	allWithin(30*time.Second, "all libraries write")
	var pauses []string
	for i := range failovers {
		fault := group.Faults[slices.IndexFunc(group.Faults, func(f group.Fault) bool { return f.Name == kinds[i%len(kinds)] })]
		m := g.Master()
		began := time.Now()
		heal := fault.Do(g, m)
		g.Within(60*time.Second, "the sentinels name another master", func() bool { n := g.Master(); return n != nil && n != m })
		allWithin(60*time.Second, "all libraries write again after "+fault.Name)
		pauses = append(pauses, fmt.Sprintf("%s: %.1f s", fault.Name, time.Since(began).Seconds()))
		heal()
		g.Settle(60 * time.Second)
		allWithin(30*time.Second, "all libraries write after the repair")
	}
	ended()
	g.Equal(60 * time.Second)
	t.Logf("until all write again: %s", strings.Join(pauses, ", "))
	c := group.Patient(t, g.Master())
	for _, l := range libraries {
		gone := slices.DeleteFunc(slices.Clone(l.acked), func(key string) bool { return c.MustDo(t, "EXISTS", key).Int == 1 })
		t.Logf("%s: %d writes acknowledged, %d attempts repeated (%s), %d not read back, %d missing in the end", l.name, len(l.acked), l.attempts, l.example, len(l.lost), len(gone))
		if len(gone) > 0 || len(l.lost) > 0 {
			t.Errorf("%s: missing in the end %.5q, not read back %.5q", l.name, gone, l.lost)
		}
	}
}
