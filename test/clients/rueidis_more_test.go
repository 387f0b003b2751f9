package clients

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

func (r *viaRueidis) streams(b rueidis.Builder) {
	r.str(b.Xadd().Key("x").Id("1-1").FieldValue().FieldValue("a", "1").FieldValue("b", "2"))
	r.str(b.Xadd().Key("x").Id("2-*").FieldValue().FieldValue("c", "3"))
	r.str(b.Xadd().Key("nosuch").Nomkstream().Id("*").FieldValue().FieldValue("a", "1"))
	r.num(b.Xlen().Key("x"))
	r.entries(b.Xrange().Key("x").Start("-").End("+"))
	r.entries(b.Xrevrange().Key("x").End("+").Start("-").Count(1))
	r.byStream(r.do(b.Xread().Count(10).Streams().Key("x", "y").Id("1-1", "0")))
	r.byStream(r.do(b.Xread().Streams().Key("x").Id("2-0")))
	r.num(b.Xdel().Key("x").Id("1-1"))
	r.num(b.Xtrim().Key("x").Maxlen().Threshold("0"))
	for range 1000 {
		r.do(b.Xadd().Key("big").Maxlen().Exact().Threshold("100").Id("*").FieldValue().FieldValue("f", "v"))
	}
	r.num(b.Xlen().Key("big"))
}

// fieldsOf is a reply of XINFO: an array of pairs with RESP2, a map with RESP3.
func fieldsOf(m rueidis.RedisMessage, err error, names ...string) (any, error) {
	fields, err2 := m.AsMap()
	if err == nil {
		err = err2
	}
	var all []any
	for _, name := range names {
		field := fields[name]
		v, _ := plain(field, nil)
		all = append(all, v)
	}
	return all, err
}

func (r *viaRueidis) groups(b rueidis.Builder) {
	r.str(b.XgroupCreate().Key("x").Group("g").Id("$").Mkstream())
	var ids []string
	for _, n := range []string{"1", "2", "3"} {
		id, _ := r.do(b.Xadd().Key("x").Id(n+"-0").FieldValue().FieldValue("f", n)).ToString()
		ids = append(ids, id)
	}
	r.add(ids, nil)
	r.byStream(r.do(b.Xreadgroup().Group("g", "alice").Count(2).Streams().Key("x").Id(">")))
	r.byStream(r.do(b.Xreadgroup().Group("g", "bob").Streams().Key("x").Id(">")))
	if p, err := r.do(b.Xpending().Key("x").Group("g")).ToArray(); err != nil || len(p) != 4 {
		r.add(nil, err)
	} else {
		count, _ := p[0].AsInt64()
		low, _ := p[1].ToString()
		high, _ := p[2].ToString()
		consumers := map[string]int{}
		each, _ := p[3].ToArray()
		for _, c := range each {
			if pair, err := c.AsStrSlice(); err == nil {
				consumers[pair[0]], _ = strconv.Atoi(pair[1])
			}
		}
		r.add([]any{count, low, high, consumers}, nil)
	}
	r.num(b.Xack().Key("x").Group("g").Id("1-0"))
	pending, err := r.do(b.Xpending().Key("x").Group("g").Start("-").End("+").Count(10)).ToArray()
	var all []any
	for _, p := range pending {
		if v, _ := plain(p, nil); v != nil {
			of := v.([]any)
			all = append(all, []any{of[0], of[1], of[3]})
		}
	}
	r.add(all, err)
	r.entries(b.Xclaim().Key("x").Group("g").Consumer("carol").MinIdleTime("0").Id("2-0"))
	claimed, err := r.do(b.Xautoclaim().Key("x").Group("g").Consumer("carol").MinIdleTime("0").Start("0").Count(10)).ToArray()
	if len(claimed) == 3 {
		next, _ := claimed[0].ToString()
		list, err := xrange(claimed[1].AsXRange())
		r.add([]any{next, list}, err)
	} else {
		r.add(nil, err)
	}
	m, err := r.do(b.XinfoStream().Key("x")).ToMessage()
	r.add(fieldsOf(m, err, "length", "last-generated-id"))
	list := func(cmd built, names ...string) {
		elements, err := r.do(cmd).ToArray()
		var all []any
		for _, e := range elements {
			v, _ := fieldsOf(e, nil, names...)
			all = append(all, v)
		}
		r.add(all, err)
	}
	list(b.XinfoGroups().Key("x"), "name", "consumers", "pending", "last-delivered-id")
	list(b.XinfoConsumers().Key("x").Group("g"), "name", "pending")
	r.num(b.XgroupDelconsumer().Key("x").Group("g").Consumername("carol"))
	r.num(b.XgroupDestroy().Key("x").Group("g"))
}

func (r *viaRueidis) keys(b rueidis.Builder) {
	r.str(b.Set().Key("k").Value("v"))
	r.num(b.Exists().Key("k", "k", "nosuch"))
	r.str(b.Type().Key("k"))
	r.str(b.ObjectEncoding().Key("k"))
	r.str(b.Rename().Key("k").Newkey("k2"))
	r.num(b.Copy().Source("k2").Destination("k3"))
	r.num(b.Expire().Key("k3").Seconds(100))
	left, err := r.do(b.Pttl().Key("k3")).AsInt64()
	r.add(within(left, 90000, 100000), err)
	r.num(b.Persist().Key("k3"))
	dumped, err := r.do(b.Dump().Key("k2")).ToString()
	if err == nil {
		err = r.do(b.Restore().Key("k4").Ttl(0).SerializedValue(dumped)).Error()
	}
	if err != nil {
		r.add(nil, err)
	} else {
		r.str(b.Get().Key("k4"))
	}
	r.do(b.Rpush().Key("sorted").Element("3", "1", "2"))
	r.strs(b.Sort().Key("sorted").Desc())
	r.num(b.Touch().Key("k2", "k3"))
	r.num(b.Unlink().Key("k2", "k3", "nosuch"))
	r.num(b.Dbsize())
	var sets rueidis.Commands
	for i := range 1000 {
		sets = append(sets, b.Set().Key("many:"+strconv.Itoa(i)).Value("v").Build())
	}
	r.c.DoMulti(r.ctx, sets...)
	scan := rueidis.NewScanner(func(cursor uint64) (rueidis.ScanEntry, error) {
		return r.do(b.Scan().Cursor(cursor).Match("many:*").Count(50)).AsScanEntry()
	})
	seen := map[string]bool{}
	for key := range scan.Iter() {
		seen[key] = true
	}
	r.add(len(seen), scan.Err())
}

func (r *viaRueidis) pipeline(b rueidis.Builder) {
	var cmds rueidis.Commands
	for i := range 1000 {
		key := "p:" + strconv.Itoa(i)
		cmds = append(cmds, b.Set().Key(key).Value(strconv.Itoa(i)).Build(), b.Get().Key(key).Build())
	}
	right := 0
	for i, reply := range r.c.DoMulti(r.ctx, cmds...) {
		v, _ := reply.ToString()
		right += number(i%2 == 1 && v == strconv.Itoa(i/2))
	}
	r.add(right, nil)
	replies := r.c.DoMulti(r.ctx, b.Set().Key("n").Value("0").Build(), b.Lpush().Key("l").Element("x").Build(), b.Incr().Key("l").Build(),
		b.Incrby().Key("n").Increment(2).Build())
	r.add(values(replies), nil)
}

// values are plain replies, with the code of an error in its place.
func values(replies []rueidis.RedisResult) []any {
	var all []any
	for _, reply := range replies {
		v, err := plain(reply.ToMessage())
		if err != nil {
			v = code(whole(err))
		}
		all = append(all, v)
	}
	return all
}

func (r *viaRueidis) transaction(b rueidis.Builder) {
	run := func(c rueidis.CoreClient, cmds ...rueidis.Completed) {
		all := append(rueidis.Commands{b.Multi().Build()}, cmds...)
		replies := c.DoMulti(r.ctx, append(all, b.Exec().Build())...)
		exec, err := replies[len(replies)-1].ToArray()
		var got []any
		for _, e := range exec {
			v, err := plain(e, nil)
			if err != nil {
				v = code(whole(err))
			}
			got = append(got, v)
		}
		r.add(got, err)
	}
	run(r.c, b.Set().Key("t").Value("1").Build(), b.Incr().Key("t").Build(), b.Get().Key("t").Build())
	run(r.c, b.Set().Key("t").Value("a").Build(), b.Incr().Key("t").Build(), b.Set().Key("u").Value("1").Build())
	attempt := func(before func()) {
		_ = r.c.Dedicated(func(c rueidis.DedicatedClient) error {
			c.Do(r.ctx, b.Watch().Key("t").Build())
			before()
			run(c, b.Set().Key("t").Value("mine").Build())
			return nil
		})
		r.str(b.Get().Key("t"))
	}
	attempt(func() { r.elsewhere(b.Set().Key("t").Value("another's")) })
	attempt(func() {})
}

func (r *viaRueidis) scripts(b rueidis.Builder) {
	text := "return {KEYS[1], ARGV[1]} -- " + strconv.FormatInt(time.Now().UnixNano(), 36)
	script := rueidis.NewLuaScript(text)
	r.add(script.Exec(r.ctx, r.c, []string{"k"}, []string{"a"}).AsStrSlice())
	evals := func() string { return calls(r.info("commandstats"), "eval") }
	before := evals()
	again, err := script.Exec(r.ctx, r.c, []string{"k"}, []string{"a"}).AsStrSlice()
	r.add([]any{again, number(evals() != before)}, err)
	sha, err := r.do(b.ScriptLoad().Script(text)).ToString()
	if err != nil {
		r.add(nil, err)
	} else {
		r.nums(b.ScriptExists().Sha1(sha))
	}
	r.anything(b.Eval().Script(`return {1, "two", {3, false}, 4.9}`).Numkeys(0))
	r.str(b.Eval().Script(`return redis.call("SET", KEYS[1], ARGV[1])`).Numkeys(1).Key("k").Arg("text"))
	r.add(code(whole(r.do(b.Eval().Script(`return redis.error_reply("MINE it is")`).Numkeys(0)).Error())), nil)
	r.do(b.Eval().Script(`return redis.call("INCR", KEYS[1])`).Numkeys(1).Key("k"))
	r.str(b.Get().Key("k"))
	r.str(b.EvalRo().Script(`return redis.call("GET", KEYS[1])`).Numkeys(1).Key("k"))
	r.do(b.Del().Key("k"))
	r.str(b.FunctionLoad().Replace().FunctionCode(library1))
	add := func(n string) int64 {
		v, err := r.do(b.Fcall().Function("add").Numkeys(1).Key("k").Arg(n)).AsInt64()
		if err != nil {
			return -1
		}
		return v
	}
	r.add([]int64{add("5"), add("6")}, nil)
	r.str(b.FcallRo().Function("peek").Numkeys(1).Key("k"))
	r.str(b.FunctionDelete().LibraryName("lib"))
}

func (r *viaRueidis) pubsub(b rueidis.Builder) {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	came := make(chan rueidis.PubSubMessage, 10)
	receive := func() rueidis.PubSubMessage {
		select {
		case m := <-came:
			return m
		case <-time.After(stepTimeout):
			return rueidis.PubSubMessage{Message: "nothing came"}
		}
	}
	// subscribe returns when the server knows the subscription, and hands on what comes for it.
	subscribe := func(cmd built) {
		ready := make(chan struct{})
		told := rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
			if !strings.Contains(s.Kind, "unsubscribe") {
				close(ready)
			}
		})
		go func() { _ = r.c.Receive(told, cmd.Build(), func(m rueidis.PubSubMessage) { came <- m }) }()
		select {
		case <-ready:
		case <-time.After(stepTimeout):
		}
	}
	publish := func(cmd built) { r.add(r.other.Do(ctx, cmd.Build()).AsInt64()) }
	subscribe(b.Subscribe().Channel("ch"))
	publish(b.Publish().Channel("ch").Message("hello"))
	m := receive()
	r.add([]any{m.Channel, m.Message}, nil)
	subscribe(b.Psubscribe().Pattern("n?ws.*"))
	publish(b.Publish().Channel("news.it").Message("ciao"))
	m = receive()
	r.add([]any{m.Pattern, m.Channel, m.Message}, nil)
	subscribe(b.Ssubscribe().Channel("sh"))
	publish(b.Spublish().Channel("sh").Message("there"))
	m = receive()
	r.add([]any{m.Channel, m.Message}, nil)
	numbers, err := r.other.Do(ctx, b.PubsubNumsub().Channel("ch").Build()).AsIntMap()
	r.add(numbers["ch"], err)
	_ = r.c.Do(ctx, b.Unsubscribe().Channel("ch").Build())
	publish(b.Publish().Channel("ch").Message("hello"))
}

func (r *viaRueidis) cache(b rueidis.Builder) {
	get := func() rueidis.RedisResult { return r.c.DoCache(r.ctx, r.c.B().Get().Key("ck").Cache(), time.Minute) }
	gets := func() int {
		n, _ := strconv.Atoi(calls(r.info("commandstats"), "get"))
		return n
	}
	r.add(r.other.Do(r.ctx, b.Set().Key("ck").Value("1").Build()).ToString())
	before := gets()
	first, err := get().ToString()
	second, _ := get().ToString()
	r.add([]string{first, second}, err)
	r.add(gets()-before, nil)
	r.elsewhere(b.Set().Key("ck").Value("2"))
	value := func() string { v, _ := get().ToString(); return v }
	r.add(eventually(value, func(v string) bool { return v != "1" }), nil)
	r.elsewhere(b.Del().Key("ck"))
	gone := func() error { return get().Error() }
	r.add("", eventually(gone, func(err error) bool { return err != nil }))
}
