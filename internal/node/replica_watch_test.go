package node_test

import (
	"fmt"
	"testing"
)

// A master's change of one element of a large collection, by which the head stays as it is, is a change for those who watch or track the
// key at a replica; also if the key was renamed, so that its elements have another name.
func TestReplicaTellsOfChangedElements(t *testing.T) {
	m, r := startForTest(t), startForTest(t)
	mc, rc, probe := dial(t, m), dial(t, r), dial(t, r)
	followAddr(t, rc, m)
	for i := range 600 {
		mc.MustDo(t, "HSET", "hash", fmt.Sprint("f", i), "v")
		mc.MustDo(t, "ZADD", "zset", "1", fmt.Sprint("m", i))
		mc.MustDo(t, "RPUSH", "list", fmt.Sprintf("element of a list which is to be a large one %d", i))
	}
	mc.MustDo(t, "SETRANGE", "string", "100000", "x")
	change := func(prefix string, n int) [][]any {
		return [][]any{{"HSET", prefix + "hash", "f1", fmt.Sprint("v", n)}, {"ZADD", prefix + "zset", fmt.Sprint(n), "m1"},
			{"LSET", prefix + "list", "300", fmt.Sprint("v", n)}, {"SETRANGE", prefix + "string", "50000", fmt.Sprint("v", n)}}
	}
	n := 10
	for _, prefix := range []string{"", "renamed-"} {
		for i, typ := range []string{"hash", "zset", "list", "string"} {
			if prefix != "" {
				mc.MustDo(t, "RENAME", typ, prefix+typ)
			}
			end := func(word string) {
				n++
				mc.MustDo(t, "SET", "end", fmt.Sprint(word, n))
				until(t, "the replica follows", func() bool {
					reply, err := probe.Do("GET", "end")
					return err == nil && reply.Str == fmt.Sprint(word, n)
				})
			}
			end("before")
			rc.MustDo(t, "WATCH", prefix+typ)
			mc.MustDo(t, change(prefix, n)[i]...)
			end("after")
			rc.MustDo(t, "MULTI")
			rc.MustDo(t, "PING")
			if reply := rc.MustDo(t, "EXEC"); !reply.Null {
				t.Errorf("%s%s was changed while it was watched: %v", prefix, typ, reply)
			}
		}
	}
}
