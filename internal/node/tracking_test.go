package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTrackingRedirectedToNobody(t *testing.T) {
	addr := startForTest(t)
	a, b, c := dial(t, addr), dial(t, addr), dial(t, addr)
	id := b.MustDo(t, "CLIENT", "ID").Int
	a.MustDo(t, "HELLO", "3")
	says(t, a, "OK", "CLIENT", "TRACKING", "ON", "REDIRECT", id)
	says(t, a, fmt.Sprint(id), "CLIENT", "GETREDIR")
	says(t, a, "flags=t db=0", "CLIENT", "INFO")
	says(t, a, fmt.Sprintf("redir=%d ", id), "CLIENT", "INFO")
	a.MustDo(t, "GET", "k")
	b.MustDo(t, "QUIT")
	for c.MustDo(t, "CLIENT", "LIST", "ID", id).Str != "" {
		time.Sleep(time.Millisecond)
	}
	c.MustDo(t, "SET", "k", "1")
	r, err := a.Receive()
	if err != nil || len(r.Elems) != 2 || r.Elems[0].Str != "tracking-redir-broken" || r.Elems[1].Int != id {
		t.Errorf("%v, %v", r, err)
	}
	says(t, a, "broken_redirect", "CLIENT", "TRACKINGINFO")
	says(t, a, "flags=tR db=0", "CLIENT", "INFO")
}

func TestTrackingTableIsBounded(t *testing.T) {
	c := dial(t, startForTest(t, "--tracking-table-max-keys", "2"))
	c.MustDo(t, "HELLO", "3")
	c.MustDo(t, "CLIENT", "TRACKING", "ON")
	c.MustDo(t, "MGET", "a", "b", "c")
	if r, err := c.Receive(); err != nil || r.Elems[0].Str != "invalidate" {
		t.Errorf("a key beyond the bound: %v, %v", r, err)
	}
	for _, want := range []string{"tracking_clients:1", "tracking_total_keys:2", "tracking_total_items:2", "tracking_total_prefixes:0"} {
		says(t, c, want, "INFO")
	}
	c.MustDo(t, "CONFIG", "SET", "tracking-table-max-keys", "1")
	if r, err := c.Receive(); err != nil || r.Elems[0].Str != "invalidate" {
		t.Errorf("a lower bound: %v, %v", r, err)
	}
	c.MustDo(t, "CLIENT", "TRACKING", "OFF")
	says(t, c, "tracking_clients:0", "INFO")
}

// A worker reads under locks as an event loop does.
func TestTrackingOfLongReads(t *testing.T) {
	addr := startForTest(t)
	a, b := dial(t, addr), dial(t, addr)
	args := []any{"RPUSH", "list"}
	for i := range 5000 {
		args = append(args, i)
	}
	b.MustDo(t, args...)
	a.MustDo(t, "HELLO", "3")
	a.MustDo(t, "CLIENT", "TRACKING", "ON")
	if n := len(a.MustDo(t, "LRANGE", "list", "0", "-1").Elems); n != 5000 {
		t.Fatal(n)
	}
	b.MustDo(t, "RPUSH", "list", "x")
	if r, err := a.Receive(); err != nil || !strings.Contains(r.String(), `"list"`) {
		t.Errorf("%v, %v", r, err)
	}
}

func TestErrorStats(t *testing.T) {
	addr := startForTest(t)
	c, b := dial(t, addr), dial(t, addr)
	do := func(args ...any) { _, _ = c.Do(args...) }
	do("NOSUCH")
	do("SET", "k")
	do("SET", "k", "v")
	do("LPUSH", "k", "x")
	do("MULTI")
	do("LPUSH", "k", "x")
	do("AUTH", "x")
	do("EXEC")
	do("EXEC")
	if err := b.Send([]string{"BLPOP", "list", "0"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:1") {
		time.Sleep(time.Millisecond)
	}
	for _, cl := range strings.Split(c.MustDo(t, "CLIENT", "LIST").Str, "\n") {
		if strings.Contains(cl, "flags=b") {
			c.MustDo(t, "CLIENT", "UNBLOCK", strings.TrimPrefix(strings.Fields(cl)[0], "id="), "ERROR")
		}
	}
	if r, err := b.Receive(); err != nil || !r.IsError() {
		t.Errorf("%v, %v", r, err)
	}
	for _, want := range []string{
		"errorstat_ERR:count=4", "errorstat_WRONGTYPE:count=2", "errorstat_UNBLOCKED:count=1", "total_error_replies:7",
	} {
		says(t, c, want, "INFO")
	}
	for name, want := range map[string]string{
		"set": "rejected_calls=1,failed_calls=0", "lpush": "rejected_calls=0,failed_calls=2", "auth": "rejected_calls=0,failed_calls=1",
		"exec": "rejected_calls=0,failed_calls=1", "blpop": "rejected_calls=0,failed_calls=1",
	} {
		info := c.MustDo(t, "INFO", "commandstats").Str
		_, line, _ := strings.Cut(info, "cmdstat_"+name+":")
		if line, _, _ = strings.Cut(line, "\r\n"); !strings.HasSuffix(line, want) {
			t.Errorf("%s: %s, want %s", name, line, want)
		}
	}
	do("CONFIG", "RESETSTAT")
	if info := c.MustDo(t, "INFO").Str; strings.Contains(info, "errorstat_") || !strings.Contains(info, "total_error_replies:0") {
		t.Error("CONFIG RESETSTAT leaves errors")
	}
}
