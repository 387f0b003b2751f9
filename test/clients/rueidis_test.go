package clients

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// viaRueidis runs the scenario with rueidis. Each method does a section.
type viaRueidis struct {
	recorder
	ctx   context.Context
	c     rueidis.Client
	other rueidis.Client // the "another client" of the scenario
	opts  rueidis.ClientOption
}

func runRueidis(t *testing.T, how connection) map[string][]any {
	opts := rueidis.ClientOption{
		InitAddress: []string{how.addr()}, TLSConfig: how.tlsConfig(t), AlwaysRESP2: how.Protocol == 2, DisableCache: how.Protocol == 2,
		Username: how.User, Password: how.Password, SelectDB: how.Database, ClientName: how.Name, DisableRetry: true,
		ConnWriteTimeout: stepTimeout, ForceSingleClient: true,
	}
	if how.Transport == "unix" {
		opts.InitAddress = []string{how.Path}
		opts.DialCtxFn = func(ctx context.Context, path string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "unix", path)
		}
	}
	r := &viaRueidis{ctx: contextFor(t), opts: opts}
	for _, c := range []*rueidis.Client{&r.c, &r.other} {
		var err error
		if *c, err = rueidis.NewClient(opts); err != nil {
			t.Fatal(err)
		}
		defer (*c).Close()
	}
	all := map[string][]any{}
	for name, do := range map[string]func(b rueidis.Builder){
		"session": r.session, "strings": r.strings, "bitmaps": r.bitmaps, "hashes": r.hashes, "fieldttl": r.fieldTTL, "lists": r.lists, "sets": r.sets,
		"zsets": r.zsets, "geo": r.geo, "hyperloglog": r.hyperloglog, "streams": r.streams, "groups": r.groups, "keys": r.keys,
		"pipeline": r.pipeline, "transaction": r.transaction, "scripts": r.scripts, "pubsub": r.pubsub, "blocking": r.blocking,
		"errors": r.errors, "cache": r.cache,
	} {
		if name == "cache" && how.Protocol == 2 {
			continue
		}
		if err := r.other.Do(r.ctx, r.other.B().Flushdb().Build()).Error(); err != nil {
			t.Fatal(err)
		}
		r.got = nil
		do(r.c.B())
		all[name] = r.got
	}
	return all
}

// built is a command of any of rueidis's builders.
type built interface{ Build() rueidis.Completed }

func (r *viaRueidis) do(cmd built) rueidis.RedisResult  { return r.c.Do(r.ctx, cmd.Build()) }
func (r *viaRueidis) elsewhere(cmd built)               { _ = r.other.Do(r.ctx, cmd.Build()) }
func (r *viaRueidis) str(cmd built)                     { r.add(r.do(cmd).ToString()) }
func (r *viaRueidis) num(cmd built)                     { r.add(r.do(cmd).AsInt64()) }
func (r *viaRueidis) float(cmd built)                   { r.add(r.do(cmd).AsFloat64()) }
func (r *viaRueidis) strs(cmd built)                    { r.add(r.do(cmd).AsStrSlice()) }
func (r *viaRueidis) nums(cmd built)                    { r.add(r.do(cmd).AsIntSlice()) }
func (r *viaRueidis) strMap(cmd built)                  { r.add(r.do(cmd).AsStrMap()) }
func (r *viaRueidis) set(cmd built)                     { r.sorted(r.do(cmd).AsStrSlice()) }
func (r *viaRueidis) anything(cmd built)                { r.add(plain(r.do(cmd).ToMessage())) }
func (r *viaRueidis) scored(cmd built)                  { r.add(scoresOf(r.do(cmd).AsZScores())) }
func (r *viaRueidis) entries(cmd built)                 { r.add(xrange(r.do(cmd).AsXRange())) }
func (r *viaRueidis) byStream(res rueidis.RedisResult)  { r.add(xread(res.AsXRead())) }
func (r *viaRueidis) info(section string) (text string) { return r.infoOf(r.other, section) }
func (r *viaRueidis) infoOf(c rueidis.Client, section string) string {
	text, _ := c.Do(r.ctx, c.B().Info().Section(section).Build()).ToString()
	return text
}

// plain is a reply without rueidis's types.
func plain(m rueidis.RedisMessage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	switch {
	case m.IsNil():
		return nil, nil
	case m.IsInt64():
		return m.AsInt64()
	case m.IsFloat64():
		return m.AsFloat64()
	case m.IsArray():
		elements, err := m.ToArray()
		all := []any{}
		for _, e := range elements {
			v, err := plain(e, nil)
			if err != nil {
				v = "error: " + err.Error()
			}
			all = append(all, v)
		}
		return all, err
	}
	return m.ToString()
}

func scoresOf(zs []rueidis.ZScore, err error) (any, error) {
	var all []any
	for _, z := range zs {
		all = append(all, []any{z.Member, z.Score})
	}
	return all, err
}

func xrange(list []rueidis.XRangeEntry, err error) (any, error) {
	var all []any
	for _, e := range list {
		all = append(all, []any{e.ID, e.FieldValues})
	}
	return all, err
}

func xread(streams map[string][]rueidis.XRangeEntry, err error) (any, error) {
	all := map[string]any{}
	for name, list := range streams {
		all[name], _ = xrange(list, nil)
	}
	return all, err
}

func (r *viaRueidis) session(b rueidis.Builder) {
	info, err := r.do(b.ClientInfo()).ToString()
	r.add(infoField(info, "user"), err)
	db, _ := strconv.Atoi(infoField(info, "db"))
	r.add(db, nil)
	r.add(infoField(info, "name"), nil)
	resp, _ := strconv.Atoi(infoField(info, "resp"))
	r.add(resp, nil)
	r.add(infoField(info, "lib-name") == "rueidis", nil)
	r.str(b.Ping())
	r.str(b.Echo().Message("héllo\r\n"))
}

func (r *viaRueidis) strings(b rueidis.Builder) {
	r.str(b.Set().Key("s").Value("hello"))
	r.str(b.Get().Key("s"))
	r.str(b.Get().Key("nosuch"))
	r.str(b.Set().Key("s").Value("other").Nx())
	r.str(b.Set().Key("s").Value("world").Get())
	r.str(b.Set().Key("t").Value("v").ExSeconds(100))
	ttl, err := r.do(b.Ttl().Key("t")).AsInt64()
	r.add(within(ttl, 90, 100), err)
	r.num(b.Append().Key("s").Value("!"))
	r.num(b.Strlen().Key("s"))
	r.str(b.Getrange().Key("s").Start(1).End(3))
	r.num(b.Setrange().Key("s").Offset(5).Value("?"))
	r.str(b.Getdel().Key("s"))
	r.num(b.Incr().Key("n"))
	r.num(b.Incrby().Key("n").Increment(41))
	r.num(b.Decr().Key("n"))
	r.float(b.Incrbyfloat().Key("f").Increment(1.5))
	r.str(b.Mset().KeyValue().KeyValue("a", "1").KeyValue("b", "2"))
	r.anything(b.Mget().Key("a", "nosuch", "b"))
	r.num(b.Msetnx().KeyValue().KeyValue("a", "1").KeyValue("c", "3"))
	r.str(b.Getex().Key("t").Persist())
	r.num(b.Ttl().Key("t"))
	big := allBytes()
	r.do(b.Set().Key("big\r\n\x00").Value(big))
	back, err := r.do(b.Get().Key("big\r\n\x00")).ToString()
	r.add(same(back, big), err)
}

func (r *viaRueidis) bitmaps(b rueidis.Builder) {
	r.num(b.Setbit().Key("b").Offset(7).Value(1))
	r.num(b.Getbit().Key("b").Offset(7))
	r.num(b.Bitcount().Key("b"))
	r.num(b.Bitpos().Key("b").Bit(1))
	r.num(b.Bitop().Not().Destkey("d").Key("b"))
	r.num(b.Bitcount().Key("d").Start(0).End(-1))
	r.nums(b.Bitfield().Key("b").Set("u8", 8, 200).Get("u4", 8).Incrby("i5", 100, 1))
}

func (r *viaRueidis) hashes(b rueidis.Builder) {
	r.num(b.Hset().Key("h").FieldValue().FieldValue("f1", "v1").FieldValue("f2", "v2").FieldValue("n", "1"))
	r.str(b.Hget().Key("h").Field("f1"))
	r.str(b.Hget().Key("h").Field("nosuch"))
	r.strMap(b.Hgetall().Key("h"))
	r.strMap(b.Hgetall().Key("nosuch"))
	r.anything(b.Hmget().Key("h").Field("f1", "nosuch", "n"))
	r.num(b.Hincrby().Key("h").Field("n").Increment(4))
	r.float(b.Hincrbyfloat().Key("h").Field("n").Increment(0.5))
	r.num(b.Hdel().Key("h").Field("f2", "nosuch"))
	r.set(b.Hkeys().Key("h"))
	r.set(b.Hvals().Key("h"))
	r.num(b.Hlen().Key("h"))
	r.num(b.Hexists().Key("h").Field("f1"))
	// RESP3 answers with pairs, which only a caller that knows the command can turn into a map.
	reply, err := r.do(b.Hrandfield().Key("h").Count(5).Withvalues()).ToArray()
	fields := map[string]string{}
	for i := 0; i < len(reply); i++ {
		if pair, err := reply[i].AsStrSlice(); err == nil {
			fields[pair[0]] = pair[1]
		} else if i++; i < len(reply) {
			field, _ := reply[i-1].ToString()
			fields[field], _ = reply[i].ToString()
		}
	}
	r.add(fields, err)
	many := b.Hset().Key("big").FieldValue()
	for i := range 1000 {
		many.FieldValue("field:"+strconv.Itoa(i), strconv.Itoa(i))
	}
	r.do(many)
	scan := rueidis.NewScanner(func(cursor uint64) (rueidis.ScanEntry, error) {
		return r.do(b.Hscan().Key("big").Cursor(cursor).Match("field:*").Count(50)).AsScanEntry()
	})
	seen := map[string]bool{}
	for field := range scan.Iter2() {
		seen[field] = true
	}
	r.add(len(seen), scan.Err())
}

func (r *viaRueidis) fieldTTL(b rueidis.Builder) {
	r.num(b.Hset().Key("e").FieldValue().FieldValue("a", "1").FieldValue("b", "2").FieldValue("c", "3"))
	r.nums(b.Hexpire().Key("e").Seconds(100).Fields().Numfields(2).Field("a", "nosuch"))
	ttls, err := r.do(b.Httl().Key("e").Fields().Numfields(2).Field("a", "b")).AsIntSlice()
	if len(ttls) == 2 {
		r.add([]any{within(ttls[0], 90, 100), ttls[1]}, err)
	} else {
		r.add(ttls, err)
	}
	r.nums(b.Hpersist().Key("e").Fields().Numfields(1).Field("a"))
	r.nums(b.Hexpireat().Key("e").UnixTimeSeconds(4102444800).Fields().Numfields(1).Field("b"))
	r.nums(b.Hexpiretime().Key("e").Fields().Numfields(2).Field("b", "c"))
	r.anything(b.Hgetex().Key("e").Ex(100).Fields().Numfields(2).Field("a", "nosuch"))
	r.num(b.Hsetex().Key("e").Ex(100).Fields().Numfields(1).FieldValue().FieldValue("d", "4"))
	r.strs(b.Hgetdel().Key("e").Fields().Numfields(1).Field("d"))
	r.nums(b.Hpexpire().Key("e").Milliseconds(1).Fields().Numfields(1).Field("c"))
	gone := func() error { return r.do(b.Hget().Key("e").Field("c")).Error() }
	r.add("", eventually(gone, func(err error) bool { return err != nil }))
	r.strMap(b.Hgetall().Key("e"))
}

func (r *viaRueidis) lists(b rueidis.Builder) {
	r.num(b.Rpush().Key("l").Element("a", "b", "c", "d"))
	r.num(b.Lpush().Key("l").Element("z"))
	r.strs(b.Lrange().Key("l").Start(0).Stop(-1))
	r.str(b.Lindex().Key("l").Index(1))
	r.str(b.Lindex().Key("l").Index(100))
	r.num(b.Linsert().Key("l").Before().Pivot("c").Element("x"))
	r.str(b.Lset().Key("l").Index(0).Element("y"))
	r.num(b.Lrem().Key("l").Count(1).Element("x"))
	r.num(b.Lpos().Key("l").Element("c"))
	r.nums(b.Lpos().Key("l").Element("c").Count(0))
	r.str(b.Lmove().Source("l").Destination("m").Left().Right())
	popped, err := r.do(b.Lmpop().Numkeys(2).Key("nosuch", "l").Left().Count(2)).AsLMPop()
	r.add([]any{popped.Key, popped.Values}, err)
	r.strs(b.Rpop().Key("l").Count(5))
	r.str(b.Lpop().Key("l"))
	r.num(b.Llen().Key("l"))
	many := make([]string, 2000)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	r.do(b.Rpush().Key("big").Element(many...))
	r.do(b.Ltrim().Key("big").Start(10).Stop(-11))
	r.num(b.Llen().Key("big"))
}

func (r *viaRueidis) sets(b rueidis.Builder) {
	r.num(b.Sadd().Key("s").Member("a", "b", "c"))
	r.num(b.Sadd().Key("s2").Member("b", "c", "d"))
	r.set(b.Smembers().Key("s"))
	r.num(b.Sismember().Key("s").Member("a"))
	r.nums(b.Smismember().Key("s").Member("a", "x"))
	r.set(b.Sinter().Key("s", "s2"))
	r.set(b.Sunion().Key("s", "s2"))
	r.set(b.Sdiff().Key("s", "s2"))
	r.num(b.Sintercard().Numkeys(2).Key("s", "s2").Limit(1))
	r.num(b.Sinterstore().Destination("d").Key("s", "s2"))
	r.num(b.Smove().Source("s").Destination("s2").Member("a"))
	r.num(b.Srem().Key("s2").Member("a", "nosuch"))
	five, err := r.do(b.Srandmember().Key("s2").Count(-5)).AsStrSlice()
	r.add(len(five), err)
	r.set(b.Spop().Key("s").Count(10))
	r.num(b.Scard().Key("s"))
	many := make([]string, 1000)
	for i := range many {
		many[i] = "member:" + strconv.Itoa(i)
	}
	r.do(b.Sadd().Key("big").Member(many...))
	scan := rueidis.NewScanner(func(cursor uint64) (rueidis.ScanEntry, error) {
		return r.do(b.Sscan().Key("big").Cursor(cursor).Count(50)).AsScanEntry()
	})
	members := slices.Collect(scan.Iter())
	slices.Sort(members)
	r.add(len(slices.Compact(members)), scan.Err())
}

func (r *viaRueidis) zsets(b rueidis.Builder) {
	r.num(b.Zadd().Key("z").ScoreMember().ScoreMember(1, "a").ScoreMember(2.5, "b").ScoreMember(3, "c"))
	r.num(b.Zadd().Key("z").Gt().Ch().ScoreMember().ScoreMember(2, "a").ScoreMember(1, "b"))
	r.float(b.Zadd().Key("z").Incr().ScoreMember().ScoreMember(1, "a"))
	r.float(b.Zscore().Key("z").Member("b"))
	r.float(b.Zscore().Key("z").Member("nosuch"))
	r.add(r.do(b.Zmscore().Key("z").Member("a", "b")).AsFloatSlice())
	r.scored(b.Zrange().Key("z").Min("0").Max("-1").Withscores())
	r.strs(b.Zrange().Key("z").Min("+inf").Max("(2.5").Byscore().Rev().Limit(0, 1))
	r.strs(b.Zrange().Key("z").Min("-").Max("+").Bylex().Limit(1, 1))
	r.float(b.Zincrby().Key("z").Increment(0.25).Member("b"))
	r.num(b.Zrank().Key("z").Member("c"))
	rank, err := r.do(b.Zrank().Key("z").Member("c").Withscore()).ToArray()
	if len(rank) == 2 {
		place, _ := rank[0].AsInt64()
		score, _ := rank[1].AsFloat64()
		r.add([]any{place, score}, err)
	} else {
		r.add(nil, err)
	}
	r.num(b.Zrevrank().Key("z").Member("c"))
	r.num(b.Zrank().Key("z").Member("nosuch"))
	r.num(b.Zcount().Key("z").Min("-inf").Max("3"))
	r.num(b.Zcard().Key("z"))
	lowest, err := r.do(b.Zpopmin().Key("z")).AsZScore()
	r.add([]any{[]any{lowest.Member, lowest.Score}}, err)
	popped, err := r.do(b.Zmpop().Numkeys(1).Key("z").Max().Count(1)).AsZMPop()
	values, _ := scoresOf(popped.Values, nil)
	r.add([]any{popped.Key, values}, err)
	r.num(b.Zadd().Key("y").ScoreMember().ScoreMember(10, "a").ScoreMember(20, "q"))
	r.scored(b.Zunion().Numkeys(2).Key("z", "y").Weights(2, 1).Withscores())
	r.num(b.Zinterstore().Destination("d").Numkeys(2).Key("z", "y"))
	r.strs(b.Zdiff().Numkeys(2).Key("y", "z"))
	r.num(b.Zremrangebyscore().Key("y").Min("15").Max("25"))
	r.num(b.Zrem().Key("y").Member("a"))
	many := b.Zadd().Key("big").ScoreMember()
	for i := range 1000 {
		many.ScoreMember(float64(i), "member:"+strconv.Itoa(i))
	}
	r.do(many)
	scan := rueidis.NewScanner(func(cursor uint64) (rueidis.ScanEntry, error) {
		return r.do(b.Zscan().Key("big").Cursor(cursor).Count(50)).AsScanEntry()
	})
	seen, sum := map[string]bool{}, 0.0
	for member, text := range scan.Iter2() {
		if score, err := strconv.ParseFloat(text, 64); err == nil && !seen[member] {
			sum += score
		}
		seen[member] = true
	}
	r.add(sum, scan.Err())
}

func (r *viaRueidis) geo(b rueidis.Builder) {
	r.num(b.Geoadd().Key("g").LongitudeLatitudeMember().LongitudeLatitudeMember(13.361389, 38.115556, "Palermo").
		LongitudeLatitudeMember(15.087269, 37.502669, "Catania"))
	dist, err := r.do(b.Geodist().Key("g").Member1("Palermo").Member2("Catania").Km()).AsFloat64()
	r.add(round(dist, 2), err)
	r.strs(b.Geohash().Key("g").Member("Palermo", "Catania"))
	places, err := r.do(b.Geopos().Key("g").Member("Palermo", "nosuch")).ToArray()
	var rounded []any
	for _, p := range places {
		if p.IsNil() {
			rounded = append(rounded, nil)
		} else if xy, err := p.AsFloatSlice(); err == nil {
			rounded = append(rounded, []float64{round(xy[0], 3), round(xy[1], 3)})
		}
	}
	r.add(rounded, err)
	r.strs(b.Geosearch().Key("g").Fromlonlat(15, 37).Byradius(200).Km().Asc())
	near, err := r.do(b.Geosearch().Key("g").Frommember("Palermo").Bybox(10).Height(10).Km().Withdist()).AsGeosearch()
	var found []any
	for _, n := range near {
		found = append(found, []any{n.Name, round(n.Dist, 2)})
	}
	r.add(found, err)
	r.num(b.Geosearchstore().Destination("d").Source("g").Fromlonlat(15, 37).Byradius(100).Km())
}

func (r *viaRueidis) hyperloglog(b rueidis.Builder) {
	r.num(b.Pfadd().Key("p").Element("a", "b", "c"))
	r.num(b.Pfadd().Key("p").Element("a"))
	r.num(b.Pfcount().Key("p"))
	r.num(b.Pfadd().Key("q").Element("c", "d"))
	r.str(b.Pfmerge().Destkey("r").Sourcekey("p", "q"))
	r.num(b.Pfcount().Key("r"))
}

// whileBlocked does something as soon as the server says that a client waits.
func (r *viaRueidis) whileBlocked(do func()) {
	go func() {
		eventually(func() string { return infoField(r.info("clients"), "blocked_clients") }, func(n string) bool { return n != "0" })
		do()
	}()
}

func (r *viaRueidis) blocking(b rueidis.Builder) {
	const seconds = float64(stepTimeout / time.Second)
	r.whileBlocked(func() { r.elsewhere(b.Rpush().Key("q").Element("a")) })
	r.strs(b.Blpop().Key("q").Timeout(seconds))
	r.strs(b.Blpop().Key("q").Timeout(0.05))
	r.whileBlocked(func() { r.elsewhere(b.Rpush().Key("q").Element("b")) })
	r.str(b.Blmove().Source("q").Destination("r").Left().Right().Timeout(seconds))
	r.whileBlocked(func() { r.elsewhere(b.Zadd().Key("z").ScoreMember().ScoreMember(1.5, "m")) })
	if z, err := r.do(b.Bzpopmin().Key("z").Timeout(seconds)).ToArray(); err != nil || len(z) != 3 {
		r.add(nil, err)
	} else {
		key, _ := z[0].ToString()
		member, _ := z[1].ToString()
		score, _ := z[2].AsFloat64()
		r.add([]any{key, member, score}, nil)
	}
	r.do(b.XgroupCreate().Key("x").Group("g").Id("$").Mkstream())
	r.whileBlocked(func() { r.elsewhere(b.Xadd().Key("x").Id("5-0").FieldValue().FieldValue("f", "v")) })
	r.byStream(r.do(b.Xread().Block(int64(stepTimeout / time.Millisecond)).Streams().Key("x").Id("$")))
	r.do(b.XgroupSetid().Key("x").Group("g").Id("$"))
	r.whileBlocked(func() { r.elsewhere(b.Xadd().Key("x").Id("6-0").FieldValue().FieldValue("f", "w")) })
	r.byStream(r.do(b.Xreadgroup().Group("g", "c").Block(int64(stepTimeout / time.Millisecond)).Streams().Key("x").Id(">")))
}

func (r *viaRueidis) errors(b rueidis.Builder) {
	r.do(b.Set().Key("s").Value("9223372036854775807"))
	r.refused(r.do(b.Hget().Key("s").Field("f")).Error())
	r.refused(r.do(b.Arbitrary("NOSUCH", "arg")).Error())
	r.refused(r.do(b.Evalsha().Sha1(strings.Repeat("0", 40)).Numkeys(0)).Error())
	r.refused(r.do(b.Arbitrary("SET", "s", "v", "WRONG")).Error())
	r.refused(r.do(b.Incr().Key("s")).Error())
	o := r.opts
	o.Password = "wrong"
	stranger, err := rueidis.NewClient(o)
	if err == nil {
		stranger.Close()
	}
	r.add(code(err), nil)
}

// refused takes the error of a command that must fail.
func (r *viaRueidis) refused(err error) { r.failed(whole(err)) }

// whole gives an error the ERR that rueidis leaves away.
func whole(err error) error {
	if _, ok := rueidis.IsRedisErr(err); ok && strings.ToUpper(code(err)) != code(err) {
		return fmt.Errorf("ERR %w", err)
	}
	return err
}
