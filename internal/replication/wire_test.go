package replication

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/haypile/haypile/internal/layout"
)

// Whatever comes over the wire is taken or refused, and never more than that.
func FuzzWire(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add(appendReach(nil, reach{1, 2, 3, 4}))
	hello, _ := json.Marshal(hello{Version: 1, RunID: "x"})
	f.Add(hello)
	f.Add([]byte(`[{"number":1,"name":"db1"}]`))
	f.Add([]byte(`{"name":"db0","lsn":5,"histories":[{"id":"00","start":1}]}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		_, _, _, _ = parseRecords(p)
		_ = parseAck(p, func(reach) {})
		_, _ = parseEvents(p)
		_, _, _ = parsePing(p)
		_, channel, msg, err := parsePublish(p)
		if err == nil && len(channel)+len(msg)+5 != len(p) {
			t.Fatal("bytes of a message got lost")
		}
		var q ask
		if json.Unmarshal(p, &q) == nil {
			_, _ = fromWire(q.Histories)
		}
		var list []DBNumber
		if json.Unmarshal(p, &list) == nil && checkNumbers(list, 16) == nil {
			for _, n := range list {
				if n.Number < 0 || n.Number >= 16 || !bytes.HasPrefix([]byte(n.Name), []byte("db")) {
					t.Fatalf("accepted %+v", n)
				}
			}
		}
	})
}

func id(n byte) (h layout.HistoryID) { h[0] = n; return h }

// The only question that matters: may data of these histories, at this position, go on from
// that log?
func TestDecide(t *testing.T) {
	a := layout.Histories{{ID: id(1), Start: 0}}
	ab := a.With(id(2), 100)
	ac := a.With(id(3), 80)
	for _, c := range []struct {
		name      string
		histories layout.Histories
		lsn       uint64
		offer     offer
		yes       bool
		diverged  bool
		common    uint64
	}{
		{"the same history, behind", a, 50, offer{a, 0, 70}, true, false, 0},
		{"the same history, at the end", a, 70, offer{a, 0, 70}, true, false, 0},
		{"the same history, ahead: the master lost its tail", a, 90, offer{a, 0, 70}, false, true, 70},
		{"the master was promoted later", a, 90, offer{ab, 0, 200}, true, false, 0},
		{"exactly where the master was promoted", a, 100, offer{ab, 0, 200}, true, false, 0},
		{"beyond where the master was promoted", a, 101, offer{ab, 0, 200}, false, true, 100},
		{"two promotions of one ancestor", ac, 120, offer{ab, 0, 200}, false, true, 80},
		{"a newer history than the master's", ab, 150, offer{a, 0, 120}, false, true, 100},
		{"the log is gone", a, 50, offer{a, 60, 90}, false, false, 0},
		{"nothing in common", layout.Histories{{ID: id(9)}}, 50, offer{a, 0, 90}, false, false, 0},
		{"empty, and the log is whole and short", nil, 0, offer{a, 0, 90}, true, false, 0},
		{"empty, and the log is not whole", nil, 0, offer{a, 10, 90}, false, false, 0},
		{"empty, and the log is long", nil, 0, offer{a, 0, 5000}, false, false, 0},
		{"no history and a position: data of nobody", nil, 40, offer{a, 0, 90}, false, false, 0},
	} {
		v := decide(claim{histories: c.histories, lsn: c.lsn}, c.offer, 1000)
		if v.Continue != c.yes || v.Diverged != c.diverged || v.Common != c.common || !v.Continue && v.Reason == "" {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
	if v := decide(claim{histories: a, lsn: 50, copy: true}, offer{a, 0, 70}, 0); v.Continue {
		t.Error("a copy that was asked for is not given")
	}
}
