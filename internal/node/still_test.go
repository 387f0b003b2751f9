package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/haypile/haypile/test/harness"
)

// DEBUG SLEEP keeps every connection waiting, whichever loop it is on, and new ones.
func TestDebugSleepStopsTheServer(t *testing.T) {
	secure, args := tlsArgs(t)
	addr := startForTest(t, append(args, "--event-loops", "2", "--enable-debug-command", "yes")...)
	sleeper := dial(t, addr)
	others := []*harness.Client{dial(t, addr), dial(t, addr), dialTLS(t, secure)}
	for _, c := range others {
		c.MustDo(t, "PING")
	}
	const nap = 500 * time.Millisecond
	if err := sleeper.Send([]string{"DEBUG", "SLEEP", "0.5"}); err != nil {
		t.Fatal(err)
	}
	if err := sleeper.Flush(); err != nil {
		t.Fatal(err)
	}
	woken := make(chan time.Time, 1)
	go func() {
		if r, err := sleeper.Receive(); err != nil || r.Str != "OK" {
			t.Error(r, err)
		}
		woken <- time.Now()
	}()
	longest := make([]time.Duration, len(others))
	done := make(chan int)
	stop := make(chan struct{})
	for i, c := range others {
		go func() {
			defer func() { done <- i }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				if _, err := c.Do("PING"); err != nil {
					t.Error(err)
					return
				}
				longest[i] = max(longest[i], time.Since(began))
			}
		}()
	}
	<-woken
	close(stop)
	for range others {
		<-done
	}
	for i, d := range longest {
		if d < nap/2 {
			t.Errorf("connection %d was served all the time: it waited for %v at most", i, d)
		}
	}
	dial(t, addr).MustDo(t, "PING")
}

func TestSourceAddress(t *testing.T) {
	master := startForTest(t)
	host, port, _ := strings.Cut(master, ":")
	startForTest(t, "--bind-source-addr", "127.0.0.3", "--replicaof", host+" "+port)
	c := dial(t, master)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list := c.MustDo(t, "CLIENT", "LIST", "TYPE", "replica").Str
		if strings.Contains(list, " addr=127.0.0.3:") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no replica has come from the address: %s", list)
		}
	}
}
