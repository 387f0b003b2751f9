package replication

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// A master that refuses every attempt, which is one a second, makes a line and not three a second.
func TestRepeatedFailuresAreLoggedOnce(t *testing.T) {
	var out bytes.Buffer
	f := NewFollower(FollowerOptions{Logger: slog.New(slog.NewTextHandler(&out, nil)), Settings: func() FollowerSettings { return FollowerSettings{} }})
	fail := func(reason string, times int) {
		for range times {
			was := f.m.State
			f.m = Instance{State: LinkError, Reason: reason, Failures: f.m.Failures + 1}
			f.logLink(was, LinkEvent{Kind: NotDialed, Reason: reason})
			for _, s := range []LinkState{Connecting, Handshake} {
				was := f.m.State
				f.m.State = s
				f.logLink(was, LinkEvent{Kind: TryAgain})
			}
		}
	}
	fail("read 127.0.0.1:4711: WRONGPASS", 5)
	fail("read 127.0.0.1:4712: WRONGPASS", 5) // the same from another port
	fail("connection refused", 5)
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("two reasons make %d lines:\n%s", n, out.String())
	}
	was := f.m.State
	f.m = Instance{State: Linked}
	f.logLink(was, LinkEvent{Kind: Welcomed})
	fail("connection refused", 2)
	if n := strings.Count(out.String(), "\n"); n != 4 {
		t.Errorf("the success and the next failure are not logged:\n%s", out.String())
	}
}
