package engine_test

import (
	"strings"
	"testing"

	"github.com/haypile/haypile/test/harness"
)

// Who reads from a group hears of FLUSHALL: the group will not come back by itself.
func TestFlushEndsTheWaitForAGroup(t *testing.T) {
	s := harness.Start(t, harness.Options{})
	c, waiting := s.Client(t), s.Client(t)
	c.MustDo(t, "XGROUP", "CREATE", "stream", "group", "$", "MKSTREAM")
	if err := waiting.Send([]string{"XREADGROUP", "GROUP", "group", "me", "BLOCK", "0", "STREAMS", "stream", ">"}); err != nil {
		t.Fatal(err)
	}
	if err := waiting.Flush(); err != nil {
		t.Fatal(err)
	}
	for c.MustDo(t, "INFO", "clients").Str != "" && !strings.Contains(c.MustDo(t, "INFO", "clients").Str, "blocked_clients:1") {
	}
	c.MustDo(t, "FLUSHALL")
	if r, err := waiting.Receive(); err != nil || !strings.HasPrefix(r.Str, "NOGROUP") {
		t.Errorf("after FLUSHALL: %v %v", r, err)
	}
}
