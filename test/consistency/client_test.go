package consistency

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/haypile/haypile/test/group"
)

// clients use a group at once and write down what they see.
type clients struct {
	h    *history
	done sync.WaitGroup
	stop chan struct{}
	next atomic.Int64 // operations begun: keys are exchanged for new ones by it
	last atomic.Int64 // Unix ns of the last confirmation

	mu    sync.Mutex
	added []string // elements that must be in the collections
}

const (
	count    = 6
	keysOf   = 3   // of each type in use at a time
	opsOfGen = 900 // operations until keys are exchanged: short histories are judged quickly
)

func startClients(c *redis.Client) *clients {
	x := &clients{h: newHistory(), stop: make(chan struct{})}
	for id := range count {
		x.done.Add(1)
		go x.work(id, c)
	}
	x.done.Add(1)
	go x.collect(c)
	return x
}

func (x *clients) end() {
	close(x.stop)
	x.done.Wait()
}

func (x *clients) pause(d time.Duration) (stopped bool) {
	select {
	case <-x.stop:
		return true
	case <-time.After(d):
		return false
	}
}

func (x *clients) work(id int, c *redis.Client) {
	defer x.done.Done()
	rnd := rand.New(rand.NewPCG(uint64(id), 7))
	for !x.pause(5 * time.Millisecond) {
		op := choose(rnd, int(x.next.Add(1))/opsOfGen, id)
		began := time.Now()
		value, f := confirm(c, op, "fence:"+strconv.Itoa(id))
		x.h.add(id, began, op, value, f)
		switch f {
		case confirmed:
			x.last.Store(time.Now().UnixNano())
		default: // many operations that may have happened make the search long
			if x.pause(100 * time.Millisecond) {
				return
			}
		}
	}
}

var verbs = [][]verb{{get, set, swap}, {get, incr, incr}, {push, pop, list}}

func choose(rnd *rand.Rand, generation, id int) call {
	kind := rnd.IntN(len(verbs))
	c := call{Verb: verbs[kind][rnd.IntN(3)], Key: fmt.Sprintf("%s:%d:%d", [...]string{"register", "counter", "list"}[kind], generation, rnd.IntN(keysOf))}
	switch c.Verb {
	case set, swap, push:
		c.Arg = fmt.Sprintf("%d-%x", id, rnd.Uint32())
	case incr:
		c.Arg = strconv.Itoa(1 + rnd.IntN(9))
	}
	return c
}

// confirm does an operation in a transaction with a write, and waits for a replica.
func confirm(c *redis.Client, op call, fence string) (value string, f fate) {
	ctx := group.Background
	conn := c.Conn()
	defer conn.Close()
	if err := conn.Ping(ctx).Err(); err != nil { // a connection that cannot be made, or was ended, has done nothing
		return "", undone
	}
	tx := conn.TxPipeline()
	reply := tx.Do(ctx, command(op)...)
	tx.Incr(ctx, fence)
	if _, err := tx.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return "", fateOf(err)
	}
	value, err := text(reply)
	if err != nil {
		return "", fateOf(err)
	}
	if n, err := conn.Wait(ctx, 1, time.Second).Result(); err != nil || n < 1 {
		return "", unknown
	}
	return value, confirmed
}

func command(op call) []any {
	switch op.Verb {
	case swap:
		return []any{"SET", op.Key, op.Arg, "GET"}
	case list:
		return []any{"LRANGE", op.Key, 0, -1}
	case get, pop:
		return []any{string(op.Verb), op.Key}
	}
	return []any{string(op.Verb), op.Key, op.Arg}
}

func text(reply *redis.Cmd) (string, error) {
	v, err := reply.Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if elements, is := v.([]any); is {
		return strings.Trim(fmt.Sprint(elements), "[]"), err
	}
	return fmt.Sprint(v), err
}

// fateOf says what an error leaves open.
func fateOf(err error) fate {
	for _, prefix := range []string{"READONLY", "NOREPLICAS", "LOADING", "MASTERDOWN", "EXECABORT"} {
		if strings.HasPrefix(err.Error(), prefix) {
			return undone
		}
	}
	return unknown
}

// collections are types without a model: what is added must be there in the end.
var collections = map[string]func(e string) []any{
	"set":    func(e string) []any { return []any{"SADD", "collected:set", e} },
	"hash":   func(e string) []any { return []any{"HSET", "collected:hash", e, "1"} },
	"zset":   func(e string) []any { return []any{"ZADD", "collected:zset", "1", e} },
	"stream": func(e string) []any { return []any{"XADD", "collected:stream", e + "-1", "f", "v"} },
}

// membership are the commands that ask for an element.
var membership = map[string]func(e string) []any{
	"set":    func(e string) []any { return []any{"SISMEMBER", "collected:set", e} },
	"hash":   func(e string) []any { return []any{"HEXISTS", "collected:hash", e} },
	"zset":   func(e string) []any { return []any{"ZSCORE", "collected:zset", e} },
	"stream": func(e string) []any { return []any{"XRANGE", "collected:stream", e + "-1", e + "-1"} },
}

func (x *clients) collect(c *redis.Client) {
	defer x.done.Done()
	ctx := context.Background()
	for n := 1; !x.pause(5 * time.Millisecond); n++ {
		for kind, add := range collections {
			conn := c.Conn()
			err := conn.Do(ctx, add(strconv.Itoa(n))...).Err()
			if err == nil {
				if got, err := conn.Wait(ctx, 1, time.Second).Result(); err == nil && got > 0 {
					x.mu.Lock()
					x.added = append(x.added, kind+" "+strconv.Itoa(n))
					x.mu.Unlock()
				}
			}
			conn.Close()
		}
	}
}
