package node_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const library = "#!lua name=lib\nredis.register_function('f', function(keys, args) return redis.call('INCR', keys[1]) end)"

func TestScriptsAreAtomic(t *testing.T) {
	addr := startForTest(t)
	c := dial(t, addr)
	// What was done before an error stays; the command that fails does nothing.
	if r, _ := c.Do("EVAL", "redis.call('SET', KEYS[1], 1) redis.call('SET', 'undeclared', 2) return redis.call('LPUSH', KEYS[1], 1)", "1", "k"); !strings.HasPrefix(r.Str, "WRONGTYPE") {
		t.Errorf("%v", r)
	}
	if r := c.MustDo(t, "MGET", "k", "undeclared"); r.Elems[0].Str != "1" || r.Elems[1].Str != "2" {
		t.Errorf("%v", r)
	}
	// Clients that disturb one another, with keys declared and not, lose nothing.
	const clients, rounds = 8, 200
	var wg sync.WaitGroup
	for i := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := dial(t, addr)
			for range rounds {
				if i%2 == 0 {
					c.MustDo(t, "EVAL", "local a = redis.call('GET', 'a') or 0 redis.call('SET', 'a', a + 1) redis.call('INCR', 'b')", "0")
				} else {
					c.MustDo(t, "EVAL", "local b = redis.call('GET', KEYS[1]) or 0 redis.call('SET', KEYS[1], b + 1) redis.call('INCR', 'a')", "1", "b")
				}
			}
		}()
	}
	wg.Wait()
	for _, key := range []string{"a", "b"} {
		if r := c.MustDo(t, "GET", key); r.Str != "1600" {
			t.Errorf("%s is %v, want 1600", key, r)
		}
	}
	// In a transaction, and moved to a worker by their length.
	c.MustDo(t, "MULTI")
	c.MustDo(t, "EVAL", "for i = 1, 1e6 do end return redis.call('INCR', KEYS[1])", "1", "n")
	c.MustDo(t, "EVAL", "redis.call('SELECT', 3) return redis.call('INCR', 'n')", "0")
	c.MustDo(t, "INCR", "n")
	if r := c.MustDo(t, "EXEC"); r.Elems[0].Int != 1 || r.Elems[1].Int != 1 || r.Elems[2].Int != 2 {
		t.Errorf("%v", r)
	}
}

func TestBusyScript(t *testing.T) {
	addr := startForTest(t)
	c, slow := dial(t, addr), dial(t, addr)
	c.MustDo(t, "CONFIG", "SET", "busy-reply-threshold", "10")
	ended := make(chan string)
	go func() {
		r, _ := slow.Do("EVAL", "while true do end", "0")
		ended <- r.Str
	}()
	for {
		r, err := c.Do("PING")
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(r.Str, "BUSY") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	c.MustDo(t, "SCRIPT", "KILL")
	if text := <-ended; !strings.Contains(text, "Script killed by user") {
		t.Errorf("%q", text)
	}
	c.MustDo(t, "PING")
}

// Libraries outlive the process, a FLUSHALL and a SWAPDB of database 0; EVAL's scripts do not.
func TestFunctionsSurvive(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprint("crash=", crash), func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			n, addr := start(t, fs, "/data", "--appendfsync", "always")
			c := dial(t, addr)
			c.MustDo(t, "FUNCTION", "LOAD", strings.NewReplacer("lib", "old", "'f'", "'g'").Replace(library))
			c.MustDo(t, "MULTI")
			c.MustDo(t, "FUNCTION", "LOAD", library)
			c.MustDo(t, "FUNCTION", "DELETE", "old")
			c.MustDo(t, "FLUSHALL")
			c.MustDo(t, "FCALL", "f", "1", "k")
			if r := c.MustDo(t, "EXEC"); r.Elems[3].Int != 1 {
				t.Errorf("%v", r)
			}
			c.MustDo(t, "SWAPDB", "0", "2")
			sha := c.MustDo(t, "SCRIPT", "LOAD", "return 1").Str
			if crash {
				fs = fs.CrashClone(vfs.CrashCloneCfg{})
			}
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}

			n, addr = start(t, fs, "/data")
			c = dial(t, addr)
			if r := c.MustDo(t, "FUNCTION", "LIST"); len(r.Elems) != 1 {
				t.Errorf("%v", r)
			}
			if r := c.MustDo(t, "FCALL", "f", "1", "k"); r.Int != 1 {
				t.Errorf("%v", r)
			}
			if r, _ := c.Do("EVALSHA", sha, "0"); !strings.HasPrefix(r.Str, "NOSCRIPT") {
				t.Errorf("%v", r)
			}
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
