package clients

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// goRedis runs the scenario with go-redis. Each method does a section.
type goRedis struct {
	recorder
	ctx   context.Context
	c     *redis.Client
	other *redis.Client // the "another client" of the scenario
	opts  redis.Options
}

func runGoRedis(t *testing.T, how connection) map[string][]any {
	opts := redis.Options{
		Network: "tcp", Addr: how.addr(), TLSConfig: how.tlsConfig(t), Protocol: how.Protocol,
		Username: how.User, Password: how.Password, DB: how.Database, ClientName: how.Name, MaxRetries: -1, ReadTimeout: stepTimeout,
	}
	if how.Transport == "unix" {
		opts.Network, opts.Addr = "unix", how.Path
	}
	g := &goRedis{ctx: contextFor(t), opts: opts}
	g.c, g.other = redis.NewClient(g.options()), redis.NewClient(g.options())
	defer g.c.Close()
	defer g.other.Close()
	all := map[string][]any{}
	for name, do := range map[string]func(){
		"session": g.session, "strings": g.strings, "bitmaps": g.bitmaps, "hashes": g.hashes, "fieldttl": g.fieldTTL, "lists": g.lists, "sets": g.sets,
		"zsets": g.zsets, "geo": g.geo, "hyperloglog": g.hyperloglog, "streams": g.streams, "groups": g.groups, "keys": g.keys,
		"pipeline": g.pipeline, "transaction": g.transaction, "scripts": g.scripts, "pubsub": g.pubsub, "blocking": g.blocking,
		"errors": g.errors, "cache": g.cache,
	} {
		if name == "cache" && how.Protocol == 2 {
			continue
		}
		if err := g.other.FlushDB(g.ctx).Err(); err != nil {
			t.Fatal(err)
		}
		g.got = nil
		do()
		all[name] = g.got
	}
	return all
}

func (g *goRedis) options() *redis.Options {
	o := g.opts
	return &o
}

func (g *goRedis) session() {
	info, err := g.c.ClientInfo(g.ctx).Result()
	if err != nil {
		g.add(nil, err)
		return
	}
	g.add(info.User, nil)
	g.add(info.DB, nil)
	g.add(info.Name, nil)
	g.add(info.Resp, nil)
	g.add(strings.HasPrefix(info.LibName, "go-redis"), nil)
	g.add(g.c.Ping(g.ctx).Result())
	g.add(g.c.Echo(g.ctx, "héllo\r\n").Result())
}

func (g *goRedis) strings() {
	c, ctx := g.c, g.ctx
	g.add(c.Set(ctx, "s", "hello", 0).Result())
	g.add(c.Get(ctx, "s").Result())
	g.add(c.Get(ctx, "nosuch").Result())
	g.add(c.SetArgs(ctx, "s", "other", redis.SetArgs{Mode: "NX"}).Result())
	g.add(c.SetArgs(ctx, "s", "world", redis.SetArgs{Get: true}).Result())
	g.add(c.Set(ctx, "t", "v", 100*time.Second).Result())
	ttl, err := c.TTL(ctx, "t").Result()
	g.add(within(int64(ttl/time.Second), 90, 100), err)
	g.add(c.Append(ctx, "s", "!").Result())
	g.add(c.StrLen(ctx, "s").Result())
	g.add(c.GetRange(ctx, "s", 1, 3).Result())
	g.add(c.SetRange(ctx, "s", 5, "?").Result())
	g.add(c.GetDel(ctx, "s").Result())
	g.add(c.Incr(ctx, "n").Result())
	g.add(c.IncrBy(ctx, "n", 41).Result())
	g.add(c.Decr(ctx, "n").Result())
	g.add(c.IncrByFloat(ctx, "f", 1.5).Result())
	g.add(c.MSet(ctx, "a", 1, "b", 2).Result())
	g.add(c.MGet(ctx, "a", "nosuch", "b").Result())
	done, err := c.MSetNX(ctx, "a", 1, "c", 3).Result()
	g.add(number(done), err)
	g.add(c.GetEx(ctx, "t", 0).Result())
	ttl, err = c.TTL(ctx, "t").Result()
	g.add(int(ttl), err) // -1 without its unit is "no expiry"
	big := allBytes()
	c.Set(ctx, "big\r\n\x00", big, 0)
	back, err := c.Get(ctx, "big\r\n\x00").Result()
	g.add(same(back, big), err)
}

func (g *goRedis) bitmaps() {
	c, ctx := g.c, g.ctx
	g.add(c.SetBit(ctx, "b", 7, 1).Result())
	g.add(c.GetBit(ctx, "b", 7).Result())
	g.add(c.BitCount(ctx, "b", nil).Result())
	g.add(c.BitPos(ctx, "b", 1).Result())
	g.add(c.BitOpNot(ctx, "d", "b").Result())
	g.add(c.BitCount(ctx, "d", &redis.BitCount{Start: 0, End: -1}).Result())
	g.add(c.BitField(ctx, "b", "SET", "u8", 8, 200, "GET", "u4", 8, "INCRBY", "i5", 100, 1).Result())
}

func (g *goRedis) hashes() {
	c, ctx := g.c, g.ctx
	g.add(c.HSet(ctx, "h", "f1", "v1", "f2", "v2", "n", 1).Result())
	g.add(c.HGet(ctx, "h", "f1").Result())
	g.add(c.HGet(ctx, "h", "nosuch").Result())
	g.add(c.HGetAll(ctx, "h").Result())
	g.add(c.HGetAll(ctx, "nosuch").Result())
	g.add(c.HMGet(ctx, "h", "f1", "nosuch", "n").Result())
	g.add(c.HIncrBy(ctx, "h", "n", 4).Result())
	g.add(c.HIncrByFloat(ctx, "h", "n", 0.5).Result())
	g.add(c.HDel(ctx, "h", "f2", "nosuch").Result())
	g.sorted(c.HKeys(ctx, "h").Result())
	g.sorted(c.HVals(ctx, "h").Result())
	g.add(c.HLen(ctx, "h").Result())
	there, err := c.HExists(ctx, "h", "f1").Result()
	g.add(number(there), err)
	pairs, err := c.HRandFieldWithValues(ctx, "h", 5).Result()
	fields := map[string]string{}
	for _, p := range pairs {
		fields[p.Key] = p.Value
	}
	g.add(fields, err)
	many := map[string]any{}
	for i := range 1000 {
		many["field:"+strconv.Itoa(i)] = i
	}
	c.HSet(ctx, "big", many)
	g.add(drain(ctx, c.HScan(ctx, "big", 0, "field:*", 50).Iterator(), 2))
}

// drain counts the different elements that an iterator gives, of which each takes so many values.
func drain(ctx context.Context, it *redis.ScanIterator, values int) (int, error) {
	seen := map[string]bool{}
	for i := 0; it.Next(ctx); i++ {
		if i%values == 0 {
			seen[it.Val()] = true
		}
	}
	return len(seen), it.Err()
}

func (g *goRedis) fieldTTL() {
	c, ctx := g.c, g.ctx
	g.add(c.HSet(ctx, "e", "a", 1, "b", 2, "c", 3).Result())
	g.add(c.HExpire(ctx, "e", 100*time.Second, "a", "nosuch").Result())
	ttls, err := c.HTTL(ctx, "e", "a", "b").Result()
	if len(ttls) == 2 {
		g.add([]any{within(ttls[0], 90, 100), ttls[1]}, err)
	} else {
		g.add(ttls, err)
	}
	g.add(c.HPersist(ctx, "e", "a").Result())
	g.add(c.HExpireAt(ctx, "e", time.Unix(4102444800, 0), "b").Result())
	g.add(c.HExpireTime(ctx, "e", "b", "c").Result())
	values, err := c.HGetEXWithArgs(ctx, "e", &redis.HGetEXOptions{ExpirationType: redis.HGetEXExpirationEX, ExpirationVal: 100}, "a", "nosuch").Result()
	g.add(emptyIsNull(values), err)
	g.add(c.HSetEXWithArgs(ctx, "e", &redis.HSetEXOptions{ExpirationType: redis.HSetEXExpirationEX, ExpirationVal: 100}, "d", "4").Result())
	g.add(c.HGetDel(ctx, "e", "d").Result())
	g.add(c.HPExpire(ctx, "e", time.Millisecond, "c").Result())
	gone := func() error { return c.HGet(ctx, "e", "c").Err() }
	g.add("", eventually(gone, func(err error) bool { return err != nil }))
	g.add(c.HGetAll(ctx, "e").Result())
}

// emptyIsNull undoes what go-redis does to replies whose type it declares as strings.
func emptyIsNull(values []string) []any {
	all := make([]any, len(values))
	for i, v := range values {
		if v != "" {
			all[i] = v
		}
	}
	return all
}

func (g *goRedis) lists() {
	c, ctx := g.c, g.ctx
	g.add(c.RPush(ctx, "l", "a", "b", "c", "d").Result())
	g.add(c.LPush(ctx, "l", "z").Result())
	g.add(c.LRange(ctx, "l", 0, -1).Result())
	g.add(c.LIndex(ctx, "l", 1).Result())
	g.add(c.LIndex(ctx, "l", 100).Result())
	g.add(c.LInsertBefore(ctx, "l", "c", "x").Result())
	g.add(c.LSet(ctx, "l", 0, "y").Result())
	g.add(c.LRem(ctx, "l", 1, "x").Result())
	g.add(c.LPos(ctx, "l", "c", redis.LPosArgs{}).Result())
	g.add(c.LPosCount(ctx, "l", "c", 0, redis.LPosArgs{}).Result())
	g.add(c.LMove(ctx, "l", "m", "LEFT", "RIGHT").Result())
	key, values, err := c.LMPop(ctx, "left", 2, "nosuch", "l").Result()
	g.add([]any{key, values}, err)
	g.add(c.RPopCount(ctx, "l", 5).Result())
	g.add(c.LPop(ctx, "l").Result())
	g.add(c.LLen(ctx, "l").Result())
	many := make([]any, 2000)
	for i := range many {
		many[i] = i
	}
	c.RPush(ctx, "big", many...)
	c.LTrim(ctx, "big", 10, -11)
	g.add(c.LLen(ctx, "big").Result())
}

func (g *goRedis) sets() {
	c, ctx := g.c, g.ctx
	g.add(c.SAdd(ctx, "s", "a", "b", "c").Result())
	g.add(c.SAdd(ctx, "s2", "b", "c", "d").Result())
	g.sorted(c.SMembers(ctx, "s").Result())
	there, err := c.SIsMember(ctx, "s", "a").Result()
	g.add(number(there), err)
	both, err := c.SMIsMember(ctx, "s", "a", "x").Result()
	var numbers []int
	for _, b := range both {
		numbers = append(numbers, number(b))
	}
	g.add(numbers, err)
	g.sorted(c.SInter(ctx, "s", "s2").Result())
	g.sorted(c.SUnion(ctx, "s", "s2").Result())
	g.sorted(c.SDiff(ctx, "s", "s2").Result())
	g.add(c.SInterCard(ctx, 1, "s", "s2").Result())
	g.add(c.SInterStore(ctx, "d", "s", "s2").Result())
	moved, err := c.SMove(ctx, "s", "s2", "a").Result()
	g.add(number(moved), err)
	g.add(c.SRem(ctx, "s2", "a", "nosuch").Result())
	five, err := c.SRandMemberN(ctx, "s2", -5).Result()
	g.add(len(five), err)
	g.sorted(c.SPopN(ctx, "s", 10).Result())
	g.add(c.SCard(ctx, "s").Result())
	many := make([]any, 1000)
	for i := range many {
		many[i] = "member:" + strconv.Itoa(i)
	}
	c.SAdd(ctx, "big", many...)
	g.add(drain(ctx, c.SScan(ctx, "big", 0, "", 50).Iterator(), 1))
}

func scores(zs []redis.Z) []any {
	var all []any
	for _, z := range zs {
		all = append(all, []any{z.Member, z.Score})
	}
	return all
}

func (g *goRedis) zsets() {
	c, ctx := g.c, g.ctx
	g.add(c.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2.5, Member: "b"}, redis.Z{Score: 3, Member: "c"}).Result())
	g.add(c.ZAddArgs(ctx, "z", redis.ZAddArgs{GT: true, Ch: true, Members: []redis.Z{{Score: 2, Member: "a"}, {Score: 1, Member: "b"}}}).Result())
	g.add(c.ZAddArgsIncr(ctx, "z", redis.ZAddArgs{Members: []redis.Z{{Score: 1, Member: "a"}}}).Result())
	g.add(c.ZScore(ctx, "z", "b").Result())
	g.add(c.ZScore(ctx, "z", "nosuch").Result())
	g.add(c.ZMScore(ctx, "z", "a", "b").Result())
	zs, err := c.ZRangeWithScores(ctx, "z", 0, -1).Result()
	g.add(scores(zs), err)
	g.add(c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "z", Start: "+inf", Stop: "(2.5", ByScore: true, Rev: true, Count: 1}).Result())
	g.add(c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "z", Start: "-", Stop: "+", ByLex: true, Offset: 1, Count: 1}).Result())
	g.add(c.ZIncrBy(ctx, "z", 0.25, "b").Result())
	g.add(c.ZRank(ctx, "z", "c").Result())
	rank, err := c.ZRankWithScore(ctx, "z", "c").Result()
	g.add([]any{rank.Rank, rank.Score}, err)
	g.add(c.ZRevRank(ctx, "z", "c").Result())
	g.add(c.ZRank(ctx, "z", "nosuch").Result())
	g.add(c.ZCount(ctx, "z", "-inf", "3").Result())
	g.add(c.ZCard(ctx, "z").Result())
	zs, err = c.ZPopMin(ctx, "z").Result()
	g.add(scores(zs), err)
	key, zs, err := c.ZMPop(ctx, "max", 1, "z").Result()
	g.add([]any{key, scores(zs)}, err)
	g.add(c.ZAdd(ctx, "y", redis.Z{Score: 10, Member: "a"}, redis.Z{Score: 20, Member: "q"}).Result())
	zs, err = c.ZUnionWithScores(ctx, redis.ZStore{Keys: []string{"z", "y"}, Weights: []float64{2, 1}}).Result()
	g.add(scores(zs), err)
	g.add(c.ZInterStore(ctx, "d", &redis.ZStore{Keys: []string{"z", "y"}}).Result())
	g.add(c.ZDiff(ctx, "y", "z").Result())
	g.add(c.ZRemRangeByScore(ctx, "y", "15", "25").Result())
	g.add(c.ZRem(ctx, "y", "a").Result())
	var many []redis.Z
	for i := range 1000 {
		many = append(many, redis.Z{Score: float64(i), Member: "member:" + strconv.Itoa(i)})
	}
	c.ZAdd(ctx, "big", many...)
	seen := map[string]float64{}
	it := c.ZScan(ctx, "big", 0, "", 50).Iterator()
	for it.Next(ctx) {
		member := it.Val()
		it.Next(ctx)
		seen[member], _ = strconv.ParseFloat(it.Val(), 64)
	}
	sum := 0.0
	for _, s := range seen {
		sum += s
	}
	g.add(sum, it.Err())
}

func (g *goRedis) geo() {
	c, ctx := g.c, g.ctx
	g.add(c.GeoAdd(ctx, "g", &redis.GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556},
		&redis.GeoLocation{Name: "Catania", Longitude: 15.087269, Latitude: 37.502669}).Result())
	dist, err := c.GeoDist(ctx, "g", "Palermo", "Catania", "km").Result()
	g.add(round(dist, 2), err)
	g.add(c.GeoHash(ctx, "g", "Palermo", "Catania").Result())
	places, err := c.GeoPos(ctx, "g", "Palermo", "nosuch").Result()
	var rounded []any
	for _, p := range places {
		if p == nil {
			rounded = append(rounded, nil)
		} else {
			rounded = append(rounded, []float64{round(p.Longitude, 3), round(p.Latitude, 3)})
		}
	}
	g.add(rounded, err)
	g.add(c.GeoSearch(ctx, "g", &redis.GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 200, RadiusUnit: "km", Sort: "ASC"}).Result())
	near, err := c.GeoSearchLocation(ctx, "g", &redis.GeoSearchLocationQuery{
		GeoSearchQuery: redis.GeoSearchQuery{Member: "Palermo", BoxWidth: 10, BoxHeight: 10, BoxUnit: "km"}, WithDist: true}).Result()
	var found []any
	for _, n := range near {
		found = append(found, []any{n.Name, round(n.Dist, 2)})
	}
	g.add(found, err)
	g.add(c.GeoSearchStore(ctx, "g", "d", &redis.GeoSearchStoreQuery{
		GeoSearchQuery: redis.GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 100, RadiusUnit: "km"}}).Result())
}

func (g *goRedis) hyperloglog() {
	c, ctx := g.c, g.ctx
	g.add(c.PFAdd(ctx, "p", "a", "b", "c").Result())
	g.add(c.PFAdd(ctx, "p", "a").Result())
	g.add(c.PFCount(ctx, "p").Result())
	g.add(c.PFAdd(ctx, "q", "c", "d").Result())
	g.add(c.PFMerge(ctx, "r", "p", "q").Result())
	g.add(c.PFCount(ctx, "r").Result())
}
