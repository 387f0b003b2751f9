package pubsub

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/haypile/haypile/internal/algo/glob"
	"github.com/haypile/haypile/internal/client"
)

// sink keeps what was pushed.
type sink struct {
	mu   sync.Mutex
	msgs []string
}

func (s *sink) Push(msg []byte) {
	s.mu.Lock()
	s.msgs = append(s.msgs, string(msg))
	s.mu.Unlock()
}
func (s *sink) PushSubscribed(msg []byte)      { s.Push(msg) }
func (s *sink) PushAt(_ int, _ bool, m []byte) { s.Push(m) }
func (s *sink) Settle()                        {}
func (s *sink) Close(string)                   {}
func (s *sink) Unblock(bool) bool              { return false }
func (s *sink) Buffered() (int64, int64)       { return 0, 0 }

func newClient(proto int) (*client.Client, *sink) {
	s := &sink{}
	cl := &client.Client{}
	cl.SetProto(proto)
	cl.Attach(s)
	return cl, s
}

func TestPublish(t *testing.T) {
	h := New()
	two, s2 := newClient(2)
	three, s3 := newClient(3)
	h.Subscribe(Channels, two, "a")
	h.Subscribe(Channels, two, "a")
	h.Subscribe(Channels, three, "a")
	h.Subscribe(Patterns, three, "*")
	h.Subscribe(Sharded, two, "a")
	if n := h.Receivers([]byte("a")); n != 3 {
		t.Errorf("%d receivers", n)
	}
	if n := h.Publish([]byte("a"), []byte("hi"), client.Place{}); n != 3 {
		t.Errorf("%d messages", n)
	}
	if n := h.PublishSharded([]byte("a"), []byte("hi"), client.Place{}); n != 1 {
		t.Errorf("%d sharded messages", n)
	}
	want2 := []string{"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n", "*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"}
	want3 := []string{">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n", ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$2\r\nhi\r\n"}
	if !slices.Equal(s2.msgs, want2) || !slices.Equal(s3.msgs, want3) {
		t.Errorf("got %q and %q", s2.msgs, s3.msgs)
	}
	if c, p, s := two.Subscriptions(); c != 1 || p != 0 || s != 1 {
		t.Errorf("%d %d %d subscriptions", c, p, s)
	}
	h.Forget(two)
	h.Forget(three)
	if h.Len(Channels)+h.Len(Patterns)+h.Len(Sharded) != 0 || len(h.index.byPrefix) != 0 || len(h.index.lengths) != 0 {
		t.Error("something is left of clients that have gone")
	}
}

// The index finds what a look at every pattern would find.
func TestPatternIndex(t *testing.T) {
	patterns := []string{"*", "", "a", "a*", "ab*", "ab?", "a[bc]d", "b*", `\*x`, `a\?*`, "abcdef*", "[a-z]*", "zz*"}
	channels := []string{"", "a", "ab", "abc", "acd", "abcdefg", "b", "*x", "a?z", "zz", "q"}
	h := New()
	cl, _ := newClient(2)
	for round := range 2 {
		for i, p := range patterns {
			if round == 0 || i%2 == 0 {
				h.Subscribe(Patterns, cl, p)
			}
		}
		for _, ch := range channels {
			var got, want []string
			h.index.match([]byte(ch), func(t *topic) { got = append(got, t.name) })
			for _, p := range h.Names(Patterns, cl) {
				if matches(p, ch) {
					want = append(want, p)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("channel %q: got %q, want %q", ch, got, want)
			}
		}
		for i, p := range patterns {
			if i%2 == 1 {
				h.Unsubscribe(Patterns, cl, p)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	h := New()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			cl, _ := newClient(2 + g%2)
			for i := range 300 {
				name := fmt.Sprint(i % 7)
				h.Subscribe(Channels, cl, name)
				h.Subscribe(Patterns, cl, name+"*")
				h.Publish([]byte(name), []byte("m"), client.Place{})
				h.List(Channels, nil)
				if i%3 == 0 {
					h.Unsubscribe(Channels, cl, name)
				}
			}
			h.Forget(cl)
		}()
	}
	wg.Wait()
	if h.Len(Channels)+h.Len(Patterns) != 0 {
		t.Error("subscriptions are left")
	}
}

func BenchmarkPublishAmongMany(b *testing.B) {
	h := New()
	for i := range 10_000 {
		cl, _ := newClient(2)
		h.Subscribe(Channels, cl, fmt.Sprint("other", i))
		h.Subscribe(Patterns, cl, fmt.Sprint("user", i, ":*"))
	}
	for b.Loop() {
		h.Publish([]byte("user77"), []byte("m"), client.Place{})
	}
}

func matches(pattern, channel string) bool { return glob.Match([]byte(pattern), []byte(channel)) }
