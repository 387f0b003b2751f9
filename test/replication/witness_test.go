package replication

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// A marked database holds keys that were written before any replica came and never change. Of it a
// replica has either nothing or everything; a witness looks at it all the time.
type marked struct {
	db   int
	keys int64
}

func (m marked) write(t testing.TB, s *harness.Server) {
	t.Helper()
	c := s.Client(t)
	c.MustDo(t, "SELECT", m.db)
	for at := int64(0); at < m.keys; {
		var batch [][]string
		for ; at < m.keys && len(batch) < 1000; at++ {
			batch = append(batch, []string{"SET", markerKey(at), m.value(at)})
		}
		replies, err := c.Pipeline(batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range replies {
			if r.IsError() {
				t.Fatal(r.Str)
			}
		}
	}
}

func markerKey(i int64) string { return "marker:" + strconv.FormatInt(i, 10) }

// value does not compress well, and says which key it belongs to.
func (m marked) value(i int64) string {
	var b strings.Builder
	for x := uint64(i) + 1; b.Len() < 1000; x = x*6364136223846793005 + 1442695040888963407 {
		fmt.Fprintf(&b, "%d:%d:%x ", m.db, i, x)
	}
	return b.String()
}

// sighting is what one look has shown: an error of the connection, a refusal, or values that one EXEC has returned.
type sighting struct {
	lost, refused string
	role, link    string
	size          int64
	key           int64
	value         *string // nil: the key is not there
}

// witness judges what a replica lets others see of a marked database.
type witness struct {
	of    marked
	whole bool           // it has been seen with everything
	seen  map[string]int // kinds of answers
}

// judge says what is wrong with a sighting, if anything is. A server that does not answer, or says that it cannot, is
// right. One that answers has nothing as long as its link is not up, and everything from some moment on.
func (w *witness) judge(s sighting) error {
	switch {
	case s.lost != "":
		w.seen["no connection"]++
		return nil
	case s.refused != "":
		w.seen[strings.Fields(s.refused)[0]]++
		if strings.HasPrefix(s.refused, "LOADING ") || strings.HasPrefix(s.refused, "MASTERDOWN ") {
			return nil
		}
		return fmt.Errorf("it refuses with %q", s.refused)
	case s.size == w.of.keys:
		w.seen["whole"]++
		w.whole = true
		if want := w.of.value(s.key); s.value == nil || *s.value != want {
			return fmt.Errorf("with %d keys %s is not what was written (missing: %v)", s.size, markerKey(s.key), s.value == nil)
		}
		return nil
	case s.size != 0:
		return fmt.Errorf("it answers with %d of %d keys (role %s, link %s)", s.size, w.of.keys, s.role, s.link)
	case w.whole:
		return fmt.Errorf("it answers without a key and had all of them before (role %s, link %s)", s.role, s.link)
	case s.role == "slave" && s.link != "down":
		return fmt.Errorf("it answers without a key while its link is %s", s.link)
	case s.value != nil:
		return fmt.Errorf("%s is there and DBSIZE is 0", markerKey(s.key))
	}
	w.seen["its own empty data"]++
	return nil
}

// look asks for everything in one transaction. What INFO says comes first: a link that is up before the keys are counted
// promises all of them.
func (w *witness) look(c *harness.Client, key int64) (s sighting) {
	s.key = key
	replies, err := c.Pipeline([][]string{{"MULTI"}, {"INFO", "replication"}, {"DBSIZE"}, {"GET", markerKey(key)}, {"EXEC"}})
	if err != nil {
		s.lost = err.Error()
		return s
	}
	for _, r := range append(replies, replies[4].Elems...) {
		if r.IsError() {
			s.refused = r.Str
			return s
		}
	}
	got := replies[4].Elems
	for line := range strings.Lines(got[0].Str) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name {
		case "role":
			s.role = value
		case "master_link_status":
			s.link = value
		}
	}
	if s.size = got[1].Int; !got[2].Null {
		s.value = &got[2].Str
	}
	return s
}

// watch looks until the function it returns is called, which gives the witness back; each of the first faults found fails the test.
func watch(t testing.TB, name string, s *harness.Server, of marked) func() *witness {
	w := &witness{of: of, seen: map[string]int{}}
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		var c *harness.Client
		faults, pause := 0, 4*time.Millisecond
		for key := int64(0); faults < 5; key = (key + 7919) % of.keys {
			select {
			case <-stop:
				return
			case <-time.After(pause):
			}
			if w.whole {
				pause = 50 * time.Millisecond // what is there does not go so soon, and a look costs the others time
			}
			if c == nil {
				var err error
				if c, err = harness.Dial(s.Addr()); err == nil {
					var r harness.Reply
					if r, err = c.Do("SELECT", of.db); err == nil && r.IsError() {
						err = r.Err()
					}
				}
				if err != nil {
					w.seen["no connection"]++
					if c != nil {
						c.Close()
					}
					c = nil
					continue
				}
				defer c.Close()
			}
			seen := w.look(c, key)
			if seen.lost != "" {
				c.Close()
				c = nil
			}
			if err := w.judge(seen); err != nil {
				faults++
				t.Errorf("%s, database %d: %v", name, of.db, err)
			}
		}
	}()
	end := sync.OnceFunc(func() { close(stop); done.Wait() })
	t.Cleanup(end)
	return func() *witness { end(); return w }
}

// The judge finds each fault that it is there for, and nothing in what is right.
func TestWitnessJudges(t *testing.T) {
	of := marked{db: 3, keys: 10}
	right, wrong := of.value(4), of.value(5)
	nothing := sighting{role: "slave", link: "down", key: 4}
	whole := sighting{role: "slave", link: "up", size: 10, key: 4, value: &right}
	for _, c := range []struct {
		name   string
		before []sighting
		last   sighting
		fault  string
	}{
		{"its own empty data as a master", nil, sighting{role: "master"}, ""},
		{"its own empty data before the link is up", nil, nothing, ""},
		{"no connection", []sighting{whole}, sighting{lost: "refused"}, ""},
		{"loading", []sighting{whole}, sighting{refused: "LOADING x"}, ""},
		{"master down", []sighting{whole}, sighting{refused: "MASTERDOWN x"}, ""},
		{"whole", []sighting{nothing}, whole, ""},
		{"whole and the link down", []sighting{whole}, sighting{role: "slave", link: "down", size: 10, key: 4, value: &right}, ""},
		{"another refusal", nil, sighting{refused: "ERR x"}, "refuses"},
		{"empty with the link up", nil, sighting{role: "slave", link: "up"}, "link is up"},
		{"a key missing, link up", nil, sighting{role: "slave", link: "up", size: 9}, "9 of 10"},
		{"a key missing, link down", nil, sighting{role: "slave", link: "down", size: 9}, "9 of 10"},
		{"empty again", []sighting{whole}, nothing, "had all of them"},
		{"the random key missing", nil, sighting{role: "slave", link: "up", size: 10, key: 4}, "not what was written"},
		{"the value of another key", nil, sighting{role: "slave", link: "up", size: 10, key: 4, value: &wrong}, "not what was written"},
		{"a key and no keys", nil, sighting{role: "slave", link: "down", key: 4, value: &right}, "DBSIZE is 0"},
	} {
		w := &witness{of: of, seen: map[string]int{}}
		for _, s := range c.before {
			if err := w.judge(s); err != nil {
				t.Errorf("%s: before: %v", c.name, err)
			}
		}
		err := w.judge(c.last)
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v; it should say %q", c.name, err, c.fault)
		}
	}
}
