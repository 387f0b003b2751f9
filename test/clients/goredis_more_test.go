package clients

import (
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

func entries(messages []redis.XMessage) []any {
	var all []any
	for _, m := range messages {
		all = append(all, []any{m.ID, m.Values})
	}
	return all
}

func byStream(streams []redis.XStream, err error) (any, error) {
	all := map[string]any{}
	for _, s := range streams {
		all[s.Stream] = entries(s.Messages)
	}
	return all, err
}

func (g *goRedis) streams() {
	c, ctx := g.c, g.ctx
	g.add(c.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: "1-1", Values: []any{"a", 1, "b", 2}}).Result())
	g.add(c.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: "2-*", Values: []any{"c", 3}}).Result())
	g.add(c.XAdd(ctx, &redis.XAddArgs{Stream: "nosuch", NoMkStream: true, Values: []any{"a", 1}}).Result())
	g.add(c.XLen(ctx, "x").Result())
	found, err := c.XRange(ctx, "x", "-", "+").Result()
	g.add(entries(found), err)
	found, err = c.XRevRangeN(ctx, "x", "+", "-", 1).Result()
	g.add(entries(found), err)
	g.add(byStream(c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "y", "1-1", "0"}, Count: 10, Block: -1}).Result()))
	g.add(byStream(c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "2-0"}, Block: -1}).Result()))
	g.add(c.XDel(ctx, "x", "1-1").Result())
	g.add(c.XTrimMaxLen(ctx, "x", 0).Result())
	for range 1000 {
		c.XAdd(ctx, &redis.XAddArgs{Stream: "big", MaxLen: 100, Values: []any{"f", "v"}})
	}
	g.add(c.XLen(ctx, "big").Result())
}

func (g *goRedis) groups() {
	c, ctx := g.c, g.ctx
	g.add(c.XGroupCreateMkStream(ctx, "x", "g", "$").Result())
	var ids []string
	for _, n := range []string{"1", "2", "3"} {
		id, _ := c.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: n + "-0", Values: []any{"f", n}}).Result()
		ids = append(ids, id)
	}
	g.add(ids, nil)
	read := func(consumer string, count int64) {
		g.add(byStream(c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: consumer, Streams: []string{"x", ">"}, Count: count, Block: -1}).Result()))
	}
	read("alice", 2)
	read("bob", 0)
	if p, err := c.XPending(ctx, "x", "g").Result(); err != nil {
		g.add(nil, err)
	} else {
		g.add([]any{p.Count, p.Lower, p.Higher, p.Consumers}, nil)
	}
	g.add(c.XAck(ctx, "x", "g", "1-0").Result())
	pending, err := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "x", Group: "g", Start: "-", End: "+", Count: 10}).Result()
	var each []any
	for _, p := range pending {
		each = append(each, []any{p.ID, p.Consumer, p.RetryCount})
	}
	g.add(each, err)
	claimed, err := c.XClaim(ctx, &redis.XClaimArgs{Stream: "x", Group: "g", Consumer: "carol", Messages: []string{"2-0"}}).Result()
	g.add(entries(claimed), err)
	claimed, next, err := c.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: "x", Group: "g", Consumer: "carol", Start: "0", Count: 10}).Result()
	g.add([]any{next, entries(claimed)}, err)
	if s, err := c.XInfoStream(ctx, "x").Result(); err != nil {
		g.add(nil, err)
	} else {
		g.add([]any{s.Length, s.LastGeneratedID}, nil)
	}
	groups, err := c.XInfoGroups(ctx, "x").Result()
	each = nil
	for _, i := range groups {
		each = append(each, []any{i.Name, i.Consumers, i.Pending, i.LastDeliveredID})
	}
	g.add(each, err)
	consumers, err := c.XInfoConsumers(ctx, "x", "g").Result()
	each = nil
	for _, i := range consumers {
		each = append(each, []any{i.Name, i.Pending})
	}
	g.add(each, err)
	g.add(c.XGroupDelConsumer(ctx, "x", "g", "carol").Result())
	g.add(c.XGroupDestroy(ctx, "x", "g").Result())
}

func (g *goRedis) keys() {
	c, ctx := g.c, g.ctx
	g.add(c.Set(ctx, "k", "v", 0).Result())
	g.add(c.Exists(ctx, "k", "k", "nosuch").Result())
	g.add(c.Type(ctx, "k").Result())
	g.add(c.ObjectEncoding(ctx, "k").Result())
	g.add(c.Rename(ctx, "k", "k2").Result())
	g.add(c.Copy(ctx, "k2", "k3", g.opts.DB, false).Result())
	set, err := c.Expire(ctx, "k3", 100*time.Second).Result()
	g.add(number(set), err)
	left, err := c.PTTL(ctx, "k3").Result()
	g.add(within(left.Milliseconds(), 90000, 100000), err)
	kept, err := c.Persist(ctx, "k3").Result()
	g.add(number(kept), err)
	dumped, err := c.Dump(ctx, "k2").Result()
	if err == nil {
		err = c.Restore(ctx, "k4", 0, dumped).Err()
	}
	if err != nil {
		g.add(nil, err)
	} else {
		g.add(c.Get(ctx, "k4").Result())
	}
	c.RPush(ctx, "sorted", 3, 1, 2)
	g.add(c.Sort(ctx, "sorted", &redis.Sort{Order: "DESC"}).Result())
	g.add(c.Touch(ctx, "k2", "k3").Result())
	g.add(c.Unlink(ctx, "k2", "k3", "nosuch").Result())
	g.add(c.DBSize(ctx).Result())
	pipe := c.Pipeline()
	for i := range 1000 {
		pipe.Set(ctx, "many:"+strconv.Itoa(i), i, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		g.add(nil, err)
		return
	}
	g.add(drain(ctx, c.Scan(ctx, 0, "many:*", 50).Iterator(), 1))
}

func (g *goRedis) pipeline() {
	c, ctx := g.c, g.ctx
	pipe := c.Pipeline()
	var gets []*redis.StringCmd
	for i := range 1000 {
		pipe.Set(ctx, "p:"+strconv.Itoa(i), i, 0)
		gets = append(gets, pipe.Get(ctx, "p:"+strconv.Itoa(i)))
	}
	_, err := pipe.Exec(ctx)
	right := 0
	for i, get := range gets {
		right += number(get.Val() == strconv.Itoa(i))
	}
	g.add(right, err)
	pipe = c.Pipeline()
	a, b, wrong, d := pipe.Set(ctx, "n", 0, 0), pipe.LPush(ctx, "l", "x"), pipe.Incr(ctx, "l"), pipe.IncrBy(ctx, "n", 2)
	_, _ = pipe.Exec(ctx)
	g.add([]any{a.Val(), b.Val(), code(wrong.Err()), d.Val()}, nil)
}

func (g *goRedis) transaction() {
	c, ctx := g.c, g.ctx
	tx := c.TxPipeline()
	set, incr, get := tx.Set(ctx, "t", 1, 0), tx.Incr(ctx, "t"), tx.Get(ctx, "t")
	_, err := tx.Exec(ctx)
	g.add([]any{set.Val(), incr.Val(), get.Val()}, err)
	tx = c.TxPipeline()
	set, incr = tx.Set(ctx, "t", "a", 0), tx.Incr(ctx, "t")
	last := tx.Set(ctx, "u", 1, 0)
	_, _ = tx.Exec(ctx)
	g.add([]any{set.Val(), code(incr.Err()), last.Val()}, nil)
	attempt := func(before func()) error {
		return c.Watch(ctx, func(w *redis.Tx) error {
			before()
			_, err := w.TxPipelined(ctx, func(p redis.Pipeliner) error {
				set = p.Set(ctx, "t", "mine", 0)
				return nil
			})
			return err
		}, "t")
	}
	if err := attempt(func() { g.other.Set(ctx, "t", "another's", 0) }); err == redis.TxFailedErr {
		g.add(nil, nil)
	} else {
		g.add("not aborted", err)
	}
	g.add(c.Get(ctx, "t").Result())
	err = attempt(func() {})
	g.add([]any{set.Val()}, err)
	g.add(c.Get(ctx, "t").Result())
}

const library1 = `#!lua name=lib
redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}`

func (g *goRedis) scripts() {
	c, ctx := g.c, g.ctx
	script := redis.NewScript("return {KEYS[1], ARGV[1]} -- " + strconv.FormatInt(time.Now().UnixNano(), 36))
	g.add(script.Run(ctx, c, []string{"k"}, "a").Result())
	evals := func() string { return calls(g.other.Info(ctx, "commandstats").Val(), "eval") }
	before := evals()
	again, err := script.Run(ctx, c, []string{"k"}, "a").Result()
	g.add([]any{again, number(evals() != before)}, err)
	there, err := script.Exists(ctx, c).Result()
	var numbers []int
	for _, b := range there {
		numbers = append(numbers, number(b))
	}
	g.add(numbers, err)
	g.add(c.Eval(ctx, `return {1, "two", {3, false}, 4.9}`, nil).Result())
	g.add(c.Eval(ctx, `return redis.call("SET", KEYS[1], ARGV[1])`, []string{"k"}, "text").Result())
	g.add(code(c.Eval(ctx, `return redis.error_reply("MINE it is")`, nil).Err()), nil)
	c.Eval(ctx, `return redis.call("INCR", KEYS[1])`, []string{"k"})
	g.add(c.Get(ctx, "k").Result())
	g.add(c.EvalRO(ctx, `return redis.call("GET", KEYS[1])`, []string{"k"}).Result())
	c.Del(ctx, "k")
	g.add(c.FunctionLoadReplace(ctx, library1).Result())
	a, err := c.FCall(ctx, "add", []string{"k"}, 5).Result()
	b, _ := c.FCall(ctx, "add", []string{"k"}, 6).Result()
	g.add([]any{a, b}, err)
	g.add(c.FCallRO(ctx, "peek", []string{"k"}).Result())
	g.add(c.FunctionDelete(ctx, "lib").Result())
}

func (g *goRedis) pubsub() {
	c, ctx := g.c, g.ctx
	receive := func(ps *redis.PubSub) *redis.Message {
		for {
			m, err := ps.ReceiveTimeout(ctx, stepTimeout)
			if err != nil {
				return &redis.Message{Payload: "error: " + err.Error()}
			}
			if m, ok := m.(*redis.Message); ok {
				return m
			}
		}
	}
	confirm := func(ps *redis.PubSub) { // the confirmation of a subscription comes first
		if _, err := ps.ReceiveTimeout(ctx, stepTimeout); err != nil {
			g.add(nil, err)
		}
	}
	sub := c.Subscribe(ctx, "ch")
	confirm(sub)
	g.add(g.other.Publish(ctx, "ch", "hello").Result())
	m := receive(sub)
	g.add([]any{m.Channel, m.Payload}, nil)
	pattern := c.PSubscribe(ctx, "n?ws.*")
	confirm(pattern)
	g.add(g.other.Publish(ctx, "news.it", "ciao").Result())
	m = receive(pattern)
	g.add([]any{m.Pattern, m.Channel, m.Payload}, nil)
	sharded := c.SSubscribe(ctx, "sh")
	confirm(sharded)
	g.add(g.other.SPublish(ctx, "sh", "there").Result())
	m = receive(sharded)
	g.add([]any{m.Channel, m.Payload}, nil)
	numbers, err := c.PubSubNumSub(ctx, "ch").Result()
	g.add(numbers["ch"], err)
	_ = sub.Unsubscribe(ctx, "ch")
	confirm(sub)
	g.add(g.other.Publish(ctx, "ch", "hello").Result())
	_, _, _ = sub.Close(), pattern.Close(), sharded.Close()
}

// whileBlocked does something as soon as the server says that a client waits.
func (g *goRedis) whileBlocked(do func()) {
	go func() {
		eventually(func() string { return infoField(g.other.Info(g.ctx, "clients").Val(), "blocked_clients") }, func(n string) bool { return n != "0" })
		do()
	}()
}

func (g *goRedis) blocking() {
	c, other, ctx := g.c, g.other, g.ctx
	g.whileBlocked(func() { other.RPush(ctx, "q", "a") })
	g.add(c.BLPop(ctx, stepTimeout, "q").Result())
	g.add(c.Do(ctx, "BLPOP", "q", "0.05").Result()) // go-redis itself rounds time limits up to seconds
	g.whileBlocked(func() { other.RPush(ctx, "q", "b") })
	g.add(c.BLMove(ctx, "q", "r", "LEFT", "RIGHT", stepTimeout).Result())
	g.whileBlocked(func() { other.ZAdd(ctx, "z", redis.Z{Score: 1.5, Member: "m"}) })
	if z, err := c.BZPopMin(ctx, stepTimeout, "z").Result(); err != nil {
		g.add(nil, err)
	} else {
		g.add([]any{z.Key, z.Member, z.Score}, nil)
	}
	c.XGroupCreateMkStream(ctx, "x", "g", "$")
	g.whileBlocked(func() { other.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: "5-0", Values: []any{"f", "v"}}) })
	g.add(byStream(c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "$"}, Block: stepTimeout}).Result()))
	c.XGroupSetID(ctx, "x", "g", "$")
	g.whileBlocked(func() { other.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: "6-0", Values: []any{"f", "w"}}) })
	g.add(byStream(c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"x", ">"}, Block: stepTimeout}).Result()))
}

func (g *goRedis) errors() {
	c, ctx := g.c, g.ctx
	c.Set(ctx, "s", "9223372036854775807", 0)
	g.failed(c.HGet(ctx, "s", "f").Err())
	g.failed(c.Do(ctx, "NOSUCH", "arg").Err())
	g.failed(c.EvalSha(ctx, strings.Repeat("0", 40), nil).Err())
	g.failed(c.Do(ctx, "SET", "s", "v", "WRONG").Err())
	g.failed(c.Incr(ctx, "s").Err())
	o := g.options()
	o.Password = "wrong"
	stranger := redis.NewClient(o)
	defer stranger.Close()
	err := stranger.Ping(ctx).Err()
	if err != nil && strings.Contains(err.Error(), "WRONGPASS ") {
		g.add("WRONGPASS", nil)
	} else {
		g.failed(err)
	}
}

func (g *goRedis) cache() {
	o := g.options()
	o.DB = 0 // go-redis caches nothing of other databases
	o.ClientSideCacheConfig = &redis.ClientSideCacheConfig{MaxEntries: 100}
	c := redis.NewClient(o)
	defer c.Close()
	o.ClientSideCacheConfig = nil
	other := redis.NewClient(o)
	defer other.Close()
	ctx := g.ctx
	gets := func() int {
		n, _ := strconv.Atoi(calls(other.Info(ctx, "commandstats").Val(), "get"))
		return n
	}
	g.add(other.Set(ctx, "ck", 1, 0).Result())
	before := gets()
	a, err := c.Get(ctx, "ck").Result()
	b, _ := c.Get(ctx, "ck").Result()
	g.add([]string{a, b}, err)
	g.add(gets()-before, nil)
	other.Set(ctx, "ck", 2, 0)
	value := func() string { return c.Get(ctx, "ck").Val() }
	g.add(eventually(value, func(v string) bool { return v != "1" }), nil)
	other.Del(ctx, "ck")
	gone := func() error { return c.Get(ctx, "ck").Err() }
	g.add("", eventually(gone, func(err error) bool { return err != nil }))
}
